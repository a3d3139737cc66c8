"""Rules whose time begins or ends: the sweep that this calls for. Pure."""

from collections.abc import Iterable

from hubtriage.aws.sweep.request import ACTIVE, MANAGED, SweepRequest
from hubtriage.engine.ruleset.ruleset import Rule, Ruleset

SOON_DAYS = 30
MOST_RULES = 500
"""Rules that a request names; more of them at once are swept with all others. AWS: 256 KiB of input."""


def ended_within(ruleset: Ruleset, after: float, until: float) -> tuple[str, ...]:
    """Return the ids of the rules that went out of force after one epoch second and until another."""
    return _turned(ruleset, after, until, into_force=False)


def begun_within(ruleset: Ruleset, after: float, until: float) -> tuple[str, ...]:
    """Return the ids of the rules that came into force after one epoch second and until another."""
    return _turned(ruleset, after, until, into_force=True)


def _turned(ruleset: Ruleset, after: float, until: float, *, into_force: bool) -> tuple[str, ...]:
    return tuple(
        rule.id
        for rule in ruleset.rules
        if any(in_force is into_force for _at, in_force in rule.turns(after, until))
    )


def ending_soon(ruleset: Ruleset, now: float) -> int:
    """Return how many rules that may hide findings end within 30 days; those in observe hide nothing."""
    return len(ending_within(ruleset.may_hide, now, now + SOON_DAYS * 86_400))


def ending_within(rules: Iterable[Rule], after: float, until: float) -> dict[str, Rule]:
    """Return the rules, by id, that change findings and end after one epoch second and until another."""
    return {
        rule.id: rule
        for rule in rules
        if rule.mode != "observe" and rule.ends is not None and after < rule.ends <= until
    }


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
