"""Cut files of any size into JSON documents, holding no more than one document at a time.

A document is the text of one or several JSON values: a line, a value, or an element of a long list. The code
that evaluates it parses it, often in another process. Nothing raises because of what a file holds: a document
that is `broken` says what is wrong.
"""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from hubtriage.engine.text.system_errors import in_words
from hubtriage.simulation.inputs.envelopes import values_in, why
from hubtriage.simulation.inputs.forms import EXPORT, known_packing, known_text, seems_json
from hubtriage.simulation.inputs.json_texts import Readable, cut
from hubtriage.simulation.inputs.unpacking import DAMAGED, GzipBombError, Unpacked

NO_JSON = "no JSON in it"
_MOST_WAITING = 1_000  # lines that are not JSON, after which a file has none
_BEGINNING = 4096  # bytes by which files are recognised

Advance = Callable[[int], None]


class UnreadableInputError(Exception):
    """Input that has nothing to use: exit code 2."""


class Document(NamedTuple):
    """A JSON text, the name of its source, and its position there (empty: all of it).

    `broken` says why there is no text, and `instead` what to give; `is_rest`: nothing after it can be read.
    """

    source: str
    position: str
    text: str = ""
    broken: str | None = None
    is_rest: bool = False
    instead: str = EXPORT

    @property
    def place(self) -> str:
        """The source and the position."""
        return f"{self.source}: {self.position}" if self.position else self.source


@dataclass(frozen=True, slots=True)
class InputFiles:
    """The files to read, sorted, and what of a folder cannot be read, each as a broken document."""

    files: tuple[Path, ...]
    left_out: tuple[Document, ...] = ()


def files_of(path: Path) -> InputFiles:
    """Return the file itself, or all files in a folder and below; names that begin with a dot are hidden.

    What is not a file is not opened: a pipe would wait forever. Links to folders are not followed.
    """
    if not path.is_dir():
        return InputFiles((path,))
    files: list[Path] = []
    left_out: list[Document] = []
    denied: list[OSError] = []
    for folder, below, names in os.walk(path, onerror=denied.append):
        below[:] = sorted(name for name in below if not name.startswith("."))
        links = [name for name in below if Path(folder, name).is_symlink()]
        left_out += (_left(folder, name, "a link to a folder: it is not followed") for name in links)
        for name in sorted(names):
            if name.startswith("."):
                continue
            if reason := _not_read(Path(folder, name)):
                left_out.append(_left(folder, name, reason))
            else:
                files.append(Path(folder, name))
    left_out += map(_denied, denied)
    if not files and not left_out:
        left_out.append(Document(str(path), "", broken="no file of findings in this folder"))
    return InputFiles(tuple(sorted(files)), tuple(left_out))


def _not_read(path: Path) -> str:
    """Return why something in a folder is not read; empty if it is."""
    if not path.is_file():
        return "a link that leads nowhere" if path.is_symlink() else "a pipe or a device, not a file"
    if path.suffix in (".part", ".cursor"):
        return "an export that was interrupted: continue with `hubtriage findings --resume`"
    return ""


def _left(folder: str, name: str, reason: str) -> Document:
    return Document(str(Path(folder, name)), "", broken=reason)


def _denied(error: OSError) -> Document:
    return Document(str(error.filename), "", broken=in_words(error), is_rest=True)


def read_file(path: Path, advance: Advance = lambda _size: None) -> Iterator[Document]:
    """Yield the documents of a file; `advance` gets the number of bytes read since its last call."""
    try:
        with path.open("rb", buffering=0) as opened:
            yield from read_stream(opened, str(path), advance)
    except OSError as error:
        yield Document(str(path), "", broken=in_words(error), is_rest=True)


def read_stream(stream: Readable, name: str, advance: Advance = lambda _size: None) -> Iterator[Document]:
    """Yield the documents of a stream, which is read once. `advance` as for a file."""
    try:
        packed = Unpacked(stream)
        beginning = packed.peek(_BEGINNING)
        form = known_packing(beginning)
        if form is not None:
            yield Document(name, "", broken=form.name, instead=form.instead)
            return
        read = 0
        for document in _usable(packed, name, beginning):
            yield document
            advance(packed.count - read)
            read = packed.count
    except (*DAMAGED, GzipBombError) as error:
        yield Document(name, "", broken=f"cannot be unpacked: {error}", is_rest=True)
    except OSError as error:
        yield Document(name, "", broken=in_words(error), is_rest=True)


def _usable(stream: Readable, name: str, beginning: bytes) -> Iterator[Document]:
    """Yield the documents of a stream; a single broken one if there is no JSON in it."""
    documents = (Document(name, *found) for found in cut(stream))
    waiting: list[Document] = []
    for document in documents:
        waiting.append(document)
        if _is_json(document):
            yield from waiting
            yield from documents
            return
        if len(waiting) == _MOST_WAITING:
            break
    yield _without_json(name, waiting, beginning)


def _is_json(document: Document) -> bool:
    """Say whether a document begins with a JSON value: a number alone may be the first cell of a table."""
    try:
        value, _, _ = next(values_in(document.text), (None, 0, 0))
    except (json.JSONDecodeError, RecursionError):
        return False
    except ValueError:
        return True  # JSON, but for a number or a name in it
    return isinstance(value, dict | list | str)


def _without_json(name: str, waiting: Sequence[Document], beginning: bytes) -> Document:
    if not waiting:
        return Document(name, "", broken="it is empty")
    first, form = waiting[0], known_text(beginning)
    if form is not None:
        return Document(name, "", broken=form.name, instead=form.instead)
    if first.broken is not None and seems_json(beginning):
        return first
    if seems_json(beginning):
        return Document(name, first.position, broken=f"is not JSON: {_fault_of(first.text)}")
    return Document(name, "", broken=NO_JSON)


def _fault_of(text: str) -> str:
    try:
        for _ in values_in(text):
            pass
    except (ValueError, RecursionError) as error:
        return why(error)
    return ""
