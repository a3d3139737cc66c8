"""W306: an exception that no one answers for."""

from collections.abc import Iterator

from hubtriage.authoring.checks.linted_rule import LintedRule
from hubtriage.authoring.problems import Problem

CODE = "W306"


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report a rule that suppresses or resolves findings without an owner or a ticket."""
    lacking = [name for name in ("owner", "ticket") if getattr(rule.model, name) is None]
    if rule.suppresses and lacking:
        hint = "add " + " and ".join(f"{name}:" for name in lacking) + " to the rule"
        yield rule.problem(CODE, ("id",), f"suppresses findings and has no {' and no '.join(lacking)}", hint)
