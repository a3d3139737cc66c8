"""What tickets and channels add to a plan: which rules ask for them, and what goes wrong on both sides.

All of it is drawn apart, so that the rest of a plan stays the same.
"""

import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

QUEUE, CHANNEL = "cloud", "sec-chat"
HURRY = 20
"""How many times as fast as a clock the queue of tickets waits.

No call of a double takes half a second of that: 10 seconds for the queue, which reckons with 100.
"""
SEARCH_LAG = 20.0
"""Seconds after which a search in Jira shows a change: 400 for the queue, which reckons with 900."""
_HIDING = (
    "threats-accepted",
    "medium-accepted",
    "second-scanner",
    "oversize",
    "coverage-accepted",
    "in-house",
)

_PUT = {"service": "events", "operation": "PutEvents"}
_OF_TICKETS = {"service": "dynamodb"}


def _error(code: str, status: int) -> dict[str, Any]:
    return {"error": {"code": code, "status": status, "message": "a fault of the test"}}


STORMS: Mapping[str, dict[str, Any]] = {
    "events throttled": _PUT | _error("ThrottlingException", 400),
    "bus failing inside": _PUT | _error("InternalException", 500),
    "events refused to us": _PUT | _error("AccessDeniedException", 400) | {"share": 0.3},
    "answers of the bus cut off": _PUT | {"response": {"truncate_bytes": 0}},
    "answers of the bus cut off inside": _PUT | {"response": {"truncate_frac": 0.5}},
    "bus out of reach": _PUT | {"reset": True},
    "table of tickets unreadable": _OF_TICKETS | {"operation": "Query"} | _error("InternalServerError", 500),
    "table of tickets throttled": _OF_TICKETS
    | {"operation": "UpdateItem"}
    | _error("ProvisionedThroughputExceededException", 400),
    "writes of tickets not heard": _OF_TICKETS
    | {"operation": "UpdateItem", "response": {"truncate_bytes": 0}},
    "secrets unreadable": {"service": "secretsmanager", "operation": "GetSecretValue"}
    | _error("InternalServiceError", 500),
}
"""Storms by name, as those of `plan`."""

PEER_FAULTS: Mapping[str, dict[str, Any]] = {
    "throttled": {"effect": "status", "status": 429, "retry_after": 1},
    "unavailable": {"effect": "status", "status": 503},
    "failing after the work": {"effect": "status", "status": 500, "after": True},
    "reset before the work": {"effect": "reset"},
    "answers lost": {"effect": "reset", "after": True},
    "answers truncated": {"effect": "truncated"},
    "pages for people": {"effect": "html"},
    "late": {"effect": "delay", "seconds": 0.3},
}
"""What goes wrong with Jira and Slack, by name."""


def draw_acts(seed: int, count: int) -> Iterator[tuple[float, str, str, dict[str, Any]]]:
    """Yield share of the load, kind, name and detail of each act."""
    chance = random.Random(seed + 20)  # noqa: S311 - repeatable, not secret
    strength = max(2, count // 1_400)
    for name, rule in STORMS.items():
        for first, last in ((0.02, 0.45), (0.5, 0.92)):
            times = max(1, round(strength * rule.get("share", 1)))
            detail = {key: value for key, value in rule.items() if key != "share"} | {"times": times}
            yield chance.uniform(first, last), "storm", name, detail
    for peer in ("jira", "slack"):
        for name, fault in PEER_FAULTS.items():
            detail = {**fault, "peer": peer, "times": max(4, count // 500), "chance": 0.3}
            yield chance.uniform(0, 0.1), "peer", f"{peer}: {name}", detail
    for number in range(ARCHIVED_ACCOUNTS):
        yield 1.0, "archive", f"an account is emptied, {number + 1}", {"number": number}
        if number % 2:
            yield 1.1, "return", f"its findings come back, {number + 1}", {"number": number}
    for name, method, path in CREATING:
        detail = {"effect": "delay", "seconds": 0.4, "peer": "jira", "method": method, "path": path}
        yield chance.uniform(0.1, 0.9), "peer kill", f"function killed while it {name}", detail


ARCHIVED_ACCOUNTS = 4
"""Accounts whose findings their providers archive when all have come, so that whole tickets are done; half of
them come back after that."""
CREATING = (("opens a ticket", "POST", "/issue$"), ("edits a ticket", "PUT", "/issue/"))


def with_tickets(rules: Path, folder: Path) -> Path:
    """Write the rules of a folder again: those that hide send messages, and the others open tickets."""
    document = yaml.safe_load((rules / "rules.yaml").read_text(encoding="utf-8"))
    for rule in document["rules"]:
        hides = rule["id"] in _HIDING
        rule |= {"notify": CHANNEL} if hides else {"open-ticket": {"queue": QUEUE, "per": "account"}}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rules.yaml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return folder
