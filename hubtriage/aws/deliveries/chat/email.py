"""E-mail, by a topic of SNS: one message for each batch, as plain text.

Mail readers turn whatever looks like an address into a link, which is why no text of a finding keeps one.
"""

from collections.abc import Iterator, Sequence

from hubtriage.aws.deliveries.chat.grouping import EventGroup
from hubtriage.aws.deliveries.chat.post import Post
from hubtriage.aws.deliveries.chat.sending import pack
from hubtriage.aws.deliveries.http import Answer, Done, NotDone, Unknown
from hubtriage.aws.securityhub.faults import API_ERRORS, Fault, call_fault
from hubtriage.aws.switch.breaker import Topic

LONGEST_SUBJECT = 99
"""AWS: a subject has fewer than 100 characters, in ASCII and on one line."""
MOST_GROUPS = 100
LARGEST = 200_000
"""Bytes of a message. AWS takes 256 KiB, the subject included."""
_STATUS = {Fault.DENIED: 403, Fault.REFUSED: 400, Fault.THROTTLED: 429}
_FOOT = "The addresses of links in these texts are made unusable on purpose: findings may hold any text."


class EmailChannel:
    """Publishes messages to a topic; SNS mails them to the addresses that have confirmed."""

    pause = 0.0

    def __init__(self, sns: Topic, topic: str, stack: str) -> None:
        self._sns = sns
        self._topic = topic
        self._stack = stack

    def posts(self, groups: Sequence[EventGroup]) -> list[Post]:
        """Return few long messages."""
        return pack(groups, self._stack, _fits, MOST_GROUPS)

    def send(self, post: Post) -> Answer:
        """Publish a message."""
        try:
            self._sns.publish(TopicArn=self._topic, Subject=subject(post), Message=body(post))
        except API_ERRORS as error:
            fault = call_fault(error)
            reason = f"SNS: {fault.code}"
            if fault.kind is Fault.TRANSIENT:
                return Unknown(reason) if fault.may_have_worked else NotDone(reason)
            return NotDone(reason, fault.kind is not Fault.THROTTLED, status=_STATUS[fault.kind])
        return Done(200)


def subject(post: Post) -> str:
    """Return the subject; what is not ASCII becomes a question mark."""
    plain = "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in post.title)
    return plain[:LONGEST_SUBJECT].strip() or "hubtriage"


def body(post: Post) -> str:
    """Return the text of a message."""
    return "\n".join((*_lines(post), _FOOT)) + "\n"


def _fits(post: Post) -> bool:
    return len(body(post).encode()) <= LARGEST


def _lines(post: Post) -> Iterator[str]:
    for paragraph in post.paragraphs:
        yield paragraph.headline
        yield from (f"  - {line}" for line in paragraph.lines)
        if paragraph.link:
            yield f"  {paragraph.link}"
        yield ""
