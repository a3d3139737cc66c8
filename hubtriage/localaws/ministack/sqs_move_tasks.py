"""Message move tasks of SQS, which ministack lacks: dead letters go back to the queues they came from."""

import json
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

Request = Mapping[str, Any]
Handler = Callable[[Request, str], dict[str, Any]]


class MoveTasks:
    """The tasks of all queues; `sqs` is ministack's module of that name.

    A task is over when its call returns. AWS: a moved message is a new one, with an id, a time of sending
    and a count of deliveries of its own; messages in flight stay.
    """

    def __init__(self, sqs: Any) -> None:
        self._sqs = sqs
        self._tasks: dict[str, list[dict[str, Any]]] = {}

    def handlers(self) -> Mapping[str, Handler]:
        """Return the actions by name, as ministack calls them."""
        return {"StartMessageMoveTask": self.start, "ListMessageMoveTasks": self.listed}

    def start(self, request: Request, _queue_url: str) -> dict[str, Any]:
        """Move what is visible; raises ministack's error unless SourceArn is a queue's dead-letter queue."""
        arn = str(request.get("SourceArn"))
        with self._sqs._queues_lock:
            source = self._queue(arn)
            if not self._is_dead_letter_queue(arn):
                raise self._sqs._Err("UnsupportedOperation", "Source queue must be a dead letter queue", 400)
            moved = sum(
                self._move(message, source, request.get("DestinationArn")) for message in _visible(source)
            )
        task = {
            "TaskHandle": str(uuid.uuid4()),
            "Status": "COMPLETED",
            "SourceArn": arn,
            "ApproximateNumberOfMessagesMoved": moved,
            "ApproximateNumberOfMessagesToMove": moved,
            "StartedTimestamp": int(time.time() * 1000),
        }
        self._tasks.setdefault(arn, []).insert(0, task)
        return {"TaskHandle": task["TaskHandle"]}

    def listed(self, request: Request, _queue_url: str) -> dict[str, Any]:
        """Return the tasks of a queue, newest first. AWS: one, unless MaxResults asks for up to ten."""
        most = min(10, int(request.get("MaxResults") or 1))
        tasks = self._tasks.get(str(request.get("SourceArn")), [])[:most]
        return {"Results": [{name: task[name] for name in task if name != "TaskHandle"} for task in tasks]}

    def _queue(self, arn: str) -> dict[str, Any]:
        queue: dict[str, Any] | None = self._sqs._queue_by_arn(arn)
        if queue is None:
            raise self._sqs._Err("ResourceNotFoundException", f"There is no queue {arn}.", 404)
        return queue

    def _is_dead_letter_queue(self, arn: str) -> bool:
        policies = (q["attributes"].get("RedrivePolicy") or "{}" for q in self._sqs._queues.all_values())
        return any(json.loads(policy).get("deadLetterTargetArn") == arn for policy in policies)

    def _move(self, message: dict[str, Any], source: dict[str, Any], destination: str | None) -> bool:
        came_from = message.get("sys", {}).get("DeadLetterQueueSourceArn")
        target = destination or came_from
        if target is None:
            return False
        now = time.time()
        system = {name: value for name, value in message["sys"].items() if name != "DeadLetterQueueSourceArn"}
        anew = {
            "id": str(uuid.uuid4()),
            "receipt_handle": None,
            "sent_at": now,
            "visible_at": now,
            "enqueued_at": now,
            "receive_count": 0,
            "first_receive_at": None,
            "sys": system | {"SentTimestamp": str(int(now * 1000))},
        }
        self._queue(target)["messages"].append(message | anew)
        source["messages"] = [other for other in source["messages"] if other is not message]
        return True


def _visible(queue: Mapping[str, Any]) -> list[dict[str, Any]]:
    now = time.time()
    return [message for message in queue["messages"] if message.get("visible_at", 0) <= now]
