"""What one field of an EventBridge pattern asks of a value.

A field holds a list of alternatives: literals and objects with one operator. AWS: an operator compares JSON,
so prefixes, wildcards and networks hold for texts only, and `numeric` for numbers only. `anything-but` holds
for every value that its alternatives do not hold for, null included.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

from hubtriage.engine.errors import Path, PatternError
from hubtriage.engine.shared_values import SharedValues, derive
from hubtriage.engine.text.addresses import NetworkError, compile_networks, parse_network
from hubtriage.engine.text.suggestions import did_you_mean
from hubtriage.engine.text.wildcard import TextTest, WildcardError, compile_wildcard

ValueTest: TypeAlias = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class FieldTest:
    """Whether a value satisfies the field, and whether a field that is nowhere in the finding does."""

    holds: ValueTest
    holds_when_absent: bool


def compile_field(alternatives: list[Any], path: Path) -> FieldTest:
    """Compile a field's alternatives. Raises PatternError."""
    if isinstance(alternatives, SharedValues):
        with suppress(PatternError):  # found below once more, with its place
            return alternatives.derived(_compile_shared)
    return _compile_alternatives(alternatives, path)


def _compile_shared(alternatives: Sequence[Any]) -> FieldTest:
    return _compile_alternatives(alternatives, ())


def _compile_alternatives(alternatives: Sequence[Any], path: Path) -> FieldTest:
    if not alternatives:
        raise PatternError("an empty list matches nothing", path, "list at least one value")
    literals: list[Any] = []
    tests: list[ValueTest] = []
    holds_when_absent = False
    for index, alternative in enumerate(alternatives):
        here = (*path, index)
        if isinstance(alternative, Mapping):
            operator, operand = _operation(alternative, here)
            if operator == "exists" and _exists(operand, (*here, operator)) is False:
                holds_when_absent = True
            else:
                tests.append(OPERATORS[operator](operand, (*here, operator)))
        else:
            literals.append(_literal(alternative, here))
    if literals:
        tests.insert(0, equal_to_any(literals))
    return FieldTest(_any_of(tests), holds_when_absent)


def _any_of(tests: list[ValueTest]) -> ValueTest:
    if len(tests) == 1:
        return tests[0]
    return lambda value: any(test(value) for test in tests)


def _literal(value: Any, path: Path) -> Any:
    if isinstance(value, list):
        raise PatternError("a list within a list", path, "write the values side by side")
    if isinstance(value, float) and not math.isfinite(value):
        raise PatternError(f"{value} is no JSON number", path)
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise PatternError(f"a {type(value).__name__} is no JSON value", path, "put dates and times in quotes")


def equal_to_any(literals: Sequence[Any]) -> ValueTest:
    """Return a test of JSON equality: 70 equals 70.0, but neither "70" nor, for 1, true."""
    return derive(_equal_to_any, literals)


def _equal_to_any(known: Sequence[Any]) -> ValueTest:
    texts = frozenset(value for value in known if isinstance(value, str))
    numbers = frozenset(value for value in known if is_number(value))
    words = [value for value in known if value is None or isinstance(value, bool)]
    if not numbers and not words:
        return lambda value: isinstance(value, str) and value in texts

    def holds(value: Any) -> bool:
        if isinstance(value, str):
            return value in texts
        return value in numbers if is_number(value) else any(value is word for word in words)

    return holds


def is_number(value: Any) -> bool:
    """Say whether a value is a JSON number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _operation(alternative: Mapping[str, Any], path: Path) -> tuple[str, Any]:
    if len(alternative) != 1:
        raise PatternError(
            f"an operator object with {len(alternative)} members",
            path,
            'one each, such as {"prefix": "arn:"}',
        )
    operator, operand = next(iter(alternative.items()))
    if operator == "in-list":
        raise PatternError(
            f"there is no list named {operand!r}", (*path, operator), "define it under `lists`"
        )
    if operator not in OPERATORS and operator != "exists":
        raise PatternError(f"unknown operator `{operator}`", path, did_you_mean(operator, OPERATOR_NAMES))
    return operator, operand


def _exists(operand: Any, path: Path) -> bool:
    if not isinstance(operand, bool):
        raise PatternError("`exists` is true or false", path)
    return operand


def _text(operand: Any, path: Path) -> str:
    if not isinstance(operand, str):
        hint = "repeat the operator for each value" if isinstance(operand, list) else "put it in quotes"
        raise PatternError(f"`{path[-1]}` needs a text", path, hint)
    return operand


def _text_test(test: TextTest) -> ValueTest:
    return lambda value: isinstance(value, str) and test(value)


def _affix(operand: Any, path: Path) -> ValueTest:
    at_start = path[-1] == "prefix"
    if isinstance(operand, Mapping):
        if list(operand) != ["equals-ignore-case"]:
            raise PatternError(f"`{path[-1]}` takes a text", path, "or an object with `equals-ignore-case`")
        text = _text(operand["equals-ignore-case"], (*path, "equals-ignore-case"))
        return _text_test(ignoring_case(text, anchored_start=at_start, anchored_end=not at_start))
    text = _text(operand, path)
    if at_start:
        return lambda value: isinstance(value, str) and value.startswith(text)
    return lambda value: isinstance(value, str) and value.endswith(text)


def _equals_ignore_case(operand: Any, path: Path) -> ValueTest:
    return _text_test(ignoring_case(_text(operand, path), anchored_start=True, anchored_end=True))


def ignoring_case(text: str, *, anchored_start: bool, anchored_end: bool) -> TextTest:
    """Return a test for the text in any mixture of its characters' lower and upper cases.

    AWS: each character of the pattern stands for its own two cases, and only those; "straße" also matches
    "STRASSE", and "k" never the Kelvin sign. At least one end is anchored.
    """
    if not anchored_start:
        return _ending_ignoring_case(text)
    expression = re.compile("".join(map(_either_case, text)) + (r"\Z" if anchored_end else ""))
    return lambda value: expression.match(value) is not None


def _ending_ignoring_case(text: str) -> TextTest:
    """Return a test that reads a value from its end, and no further than the longest match may reach.

    A search from the start would try every place, which takes the length of the value times that of the text.
    """
    longest = sum(max(len(one.lower()), len(one.upper())) for one in text)
    if not longest:
        return lambda _value: True
    backwards = re.compile("".join(_either_case(one, backwards=True) for one in reversed(text)))
    return lambda value: backwards.match(value[: -longest - 1 : -1]) is not None


def _either_case(one: str, *, backwards: bool = False) -> str:
    """Return an expression for a character's two cases; at most one of them fits at any place.

    A character without case appears once: two equal alternatives would both be tried after each way to
    match what precedes them, which takes exponential time. No case begins or ends its other case.
    """
    cases = dict.fromkeys((one.lower(), one.upper()))
    spelled = [re.escape(case[::-1] if backwards else case) for case in cases]
    return spelled[0] if len(spelled) == 1 else f"(?:{'|'.join(spelled)})"


def _wildcard(operand: Any, path: Path) -> ValueTest:
    pattern = _text(operand, path)
    try:
        return _text_test(compile_wildcard(pattern))
    except WildcardError as error:
        raise PatternError(
            f"the wildcard {pattern!r} has {error}", path, r"\* is a star, \\ a backslash"
        ) from None


def _cidr(operand: Any, path: Path) -> ValueTest:
    network = _text(operand, path)
    try:
        bits, _address, length = parse_network(network)
        if length == bits:
            raise PatternError(f"{network!r} is one address", path, "write the address itself as a value")
        return _text_test(compile_networks([network]))
    except NetworkError as error:
        raise PatternError(str(error), path, 'for example "10.0.0.0/8"') from None


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda value, bound: value == bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
}
_NUMERIC_HINT = 'such as ["=", 5], ["<", 10] or [">", 0, "<=", 5]'


def _numeric(operand: Any, path: Path) -> ValueTest:
    if not isinstance(operand, list) or len(operand) not in (2, 4):
        raise PatternError("`numeric` needs one comparison or a range", path, _NUMERIC_HINT)
    bounds = list(zip(operand[::2], operand[1::2], strict=True))
    for index, (sign, bound) in enumerate(bounds):
        if not isinstance(sign, str) or sign not in _COMPARISONS:
            raise PatternError(f"`numeric` knows no {sign!r}", (*path, 2 * index), _NUMERIC_HINT)
        if not is_number(bound) or not math.isfinite(bound):
            raise PatternError(f"{bound!r} is no number", (*path, 2 * index + 1), _NUMERIC_HINT)
    if len(bounds) == 2 and (bounds[0][0][0] != ">" or bounds[1][0][0] != "<"):
        raise PatternError("a range has its lower bound first, then its upper", path, _NUMERIC_HINT)
    if len(bounds) == 2 and not bounds[0][1] < bounds[1][1]:
        raise PatternError(
            "no number lies within this range", path, "the lower bound must be less than the upper"
        )
    tests = [(_COMPARISONS[sign], bound) for sign, bound in bounds]
    return lambda value: is_number(value) and all(compare(value, bound) for compare, bound in tests)


def _anything_but(operand: Any, path: Path) -> ValueTest:
    if isinstance(operand, Mapping):
        excluded = _excluded_by_operator(operand, path)
    else:
        excluded = equal_to_any(_excluded_values(operand, path))
    return lambda value: not excluded(value)


def _excluded_values(operand: Any, path: Path) -> list[Any]:
    values = operand if isinstance(operand, list) else [operand]
    if not values:
        raise PatternError("`anything-but` needs at least one value", path)
    for value in values:
        if not isinstance(value, str) and not is_number(value):
            raise PatternError(f"`anything-but` takes texts or numbers, not {value!r}", path)
    if len({isinstance(value, str) for value in values}) > 1:
        raise PatternError(
            "`anything-but` takes texts or numbers, not both", path, "a finding's value is one of them"
        )
    return values


def _excluded_by_operator(operand: Mapping[str, Any], path: Path) -> ValueTest:
    inner, values = _operation(operand, path) if len(operand) == 1 else ("", None)
    if inner not in _EXCLUDABLE:
        raise PatternError("`anything-but` takes one of " + ", ".join(_EXCLUDABLE), path)
    here = (*path, inner)
    many = values if isinstance(values, list) else [values]
    if not many:
        raise PatternError(f"`{inner}` needs at least one text", here)
    if inner in ("prefix", "suffix") and any(not isinstance(value, str) or not value for value in many):
        raise PatternError(f"`{inner}` within `anything-but` needs texts that are not empty", here)
    return _any_of([OPERATORS[inner](value, here) for value in many])


_EXCLUDABLE = ("prefix", "suffix", "equals-ignore-case", "wildcard")

OPERATORS: dict[str, Callable[[Any, Path], ValueTest]] = {
    "prefix": _affix,
    "suffix": _affix,
    "equals-ignore-case": _equals_ignore_case,
    "wildcard": _wildcard,
    "cidr": _cidr,
    "numeric": _numeric,
    "anything-but": _anything_but,
    "exists": lambda _operand, _path: lambda _value: True,
}
OPERATOR_NAMES = (*OPERATORS, "in-list")
