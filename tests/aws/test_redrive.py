"""Dead letters are moved by AWS, which takes time and may fail; undelivered events are sent on in turn."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from hubtriage.aws.redrive import RedriveError, move_dead_letters, send_undelivered


class Queues:
    """SQS, as far as a redrive sees it: the answers about a task in turn, and one queue of messages."""

    def __init__(self, *tasks: Mapping[str, Any], messages: int = 0) -> None:
        self._tasks: Iterator[Mapping[str, Any]] = iter(tasks)
        self.undelivered = {f"handle-{n}": f"event {n}" for n in range(messages)}
        self.sent: list[tuple[str, str]] = []
        self.moved: list[str] = []
        self.refuses = False

    def start_message_move_task(self, **request: Any) -> Mapping[str, Any]:
        self.moved.append(request["SourceArn"])
        return {"TaskHandle": "t"}

    def list_message_move_tasks(self, **_request: Any) -> Mapping[str, Any]:
        return {"Results": [next(self._tasks)]}

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


def test_moving_is_awaited_and_counted() -> None:
    waits: list[float] = []
    running = {"Status": "RUNNING"}
    queues = Queues(running, running, {"Status": "COMPLETED", "ApproximateNumberOfMessagesMoved": 7})
    assert move_dead_letters(queues, "arn:dead", waits.append) == 7
    assert (queues.moved, waits) == (["arn:dead"], [1.0, 1.0])


@pytest.mark.parametrize("status", ["FAILED", "CANCELLED"])
def test_moving_that_fails_says_why(status: str) -> None:
    queues = Queues({"Status": status, "FailureReason": "AccessDenied"})
    with pytest.raises(RedriveError, match=f"{status}: AccessDenied"):
        move_dead_letters(queues, "arn:dead")


def test_undelivered_events_are_sent_on_and_deleted() -> None:
    queues = Queues(messages=25)
    assert send_undelivered(queues, "undelivered", "findings") == 25
    assert queues.sent == [("findings", f"event {n}") for n in range(25)]
    assert not queues.undelivered


def test_what_was_not_sent_on_stays() -> None:
    queues = Queues(messages=5)
    queues.refuses = True
    with pytest.raises(ConnectionError):
        send_undelivered(queues, "undelivered", "findings")
    assert list(queues.undelivered.values()) == ["event 3", "event 4"]
