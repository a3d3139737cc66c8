"""Findings of any number: from a file, a folder of files, or standard input.

Every command reads them here, and says in the same words what of them it could not use.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import click

from hubtriage.cli.failure import demand_readable, fail
from hubtriage.cli.inputs.files.whole_file import STANDARD_INPUT, demand_file, through_standard_input
from hubtriage.cli.progress import ProgressBar
from hubtriage.cli.text import counted, quoted
from hubtriage.simulation.exported import NO_ENTRIES
from hubtriage.simulation.inputs.documents import Document, InputFiles, files_of, read_file, read_stream
from hubtriage.simulation.inputs.findings import Item, Unusable, items_of
from hubtriage.simulation.inputs.problems import Problems, Rejected

_SHOWN = 10


def read_findings(source: str, problems: Problems) -> Iterator[Item]:
    """Yield the findings of a file, of all files of a folder, or of standard input for `-`.

    An Unusable stands in the place of what is not a finding; its reason begins with its place, and it is
    added to the problems. Raises UnreadableInputError for an export of a later version.
    """
    for document in documents_of(source):
        for item in items_of(document):
            if isinstance(item, Unusable):
                problems.add(Rejected(document.place, item.reason, item.instead, item.is_rest))
                yield replace(item, reason=f"{document.place}: {item.reason}")
            else:
                yield item


def tell_problems(source: str, usable: int, problems: Problems) -> None:
    """Print what of the input could not be used; end with 2 if that is all of it."""
    name = quoted(STANDARD_INPUT if source == "-" else source)
    first = "".join(f"\n  {quoted(f'{one.place}: {one.reason}')}" for one in problems.first[:_SHOWN])
    more = f"\n  ... and {problems.count - _SHOWN:,} more" if problems.count > _SHOWN else ""
    if problems.count and not usable:
        hint = problems.first[0].instead
        fail(f"no findings in {name} that can be used:{first}{more}", hint, exit_code=2)
    if problems.count:
        click.echo(f"{counted(problems.count, 'record')} cannot be used:{first}{more}", err=True)
    elif not usable:
        click.echo(f"no findings in {name}", err=True)


def end_if_cut_off(problems: Problems) -> None:
    """End with 2 if some of the input was not read to its end: how many findings are missing is not known."""
    if problems.rests:
        places = ", ".join(quoted(one.place) for one in problems.rests[:_SHOWN])
        more = ", …" if len(problems.rests) > _SHOWN else ""
        fail(f"not all of the input could be read, see {places}{more}", exit_code=2)


def warn_without_entries(count: int) -> None:
    """Print that so many findings have a note of triage but no entry, if there are any."""
    if count:
        have = f"{counted(count, 'finding')} {'has a note' if count == 1 else 'have notes'} of triage"
        click.echo(f"{have} but no entries: {NO_ENTRIES}", err=True)


def documents_of(source: str, bar: ProgressBar | None = None) -> Iterator[Document]:
    """Yield the JSON documents of a file, of all files of a folder, or of standard input for `-`.

    End with 2 if there is none of this name, or it may not be read.
    """
    if source == "-":
        return read_stream(sys.stdin.buffer, STANDARD_INPUT)
    demand_readable(Path(source))
    demand_file(Path(source), through_standard_input(source))
    return documents_in(files_of(Path(source)), bar)


def documents_in(sources: InputFiles, bar: ProgressBar | None = None) -> Iterator[Document]:
    """Yield the JSON documents of files, one after another, then what of a folder is not read."""
    if bar is not None:
        bar.expect(_size_of(sources.files))
    for file in sources.files:
        yield from read_file(file, bar.read) if bar else read_file(file)
    yield from sources.left_out


def _size_of(files: Sequence[Path]) -> int:
    """Return the bytes of the files that are there; reading says which are not."""
    size = 0
    for file in files:
        try:
            size += file.stat().st_size
        except OSError:
            continue
    return size
