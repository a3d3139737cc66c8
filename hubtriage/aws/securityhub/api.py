"""The part of Security Hub that triage calls."""

from collections.abc import Mapping
from typing import Any, Protocol

Key = tuple[str, str]
"""(ProductArn, Id): what names a finding. AWS: an Id alone is unique per product only."""

Finding = Mapping[str, Any]


class SecurityHubApi(Protocol):
    """boto3's client, or anything that answers and fails in its shapes (botocore's exceptions)."""

    def batch_update_findings(self, **request: Any) -> Mapping[str, Any]:
        """Apply one set of values to up to 100 findings."""

    def get_findings(self, **request: Any) -> Mapping[str, Any]:
        """Read findings by filters, up to 100 a page."""

    def get_finding_history(self, **request: Any) -> Mapping[str, Any]:
        """Read who changed one finding, up to 100 records a page."""


def identifier(key: Key) -> dict[str, str]:
    """Return a key in the API's shape."""
    return {"Id": key[1], "ProductArn": key[0]}


def key_of(named: Mapping[str, Any]) -> Key:
    """Return the key of a finding or of an identifier, whatever it holds."""
    return str(named.get("ProductArn")), str(named.get("Id"))
