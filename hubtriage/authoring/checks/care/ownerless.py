"""W306: an exception that no one answers for."""

from collections.abc import Iterator

from hubtriage.authoring.checks.linted_rule import LintedRule
from hubtriage.authoring.problems import Problem

CODE = "W306"

# What people write where something has to stand.
_NOTHING = {
    "none",
    "n/a",
    "na",
    "no",
    "nil",
    "null",
    "-",
    "--",
    "?",
    "x",
    "xxx",
    "tbd",
    "tba",
    "todo",
    "unknown",
    "nobody",
}


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report a rule that suppresses or resolves findings without an owner or a ticket."""
    lacking = [name for name in ("owner", "ticket") if _says_nothing(getattr(rule.model, name))]
    if rule.suppresses and lacking:
        hint = "add " + " and ".join(f"{name}:" for name in lacking) + " to the rule"
        yield rule.problem(CODE, ("id",), f"suppresses findings and has no {' and no '.join(lacking)}", hint)


def _says_nothing(text: str | None) -> bool:
    return text is None or text.strip().casefold() in _NOTHING
