"""DynamoDB in this process: conditional statements, and faults by the script."""

import itertools
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from hubtriage.localaws.ministack.dynamodb.client import in_process_dynamodb
from hubtriage.localaws.ministack.faults import ServiceFault, ServiceFaults
from hubtriage.localaws.securityhub.inprocess import ManualClock

TABLE = "ledger"


class Bench:
    """A table of entries with versions, its client, and what goes wrong."""

    def __init__(self) -> None:
        self.faults, self.clock = ServiceFaults(), ManualClock()
        self.client = in_process_dynamodb(self.faults, self.clock)
        self.client.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "finding", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "finding", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )

    def execute(self, *statements: tuple[str, list[Any]]) -> list[str]:
        """What each statement is answered: "done", or the code of its error."""
        answer = self.client.batch_execute_statement(
            Statements=[
                {"Statement": text, "Parameters": [_value(each) for each in values]}
                for text, values in statements
            ]
        )
        return [each.get("Error", {}).get("Code", "done") for each in answer["Responses"]]

    def read(self, *keys: str) -> tuple[dict[str, int], list[str]]:
        """The versions that were read, and the keys that were not."""
        wanted = {TABLE: {"Keys": [{"finding": _value(key)} for key in keys], "ConsistentRead": True}}
        answer = self.client.batch_get_item(RequestItems=wanted)
        unread = answer["UnprocessedKeys"].get(TABLE, {"Keys": []})
        assert unread.get("ConsistentRead", True)
        found = {
            item["finding"]["S"]: int(item["version"]["N"]) for item in answer["Responses"].get(TABLE, ())
        }
        return found, [key["finding"]["S"] for key in unread["Keys"]]


def _value(value: str | int) -> dict[str, str]:
    return {"S": value} if isinstance(value, str) else {"N": str(value)}


def insert(key: str) -> tuple[str, list[Any]]:
    return "INSERT INTO \"ledger\" VALUE {'finding': ?, 'version': ?}", [key, 1]


def update(key: str, version: int) -> tuple[str, list[Any]]:
    return 'UPDATE "ledger" SET version=? WHERE finding=? AND version=?', [version + 1, key, version]


def delete(key: str, version: int) -> tuple[str, list[Any]]:
    return 'DELETE FROM "ledger" WHERE finding=? AND version=?', [key, version]


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    assert made.execute(insert("a"), insert("b")) == ["done", "done"]
    return made


@pytest.mark.parametrize(
    ("statement", "answer", "left"),
    [
        pytest.param(insert("c"), "done", {"a": 1, "b": 1, "c": 1}, id="a new entry"),
        pytest.param(insert("a"), "DuplicateItem", {"a": 1, "b": 1}, id="a new entry that is there"),
        pytest.param(update("a", 1), "done", {"a": 2, "b": 1}, id="the version is the known one"),
        pytest.param(update("a", 7), "ConditionalCheckFailed", {"a": 1, "b": 1}, id="another version"),
        pytest.param(update("c", 1), "ConditionalCheckFailed", {"a": 1, "b": 1}, id="no entry to update"),
        pytest.param(delete("a", 1), "done", {"b": 1}, id="the known version is deleted"),
        pytest.param(delete("a", 7), "ConditionalCheckFailed", {"a": 1, "b": 1}, id="another is not"),
        pytest.param(delete("c", 1), "done", {"a": 1, "b": 1}, id="no entry to delete"),
    ],
)
def test_each_statement_of_a_batch_is_answered_by_itself(
    bench: Bench, statement: Any, answer: str, left: dict[str, int]
) -> None:
    assert bench.execute(statement, update("b", 7)) == [answer, "ConditionalCheckFailed"]
    assert bench.read("a", "b", "c") == (left, [])


def test_a_batch_reads_or_writes_and_has_25_statements_at_most(bench: Bench) -> None:
    select = ('SELECT * FROM "ledger" WHERE finding=?', ["a"])
    assert bench.execute(select, select) == ["done", "done"]
    with pytest.raises(ClientError, match="ValidationException"):
        bench.execute(select, insert("c"))
    with pytest.raises(ClientError, match="ValidationException"):
        bench.execute(*(insert(f"n{number}") for number in range(26)))
    assert bench.read("c", "n1") == ({}, [])


def test_nobody_else_sees_a_table(bench: Bench) -> None:
    assert bench.client.list_tables()["TableNames"] == [TABLE]
    assert in_process_dynamodb().list_tables()["TableNames"] == []


@pytest.mark.parametrize(
    ("fault", "raised", "takes_effect"),
    [
        pytest.param({"error": "ThrottlingException"}, ClientError, False, id="throttled"),
        pytest.param({"error": "InternalServerError"}, ClientError, False, id="failed inside"),
        pytest.param({"unreachable": True}, EndpointConnectionError, False, id="out of reach"),
        pytest.param({"lose_answer": True}, ReadTimeoutError, True, id="the answer is lost"),
    ],
)
def test_calls_fail_by_the_script(
    bench: Bench, fault: dict[str, Any], raised: type[Exception], takes_effect: bool
) -> None:
    bench.faults.add(ServiceFault("dynamodb", "BatchExecuteStatement", **fault))
    assert bench.read("a") == ({"a": 1}, [])
    with pytest.raises(raised):
        bench.execute(insert("c"))
    assert bench.read("c") == ({"c": 1} if takes_effect else {}, [])
    assert bench.execute(insert("d")) == ["done"]


def test_a_slow_answer_takes_its_time(bench: Bench) -> None:
    bench.faults.add(ServiceFault("dynamodb", delay=40.0))
    before = bench.clock.now()
    assert bench.read("a") == ({"a": 1}, [])
    assert bench.clock.now() == before + 40


def test_some_statements_and_some_keys_fail_alone(bench: Bench) -> None:
    write, read = "BatchExecuteStatement", "BatchGetItem"
    bench.faults.add(ServiceFault("dynamodb", write, part_error="ThrottlingError", part='"c"', times=2))
    bench.faults.add(ServiceFault("dynamodb", read, part_error="unread", skip=1))
    assert bench.execute(insert("c"), insert("d"), update("c", 1)) == [
        "ThrottlingError",
        "done",
        "ThrottlingError",
    ]
    assert bench.read("d", "a", "b") == ({"d": 1, "b": 1}, ["a"])
    assert len(bench.faults) == 0
    assert bench.execute(insert("c")) == ["done"]


def test_all_of_a_call_can_fail_part_by_part(bench: Bench) -> None:
    bench.faults.add(ServiceFault("dynamodb", part_error="InternalServerError", times=4))
    assert bench.execute(insert("c"), insert("d")) == ["InternalServerError"] * 2
    assert bench.read("a", "b") == ({}, ["a", "b"])


_EFFECTS = ({"error": "x"}, {"unreachable": True}, {"lose_answer": True}, {"delay": 1}, {"part_error": "x"})


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({}, id="no effect"),
        *(pytest.param(a | b, id="two effects") for a, b in itertools.combinations(_EFFECTS, 2)),
        pytest.param({"error": "x", "part": "y"}, id="a part of a whole call"),
        pytest.param({"error": "x", "times": 0}, id="never"),
        pytest.param({"error": "x", "skip": -1}, id="a negative count"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(fault: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"effect|goes with|at least"):
        ServiceFault("dynamodb", **fault)
