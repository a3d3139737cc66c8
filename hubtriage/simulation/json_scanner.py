"""Cut a stream of JSON into the texts of its values, holding no more than one value at a time.

Lists are taken apart, and so is an answer of GetFindings: its findings come one by one.
"""

import codecs
import json
from collections.abc import Iterator
from typing import IO, Any

LONGEST_VALUE = 64 * 2**20  # characters of one value that is not a list
_BLOCK = 2**18
_LISTS = ("Findings", "findings")
_BLANK = " \t\r\n"
_DECODER = json.JSONDecoder()


def value_texts(stream: IO[bytes]) -> Iterator[str]:
    """Yield the text of each value. Raises ValueError or RecursionError at the first that is not JSON."""
    scanner = _Scanner(stream)
    while opening := scanner.peek():
        if opening == "[":
            yield from _list(scanner)
        elif opening == "{":
            yield from _object(scanner)
        else:
            raise scanner.error("neither an object nor a list", scanner.at)


def _list(scanner: "_Scanner") -> Iterator[str]:
    """Yield the elements of a list; an empty list itself."""
    elements = _elements(scanner)
    yield next(elements, "[]")
    yield from elements


def _elements(scanner: "_Scanner") -> Iterator[str]:
    scanner.take("[")
    while scanner.peek() != "]":
        yield scanner.value()[1]
        if scanner.peek() != "]":
            scanner.take(",")
    scanner.take("]")


def _object(scanner: "_Scanner") -> Iterator[str]:
    """Yield the elements of an object's list of findings; the object itself if it has none.

    An event keeps its findings together: its list is in the member `detail`.
    """
    members: dict[str, str] = {}
    has_findings = False
    scanner.take("{")
    while scanner.peek() != "}":
        name = scanner.value()[0]
        scanner.take(":")
        if name in _LISTS and scanner.peek() == "[" and "detail" not in members:
            for element in _elements(scanner):
                has_findings = True
                yield element
            members[name] = "[]"
        else:
            members[name] = scanner.value()[1]
        if scanner.peek() != "}":
            scanner.take(",")
    scanner.take("}")
    if not has_findings:
        yield "{" + ", ".join(f"{json.dumps(name)}: {text}" for name, text in members.items()) + "}"


class _Scanner:
    """Reads JSON values from a stream in blocks; drops what it has handed out."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._decode = codecs.getincrementaldecoder("utf-8-sig")().decode
        self._text = ""
        self.at = 0
        self._line = 1  # of the start of the text
        self._ended = False

    def peek(self) -> str:
        """Return the next character that is not blank; empty at the end."""
        while True:
            while self.at < len(self._text):
                if self._text[self.at] not in _BLANK:
                    return self._text[self.at]
                self.at += 1
            if not self._more(_BLOCK):
                return ""

    def take(self, wanted: str) -> None:
        """Step over a character that must come next."""
        if self.peek() != wanted:
            raise self.error(f"{wanted!r} expected, {self.peek()!r} found", self.at)
        self.at += 1

    def value(self) -> tuple[Any, str]:
        """Return the next value, and its text."""
        self.peek()
        while True:
            try:
                found, end = _DECODER.raw_decode(self._text, self.at)
                # A number that ends with the block may go on in the next one.
                if end < len(self._text) or not self._more(_BLOCK):
                    text = self._text[self.at : end]
                    self.at = end
                    return found, text
            except json.JSONDecodeError as error:
                held = len(self._text) - self.at
                if held > LONGEST_VALUE or not self._more(max(_BLOCK, held)):
                    raise self.error(error.msg, error.pos) from None

    def error(self, reason: str, at: int) -> ValueError:
        """Return the error for a place in the text, with its line in the stream."""
        line = self._line + self._text.count("\n", 0, at)
        return ValueError(f"{reason.removesuffix(' at')} at line {line}")

    def _more(self, size: int) -> bool:
        """Read on. Return False at the end of the stream."""
        if self._ended:
            return False
        self._line += self._text.count("\n", 0, self.at)
        block = self._stream.read(size)
        self._ended = not block
        self._text = self._text[self.at :] + self._decode(block, final=self._ended)
        self.at = 0
        return True
