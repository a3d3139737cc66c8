"""The events that the hub's writes make: late, out of order, and now and then twice."""

import heapq
import random
import uuid
from functools import partial
from typing import Any, Protocol

from hubtriage.localaws.securityhub.asff.requests import Finding
from hubtriage.localaws.securityhub.asff.timestamps import write_timestamp
from hubtriage.localaws.securityhub.automation.custom_actions import CustomAction

DETAIL_TYPE = "Security Hub Findings - Imported"
ACTION_DETAIL_TYPE = "Security Hub Findings - Custom Action"
SOURCE = "aws.securityhub"


class EventForm(Protocol):
    """What makes the event of a finding."""

    def __call__(
        self, finding: Finding, *, account: str, region: str, event_id: str, time: float
    ) -> dict[str, Any]:
        """Return the event, as it reaches the default bus of an account and Region."""


def envelope(finding: Finding, *, account: str, region: str, event_id: str, time: float) -> dict[str, Any]:
    """Return the event of one finding, as it reaches the default bus."""
    named = f"{finding['ProductArn']}/{finding['Id']}"
    return event_about(
        finding, named, DETAIL_TYPE, account=account, region=region, event_id=event_id, time=time
    )


def event_about(
    finding: Finding, named: str, detail_type: str, *, account: str, region: str, event_id: str, time: float
) -> dict[str, Any]:
    """Return an event of one finding, which its `resources` name.

    AWS: account and Region are those of the bus, which need not be the finding's.
    """
    return {
        "version": "0",
        "id": event_id,
        "detail-type": detail_type,
        "source": SOURCE,
        "account": account,
        "time": write_timestamp(time, milliseconds=False),
        "region": region,
        "resources": [named],
        "detail": {"findings": [finding]},
    }


def choice_of(action: CustomAction) -> EventForm:
    """Return the form of events of findings for which a person has chosen an action."""
    return partial(_chosen, action)


def _chosen(action: CustomAction, finding: Finding, **where: Any) -> dict[str, Any]:
    """Return the event of a finding for which a person has chosen an action. AWS: it names no person."""
    event = envelope(finding, **where)
    about = {"actionName": action.name, "actionDescription": action.description}
    return event | {
        "detail-type": ACTION_DETAIL_TYPE,
        "resources": [action.arn],
        "detail": {**about, **event["detail"]},
    }


class Deliveries:
    """Events under way. Each has its own delay, so that later ones may overtake earlier ones."""

    def __init__(self, account: str, region: str, chance: random.Random) -> None:
        self._account = account
        self._region = region
        self._chance = chance
        self._under_way: list[tuple[float, int, str, float, Finding, EventForm]] = []
        self._sent = 0
        self._delivered: list[tuple[str, float, Finding, EventForm]] = []

    def send(
        self,
        finding: Finding,
        now: float,
        delay: tuple[float, float],
        duplicate_share: float,
        form: EventForm = envelope,
    ) -> None:
        """Send the event of a finding on its way; a duplicate has the same id and a delay of its own.

        `form`: what happened to the finding; by default it was written.
        """
        event_id = str(uuid.UUID(int=self._chance.getrandbits(128), version=4))
        copies = 2 if self._chance.random() < duplicate_share else 1
        for _ in range(copies):
            self._sent += 1
            due = now + self._chance.uniform(*delay)
            heapq.heappush(self._under_way, (due, self._sent, event_id, now, finding, form))

    def due(self, now: float, limit: int | None = None) -> list[dict[str, Any]]:
        """Take the events that arrive by `now`, at most `limit`, in order of arrival."""
        arrived: list[dict[str, Any]] = []
        while self._under_way and self._under_way[0][0] <= now and len(arrived) != limit:
            event = heapq.heappop(self._under_way)[2:]
            self._delivered.append(event)
            arrived.append(self._envelope(*event))
        return arrived

    def delivered_since(self, start: int, limit: int) -> list[dict[str, Any]]:
        """Return events that have arrived, from the `start`th on, at most `limit`, in order of arrival.

        Each with its `moment` (epoch seconds), as `time` has whole seconds only.
        """
        chosen = self._delivered[start : start + limit]
        return [{**self._envelope(*event), "moment": event[1]} for event in chosen]

    def _envelope(self, event_id: str, time: float, finding: Finding, form: EventForm) -> dict[str, Any]:
        return form(finding, account=self._account, region=self._region, event_id=event_id, time=time)

    @property
    def delivered(self) -> int:
        """How many events have arrived."""
        return len(self._delivered)

    @property
    def next_due(self) -> float | None:
        """When the next event arrives; None when nothing is under way."""
        return self._under_way[0][0] if self._under_way else None

    def __len__(self) -> int:
        return len(self._under_way)
