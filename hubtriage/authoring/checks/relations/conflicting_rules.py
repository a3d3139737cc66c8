"""W303: two rules of one order that set a field differently."""

from collections.abc import Iterator

from hubtriage.authoring.checks.linted_rule import LintedRule
from hubtriage.authoring.checks.relations.overlap import RuleOverlaps, fields_set
from hubtriage.authoring.problems import Problem

CODE = "W303"
_ACTING = ("enforce", "observe")


def check(rule: LintedRule, overlaps: RuleOverlaps) -> Iterator[Problem]:
    """Report rules of the same order that set a field differently: only their ids decide which one wins.

    The earlier rule gets the warning. Rules of different orders are fine: their order says which one wins.
    """
    mine = fields_set(rule)
    found: list[tuple[str, str]] = []
    if rule.model.mode not in _ACTING:
        return
    for other in overlaps.later(rule):
        if other.model.order != rule.model.order:
            break
        field = _contested(mine, fields_set(other)) if _acts_with(rule, other) else None
        if field:
            found.append((field, other.id))
    if found:
        field, other_id = found[0]
        more = f" (and {len(found) - 1} more rules)" if len(found) > 1 else ""
        message = f"{field} is set differently by {other_id}{more} with the same order, on the same findings"
        wins = "earlier" if rule.model.terminal else "later"
        hint = f"the {wins} id wins by chance: give the rule that you want to win a higher order"
        yield rule.problem(CODE, ("update",), message, hint, key=True)


def _acts_with(one: LintedRule, other: LintedRule) -> bool:
    """Say whether both rules can be in force at the same time, in the same mode."""
    if one.model.mode != other.model.mode:
        return False
    for first, second in ((one.model, other.model), (other.model, one.model)):
        if first.expires and second.starts and first.expires.end <= second.starts.seconds:
            return False
    return True


def _contested(mine: dict[str, object], theirs: dict[str, object]) -> str | None:
    """Return a field that both set, to different values. Notes may differ: each is about its own rule."""
    shared = (name for name in mine if name in theirs and name != "Note")
    return next((name for name in shared if mine[name] != theirs[name]), None)
