"""Examine a queue: what keeps tickets from being opened, asked with the function's own rights and secret."""

from collections.abc import Callable
from typing import Any

from hubtriage.aws.deliveries.http import NotDone, Unknown
from hubtriage.aws.deliveries.tickets.service import Refusal

EXAMINE = "check"
"""What the function is called with, as `{"tickets": EXAMINE}`."""

Check = Callable[[], tuple[str, ...] | Refusal]
"""Returns what a person has to change, or why the service does not say."""


def is_examination(event: Any) -> bool:
    """Say whether a call asks for an examination: no message and no schedule does."""
    return isinstance(event, dict) and event.get("tickets") == EXAMINE


def examined(queue: str, kind: str, check: Check) -> dict[str, Any]:
    """Return what an examination finds, JSON-ready; nothing is opened or changed by it.

    `ready`: nothing is known that keeps tickets from being opened. `objections`: what has to be changed.
    `refused`: why the service could not be asked, or null.
    """
    said = check()
    asked = {"queue": queue, "kind": kind}
    if isinstance(said, NotDone | Unknown):
        return {**asked, "ready": False, "objections": [], "refused": said.reason}
    return {**asked, "ready": not said, "objections": list(said), "refused": None}
