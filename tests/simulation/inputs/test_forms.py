"""What is no finding of Security Hub but known: refused by its name, never taken for a damaged finding."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from hubtriage.simulation.inputs.findings import Unusable
from tests.simulation.inputs.forms import ENVELOPES
from tests.simulation.inputs.test_findings import findings, items

CORPUS = os.environ.get("HUBTRIAGE_CORPUS")
OCSF = {
    "class_uid": 2003,
    "metadata": {"product": {"uid": "arn:aws:securityhub:eu-west-1::productv2/aws/securityhub"}},
    "finding_info": {"uid": "f", "title": "t"},
    "cloud": {"account": {"uid": "111122223333"}},
}
V2 = "a finding in OCSF that Security Hub V2 has not named: metadata.uid is missing or no text"
OBJECTS = [
    pytest.param(OCSF, V2, id="a finding in OCSF without a name"),
    pytest.param({"finding": OCSF, "entry": None}, V2, id="one in an export"),
    pytest.param(
        {"detail-type": "Findings Imported V2", "detail": {}},
        "an event without findings: its detail-type is Findings Imported V2",
        id="an event of V2 without any",
    ),
    pytest.param(
        {"Records": [{"eventVersion": "1.11", "eventSource": "s3.amazonaws.com", "eventName": "GetObject"}]},
        "a record of CloudTrail",
        id="a log of CloudTrail",
    ),
    pytest.param(
        {"detail-type": "AWS API Call via CloudTrail", "detail": {"eventName": "BatchUpdateFindings"}},
        "a record of CloudTrail",
        id="an event of CloudTrail",
    ),
    pytest.param(
        {"schemaVersion": "2.0", "id": "x", "arn": "a", "type": "t", "severity": 8, "service": {"count": 1}},
        "a finding in GuardDuty's own format",
        id="what GuardDuty writes to S3",
    ),
    pytest.param(
        {"Findings": [{"SchemaVersion": "2.0", "Id": "x", "Arn": "a", "Type": "t", "Service": {"Count": 1}}]},
        "a finding in GuardDuty's own format",
        id="an answer of GuardDuty",
    ),
    pytest.param(
        {"detail-type": "GuardDuty Finding", "detail": {"schemaVersion": "2.0"}},
        "a finding in GuardDuty's own format",
        id="an event of GuardDuty",
    ),
    pytest.param(
        {"findings": [{"findingArn": "arn:aws:inspector2:eu-west-1:1:finding/x", "awsAccountId": "1"}]},
        "a finding in Inspector's own format",
        id="an answer of Inspector",
    ),
    pytest.param(
        {"detail-type": "Inspector2 Finding", "detail": {}},
        "a finding in Inspector's own format",
        id="an event of Inspector",
    ),
    pytest.param(
        {"category": "CLASSIFICATION", "classificationDetails": {}, "id": "x"},
        "a finding in Macie's own format",
        id="Macie",
    ),
    pytest.param(
        {"SchemaVersion": 2, "ArtifactName": "alpine", "Results": []}, "a report of Trivy", id="Trivy"
    ),
    pytest.param(
        [{"FindingUniqueId": "prowler-aws-x", "CheckID": "c", "Status": "FAIL"}],
        "a finding in Prowler's own format",
        id="Prowler",
    ),
    pytest.param({"version": "2.1.0", "runs": []}, "a report in SARIF", id="SARIF"),
    pytest.param(
        {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": {"object": {}}}]},
        "a notice that S3 has an object",
        id="a notice of S3",
    ),
    pytest.param(
        {"detail-type": "Security Hub Insight Results", "detail": {"insightName": "n"}},
        "Security Hub's event of insight results",
        id="insight results",
    ),
    pytest.param(
        {"FindingIdentifiers": [{"Id": "x", "ProductArn": "p"}], "Workflow": {"Status": "NEW"}},
        "a request of BatchUpdateFindings",
        id="what plan --calls writes",
    ),
    pytest.param(
        {"ProcessedFindings": [{"Id": "x", "ProductArn": "p"}], "UnprocessedFindings": []},
        "an answer of BatchUpdateFindings",
        id="an answer of BatchUpdateFindings",
    ),
    pytest.param({"id": "x", "productArn": "p"}, "members begin with small letters", id="small letters"),
    pytest.param({"Id": "x", "ProductArn": "p"}, "they name a finding", id="an identifier"),
    pytest.param({"FailedCount": 0, "SuccessCount": 1}, "an answer of BatchImportFindings", id="imported"),
    pytest.param(
        {"Records": [{"FindingIdentifier": {}, "UpdateTime": "t", "UpdateSource": {}}]},
        "the history of a finding",
        id="an answer of GetFindingHistory",
    ),
    pytest.param(
        {"finding_id": "x", "product_arn": "p", "changes": []}, "a decision of hubtriage", id="plan --json"
    ),
    pytest.param(
        {"Type": "SubscriptionConfirmation", "Message": "m", "TopicArn": "t", "SubscribeURL": "https://x"},
        "a confirmation of SNS",
        id="a confirmation of SNS",
    ),
]


@pytest.mark.parametrize(("value", "name"), OBJECTS)
@pytest.mark.parametrize("envelope", [None, "SQS for Lambda", "CloudWatch Logs for Lambda"])
def test_a_known_form_is_refused_by_its_name(value: Any, name: str, envelope: str | None) -> None:
    if envelope:
        value = ENVELOPES[envelope](json.dumps(value))
    (found,) = items(json.dumps(value))
    assert isinstance(found, Unusable)
    assert name in found.reason
    assert found.instead


TEXTS = [
    pytest.param(
        '"Title","Severity","Finding ID"\n"a, b","HIGH","x"\n',
        "a CSV table, as Security Hub's console or another tool writes it",
        id="what the console downloads",
    ),
    pytest.param("Id;Title;Severity\n1;t;HIGH\n", "a CSV table", id="with semicolons"),
    pytest.param(
        "AUTH_METHOD;TIMESTAMP;FINDING_UID\nprofile;t;f\n",
        "a CSV table of Prowler",
        id="Prowler",
    ),
    pytest.param('<?xml version="1.0"?>\n<Error></Error>', "XML or HTML", id="S3 refuses"),
    pytest.param("Findings:\n- AwsAccountId: '1'\n  Id: x\n", "YAML", id="--output yaml"),
    pytest.param("# rules\nrules:\n  - id: x\n", "YAML", id="a file of rules"),
    pytest.param("FINDINGS\t111122223333\tx\n", "the AWS CLI's output as text", id="--output text"),
    pytest.param("------\n|Get|\n+----+\n", "the AWS CLI's output as a table", id="--output table"),
    pytest.param(b"PK\x03\x04\x14\x00", "a zip file", id="zip"),
    pytest.param(b"PAR1\x15\x04", "a Parquet file", id="Parquet"),
    pytest.param(b"\x28\xb5\x2f\xfd\x00", "packed with zstd", id="zstd"),
    pytest.param(b"\xff\x06\x00\x00sNaPpY", "packed with Snappy", id="Snappy"),
]


@pytest.mark.parametrize(("data", "name"), TEXTS)
def test_what_is_no_json_is_refused_by_its_name(data: str | bytes, name: str) -> None:
    (found,) = items(data)
    assert isinstance(found, Unusable)
    assert found.reason.startswith(name)
    assert found.instead


def test_findings_below_a_heading_are_read_whatever_the_heading_looks_like() -> None:
    finding = {"Id": "x", "ProductArn": "p", "Title": "t"}
    for heading in ("a,b,c", "Warning: something", "<p>"):
        assert findings(items(f"{heading}\n{json.dumps(finding)}\n"))[1:] == [finding]


def test_a_finding_is_never_taken_for_another_form() -> None:
    """Products choose members of their own; what has an Id and a ProductArn is a finding."""
    names = {name for parameter in OBJECTS for name in _names(parameter.values[0])}
    finding = dict.fromkeys(names, "x") | {"Id": "f", "ProductArn": "p"}
    assert findings(items(json.dumps(finding))) == [finding]


def _names(value: Any) -> set[str]:
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {name for one in values for name in _names(one)} | (
        set(value) if isinstance(value, dict) else set()
    )


@pytest.mark.skipif(CORPUS is None, reason="needs HUBTRIAGE_CORPUS")
@pytest.mark.parametrize(("name", "named"), [("findings.jsonl", 3), ("events.jsonl", 6)])
def test_findings_of_v2_that_others_wrote_are_read_if_v2_has_named_them(name: str, named: int) -> None:
    data = (Path(str(CORPUS)) / "ocsf" / name).read_bytes()
    found = items(data)
    assert len(found) == len(data.splitlines())
    assert sum(not isinstance(item, Unusable) for item in found) == named
    assert all(V2 in item.reason for item in found if isinstance(item, Unusable))
