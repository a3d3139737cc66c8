"""What an event says of a finding to a queue, as members of groups."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from hubtriage.aws.deliveries.envelope import Order, ReceivedEvent
from hubtriage.aws.deliveries.tickets.records.group import TicketGroup, finding_digest
from hubtriage.aws.deliveries.tickets.records.member import Member, remark_of

LONGEST_GROUP = 200
LONGEST_RULE = 200
_KEY = re.compile(r"[0-9a-f]{32}", re.ASCII)
BY_PEOPLE = {"resolved": "a person has resolved it", "suppressed": "a person has suppressed it"}


class NewsError(ValueError):
    """An event that asks for a ticket and does not say for what."""


def members_of(event: ReceivedEvent, queue: str) -> list[tuple[TicketGroup, Member]]:
    """Return the members that an event changes, each group once. Raises NewsError.

    A rule may group by something else now, and the group may have the same name all the same. Then the event
    says that the finding is done there, and that it is open there: it is open.
    """
    found: dict[TicketGroup, Member] = {}
    for group, member in _members(event, queue):
        if group not in found or member.is_open:
            found[group] = member
    return list(found.items())


def _members(event: ReceivedEvent, queue: str) -> Iterator[tuple[TicketGroup, Member]]:
    for order in event.orders(queue, "ticket"):
        rule, name = order.rule[:LONGEST_RULE], order.group[:LONGEST_GROUP]
        if not rule or not name or "#" in rule or not (rule + name).isprintable():
            raise NewsError(f"a ticket of rule {rule!r} for group {name!r}")
        yield TicketGroup(queue, rule, name), _member(event, order)


def _member(event: ReceivedEvent, order: Order) -> Member:
    if order.state not in ("open", "done") or event.sequence < 1:
        raise NewsError(f"state {order.state!r}, sequence {event.sequence!r}")
    finding = event.finding
    resource = _first(finding.get("resources"))
    product_arn, name, hub = (
        _text(finding.get("product_arn")),
        _text(finding.get("id")),
        _text(event.detail.get("hub")),
    )
    key = _text(finding.get("key"))
    remark = _remark(event, order)
    is_own = event.detail.get("rule") == order.rule  # else owner and reason are those of another rule
    return Member(
        digest=key if _KEY.fullmatch(key) else finding_digest(hub, product_arn, name),
        sequence=event.sequence,
        at=_epoch(event.time),
        state="open" if order.state == "open" else "done",
        why=order.why,
        severity=_text(finding.get("severity")) or "INFORMATIONAL",
        title=_text(finding.get("title")),
        account=_text(finding.get("account")),
        region=_text(finding.get("region")),
        resource=_text(resource.get("id")),
        resource_type=_text(resource.get("type")),
        control=_text(finding.get("control")) or None,
        product_arn=product_arn,
        finding=name,
        hub=hub or "cspm",
        url=_text(finding.get("url")) or None,
        owner=(_text(event.detail.get("owner")) or None) if is_own else None,
        reason=(_text(event.detail.get("reason")) or None) if is_own else None,
        per=order.per,
        remarks=(remark_of(event.sequence, remark),) if remark else (),
    )


def _remark(event: ReceivedEvent, order: Order) -> str | None:
    """Return what people have to read in a comment: that a person has decided otherwise."""
    overruled = event.detail.get("overruled")
    if isinstance(overruled, list) and overruled:
        fields = ", ".join(_text(field)[:100] for field in overruled[:5])
        return f"a person has overruled hubtriage ({fields})"
    return BY_PEOPLE.get(order.why or "") if event.kind == "resolved" else None


def _epoch(time: str) -> float:
    try:
        moment = datetime.fromisoformat(time)
    except ValueError as error:
        raise NewsError(f"time {time!r}") from error
    if moment.tzinfo is None:
        raise NewsError(f"time {time!r} has no time zone")
    return moment.timestamp()


def _first(listed: object) -> Mapping[str, Any]:
    first = listed[0] if isinstance(listed, list) and listed else None
    return first if isinstance(first, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
