"""An export from start to end: into a file that a later run goes on with, or as a stream of lines."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hubtriage.cli.inputs.files.part_file import Cursor, PartError, PartFile, part_file, part_of
from hubtriage.cli.inputs.hub import ExportError, HubLine, HubPage, HubReader, name_of
from hubtriage.cli.inputs.live_options import HubFilters
from hubtriage.simulation.exported import header_line

Watch = Callable[[Cursor], None]
"""Gets how far an export has come, after each page."""


@dataclass(frozen=True, slots=True)
class HubQuery:
    """What is exported: findings of an account's hubs in a Region, and the ledger's table.

    `table` is None if no entries are.
    """

    account: str
    region: str
    filters: HubFilters
    stack: str
    table: str | None

    def as_record(self) -> dict[str, Any]:
        """Return what must be the same for an export to go on."""
        return {
            "account": self.account,
            "region": self.region,
            "stack": self.stack,
            "table": self.table,
            **self.filters.as_record(),
        }


@dataclass(frozen=True, slots=True)
class Beginning:
    """What to do with what an earlier run has left: go on with it, drop it, or, without either, refuse."""

    resume: bool = False
    fresh: bool = False


def header_of(query: HubQuery, begun: float) -> str:
    """Return the first line of an export that was begun at this time, epoch seconds."""
    about = {
        "version": version("hubtriage"),
        "begun": datetime.fromtimestamp(begun, tz=UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "entries": query.table is not None,
    }
    return header_line(about | query.as_record())


def export_lines(
    reader: HubReader, query: HubQuery, now: float, write: Callable[[list[str]], None], watch: Watch
) -> Cursor:
    """Give the lines of an export to `write`, page by page. Raises ExportError."""
    cursor, seen = Cursor(query.as_record(), now), set[bytes]()
    write([header_of(query, now)])
    while not cursor.is_complete:
        page = reader.page(cursor.token)
        fresh = _unseen(page, seen)
        cursor = _after(cursor, page, fresh)
        write([line.text for line in fresh])
        watch(cursor)
    return cursor


def export_to(
    path: Path, reader: HubReader, query: HubQuery, now: float, how: Beginning, watch: Watch
) -> Cursor:
    """Write an export into a file, from where an earlier run stopped if it shall.

    Raises ExportError, PartError or OSError. What was read until then stays for a later run.
    """
    with part_file(path) as part:
        cursor = _start(path, part, query, how)
        resumed = cursor is not None
        cursor = cursor or part.begin(Cursor(query.as_record(), now), header_of(query, now))
        seen = _names(part.lines(cursor))
        while not cursor.is_complete:
            try:
                page = reader.page(cursor.token)
            except ExportError as error:
                if not (resumed and error.is_refused and cursor.token):
                    raise
                # The token is of the earlier run, and only that can be at fault: it is too old. Findings
                # have come, gone and changed since, so what was read is dropped.
                cursor, seen = part.begin(Cursor(query.as_record(), now), header_of(query, now)), set()
            else:
                fresh = _unseen(page, seen)
                cursor = part.add([line.text for line in fresh], _after(cursor, page, fresh))
                watch(cursor)
            resumed = False
        part.finish()
    return cursor


def _start(path: Path, part: PartFile, query: HubQuery, how: Beginning) -> Cursor | None:
    """Return where to go on; None to begin. Raises PartError."""
    cursor = None if how.fresh else part.cursor
    if cursor is None:
        return None
    if not how.resume:
        raise PartError(
            f"{part_of(path)} is there: an export was interrupted after {cursor.findings:,} findings",
            "continue with --resume, or start again with --fresh",
        )
    wanted = query.as_record()
    other = [name for name, value in wanted.items() if cursor.query.get(name) != value]
    if other:
        raise PartError(
            f"{part_of(path)} is of another query: {', '.join(other)} differ",
            "give the options of the interrupted export, or start again with --fresh",
        )
    return cursor


def _names(lines: Iterator[bytes]) -> set[bytes]:
    """Return the names of the findings in the lines of an export."""
    next(lines, None)
    return {name_of(json.loads(line)["finding"]) for line in lines}


def _unseen(page: HubPage, seen: set[bytes]) -> list[HubLine]:
    """Return the lines of findings that have none yet, and count these as seen.

    AWS: pages shift while findings change, so that one may come twice. It stays as it was read first.
    """
    fresh = []
    for line in page.lines:
        if line.name not in seen:
            seen.add(line.name)
            fresh.append(line)
    return fresh


def _after(cursor: Cursor, page: HubPage, fresh: Sequence[HubLine]) -> Cursor:
    return replace(
        cursor,
        token=page.token,
        is_complete=page.token is None,
        findings=cursor.findings + len(fresh),
        entries=cursor.entries + sum(line.has_entry for line in fresh),
        undecidable=cursor.undecidable + sum(line.is_undecidable for line in fresh),
        skipped=cursor.skipped + page.skipped,
    )
