"""Complete sample findings, one for each producer, and partial findings laid over them.

A rule's test gives only what matters to it. The rest comes from the sample, adjusted so that the whole is
what the producer would have sent. The account, Region and control id of the test appear wherever the
sample's did. The times lie just before the time of the test. FindingProviderFields agrees with the test's
top level, unless the test gives both.
"""

import json
from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Any

from hubtriage.engine.fields import NORMALIZED
from hubtriage.engine.text.timestamps import parse_timestamp

SAMPLE_NOW = 1_793_534_400.0  # 2026-11-01T12:00:00Z, the present of the samples
DEFAULT_SAMPLE = "security-hub"

# The end of ProductArn, and the ProductName, by sample.
_PRODUCTS = {
    "security-hub": ("product/aws/securityhub", "Security Hub"),
    "guardduty": ("product/aws/guardduty", "GuardDuty"),
    "inspector": ("product/aws/inspector", "Inspector"),
    "macie": ("product/aws/macie", "Macie"),
    "access-analyzer": ("product/aws/access-analyzer", "IAM Access Analyzer"),
    "config": ("product/aws/config", "Config"),
    "health": ("product/aws/health", "Health"),
    "prowler": ("product/prowler/prowler", "Prowler"),
    "in-house": ("/default", "Default"),
}
SAMPLES = tuple(_PRODUCTS)

_TIMES = ("FirstObservedAt", "LastObservedAt", "CreatedAt", "UpdatedAt", "ProcessedAt")
_PROVIDED = ("Severity", "Types", "Confidence", "Criticality", "RelatedFindings")


@cache
def _sample_text(name: str) -> str:
    return (resources.files(__package__) / "samples" / f"{name}.json").read_text(encoding="utf-8")


def sample(name: str) -> dict[str, Any]:
    """Return the complete sample finding of a producer, one of `SAMPLES`, as it is when it is new."""
    finding: dict[str, Any] = json.loads(_sample_text(name))
    return finding


def sample_for(partial: Mapping[str, Any]) -> str:
    """Return the name of the sample for a partial finding, by its ProductArn or ProductName."""
    arn, product = str(partial.get("ProductArn", "")), partial.get("ProductName")
    for name, (ending, product_name) in _PRODUCTS.items():
        if arn.endswith(ending) or product == product_name:
            return name
    return DEFAULT_SAMPLE


def complete(
    partial: Mapping[str, Any], *, name: str | None = None, now: float = SAMPLE_NOW
) -> dict[str, Any]:
    """Return the complete finding for a partial one, at a time (epoch seconds).

    Mappings are merged. An element of a list of mappings is laid over the sample's element at its position,
    or over the last one. Null removes a member. Everything else replaces what the sample has.
    """
    base = _adjusted(name or sample_for(partial), partial)
    for member in _TIMES:
        base[member] = _shifted(base[member], now - SAMPLE_NOW)
    finding: dict[str, Any] = _laid_over(base, partial)
    _complete_severity(finding, partial)
    _let_provider_agree(finding, partial)
    return finding


def _adjusted(name: str, partial: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sample with the account, Region and control id of a partial finding throughout."""
    original = sample(name)
    swaps = {
        original["AwsAccountId"]: partial.get("AwsAccountId"),
        original["Region"]: partial.get("Region"),
        _control_id(original): _control_id(partial),
    }
    wanted = {old: new for old, new in swaps.items() if old and isinstance(new, str)}
    adjusted: dict[str, Any] = _swapped(original, wanted)
    return adjusted


def _swapped(value: Any, swaps: Mapping[str, str]) -> Any:
    """Return the value with some words in its texts (not in keys) replaced by others."""
    if isinstance(value, dict):
        return {key: _swapped(item, swaps) for key, item in value.items()}
    if isinstance(value, list):
        return [_swapped(item, swaps) for item in value]
    if isinstance(value, str):
        for old, new in swaps.items():
            value = value.replace(old, new)
    return value


def _control_id(finding: Mapping[str, Any]) -> str | None:
    compliance = finding.get("Compliance")
    control = compliance.get("SecurityControlId") if isinstance(compliance, Mapping) else None
    return control if isinstance(control, str) else None


def _shifted(timestamp: str, seconds: float) -> str:
    moment = datetime.fromtimestamp((parse_timestamp(timestamp) or SAMPLE_NOW) + seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _laid_over(base: Any, partial: Any) -> Any:
    if isinstance(partial, Mapping):
        if isinstance(base, list) and base and isinstance(base[0], Mapping):
            return [_laid_over(base[0], partial)]
        return _merged(base if isinstance(base, Mapping) else {}, partial)
    if isinstance(partial, list) and isinstance(base, list) and base and isinstance(base[-1], Mapping):
        return [
            _laid_over(base[min(index, len(base) - 1)], item) if isinstance(item, Mapping) else item
            for index, item in enumerate(partial)
        ]
    return deepcopy(partial)


def _merged(base: Mapping[str, Any], partial: Mapping[str, Any]) -> dict[str, Any]:
    merged = {key: deepcopy(value) for key, value in base.items() if key not in partial}
    for key, value in partial.items():
        if value is not None:
            merged[key] = _laid_over(base.get(key), value)
    return merged


def _complete_severity(finding: dict[str, Any], partial: Mapping[str, Any]) -> None:
    """Add the members that go with a label to a severity that is given by its label."""
    given = partial.get("Severity")
    if not isinstance(given, Mapping):
        return
    label = given.get("Label")
    if isinstance(label, str) and label in NORMALIZED:
        finding["Severity"] = {"Label": label, "Normalized": NORMALIZED[label], "Original": label, **given}


def _let_provider_agree(finding: dict[str, Any], partial: Mapping[str, Any]) -> None:
    """Copy what the test gives at the top level to FindingProviderFields, unless it gives that too."""
    said = partial.get("FindingProviderFields", {})
    provided = finding.get("FindingProviderFields")
    if not isinstance(provided, dict) or not isinstance(said, Mapping):
        return
    for member in _PROVIDED:
        if member not in partial or member in said:
            continue
        value = finding.get(member)
        if member == "Severity" and isinstance(value, Mapping):
            value = {key: value[key] for key in ("Label", "Original") if key in value}
        if value is None:
            provided.pop(member, None)
        else:
            provided[member] = deepcopy(value)
