"""W302: a rule, or a field of it, that later rules always override."""

from collections.abc import Iterator, Sequence

from hubtriage.authoring.checks.linted_rule import LintedRule
from hubtriage.authoring.checks.relations.folder import FolderRelations, named
from hubtriage.authoring.problems import Problem

CODE = "W302"


def check(rule: LintedRule, relations: FolderRelations) -> Iterator[Problem]:
    """Report a rule if later rules set all or some of its fields on every finding that it acts on."""
    if rule.model.terminal or rule.model.mode != "enforce":
        return
    setters = relations.setters_after(rule)
    is_whole = bool(setters) and all(setters.values())
    by: dict[str, Sequence[LintedRule]] = {}
    for field, others in setters.items():
        if is_whole or any(relations.may_differ(rule, other, field) for other in others):
            by[field] = relations.overridden_by(rule, field, others)
            is_whole = is_whole and bool(by[field])
    if is_whole and rule.model.opened is None:
        others = list({other.id: other for some in by.values() for other in some}.values())
        message = f"has no effect: on every finding that it acts on, {_set(others)} the same fields later"
        yield rule.problem(CODE, ("id",), message, "delete one of them, or give this one a higher order")
        return
    for field, others in by.items():
        if any(relations.may_differ(rule, other, field) for other in others):
            message = f"{field} has no effect: on every finding that it acts on, {_set(others)} it later"
            hint = "take the field out of one of them, or give this one a higher order"
            yield rule.problem(CODE, ("update",), message, hint, key=True)
            return


def _set(rules: Sequence[LintedRule]) -> str:
    return f"{named(rules)} {'sets' if len(rules) == 1 else 'set'}"
