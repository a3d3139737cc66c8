"""W317: a placeholder for a value that some findings do not have."""

from collections.abc import Iterator

from hubtriage.asff.fields import Keys
from hubtriage.authoring.checks.conditions.missing_field import holds_on_nothing, needs_value
from hubtriage.authoring.checks.known_values import plain
from hubtriage.authoring.checks.linted_rule import LintedRule, field_at
from hubtriage.authoring.checks.producers import SECURITY_HUB, producers_of
from hubtriage.authoring.problems import Problem
from hubtriage.authoring.yaml.flow import flow, quoted
from hubtriage.engine.jsonlogic.syntax import operations, var_keys
from hubtriage.engine.ruleset.templates import MISSING, PLACEHOLDER

CODE = "W317"
_OF_PRODUCTS = ("match", "ProductArn"), ("match", "ProductName")

# The service gives every finding these, although its model calls them optional.
_ALWAYS: set[Keys] = {
    *(("AwsAccountName",), ("Region",), ("ProductName",), ("CompanyName",), ("RecordState",)),
    *(("Severity", "Label"), ("Workflow", "Status"), ("ProcessedAt",), ("FirstObservedAt",)),
}


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report placeholders that may have no value, with the text that would then be written."""
    if not rule.templates:
        return
    there = _required(rule)
    for place, text in rule.templates:
        for placeholder in PLACEHOLDER.finditer(text):
            if placeholder[1] != "finding":
                continue
            keys = tuple(placeholder[2].split("."))
            field = field_at(plain(keys))
            if field is None or not field.optional or plain(keys) in _ALWAYS or keys in there:
                continue
            if rule.may_have_named(keys) or not rule.loaded.is_whole(*_OF_PRODUCTS):
                continue
            written = quoted(text.replace(placeholder[0], MISSING))
            message = f"{placeholder[0]} may be missing; the text is then {written}"
            yield rule.problem(
                CODE, place, message, f"ask for it in when: {flow({'!!': [{'var': placeholder[2]}]})}"
            )


def _required(rule: LintedRule) -> set[Keys]:
    """Return the fields without which the rule does not match."""
    found = {
        match_field.keys
        for match_field in rule.match_fields
        if "$or" not in match_field.place and needs_value(match_field)
    }
    if SECURITY_HUB in (producers_of(rule) or ()):
        found.add(("Compliance", "SecurityControlId"))
    for operation in rule.operations:
        if any(one.name != "and" for one in operation.outer) or holds_on_nothing(operation.logic):
            continue
        looked_at = {keys for one in operations(operation.logic) if (keys := var_keys(one.logic))}
        if len(looked_at) == 1:
            found |= looked_at
    return found
