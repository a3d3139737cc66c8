"""The EventBridge rule that lets findings in. While it is shut, nothing is swept but to take back.

Taking everything back would be in vain with the rule open: the echo of each update would come in, and be
triaged by the rules again.
"""

from collections.abc import Mapping
from typing import Any, Protocol


class Events(Protocol):
    """boto3's client of EventBridge, as far as it is used here."""

    def describe_rule(self, **request: Any) -> Mapping[str, Any]:
        """Read a rule."""

    def disable_rule(self, **request: Any) -> Mapping[str, Any]:
        """Shut a rule."""

    def enable_rule(self, **request: Any) -> Mapping[str, Any]:
        """Open a rule."""


class IntakeRule:
    """One rule on the default bus."""

    def __init__(self, events: Events, rule: str) -> None:
        self._events = events
        self._rule = rule

    def is_open(self) -> bool:
        """Return whether findings come in."""
        return bool(self._events.describe_rule(Name=self._rule)["State"] != "DISABLED")

    def shut(self) -> None:
        """Let nothing in any more."""
        self._events.disable_rule(Name=self._rule)

    def open(self) -> None:
        """Let findings in again."""
        self._events.enable_rule(Name=self._rule)
