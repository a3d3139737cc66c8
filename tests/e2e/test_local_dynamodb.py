"""DynamoDB of the local AWS: tables as templates ask for them, and calls that fail by the script."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError, ReadTimeoutError

from hubtriage.localaws.cloud import LocalCloud
from hubtriage.localaws.ministack.faults import ServiceFault

pytestmark = pytest.mark.e2e

TABLE = "a-ledger"
_ONCE = Config(read_timeout=1, retries={"total_max_attempts": 1})


def _template(retain: bool = False, kind: str = "AWS::DynamoDB::Table", **properties: Any) -> str:
    table = {
        "Type": kind,
        "DeletionPolicy": "Retain" if retain else "Delete",
        "Properties": {
            "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
            **properties,
        },
    }
    return json.dumps({"Resources": {"Table": table}, "Outputs": {"Name": {"Value": {"Ref": "Table"}}}})


class Formation:
    """CloudFormation, as far as it is used here; `end` deletes what is left."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.stacks = cloud.client("cloudformation")
        self.tables = cloud.client("dynamodb")

    def create(self, stack: str, template: str) -> str:
        """The status of the new stack."""
        self.stacks.create_stack(StackName=stack, TemplateBody=template)
        return self._settled(stack)

    def update(self, stack: str, template: str) -> str:
        self.stacks.update_stack(StackName=stack, TemplateBody=template)
        return self._settled(stack)

    def delete(self, stack: str) -> str:
        self.stacks.delete_stack(StackName=stack)
        return self._settled(stack)

    def reasons(self, stack: str) -> str:
        events = self.stacks.describe_stack_events(StackName=stack)["StackEvents"]
        return " ".join(str(event.get("ResourceStatusReason")) for event in events)

    def recovery(self, name: str) -> str:
        answer = self.tables.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        return str(answer["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"])

    def name(self, stack: str) -> str:
        return str(self.stacks.describe_stacks(StackName=stack)["Stacks"][0]["Outputs"][0]["OutputValue"])

    def end(self) -> None:
        for name in self.tables.list_tables()["TableNames"]:
            self.tables.update_table(TableName=name, DeletionProtectionEnabled=False)
            self.tables.delete_table(TableName=name)

    def _settled(self, stack: str) -> str:
        while True:
            try:
                status = str(self.stacks.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"])
            except ClientError:
                return "DELETE_COMPLETE"
            if not status.endswith("_IN_PROGRESS"):
                return status


@pytest.fixture
def formation(cloud: LocalCloud) -> Iterator[Formation]:
    made = Formation(cloud)
    yield made
    made.end()


_RECOVERY = {"PointInTimeRecoveryEnabled": True}


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        pytest.param("AWS::DynamoDB::Table", {"PointInTimeRecoverySpecification": _RECOVERY}, id="a table"),
        pytest.param(
            "AWS::DynamoDB::GlobalTable",
            {"Replicas": [{"Region": "eu-central-1", "PointInTimeRecoverySpecification": _RECOVERY}]},
            id="a global table",
        ),
    ],
)
def test_a_table_has_what_its_template_asks_for(
    formation: Formation, kind: str, properties: dict[str, Any]
) -> None:
    plain, expiry = "AWS::DynamoDB::Table", {"AttributeName": "until", "Enabled": True}
    template = _template(kind=kind, TableName=TABLE, TimeToLiveSpecification=expiry, **properties)
    assert formation.create("asked", template) == "CREATE_COMPLETE"
    assert formation.create("plain", _template(kind=plain, TableName="plain")) == "CREATE_COMPLETE"
    assert (formation.recovery(TABLE), formation.recovery("plain")) == ("ENABLED", "DISABLED")
    expires = formation.tables.describe_time_to_live(TableName=TABLE)["TimeToLiveDescription"]
    assert expires == {"AttributeName": "until", "TimeToLiveStatus": "ENABLED"}
    assert formation.delete("asked") == formation.delete("plain") == "DELETE_COMPLETE"


def test_an_update_switches_recovery_and_keeps_the_entries(formation: Formation) -> None:
    formation.create("changing", _template(TableName=TABLE))
    formation.tables.put_item(TableName=TABLE, Item={"k": {"S": "a"}})
    changed = _template(TableName=TABLE, PointInTimeRecoverySpecification=_RECOVERY)
    assert formation.update("changing", changed) == "UPDATE_COMPLETE"
    assert formation.recovery(TABLE) == "ENABLED"
    assert formation.tables.scan(TableName=TABLE)["Count"] == 1
    formation.delete("changing")


def test_a_table_that_was_left_behind_stands_in_the_way_of_one_of_its_name(formation: Formation) -> None:
    template = _template(retain=True, TableName=TABLE)
    assert formation.create("first", template) == "CREATE_COMPLETE"
    formation.tables.put_item(TableName=TABLE, Item={"k": {"S": "a"}})
    assert formation.delete("first") == "DELETE_COMPLETE"
    assert formation.create("second", template).startswith("ROLLBACK")
    assert "already exists" in formation.reasons("second")
    assert formation.tables.scan(TableName=TABLE)["Count"] == 1
    formation.delete("second")
    assert formation.tables.scan(TableName=TABLE)["Count"] == 1


def test_a_generated_name_is_never_that_of_a_table_left_behind(formation: Formation) -> None:
    formation.create("first", _template(retain=True))
    left = formation.name("first")
    formation.delete("first")
    assert formation.create("first", _template()) == "CREATE_COMPLETE"
    name = formation.name("first")
    assert name != left
    formation.update("first", _template(PointInTimeRecoverySpecification=_RECOVERY))
    assert (formation.name("first"), formation.recovery(name)) == (name, "ENABLED")
    formation.delete("first")
    assert formation.tables.list_tables()["TableNames"] == [left]


def test_a_protected_table_is_not_deleted_with_its_stack(formation: Formation) -> None:
    formation.create("kept", _template(TableName=TABLE, DeletionProtectionEnabled=True))
    assert formation.delete("kept") == "DELETE_FAILED"
    assert "protected against deletion" in formation.reasons("kept")
    formation.tables.update_table(TableName=TABLE, DeletionProtectionEnabled=False)
    assert formation.delete("kept") == "DELETE_COMPLETE"


def test_a_table_is_restored_as_it_was(formation: Formation) -> None:
    tables = formation.tables
    formation.create("lost", _template(TableName=TABLE, PointInTimeRecoverySpecification=_RECOVERY))
    _write(tables, kept="1", changed="1", deleted="1")
    time.sleep(0.05)
    before = datetime.now(UTC)
    time.sleep(0.05)
    _write(tables, changed="2", new="1")
    tables.delete_item(TableName=TABLE, Key={"k": {"S": "deleted"}})
    tables.restore_table_to_point_in_time(
        SourceTableName=TABLE, TargetTableName="restored", RestoreDateTime=before
    )
    tables.restore_table_to_point_in_time(
        SourceTableName=TABLE, TargetTableName="latest", UseLatestRestorableTime=True
    )
    assert _read(tables, "restored") == {"kept": "1", "changed": "1", "deleted": "1"}
    assert _read(tables, "latest") == _read(tables, TABLE) == {"kept": "1", "changed": "2", "new": "1"}
    assert formation.recovery("restored") == "DISABLED"
    formation.delete("lost")


@pytest.mark.parametrize(
    ("recovery", "moment", "refusal"),
    [
        pytest.param(False, 0, "PointInTimeRecoveryUnavailable", id="a table without recovery"),
        pytest.param(True, -3600, "InvalidRestoreTime", id="a moment before recovery began"),
        pytest.param(True, 3600, "InvalidRestoreTime", id="a moment that is still to come"),
    ],
)
def test_what_cannot_be_restored_is_refused(
    formation: Formation, recovery: bool, moment: int, refusal: str
) -> None:
    spec = {"PointInTimeRecoveryEnabled": recovery}
    formation.create("kept", _template(TableName=TABLE, PointInTimeRecoverySpecification=spec))
    with pytest.raises(ClientError, match=refusal):
        formation.tables.restore_table_to_point_in_time(
            SourceTableName=TABLE,
            TargetTableName="restored",
            RestoreDateTime=datetime.now(UTC) + timedelta(seconds=moment),
        )
    assert formation.tables.list_tables()["TableNames"] == [TABLE]
    formation.delete("kept")


def _write(tables: Any, **entries: str) -> None:
    for key, value in entries.items():
        tables.put_item(TableName=TABLE, Item={"k": {"S": key}, "v": {"S": value}})


def _read(tables: Any, name: str) -> dict[str, str]:
    return {item["k"]["S"]: item["v"]["S"] for item in tables.scan(TableName=name)["Items"]}


@pytest.fixture
def table(cloud: LocalCloud, formation: Formation) -> Any:
    """A client that tries once and waits for a second."""
    formation.create("faulty", _template(TableName=TABLE))
    client = cloud.client("dynamodb", config=_ONCE)
    yield client
    client.close()
    formation.delete("faulty")


def _execute(table: Any, *keys: str) -> list[Any]:
    statement = f"INSERT INTO \"{TABLE}\" VALUE {{'k': ?}}"
    statements = [{"Statement": statement, "Parameters": [{"S": key}]} for key in keys]
    answers = table.batch_execute_statement(Statements=statements)["Responses"]
    return [answer.get("Error", {}).get("Code") for answer in answers]


@pytest.mark.parametrize(
    ("fault", "raised", "takes_effect"),
    [
        pytest.param({"error": "ThrottlingException"}, ClientError, False, id="throttled"),
        pytest.param({"unreachable": True}, HTTPClientError, False, id="out of reach"),
        pytest.param({"lose_answer": True}, HTTPClientError, True, id="the answer is lost"),
        pytest.param({"delay": 2.0}, ReadTimeoutError, True, id="the answer is late"),
    ],
)
def test_calls_fail_by_the_script(
    cloud: LocalCloud, table: Any, fault: dict[str, Any], raised: type[Exception], takes_effect: bool
) -> None:
    number = cloud.control.break_service(ServiceFault("dynamodb", "BatchExecuteStatement", **fault))
    assert table.scan(TableName=TABLE)["Count"] == 0
    with pytest.raises(raised):
        _execute(table, "a")
    assert table.scan(TableName=TABLE)["Count"] == int(takes_effect)
    assert cloud.control.struck()[number] == 1


def test_one_statement_fails_alone_and_faults_can_be_taken_back(cloud: LocalCloud, table: Any) -> None:
    cloud.control.break_service(ServiceFault("dynamodb", part_error="ThrottlingError", part='"b"', times=9))
    assert _execute(table, "a", "b", "a") == [None, "ThrottlingError", "DuplicateItem"]
    cloud.control.mend_services()
    assert _execute(table, "b") == [None]


def test_other_services_fail_by_the_script_too(cloud: LocalCloud) -> None:
    queues = cloud.client("sqs", config=_ONCE)
    cloud.control.break_service(ServiceFault("sqs", "ListQueues", error="InternalFailure"))
    with pytest.raises(ClientError, match="InternalFailure"):
        queues.list_queues()
    queues.list_queues()
    queues.close()
