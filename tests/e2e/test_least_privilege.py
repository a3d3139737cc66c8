"""The deployed stack with IAM in force: what the derived policies allow, and what they do not."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from deployed_stack import DeployedStack, built_stack, deployed_stack

from hubtriage.local.findings import generate
from hubtriage.local.settings import HubSettings

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SUPPRESSING = """\
rules:
  - id: accepted
    match: {ProductName: [GuardDuty]}
    update: {Workflow: {Status: SUPPRESSED}}
"""


def _assembly(folder: Path, name: str, rules: str) -> Path:
    (folder / name).mkdir()
    (folder / name / "rules.yaml").write_text(rules)
    return built_stack(folder / name, folder / f"{name}.out")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedStack]:
    """The stack with rules that suppress; findings are triaged already."""
    assembly = _assembly(tmp_path_factory.mktemp("guarded"), "suppressing", SUPPRESSING)
    with deployed_stack(assembly, HubSettings.still(), auth=True) as stack:
        stack.import_findings(list(generate(60, seed=3, producers=("guardduty", "inspector"), touched=0)))
        stack.settle()
        yield stack


def _statuses(stack: DeployedStack, product: str) -> set[str]:
    return {f["Workflow"]["Status"] for f in stack.findings().values() if f["ProductName"] == product}


def _as_triage(stack: DeployedStack, service: str) -> Any:
    """A client with the rights of the triage function, and nothing else."""
    cloud = stack.cloud
    name = stack.outputs["FunctionName"]
    role = cloud.client("lambda").get_function_configuration(FunctionName=name)["Role"]
    iam, role_name = cloud.client("iam"), role.rpartition("/")[2]
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": cloud.account}}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    iam.update_assume_role_policy(RoleName=role_name, PolicyDocument=json.dumps(document))
    session = cloud.client("sts").assume_role(RoleArn=role, RoleSessionName="intruder")["Credentials"]
    return boto3.session.Session().client(
        service,
        endpoint_url=cloud.endpoint,
        region_name=cloud.region,
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
        verify=cloud.environment["AWS_CA_BUNDLE"],
    )


def _identifier(stack: DeployedStack, product: str) -> dict[str, str]:
    finding = next(f for f in stack.findings().values() if f["ProductName"] == product)
    return {"Id": finding["Id"], "ProductArn": finding["ProductArn"]}


def test_what_the_rules_want_is_allowed(guarded: DeployedStack) -> None:
    assert _statuses(guarded, "GuardDuty") == {"SUPPRESSED"}
    assert _statuses(guarded, "Inspector") == {"NEW"}


def test_hiding_in_a_way_that_no_rule_asks_for_is_denied(guarded: DeployedStack) -> None:
    hub = _as_triage(guarded, "securityhub")
    one = [_identifier(guarded, "Inspector")]
    with pytest.raises(ClientError, match=r"AccessDenied.*securityhub:BatchUpdateFindings"):
        hub.batch_update_findings(FindingIdentifiers=one, Workflow={"Status": "RESOLVED"})
    answer = hub.batch_update_findings(FindingIdentifiers=one, Workflow={"Status": "NOTIFIED"})
    assert answer["UnprocessedFindings"] == []
    hub.batch_update_findings(FindingIdentifiers=one, Workflow={"Status": "NEW"})
    hub.close()


ELSEWHERE = [
    pytest.param("securityhub", "list_members", {}, id="other reading in Security Hub"),
    pytest.param("securityhub", "disable_security_hub", {}, id="turning Security Hub off"),
    pytest.param("iam", "list_roles", {}, id="roles"),
    pytest.param("s3", "list_buckets", {}, id="buckets"),
    pytest.param("lambda", "list_functions", {}, id="functions"),
    pytest.param("secretsmanager", "list_secrets", {}, id="secrets"),
]


@pytest.mark.parametrize(("service", "operation", "request_"), ELSEWHERE)
def test_the_function_reaches_nothing_else(
    guarded: DeployedStack, service: str, operation: str, request_: dict[str, Any]
) -> None:
    client = _as_triage(guarded, service)
    with pytest.raises(ClientError) as raised:
        getattr(client, operation)(**request_)
    client.close()
    assert raised.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")


def test_the_function_cannot_send_to_its_own_queue(guarded: DeployedStack) -> None:
    client = _as_triage(guarded, "sqs")
    with pytest.raises(ClientError, match=r"AccessDenied|not authorized"):
        client.send_message(QueueUrl=guarded.outputs["QueueUrl"], MessageBody="{}")
    client.close()
