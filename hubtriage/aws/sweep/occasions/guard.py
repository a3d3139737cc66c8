"""Which deployment waits for a person: one that looks like a deployment from the wrong branch. Pure."""

from collections.abc import Collection

from hubtriage.aws.sweep.occasions.changes import Changes
from hubtriage.engine.fields import HIDING_STATUSES, SEVERITY, SEVERITY_RANK, WORKFLOW
from hubtriage.engine.planning.entry import Claim, Entry


def objection(changes: Changes, hidden: int, limit: int) -> str | None:
    """Return why a person has to confirm the sweep; None if it may go on.

    `hidden` is how many findings are hidden by the rules that ended.
    """
    ended, were = len(changes.ended), changes.were_in_force
    if hidden > limit:
        return f"{ended} rules ended that hide {hidden:,} findings; sweep-reopen-limit is {limit:,}"
    if hidden and 2 * ended > were:
        return f"{ended} of {were} rules ended, more than half; they hide {hidden:,} findings"
    return None


def hides_by(entry: Entry, rules: Collection[str] | None = None) -> bool:
    """Say whether one of the rules (None: any rule) hides the finding, as far as its entry says."""
    claims = entry.claims if entry.intent is None else {**entry.claims, **entry.intent.claims}
    return any(
        (rules is None or claim.rule in rules) and not claim.person and _hides(name, claim, entry)
        for name, claim in claims.items()
    )


def _hides(name: str, claim: Claim, entry: Entry) -> bool:
    if name == WORKFLOW:
        return claim.value in HIDING_STATUSES
    provided = claim.provided or entry.about.get("severity")
    lowest = SEVERITY_RANK.get(str(claim.value), 0)
    return name == SEVERITY and (provided is None or lowest < SEVERITY_RANK.get(str(provided), 9))
