"""W108: a field that AWS has retired."""

from collections.abc import Iterator

from hubtriage.asff.fields import Keys
from hubtriage.authoring.checks.linted_rule import LintedRule, dotted
from hubtriage.authoring.problems import Problem

CODE = "W108"

# AWS: marked as deprecated or retired in the finding format, or gone with consolidated control findings.
_RETIRED: dict[Keys, str] = {
    ("Severity", "Product"): "use Severity.Label",
    ("Severity", "Normalized"): "use Severity.Label",
    ("WorkflowState",): "use Workflow.Status",
    ("Network",): "use Action or NetworkPath",
    ("ProductFields", "ControlId"): "use Compliance.SecurityControlId",
    ("ProductFields", "RuleId"): "use Compliance.SecurityControlId",
    ("ProductFields", "StandardsArn"): "use Compliance.AssociatedStandards.StandardsId",
    ("ProductFields", "StandardsControlArn"): "use Compliance.SecurityControlId",
}


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report retired fields in conditions, and retired members of the severity in the update."""
    for keys, place, is_key in rule.paths:
        for length in (1, 2):
            mend = _RETIRED.get(keys[:length]) if len(keys) >= length else None
            if mend:
                yield rule.problem(CODE, place, f"{dotted(keys[:length])} is deprecated", mend, key=is_key)
    severity = rule.model.update.Severity
    for name in ("Normalized", "Product"):
        if severity is not None and name in severity.model_fields_set:
            place = ("update", "Severity", name)
            yield rule.problem(CODE, place, f"Severity.{name} is deprecated", "write Label", key=True)
