"""The findings in OCSF that the local AWS makes: reproducible, live-like, and twins of those in ASFF."""

import json
import re
from collections import Counter
from itertools import islice
from typing import Any

import pytest

from hubtriage.localaws.findings import NOW, generate
from hubtriage.localaws.ocsf_findings import PRODUCERS_V2, generate_ocsf
from hubtriage.localaws.producers.ocsf.resources import TYPES, ocsf_resource
from hubtriage.localaws.producers.ocsf.shape import VERSIONS
from hubtriage.localaws.producers.ocsf.twins import twin
from hubtriage.localaws.producers.resources.builders import BUILDERS
from hubtriage.localaws.securityhub.asff.timestamps import read_timestamp
from hubtriage.localaws.securityhub.v2 import words
from hubtriage.localaws.securityhub.v2.members import values
from tests.support.hub_v2_world import HubV2World, hub_v2_world

FINDINGS = list(generate_ocsf(1500, 3))
TWINNED = ("security-hub", "inspector", "guardduty")


def of(producer: str, count: int = 60) -> list[dict[str, Any]]:
    """Findings of one producer, as it sends them."""
    return list(generate_ocsf(count, producers=(producer,), touched=0.0))


def test_the_same_arguments_give_the_same_findings() -> None:
    assert list(generate_ocsf(50, 3)) == FINDINGS[:50]
    assert list(generate_ocsf(50, 4)) != FINDINGS[:50]


def test_all_classes_and_versions_occur() -> None:
    assert {finding["class_uid"] for finding in FINDINGS} == {2002, 2003, 2004, 2006}
    assert {finding["metadata"]["version"] for finding in FINDINGS} == set(VERSIONS)
    assert {finding["activity_id"] for finding in FINDINGS} >= {words.UPDATE, words.CLOSE}
    assert {finding["status_id"] for finding in FINDINGS} == {1, 2, 3, 4, 5}
    assert any(finding["severity_id"] != finding["vendor_attributes"]["severity_id"] for finding in FINDINGS)


_ALWAYS = """
    activity_id activity_name category_name category_uid class_name class_uid severity severity_id status
    status_id time time_dt type_name type_uid vendor_attributes.severity vendor_attributes.severity_id
    cloud.account.uid cloud.provider cloud.region finding_info.uid finding_info.title finding_info.desc
    finding_info.types finding_info.created_time_dt finding_info.last_seen_time finding_info.modified_time_dt
    metadata.uid metadata.version metadata.profiles metadata.product.name metadata.product.uid
    metadata.product.vendor_name resources.type resources.uid resources.region resources.cloud_partition
    resources.owner.account.uid
"""
"""What all live findings have that were seen."""


@pytest.mark.parametrize("producer", PRODUCERS_V2)
def test_what_live_findings_always_have(producer: str) -> None:
    for finding in of(producer):
        assert [member for member in _ALWAYS.split() if not values(finding, member)] == []
        assert ("remediation" in finding) == (producer != "inspector")


@pytest.mark.parametrize("finding", FINDINGS[:200], ids=lambda finding: finding["metadata"]["uid"][:8])
def test_every_finding_has_what_live_findings_have(finding: dict[str, Any]) -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", finding["metadata"]["uid"])
    assert re.fullmatch(
        r"arn:aws:securityhub:[a-z0-9-]+::productv2/aws/[a-z-]+", finding["metadata"]["product"]["uid"]
    )
    assert words.with_siblings(finding) == finding
    assert finding["type_uid"] == finding["class_uid"] * 100 + finding["activity_id"]
    for name in ("created_time", "first_seen_time", "last_seen_time", "modified_time"):
        moment = read_timestamp(finding["finding_info"][f"{name}_dt"])
        assert moment is not None
        assert round(moment * 1000) == finding["finding_info"][name] <= NOW * 1000
    for resource in finding["resources"]:
        assert resource["type"].startswith("AWS::")
        assert not resource["uid"].startswith("arn:")
        assert resource.get("uid_alt", "arn:").startswith("arn:")
        assert all(set(tag) == {"name", "value"} for tag in resource.get("tags", ()))


def test_no_two_findings_have_one_uid() -> None:
    assert len({finding["metadata"]["uid"] for finding in FINDINGS}) == len(FINDINGS)


@pytest.mark.parametrize(
    ("producer", "class_uid", "member"),
    [
        ("security-hub", 2003, "compliance"),
        ("coverage", 2003, "compliance"),
        ("inspector", 2002, "vulnerabilities"),
        ("guardduty", 2004, "evidences"),
        ("exposure", 2004, "impact"),
        ("macie", 2006, "databucket"),
    ],
)
def test_each_producer_has_its_class(producer: str, class_uid: int, member: str) -> None:
    for finding in of(producer):
        assert finding["class_uid"] == class_uid
        assert finding[member]


def test_scores_are_texts_and_fixes_booleans() -> None:
    """AWS: so an EventBridge `numeric` never matches an EPSS score."""
    for finding in of("inspector"):
        [vulnerability] = finding["vulnerabilities"]
        assert re.fullmatch(r"0\.\d{5}", vulnerability["cve"]["epss"]["score"])
        assert isinstance(vulnerability["is_fix_available"], bool)
        assert ("fix_coverage" in vulnerability) == vulnerability["is_fix_available"]


def test_types_of_threats_come_in_either_order() -> None:
    first = {finding["finding_info"]["types"][0] == "Threats" for finding in of("guardduty")}
    assert first == {True, False}
    assert all("/" in max(finding["finding_info"]["types"], key=len) for finding in of("guardduty"))


def test_coverage_that_passes_is_new_and_has_no_control() -> None:
    findings = of("coverage")
    assert {finding["compliance"]["status"] for finding in findings} == {"Pass", "Fail"}
    assert {finding["status"] for finding in findings} == {"New"}
    assert not any("control" in finding["compliance"] for finding in findings)


def test_controls_that_pass_are_resolved() -> None:
    for finding in of("security-hub"):
        assert (finding["status"] == "Resolved") == (finding["compliance"]["status"] == "Pass")


def test_sensitive_data_names_the_object_first() -> None:
    for finding in of("macie"):
        types = [resource["type"] for resource in finding["resources"]]
        assert types == ["AWS::S3::Object", "AWS::S3::Bucket"]
        assert ":" not in finding["finding_info"]["uid"]


@pytest.mark.parametrize("producer", TWINNED)
def test_a_twin_is_the_same_signal(producer: str) -> None:
    """Also where people touched the other one: what they did there is not here."""
    for finding in generate(120, 5, producers=(producer,), touched=0.5):
        other = twin(finding)
        assert other is not None
        assert other["finding_info"]["uid"] == finding["Id"]
        product = other["metadata"]["product"]["uid"]
        assert product.replace("::productv2/", "::product/") == finding["ProductArn"]
        assert other["cloud"] == {
            "account": {"uid": finding["AwsAccountId"]},
            "provider": "AWS",
            "region": finding["Region"],
        }
        assert other["finding_info"]["title"] == finding["Title"]
        provided = finding["FindingProviderFields"]["Severity"]["Label"]
        assert other["severity"].upper() == provided
        assert other["status"] in ("New", "Resolved")
        assert "comment" not in other
        assert (other["activity_name"] == "Close") == (finding["RecordState"] == "ARCHIVED")


def test_products_without_findings_in_v2_have_no_twin() -> None:
    without = ("config", "prowler", "access-analyzer", "in-house", "health")
    assert {twin(finding) is None for finding in generate(100, producers=without)} == {True}
    macie = [twin(finding) for finding in generate(60, producers=("macie",))]
    assert Counter(each is None for each in macie)[True] > 20  # policy findings: their class is not known
    assert any(each for each in macie)


def _resource(kind: str, details: dict[str, Any] | None = None, **members: str) -> dict[str, Any]:
    given = {"Type": kind, "Partition": "aws", "Region": "eu-west-1", **members}
    made = {**given, "Details": {kind: details or {}}}
    return ocsf_resource(made, "123456789012", has_cloud_resources=False)


@pytest.mark.parametrize(
    ("kind", "identifier", "uid"),
    [
        ("AwsAccount", "AWS::::Account:123456789012", "123456789012"),
        ("AwsS3Bucket", "arn:aws:s3:::logs", "logs"),
        ("AwsS3Object", "arn:aws:s3:::logs/a/b.csv", "a/b.csv"),
        ("AwsEc2Instance", "arn:aws:ec2:eu-west-1:123456789012:instance/i-0abc", "i-0abc"),
        ("AwsLambdaFunction", "arn:aws:lambda:eu-west-1:123456789012:function:f", "f"),
        ("AwsEcsTaskDefinition", "arn:aws:ecs:eu-west-1:123456789012:task-definition/t:3", "t:3"),
        ("AwsEcrContainerImage", "arn:aws:ecr:eu-west-1:123456789012:repository/r/sha256:ab", "sha256:ab"),
        (
            "AwsSqsQueue",
            "arn:aws:sqs:eu-west-1:123456789012:q",
            "https://sqs.eu-west-1.amazonaws.com/123456789012/q",
        ),
    ],
)
def test_the_uid_of_a_resource_is_bare(kind: str, identifier: str, uid: str) -> None:
    made = _resource(kind, Id=identifier)
    assert made["uid"] == uid
    assert made.get("uid_alt", "no ARN") == (identifier if identifier.startswith("arn:") else "no ARN")


def test_resources_of_iam_are_in_no_region() -> None:
    key = _resource("AwsIamAccessKey", {"PrincipalName": "ana"}, Id="AWS::IAM::AccessKey:ASIA1")
    assert (key["region"], key["uid"], key["data"]) == ("global", "ASIA1", {"user_name": "ana"})


def test_every_type_of_resource_has_its_name_in_cloudformation() -> None:
    assert set(BUILDERS) <= set(TYPES)
    assert len(set(TYPES.values())) == len(TYPES)


@pytest.mark.parametrize("producer", PRODUCERS_V2)
def test_the_hub_takes_them_and_gives_them_back(producer: str) -> None:
    with hub_v2_world() as world:
        sent = of(producer, 20)
        world.provide(*sent)
        read = _read(world)
        for finding in sent:
            stored = read[finding["metadata"]["uid"]]
            assert {**stored, "activity_id": 0, "activity_name": "", "type_uid": 0, "type_name": ""} == {
                **finding, "activity_id": 0, "activity_name": "", "type_uid": 0, "type_name": "",
            }  # fmt: skip
        updated = world.client.batch_update_findings_v2(MetadataUids=sorted(read), StatusId=3)
        assert len(updated["ProcessedFindings"]) == len(sent)


def _read(world: HubV2World) -> dict[str, dict[str, Any]]:
    pages = world.client.get_paginator("get_findings_v2").paginate()
    return {each["metadata"]["uid"]: each for page in pages for each in page["Findings"]}


def test_findings_are_small() -> None:
    """AWS: the largest live one that was seen has about 10 KB."""
    sizes = [len(json.dumps(finding)) for finding in islice(FINDINGS, 500)]
    assert max(sizes) < 10_000


def test_an_unknown_producer_is_refused() -> None:
    with pytest.raises(KeyError):
        next(generate_ocsf(1, producers=("prowler",)))
