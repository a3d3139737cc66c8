"""Group the events of a batch: by rule, by kind, and by what the rule groups its findings by. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hubtriage.aws.deliveries.envelope import ReceivedEvent

ORDER = (
    "mode-changed",
    "escalated",
    "reopened",
    "returned",
    "refused",
    "overruled",
    "raised",
    "expires-soon",
    "hidden",
    "lowered",
    "resolved",
    "changed",
    "sweep-finished",
)
"""Kinds of events, those first that people may have to act on."""
SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL")


@dataclass(frozen=True, slots=True)
class EventGroup:
    """Events that are shown together.

    `rule` is the rule that decided, whichever rule orders the message: owner, ticket and reason of the event
    are its own. Where the event names none, it is that of the order. `common`, which all findings have in
    common, is that of the order, or the account.
    """

    kind: str
    rule: str
    common: str
    events: tuple[ReceivedEvent, ...]

    @property
    def first(self) -> ReceivedEvent:
        """Return an event that stands for all."""
        return self.events[0]

    def accounts(self) -> list[str]:
        """Return the accounts of the findings, each once."""
        return list(dict.fromkeys(str(event.finding.get("account") or "") for event in self.events))

    def severities(self) -> Mapping[str, int]:
        """Count the findings by severity, the worst first; anything else counts as `other`."""
        counted = Counter(_severity(event.finding) for event in self.events)
        return {name: counted[name] for name in (*SEVERITIES, "other") if counted[name]}


def groups_of(events: Iterable[ReceivedEvent], channel: str) -> list[EventGroup]:
    """Return the groups of a channel, urgent ones first.

    An event that several rules order for the channel is sent once, for the first of them. One that no rule
    orders is there because the channel wants all of its kind.
    """
    grouped: dict[tuple[str, str, str], list[ReceivedEvent]] = {}
    for event in events:
        grouped.setdefault(_group(event, channel), []).append(event)
    groups = [EventGroup(kind, rule, common, tuple(some)) for (kind, rule, common), some in grouped.items()]
    return sorted(
        groups, key=lambda group: (_urgency(group.kind), -len(group.events), group.rule, group.common)
    )


def is_for(event: ReceivedEvent, channel: str, about: Sequence[str]) -> bool:
    """Say whether an event is meant for a channel: a rule orders it, or the channel wants its kind."""
    return event.kind in about or bool(event.orders(channel, "message"))


def _group(event: ReceivedEvent, channel: str) -> tuple[str, str, str]:
    if event.is_operation:
        return event.kind, "", event.id  # each by itself
    order = next(iter(event.orders(channel, "message")), None)
    if order is not None:
        return event.kind, str(event.detail.get("rule") or order.rule), order.group
    return event.kind, str(event.detail.get("rule") or ""), str(event.finding.get("account") or "")


def _urgency(kind: str) -> int:
    return ORDER.index(kind) if kind in ORDER else len(ORDER)


def _severity(finding: Mapping[str, Any]) -> str:
    severity = finding.get("severity")
    return severity if severity in SEVERITIES else "other"
