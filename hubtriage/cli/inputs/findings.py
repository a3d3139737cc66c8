"""Findings of any number: from a file, a folder of files, or standard input."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from hubtriage.cli.progress import ProgressBar
from hubtriage.cli.text import counted
from hubtriage.engine.text.system_errors import in_words
from hubtriage.simulation.documents import (
    Document,
    UnreadableInputError,
    files_of,
    read_file,
    read_pipe,
)
from hubtriage.simulation.exported import NO_ENTRIES
from hubtriage.simulation.findings import Item, NotJsonError, Unusable, items_of


def read_findings(source: str) -> Iterator[Item]:
    """Yield the findings of a file, of all files of a folder, or of standard input for `-`.

    Raises UnreadableInputError if a file cannot be read or holds no JSON at all; and, after all findings, if
    a list is damaged, since what came after the fault is not known.
    """
    damages = []
    for document in documents_of(source):
        place = document.position if document.source in (source, _STANDARD_INPUT) else document.place
        try:
            yield from items_of(document)
        except NotJsonError as error:
            if document.broken is None:
                yield Unusable(f"{place} {error}")
            else:
                damages.append(f"{place} {error}")
    if damages:
        raise UnreadableInputError("; ".join(damages))


def warn_without_entries(count: int) -> None:
    """Print that so many findings have a note of triage but no entry, if there are any."""
    if count:
        have = f"{counted(count, 'finding')} {'has a note' if count == 1 else 'have notes'} of triage"
        click.echo(f"{have} but no entries: {NO_ENTRIES}", err=True)


def documents_of(source: str, bar: ProgressBar | None = None) -> Iterator[Document]:
    """Yield the JSON documents of a file, of all files of a folder, or of standard input for `-`.

    Raises UnreadableInputError if a file cannot be read or holds no JSON at all.
    """
    if source == "-":
        return read_pipe(sys.stdin.buffer, _STANDARD_INPUT)
    return documents_in(files_of(Path(source)), bar)


_STANDARD_INPUT = "standard input"


def documents_in(files: Sequence[Path], bar: ProgressBar | None = None) -> Iterator[Document]:
    """Yield the JSON documents of files, one after another. Raises UnreadableInputError."""
    try:
        size = sum(file.stat().st_size for file in files)
    except OSError as error:
        raise UnreadableInputError(f"{error.filename}: {in_words(error)}") from error
    if bar is not None:
        bar.expect(size)
    for file in files:
        yield from read_file(file, bar.read) if bar else read_file(file)
