"""Whether a finding and its entry suffice for a decision: at work triage would wait, or ask the history.

The two are read one after the other, so triage may have changed the finding in between, and GetFindings may
be minutes behind. The table of `hubtriage.aws.triage.staleness` decides it here as it does at work.
"""

from hubtriage.aws.ledger.lease import LONGEST_LEASE
from hubtriage.aws.triage.settling import is_shown, settled
from hubtriage.aws.triage.staleness import Snapshot, date
from hubtriage.engine.fields import Finding, ParsedFinding
from hubtriage.engine.planning.entry import Entry

UNDER_WAY = "an update of the finding was under way"
LEFT_OPEN = "an update was left open, and the finding does not show it"
TOO_EARLY = "it may be from before the last update of triage"
DAMAGED = "its entry in the ledger is damaged"


def why_undecidable(finding: Finding, entry: Entry, read: float) -> str | None:
    """Say why a finding that was read at a time (epoch seconds) cannot be decided; None if it can.

    The entry was read afterwards. How long the stack leaves an intent alone is not known here, so every
    intent counts as under way that can be in any stack.
    """
    if entry.intent is not None and read < entry.intent.time + LONGEST_LEASE:
        return UNDER_WAY
    if not is_settled_by(finding, entry):
        return LEFT_OPEN
    dated = date(Snapshot(ParsedFinding(finding), "reading", read), settle(entry), read, LONGEST_LEASE)
    return None if dated.kind == "current" else TOO_EARLY


def is_settled_by(finding: Finding, entry: Entry) -> bool:
    """Say whether the finding shows that the open intent happened, or there is none.

    If it does not, only its history can tell, which is not asked here.
    """
    return entry.intent is None or is_shown(entry.intent, ParsedFinding(finding))


def settle(entry: Entry) -> Entry:
    """Return the entry of a finding that shows the open intent, if any, as triage would settle it."""
    return settled(entry, happened=True, lease=LONGEST_LEASE)
