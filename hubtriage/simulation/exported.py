"""Findings in files, with what the ledger knows of them if the file says so.

An export has a JSON object for each finding: `{"finding": {…}, "entry": {…}}`, where `entry` is as the ledger
keeps it, or null if the ledger has none. Files from elsewhere hold findings alone. Then nobody can tell what
triage has set from what a person has set.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hubtriage.aws.ledger.entry_format import EntryError, read_entry
from hubtriage.engine.fields import OUR_AUTHOR, Finding, member, read
from hubtriage.engine.json_values import is_too_deep
from hubtriage.engine.planning.entry import NO_ENTRY, Entry, stored

NO_ENTRIES = "the input has no entries of the ledger, so values that triage set look like a person's"


@dataclass(frozen=True, slots=True)
class ExportedFinding:
    """A finding, and its entry in the ledger; None if the file does not say."""

    finding: dict[str, Any]
    entry: Entry | None = None

    @property
    def known(self) -> Entry:
        """The entry to plan with."""
        return NO_ENTRY if self.entry is None else settled(self.entry, self.finding)

    @property
    def is_in_doubt(self) -> bool:
        """Whether triage seems to have changed the finding, and no entry says what it set."""
        return self.entry is None and seems_ours(self.finding)


def is_exported(value: Mapping[str, Any]) -> bool:
    """Say whether an object holds a finding and its entry. A finding itself has no member `finding`."""
    return "finding" in value and "entry" in value


def entry_of(value: Mapping[str, Any]) -> Entry:
    """Return the entry beside a finding. Raises EntryError if it is none."""
    raw = value["entry"]
    if raw is None:
        return NO_ENTRY
    if is_too_deep(raw):
        raise EntryError("nested too deep")
    return read_entry(json.dumps(raw), version=1)


def seems_ours(finding: Finding) -> bool:
    """Say whether the note seems to be triage's. Anyone may sign so: this is a hint for people, no more."""
    author = member(finding.get("Note"), "UpdatedBy")
    return isinstance(author, str) and author.partition("/")[0] == OUR_AUTHOR


def settled(entry: Entry, finding: Finding) -> Entry:
    """Return the entry without an open intent: it happened if the finding shows a value that it set."""
    intent = entry.intent
    if intent is None:
        return entry
    shows = (
        stored(read(finding, name)) == value != intent.was.get(name) for name, value in intent.written.items()
    )
    return entry.confirmed(intent.time) if any(shows) else entry.abandoned()
