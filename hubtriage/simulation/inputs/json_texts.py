"""Cut a stream into the texts of JSON values, holding little more than one value at a time.

Values may stand one on each line, or follow one another with blanks between them, or with nothing.
"""

import codecs
import io
import json
import re
from collections.abc import Generator, Iterator
from typing import NamedTuple, Protocol, cast

LONGEST_LINE = 2**20
"""Characters of a line, or of a value, that are handed out as one text. Longer ones are taken apart."""
LONGEST_VALUE = 64 * 2**20
"""Characters of one value that cannot be taken apart: a finding, an event, a message."""
LISTS = ("Findings", "findings", "Records", "records", "Messages", "events", "logEvents", "Entries")
"""Members of large objects that are handed out element by element."""
_BLOCK = 2**18
_HELD = 2**12  # characters that were handed out and may still be held
_SURE = 16  # characters: an error further than this from the end stays, whatever is read on
_BLANK = " \t\r\n\ufeff"
_BLANKS = re.compile(f"[{_BLANK}]*")
_NOT_DECODED = re.compile("[\udc80-\udcff]")
_CLOSING = {"{": "}", "[": "]"}
_OPEN = ("{", "[", ",", '":')  # what a line ends with after which a value goes on
_INSIDE = tuple('"}],:')  # what a line begins with that is the inside of some value
# Only the end of each value counts here, so no number is converted.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)


class Readable(Protocol):
    """A stream of bytes that is read forwards."""

    def read(self, size: int = -1, /) -> bytes:
        """Return at most so many bytes; none at the end."""
        ...


class Cut(NamedTuple):
    """The text of a value and where it stands; or, with `broken`, why there is none.

    `is_rest`: nothing after it could be read either.
    """

    position: str
    text: str
    broken: str | None = None
    is_rest: bool = False


class _FaultError(Exception):
    """Text that is not JSON: why, and on which line.

    `opens_line`: the fault is a bracket that opens at the start of that line. `at_end`: the text ends too
    early. `is_inside`: the line is the inside of a value.
    """

    def __init__(
        self,
        reason: str,
        line: int,
        *,
        opens_line: bool = False,
        at_end: bool = False,
        is_inside: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason, self.line = reason, line
        self.opens_line, self.at_end, self.is_inside = opens_line, at_end, is_inside


def cut(stream: Readable) -> Iterator[Cut]:
    """Yield the values of a stream in their order. Raises nothing but what the stream raises.

    A line that is not JSON fails alone. If a value over several lines is broken, it is not known where the
    next one begins: a part of it might pass for a finding. So the rest fails with it.
    """
    text = _Text(stream)
    while text.peek():
        if not (yield from _next(text)):
            return
    if text.damage:
        yield Cut("", "", text.damage, is_rest=True)


def apart(text: str) -> Iterator[Cut]:
    """Yield the elements of lists in a text, each with its path as position; other values as they are.

    So one value that cannot be used does not hide those next to it.
    """
    found = _Text(io.BytesIO(text.encode("utf-8", "replace")))
    try:
        while found.peek():
            yield from _apart(found, "")
    except _FaultError as fault:
        yield Cut("", "", f"is not JSON: {fault.reason}", is_rest=True)


def _next(text: "_Text") -> Generator[Cut, None, bool]:
    """Yield what comes next. Return whether one can go on after it."""
    position, first = text.position, text.line
    try:
        line = text.whole_line()
        if line is not None:
            yield _checked(position, line)
        else:
            yield from _value(text, position)
    except _FaultError as fault:
        # On its first line a value may be broken without harm to others, if the next line begins anew.
        is_of_one_line = fault.line == first or (fault.line == first + 1 and fault.opens_line)
        if is_of_one_line and not (fault.at_end or fault.is_inside) and text.goes_on_after(first):
            yield Cut(position, "", f"is not JSON: {fault.reason}")
            return True
        where = "" if fault.line == first else f" on line {fault.line}"
        lost = ", and there the text ends" if fault.at_end else "; nothing after it is read"
        reason = text.damage or f"is not JSON{where}: {fault.reason}{lost}"
        yield Cut(position, "", reason, is_rest=True)
        return False
    return True


def _value(text: "_Text", position: str) -> Iterator[Cut]:
    """Yield a value as it is, or its elements if it is long or broken. Raises _FaultError."""
    opening = text.peek()
    if opening not in "{[":
        raise _FaultError("it begins with neither { nor [", text.line)
    whole = text.short_value()
    if whole is not None:
        yield _checked(position, whole)
    else:
        yield from _apart(text, position)


def _apart(text: "_Text", position: str) -> Iterator[Cut]:
    """Yield the elements of a list or of an object's lists, else the value. Raises _FaultError."""
    opening, prefix = text.peek(), f"{position}: " if position else ""
    if opening == "[":
        for index, element in enumerate(_elements(text)):
            yield _checked(f"{prefix}[{index}]", element)
    elif opening == "{":
        yield from _members(text, position, prefix)
    else:
        yield _checked(position, text.value())


def _checked(position: str, text: str) -> Cut:
    if not text.isascii() and (found := _NOT_DECODED.search(text)):
        byte = ord(found[0]) - 0xDC00
        return Cut(position, "", f"is not UTF-8: byte 0x{byte:02X} cannot stand where it does")
    return Cut(position, text)


def _elements(text: "_Text") -> Iterator[str]:
    text.take("[")
    while text.peek() != "]":
        yield text.value()
        if text.peek() != "]":
            text.take(",")
    text.take("]")


def _members(text: "_Text", position: str, prefix: str) -> Iterator[Cut]:
    """Yield the elements of an object's list; the object itself if it has none that is known.

    An event keeps what it has together: its list is in the member `detail`.
    """
    members: dict[str, str] = {}
    held, was_taken_apart = 0, False
    text.take("{")
    while text.peek() != "}":
        name = text.name()
        text.take(":")
        if name in LISTS and text.peek() == "[" and "detail" not in members:
            for index, element in enumerate(_elements(text)):
                was_taken_apart = True
                yield _checked(f"{prefix}{name}[{index}]", element)
            members[name] = "[]"
        else:
            members[name] = text.value()
            held += len(members[name])
        if held > LONGEST_VALUE:
            raise _FaultError(_TOO_LONG, text.line)
        if text.peek() != "}":
            text.take(",")
    text.take("}")
    if not was_taken_apart:
        whole = ", ".join(f"{json.dumps(name)}: {value}" for name, value in members.items())
        yield _checked(position, "{" + whole + "}")


_TOO_LONG = f"one value of more than {LONGEST_VALUE / 1e6:.0f} million characters"


class _Text:
    """The text of a stream, read in blocks; what was handed out is dropped.

    `line` is the line of the next character, from 1. `damage`: why the text ends before the stream does.
    """

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        first = stream.read(_BLOCK)
        encoding = json.detect_encoding(first[:4])
        errors = "surrogateescape" if encoding.startswith("utf-8") else "strict"
        self._decoder = codecs.getincrementaldecoder(encoding)(errors)
        self.damage = ""
        self._ended = not first
        self._text = self._decoded(first)
        self._at = 0
        self.line = 1
        self._line_start = 0  # in the text; negative once it is dropped
        self._line_goes_to = 0  # in the text: no line ends before, as far as was looked

    @property
    def position(self) -> str:
        """Where the next character stands."""
        if self._is_first_of_line():
            return f"line {self.line}"
        return f"line {self.line}, character {self._at - self._line_start + 1}"

    def _is_first_of_line(self) -> bool:
        return self._line_start >= 0 and after_blanks(self._text, self._line_start) >= self._at

    def peek(self) -> str:
        """Return the next character that is not blank; empty at the end."""
        while True:
            self._go_to(after_blanks(self._text, self._at))
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more(_BLOCK):
                return ""

    def take(self, wanted: str) -> None:
        """Step over a character that must come next. Raises _FaultError."""
        found = self.peek()
        if found != wanted:
            seen = f", {found!r} found" if found else ""
            raise self._fault(f"{wanted!r} expected{seen}", self._at, at_end=not found)
        self._at += 1

    def whole_line(self) -> str | None:
        """Return the rest of the line if no value goes on after it. Raises _FaultError inside of a value.

        No value goes on if the line ends with the bracket that it begins with, and the line is the last, or a
        bracket opens on the next line. Within a value, a comma would have to stand between the two.
        """
        if self._at > _HELD and 8 * self._at > len(self._text):
            self._drop()  # Python counts the lines before each fault, from the start of the text
        length = self._rest_of_line()
        if length is None:
            return None
        line = self._text[self._at : self._at + length].rstrip(_BLANK)
        if line[0] in "{[":
            if line[-1] != _CLOSING[line[0]] or not self._opens_after(length):
                return None
        elif (line.startswith(_INSIDE) or line.endswith(_OPEN)) and not _is_string(line):
            raise _FaultError("it begins with neither { nor [", self.line, is_inside=True)
        self._go_to(self._at + length)
        return line

    def _rest_of_line(self) -> int | None:
        """Return how many characters are left of the line; None if they are too many to be one text."""
        while True:
            end = self._text.find("\n", max(self._at, self._line_goes_to))
            self._line_goes_to = end if end >= 0 else len(self._text)
            length = self._line_goes_to - self._at
            if length > LONGEST_LINE:
                return None
            if end >= 0 or not self._more(_BLOCK):
                return length

    def _opens_after(self, length: int) -> bool:
        """Say whether a line ends after so many characters, and after it a bracket opens or nothing comes."""
        if self._at + length == len(self._text):
            return False
        while True:
            end = after_blanks(self._text, self._at + length)
            if end < len(self._text):
                return self._text[end] in "{["
            if len(self._text) - self._at > 2 * LONGEST_LINE or not self._more(_BLOCK):
                return True

    def short_value(self) -> str | None:
        """Return the text of the next value; None if it is long, or not JSON."""
        try:
            return self._value(LONGEST_LINE)
        except _FaultError:
            return None

    def value(self) -> str:
        """Return the text of the next value. Raises _FaultError."""
        self.peek()
        return self._value(LONGEST_VALUE)

    def name(self) -> str:
        """Return the name of the next member. Raises _FaultError."""
        found = self.peek()
        if found != '"':
            raise self._fault("a name in double quotes expected", self._at, at_end=not found)
        return str(json.loads(self._value(LONGEST_LINE)))

    def _value(self, most: int) -> str:
        while True:
            try:
                _, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                may_go_on = error.pos >= len(self._text) - _SURE or error.msg.startswith("Unterminated")
                if not may_go_on:
                    raise self._fault(error.msg.removesuffix(" at"), error.pos) from None
                reason, place = error.msg.removesuffix(" at"), error.pos - self._at
            except RecursionError:
                raise self._fault("nested too deep", self._at) from None
            else:
                # A number that ends with the block may go on in the next one.
                if end < len(self._text) or self._text[end - 1] in '}]"' or not self._more(_BLOCK):
                    if end - self._at > most:
                        raise self._fault(_TOO_LONG, self._at)
                    text = self._text[self._at : end]
                    self._go_to(end)
                    return text
                continue
            held = len(self._text) - self._at
            if held > most:
                raise self._fault(_TOO_LONG, self._at)
            if not self._more(max(_BLOCK, held)):
                raise self._fault(reason, self._at + place, at_end=True)

    def _fault(self, reason: str, place: int, *, at_end: bool = False) -> _FaultError:
        """Return the fault at a place in the text."""
        line = self.line + self._text.count("\n", self._at, place)
        before = self._text[self._text.rfind("\n", 0, place) + 1 : place]
        opens = self._text[place : place + 1] in ("{", "[") and not before.strip(_BLANK)
        return _FaultError(reason, line, opens_line=opens, at_end=at_end)

    def goes_on_after(self, line: int) -> bool:
        """Step to the end of a line if the next character is on it. Say whether a value surely begins then.

        It does if a bracket opens, and the line does not end as if its own value went on.
        """
        is_open, passed = False, 0
        while self.line == line:
            end = self._text.find("\n", self._at)
            end = end if end >= 0 else len(self._text)
            is_open = self._text[self._at : end].rstrip(_BLANK).endswith(_OPEN)
            passed += end - self._at
            self._go_to(min(end + 1, len(self._text)))
            if passed > LONGEST_VALUE:
                return False  # a device such as /dev/zero has no other line
            if self.line == line and not self._more(_BLOCK):
                return True
        return self.peek() in ("", "{", "[") and self._is_first_of_line() and not is_open

    def _go_to(self, end: int) -> None:
        lines = self._text.count("\n", self._at, end)
        if lines:
            self.line += lines
            self._line_start = self._text.rfind("\n", self._at, end) + 1
        self._at = end

    def _more(self, size: int) -> bool:
        """Read on. Return False at the end of the stream."""
        if self._ended:
            return False
        block = self._stream.read(size)
        self._ended = not block
        self._drop()
        self._text += self._decoded(block)
        return True

    def _drop(self) -> None:
        """Drop what was handed out."""
        self._text = self._text[self._at :]
        self._line_start -= self._at
        self._line_goes_to -= self._at
        self._at = 0

    def _decoded(self, block: bytes) -> str:
        """Return the text of a block; it ends where bytes are no text."""
        try:
            return self._decoder.decode(block, final=self._ended)
        except UnicodeDecodeError as error:
            self.damage = f"is not {error.encoding.upper()}: {error.reason}"
            self._ended = True
            return error.object[: error.start].decode(error.encoding)


def after_blanks(text: str, at: int) -> int:
    """Return where the first character is that may not stand between values, from a place in a text."""
    return cast("re.Match[str]", _BLANKS.match(text, at)).end()


def _is_string(line: str) -> bool:
    """Say whether a line is a JSON text, as the `Body` of a message is if it is taken out of its message."""
    try:
        return isinstance(json.loads(line), str)
    except (ValueError, RecursionError):
        return False
