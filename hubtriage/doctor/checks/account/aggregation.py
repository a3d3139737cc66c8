"""Check whether this is the Region in which the findings of the others arrive."""

from collections.abc import Mapping
from typing import Any

from hubtriage.doctor.account import Account
from hubtriage.doctor.verdict import Verdict


def look(account: Account) -> Verdict:
    """Read the aggregator. AWS: there is one at most, and every Region shows it."""
    hub = account.client("securityhub")
    listed = hub.list_finding_aggregators()["FindingAggregators"]
    if not listed:
        return judge(account.identity.region, None)
    arn = listed[0]["FindingAggregatorArn"]
    return judge(account.identity.region, hub.get_finding_aggregator(FindingAggregatorArn=arn))


def judge(region: str, aggregator: Mapping[str, Any] | None) -> Verdict:
    """Return the verdict in a Region on the answer of GetFindingAggregator; None: there is no aggregator."""
    if aggregator is None:
        seen = f"none: only findings of {region} arrive here"
        return Verdict("ok", seen, "to triage other Regions too, aggregate them here or deploy in each")
    home, mode = aggregator["FindingAggregationRegion"], aggregator["RegionLinkingMode"]
    named = tuple(aggregator.get("Regions") or ())
    data = {"home_region": home, "linking": mode, "regions": list(named)}
    if home == region:
        return Verdict("ok", f"{region} is the home Region; {_linked(mode, named)}", data=data)
    if is_linked(region, mode, named):
        advice = f"deploy in {home}: two stacks would contradict each other on the same finding"
        return Verdict(
            "problem", f"findings of {region} arrive in {home}, the home Region, as well", advice, data=data
        )
    seen = f"{region} is not linked to {home}, the home Region: its findings arrive here alone"
    return Verdict("warning", seen, f"link {region} to {home}, or keep a stack in each", data=data)


def is_linked(region: str, mode: str, named: tuple[str, ...]) -> bool:
    """Say whether the findings of a Region go to the home Region. AWS: RegionLinkingMode."""
    if mode == "SPECIFIED_REGIONS":
        return region in named
    if mode == "ALL_REGIONS_EXCEPT_SPECIFIED":
        return region not in named
    return mode == "ALL_REGIONS"


def _linked(mode: str, named: tuple[str, ...]) -> str:
    regions = ", ".join(named)
    return {
        "ALL_REGIONS": "all others are linked to it",
        "ALL_REGIONS_EXCEPT_SPECIFIED": f"all others except {regions} are linked to it",
        "SPECIFIED_REGIONS": f"linked to it: {regions}",
    }.get(mode, "no other is linked to it")
