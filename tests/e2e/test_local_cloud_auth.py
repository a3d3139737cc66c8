"""The local AWS with IAM in force: policies decide who may do what in Security Hub and DynamoDB."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from hubtriage.localaws.cloud import LocalCloud
from tests.support.hub_v2_world import ocsf, uid

pytestmark = pytest.mark.e2e

_PRODUCT = "arn:aws:securityhub:eu-central-1::product/aws/securityhub"
_UPDATE = {"FindingIdentifiers": [{"Id": "f", "ProductArn": _PRODUCT}], "Confidence": 5}
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}],
}


@pytest.fixture(scope="module")
def guarded() -> Iterator[LocalCloud]:
    with LocalCloud(auth=True) as cloud:
        finding = {"Id": "f", "ProductArn": _PRODUCT, "Title": "title"}
        cloud.control.plant([finding])
        yield cloud


def _as_role(
    cloud: LocalCloud, name: str, resource: str, *actions: str, service: str = "securityhub", **more: Any
) -> Any:
    """A client of a role that may do `actions` on `resource` (by default update findings), and no more.

    `more`: further members of the statement that allows it.
    """
    allowed = {
        "Effect": "Allow",
        "Action": actions or ["securityhub:BatchUpdateFindings"],
        "Resource": resource,
        **more,
    }
    iam = cloud.client("iam")
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_TRUST))["Role"]["Arn"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy)
    session = cloud.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    return boto3.session.Session().client(
        service,
        endpoint_url=cloud.endpoint,
        region_name=cloud.region,
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
        verify=cloud.environment["AWS_CA_BUNDLE"],
    )


def test_a_role_may_what_its_policy_says_and_is_named_in_the_history(guarded: LocalCloud) -> None:
    client = _as_role(
        guarded, "updater", f"arn:aws:securityhub:{guarded.region}:{guarded.account}:hub/default"
    )
    assert client.batch_update_findings(**_UPDATE)["UnprocessedFindings"] == []
    with pytest.raises(ClientError, match=r"AccessDenied.*securityhub:GetFindings"):
        client.get_findings()
    client.close()
    history = guarded.client("securityhub").get_finding_history(
        FindingIdentifier=_UPDATE["FindingIdentifiers"][0]
    )
    assert ":assumed-role/updater/" in history["Records"][0]["UpdateSource"]["Identity"]


def test_a_policy_on_another_hub_does_not_help(guarded: LocalCloud) -> None:
    client = _as_role(guarded, "stranger", f"arn:aws:securityhub:us-east-1:{guarded.account}:hub/default")
    before = guarded.control.status()["calls"]
    with pytest.raises(ClientError, match=r"AccessDenied.*securityhub:BatchUpdateFindings"):
        client.batch_update_findings(**_UPDATE)
    client.close()
    assert guarded.control.status()["calls"] == before


def test_updates_of_v2_need_the_action_of_cspm_on_the_v2_hub(guarded: LocalCloud) -> None:
    """AWS: both operations are one action; each field that V2 sets is a condition key of its own."""
    guarded.control.provide_v2([ocsf()])
    hub = guarded.client("securityhub").describe_security_hub_v2()["HubV2Arn"]
    keys = {"ForAllValues:StringEquals": {"securityhub:OCSFSyntaxPath/StatusId": ["1", "2"]}}
    client = _as_role(guarded, "updater-v2", hub, Condition=keys)
    update = {"MetadataUids": [uid(1)], "Comment": "c"}
    assert client.batch_update_findings_v2(**update, StatusId=2)["UnprocessedFindings"] == []
    with pytest.raises(ClientError, match=r"AccessDenied.*securityhub:BatchUpdateFindings"):
        client.batch_update_findings_v2(**update, StatusId=3)
    with pytest.raises(ClientError, match=r"AccessDenied.*securityhub:GetFindings"):
        client.get_findings_v2()
    with pytest.raises(ClientError, match=r"AccessDenied.*securityhub:BatchUpdateFindings"):
        client.batch_update_findings(**_UPDATE)
    client.close()
    reader = _as_role(guarded, "reader-v2", hub, "securityhub:GetFindings")
    assert reader.get_findings_v2()["Findings"][0]["status"] == "In Progress"
    reader.close()


@pytest.fixture(scope="module")
def table(guarded: LocalCloud) -> str:
    """The ARN of a table of entries."""
    made = guarded.client("dynamodb").create_table(
        TableName="ledger",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return str(made["TableDescription"]["TableArn"])


def _insert(key: str) -> dict[str, Any]:
    return {"Statement": "INSERT INTO \"ledger\" VALUE {'k': ?}", "Parameters": [{"S": key}]}


_DELETE = {"Statement": 'DELETE FROM "ledger" WHERE k=?', "Parameters": [{"S": "a"}]}


def _codes(answer: Any) -> list[str | None]:
    return [each.get("Error", {}).get("Code") for each in answer["Responses"]]


def test_each_statement_of_a_batch_needs_its_own_permission(guarded: LocalCloud, table: str) -> None:
    client = _as_role(
        guarded, "writer", table, "dynamodb:PartiQLInsert", "dynamodb:BatchGetItem", service="dynamodb"
    )
    assert _codes(client.batch_execute_statement(Statements=[_DELETE, _insert("a"), _DELETE])) == [
        "AccessDenied",
        None,
        "AccessDenied",
    ]
    with pytest.raises(ClientError, match=r"AccessDenied.*dynamodb:PartiQLDelete"):
        client.execute_statement(**_DELETE)
    client.execute_statement(**_insert("b"))
    read = client.batch_get_item(RequestItems={"ledger": {"Keys": [{"k": {"S": "a"}}]}})
    assert read["Responses"] == {"ledger": [{"k": {"S": "a"}}]}
    with pytest.raises(ClientError, match=r"AccessDenied.*dynamodb:Scan"):
        client.scan(TableName="ledger")
    client.close()


def test_the_operation_of_a_batch_is_no_permission(guarded: LocalCloud, table: str) -> None:
    client = _as_role(
        guarded,
        "mistaken",
        table,
        "dynamodb:BatchExecuteStatement",
        "dynamodb:ExecuteStatement",
        service="dynamodb",
    )
    assert _codes(client.batch_execute_statement(Statements=[_insert("c")])) == ["AccessDenied"]
    with pytest.raises(ClientError, match=r"AccessDenied.*dynamodb:PartiQLInsert"):
        client.execute_statement(**_insert("c"))
    client.close()


def test_a_permission_is_for_its_table_alone(guarded: LocalCloud, table: str) -> None:
    client = _as_role(guarded, "neighbour", table + "-2", "dynamodb:PartiQLInsert", service="dynamodb")
    assert _codes(client.batch_execute_statement(Statements=[_insert("d")])) == ["AccessDenied"]
    client.close()


def test_a_permission_may_be_for_some_items_alone(guarded: LocalCloud, table: str) -> None:
    only = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["mine"]}}
    actions = (
        "dynamodb:PutItem",
        "dynamodb:BatchGetItem",
        "dynamodb:BatchWriteItem",
        "dynamodb:PartiQLInsert",
    )
    client = _as_role(guarded, "owner", table, *actions, service="dynamodb", Condition=only)

    def write(*keys: str) -> None:
        puts = [{"PutRequest": {"Item": {"k": {"S": key}}}} for key in keys]
        client.batch_write_item(RequestItems={"ledger": puts})

    def read(*keys: str) -> None:
        client.batch_get_item(RequestItems={"ledger": {"Keys": [{"k": {"S": k}} for k in keys]}})

    client.put_item(TableName="ledger", Item={"k": {"S": "mine"}})
    write("mine")
    read("mine")
    for refused in (
        lambda: client.put_item(TableName="ledger", Item={"k": {"S": "other"}}),
        lambda: write("mine", "other"),
        lambda: read("mine", "other"),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            refused()
    statements = [_insert("mine"), _insert("other")]
    assert _codes(client.batch_execute_statement(Statements=statements)) == ["DuplicateItem", "AccessDenied"]
    client.close()
