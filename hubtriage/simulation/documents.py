"""Cut files of any size into JSON documents, holding no more than one document at a time.

A document is the text of one finding, of one event, or of one line. Whoever evaluates it parses it, often in
another process. A file holds JSON lines, one JSON value (a list or an answer of GetFindings is taken apart),
or several values one after another; `.gz` is unpacked.
"""

import codecs
import gzip
import json
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple, cast

from hubtriage.engine.text.system_errors import in_words
from hubtriage.simulation.json_scanner import value_texts

SUFFIXES = (".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz", ".ndjson.gz")
_LONGEST_LINE = 2**20
_IN_MEMORY = 64 * 2**20  # bytes of a pipe before they go to a temporary file

NO_JSON = "no JSON in it; give a JSON array, JSON lines, an event or a GetFindings answer"

Advance = Callable[[int], None]


class UnreadableInputError(Exception):
    """Input in which nothing can be found: exit code 2."""


class Document(NamedTuple):
    """A JSON text, the name of its source, and its position there. `broken` says why there is no text."""

    source: str
    position: str
    text: str
    broken: str | None = None

    @property
    def place(self) -> str:
        """The source and the position."""
        return f"{self.source}: {self.position}"


def files_of(path: Path) -> list[Path]:
    """Return the file itself, or all files of findings in a folder and below, sorted.

    Raises UnreadableInputError if a folder has none.
    """
    if not path.is_dir():
        return [path]
    found = sorted(file for file in path.rglob("*") if file.name.endswith(SUFFIXES) and file.is_file())
    if not found:
        raise UnreadableInputError(f"{path}: no file of findings in it ({', '.join(SUFFIXES)})")
    return found


def read_file(path: Path, advance: Advance = lambda _size: None) -> Iterator[Document]:
    """Yield the documents of a file; `advance` gets the number of bytes read since its last call.

    Raises UnreadableInputError if the file cannot be read, or holds no JSON at all.
    """
    try:
        with path.open("rb") as opened, _seekable(opened) as raw:
            read = 0
            for document in read_stream(_unpacked(raw, path), str(path)):
                yield document
                advance(raw.tell() - read)
                read = raw.tell()
    except (OSError, EOFError, zlib.error) as error:
        # gzip: what is no archive is an OSError without a number.
        why = in_words(error) if isinstance(error, OSError) and error.errno else f"cannot be read: {error}"
        raise UnreadableInputError(f"{path}: {why}") from error


def _unpacked(raw: IO[bytes], path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.GzipFile(fileobj=cast("BinaryIO", raw))) if path.suffix == ".gz" else raw


def read_pipe(stream: IO[bytes], name: str) -> Iterator[Document]:
    """Yield the documents of a stream that can be read only once. Raises UnreadableInputError."""
    with _seekable(stream) as kept:
        yield from read_stream(kept, name)


@contextmanager
def _seekable(stream: IO[bytes]) -> Iterator[IO[bytes]]:
    """Make a stream that can be read again from the start: the kind of JSON shows only later."""
    if stream.seekable():
        yield stream
        return
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as kept:
        shutil.copyfileobj(stream, kept)
        kept.seek(0)
        yield cast("IO[bytes]", kept)


def read_stream(stream: IO[bytes], name: str) -> Iterator[Document]:
    """Yield the documents of a stream that can be read from the start again.

    Raises UnreadableInputError with the name if it holds no JSON at all.
    """
    start = stream.tell()
    if not _starts_with_a_line(stream):
        stream.seek(start)
        values = _values(stream, name)
        first = next(values, None)
        if first is not None:
            yield first
            yield from values
            return
    stream.seek(start)
    yield from _lines(stream, name)


def _starts_with_a_line(stream: IO[bytes]) -> bool:
    """Say whether the first line that is not blank is a whole JSON object or list, as in JSON lines."""
    while line := stream.readline(_LONGEST_LINE):
        if text := line.strip().removeprefix(codecs.BOM_UTF8):
            try:
                return isinstance(json.loads(text), dict | list) and line.endswith(b"\n")
            except (ValueError, RecursionError):
                return False
    return False


def _lines(stream: IO[bytes], name: str) -> Iterator[Document]:
    """Yield JSON lines. Broken ones among them are found by whoever parses them."""
    usable, waiting = False, []
    for number, line in enumerate(stream, 1):
        if not line.strip():
            continue
        document = _line(name, f"line {number}", line)
        usable = usable or _is_json(document)
        waiting.append(document)
        if usable:
            yield from waiting
            waiting = []
    if not usable:
        broken = (f"{each.position} {each.broken}" for each in waiting if each.broken)
        raise UnreadableInputError(f"{name}: {next(broken, NO_JSON)}")


def _line(name: str, position: str, line: bytes) -> Document:
    try:
        return Document(name, position, line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return Document(name, position, "", f"is not UTF-8: {error.reason}")


def _is_json(document: Document) -> bool:
    try:
        json.loads(document.text)
    except (ValueError, RecursionError):
        return False
    return True


def _values(stream: IO[bytes], name: str) -> Iterator[Document]:
    """Yield JSON values that follow one another; none at all if the first is broken."""
    count = 0
    try:
        for text in value_texts(stream):
            count += 1
            yield Document(name, f"finding {count}", text)
    except (ValueError, RecursionError) as error:
        if count:
            yield Document(name, f"after finding {count}", "", f"the rest is not JSON: {error}")
