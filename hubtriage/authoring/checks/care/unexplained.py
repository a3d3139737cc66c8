"""E306: a rule that hides findings and does not say why on them."""

from collections.abc import Iterator

from hubtriage.authoring.checks.linted_rule import LintedRule
from hubtriage.authoring.problems import Problem
from hubtriage.authoring.yaml.flow import flow

CODE = "E306"


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report a rule that hides without a note: a person who opens the finding in the console would not see
    why.
    """
    if not rule.hides or rule.model.update.Note is not None or rule.model.mode == "off":
        return
    model = rule.model
    until = " until {rule.expires}" if model.expires else ""
    why = "{rule.ticket}" if model.ticket else "{rule.id}"
    note = flow({"Note": {"Text": f"Accepted{until} ({why})."}}).removeprefix("{").removesuffix("}")
    message = "hides findings without a note that says why"
    yield rule.problem(CODE, ("update",), message, f"add to update: {note}", key=True)
