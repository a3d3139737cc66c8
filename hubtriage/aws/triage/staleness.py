"""Which of two states is newer: what a snapshot of a finding shows, or what the ledger says of it.

Findings have no version. The time of an event is in whole seconds and may be later than what the event shows.
Clocks differ, and GetFindings may be minutes behind. The ledger is strongly consistent, so what triage itself
did is always known. The first row that fits counts:

| snapshot | verdict |
|---|---|
| an intent is open, younger than the lease | undecidable |
| an intent is open, older | unsettled: a reading settles it (`settling`), and is dated then |
| none, but the finding was handed back | unsettled: only a reading shows what people had done until then |
| the ledger has no write of the finding | current |
| an event that surely ended before our last write began | superseded: our own write's event is newer |
| an event, or a reading, from long enough after our last write | current |
| it holds everything that we wrote last and everything that we claim | current |
| otherwise | undecidable |
"""

from dataclasses import dataclass
from typing import Literal

from hubtriage.aws.ledger.lease import LAG, SETTLE, SKEW
from hubtriage.engine.fields import ParsedFinding
from hubtriage.engine.planning.entry import Entry, stored


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A finding as an event of the service shows it, or as a reading (also a page of a sweep) does.

    What comes with a hand-back is not believed: people may have changed the finding just before it.
    `time` (epoch seconds) is the event's, in whole seconds, or when the reading was made; None if not known.
    """

    finding: ParsedFinding
    kind: Literal["event", "reading", "hand-back"]
    time: float | None


@dataclass(frozen=True, slots=True)
class Dating:
    """What a snapshot is worth. `until`: when, in epoch seconds, an undecidable finding can be decided."""

    kind: Literal["current", "superseded", "undecidable", "unsettled"]
    until: float = 0.0


CURRENT = Dating("current")
SUPERSEDED = Dating("superseded")
UNSETTLED = Dating("unsettled")


def date(snapshot: Snapshot, entry: Entry, now: float, lease: float) -> Dating:
    """Date a snapshot against its finding's entry. `lease`: seconds for which an intent is left alone."""
    if entry.intent is not None:
        leased_until = entry.intent.time + lease
        return Dating("undecidable", leased_until) if now < leased_until else UNSETTLED
    if snapshot.kind == "hand-back":
        return UNSETTLED
    if not entry.ended:
        return CURRENT
    if _is_superseded(snapshot, entry):
        return SUPERSEDED
    if _is_later(snapshot, entry) or holds_everything(snapshot.finding, entry):
        return CURRENT
    return Dating("undecidable", entry.ended + LAG)


def _is_superseded(snapshot: Snapshot, entry: Entry) -> bool:
    """AWS: an event's time is cut to whole seconds."""
    if snapshot.kind != "event" or snapshot.time is None:
        return False
    return snapshot.time + 1 + SKEW < entry.started


def _is_later(snapshot: Snapshot, entry: Entry) -> bool:
    if snapshot.time is None:
        return False
    return snapshot.time >= entry.ended + (SETTLE if snapshot.kind == "event" else LAG)


def holds_everything(finding: ParsedFinding, entry: Entry) -> bool:
    """Return whether the finding has every value that we wrote last and every value that we claim."""
    claimed = {
        name: claim.value for name, claim in entry.claims.items() if not claim.person and not claim.left_out
    }
    return all(
        stored(finding.value(name)) == value
        for values in (entry.written, claimed)
        for name, value in values.items()
    )
