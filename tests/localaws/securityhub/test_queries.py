"""GetFindings of the local Security Hub."""

from collections.abc import Iterator
from typing import Any

import pytest

from hubtriage.localaws.securityhub.asff.attributes import FINDING_ATTRIBUTES
from hubtriage.localaws.securityhub.errors import HubError
from hubtriage.localaws.securityhub.hub import Hub
from tests.support.hub_world import NOW, finding, hub_with, still_hub, stored, update

_RICH: dict[str, Any] = {
    "Confidence": 50,
    "Sample": True,
    "ProductFields": {"env": "dev", "team": "core"},
    "Network": {"SourceIpV4": "198.51.100.7", "DestinationPort": 443},
    "Compliance": {"Status": "FAILED", "SecurityControlId": "S3.2"},
    "FirstObservedAt": "2026-12-01T00:00:00Z",
    "Types": ["TTPs/Discovery", "Effects/Data Exposure"],
    "Resources": [
        {"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::a", "Tags": {"env": "dev"}},
        {
            "Type": "AwsEc2Instance",
            "Id": "i-1",
            "Details": {"AwsEc2Instance": {"IpV4Addresses": ["10.0.0.1"]}},
        },
    ],
}


def _text(value: str, comparison: str = "EQUALS") -> dict[str, str]:
    return {"Value": value, "Comparison": comparison}


def _pair(key: str, value: str, comparison: str = "EQUALS") -> dict[str, str]:
    return {"Key": key, "Value": value, "Comparison": comparison}


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        pytest.param({}, True, id="no filter finds all"),
        pytest.param({"Title": [_text("title")]}, True, id="EQUALS"),
        pytest.param({"Title": [_text("Title")]}, False, id="case counts"),
        pytest.param({"Title": [_text("tit", "PREFIX")]}, True, id="PREFIX"),
        pytest.param({"Title": [_text("itle", "PREFIX")]}, False, id="PREFIX is from the start"),
        pytest.param({"Title": [_text("other", "NOT_EQUALS")]}, True, id="NOT_EQUALS another value"),
        pytest.param({"Title": [_text("title", "NOT_EQUALS")]}, False, id="NOT_EQUALS its value"),
        pytest.param(
            {"NoteText": [_text("x", "NOT_EQUALS")]}, True, id="NOT_EQUALS of a field that is missing"
        ),
        pytest.param({"NoteText": [_text("x")]}, False, id="EQUALS of a field that is missing"),
        pytest.param({"Title": [_text("ti", "PREFIX_NOT_EQUALS")]}, False, id="PREFIX_NOT_EQUALS"),
        pytest.param({"Title": [_text("a"), _text("title")]}, True, id="positive values are or-ed"),
        pytest.param(
            {"Title": [_text("a", "NOT_EQUALS"), _text("title", "NOT_EQUALS")]},
            False,
            id="negative are and-ed",
        ),
        pytest.param(
            {"Title": [_text("ti", "PREFIX"), _text("title", "NOT_EQUALS")]}, False, id="PREFIX less a value"
        ),
        pytest.param({"Title": [_text("title")], "Id": [_text("g")]}, False, id="attributes are and-ed"),
        pytest.param({"Type": [_text("Effects/Data Exposure")]}, True, id="any element of a list"),
        pytest.param({"Type": [_text("TTPs/Discovery", "NOT_EQUALS")]}, False, id="no element of a list"),
        pytest.param({"ResourceId": [_text("i-", "PREFIX")]}, True, id="any resource"),
        pytest.param({"ResourceTags": [_pair("env", "dev")]}, True, id="a tag"),
        pytest.param({"ResourceTags": [_pair("env", "prod")]}, False, id="another value of a tag"),
        pytest.param({"ResourceTags": [_pair("env", "dev", "NOT_EQUALS")]}, False, id="a tag that is not so"),
        pytest.param({"ResourceTags": [_pair("owner", "x", "NOT_EQUALS")]}, True, id="a tag that is missing"),
        pytest.param(
            {"ProductFields": [_pair("env", "prod"), _pair("team", "core")]}, True, id="maps are or-ed"
        ),
        pytest.param({"ProductName": [_text("Default")]}, True, id="ProductName from ProductFields"),
        pytest.param({"SeverityLabel": [_text("HIGH")]}, True, id="severity"),
        pytest.param(
            {"FindingProviderFieldsSeverityLabel": [_text("HIGH")]}, True, id="the provider's severity"
        ),
        pytest.param({"WorkflowStatus": [_text("NEW")]}, True, id="workflow"),
        pytest.param({"ComplianceSecurityControlId": [_text("S3.2")]}, True, id="control"),
        pytest.param({"Confidence": [{"Gte": 50, "Lte": 50}]}, True, id="bounds are and-ed"),
        pytest.param({"Confidence": [{"Gt": 50}]}, False, id="Gt"),
        pytest.param({"Confidence": [{"Lt": 50}, {"Eq": 50}]}, True, id="numbers are or-ed"),
        pytest.param({"Criticality": [{"Gte": 0}]}, False, id="a number that is missing"),
        pytest.param(
            {"NetworkSourceIpV4": [{"Cidr": "198.51.100.0/24"}]}, True, id="an address in a network"
        ),
        pytest.param({"NetworkSourceIpV4": [{"Cidr": "203.0.113.0/24"}]}, False, id="an address outside"),
        pytest.param(
            {"ResourceAwsEc2InstanceIpV4Addresses": [{"Cidr": "10.0.0.0/8"}]}, True, id="any address"
        ),
        pytest.param({"Sample": [{"Value": True}]}, True, id="a sample"),
        pytest.param({"Sample": [{"Value": False}]}, False, id="no sample"),
        pytest.param({"Keyword": [{"Value": "DESCRIPT"}]}, True, id="a keyword anywhere"),
        pytest.param({"CreatedAt": [{"Start": "2026-10-01T00:00:00Z"}]}, True, id="from a moment, included"),
        pytest.param({"CreatedAt": [{"End": "2026-09-30T23:59:59Z"}]}, False, id="until a moment"),
        pytest.param(
            {"FirstObservedAt": [{"DateRange": {"Value": 50, "Unit": "DAYS", "Comparison": "WITHIN"}}]},
            True,
            id="within 50 days",
        ),
        pytest.param(
            {"FirstObservedAt": [{"DateRange": {"Value": 30, "Unit": "DAYS"}}]}, False, id="within 30 days"
        ),
        pytest.param(
            {"FirstObservedAt": [{"DateRange": {"Value": 30, "Unit": "DAYS", "Comparison": "OLDER_THAN"}}]},
            True,
            id="older than 30 days",
        ),
    ],
)
def test_filters(filters: dict[str, Any], found: bool) -> None:
    hub = hub_with(finding(**_RICH))
    assert [each["Id"] for each in hub.get_findings({"Filters": filters}, NOW)["Findings"]] == ["f"] * found


@pytest.mark.parametrize(
    ("request_", "complaint"),
    [
        pytest.param({"Filters": {"Titel": [_text("x")]}}, "Titel", id="an unknown attribute"),
        pytest.param({"Filters": {"Title": [_text("x")] * 21}}, "at most 20", id="21 values"),
        pytest.param(
            {"Filters": {name: [_text("x")] for name in list(FINDING_ATTRIBUTES)[:11]}},
            "at most 10",
            id="11 attributes",
        ),
        pytest.param({"Filters": {"Title": [_text("x", "CONTAINS")]}}, "Comparison", id="CONTAINS"),
        pytest.param({"Filters": {"Title": [_text("x", "CONTAINS_WORD")]}}, "Comparison", id="CONTAINS_WORD"),
        pytest.param(
            {"Filters": {"ResourceTags": [_pair("a", "b", "CONTAINS")]}}, "Comparison", id="a map's"
        ),
        pytest.param({"Filters": {"Title": [_text(" ")]}}, "blank", id="a blank value"),
        pytest.param({"Filters": {"ResourceTags": [_text("x")]}}, "Key", id="a map without key"),
        pytest.param(
            {"Filters": {"Title": [_text("x"), _text("y", "NOT_EQUALS")]}}, "both", id="EQUALS and NOT_EQUALS"
        ),
        pytest.param({"Filters": {"Confidence": [{"Eg": 1}]}}, "Gte", id="an unknown bound"),
        pytest.param({"Filters": {"CreatedAt": [{"Start": "yesterday"}]}}, "timestamp", id="no timestamp"),
        pytest.param({"Filters": {"CreatedAt": [{}]}}, "DateRange", id="an empty date filter"),
        pytest.param({"Filters": {"NetworkSourceIpV4": [{"Cidr": "999/8"}]}}, "Cidr", id="no network"),
        pytest.param({"Filters": {"Sample": [{"Value": "yes"}]}}, "boolean", id="text as a boolean"),
        pytest.param({"MaxResults": 101}, "MaxResults", id="101 results"),
        pytest.param({"MaxResults": 0}, "MaxResults", id="no results"),
        pytest.param({"NextToken": "bm9wZQ=="}, "NextToken", id="a forged token"),
        pytest.param({"NextToken": "!"}, "NextToken", id="a token that is none"),
        pytest.param({"SortCriteria": [{"Field": "Colour"}]}, "sort by", id="an unknown sort field"),
        pytest.param(
            {"SortCriteria": [{"Field": "Id", "SortOrder": "up"}]}, "asc or desc", id="a sort order"
        ),
    ],
)
def test_a_query_outside_the_limits_is_refused(request_: dict[str, Any], complaint: str) -> None:
    with pytest.raises(HubError, match="InvalidInputException") as refused:
        hub_with(finding()).get_findings(request_, NOW)
    assert complaint in refused.value.message


def _pages(hub: Hub, **request: Any) -> Iterator[list[str]]:
    while True:
        answer = hub.get_findings(request, NOW)
        yield [each["Id"] for each in answer["Findings"]]
        if "NextToken" not in answer:
            return
        request["NextToken"] = answer["NextToken"]


def _numbered(count: int) -> Hub:
    hub = still_hub()
    for start in range(0, count, 100):
        hub.batch_import_findings([finding(f"{n:03}") for n in range(start, min(start + 100, count))], NOW)
    return hub


@pytest.mark.parametrize("sort", [[], [{"Field": "Id", "SortOrder": "asc"}]], ids=["unsorted", "sorted"])
def test_pages_together_hold_every_finding_once(sort: list[dict[str, str]]) -> None:
    pages = list(_pages(_numbered(250), SortCriteria=sort, MaxResults=60))
    assert [len(page) for page in pages] == [60, 60, 60, 60, 10]
    assert [each for page in pages for each in page] == [f"{n:03}" for n in range(250)]


def test_a_page_that_is_exactly_full_is_the_last() -> None:
    assert [len(page) for page in _pages(_numbered(100))] == [100]


def test_sorting_descends_and_puts_missing_values_where_they_belong() -> None:
    hub = hub_with(finding("a", Confidence=1), finding("b"), finding("c", Confidence=9))
    ascending = {"SortCriteria": [{"Field": "Confidence", "SortOrder": "asc"}]}
    assert next(_pages(hub, **ascending)) == ["a", "c", "b"]
    descending = {"SortCriteria": [{"Field": "SeverityLabel"}, {"Field": "Id", "SortOrder": "desc"}]}
    assert next(_pages(hub, **descending)) == ["c", "b", "a"]


def test_a_sorted_listing_shifts_when_findings_leave_the_filter() -> None:
    hub = _numbered(4)
    request = {
        "Filters": {"WorkflowStatus": [_text("NEW")]},
        "SortCriteria": [{"Field": "Id", "SortOrder": "asc"}],
        "MaxResults": 2,
    }
    first = hub.get_findings(request, NOW)
    update(hub, "000", "001", Workflow={"Status": "NOTIFIED"})
    assert hub.get_findings({**request, "NextToken": first["NextToken"]}, NOW)["Findings"] == []


def test_a_token_is_good_only_for_its_own_request() -> None:
    hub = _numbered(3)
    token = hub.get_findings({"MaxResults": 1}, NOW)["NextToken"]
    with pytest.raises(HubError, match="NextToken"):
        hub.get_findings({"Filters": {"Id": [_text("001")]}, "NextToken": token}, NOW)


def test_a_reader_sees_writes_late_and_a_writer_at_once() -> None:
    hub = still_hub(visible_after=10.0)
    hub.batch_import_findings([finding()], NOW)
    assert hub.get_findings({}, NOW + 9)["Findings"] == []
    update(hub, at=20.0, Confidence=7)
    assert "Confidence" not in hub.get_findings({}, NOW + 29)["Findings"][0]
    assert stored(hub)["Confidence"] == 7
    assert hub.get_findings({}, NOW + 30)["Findings"][0]["Confidence"] == 7
