"""The part of Security Hub that triage calls."""

from collections.abc import Mapping
from typing import Any, Protocol

from hubtriage.engine.ocsf import view

CSPM, V2 = "cspm", "v2"
"""What settings call the hubs."""
BY_DEFAULT = frozenset({CSPM})
"""The hubs whose findings are triaged unless a setting says otherwise."""

_THERE = {"FieldName": "activity_name", "Filter": {"Value": "Close", "Comparison": "NOT_EQUALS"}}
NOT_CLOSED: Mapping[str, Any] = {
    "CompositeFilters": [{"StringFilters": [_THERE], "Operator": "OR"}],
    "CompositeOperator": "AND",
}
"""GetFindingsV2's filters of active findings. AWS: a negative comparison holds without the member too."""

Key = tuple[str, str]
"""(ProductArn, Id): what names a finding. AWS: an Id alone is unique per product only.

A finding of Security Hub V2 is named by (HUB_V2, metadata.uid).
"""

Finding = Mapping[str, Any]


class SecurityHubApi(Protocol):
    """boto3's client, or anything that answers and fails in its shapes (botocore's exceptions)."""

    def batch_update_findings(self, **request: Any) -> Mapping[str, Any]:
        """Apply one set of values to up to 100 findings."""

    def get_findings(self, **request: Any) -> Mapping[str, Any]:
        """Read findings by filters, up to 100 a page."""

    def get_finding_history(self, **request: Any) -> Mapping[str, Any]:
        """Read who changed one finding, up to 100 records a page."""


class SecurityHubV2Api(Protocol):
    """boto3's client as far as Security Hub V2 is concerned, or anything that answers and fails so."""

    def batch_update_findings_v2(self, **request: Any) -> Mapping[str, Any]:
        """Apply one set of values to up to 100 findings in OCSF."""

    def get_findings_v2(self, **request: Any) -> Mapping[str, Any]:
        """Read findings in OCSF by filters, up to 100 a page."""


class WholeApi(SecurityHubApi, SecurityHubV2Api, Protocol):
    """boto3's client, which has the operations of both hubs."""


def identifier(key: Key) -> dict[str, str]:
    """Return a key in the API's shape."""
    return {"Id": key[1], "ProductArn": key[0]}


def key_of(named: Mapping[str, Any]) -> Key:
    """Return the key of a finding, of the view of one in OCSF, or of an identifier, whatever it holds.

    The key of a view never names a finding of the other hub, even where it has no metadata.uid.
    """
    known = view.key_of(named)
    if known is not None:
        return known
    product = view.HUB_V2 if view.is_view(named) else str(named.get("ProductArn"))
    return product, str(named.get("Id"))


def hub_of(key: Key) -> str:
    """Return what settings call the hub of a finding."""
    return V2 if is_of_v2(key) else CSPM


def is_of_v2(key: Key) -> bool:
    """Say whether a key names a finding of Security Hub V2."""
    return key[0] == view.HUB_V2
