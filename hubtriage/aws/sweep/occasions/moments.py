"""Rules whose time begins or ends: the sweep that this calls for. Pure."""

from hubtriage.aws.sweep.request import ACTIVE, MANAGED, SweepRequest
from hubtriage.engine.ruleset.ruleset import Ruleset

MOST_RULES = 500
"""Rules that a request names; more of them at once are swept with all others. AWS: 256 KiB of input."""


def ended_within(ruleset: Ruleset, after: float, until: float) -> tuple[str, ...]:
    """Return the ids of the rules whose time ended after one moment and until another, epoch seconds."""
    return tuple(rule.id for rule in ruleset.rules if rule.ends is not None and after < rule.ends <= until)


def begun_within(ruleset: Ruleset, after: float, until: float) -> tuple[str, ...]:
    """Return the ids of the rules whose time began after one moment and until another, epoch seconds."""
    return tuple(
        rule.id for rule in ruleset.rules if rule.starts is not None and after < rule.starts <= until
    )


def sweep_of_moments(ruleset: Ruleset, after: float, until: float) -> SweepRequest | None:
    """Return the sweep of what rules hold that have ended since, and want that have begun; None if none has.

    A rule that has begun and ended in this time holds what events brought it. A rule in observe sets nothing.
    """
    acting = {rule.id for rule in ruleset.rules if rule.mode != "observe"}
    wanting = {rule.id for rule in ruleset.rules if rule.mode == "enforce" and rule.in_force(until)}
    ended = acting.intersection(ended_within(ruleset, after, until))
    begun = wanting.intersection(begun_within(ruleset, after, until))
    if not ended and not begun:
        return None
    scopes = (MANAGED,) * bool(ended) + (ACTIVE,) * bool(begun)
    rules = tuple(sorted(ended | begun))
    return SweepRequest(
        scopes=scopes,
        rules=rules if len(rules) <= MOST_RULES else (),
        reason="rule ended" if ended else "rule began",
    )
