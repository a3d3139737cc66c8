"""JSON documents out of files of any size, a piece at a time: nothing is held but what is being read.

A document is the text of one finding, of one event, or of one line; whoever evaluates it parses it, in a
process of its own. Files hold JSON lines, one JSON value (a list or the answer of GetFindings is taken
apart), or several values one after another; `.gz` is unpacked.
"""

import codecs
import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple, cast

from hubtriage.simulation.findings import UnreadableInputError

SUFFIXES = (".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz", ".ndjson.gz")
LONGEST_VALUE = 64 * 2**20  # characters of one value that is no list
_LONGEST_LINE = 2**20
_BLOCK = 2**18
_LISTS = ("Findings", "findings")
_BLANK = " \t\r\n"
_DECODER = json.JSONDecoder()

NO_JSON = "no JSON in it; give a JSON array, JSON lines, an event or a GetFindings answer"

Advance = Callable[[int], None]


class Document(NamedTuple):
    """A JSON text, and where it stands. `broken` says why there is no such text."""

    place: str
    text: str
    broken: str | None = None


def files_of(source: Path) -> list[Path]:
    """The files to read: the file itself, or every file of findings in a folder and below, by name.

    Raises UnreadableInputError where there is none.
    """
    if not source.is_dir():
        return [source]
    found = sorted(path for path in source.rglob("*") if path.name.endswith(SUFFIXES) and path.is_file())
    if not found:
        raise UnreadableInputError(f"{source}: no file of findings in it ({', '.join(SUFFIXES)})")
    return found


def read_file(path: Path, advance: Advance = lambda _size: None) -> Iterator[Document]:
    """The documents of a file; `advance` is told how many bytes of it were read since the last time.

    Raises UnreadableInputError where the file cannot be read or holds no JSON at all.
    """
    try:
        with path.open("rb") as raw, _unpacked(raw, path) as stream:
            read = 0
            for document in read_stream(stream, str(path)):
                yield document
                advance(raw.tell() - read)
                read = raw.tell()
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableInputError(f"{path}: cannot be read: {error}") from error


def _unpacked(raw: BinaryIO, path: Path) -> AbstractContextManager[IO[bytes]]:
    return cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if path.suffix == ".gz" else nullcontext(raw)


def read_stream(stream: IO[bytes], name: str) -> Iterator[Document]:
    """The documents of an open file that can be read from the start again; `name` is for messages."""
    if not _starts_with_a_line(stream):
        stream.seek(0)
        values = _values(stream, name)
        first = next(values, None)
        if first is not None:
            yield first
            yield from values
            return
    stream.seek(0)
    yield from _lines(stream, name)


def _starts_with_a_line(stream: IO[bytes]) -> bool:
    """Whether the first line that is not blank is a whole JSON object or list, as in JSON lines."""
    while line := stream.readline(_LONGEST_LINE):
        if text := line.strip().removeprefix(codecs.BOM_UTF8):
            try:
                return isinstance(json.loads(text), dict | list) and line.endswith(b"\n")
            except (ValueError, RecursionError):
                return False
    return False


def _lines(stream: IO[bytes], name: str) -> Iterator[Document]:
    """JSON lines; what is not JSON in them is found out by whoever parses them."""
    usable, waiting = False, []
    for number, line in enumerate(stream, 1):
        if not line.strip():
            continue
        document = _line(f"{name}: line {number}", line)
        usable = usable or _is_json(document)
        waiting.append(document)
        if usable:
            yield from waiting
            waiting = []
    if not usable:
        raise UnreadableInputError(f"{name}: {NO_JSON}")


def _line(place: str, line: bytes) -> Document:
    try:
        return Document(place, line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return Document(place, "", f"is not UTF-8: {error.reason}")


def _is_json(document: Document) -> bool:
    try:
        json.loads(document.text)
    except (ValueError, RecursionError):
        return False
    return True


def _values(stream: IO[bytes], name: str) -> Iterator[Document]:
    """JSON values one after another, lists taken apart; nothing at all if the first is broken."""
    scanner, count = _Scanner(stream), 0
    try:
        while scanner.peek():
            for text in _value(scanner):
                count += 1
                yield Document(f"{name}: finding {count}", text)
    except (ValueError, RecursionError) as error:
        if count:
            yield Document(f"{name}: after finding {count}", "", f"the rest is not JSON: {error}")


def _value(scanner: "_Scanner") -> Iterator[str]:
    opening = scanner.peek()
    if opening == "[":
        yield from _elements(scanner)
    elif opening == "{":
        yield from _members(scanner)
    else:
        raise ValueError("neither an object nor a list")


def _elements(scanner: "_Scanner") -> Iterator[str]:
    scanner.take("[")
    while scanner.peek() != "]":
        yield scanner.value()[1]
        if scanner.peek() != "]":
            scanner.take(",")
    scanner.take("]")


def _members(scanner: "_Scanner") -> Iterator[str]:
    """The list of findings in an object, element by element; else the object itself."""
    members: dict[str, str] = {}
    listed = False
    scanner.take("{")
    while scanner.peek() != "}":
        name = scanner.value()[0]
        scanner.take(":")
        if name in _LISTS and scanner.peek() == "[" and "detail" not in members:
            listed = True
            yield from _elements(scanner)
        else:
            members[name] = scanner.value()[1]
        if scanner.peek() != "}":
            scanner.take(",")
    scanner.take("}")
    if not listed:
        yield "{" + ", ".join(f"{json.dumps(name)}: {text}" for name, text in members.items()) + "}"


class _Scanner:
    """Reads JSON values from a stream without holding more than one of them."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._decode = codecs.getincrementaldecoder("utf-8-sig")().decode
        self._text = ""
        self._at = 0
        self._ended = False

    def peek(self) -> str:
        """The next character that is not blank; empty at the end."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _BLANK:
                    return self._text[self._at]
                self._at += 1
            if not self._more(_BLOCK):
                return ""

    def take(self, wanted: str) -> None:
        """Step over a character that must come next."""
        if self.peek() != wanted:
            raise ValueError(f"{wanted!r} expected, {self.peek()!r} found")
        self._at += 1

    def value(self) -> tuple[Any, str]:
        """The next value, and its text. What follows it must have been seen, lest it is cut off."""
        self.peek()
        while True:
            try:
                found, end = _DECODER.raw_decode(self._text, self._at)
                if end < len(self._text) or not self._more(_BLOCK):
                    text = self._text[self._at : end]
                    self._at = end
                    return found, text
            except ValueError:
                held = len(self._text) - self._at
                if held > LONGEST_VALUE or not self._more(max(_BLOCK, held)):
                    raise

    def _more(self, size: int) -> bool:
        """Read on; False at the end of the stream."""
        if self._ended:
            return False
        block = self._stream.read(size)
        self._ended = not block
        self._text = self._text[self._at :] + self._decode(block, final=self._ended)
        self._at = 0
        return True
