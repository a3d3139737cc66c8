"""The view of an OCSF finding: what is read, what is missing, and what no finding can break."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.asff.fields import UnknownPath, look_up
from hubtriage.engine.fields import UNRANKED
from hubtriage.engine.ocsf.readers import at
from hubtriage.engine.ocsf.view import HUB_V2, VIEW, asff_view, is_ocsf, is_view, key_of
from tests.support.two_hubs import IN_BOTH_HUBS, PRODUCTS, Resource, Signal, asff, ocsf

ALL_IN_ONE = ocsf(
    Signal(
        "inspector",
        account_name="sandbox",
        note="seen",
        fix="PARTIAL",
        resources=(Resource(tags={"env": "dev", "empty": ""}),),
    )
) | {
    "compliance": {
        "status_id": 2,
        "control": "S3.1",
        "standards": ["a"],
        "requirements": ["b"],
        "assessments": [{"name": "CODE", "desc": "why", "meets_criteria": False}],
        "control_parameters": [{"name": "days", "values": ["90"]}],
    },
    "remediation": {"desc": "do it", "references": ["https://one", "https://two"]},
    "notes": [{"comment": "older", "created_time": 1}],
}
"""A finding that no product makes: it has everything that a view reads."""


def with_value(path: str, value: Any) -> dict[str, Any]:
    """Return ALL_IN_ONE with another value at a path; a number in the path is an element of a list."""
    finding = json.loads(json.dumps(ALL_IN_ONE))
    holder: Any = finding
    *outer, last = path.split(".")
    for step in outer:
        holder = holder[int(step)] if isinstance(holder, list) else holder.setdefault(step, {})
    holder[int(last) if isinstance(holder, list) else last] = value
    return finding  # type: ignore[no-any-return]


def seen(path: str, value: Any, member: str) -> Any:
    """Return what the view has at a member if the finding has a value at a path."""
    found: Any = asff_view(with_value(path, value))
    for step in member.split("."):
        if isinstance(found, list):
            found = found[int(step)]
        else:
            found = found.get(step) if isinstance(found, dict) else None
    return found


@pytest.mark.parametrize("product", IN_BOTH_HUBS)
def test_the_view_of_a_signal_says_what_its_finding_in_asff_says(product: Any) -> None:
    signal = Signal(
        product, note="seen", account_name="sandbox", resources=(Resource(tags={"env": "dev"}), Resource())
    )
    view, finding = asff_view(ocsf(signal)), asff(signal)
    assert set(finding["Types"]) < set(view.pop("Types"))  # V2 adds a group
    assert view.pop("Severity") == {"Label": "MEDIUM", "Normalized": 40}
    assert view.pop("Note") == {"Text": finding["Note"]["Text"]}  # without its author
    assert view.pop("FindingProviderFields") == {"Severity": {"Label": "MEDIUM"}}
    assert view.pop("Ocsf")["uid"] == signal.metadata_uid
    view.pop("GeneratorId", None)  # mostly unknown in V2
    assert view == {name: finding[name] for name in view}


def test_every_member_of_a_view_is_read_from_a_finding_that_has_all() -> None:
    view = asff_view(ALL_IN_ONE | {"finding_info": {**ALL_IN_ONE["finding_info"], "src_url": "https://src"}})
    assert [path for path in VIEW if at(view, path) is None] == []


@pytest.mark.parametrize("path", VIEW)
def test_a_view_has_members_of_asff_only(path: str) -> None:
    assert not isinstance(look_up(tuple(path.split("."))), UnknownPath)


@pytest.mark.parametrize(
    ("number", "label"),
    [
        (1, "INFORMATIONAL"),
        (2, "LOW"),
        (3, "MEDIUM"),
        (4, "HIGH"),
        (5, "CRITICAL"),
        (6, "CRITICAL"),
        (3.0, "MEDIUM"),
        (0, UNRANKED),
        (99, UNRANKED),
        (42, UNRANKED),
        (True, UNRANKED),
        ("3", UNRANKED),
        (None, UNRANKED),
        (3.5, UNRANKED),
        ([], UNRANKED),
        (float("nan"), UNRANKED),
    ],
)
def test_a_severity_is_known_by_its_number(number: Any, label: str) -> None:
    assert seen("severity_id", number, "Severity.Label") == label
    assert seen("vendor_attributes.severity_id", number, "FindingProviderFields.Severity.Label") == label


def test_without_a_number_the_severity_is_not_known() -> None:
    finding = {name: value for name, value in ALL_IN_ONE.items() if name != "severity_id"}
    assert asff_view(finding)["Severity"]["Label"] == UNRANKED
    assert seen("vendor_attributes", {}, "FindingProviderFields.Severity.Label") == UNRANKED
    for nothing in (None, [], "High", 4):
        assert seen("vendor_attributes", nothing, "FindingProviderFields") is None


@pytest.mark.parametrize(
    ("number", "status", "state"),
    [
        (0, "UNKNOWN", "ACTIVE"),
        (1, "NEW", "ACTIVE"),
        (2, "NOTIFIED", "ACTIVE"),
        (3, "SUPPRESSED", "ACTIVE"),
        (4, "RESOLVED", "ACTIVE"),
        (5, "ARCHIVED", "ARCHIVED"),
        (6, "DELETED", "ACTIVE"),
        (99, "OTHER", "ACTIVE"),
        (None, "NEW", "ACTIVE"),
        ("3", "NEW", "ACTIVE"),
        (42, "NEW", "ACTIVE"),
        (True, "NEW", "ACTIVE"),
    ],
)
def test_a_status_is_known_by_its_number(number: Any, status: str, state: str) -> None:
    assert seen("status_id", number, "Workflow.Status") == status
    assert seen("status_id", number, "RecordState") == state


def test_what_the_provider_has_closed_is_archived() -> None:
    assert seen("activity_id", 3, "RecordState") == "ARCHIVED"
    assert seen("activity_id", "3", "RecordState") == "ACTIVE"


@pytest.mark.parametrize(
    ("compliance", "status"),
    [
        ({"status_id": 1}, "PASSED"),
        ({"status_id": 2}, "WARNING"),
        ({"status_id": 3}, "FAILED"),
        ({"status_id": 0}, "NOT_AVAILABLE"),
        ({"status": "Fail"}, "NOT_AVAILABLE"),
        ({}, "NOT_AVAILABLE"),
        (None, None),
        ("Fail", None),
        ([], None),
    ],
)
def test_compliance_is_known_by_its_number(compliance: Any, status: str | None) -> None:
    assert seen("compliance", compliance, "Compliance.Status") == status


@pytest.mark.parametrize(
    ("resource", "found"),
    [
        pytest.param({"uid": "logs", "uid_alt": "arn:aws:s3:::logs"}, "arn:aws:s3:::logs", id="an ARN first"),
        pytest.param(
            {"uid": "logs", "uid_alt": "other"}, "logs", id="another name that is no ARN does not count"
        ),
        pytest.param({"uid": "arn:aws:s3:::logs"}, "arn:aws:s3:::logs", id="an ARN as the only name"),
        pytest.param(
            {"type": "AWS::::Account", "uid": "111122223333"}, "AWS::::Account:111122223333", id="an account"
        ),
        pytest.param(
            {"type": "AWS::::Account", "uid": "AWS::::Account:1"},
            "AWS::::Account:1",
            id="an account as in ASFF",
        ),
        pytest.param({"uid": 7, "uid_alt": ["arn:"]}, None, id="no text"),
    ],
)
def test_the_id_of_a_resource(resource: dict[str, Any], found: str | None) -> None:
    shown = asff_view({"resources": [{"region": "eu-west-1", **resource}]})["Resources"]
    assert shown[0].get("Id") == found


@pytest.mark.parametrize(
    ("tags", "shown"),
    [
        pytest.param([{"name": "env", "value": "dev"}], {"env": "dev"}, id="a pair"),
        pytest.param(
            [{"name": "env", "value": ""}, {"name": "team"}], {"env": "", "team": ""}, id="no value"
        ),
        pytest.param(
            [{"name": "env", "value": "dev"}, {"name": "env", "value": "prod"}, {"name": "a", "value": "b"}],
            {"a": "b"},
            id="a key with two values has none",
        ),
        pytest.param([{"name": "e", "value": "x"}] * 2, {"e": "x"}, id="the same pair twice"),
        pytest.param(
            [{"value": "dev"}, {"name": 1, "value": "x"}, {"name": "e", "value": 1}, "e"], None, id="none"
        ),
        pytest.param({"env": "dev"}, None, id="no list"),
    ],
)
def test_tags_are_a_map(tags: Any, shown: dict[str, str] | None) -> None:
    assert seen("resources.0.tags", tags, "Resources.0.Tags") == shown


@pytest.mark.parametrize(
    ("path", "value", "member", "shown"),
    [
        ("cve.epss.score", "0.94422", "EpssScore", 0.94422),
        ("cve.epss.score", 0.5, "EpssScore", 0.5),
        ("cve.epss.score", "1_0", "EpssScore", None),
        ("cve.epss.score", "nan", "EpssScore", None),
        ("cve.epss.score", "9" * 5000, "EpssScore", None),
        ("cve.epss.score", 10**400, "EpssScore", None),
        ("is_fix_available", False, "FixAvailable", "NO"),
        ("is_fix_available", "true", "FixAvailable", None),
        ("fix_coverage", "Complete", "FixAvailable", "YES"),
        ("fix_coverage", "Partial", "FixAvailable", "PARTIAL"),
        ("is_exploit_available", True, "ExploitAvailable", "YES"),
        ("is_exploit_available", 1, "ExploitAvailable", None),
        (
            "affected_packages",
            [{"epoch": 1, "name": "a"}],
            "VulnerablePackages",
            [{"Name": "a", "Epoch": "1"}],
        ),
    ],
)
def test_a_vulnerability_is_converted(path: str, value: Any, member: str, shown: Any) -> None:
    assert seen(f"vulnerabilities.0.{path}", value, f"Vulnerabilities.0.{member}") == shown


@pytest.mark.parametrize(
    ("members", "note"),
    [
        pytest.param(
            {"comment": "one", "notes": [{"comment": "two", "created_time": 5}]}, "one", id="a comment"
        ),
        pytest.param({"comment": " ", "notes": [{"comment": "two"}]}, "two", id="a blank comment is none"),
        pytest.param(
            {"notes": [{"comment": "b", "created_time": 2000}, {"comment": "a", "created_time": 1000}]},
            "b",
            id="the newest note",
        ),
        pytest.param(
            {
                "notes": [
                    {
                        "comment": "a",
                        "created_time_dt": "2026-01-01T00:00:00Z",
                        "modified_time": 1900000000000,
                    },
                    {"comment": "b", "created_time_dt": "2026-02-01T00:00:00Z"},
                ]
            },
            "a",
            id="a note that was modified last",
        ),
        pytest.param({"notes": [{"comment": "a"}, {"comment": "b"}]}, "b", id="the last of undated notes"),
        pytest.param({"notes": [{"created_time": 1}, "x", {"comment": 3}]}, None, id="notes without text"),
        pytest.param({"comment": 5, "notes": {}}, None, id="no text"),
    ],
)
def test_the_note(members: dict[str, Any], note: str | None) -> None:
    assert asff_view(members).get("Note", {}).get("Text") == note
    assert "UpdatedBy" not in asff_view(members).get("Note", {})


def test_times_are_texts_whichever_way_they_are_written() -> None:
    assert seen("finding_info.created_time_dt", None, "CreatedAt") is None
    finding = with_value("finding_info.created_time", 1750730000501)
    assert asff_view(finding)["CreatedAt"] == "2026-10-01T08:00:00.000Z"
    del finding["finding_info"]["created_time_dt"]
    assert asff_view(finding)["CreatedAt"] == "2025-06-24T01:53:20.501Z"
    for unusable in (10**18, -(10**14), "1750730000501", True, float("inf"), 1.5):
        finding["finding_info"]["created_time"] = unusable
        assert "CreatedAt" not in asff_view(finding)


def test_the_product_is_the_one_of_the_other_hub() -> None:
    view = asff_view(ocsf(Signal("guardduty")))
    assert view["ProductArn"] == "arn:aws:securityhub:eu-west-1::product/aws/guardduty"
    assert (
        seen("metadata.product.feature.uid", "security-hub/Coverage", "GeneratorId")
        == "security-hub/Coverage"
    )
    assert "GeneratorId" not in view
    assert asff_view(ocsf(Signal()))["GeneratorId"] == "security-control/S3.1"


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_finding_is_named_by_its_hub(product: Any) -> None:
    signal = Signal(product)
    view = asff_view(ocsf(signal))
    assert key_of(view) == (HUB_V2, signal.metadata_uid)
    assert key_of(asff(signal)) == (asff(signal)["ProductArn"], signal.uid)
    assert is_ocsf(ocsf(signal))
    assert not is_ocsf(view)
    assert not is_ocsf(asff(signal))
    assert is_view(view)
    assert not is_view(asff(signal))


@pytest.mark.parametrize("uid", [None, 7, "", "  ", ["a"], {}])
def test_without_a_usable_name_a_finding_has_no_key(uid: Any) -> None:
    assert key_of(asff_view(with_value("metadata.uid", uid))) is None
    assert key_of({"Id": uid if uid != "" else None, "ProductArn": "arn"}) in (None, ("arn", uid))


ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of everything in a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for step, one in inner for place in places(one, (*path, step)))]


@given(st.sampled_from(places(ALL_IN_ONE)[1:]), ANYTHING)
def test_a_member_of_any_type_does_no_harm(place: tuple[Any, ...], value: Any) -> None:
    finding = json.loads(json.dumps(ALL_IN_ONE))
    holder = finding
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = value
    view = asff_view(finding)
    assert json.loads(json.dumps(view)) == view
    assert view["Severity"]["Label"]
    assert view["Workflow"]["Status"]
    is_ocsf(finding), key_of(view)


@given(st.dictionaries(st.sampled_from(sorted(ALL_IN_ONE)), ANYTHING))
def test_members_of_any_type_do_no_harm(finding: dict[str, Any]) -> None:
    view = asff_view(finding)
    assert json.loads(json.dumps(view)) == view


@pytest.mark.skipif("HUBTRIAGE_CORPUS" not in os.environ, reason="needs findings that other people wrote")
def test_findings_of_other_people_have_views() -> None:
    folder = Path(os.environ["HUBTRIAGE_CORPUS"]) / "ocsf"
    findings = [json.loads(line) for line in (folder / "findings.jsonl").read_text("utf-8").splitlines()]
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text("utf-8").splitlines()]
    findings += [finding for event in events for finding in event["detail"]["findings"]]
    assert len(findings) >= 30
    for finding in findings:
        view = asff_view(finding)
        assert is_ocsf(finding)
        assert view["Id"]
        assert ("Resources" in view) == bool(finding["resources"])
        assert (key_of(view) is None) == ("uid" not in finding.get("metadata", {}))
    kinds = {one["Type"] for finding in findings for one in asff_view(finding).get("Resources", [])}
    assert {"AwsEc2Instance", "AwsAccount", "Container", "AwsIamAccessKey", "AwsS3Bucket"} <= kinds
