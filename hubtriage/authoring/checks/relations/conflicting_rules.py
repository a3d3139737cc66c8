"""W303: two rules of one order that set a field differently on some finding."""

from collections.abc import Iterator

from hubtriage.authoring.checks.linted_rule import LintedRule
from hubtriage.authoring.checks.relations.folder import FolderRelations
from hubtriage.authoring.problems import Problem
from hubtriage.proof.witness import needed_texts

CODE = "W303"
_ACTING = ("enforce", "observe")


def check(rule: LintedRule, relations: FolderRelations) -> Iterator[Problem]:
    """Report rules of the same order that set a field differently: only their ids decide which one wins.

    The earlier rule gets the warning. Rules of different orders are fine: their order says which one wins.
    """
    found = list(relations.conflicts(rule)) if rule.model.mode in _ACTING else []
    if found:
        other, field, needed = found[0]
        others = len(found) - 1
        more = f" (and {others} more rule{'s' if others > 1 else ''})" if others else ""
        held = ", ".join(needed_texts(needed)) or "any content"
        what = f"{field} is set differently by {other.id}{more} with the same order"
        wins = "earlier" if rule.model.terminal else "later"
        hint = f"the {wins} id wins by chance: give the rule that you want to win a higher order"
        yield rule.problem(CODE, ("update",), f"{what}, on a finding with {held}", hint, key=True)
