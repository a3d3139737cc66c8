"""W310 and W311: notes and user fields that differ from finding to finding, or do not fit."""

import re
from collections.abc import Iterator

from hubtriage.authoring.checks.linted_rule import LintedRule, field_at
from hubtriage.authoring.problems import Problem
from hubtriage.engine.ruleset.templates import NOTE_LIMIT, PLACEHOLDER

DIFFERS, LONG = "W310", "W311"

# Fields with few values among many findings: texts filled in from these still let findings share calls.
_FEW_VALUES = {
    *("AwsAccountId", "AwsAccountName", "Region", "ProductName", "CompanyName", "GeneratorId"),
    *("Severity.Label", "Compliance.SecurityControlId", "Compliance.Status", "RecordState"),
    *("Resources.0.Type", "Resources.0.Region", "Workflow.Status"),
}

# AWS: the most characters of a field.
_LONGEST = {
    "Id": 512,
    "ProductArn": 2048,
    "GeneratorId": 512,
    "Title": 256,
    "Description": 1024,
    "AwsAccountId": 12,
    "AwsAccountName": 50,
    "Region": 16,
    "ProductName": 128,
    "CompanyName": 128,
    "Resources.N.Id": 512,
    "Resources.N.Type": 256,
    "Resources.N.Region": 16,
}
_TAG, _OTHER, _NUMBER = 256, 64, 20  # AWS: 256 characters of a tag's value
_POSITION = re.compile(r"\.[0-9]+(?=\.|$)")


def check_differs(rule: LintedRule) -> Iterator[Problem]:
    """Report placeholders that make nearly every update different, so that findings cannot share calls."""
    for place, text in rule.templates:
        for found in PLACEHOLDER.finditer(text):
            if found[1] == "finding" and found[2] not in _FEW_VALUES:
                message = f"{found[0]} makes nearly every finding's update different"
                hint = (
                    "only findings with one update share a call, 100 at most: keep it out, or to few findings"
                )
                yield rule.problem(DIFFERS, place, message, hint)
                break


def check_long(rule: LintedRule) -> Iterator[Problem]:
    """Report a note that may exceed 512 characters once it is filled in; it would be cut there."""
    note = rule.model.update.Note
    if note is None:
        return
    model = rule.model
    length = len(PLACEHOLDER.sub("", note.Text))
    for found in PLACEHOLDER.finditer(note.Text):
        length += _length(found[2]) if found[1] == "finding" else _rule_length(model, found[2])
    if length > NOTE_LIMIT:
        message = f"may be {length} characters long once it is filled in; it is cut at {NOTE_LIMIT}"
        yield rule.problem(LONG, ("update", "Note", "Text"), message, "put what matters first, or less in it")


def _length(path: str) -> int:
    general = _POSITION.sub(".N", path)
    if general.startswith("Resources.N.Tags."):
        return _TAG
    field = field_at(tuple(path.split(".")))
    if field and field.values:
        return max(map(len, field.values))
    return _NUMBER if field and field.kind in ("number", "boolean") else _LONGEST.get(general, _OTHER)


def _rule_length(model: object, name: str) -> int:
    value = getattr(model, name, "")
    return len(str(getattr(value, "text", value)))
