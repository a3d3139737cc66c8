"""Each finding of a batch once: its newest event, and every message that showed it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from hubtriage.aws.ledger.lease import LAG
from hubtriage.aws.securityhub.api import Finding, Key
from hubtriage.aws.securityhub.namesakes import accounts_of
from hubtriage.aws.triage.events import FindingEvent, HandBack, Message, SweepOrder
from hubtriage.engine.text.timestamps import parse_timestamp


@dataclass(frozen=True, slots=True)
class DeduplicatedFinding:
    """The newest event of a finding, and every message that showed the finding: they share its outcome.

    `others` are the finding as other events show it. Each of them may be just as new. `accounts` are those
    that the events name: if there are two, these are two findings with one key. `hand_back` is the last one;
    if there is nothing else, `newest` names the finding and does not show it.
    """

    newest: FindingEvent
    messages: tuple[Message, ...]
    others: tuple[Finding, ...] = ()
    accounts: tuple[str, ...] = ()
    hand_back: HandBack | None = None

    @property
    def is_shown(self) -> bool:
        """Whether an event shows the finding."""
        return self.newest.hand_back is None


def newest(finding_events: Iterable[FindingEvent]) -> dict[Key, DeduplicatedFinding]:
    """Return each finding once, in order of first appearance, as its newest event shows it.

    The newest is decided by `UpdatedAt`, then by the envelope's time, then by when SQS got the event, then by
    its place in the batch. AWS: `UpdatedAt` only grows, but it belongs to the provider: an update by a person
    does not move it. The envelope's time is in whole seconds, so events of one second have no order. An order
    of a sweep holds for the newest event too: they end together, and the order does not come again.
    """
    seen: dict[Key, list[FindingEvent]] = {}
    for event in finding_events:
        seen.setdefault(event.key, []).append(event)
    return {key: _together(found) for key, found in seen.items()}


def _together(found: list[FindingEvent]) -> DeduplicatedFinding:
    if len(found) == 1:
        only = found[0]
        accounts = accounts_of([only.finding])
        return DeduplicatedFinding(only, (only.message,), accounts=accounts, hand_back=only.hand_back)
    messages = tuple(dict.fromkeys(event.message for event in found))
    showing = [event for event in found if event.hand_back is None]
    last = sorted(showing or found, key=_recency)[-1]  # of equals the last in the batch
    others = (other.finding for other in showing if _may_be_newer(other, last))
    different = tuple(other for other in others if _differ(other, last.finding))
    return DeduplicatedFinding(
        replace(last, order=_newest_order(found)),
        messages,
        different,
        accounts_of(event.finding for event in found),
        max((each.hand_back for each in found if each.hand_back), key=lambda each: each.time, default=None),
    )


def _differ(one: Finding, other: Finding) -> bool:
    try:
        return one != other
    except RecursionError:  # findings that are nested so deep cannot be compared
        return True


def _newest_order(found: list[FindingEvent]) -> SweepOrder | None:
    oldest_first = sorted(found, key=lambda event: event.event_at or 0.0)
    return next((event.order for event in reversed(oldest_first) if event.order is not None), None)


def _recency(event: FindingEvent) -> tuple[float, float, float]:
    provided_at = parse_timestamp(event.finding.get("UpdatedAt"))
    return provided_at or 0.0, event.event_at or 0.0, event.message.sent_at or 0.0


def _may_be_newer(event: FindingEvent, last: FindingEvent) -> bool:
    return _recency(event)[0] == _recency(last)[0] and _shows(event)[1] > _shows(last)[0]


def _shows(event: FindingEvent) -> tuple[float, float]:
    """Return the earliest and the latest time of the state that an event shows.

    An event of the service shows its second, one of a sweep what GetFindings may have shown.
    """
    time = event.event_at or 0.0
    return (time, time + 1) if event.order is None else (time - LAG, time)
