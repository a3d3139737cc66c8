"""A group of findings that share a ticket, and the names that come of it."""

from dataclasses import dataclass

from hubtriage.aws.decision_events.digest import digest

SEPARATOR = "#"
"""Between queue, rule and group in a partition key. Names of queues and ids of rules do not have it."""


@dataclass(frozen=True, slots=True, order=True)
class TicketGroup:
    """What one ticket is about: a queue, a rule, and what the findings have in common.

    `name` is an account id, a control, a resource, …, as the event says; texts of findings may be in it.
    """

    queue: str
    rule: str
    name: str

    @property
    def key(self) -> str:
        """The partition key of the group's items. It begins with the queue, whose function may write it."""
        return SEPARATOR.join((self.queue, self.rule, self.name))

    @classmethod
    def of(cls, key: str) -> "TicketGroup":
        """Return the group of a partition key; raise ValueError if it is none."""
        queue, rule, name = key.split(SEPARATOR, 2)
        if not (queue and rule and name):
            raise ValueError(f"{key!r} is no key of a group")
        return cls(queue, rule, name)


def claim_key(scope: str, group: TicketGroup, episode: int) -> str:
    """Return what the ticket of a group carries, so that it is found again: 32 hexadecimal digits.

    `scope` tells stacks apart that share a project. An episode ends where a new ticket follows one that
    cannot be opened again.
    """
    return digest(scope, group.queue, group.rule, group.name, episode)


def comment_key(claim: str, what: str, number: int) -> str:
    """Return what a comment carries, so that it is made once."""
    return digest("comment", claim, what, number)


def finding_digest(hub: str, product_arn: str, finding_id: str) -> str:
    """Return what names a finding within a group."""
    return digest(hub, product_arn, finding_id)
