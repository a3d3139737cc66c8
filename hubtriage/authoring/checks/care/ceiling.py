"""E307 and W318: a rule that hides, and asks for severities above its ceiling."""

from collections.abc import Iterator

from hubtriage.authoring.checks.linted_rule import LintedRule
from hubtriage.authoring.problems import Problem
from hubtriage.engine.fields import SEVERITY_RANK

NEVER, PARTLY = "E307", "W318"


def check_certain(rule: LintedRule) -> Iterator[Problem]:
    """Report a rule all of whose findings are above its ceiling, so that it never does anything."""
    above, below = _asked(rule)
    if above and not below:
        message = f"matches {_shown(above)} alone but may hide only up to {rule.model.ceiling}: it never acts"
        yield rule.problem(NEVER, ("ceiling",), message, _hint(above), key=True)


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report a rule that names severities which its ceiling keeps it from hiding."""
    above, below = _asked(rule)
    if above and below:
        message = f"also matches {_shown(above)}, but may hide only up to {rule.model.ceiling}"
        yield rule.problem(
            PARTLY, ("ceiling",), message, f"{_hint(above)}, or match {_shown(below)} only", key=True
        )


def _asked(rule: LintedRule) -> tuple[list[str], list[str]]:
    """Return the severities that a rule which hides names: above its ceiling, and the others."""
    labels = rule.severities if rule.hides else None
    if labels is None:
        return [], []
    limit = SEVERITY_RANK[rule.model.ceiling]
    asked = [label for label in SEVERITY_RANK if label in labels]
    return [one for one in asked if SEVERITY_RANK[one] > limit], [
        one for one in asked if SEVERITY_RANK[one] <= limit
    ]


def _shown(labels: list[str]) -> str:
    return " and ".join(labels)


def _hint(above: list[str]) -> str:
    return f"write ceiling: {above[-1]} to hide them"
