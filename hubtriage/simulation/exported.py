"""Findings in files, with what the ledger knows of them if the file says so.

An export has JSON lines. The first says where the others come from, and there is one for each finding:

    {"hubtriage-export": 1, "begun": "2026-11-30T15:00:00Z", "account": "111122223333", …}
    {"finding": {…}, "entry": {…}, "read": 1790000000.5}
    {"finding": {…}, "entry": null, "read": 1790000000.5}
    {"finding": {…}, "entry": {…}, "read": 1790000000.5, "undecidable": "an update … was under way"}

`entry` is as the ledger keeps it, null if the ledger has none, and absent if it is not known. `read` is when
the finding was asked for, in epoch seconds; its entry was read afterwards. Files from elsewhere hold findings
alone. Then what triage has set looks like what a person has set.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hubtriage.aws.ledger.entry_format import read_entry, write_entry
from hubtriage.aws.ledger.forms.strict import EntryError
from hubtriage.engine.fields import OCSF, OUR_AUTHOR, Finding, member
from hubtriage.engine.json_values import MOST_LEVELS, finite, is_too_deep
from hubtriage.engine.planning.entry import NO_ENTRY, Entry
from hubtriage.simulation.undecidable import DAMAGED, LEFT_OPEN, is_settled_by, settle, why_undecidable

FORMAT = 1
"""Goes up with every change after which an older reader would misread the lines."""
HEADER = "hubtriage-export"
"""The member that makes an object the first line of an export; its value is the format."""
NO_ENTRIES = "what triage set looks like a person's; export with `hubtriage findings`"
_NAMES = ("Id", "ProductArn", "AwsAccountId", OCSF)
_TOO_DEEP = f"it is nested deeper than {MOST_LEVELS} levels, and left out"


class NewerExportError(Exception):
    """An export that a later version has written."""


@dataclass(frozen=True, slots=True)
class ExportedFinding:
    """A finding, and its entry in the ledger; None if the file does not say.

    `undecidable`: why the two do not suffice for a decision.
    """

    finding: dict[str, Any]
    entry: Entry | None = None
    undecidable: str | None = None

    @property
    def known(self) -> Entry:
        """The entry to plan with."""
        if self.entry is None:
            return NO_ENTRY
        return self.entry.abandoned() if self.undecidable else settle(self.entry)

    @property
    def is_in_doubt(self) -> bool:
        """Whether triage seems to have changed the finding, and no entry says what it set."""
        return self.entry is None and not self.undecidable and seems_ours(self.finding)


def header_line(about: Mapping[str, Any]) -> str:
    """Return the first line of an export; `about` says where the findings come from."""
    return json.dumps({HEADER: FORMAT, **about}, separators=(",", ":"))


def is_header(value: Mapping[str, Any]) -> bool:
    """Say whether an object is the first line of an export. Raises NewerExportError for one not read here.

    What has an Id is a finding, whatever else it says of itself.
    """
    if HEADER not in value or "Id" in value:
        return False
    if type(value[HEADER]) is not int or value[HEADER] != FORMAT:
        raise NewerExportError(
            f"an export of format {value[HEADER]!r}; this version of hubtriage reads format {FORMAT}"
        )
    return True


def finding_line(
    finding: Finding,
    entry: Entry | None,
    read: float,
    *,
    is_damaged: bool = False,
    sent: Finding | None = None,
) -> tuple[str, bool]:
    """Return the line of a finding, printable whatever the finding holds, and whether it is undecidable.

    `entry` is None if it is not known. `read`: when the finding was asked for, epoch seconds. `is_damaged`:
    there is an entry, and it cannot be read. `sent` is what the line has of it, unless that is nested too
    deep: for the view of a finding in OCSF, the finding itself.
    """
    undecidable = DAMAGED if is_damaged else None
    written = finding if sent is None or is_too_deep(sent) else sent
    if is_too_deep(finding):
        written = finding = {name: finding[name] for name in _NAMES if name in finding}
        undecidable = _TOO_DEEP
    elif entry is not None:
        undecidable = why_undecidable(finding, entry, read)
    members = {"finding": _json(written)}
    if entry is not None:
        members["entry"] = "null" if entry == NO_ENTRY else write_entry(entry)
    members["read"] = json.dumps(read)
    if undecidable is not None:
        members["undecidable"] = json.dumps(undecidable)
    line = "{" + ",".join(f'"{name}":{text}' for name, text in members.items()) + "}"
    return line, undecidable is not None


def _json(finding: Finding) -> str:
    try:
        return json.dumps(finding, separators=(",", ":"), allow_nan=False)
    except ValueError:
        return json.dumps(finite(dict(finding)), separators=(",", ":"))


def is_exported(value: Mapping[str, Any]) -> bool:
    """Say whether an object is the line of an export. A finding itself has no member `finding`."""
    return "finding" in value and "Id" not in value


def with_entry(finding: dict[str, Any], line: Mapping[str, Any]) -> ExportedFinding:
    """Return a finding with what its line says of it. Raises EntryError if the entry is not one."""
    entry, undecidable = _entry_of(line), line.get("undecidable")
    if undecidable is None and entry is not None and not is_settled_by(finding, entry):
        undecidable = LEFT_OPEN
    return ExportedFinding(finding, entry, None if undecidable is None else str(undecidable))


def _entry_of(line: Mapping[str, Any]) -> Entry | None:
    if "entry" not in line:
        return None
    raw = line["entry"]
    if raw is None:
        return NO_ENTRY
    if is_too_deep(raw):
        raise EntryError("nested too deep")
    return read_entry(json.dumps(raw), version=1)


def seems_ours(finding: Finding) -> bool:
    """Say whether the note seems to be triage's. Anyone may sign so: this is a hint for people, no more."""
    author = member(finding.get("Note"), "UpdatedBy")
    return isinstance(author, str) and author.partition("/")[0] == OUR_AUTHOR
