"""W310 and W311: notes and user fields that differ from finding to finding, or do not fit."""

import re
from collections.abc import Iterator

from hubtriage.authoring.checks.known_values import LONGEST, plain
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

_MANY_VALUES = 100  # of accounts: each needs a call of its own, which a hundred findings could share
_TAG, _OTHER, _NUMBER = 256, 64, 20  # AWS: 256 characters of a tag's value


def check_differs(rule: LintedRule) -> Iterator[Problem]:
    """Report placeholders that make nearly every update different, so that findings cannot share calls."""
    for place, text in rule.templates:
        for found in PLACEHOLDER.finditer(text):
            message = _differing(rule, found)
            if message:
                hint = "only findings with the same update share a call: leave it out, or use it for few"
                yield rule.problem(DIFFERS, place, message, hint)
                break


def _differing(rule: LintedRule, found: re.Match[str]) -> str:
    """Say how a placeholder splits the calls, if it has many values among many findings."""
    if found[1] == "finding" and found[2] not in _FEW_VALUES:
        return f"{found[0]} makes nearly every finding's update different"
    values = len(set(_of_accounts(rule, found)))
    return f"{found[0]} has {values:,} values in the account directory" if values > _MANY_VALUES else ""


def _of_accounts(rule: LintedRule, found: re.Match[str]) -> Iterator[str]:
    """Yield what the account directory has for a placeholder, by account; nothing for one of another kind."""
    attribute = found[2] if found[1] == "account" else None
    if (found[1], found[2]) == ("rule", "owner"):
        attribute = rule.model.owner_attribute
    if attribute is not None:
        yield from (values[attribute] for values in rule.accounts.values() if attribute in values)


def check_long(rule: LintedRule) -> Iterator[Problem]:
    """Report a note that may exceed 512 characters once it is filled in; it would be cut there."""
    note = rule.model.update.Note
    if note is None:
        return
    model = rule.model
    length = len(PLACEHOLDER.sub("", note.Text))
    for found in PLACEHOLDER.finditer(note.Text):
        of_accounts = [len(value) for value in _of_accounts(rule, found)]
        if of_accounts:
            length += max(of_accounts)
        elif found[1] != "account":
            length += _length(found[2]) if found[1] == "finding" else _rule_length(model, found[2])
    if length > NOTE_LIMIT:
        message = f"may be {length} characters long once it is filled in; it is cut at {NOTE_LIMIT}"
        yield rule.problem(LONG, ("update", "Note", "Text"), message, "shorten it, or put what matters first")


def _length(path: str) -> int:
    keys = tuple(path.split("."))
    if plain(keys)[:2] == ("Resources", "Tags"):
        return _TAG
    field = field_at(keys)
    if field and field.values:
        return max(map(len, field.values))
    return _NUMBER if field and field.kind in ("number", "boolean") else LONGEST.get(plain(keys), _OTHER)


def _rule_length(model: object, name: str) -> int:
    value = getattr(model, name, "")
    return len(str(getattr(value, "text", value)))
