"""An entry of the ledger as people read it: `ledger show`, `why` and `explain` print these lines."""

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from hubtriage.aws.ledger.entry_format import write_entry
from hubtriage.aws.securityhub.api import Key
from hubtriage.aws.securityhub.claim_history import NOT_KNOWN, ClaimHistory
from hubtriage.cli.text import counted, quoted, shown, stamp
from hubtriage.cli.views.tables import duration
from hubtriage.engine.planning.entry import Claim, Claims, Entry, Intent, Stored, is_digest

NO_HISTORIES: Mapping[str, ClaimHistory] = {}
NOTHING = "triage holds no field of this finding"
LONGER = "a longer value"
"""What stands for a value that the entry keeps as a digest."""
_ABOUT = {"account": "account", "region": "Region", "severity": "severity", "control": "control", "type": ""}


def as_record(key: Key, entry: Entry) -> dict[str, Any]:
    """Return the JSON shape of an entry with its finding and version, as `ledger export` writes it."""
    product_arn, finding_id = key
    return {
        "product_arn": product_arn,
        "finding_id": finding_id,
        "version": entry.version,
        "entry": json.loads(write_entry(entry)),
    }


def entry_lines(
    entry: Entry,
    now: float,
    indent: str = "  ",
    histories: Mapping[str, ClaimHistory] = NO_HISTORIES,
    *,
    with_last: bool = True,
) -> Iterator[str]:
    """Yield what is held and since when, the open intent, and what was written last.

    `now` is in epoch seconds. `histories` is what the log says of the claims. Without `with_last` the last
    update is left out, for a command that shows it elsewhere. Nothing of what the entry holds can control the
    terminal.
    """
    if not entry.claims:
        yield f"{indent}{NOTHING}"
    for name, claim in sorted(entry.claims.items()):
        known = histories.get(name, NOT_KNOWN)
        yield f"{indent}{quoted(name)}: {_claim(claim, known)}{since(entry, name, claim, known)}"
    if entry.intent is not None:
        yield from _intent(entry.intent, now, indent)
    if entry.ended and with_last:
        yield f"{indent}last update: {stamp(entry.started)}, {duration((now - entry.started) / 3600)} ago"
        yield from _values(entry.written, indent)
    for name, value in sorted(entry.asked.items()):
        yield f"{indent}{quoted(name)}: {_value(value)} is not from triage, as its history shows"
    if entry.gone is not None:
        yield f"{indent}the finding was missing for the first time at {stamp(entry.gone)}"
    for rule, ticket in sorted(entry.reported.items()):
        has = "a ticket has it" if ticket.is_open else "a ticket is done with it"
        place = f"{quoted(ticket.to)}, per {quoted(ticket.per)}: {quoted(ticket.group)}"
        yield f"{indent}{has} for {quoted(rule)}: {place}"
    for news in entry.news:
        yield f"{indent}not announced yet: {news.kind}, decided at {stamp(news.at)}"


def about_line(about: Mapping[str, str]) -> str:
    """Return in one line which finding an entry is about, as far as the entry says."""
    known = (f"{word} {shown(about[name])}".lstrip() for name, word in _ABOUT.items() if name in about)
    return ", ".join(known)


def hand_back_line(claims: Claims, finding_id: str, indent: str = "  ") -> Iterator[str]:
    """Yield how to let rules decide again, if people hold something that triage had set."""
    if any(claim.person for claim in claims.values()):
        how = f"hubtriage hand-back {_pasted(finding_id)}"
        yield f"{indent}to let the rules decide again on what people hold: {how}"


def _pasted(finding_id: str) -> str:
    """Return an Id that a shell takes as one plain argument. Any other would act on who pastes the line."""
    is_plain = shlex.quote(finding_id) == finding_id and not finding_id.startswith("-")
    return finding_id if is_plain else "FINDING-ID"


def _claim(claim: Claim, known: ClaimHistory) -> str:
    """Return the value, for which rule it was set, what a person had before, and who overruled it."""
    rule = "" if claim.rule is None else f" for {shown(claim.rule)}"
    if claim.person:
        text = f"a person holds it; triage had set {_value(claim.value)}{rule}"
    elif claim.left_out:
        text = f"taken back; triage had set {_value(claim.value)}"
    elif claim.rule is None:
        text = f"{_value(claim.value)}  no rule wants it any more, but triage still holds it"
    else:
        text = f"{_value(claim.value)}  {shown(claim.rule)}"
    before = "" if claim.before is None else f"; it was {shown(claim.before)} before"
    if claim.before is None and known.since is not None and not claim.person:
        before = "; nothing was there before" if known.was is None else f"; it was {shown(known.was)} before"
    provided = "" if claim.provided is None else f"; its provider had {shown(claim.provided)}"
    overruled = f"; overruled {_times(claim.overruled)}{_by_whom(known)}" if claim.overruled else ""
    return f"{text}{before}{provided}{overruled}"


def _times(count: int) -> str:
    return "once" if count == 1 else counted(count, "time")


def _by_whom(known: ClaimHistory) -> str:
    """Return who changed the field last, and when, as far as that is known."""
    if known.overruled_at is None:
        return ""
    if known.overruled_by is None:
        return f", as triage saw at {stamp(known.overruled_at)}"
    return f", last by {quoted(known.overruled_by)} at {stamp(known.overruled_at)}"


def since(entry: Entry, name: str, claim: Claim, known: ClaimHistory = NOT_KNOWN) -> str:
    """Return since when the value is there, and by which revision of the rules if the log says so.

    An entry keeps the times of a day, and the last update.
    """
    if known.since is not None and not claim.person:
        rules = f" (rules {shown(known.revision)})" if known.revision else ""
        return f"; since {stamp(known.since)}{rules}"
    if claim.person or claim.left_out or not entry.ended:
        return ""
    if name in entry.written:
        return f"; since {stamp(entry.started)}"
    if times := entry.sets.get(name):
        return f"; since {stamp(max(times))}"
    return f"; since before {stamp(entry.started)}"


def _intent(intent: Intent, now: float, indent: str) -> Iterator[str]:
    begun = f"begun {duration((now - intent.time) / 3600)} ago, at {stamp(intent.time)}"
    yield f"{indent}open intent: {begun}; whether it was made is not known"
    for name, value in sorted(intent.written.items()):
        yield f"{indent}  {quoted(name)}: {_value(intent.was.get(name))} -> {_value(value)}"


def _values(values: Mapping[str, Stored], indent: str) -> Iterator[str]:
    for name, value in sorted(values.items()):
        yield f"{indent}  {quoted(name)}: {_value(value)}"


def _value(value: Stored) -> str:
    return LONGER if is_digest(value) else shown(value)
