"""What triage holds on one finding and what happened to it, as people and programs read it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import click

from hubtriage.aws.ledger.entry_format import write_entry
from hubtriage.aws.securityhub.api import Key
from hubtriage.aws.securityhub.claim_history import ClaimHistory
from hubtriage.aws.securityhub.finding_history import HistoryEvent
from hubtriage.cli.subject import NO_ACCOUNTS, Accounts, state_line, subject_lines, title_of
from hubtriage.cli.text import quoted, shown, stamp
from hubtriage.cli.views.decision import decision_lines, objects
from hubtriage.cli.views.entry import about_line, entry_lines, hand_back_line
from hubtriage.engine.fields import Finding
from hubtriage.engine.planning.entry import Entry

NOT_READ = "the ledger could not be read"
UTC = "times are in UTC"
_INDENT = "    "


@dataclass(frozen=True, slots=True)
class FindingStanding:
    """A finding with its entry (None: not read), what is known of its claims, and its events in order.

    `finding` is the finding as Security Hub shows it; None if it could not be read, or is gone.
    """

    key: Key
    entry: Entry | None
    claims: Mapping[str, ClaimHistory]
    events: tuple[HistoryEvent, ...]
    finding: Finding | None = None

    @property
    def has_last_update(self) -> bool:
        """Whether the events have the update that the entry names as its last."""
        started = None if self.entry is None else self.entry.started
        updates = (event.record for event in self.events if event.record.get("outcome") == "updated")
        noted = (record.get("entry") for record in updates)
        return any(isinstance(each, Mapping) and each.get("started") == started for each in noted)


def held_record(standing: FindingStanding) -> dict[str, Any]:
    """Return the JSON line of what is held; `entry` as the ledger keeps it, null if it could not be read."""
    product_arn, finding_id = standing.key
    entry = standing.entry
    return {
        "kind": "held",
        "finding_id": finding_id,
        "product_arn": product_arn,
        "entry": None if entry is None else json.loads(write_entry(entry)),
        "claims": {name: _claim_record(known) for name, known in standing.claims.items()},
    }


def _claim_record(known: ClaimHistory) -> dict[str, Any]:
    times = {"since": known.since, "overruled_at": known.overruled_at}
    return asdict(known) | {name: None if time is None else stamp(time) for name, time in times.items()}


def lines(standing: FindingStanding, now: float, accounts: Accounts = NO_ACCOUNTS) -> Iterator[str]:
    """Yield the lines for people; `now` is in epoch seconds. `accounts` names the finding's account."""
    yield from _finding(standing, accounts)
    entry = standing.entry
    yield ""
    yield _head("HELD", "by triage, as its ledger says")
    if entry is None:
        yield f"  {NOT_READ}"
    else:
        with_last = not standing.has_last_update
        yield from entry_lines(entry, now, histories=standing.claims, with_last=with_last)
    yield ""
    yield _head("HISTORY", UTC if standing.events else "nothing in this time")
    for event in standing.events:
        yield from event_lines(event)
    if entry is not None and (hand_back := list(hand_back_line(entry.claims, standing.key[1]))):
        yield ""
        yield from hand_back


def _finding(standing: FindingStanding, accounts: Accounts) -> Iterator[str]:
    """Yield which finding it is: as Security Hub shows it, else as far as the entry says."""
    product_arn, finding_id = standing.key
    finding, entry = standing.finding, standing.entry
    title = title_of(finding or {})
    yield _head("FINDING", title or quoted(finding_id))
    if finding is not None:
        yield from subject_lines(finding, accounts)
        yield f"  {state_line(finding)}"
    elif entry is not None and (about := about_line(entry.about)):
        yield f"  {about}"
    if title:
        yield f"  {quoted(finding_id)}"
    yield f"  {quoted(product_arn)}"


def _head(title: str, text: str) -> str:
    return click.style(f"{title:<9}", bold=True) + text


def event_record(event: HistoryEvent) -> dict[str, Any]:
    """Return the JSON line of an event."""
    record = {
        name: str(value) if hasattr(value, "timestamp") else value for name, value in event.record.items()
    }
    told = {"in_history": event.is_recorded} if event.kind == "decision" else {}
    return {"time": stamp(event.time), "kind": event.kind, **record, **told}


def event_lines(event: HistoryEvent) -> Iterator[str]:
    """Return the lines of an event for people."""
    return _decision(event) if event.kind == "decision" else _change(event)


def _decision(event: HistoryEvent) -> Iterator[str]:
    line = event.record
    by = f" (rules {shown(line.get('revision') or line.get('ruleset'))})"
    sweep = f", in the sweep {quoted(str(line['sweep']))}" if line.get("sweep") else ""
    recorded = ", and Security Hub has it on record" if event.is_recorded else ""
    yield f"{stamp(event.time)}  triage: {quoted(str(line['outcome']))}{by}{sweep}{recorded}"
    if line.get("reason"):
        yield f"{_INDENT}{quoted(str(line.get('code')))}: {quoted(str(line['reason']))}"
    yield from decision_lines(line, _INDENT)


def _change(event: HistoryEvent) -> Iterator[str]:
    record = event.record
    source = record.get("UpdateSource") or {}
    how = "the provider" if source.get("Type") == "BATCH_IMPORT_FINDINGS" else "an update"
    what = "made" if record.get("FindingCreated") else "changed"
    yield f"{stamp(event.time)}  {what} by {how}: {quoted(str(source.get('Identity')))}"
    for update in objects(record.get("Updates")):
        old, new = _value(update.get("OldValue")), _value(update.get("NewValue"))
        yield f"{_INDENT}{shown(update.get('UpdatedField'))}: {old} -> {new}"


def _value(text: object) -> str:
    """Return a value of the history as text; the history holds objects as JSON."""
    try:
        value = json.loads(text) if isinstance(text, str) else text
    except (ValueError, RecursionError):
        value = text
    return shown(value if isinstance(value, dict | list) else text)
