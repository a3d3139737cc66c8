"""A bus in memory, and the way of triage to it."""

from collections.abc import Mapping
from typing import Any

from hubtriage.aws.decision_events.bus import EventBus
from hubtriage.aws.decision_events.event import EventOrigin
from hubtriage.aws.decision_events.outbox import Outbox
from hubtriage.engine.ruleset.delivery import NO_ROUTES, Routes

TICKETS = {
    "id": "tickets",
    "match": {"Severity": {"Label": ["MEDIUM", "HIGH"]}},
    "update": {"Workflow": {"Status": "NOTIFIED"}},
    "open-ticket": {"queue": "cloud", "per": "account"},
    "notify": ["sec-chat"],
}
"""A rule that asks for a ticket and a message."""


def outbox(bus: EventBus, routes: Routes = NO_ROUTES) -> Outbox:
    return Outbox(bus, EventOrigin("hubtriage", "eu-central-1"), routes)


def ticket(state: str, why: str | None = None, **members: Any) -> Mapping[str, Any]:
    """What an event says of the ticket of a finding by the rule above."""
    ordinary = {"to": "cloud", "as": "ticket", "rule": "tickets", "per": "account", "group": "111122223333"}
    return {**ordinary, "state": state, "why": why, **members}
