"""JSON values as JavaScript converts, compares and looks into them.

Values are what `json.loads` gives. JavaScript's `undefined` never occurs: JsonLogic reads a missing member
as null. Members that JavaScript objects inherit (`constructor`, `toString`) do not exist here; `length` of
lists and texts does. Texts are compared, measured and cut in UTF-16 units, as in JavaScript.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from hubtriage.engine.errors import EvaluationError
from hubtriage.engine.jsonlogic.numbers import Number, leading_number, number_of, number_text

Value: TypeAlias = Any

# A rule may multiply what a finding holds (`reduce` with `cat` or `merge`): beyond this it has no answer.
MAX_LENGTH = 1_000_000


def truthy(value: Value) -> bool:
    """Say whether a value is true: false, null, 0, NaN, "" and [] are not; all else is, also {} and "0"."""
    if value is True or value is False:
        return value
    if isinstance(value, dict):
        return True
    if isinstance(value, float):
        return value == value and value != 0
    return bool(value)


def is_number(value: Value) -> bool:
    """Say whether a value is a number, which booleans are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def to_text(value: Value) -> str:
    """Convert as JavaScript's `String(value)` does: null is "null", [1, [2]] is "1,2"."""
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return checked_text(",".join(_parts(value)))
    if isinstance(value, dict):
        return "[object Object]"
    return number_text(value)


def _parts(items: list[Value]) -> Iterator[str]:
    """Yield the texts that joining a list, and the lists in it, puts between commas; null and [] give ""."""
    waiting = [iter(items)] if items else []
    count = 0
    while waiting:
        item = next(waiting[-1], _END)
        if item is _END:
            waiting.pop()
        elif isinstance(item, list) and item:
            waiting.append(iter(item))
        else:
            count += 1
            if count > MAX_LENGTH:
                raise EvaluationError(f"a list of more than {MAX_LENGTH} items cannot become text")
            yield "" if item is None or item == [] else to_text(item)


_END = object()


def join(values: Sequence[Value]) -> str:
    """Concatenate as `Array.prototype.join("")` does: null adds nothing."""
    text = checked_text("".join(["" if value is None else to_text(value) for value in values]))
    return text if text.isascii() else _from_units(_units(text))


def checked_text(text: str) -> str:
    """Return the text; refuse one that a rule has made too long."""
    if len(text) > MAX_LENGTH:
        raise EvaluationError(f"the text has grown beyond {MAX_LENGTH} characters")
    return text


def to_number(value: Value) -> Number:
    """Convert as JavaScript's `Number(value)` does: null is 0, true 1, [] 0, ["5"] 5, {} NaN."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    if value is None:
        return 0
    if isinstance(value, str):
        return number_of(value)
    return math.nan if isinstance(value, dict) else number_of(to_text(value))


def parse_float(value: Value) -> Number:
    """Convert as JavaScript's `parseFloat(value)` does: null and true are NaN, "5 apples" is 5."""
    if is_number(value):
        number: Number = value
        return number or 0  # String(-0) is "0"
    return leading_number(to_text(value))


def strictly_equal(left: Value, right: Value) -> bool:
    """Compare as `===` does: by type and value; lists and objects only with themselves."""
    if isinstance(left, list | dict) or isinstance(right, list | dict):
        return left is right
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)


def loosely_equal(left: Value, right: Value) -> bool:
    """Compare as `==` does: null equals null alone, a text or boolean compared with a number is converted."""
    if left is None or right is None:
        return left is right
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    left_is_object, right_is_object = isinstance(left, list | dict), isinstance(right, list | dict)
    if left_is_object and right_is_object:
        return left is right
    if left_is_object and isinstance(right, str):
        return to_text(left) == right
    if right_is_object and isinstance(left, str):
        return left == to_text(right)
    return bool(to_number(left) == to_number(right))


def less(left: Value, right: Value, or_equal: bool = False) -> bool:
    """Compare as `<` (or `<=`) does: two texts by UTF-16 units, all else as numbers; NaN is never less."""
    if type(left) in _NUMBERS and type(right) in _NUMBERS:
        return bool(left <= right if or_equal else left < right)
    left, right = _primitive(left), _primitive(right)
    first: Any
    second: Any
    if isinstance(left, str) and isinstance(right, str):
        first, second = _sort_key(left, right)
    else:
        first, second = to_number(left), to_number(right)
    return bool(first <= second if or_equal else first < second)


_NUMBERS = frozenset((int, float))


def _primitive(value: Value) -> Value:
    return to_text(value) if isinstance(value, list | dict) else value


def _sort_key(left: str, right: str) -> tuple[str, str] | tuple[bytes, bytes]:
    """Return keys that order as UTF-16 units do; code points order in the same way unless both are beyond
    ASCII.
    """
    if left.isascii() or right.isascii():
        return left, right
    return left.encode("utf-16-be", "surrogatepass"), right.encode("utf-16-be", "surrogatepass")


def contains(haystack: Value, needle: Value) -> bool:
    """Evaluate `haystack.indexOf(needle) !== -1`: a substring of a text, a strictly equal item of a list."""
    if isinstance(haystack, list):
        return any(strictly_equal(item, needle) for item in haystack)
    if not isinstance(haystack, str) or not haystack:
        return False
    wanted = to_text(needle)
    if wanted in haystack or haystack.isascii() or wanted.isascii():
        return wanted in haystack
    units, part = _units(haystack), _units(wanted)
    at = units.find(part)
    while at > 0 and at % 2:  # found across two units
        at = units.find(part, at + 1)
    return at != -1


def substring(source: Value, start: Value, length: Value = None, *, has_length: bool) -> str:
    """Cut as json-logic-js's `substr` does: a negative start or length counts from the end."""
    text = _Units(to_text(source))
    if not has_length:
        return text.cut(_whole(start), math.inf)
    if not less(length, 0):
        return text.cut(_whole(start), _whole(length))
    rest = _Units(text.cut(_whole(start), math.inf))
    # json-logic-js adds the length to the text's own; a text like "-1" is appended to it, which is no number
    return rest.cut(0, _whole(len(rest) + length) if is_number(length) else 0)


class _Units:
    """A text measured in UTF-16 units."""

    __slots__ = ("_text", "_wide")

    def __init__(self, text: str) -> None:
        self._text = text
        self._wide = None if text.isascii() else _units(text)

    def __len__(self) -> int:
        return len(self._text) if self._wide is None else len(self._wide) // 2

    def cut(self, start: float, length: float) -> str:
        size = len(self)
        first = int(max(size + start, 0) if start < 0 else min(start, size))
        last = int(min(max(first + length, first), size))
        if self._wide is None:
            return self._text[first:last]
        return _from_units(self._wide[2 * first : 2 * last])


def _whole(value: Value) -> float:
    """Convert as ECMAScript's ToIntegerOrInfinity does."""
    number = to_number(value)
    if number != number:
        return 0
    return number if math.isinf(number) else math.trunc(number)


def _units(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")


def _from_units(units: bytes) -> str:
    return units.decode("utf-16-le", "surrogatepass")


def look_up(data: Value, keys: Sequence[str], default: Value = None) -> Value:
    """Follow the keys into nested objects, lists and texts; the default stands for what is not there."""
    for key in keys:
        if isinstance(data, dict):
            if key not in data:
                return default
            data = data[key]
        elif isinstance(data, list | str):
            data = _element(data, key)
            if data is _END:
                return default
        else:
            return default
    return data


def _element(data: list[Value] | str, key: str) -> Value:
    if isinstance(data, str) and not data.isascii():
        units = _units(data)
        if key == "length":
            return len(units) // 2
        index = _index(key, len(units) // 2)
        return _END if index is None else _from_units(units[2 * index : 2 * index + 2])
    if key == "length":
        return len(data)
    position = _index(key, len(data))
    return _END if position is None else data[position]


def _index(key: str, size: int) -> int | None:
    """Return the position that a key names: "0", "17", but neither "-1" nor "01"."""
    if not key.isascii() or not key.isdigit() or len(key) > 10 or (key[0] == "0" and key != "0"):
        return None
    return int(key) if int(key) < size else None
