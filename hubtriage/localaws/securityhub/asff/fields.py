"""Who may change which field of a finding: its provider, its customer, or the service.

Findings are values here: every function returns a new one and leaves its arguments as they are.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from hubtriage.localaws.securityhub.asff.requests import Finding
from hubtriage.localaws.securityhub.asff.timestamps import write_timestamp

PROVIDED = ("Confidence", "Criticality", "RelatedFindings", "Severity", "Types")
"""AWS: fields of the provider that a customer's update takes over for good."""
CUSTOMER = ("Note", "UserDefinedFields", "VerificationState", "Workflow")
"""AWS: fields that an import can fill on a new finding only."""

UserFields = Literal["replace", "merge"]

_NORMALIZED = {"INFORMATIONAL": 0, "LOW": 1, "MEDIUM": 40, "HIGH": 70, "CRITICAL": 90}
_PRODUCTS = {
    "access-analyzer": ("IAM Access Analyzer", "AWS"),
    "config": ("Config", "AWS"),
    "default": ("Default", "Personal"),
    "firewall-manager": ("Firewall Manager", "AWS"),
    "guardduty": ("GuardDuty", "Amazon"),
    "health": ("Health", "AWS"),
    "inspector": ("Inspector", "Amazon"),
    "macie": ("Macie", "Amazon"),
    "securityhub": ("Security Hub", "AWS"),
    "ssm-patch-manager": ("Systems Manager Patch Manager", "AWS"),
}


@dataclass(frozen=True, slots=True)
class FindingOrigin:
    """Whose hub fills a finding in: its Region, and the names of accounts that it knows."""

    region: str
    account_names: Mapping[str, str]


def label_of(normalized: int) -> str:
    """Return the label. AWS: 0 INFORMATIONAL, 1-39 LOW, 40-69 MEDIUM, 70-89 HIGH, 90-100 CRITICAL."""
    return next(label for label, least in reversed(_NORMALIZED.items()) if normalized >= least)


def full_severity(severity: Mapping[str, Any]) -> dict[str, Any]:
    """Return a severity with Label and Normalized filled in from each other.

    AWS: Product is no longer part of findings. Two that disagree stay as they were given.
    """
    full = {name: value for name, value in severity.items() if name != "Product"}
    if "Label" in full:
        full.setdefault("Normalized", _NORMALIZED.get(full["Label"], 0))
    elif isinstance(full.get("Normalized"), int):
        full["Label"] = label_of(full["Normalized"])
    return full


def created(incoming: Mapping[str, Any], origin: FindingOrigin, now: float) -> Finding:
    """Return a finding that the service has not seen before, filled in by the service."""
    provided = _provided(incoming)
    finding = _filled(incoming, origin, now)
    finding["FindingProviderFields"] = provided
    finding.update(_effective(incoming, provided))
    if "Status" not in _part(finding, "Workflow"):
        finding["Workflow"] = {"Status": "NEW"}
    if _resolves_by_itself(finding, None):
        finding["Workflow"] = {"Status": "RESOLVED"}
    return finding


def reimported(
    stored: Finding, incoming: Mapping[str, Any], pinned: Iterable[str], origin: FindingOrigin, now: float
) -> Finding:
    """Return a finding whose provider sends it again.

    AWS: the customer's fields are not the provider's to change; of the five provided ones those in
    `pinned` were taken over by BatchUpdateFindings and follow the provider only in FindingProviderFields.
    The rest of the finding is what the provider sends now; a provided field that it leaves out stays.
    """
    provided = {**_part(stored, "FindingProviderFields"), **_provided(incoming)}
    finding = _filled({name: value for name, value in incoming.items() if name not in CUSTOMER}, origin, now)
    finding["FindingProviderFields"] = provided
    kept = {name: stored[name] for name in (*PROVIDED, *CUSTOMER) if name in stored}
    moved = {name: v for name, v in _effective(incoming, _provided(incoming)).items() if name not in pinned}
    for name in PROVIDED:
        finding.pop(name, None)
    finding.update(kept | moved)
    status = _workflow_after_import(stored, finding)
    if status is not None:
        finding["Workflow"] = {"Status": status}
    return finding


def customer_update(
    stored: Finding, payload: Mapping[str, Any], user_fields: UserFields, now: float
) -> Finding:
    """Return a finding after BatchUpdateFindings or an automation rule set the fields in `payload`.

    AWS: UpdatedAt is the provider's and stays; the service dates the note.
    """
    finding = {**stored, **{name: payload[name] for name in payload if name != "FindingIdentifiers"}}
    if "Note" in payload:
        finding["Note"] = {**payload["Note"], "UpdatedAt": write_timestamp(now)}
    if "Severity" in payload:
        finding["Severity"] = _updated_severity(_part(stored, "Severity"), payload["Severity"])
    if "UserDefinedFields" in payload and user_fields == "merge":
        finding["UserDefinedFields"] = {**_part(stored, "UserDefinedFields"), **payload["UserDefinedFields"]}
    if "Workflow" in payload:
        finding["Workflow"] = {**_part(stored, "Workflow"), **payload["Workflow"]}
    return finding


def _updated_severity(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return the severity after an update: what it does not name (Original) stays."""
    update = full_severity(new)
    return {**full_severity(old), **update}


def _provided(incoming: Mapping[str, Any]) -> dict[str, Any]:
    """Return FindingProviderFields as an import states them: its own, else the top-level values."""
    own = _part(incoming, "FindingProviderFields")
    provided: dict[str, Any] = {name: incoming[name] for name in PROVIDED if name in incoming} | own
    if "Severity" in provided:
        top = full_severity(_part(incoming, "Severity"))
        stated = full_severity(own.get("Severity", {}))
        merged = {
            "Label": stated.get("Label", top.get("Label")),
            "Original": stated.get("Original", top.get("Original")),
        }
        provided["Severity"] = {name: value for name, value in merged.items() if value is not None}
    return provided


def _effective(incoming: Mapping[str, Any], provided: Mapping[str, Any]) -> dict[str, Any]:
    """Return the top-level values that follow from the provider's own."""
    effective = {name: provided[name] for name in PROVIDED if name in provided}
    if "Severity" in effective:
        top = full_severity(_part(incoming, "Severity"))
        same = top.get("Label") == effective["Severity"].get("Label")
        effective["Severity"] = full_severity((top if same else {}) | effective["Severity"])
    return effective


def _filled(incoming: Mapping[str, Any], origin: FindingOrigin, now: float) -> Finding:
    """Return what the service adds to every import: names, Region, states, its own ProductFields."""
    product_name, company = _product(incoming["ProductArn"])
    finding = {
        "ProductName": product_name,
        "CompanyName": company,
        "Region": incoming["ProductArn"].split(":")[3] or origin.region,
        "RecordState": "ACTIVE",
        "WorkflowState": "NEW",
        **incoming,
        "ProcessedAt": write_timestamp(now),
    }
    if incoming["AwsAccountId"] in origin.account_names:
        finding["AwsAccountName"] = origin.account_names[incoming["AwsAccountId"]]
    finding["ProductFields"] = {
        **incoming.get("ProductFields", {}),
        "aws/securityhub/FindingId": f"{incoming['ProductArn']}/{incoming['Id']}",
        "aws/securityhub/ProductName": finding["ProductName"],
        "aws/securityhub/CompanyName": finding["CompanyName"],
    }
    return finding


def _product(product_arn: str) -> tuple[str, str]:
    """Return (ProductName, CompanyName) for a product ARN."""
    _, company, product = product_arn.split("/", 2)
    if company == "aws" or product == "default":
        return _PRODUCTS.get(product, (product.replace("-", " ").title(), "AWS"))
    return product.replace("-", " ").title(), company.replace("-", " ").title()


def _workflow_after_import(before: Finding, after: Finding) -> str | None:
    """Return the workflow status that the service sets by itself on an import; None where it sets none."""
    if _workflow(after) == "SUPPRESSED":
        return None
    if _resolves_by_itself(after, before):
        return "RESOLVED"
    if _workflow(after) in ("NOTIFIED", "RESOLVED") and _reopens(before, after):
        return "NEW"
    return None


def _reopens(before: Finding, after: Finding) -> bool:
    """Say whether the status falls back to NEW.

    AWS: NOTIFIED and RESOLVED do when the record is active again, or no longer passes.
    """
    back = before.get("RecordState") == "ARCHIVED" and after.get("RecordState") == "ACTIVE"
    failing = _compliance(before) == "PASSED" and _compliance(after) in ("FAILED", "WARNING", "NOT_AVAILABLE")
    return back or failing


def _resolves_by_itself(after: Finding, before: Finding | None) -> bool:
    """Say whether the service resolves it. AWS: findings of controls and of Config, when they come to pass.

    One that passed before and still does keeps the status that a person gave it.
    """
    product = after["ProductArn"].rpartition(":")[2]
    if product not in ("product/aws/securityhub", "product/aws/config") or _compliance(after) != "PASSED":
        return False
    if before is None:
        return _workflow(after) != "SUPPRESSED"
    return _compliance(before) != "PASSED" or _reopens(before, after)


def _compliance(finding: Mapping[str, Any]) -> object:
    return _part(finding, "Compliance").get("Status")


def _workflow(finding: Mapping[str, Any]) -> object:
    return _part(finding, "Workflow").get("Status")


def _part(finding: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return an object inside a finding; empty where a planted finding has none, or something else."""
    part = finding.get(name)
    return part if isinstance(part, dict) else {}
