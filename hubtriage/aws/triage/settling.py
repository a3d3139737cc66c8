"""Settle an old intent: did its update happen?

An update is atomic. It happened if a reading shows a value that it wrote and that the finding did not have
before, and no value that it would have replaced. It also happened if the history has a record of our role
since then, unless that record has other values. Security Hub V2 has no history: there the note tells.
"""

from hubtriage.aws.ledger.lease import SKEW
from hubtriage.engine.fields import NOTE, ParsedFinding
from hubtriage.engine.planning.entry import Entry, Intent, stored


def is_shown(intent: Intent, finding: ParsedFinding) -> bool:
    """Return whether a reading shows that the update happened. Otherwise the history has to be asked.

    One value is not enough where another is as it was: a provider or a person may have set just that.
    """
    replaced = {name: value for name, value in intent.written.items() if value != intent.was.get(name)}
    shown = {name: stored(finding.value(name)) for name in replaced}
    is_untouched = any(shown[name] == intent.was.get(name) for name in replaced)
    return not is_untouched and any(shown[name] == value for name, value in replaced.items())


def shows_note(intent: Intent, finding: ParsedFinding) -> bool:
    """Return whether a reading shows the note of the update, where another was, or none.

    It is for findings without a history: a note tells whose it is better than a status or a severity, which
    others set too.
    """
    note = intent.written.get(NOTE)
    return note is not None and note != intent.was.get(NOTE) and stored(finding.value(NOTE)) == note


def recorded_since(entry: Entry, intent: Intent) -> float:
    """Return the time (epoch seconds) from which a record of our role may be of the intent's update."""
    return max(intent.time - SKEW, entry.ended)


def settled(entry: Entry, *, happened: bool, lease: float) -> Entry:
    """Return the entry without its intent. An update that happened ended no later than the lease."""
    if entry.intent is None or not happened:
        return entry.abandoned()
    return entry.confirmed(entry.intent.time + lease)
