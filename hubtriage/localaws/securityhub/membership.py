"""Who administers a hub, and into which Region its findings are gathered: as the settings say."""

from collections.abc import Mapping
from typing import Any

from hubtriage.localaws.securityhub.asff.timestamps import write_timestamp
from hubtriage.localaws.securityhub.errors import HubError, invalid_input
from hubtriage.localaws.securityhub.reading import paging
from hubtriage.localaws.securityhub.settings import HubSettings

Request = Mapping[str, Any]
_MEMBERS_PAGE = 50  # AWS: most members of one answer


def administrator(settings: HubSettings, account: str) -> dict[str, Any]:
    """Answer GetAdministratorAccount. AWS: empty for an account without an administrator."""
    if settings.administrator in (None, account):
        return {}
    return {"Administrator": {"AccountId": settings.administrator, "MemberStatus": "Enabled"}}


def members(settings: HubSettings, account: str, request: Request) -> dict[str, Any]:
    """Answer ListMembers: the administrator alone has members."""
    size, start = paging.page_size(request, _MEMBERS_PAGE), paging.position(request)
    if size > _MEMBERS_PAGE:
        raise invalid_input(f"Invalid parameter 'MaxResults': should be <= {_MEMBERS_PAGE}")
    others = settings.members if settings.administrator == account else ()
    more = len(others) > start + size
    token = {"NextToken": paging.next_token(start + size, request)} if more else {}
    return {"Members": [_member(other, account) for other in others[start : start + size]], **token}


def _member(account: str, administrator_id: str) -> dict[str, Any]:
    return {
        "AccountId": account,
        "AdministratorId": administrator_id,
        "MemberStatus": "Enabled",
        "UpdatedAt": write_timestamp(0.0),
    }


def admin_accounts(settings: HubSettings, request: Request) -> dict[str, Any]:
    """Answer ListOrganizationAdminAccounts. AWS: CSPM and V2 are delegated each for itself."""
    feature = request.get("Feature", "SecurityHub")
    accounts = {"SecurityHub": settings.administrator, "SecurityHubV2": settings.administrator_v2}
    if feature not in accounts:
        raise invalid_input(f"Invalid parameter 'Feature': should be one of {sorted(accounts)}")
    account = accounts[feature]
    listed = [] if account is None else [{"AccountId": account, "Status": "ENABLED"}]
    return {"AdminAccounts": listed, "Feature": feature}


def aggregators(settings: HubSettings, account: str) -> dict[str, Any]:
    """Answer ListFindingAggregators. AWS: one at most, from every Region; its ARN names the home Region."""
    if not settings.home_region:
        return {"FindingAggregators": []}
    return {"FindingAggregators": [{"FindingAggregatorArn": _aggregator_arn(settings, account)}]}


def aggregator(settings: HubSettings, account: str, request: Request) -> dict[str, Any]:
    """Answer GetFindingAggregator; raise HubError for an ARN that does not exist."""
    arn = _aggregator_arn(settings, account)
    if not settings.home_region or request.get("FindingAggregatorArn") != arn:
        raise HubError("ResourceNotFoundException", "the finding aggregator does not exist")
    linked = {"Regions": list(settings.linked_regions)} if settings.linked_regions else {}
    return {
        "FindingAggregatorArn": arn,
        "FindingAggregationRegion": settings.home_region,
        "RegionLinkingMode": settings.region_linking,
        **linked,
    }


def _aggregator_arn(settings: HubSettings, account: str) -> str:
    name = "finding-aggregator/00000000-0000-4000-8000-000000000000"
    return f"arn:aws:securityhub:{settings.home_region}:{account}:{name}"
