"""What the doctor says of channels and queues of tickets."""

import io
import json
from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from hubtriage.aws.deliveries.tickets.records.group import TicketGroup
from hubtriage.aws.deliveries.tickets.records.record import TicketRecord
from hubtriage.doctor.account import Account
from hubtriage.doctor.checks.runtime import deliveries
from hubtriage.doctor.checks.runtime.deliveries import DeliveryState, judge, look
from hubtriage.doctor.verdict import UncheckedError

READY: Mapping[str, tuple[str, ...]] = {"sec-chat": (), "cloud": ()}
NONE_WAITS = {"given up": 0, "not put into their queue": 0}


@pytest.mark.parametrize(
    ("state", "status", "seen"),
    [
        pytest.param(
            DeliveryState(READY, NONE_WAITS, tickets=12),
            "ok",
            "sec-chat, cloud, 12 tickets: ready",
            id="all is well",
        ),
        pytest.param(
            DeliveryState({**READY, "cloud": ("no such project",)}, NONE_WAITS),
            "problem",
            "cloud cannot deliver",
            id="a queue that could not open a ticket",
        ),
        pytest.param(
            DeliveryState(READY, {**NONE_WAITS, "given up": 1200}),
            "problem",
            "sec-chat, cloud, 0 tickets; decisions 1,200 given up",
            id="decisions that were given up",
        ),
        pytest.param(
            DeliveryState(READY, NONE_WAITS, ("SEC-1", "SEC-7"), 9),
            "warning",
            "sec-chat, cloud, 9 tickets, not as they should be: SEC-1, SEC-7",
            id="tickets that failed",
        ),
        pytest.param(
            DeliveryState(READY, NONE_WAITS, (), 9, ("SEC-1", "SEC-7")),
            "warning",
            "sec-chat, cloud, 9 tickets; the queue of SEC-1, SEC-7 is gone",
            id="tickets of a queue that was removed or renamed",
        ),
    ],
)
def test_verdicts(state: DeliveryState, status: str, seen: str) -> None:
    verdict = judge(state)
    assert (verdict.status, verdict.seen) == (status, seen)


class Answering:
    """An account whose functions answer so; there are neither tickets nor messages."""

    def __init__(self, **answers: Any) -> None:
        self._answers = answers
        outputs = {f"ChannelFunction{name}": name for name in answers}
        queues = {f"Delivery{name}Url": name for name in ("DeadLetters", "Undelivered")}
        self.outputs = outputs | queues | {"TicketsTableName": "tickets"}
        self.deployed = SimpleNamespace(outputs=self.outputs, output=self.outputs.__getitem__)
        self.asked: list[Any] = []

    def client(self, _service: str) -> Any:
        return self

    def invoke(self, FunctionName: str, Payload: bytes) -> Mapping[str, Any]:  # noqa: N803 - AWS's names
        self.asked.append(json.loads(Payload))
        answer = self._answers[FunctionName]
        failed = {"FunctionError": "Unhandled"} if "errorMessage" in answer else {}
        return {"Payload": io.BytesIO(json.dumps(answer).encode()), **failed}

    def get_queue_attributes(self, **_request: Any) -> Mapping[str, Any]:
        return {"Attributes": {"ApproximateNumberOfMessages": "0"}}


def _looked(account: Answering) -> Any:
    return look(cast("Account", account))


def test_a_channel_says_itself_what_it_lacks_and_is_not_asked_to_send_anything() -> None:
    account = Answering(chat={"ready": False, "objections": ['the secret s has no text "url"']})
    verdict = _looked(account)
    assert (verdict.status, verdict.details) == ("problem", ('chat: the secret s has no text "url"',))
    assert account.asked == [{"notify": "check"}]


def test_a_function_that_fails_is_a_problem_and_one_of_another_version_is_not_known() -> None:
    assert "its function fails: boom" in _looked(Answering(chat={"errorMessage": "boom"})).details[0]
    with pytest.raises(UncheckedError, match="cannot examine itself"):
        _looked(Answering(chat={"batchItemFailures": []}))


def test_open_tickets_of_a_queue_that_is_not_deployed_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    account = Answering(cloud={"ready": True, "objections": []})
    account.outputs["QueueFunctioncloud"] = account.outputs.pop("ChannelFunctioncloud")
    kept = TicketRecord(TicketGroup("cloud", "r", "a"), state="open", id="1", key="SEC-1")
    records = [
        kept,
        replace(kept, group=TicketGroup("renamed", "r", "a"), key="SEC-2"),
        replace(kept, group=TicketGroup("renamed", "r", "b"), key="SEC-3", state="closed"),
    ]
    monkeypatch.setattr(deliveries, "_tickets", lambda _account, _table: records)
    verdict = _looked(account)
    assert (verdict.status, verdict.data["left"]) == ("warning", ["SEC-2"])


def test_a_stack_that_delivers_nothing_is_not_checked() -> None:
    account = Answering()
    del account.outputs["TicketsTableName"]
    assert _looked(account) is None
