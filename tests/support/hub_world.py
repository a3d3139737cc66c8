"""A still hub, small findings, and shorthands, for the tests of the local Security Hub."""

from typing import Any

from hubtriage.localaws.securityhub.asff.timestamps import write_timestamp
from hubtriage.localaws.securityhub.hub import Hub
from hubtriage.localaws.securityhub.settings import HubSettings

NOW = 1_800_000_000.0
CONTROLS = "arn:aws:securityhub:us-east-1::product/aws/securityhub"
SCANNER = "arn:aws:securityhub:us-east-1:123456789012:product/123456789012/default"


def finding(finding_id: str = "f", **changes: Any) -> dict[str, Any]:
    """A finding as its provider would import it."""
    base = {
        "SchemaVersion": "2018-10-08",
        "Id": finding_id,
        "ProductArn": SCANNER,
        "GeneratorId": "check",
        "AwsAccountId": "111122223333",
        "CreatedAt": "2026-10-01T00:00:00Z",
        "UpdatedAt": "2026-10-01T00:00:00Z",
        "Title": "title",
        "Description": "description",
        "Types": ["Software and Configuration Checks"],
        "Severity": {"Label": "HIGH"},
        "Resources": [{"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::bucket"}],
    }
    return {name: value for name, value in {**base, **changes}.items() if value is not None}


def still_hub(**settings: Any) -> Hub:
    """A hub without quotas whose events arrive at once."""
    return Hub(settings=HubSettings.still(**settings))


def hub_with(*findings: dict[str, Any], **settings: Any) -> Hub:
    """A still hub that has imported findings."""
    hub = still_hub(**settings)
    answer = hub.batch_import_findings(list(findings), NOW)
    assert answer["FailedFindings"] == []
    hub.take_events(NOW)
    return hub


def reimport(hub: Hub, *, days: int = 1, **changes: Any) -> dict[str, Any]:
    """Import the finding again, `days` newer, and give what is stored then."""
    base = finding(**changes)
    later = write_timestamp(NOW + days * 86400)
    answer = hub.batch_import_findings([{**base, "UpdatedAt": later}], NOW + days)
    assert answer["FailedFindings"] == []
    return stored(hub, base["Id"], base["ProductArn"])


def update(hub: Hub, *ids: str, product: str = SCANNER, at: float = 0.0, **payload: Any) -> dict[str, Any]:
    """BatchUpdateFindings of findings by Id, `at` seconds after NOW."""
    identifiers = [{"Id": each, "ProductArn": product} for each in ids or ("f",)]
    return hub.batch_update_findings({"FindingIdentifiers": identifiers, **payload}, NOW + at)


def stored(hub: Hub, finding_id: str = "f", product: str = SCANNER) -> dict[str, Any]:
    """A finding that has to be there."""
    found = hub.finding(product, finding_id)
    assert found is not None
    return found
