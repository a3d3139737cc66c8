"""What the findings of every producer have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from hubtriage.localaws.producers.draw import FindingScene, timestamp

Finding = dict[str, Any]
Resource = dict[str, Any]

NORMALIZED: Final = {"INFORMATIONAL": 0, "LOW": 1, "MEDIUM": 40, "HIGH": 70, "CRITICAL": 90}
"""AWS: the number that Security Hub adds to a severity label."""


@dataclass(frozen=True, slots=True)
class Product:
    """A producer of findings; `path` is the end of its ProductArn."""

    path: str
    name: str
    company: str

    def arn(self, scene: FindingScene) -> str:
        """Return the ProductArn; AWS: it holds the Region in which the finding was made."""
        if self.path.startswith("{account}"):
            path = self.path.replace("{account}", scene.account.id)
            return f"arn:aws:securityhub:{scene.region}:{scene.account.id}:product/{path}"
        return f"arn:aws:securityhub:{scene.region}::product/{self.path}"


@dataclass(frozen=True, slots=True)
class Said:
    """What a producer says about a problem; `original` is the severity in its own words."""

    id: str
    generator: str
    types: tuple[str, ...]
    severity: str
    title: str
    description: str
    original: str | None = None
    advice: str | None = None
    advice_url: str | None = None
    mean_age_days: float = 60.0


def finding(
    scene: FindingScene,
    product: Product,
    said: Said,
    resources: list[Resource],
    product_fields: dict[str, str],
    **extra: Any,
) -> Finding:
    """Assemble a new, active finding as Security Hub shows it; `extra` are further top-level members."""
    created, updated = scene.lifetime(said.mean_age_days)
    arn = product.arn(scene)
    original = {"Original": said.original or said.severity}
    assembled: Finding = {
        "SchemaVersion": "2018-10-08",
        "Id": said.id,
        "ProductArn": arn,
        "ProductName": product.name,
        "CompanyName": product.company,
        "Region": scene.region,
        "GeneratorId": said.generator,
        "AwsAccountId": scene.account.id,
        "AwsAccountName": scene.account.name,
        "Types": list(said.types),
        "FirstObservedAt": timestamp(created),
        "LastObservedAt": timestamp(updated),
        "CreatedAt": timestamp(created),
        "UpdatedAt": timestamp(updated),
        "Severity": {"Label": said.severity, "Normalized": NORMALIZED[said.severity], **original},
        "Title": said.title,
        "Description": said.description,
        "ProductFields": {
            **product_fields,
            "aws/securityhub/ProductName": product.name,
            "aws/securityhub/CompanyName": product.company,
            "aws/securityhub/FindingId": f"{arn}/{said.id}",
        },
        "Resources": resources,
        "Workflow": {"Status": "NEW"},
        "WorkflowState": "NEW",
        "RecordState": "ACTIVE",
        "FindingProviderFields": {
            "Severity": {"Label": said.severity, **original},
            "Types": list(said.types),
        },
    }
    if said.advice is not None:
        url = {"Url": said.advice_url} if said.advice_url else {}
        assembled["Remediation"] = {"Recommendation": {"Text": said.advice, **url}}
    assembled.update(extra)
    return assembled
