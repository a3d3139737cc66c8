"""Send to an address that is a secret, and put groups into messages that a product takes whole."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from hubtriage.aws.deliveries.chat.grouping import EventGroup
from hubtriage.aws.deliveries.chat.post import Post
from hubtriage.aws.deliveries.chat.wording import post_of
from hubtriage.aws.deliveries.http import Answer, HttpClient, NotDone, Request
from hubtriage.aws.deliveries.secrets import Credentials, SecretStore

REFUSED = (401, 403, 404, 410)
"""Statuses of an address that is no longer taken: the address is the credential."""
MOST_GROUPS = 8
"""Notes of one message: more are not read."""


class SecretSender:
    """Sends requests that are made of one secret."""

    def __init__(self, http: HttpClient, store: SecretStore) -> None:
        self._http = http
        self._store = store

    def send(self, request: Callable[[Credentials], Request]) -> Answer:
        """Send a request; once more if it was refused and the secret has changed since it was read.

        Raises SecretError, and what `request` raises.
        """
        answer = self._http.send(request(self._store.credentials()))
        if is_refused(answer) and self._store.changed():
            answer = self._http.send(request(self._store.credentials()))
        if isinstance(answer, NotDone):
            return replace(answer, reason=self._store.credentials().redact(answer.reason))
        return answer


def is_refused(answer: Answer) -> bool:
    """Say whether the address, or what signs the message, is no longer taken."""
    return isinstance(answer, NotDone) and answer.status in REFUSED


def pack(
    groups: Sequence[EventGroup], stack: str, fits: Callable[[Post], bool], most: int = MOST_GROUPS
) -> list[Post]:
    """Put groups into as few messages as fit, at most `most` into one. A group alone makes a message."""
    packed: list[list[EventGroup]] = []
    for group in groups:
        fuller = [*packed[-1], group] if packed else []
        if fuller and len(fuller) <= most and fits(post_of(fuller, stack)):
            packed[-1] = fuller
        else:
            packed.append([group])
    return [post_of(some, stack) for some in packed]
