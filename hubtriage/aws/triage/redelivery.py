"""Have messages delivered again as soon as they can be decided, instead of when their visibility ends."""

from collections.abc import Callable, Iterator, Mapping
from math import ceil
from typing import Any, Protocol

from hubtriage.aws.securityhub.faults import API_ERRORS, CallFault, Fault, call_fault
from hubtriage.aws.triage.events import Message

LEAST = 30.0
"""Seconds after which a message comes again at the earliest."""
MOST = 12 * 3600.0
"""AWS: seconds for which a message may stay invisible."""
MOST_ENTRIES = 10  # AWS: messages of one call
_SUFFIXES = {"aws-cn": "amazonaws.com.cn"}


class VisibilityApi(Protocol):
    """botocore's client of SQS, as far as it is used here."""

    def change_message_visibility_batch(self, **request: Any) -> Mapping[str, Any]:
        """Change for how long up to ten messages stay invisible."""


class Redelivery:
    """Changes the visibility of messages of the queue. `client` is asked for once, when it is needed."""

    def __init__(self, client: Callable[[], VisibilityApi], queue_url: str) -> None:
        self._make_client = client
        self._client: VisibilityApi | None = None
        self._queue_url = queue_url

    def bring_again(self, again_at: Mapping[Message, float], now: float) -> list[CallFault]:
        """Have each message come again at its time (epoch seconds); return what failed.

        A message that this fails for comes again when its visibility ends.
        """
        named = [(message.handle, at) for message, at in again_at.items() if message.handle is not None]
        starts = range(0, len(named), MOST_ENTRIES)
        return [fault for at in starts for fault in self._change(named[at : at + MOST_ENTRIES], now)]

    def _change(self, messages: list[tuple[str, float]], now: float) -> Iterator[CallFault]:
        entries = [
            {
                "Id": str(number),
                "ReceiptHandle": handle,
                "VisibilityTimeout": ceil(min(MOST, max(LEAST, at - now + 1))),
            }
            for number, (handle, at) in enumerate(messages)
        ]
        try:
            if self._client is None:
                self._client = self._make_client()
            answer = self._client.change_message_visibility_batch(QueueUrl=self._queue_url, Entries=entries)
        except API_ERRORS as error:
            yield call_fault(error)
            return
        for item in answer.get("Failed", ()):
            yield CallFault(Fault.REFUSED, str(item.get("Code")), str(item.get("Message", "")))


def url_of(queue: str) -> str:
    """Return the URL of a queue by its ARN."""
    _arn, partition, _service, region, account, name = queue.split(":", 5)
    return f"https://sqs.{region}.{_SUFFIXES.get(partition, 'amazonaws.com')}/{account}/{name}"
