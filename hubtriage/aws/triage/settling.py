"""Settle an old intent: did its update happen?

An update is atomic. It happened if a reading shows one value that it wrote and that the finding did not have
before, or if the history has a record of our role since then.
"""

from hubtriage.aws.ledger.lease import SKEW
from hubtriage.engine.fields import ParsedFinding
from hubtriage.engine.planning.entry import Entry, Intent, stored


def is_shown(intent: Intent, finding: ParsedFinding) -> bool:
    """Return whether a reading shows that the update happened. Otherwise the history has to be asked."""
    return any(
        stored(finding.value(name)) == value != intent.was.get(name) for name, value in intent.written.items()
    )


def recorded_since(entry: Entry) -> float:
    """Return the time (epoch seconds) from which a record of our role means that the intent happened."""
    if entry.intent is None:
        raise ValueError("there is no intent to settle")
    return max(entry.intent.time - SKEW, entry.ended)


def settled(entry: Entry, *, happened: bool, lease: float) -> Entry:
    """Return the entry without its intent. An update that happened ended no later than the lease."""
    if entry.intent is None or not happened:
        return entry.abandoned()
    return entry.confirmed(entry.intent.time + lease)
