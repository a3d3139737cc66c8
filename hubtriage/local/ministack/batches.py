"""Queues that hand a Lambda function batches over ten, after the mapping's batching window."""

import time
from collections.abc import Mapping
from typing import Any

from hubtriage.local.ministack.internals import module

_PAYLOAD_LIMIT = 6 * 1024 * 1024
"""AWS: bytes of one batch of an SQS event source mapping."""
_RECORD_OVERHEAD = 1024


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
        """How many messages to take now."""
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
        """The batching window of the mapping that reads the queue, at most the longest allowed here."""
        arn = queue["attributes"].get("QueueArn")
        mappings = module("services.lambda_svc")._esms.all_values()
        windows = [
            m.get("MaximumBatchingWindowInSeconds") or 0 for m in mappings if m.get("EventSourceArn") == arn
        ]
        return min(self._longest_window, max(windows, default=0))


def fitting(sizes: list[int]) -> int:
    """How many of the first messages fit into one payload; one always does."""
    total = 0
    for count, size in enumerate(sizes):
        total += size
        if total > _PAYLOAD_LIMIT and count:
            return count
    return len(sizes)
