"""Ledgers for tests: the one in memory and that in the local AWS, and what goes wrong with them."""

import itertools
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from botocore.exceptions import ClientError, ReadTimeoutError

from hubtriage.aws.ledger.dynamodb import DynamoLedger
from hubtriage.aws.ledger.item import hash_of
from hubtriage.aws.ledger.ledger import LedgerFault, LedgerFaultKind
from hubtriage.aws.ledger.memory import MemoryLedger
from hubtriage.aws.ledger.table import KEY, KEY_TYPE
from hubtriage.aws.securityhub.api import Key
from hubtriage.aws.securityhub.backoff import Backoff
from hubtriage.localaws.cloud import LocalCloud
from hubtriage.localaws.securityhub.inprocess import ManualClock

Answer = Mapping[str, Any]
Call = Callable[..., Answer]
Break = Callable[[Call, dict[str, Any]], Answer]
"""Answers a request in place of the client; may call the client, or raise."""
NOW = 1_790_000_000.0
_NUMBERS = itertools.count()


class BrokenDynamo:
    """A client whose next calls go as `script` says, in order, and each later one as `always` does."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.script: list[Break] = []
        self.always: Break = plainly
        self.calls: list[str] = []

    def __getattr__(self, operation: str) -> Call:
        def call(**request: Any) -> Answer:
            self.calls.append(operation)
            how = self.script.pop(0) if self.script else self.always
            return how(getattr(self.client, operation), request)

        return call


def plainly(call: Call, request: dict[str, Any]) -> Answer:
    return call(**request)


def raising(code: str, status: int = 400) -> Break:
    """The service answers with an error."""

    def answer(call: Call, request: dict[str, Any]) -> Answer:
        described = {
            "Error": {"Code": code, "Message": "so it is"},
            "ResponseMetadata": {"HTTPStatusCode": status},
        }
        raise ClientError(described, "Operation")  # type: ignore[arg-type] # fewer members than AWS gives

    return answer


def silent(call: Call, request: dict[str, Any]) -> Answer:
    """No answer, and nothing done."""
    raise ReadTimeoutError(endpoint_url="https://dynamodb")


def losing_the_answer(call: Call, request: dict[str, Any]) -> Answer:
    """The service does it, and the answer is lost."""
    call(**request)
    raise ReadTimeoutError(endpoint_url="https://dynamodb")


def cut_off(call: Call, request: dict[str, Any]) -> Answer:
    """What botocore makes of a body that was cut off."""
    call(**request)
    return {"ResponseMetadata": {"HTTPStatusCode": 200}}


def failing_statements(code: str, *numbers: int) -> Break:
    """Some statements fail with a code; the others are run."""

    def answer(call: Call, request: dict[str, Any]) -> Answer:
        statements = request["Statements"]
        run = [each for number, each in enumerate(statements) if number not in numbers]
        answers = iter(call(Statements=run)["Responses"] if run else [])
        failed = {"Error": {"Code": code, "Message": "so it is"}}
        return {
            "Responses": [failed if number in numbers else next(answers) for number in range(len(statements))]
        }

    return answer


def leaving_unprocessed(count: int) -> Break:
    """The last `count` keys are given back unread."""

    def answer(call: Call, request: dict[str, Any]) -> Answer:
        ((table, asked),) = request["RequestItems"].items()
        read, left = asked["Keys"][:-count], asked["Keys"][-count:]
        responses = call(RequestItems={table: {**asked, "Keys": read}})["Responses"] if read else {}
        return {"Responses": responses, "UnprocessedKeys": {table: {**asked, "Keys": left}}}

    return answer


class LedgerBench(Protocol):
    """A ledger under test, and the ways to break it."""

    ledger: MemoryLedger | DynamoLedger

    def damage(self, key: Key, text: str) -> None:
        """Put a text in place of an entry."""

    def break_down(self) -> None:
        """Let every call fail from now on."""


@dataclass
class MemoryBench:
    ledger: MemoryLedger = field(default_factory=lambda: MemoryLedger(page=7))

    def damage(self, key: Key, text: str) -> None:
        self.ledger.items[key] = (self.ledger.items[key][0], text)

    def break_down(self) -> None:
        self.ledger.fault = LedgerFault(LedgerFaultKind.UNREACHABLE, "ConnectTimeoutError", "no answer")


@dataclass
class DynamoBench:
    client: BrokenDynamo
    table: str
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))
    ledger: DynamoLedger = field(init=False)

    def __post_init__(self) -> None:
        self.ledger = DynamoLedger(
            self.client, self.table, self.clock, Backoff(lambda: 0.5, base=0.05), page=7
        )

    def damage(self, key: Key, text: str) -> None:
        self.set(key, "entry", {"S": text})

    def set(self, key: Key, attribute: str, value: Mapping[str, Any]) -> None:
        self.client.client.update_item(
            TableName=self.table,
            Key={KEY: {"S": hash_of(key)}},
            UpdateExpression="SET #a = :v",
            ExpressionAttributeNames={"#a": attribute},
            ExpressionAttributeValues={":v": value},
        )

    def break_down(self) -> None:
        self.client.always = silent


@contextmanager
def dynamo_bench(cloud: LocalCloud) -> Iterator[DynamoBench]:
    """Make a table of its own, and remove it at the end."""
    client = cloud.client("dynamodb")
    table = f"ledger-{os.getpid()}-{next(_NUMBERS)}"
    client.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": KEY, "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": KEY, "AttributeType": KEY_TYPE}],
        BillingMode="PAY_PER_REQUEST",
    )
    try:
        yield DynamoBench(BrokenDynamo(client), table)
    finally:
        client.delete_table(TableName=table)
