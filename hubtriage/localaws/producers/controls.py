"""Findings of Security Hub's own controls (consolidated control findings)."""

from __future__ import annotations

from typing import Any, Final

from hubtriage.localaws.producers.control_catalog import CONTROLS, REQUIREMENTS, SecurityControl
from hubtriage.localaws.producers.draw import Draw, FindingScene
from hubtriage.localaws.producers.resources.resource import resource
from hubtriage.localaws.producers.shape import Finding, Product, Said, finding

PRODUCT: Final = Product("aws/securityhub", "Security Hub", "AWS")
_STANDARDS: Final = (
    "standards/aws-foundational-security-best-practices/v/1.0.0",
    "standards/nist-800-53/v/5.0.0",
    "standards/pci-dss/v/4.0.1",
    "standards/cis-aws-foundations-benchmark/v/3.0.0",
)
_STATUSES: Final = ("FAILED", "PASSED", "WARNING", "NOT_AVAILABLE")
_STATUS_WEIGHTS: Final = (0.60, 0.95, 0.98, 1.0)
_REASONS: Final = {
    "WARNING": ("CONFIG_RULE_EVALUATION_ERROR", "AWS Config could not evaluate the rule for this resource."),
    "NOT_AVAILABLE": ("CONFIG_RETURNS_NOT_APPLICABLE", "AWS Config reported that the rule does not apply."),
}
_BEST_PRACTICE_ONLY: Final = frozenset({"resilience"})


def _compliance(control: SecurityControl, status: str) -> dict[str, Any]:
    standards = _STANDARDS[:1] if control.topic in _BEST_PRACTICE_ONLY else _STANDARDS
    compliance: dict[str, Any] = {
        "Status": status,
        "SecurityControlId": control.id,
        "AssociatedStandards": [{"StandardsId": standard} for standard in standards],
        "RelatedRequirements": list(REQUIREMENTS[control.topic]),
    }
    if status in _REASONS:
        code, description = _REASONS[status]
        compliance["StatusReasons"] = [{"ReasonCode": code, "Description": description}]
    return compliance


def _config_rule(scene: FindingScene, control: SecurityControl) -> str:
    """Return the name of the rule that Security Hub made in this account: its suffix differs per account."""
    suffix = Draw(f"{scene.account.id}/{scene.region}/{control.config_rule}").hex(8)
    return f"securityhub-{control.config_rule}-{suffix}"


def _lifecycle(draw: Draw, status: str) -> dict[str, Any]:
    """AWS: Security Hub resolves what passes, and archives what no longer applies."""
    workflow = "RESOLVED" if status == "PASSED" else "NEW"
    archived = status == "NOT_AVAILABLE" or draw.chance(0.04)
    return {"Workflow": {"Status": workflow}, "RecordState": "ARCHIVED" if archived else "ACTIVE"}


def control_finding(scene: FindingScene) -> Finding:
    """Return the finding of one control about one resource."""
    control = scene.draw.rank(CONTROLS)
    status = scene.draw.weighted(_STATUSES, _STATUS_WEIGHTS)
    target = resource(scene, control.resource_type)
    said = Said(
        id=scene.arn("securityhub", f"security-control/{control.id}/finding/{scene.draw.uuid()}"),
        generator=f"security-control/{control.id}",
        types=("Software and Configuration Checks/Industry and Regulatory Standards",),
        # AWS: only a failed control keeps its severity.
        severity=control.severity if status == "FAILED" else "INFORMATIONAL",
        title=control.title,
        description=f"This control checks the following: {control.title}. The control fails if the check "
        f"of the AWS Config rule {control.config_rule} finds the resource noncompliant.",
        advice="For how to correct this issue, consult the AWS Security Hub controls documentation.",
        advice_url=f"https://docs.aws.amazon.com/console/securityhub/{control.id}/remediation",
        mean_age_days=90.0,
    )
    fields = {
        "RelatedAWSResources:0/name": _config_rule(scene, control),
        "RelatedAWSResources:0/type": "AWS::Config::ConfigRule",
        "Resources:0/Id": target["Id"],
    }
    if status != "PASSED" and scene.draw.chance(0.2):
        fields["PreviousComplianceStatus"] = "PASSED"
    extra = {"Compliance": _compliance(control, status), **_lifecycle(scene.draw, status)}
    return finding(scene, PRODUCT, said, [target], fields, **extra)
