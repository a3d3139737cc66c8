"""Reports about the ledger as people and programs read them: imports, and rebuilding."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from hubtriage.cli.text import counted, quoted, stamp
from hubtriage.recovery.importing import Compared, ImportReport
from hubtriage.recovery.rebuilding import Rebuilt

MOST_FAILURES = 10
"""Failures that are shown to people; programs get all."""


def entries_text(count: int) -> str:
    """Return a number of entries."""
    return "1 entry" if count == 1 else f"{count:,} entries"


def comparison_record(compared: Compared) -> dict[str, Any]:
    """Return what an import would do, JSON-ready."""
    return {
        "dry_run": True,
        "written": compared.absent,
        "already_there": compared.same,
        "changed_since": compared.others,
        "failed": compared.failed,
    }


def import_record(imported: ImportReport) -> dict[str, Any]:
    """Return what an import did, JSON-ready."""
    return {
        "written": imported.written,
        "already_there": imported.same,
        "changed_since": imported.changed,
        "failed": imported.failed,
    }


def import_text(record: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of either for people."""
    yield f"{entries_text(record['written'])} {'would be ' if record.get('dry_run') else ''}written"
    if record["already_there"]:
        yield f"  {record['already_there']:,} were there already"
    if record["changed_since"]:
        yield f"  {record['changed_since']:,} stay as they are: triage changed them since an earlier import"
    yield from failures(record["failed"])


def rebuilt_record(rebuilt: Rebuilt, *, dry_run: bool) -> dict[str, Any]:
    """Return what rebuilding did, or would do, JSON-ready."""
    return {**({"dry_run": True} if dry_run else {}), **asdict(rebuilt)}


def rebuilt_text(rebuilt: Rebuilt, *, dry_run: bool) -> Iterator[str]:
    """Yield the lines of the report for people: what was done, and what the log does not have."""
    would = "would be " if dry_run else ""
    written, kept = entries_text(rebuilt.written), rebuilt.kept
    yield f"{written} {would}written, of {counted(rebuilt.findings, 'finding')} that the log has"
    if rebuilt.replaced:
        yield f"  {rebuilt.replaced:,} of them in place of older ones"
    if rebuilt.same:
        yield f"  {rebuilt.same:,} were there already"
    if kept:
        yield f"  {kept:,} stay as they are in the table: they are, or may be, newer than the log's"
    if rebuilt.roles:
        yield f"  {counted(rebuilt.roles, 'role')} by which triage wrote before a move {would}written too"
    yield f"the log begins at {stamp(rebuilt.since)}: what was changed before is not in it"
    if rebuilt.intents:
        yield (
            f"{counted(rebuilt.intents, 'update')} may have happened or not: "
            "triage finds out when the finding comes again"
        )
    for reason, count in rebuilt.unusable.items():
        yield f"{counted(count, 'line')} cannot be used: {quoted(reason)}"
    yield from failures(rebuilt.failed)


def failures(failed: list[str]) -> Iterator[str]:
    """Yield the first failures."""
    yield from (f"failed: {quoted(failure)}" for failure in failed[:MOST_FAILURES])
    if len(failed) > MOST_FAILURES:
        yield f"and {len(failed) - MOST_FAILURES:,} more failed"
