"""Settle an old intent: did its update happen?

An update is atomic. It happened if a reading shows a value that it wrote and that the finding did not have
before, and no value that it would have replaced. It also happened if the history has a record of our role
since then, unless that record has other values. Security Hub V2 has no history: there any such value tells.
"""

from dataclasses import replace

from hubtriage.aws.ledger.lease import SKEW
from hubtriage.engine.fields import ParsedFinding
from hubtriage.engine.planning.entry import Claim, Entry, Intent, stored


def is_shown(intent: Intent, finding: ParsedFinding) -> bool:
    """Return whether a reading shows that the update happened. Otherwise the history has to be asked.

    One value is not enough where another is as it was: a provider or a person may have set just that.
    """
    replaced = {name: value for name, value in intent.written.items() if value != intent.was.get(name)}
    shown = {name: stored(finding.value(name)) for name in replaced}
    is_untouched = any(shown[name] == intent.was.get(name) for name in replaced)
    return not is_untouched and any(shown[name] == value for name, value in replaced.items())


def shows_any(intent: Intent, finding: ParsedFinding) -> bool:
    """Return whether a reading shows any value that the update wrote, and that was not there before.

    That is enough where there is no history. If it is another's after all, it is taken back with the rule. A
    value next to it that is as it was stays ours if it was, and else counts as a person's. Neither keeps
    anything hidden.
    """
    return any(
        value != intent.was.get(name) and stored(finding.value(name)) == value
        for name, value in intent.written.items()
    )


def recorded_since(entry: Entry, intent: Intent) -> float:
    """Return the time (epoch seconds) from which a record of our role may be of the intent's update."""
    return max(intent.time - SKEW, entry.ended)


def settled(entry: Entry, *, happened: bool, lease: float, finding: ParsedFinding | None = None) -> Entry:
    """Return the entry without its intent. An update that happened ended no later than the lease.

    `finding`: as it was read; of no need if it shows no value that the update would have replaced.
    """
    if entry.intent is None or not happened:
        return entry.abandoned()
    confirmed = entry.confirmed(entry.intent.time + lease)
    if finding is None or not finding.is_v2:
        return confirmed
    return replace(confirmed, claims={**confirmed.claims, **_still_ours(entry, entry.intent, finding)})


def _still_ours(entry: Entry, intent: Intent, finding: ParsedFinding) -> dict[str, Claim]:
    """Return the claims on values of ours that the update would have replaced, and that still stand.

    Where no history shows that it happened, what it would have taken back must not become a person's.
    """
    return {
        name: claim
        for name, claim in entry.claims.items()
        if not claim.person
        and intent.written.get(name, claim.value) != claim.value
        and stored(finding.value(name)) == claim.value
    }
