"""Dead letters are moved by AWS, which takes time and may fail; undelivered events are sent on in turn."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from hubtriage.aws.redrive import (
    Forwarded,
    RedriveError,
    forward_undelivered,
    move_dead_letters,
    send_undelivered,
)


class RedrivenQueues:
    """SQS, as far as a redrive sees it: the newest task at each look, and one queue of messages.

    `before`: the newest task until another is started.
    """

    def __init__(
        self, *tasks: Mapping[str, Any], before: Mapping[str, Any] | None = None, messages: int = 0
    ) -> None:
        self._tasks: Iterator[Mapping[str, Any] | None] = iter(tasks)
        self._before = before
        self.undelivered = {f"handle-{n}": f"event {n}" for n in range(messages)}
        self.sent: list[tuple[str, str]] = []
        self.moved: list[str] = []
        self.refuses = False

    def start_message_move_task(self, **request: Any) -> Mapping[str, Any]:
        self.moved.append(request["SourceArn"])
        return {"TaskHandle": "t"}

    def list_message_move_tasks(self, **_request: Any) -> Mapping[str, Any]:
        task = next(self._tasks) if self.moved else self._before
        return {"Results": [task] if task else []}

    def receive_message(self, **request: Any) -> Mapping[str, Any]:
        found = list(self.undelivered.items())[: request["MaxNumberOfMessages"]]
        return (
            {"Messages": [{"ReceiptHandle": handle, "Body": body} for handle, body in found]} if found else {}
        )

    def send_message(self, **request: Any) -> Mapping[str, Any]:
        if self.refuses and len(self.sent) == 3:
            raise ConnectionError
        self.sent.append((request["QueueUrl"], request["MessageBody"]))
        return {}

    def delete_message(self, **request: Any) -> Mapping[str, Any]:
        del self.undelivered[request["ReceiptHandle"]]
        return {}

    def get_queue_url(self, **request: Any) -> Mapping[str, Any]:
        return {"QueueUrl": f"url of {request['QueueName']}"}


RUNNING = {"Status": "RUNNING", "StartedTimestamp": 2000}
DONE = {"Status": "COMPLETED", "StartedTimestamp": 2000, "ApproximateNumberOfMessagesMoved": 7}
OF_YESTERDAY = {"Status": "COMPLETED", "StartedTimestamp": 1000, "ApproximateNumberOfMessagesMoved": 3}


@pytest.mark.parametrize(
    ("before", "looks"),
    [
        pytest.param(None, (RUNNING, RUNNING, DONE), id="the first there is"),
        pytest.param(None, ({}, {}, DONE), id="the first, shown late"),
        pytest.param(OF_YESTERDAY, (OF_YESTERDAY, RUNNING, DONE), id="one shown after that of yesterday"),
        pytest.param(
            OF_YESTERDAY, (RUNNING, OF_YESTERDAY, DONE), id="one shown, and then that of yesterday again"
        ),
        pytest.param(
            OF_YESTERDAY | {"Status": "FAILED"},
            (OF_YESTERDAY | {"Status": "FAILED"}, RUNNING, DONE),
            id="one shown after that which failed",
        ),
    ],
)
def test_moving_is_awaited_and_counted(
    before: Mapping[str, Any] | None, looks: tuple[Mapping[str, Any], ...]
) -> None:
    waits: list[float] = []
    queues = RedrivenQueues(*looks, before=before)
    assert move_dead_letters(queues, "arn:dead", waits.append) == 7
    assert (queues.moved, waits) == (["arn:dead"], [1.0, 1.0])


def test_moving_that_is_never_shown_is_not_awaited_for_ever() -> None:
    waits: list[float] = []
    queues = RedrivenQueues(*[OF_YESTERDAY] * 1000, before=OF_YESTERDAY)
    with pytest.raises(RedriveError, match="does not show it after 60 s"):
        move_dead_letters(queues, "arn:dead", waits.append)
    assert sum(waits) == 60


@pytest.mark.parametrize("status", ["FAILED", "CANCELLED"])
def test_moving_that_fails_says_why(status: str) -> None:
    queues = RedrivenQueues({"Status": status, "StartedTimestamp": 2000, "FailureReason": "AccessDenied"})
    with pytest.raises(RedriveError, match=f"{status}: AccessDenied"):
        move_dead_letters(queues, "arn:dead")


def test_undelivered_events_are_sent_on_and_deleted() -> None:
    queues = RedrivenQueues(messages=25)
    assert send_undelivered(queues, "undelivered", "findings") == 25
    assert queues.sent == [("findings", f"event {n}") for n in range(25)]
    assert not queues.undelivered


def test_what_was_not_sent_on_stays() -> None:
    queues = RedrivenQueues(messages=5)
    queues.refuses = True
    with pytest.raises(ConnectionError):
        send_undelivered(queues, "undelivered", "findings")
    assert list(queues.undelivered.values()) == ["event 3", "event 4"]


class AddressedQueues(RedrivenQueues):
    """Undelivered events that say for which queue they were; every third does not."""

    def receive_message(self, **request: Any) -> Mapping[str, Any]:
        assert request["MessageAttributeNames"] == ["TARGET_ARN"]
        found = [
            {"MessageId": handle, "ReceiptHandle": handle, "Body": body, **self._target(body)}
            for handle, body in self.undelivered.items()
        ]
        return {"Messages": found[: request["MaxNumberOfMessages"]]}

    @staticmethod
    def _target(body: str) -> Mapping[str, Any]:
        number = int(body.removeprefix("event "))
        arn = f"arn:aws:sqs:eu-central-1:111122223333:{'chat' if number % 3 else 'tickets'}"
        return {} if number == 1 else {"MessageAttributes": {"TARGET_ARN": {"StringValue": arn}}}


def test_undelivered_decisions_go_to_the_queue_that_each_was_for() -> None:
    queues = AddressedQueues(messages=14)
    assert forward_undelivered(queues, "undelivered") == Forwarded(sent=13, left=1)
    expected = {(f"url of {'chat' if n % 3 else 'tickets'}", f"event {n}") for n in range(14) if n != 1}
    assert set(queues.sent) == expected
    assert list(queues.undelivered.values()) == ["event 1"], "no one knows where it was to go"


def test_an_undelivered_decision_for_anything_but_a_queue_is_not_guessed_at() -> None:
    queues = AddressedQueues(messages=1)
    queues._target = lambda _body: {  # type: ignore[method-assign]
        "MessageAttributes": {"TARGET_ARN": {"StringValue": "arn:aws:lambda:eu-central-1:1:function:f"}}
    }
    with pytest.raises(RedriveError, match="not for a queue, but for arn:aws:lambda"):
        forward_undelivered(queues, "undelivered")
    assert not queues.sent
