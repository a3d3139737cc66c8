"""W320 and W321: an update that Security Hub V2 takes in part, or a text that names what it does not show."""

from collections.abc import Iterator

from hubtriage.authoring.checks.linted_rule import LintedRule
from hubtriage.authoring.problems import Problem
from hubtriage.engine.ocsf.blind import is_blind
from hubtriage.engine.ocsf.update import V2_FIELDS
from hubtriage.engine.ruleset.templates import MISSING, PLACEHOLDER

UNSETTABLE, BLANK = "W320", "W321"
_SETTABLE = frozenset(name.partition(".")[0] for name in V2_FIELDS)


def check_update(rule: LintedRule) -> Iterator[Problem]:
    """Report the members of an update that V2 cannot set."""
    given = sorted(rule.model.update.model_fields_set)
    unsettable = [name for name in given if name not in _SETTABLE]
    if not unsettable:
        return
    nothing = "" if len(unsettable) < len(given) else ", so the rule sets nothing there"
    message = f"Security Hub V2 cannot set {' and '.join(unsettable)}{nothing}"
    hint = "it takes Workflow, Severity and Note; the rest is set in the other hub alone"
    yield rule.problem(UNSETTABLE, ("update",), message, hint, key=True)


def check_texts(rule: LintedRule) -> Iterator[Problem]:
    """Report placeholders for what V2 does not show."""
    for place, text in rule.templates:
        for placeholder in PLACEHOLDER.finditer(text):
            if placeholder[1] == "finding" and is_blind(placeholder[2].split(".")):
                message = f"{placeholder[0]} is {MISSING} on Security Hub V2, which does not show it"
                yield rule.problem(BLANK, place, message, "name what V2 shows, such as {finding.Title}")
