"""Which events a channel has shown: an event that comes again is not sent again.

An event is claimed before it is sent, and confirmed once the answer is there. A claim ends by itself, so that
what a container was sending when it died is sent again.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, Protocol

from hubtriage.aws.deliveries.items import DAY, EXPIRES, ItemsApi, is_condition, key
from hubtriage.aws.securityhub.faults import API_ERRORS

KEPT_SECONDS = 7 * DAY
"""How long an event is remembered. What comes again later was in a dead-letter queue for as long."""
Claim = Literal["ours", "sent", "held"]
"""`ours`: send it. `sent`: done before. `held`: another container is about to send it."""
Ending = Literal["sent", "withheld"]


class EventMemory(Protocol):
    """What was sent to a channel. Times are epoch seconds. Raises API_ERRORS."""

    def claim(self, event: str, holder: str, now: float, until: float) -> Claim:
        """Claim an event for `holder` until a time; a second claim of the same holder is granted."""

    def confirm(self, events: Iterable[str], ending: Ending, now: float) -> None:
        """Remember that events were sent, or that the daily limit kept them back."""

    def release(self, events: Iterable[str], holder: str) -> None:
        """Give claims up, so that the next delivery can send the events at once."""


class TableOfEvents:
    """The memory of a channel in the table of deliveries."""

    def __init__(self, client: ItemsApi, table: str, channel: str) -> None:
        self._client = client
        self._table = table
        self._channel = channel

    def claim(self, event: str, holder: str, now: float, until: float) -> Claim:
        """Claim an event unless it was sent, or another holder's claim still runs."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=self._key(event),
                UpdateExpression="SET #state = :claimed, #holder = :holder, #until = :until, "
                "#expires = :expires",
                ConditionExpression="attribute_not_exists(#state) OR "
                "(#state = :claimed AND (#until < :now OR #holder = :holder))",
                ExpressionAttributeNames=_names("state", "holder", "until", EXPIRES),
                ExpressionAttributeValues={
                    ":claimed": {"S": "claimed"},
                    ":holder": {"S": holder},
                    ":until": _whole(until),
                    ":now": _whole(now),
                    ":expires": _whole(now + KEPT_SECONDS),
                },
            )
        except API_ERRORS as error:
            if not is_condition(error):
                raise
            return "held" if self._state(event) == "claimed" else "sent"
        return "ours"

    def confirm(self, events: Iterable[str], ending: Ending, now: float) -> None:
        """Remember how events ended, even if another container holds them."""
        for event in events:
            self._client.update_item(
                TableName=self._table,
                Key=self._key(event),
                UpdateExpression="SET #state = :ending, #expires = :expires REMOVE #holder, #until",
                ExpressionAttributeNames=_names("state", "holder", "until", EXPIRES),
                ExpressionAttributeValues={":ending": {"S": ending}, ":expires": _whole(now + KEPT_SECONDS)},
            )

    def release(self, events: Iterable[str], holder: str) -> None:
        """Give up the claims that are still the holder's."""
        for event in events:
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key=self._key(event),
                    UpdateExpression="SET #until = :past",
                    ConditionExpression="#state = :claimed AND #holder = :holder",
                    ExpressionAttributeNames=_names("state", "holder", "until"),
                    ExpressionAttributeValues={
                        ":past": {"N": "0"},
                        ":claimed": {"S": "claimed"},
                        ":holder": {"S": holder},
                    },
                )
            except API_ERRORS as error:
                if not is_condition(error):
                    raise

    def _state(self, event: str) -> str | None:
        """Return what the item says now; None if it is gone, which is then claimed by the next delivery."""
        item: Mapping[str, Any] = self._client.get_item(
            TableName=self._table, Key=self._key(event), ConsistentRead=True
        ).get("Item", {"state": {"S": "claimed"}})
        state: str | None = item.get("state", {}).get("S")
        return state

    def _key(self, event: str) -> dict[str, dict[str, str]]:
        return key(f"{self._channel}#/event#{event}", "sent")


class MemoryOfEvents:
    """The memory of a channel without a table, for tests: the same answers, of one process."""

    def __init__(self) -> None:
        self.endings: dict[str, Ending] = {}
        self._claims: dict[str, tuple[str, float]] = {}

    def claim(self, event: str, holder: str, now: float, until: float) -> Claim:
        """Claim an event unless it was sent, or another holder's claim still runs."""
        if event in self.endings:
            return "sent"
        held_by, held_until = self._claims.get(event, (holder, 0.0))
        if held_by != holder and held_until >= now:
            return "held"
        self._claims[event] = holder, until
        return "ours"

    def confirm(self, events: Iterable[str], ending: Ending, now: float) -> None:  # noqa: ARG002
        """Remember how events ended."""
        self.endings |= dict.fromkeys(events, ending)

    def release(self, events: Iterable[str], holder: str) -> None:
        """Give up the claims that are still the holder's."""
        for event in events:
            if self._claims.get(event, ("", 0.0))[0] == holder:
                del self._claims[event]


def _names(*attributes: str) -> dict[str, str]:
    """AWS: some words are reserved."""
    return {f"#{name}": name for name in attributes}


def _whole(value: float) -> dict[str, str]:
    return {"N": str(int(value))}
