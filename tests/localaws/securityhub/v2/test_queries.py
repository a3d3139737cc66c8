"""GetFindingsV2 of the local AWS, by a real client: filters, order, pages, refusals."""

from collections.abc import Iterator
from typing import Any

import botocore.loaders
import pytest
from botocore.exceptions import ParamValidationError

from hubtriage.localaws.securityhub.v2.filters import asked_uids
from hubtriage.localaws.securityhub.v2.members import MEMBERS
from tests.support.hub_v2_world import ACCOUNT, NOW, HubV2World, finding_info, hub_v2_world, ocsf, uid

REFUSED = ("ValidationException", 400)
DAY = 86_400.0
RICH: dict[str, Any] = {
    "compliance": {
        "control": "S3.8",
        "status_id": 3,
        "assessments": [{"name": "A", "meets_criteria": False}, {"name": "B", "meets_criteria": True}],
        "control_parameters": [{"name": "days", "values": ["30", "60"]}],
        "standards": ["standards/one", "standards/two"],
    },
    "comment": "hubtriage: accepted by team core",
    "count": 1,
    "evidences": [{"src_endpoint": {"ip": "198.51.100.7", "port": 443}}],
    "finding_info": finding_info(at=NOW - 10 * DAY, tags=[{"name": "k", "values": ["v"]}]),
    "resources": [
        {"type": "AWS::S3::Bucket", "uid": "logs", "tags": [{"name": "env", "value": "prod"}]},
        {"type": "AWS::EC2::Instance", "uid": "i-1", "tags": [{"name": "team", "value": "core"}]},
    ],
    "vulnerabilities": [{"cve": {"uid": "CVE-1", "cvss": [{"base_score": 7.5}]}, "is_fix_available": True}],
}


@pytest.fixture(scope="module")
def rich() -> Iterator[HubV2World]:
    """A hub with one finding that has something of everything."""
    with hub_v2_world() as made:
        made.provide(ocsf(**RICH))
        yield made


def text(member: str, value: str, comparison: str = "EQUALS") -> dict[str, Any]:
    """A filter of a string, in a composite filter."""
    return {"StringFilters": [{"FieldName": member, "Filter": {"Value": value, "Comparison": comparison}}]}


def of(kind: str, member: str, **wanted: Any) -> dict[str, Any]:
    """A filter of a kind, in a composite filter."""
    return {f"{kind}Filters": [{"FieldName": member, "Filter": wanted}]}


def tag(key: str, value: str, comparison: str = "EQUALS", member: str = "resources.tags") -> dict[str, Any]:
    """A filter of a map, in a composite filter."""
    return of("Map", member, Key=key, Value=value, Comparison=comparison)


def merged(*composites: dict[str, Any], **members: Any) -> dict[str, Any]:
    """One composite filter of several."""
    both: dict[str, Any] = {}
    for composite in composites:
        for name, filters in composite.items():
            both.setdefault(name, []).extend(filters)
    return {**both, **members}


@pytest.mark.parametrize(
    ("composite", "found"),
    [
        pytest.param({}, True, id="no filter finds all"),
        pytest.param({"Operator": "OR"}, True, id="no filter finds all, whatever the operator"),
        pytest.param(text("status", "New"), True, id="EQUALS"),
        pytest.param(text("status", "new"), False, id="case counts"),
        pytest.param(text("finding_info.title", "Buckets", "PREFIX"), True, id="PREFIX"),
        pytest.param(text("finding_info.title", "should", "PREFIX"), False, id="PREFIX is from the start"),
        pytest.param(text("status", "Suppressed", "NOT_EQUALS"), True, id="NOT_EQUALS another value"),
        pytest.param(text("status", "New", "NOT_EQUALS"), False, id="NOT_EQUALS its value"),
        pytest.param(text("malware.name", "x", "NOT_EQUALS"), True, id="NOT_EQUALS of what is missing"),
        pytest.param(text("malware.name", "x"), False, id="EQUALS of what is missing"),
        pytest.param(text("status", "Ne", "PREFIX_NOT_EQUALS"), False, id="PREFIX_NOT_EQUALS"),
        pytest.param(text("resources.uid", "i-1"), True, id="one of a list"),
        pytest.param(text("resources.uid", "i-1", "NOT_EQUALS"), False, id="NOT_EQUALS one of a list"),
        pytest.param(text("compliance.standards", "standards/two"), True, id="a list of texts"),
        pytest.param(text("vendor_attributes.severity", "High"), True, id="what the provider says"),
        pytest.param(text("comment", "hubtriage", "CONTAINS_WORD"), True, id="CONTAINS_WORD"),
        pytest.param(text("comment", "triage", "CONTAINS_WORD"), False, id="a part of a word is no word"),
        pytest.param(text("comment", "team core", "CONTAINS_WORD"), True, id="two words"),
        pytest.param(of("Number", "severity_id", Gte=4, Lt=5), True, id="bounds of a number are and-ed"),
        pytest.param(of("Number", "severity_id", Gt=4), False, id="Gt"),
        pytest.param(of("Number", "severity_id", Lte=3), False, id="Lte"),
        pytest.param(of("Number", "vulnerabilities.cve.cvss.base_score", Eq=7.5), True, id="Eq in lists"),
        pytest.param(
            of("Date", "finding_info.modified_time_dt", DateRange={"Value": 9, "Unit": "DAYS"}),
            False,
            id="within nine days",
        ),
        pytest.param(
            of("Date", "finding_info.modified_time_dt", DateRange={"Value": 11, "Unit": "DAYS"}),
            True,
            id="within eleven days",
        ),
        pytest.param(
            of(
                "Date",
                "finding_info.modified_time_dt",
                DateRange={"Value": 9, "Unit": "DAYS", "Comparison": "OLDER_THAN"},
            ),
            True,
            id="older than nine days",
        ),
        pytest.param(
            of("Date", "finding_info.modified_time_dt", Start="2027-01-01T00:00:00Z"), True, id="Start"
        ),
        pytest.param(
            of("Date", "finding_info.modified_time_dt", End="2027-01-01T00:00:00Z"), False, id="End"
        ),
        pytest.param(
            of("Date", "resources.modified_time_dt", End="2027-01-01T00:00:00Z"), False, id="no date"
        ),
        pytest.param(of("Boolean", "vulnerabilities.is_fix_available", Value=True), True, id="true"),
        pytest.param(of("Boolean", "compliance.assessments.meets_criteria", Value=False), True, id="false"),
        pytest.param(of("Boolean", "vulnerabilities.is_exploit_available", Value=False), False, id="missing"),
        pytest.param(of("Ip", "evidences.src_endpoint.ip", Cidr="198.51.100.7"), True, id="an address"),
        pytest.param(of("Ip", "evidences.src_endpoint.ip", Cidr="198.51.100.8"), False, id="another address"),
        pytest.param(tag("env", "prod"), True, id="a tag"),
        pytest.param(tag("env", "core"), False, id="the value of another tag"),
        pytest.param(tag("env", "dev", "NOT_EQUALS"), True, id="not this value of a tag"),
        pytest.param(tag("env", "prod", "NOT_EQUALS"), False, id="NOT_EQUALS its value of a tag"),
        pytest.param(tag("days", "60", member="compliance.control_parameters"), True, id="a parameter"),
        pytest.param(tag("k", "v", member="finding_info.tags"), True, id="a tag of the finding"),
        pytest.param(merged(text("status", "New"), tag("env", "dev")), False, id="AND by default"),
        pytest.param(merged(text("status", "New"), tag("env", "dev"), Operator="OR"), True, id="OR"),
        pytest.param(
            merged(text("resources.uid", "i-1"), text("resources.uid", "logs")),
            True,
            id="AND on one list: each by another element",
        ),
        pytest.param(
            merged(text("status", "New"), NestedCompositeFilters=[tag("env", "dev")]), False, id="nested AND"
        ),
        pytest.param(
            merged(tag("env", "dev"), Operator="OR", NestedCompositeFilters=[text("status", "New")]),
            True,
            id="nested OR",
        ),
    ],
)
def test_a_filter(rich: HubV2World, composite: dict[str, Any], found: bool) -> None:
    assert rich.found(Filters={"CompositeFilters": [composite]}) == [1] * found


@pytest.mark.parametrize(("operator", "found"), [("AND", []), ("OR", [1])])
def test_composite_filters_are_combined(rich: HubV2World, operator: str, found: list[int]) -> None:
    composites = [text("status", "New"), text("status", "Resolved")]
    filters = {"CompositeFilters": composites, "CompositeOperator": operator}
    assert rich.found(Filters=filters) == found


def test_filters_on_one_field_by_a_switch() -> None:
    both = merged(text("status", "New"), text("status", "Resolved"))
    for same_field, found in (("operator", []), ("or", [1])):
        with hub_v2_world(v2={"same_field": same_field}) as world:
            world.provide()
            assert world.found(Filters={"CompositeFilters": [both]}) == found


@pytest.mark.parametrize(
    "filters",
    [
        pytest.param({"CompositeFilters": [text("no.such.member", "x")]}, id="an unknown member"),
        pytest.param({"CompositeFilters": [text("severity_id", "x")]}, id="a number among strings"),
        pytest.param({"CompositeFilters": [text("status", "x", "CONTAINS")]}, id="CONTAINS is for rules"),
        pytest.param({"CompositeFilters": [text("status", "x", "NOT_CONTAINS")]}, id="NOT_CONTAINS"),
        pytest.param({"CompositeFilters": [text("status", " ")]}, id="a blank value"),
        pytest.param({"CompositeFilters": [tag("k", "v", "CONTAINS")]}, id="CONTAINS in a map"),
        pytest.param(
            {"CompositeFilters": [of("Ip", "evidences.src_endpoint.ip", Cidr="198.51.100.0/24")]},
            id="a range of addresses",
        ),
        pytest.param({"CompositeFilters": [of("Number", "severity_id")]}, id="a number without bounds"),
        pytest.param(
            {"CompositeFilters": [of("Date", "finding_info.modified_time_dt", Start="yesterday")]},
            id="a date that is none",
        ),
        pytest.param({"CompositeFilters": [of("Date", "finding_info.modified_time_dt")]}, id="no date"),
        pytest.param(
            {"CompositeFilters": [of("Date", "finding_info.modified_time_dt", DateRange={"Value": 3})]},
            id="a range without a unit",
        ),
        pytest.param(
            {"CompositeFilters": [of("Boolean", "vulnerabilities.is_fix_available")]}, id="no boolean"
        ),
        pytest.param({"CompositeFilters": [text("status", "New")] * 11}, id="eleven composite filters"),
        pytest.param(
            {"CompositeFilters": [merged(*[text("status", "New")] * 21)]}, id="21 filters of one kind"
        ),
        pytest.param(
            {
                "CompositeFilters": [
                    {"NestedCompositeFilters": [{"NestedCompositeFilters": [text("status", "New")]}]}
                ]
            },
            id="two nested levels",
        ),
        pytest.param({"CompositeFilters": [{"Operator": "NOT"}]}, id="an unknown operator"),
        pytest.param({"CompositeOperator": "XOR"}, id="an unknown operator outside"),
    ],
)
def test_the_client_lets_pass_what_the_service_refuses(rich: HubV2World, filters: dict[str, Any]) -> None:
    assert rich.refusal("get_findings_v2", Filters=filters) == REFUSED


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param({"MaxResults": 101}, id="a page that is too large"),
        pytest.param({"NextToken": "made up"}, id="a token that is none"),
        pytest.param({"SortCriteria": [{"Field": "no.such.member"}]}, id="an unknown field to sort by"),
        pytest.param({"SortCriteria": [{"Field": "time", "SortOrder": "up"}]}, id="an unknown order"),
    ],
)
def test_requests_that_are_refused(rich: HubV2World, request_: dict[str, Any]) -> None:
    assert rich.refusal("get_findings_v2", **request_) == REFUSED


def test_what_the_client_itself_refuses(rich: HubV2World) -> None:
    with pytest.raises(ParamValidationError):
        rich.client.get_findings_v2(MaxResults=0)


def test_a_finding_comes_whole_and_numbers_stay_numbers(rich: HubV2World) -> None:
    [read] = rich.client.get_findings_v2()["Findings"]
    assert read == rich.stored()
    assert isinstance(read["vulnerabilities"][0]["cve"]["cvss"][0]["base_score"], float)
    assert isinstance(read["finding_info"]["modified_time"], int)


def test_the_client_can_ask_for_every_member_that_its_model_has() -> None:
    shapes = botocore.loaders.Loader().load_service_model("securityhub", "service-2")["shapes"]
    for kind, members in MEMBERS.items():
        assert set(shapes[f"Ocsf{kind}Field"]["enum"]) <= members


def test_pages_have_everything_once(world: HubV2World) -> None:
    world.provide(*(ocsf(number) for number in range(7)))
    paginator = world.client.get_paginator("get_findings_v2")
    pages = list(paginator.paginate(PaginationConfig={"PageSize": 3}))
    assert [len(page["Findings"]) for page in pages] == [3, 3, 1]
    numbers = [int(each["metadata"]["uid"], 16) for page in pages for each in page["Findings"]]
    assert numbers == list(range(7))


def test_a_token_is_good_for_its_own_request_alone(world: HubV2World) -> None:
    world.provide(ocsf(1), ocsf(2))
    token = world.client.get_findings_v2(MaxResults=1)["NextToken"]
    filters = {"CompositeFilters": [text("status", "New")]}
    assert world.refusal("get_findings_v2", NextToken=token, Filters=filters) == REFUSED
    assert world.found(NextToken=token) == [2]


@pytest.mark.parametrize(
    ("criteria", "numbers"),
    [
        ([{"Field": "severity_id", "SortOrder": "desc"}], [2, 3, 1]),
        ([{"Field": "severity_id"}, {"Field": "metadata.uid", "SortOrder": "desc"}], [1, 3, 2]),
        ([{"Field": "finding_info.modified_time_dt", "SortOrder": "asc"}], [3, 2, 1]),
    ],
)
def test_findings_in_order(world: HubV2World, criteria: list[dict[str, str]], numbers: list[int]) -> None:
    for number, severity in ((1, 1), (2, 5), (3, 3)):
        info = finding_info(number, at=NOW - number)
        world.provide(ocsf(number, severity_id=severity, finding_info=info))
    assert world.found(SortCriteria=criteria) == numbers
    first = world.client.get_findings_v2(SortCriteria=criteria, MaxResults=2)
    assert world.found(SortCriteria=criteria, MaxResults=2, NextToken=first["NextToken"]) == numbers[2:]


def test_readers_see_writes_late() -> None:
    with hub_v2_world(visible_after=60.0) as world:
        world.provide()
        assert world.found() == []
        world.clock.sleep(60.0)
        assert world.found() == [1]
        world.update(StatusId=3)
        suppressed = {"CompositeFilters": [text("status", "Suppressed")]}
        assert world.found(Filters=suppressed) == []
        world.clock.sleep(60.0)
        assert world.found(Filters=suppressed) == [1]


def test_findings_by_their_uids(world: HubV2World) -> None:
    """Ten times twenty of them, as many as one call can ask for."""
    world.provide(*(ocsf(number) for number in range(300)))
    composites = [
        merged(*[text("metadata.uid", uid(start + at)) for at in range(20)], Operator="OR")
        for start in range(50, 250, 20)
    ]
    filters = {"CompositeFilters": composites, "CompositeOperator": "OR"}
    pages = world.client.get_paginator("get_findings_v2").paginate(Filters=filters)
    assert sum(len(page["Findings"]) for page in pages) == 200


@pytest.mark.parametrize(
    ("filters", "uids"),
    [
        ({}, None),
        ({"CompositeFilters": [text("metadata.uid", "a")]}, {"a"}),
        ({"CompositeFilters": [text("metadata.uid", "a", "PREFIX")]}, None),
        ({"CompositeFilters": [text("metadata.uid", "a"), text("metadata.uid", "b")]}, None),
        (
            {
                "CompositeFilters": [text("metadata.uid", "a"), text("metadata.uid", "b")],
                "CompositeOperator": "OR",
            },
            {"a", "b"},
        ),
        (
            {
                "CompositeFilters": [text("metadata.uid", "a"), text("status", "New")],
                "CompositeOperator": "OR",
            },
            None,
        ),
    ],
)
def test_what_filters_ask_for_by_uid_alone(filters: dict[str, Any], uids: set[str] | None) -> None:
    assert asked_uids(filters) == uids


@pytest.mark.parametrize(
    ("scope", "code"),
    [
        ({"OrganizationId": "o-1"}, "OrganizationNotFoundException"),
        ({"OrganizationalUnitId": "ou-1"}, "OrganizationalUnitNotFoundException"),
    ],
)
def test_scopes_of_unknown_organisations(world: HubV2World, scope: dict[str, str], code: str) -> None:
    assert world.refusal("get_findings_v2", Scopes={"AwsOrganizations": [scope]}) == (code, 400)


def test_scopes_are_for_the_administrator() -> None:
    with hub_v2_world(administrator=ACCOUNT) as world:
        scopes = {"AwsOrganizations": [{"OrganizationId": "o-1"}]}
        assert world.refusal("get_findings_v2", Scopes=scopes) == ("AccessDeniedException", 403)
