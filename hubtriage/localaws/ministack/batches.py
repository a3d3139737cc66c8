"""Queues that hand a Lambda function batches over ten, after the mapping's batching window; again soon."""

import time
from collections.abc import Mapping
from typing import Any

from hubtriage.localaws.ministack.internals import module

_PAYLOAD_LIMIT = 6 * 1024 * 1024
"""AWS: bytes of one batch of an SQS event source mapping."""
_RECORD_OVERHEAD = 1024
LONGEST_WAIT = 10.0
"""Seconds after which what a function failed comes again. AWS: after as long as the queue says, counted from
when it was handed out. With a stack of ours that is half an hour, and here a person waits for it.
"""


class Batches:
    """Messages for a Lambda function, in batches as large as its mapping wants.

    ministack gives at most ten at a time and knows no batching window. AWS: a batch goes when it is full
    (by count, or at 6 MB) or when its window is over.
    """

    def __init__(self, longest_window: float) -> None:
        self._longest_window = longest_window
        self._over = False
        self._waiting_since: dict[str, float] = {}

    def receive(self, queue_url: str, batch_size: int) -> list[dict[str, Any]]:
        """Take a batch from a queue, or nothing as long as it is worth waiting for more."""
        sqs = module("services.sqs")
        with sqs._queues_lock:
            queue = sqs._get_q(queue_url)
            sqs._expire_retained(queue)
            sqs._dlq_sweep(queue)
            count = self._worth(queue, queue_url, batch_size)
            if not count or self._over:
                return []
            self._waiting_since.pop(queue_url, None)
            timeout = int(queue["attributes"].get("VisibilityTimeout", "30"))
            messages: list[dict[str, Any]] = sqs._collect_msgs(queue, count, timeout)
            return messages

    def end(self) -> None:
        """Hand out nothing any more."""
        self._over = True

    def _worth(self, queue: Mapping[str, Any], queue_url: str, batch_size: int) -> int:
        """Return how many messages to take now."""
        now = time.time()
        sizes = [
            len(m["body"]) + _RECORD_OVERHEAD for m in queue["messages"] if m.get("visible_at", 0) <= now
        ]
        count = fitting(sizes[:batch_size])
        if not count:
            return 0
        full = count == batch_size or count < len(sizes)
        since = self._waiting_since.setdefault(queue_url, now)
        return count if full or now - since >= self._window(queue) else 0

    def _window(self, queue: Mapping[str, Any]) -> float:
        """Return the batching window of the mapping that reads the queue, cut to the longest allowed here."""
        arn = queue["attributes"].get("QueueArn")
        mappings = module("services.lambda_svc")._esms.all_values()
        windows = [
            m.get("MaximumBatchingWindowInSeconds") or 0 for m in mappings if m.get("EventSourceArn") == arn
        ]
        return min(self._longest_window, max(windows, default=0))


def hand_out_again_soon() -> None:
    """Deliver messages that a function failed again after `LONGEST_WAIT` at the latest."""
    functions, sqs = module("services.lambda_svc"), module("services.sqs")
    handle = functions._run_sqs_batch

    def run(esm: Any, function: Any, event: Any, batch: list[dict[str, Any]], *names: Any) -> None:
        handle(esm, function, event, batch, *names)
        with sqs._queues_lock:
            for message in batch:
                message["visible_at"] = min(message["visible_at"], time.time() + LONGEST_WAIT)

    functions._run_sqs_batch = run


def fitting(sizes: list[int]) -> int:
    """Return how many of the first messages fit into one payload; one always does."""
    total = 0
    for count, size in enumerate(sizes):
        total += size
        if total > _PAYLOAD_LIMIT and count:
            return count
    return len(sizes)
