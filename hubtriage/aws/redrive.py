"""Bring back what was given up: move dead letters and undelivered events into the queue."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

TARGET = "TARGET_ARN"
"""AWS: the attribute by which an undelivered event says which target it was for."""
AT_ONCE = 10  # AWS: messages of one ReceiveMessage
POLL = 1.0
"""Seconds between two looks at a task that moves messages."""
PATIENCE = 60.0
"""Seconds for which a task that was started may not be shown."""


class Queues(Protocol):
    """boto3's client of SQS, as far as it is used here."""

    def start_message_move_task(self, **request: Any) -> Mapping[str, Any]:
        """Start to move the messages of a dead-letter queue back."""

    def list_message_move_tasks(self, **request: Any) -> Mapping[str, Any]:
        """Return the tasks of a dead-letter queue, the newest first."""

    def receive_message(self, **request: Any) -> Mapping[str, Any]:
        """Take messages for a while."""

    def send_message(self, **request: Any) -> Mapping[str, Any]:
        """Put a message into a queue."""

    def delete_message(self, **request: Any) -> Mapping[str, Any]:
        """Remove a message that was received."""

    def get_queue_url(self, **request: Any) -> Mapping[str, Any]:
        """Return the URL of a queue by its name."""


class RedriveError(RuntimeError):
    """Messages could not be moved; the message says why."""


def move_dead_letters(queues: Queues, dead_letters: str, sleep: Callable[[float], None] = time.sleep) -> int:
    """Move the messages of the queue with the ARN `dead_letters` back to their source; return how many.

    AWS moves them, which takes a while; this returns when it is over. Raises RedriveError when it fails, and
    botocore's errors.
    """
    last = _newest_task(queues, dead_letters)
    queues.start_message_move_task(SourceArn=dead_letters)
    task = _shown_task(queues, dead_letters, last, sleep)
    while task["Status"] in ("RUNNING", "CANCELLING"):
        sleep(POLL)
        task = _shown_task(queues, dead_letters, last, sleep)
    if task["Status"] != "COMPLETED":
        raise RedriveError(
            f"AWS ended the move as {task['Status']}: {task.get('FailureReason', 'no reason given')}"
        )
    return int(task.get("ApproximateNumberOfMessagesMoved", 0))


def _shown_task(
    queues: Queues, dead_letters: str, last: Mapping[str, Any], sleep: Callable[[float], None]
) -> Mapping[str, Any]:
    """Wait until a new task is shown, and return it.

    AWS: a task that is over has no handle any more, but the time of its start.
    """
    for _look in range(round(PATIENCE / POLL)):
        task = _newest_task(queues, dead_letters)
        if task.get("StartedTimestamp") != last.get("StartedTimestamp"):
            return task
        sleep(POLL)
    raise RedriveError(f"the move was started, but AWS does not show it after {PATIENCE:g} s")


def _newest_task(queues: Queues, dead_letters: str) -> Mapping[str, Any]:
    """Return the newest task, empty if there was none. AWS: one is listed unless more are asked for."""
    tasks: list[Mapping[str, Any]] = queues.list_message_move_tasks(SourceArn=dead_letters).get("Results", [])
    return tasks[0] if tasks else {}


def send_undelivered(queues: Queues, undelivered: str, queue: str) -> int:
    """Send the events in the queue at the URL `undelivered` on to `queue`; return how many.

    AWS: a move task takes only dead letters of queues, and these are EventBridge's. Each event is sent before
    it is deleted: after an interruption it is sent twice, which changes nothing. Raises botocore's errors.
    """
    sent = 0
    while messages := _received(queues, undelivered):
        for message in messages:
            queues.send_message(QueueUrl=queue, MessageBody=message["Body"])
            queues.delete_message(QueueUrl=undelivered, ReceiptHandle=message["ReceiptHandle"])
            sent += 1
    return sent


@dataclass(frozen=True, slots=True)
class Forwarded:
    """Events that were sent on to their queues, and those that do not say where they were to go."""

    sent: int
    left: int


def forward_undelivered(queues: Queues, undelivered: str) -> Forwarded:
    """Send each event in the queue at the URL `undelivered` on to the queue that it was for.

    AWS: an attribute of the message says which. A message without it stays, and is counted. Raises botocore's
    errors.
    """
    urls: dict[str, str] = {}
    left: set[str] = set()
    sent = 0
    while messages := _received(queues, undelivered, MessageAttributeNames=[TARGET]):
        if left.issuperset(message["MessageId"] for message in messages):
            break
        for message in messages:
            target = message.get("MessageAttributes", {}).get(TARGET, {}).get("StringValue")
            if target is None:
                left.add(message["MessageId"])
                continue
            if target not in urls:
                urls[target] = _url_of(queues, target)
            queues.send_message(QueueUrl=urls[target], MessageBody=message["Body"])
            queues.delete_message(QueueUrl=undelivered, ReceiptHandle=message["ReceiptHandle"])
            sent += 1
    return Forwarded(sent, len(left))


def _url_of(queues: Queues, arn: str) -> str:
    _, _, service, _region, account, name = arn.split(":", 5)
    if service != "sqs":
        raise RedriveError(f"an event was not for a queue, but for {arn}")
    return str(queues.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"])


def _received(queues: Queues, url: str, **options: Any) -> list[dict[str, Any]]:
    """Receive messages. AWS: a call that waits asks all servers, so an empty answer means an empty queue."""
    answer = queues.receive_message(QueueUrl=url, MaxNumberOfMessages=AT_ONCE, WaitTimeSeconds=1, **options)
    messages: list[dict[str, Any]] = answer.get("Messages", [])
    return messages
