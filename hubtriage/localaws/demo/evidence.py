"""What the demonstration saw: states before and after, the service's calls, the decision log, the queues."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from hubtriage.localaws.demo.hubs import CSPM, HUBS, DemoHub, Finding, Key
from hubtriage.localaws.securityhub.calls import UpdateCall

States: TypeAlias = Mapping[Key, Finding]


@dataclass(frozen=True, slots=True)
class DemoEvidence:
    """Everything that the verdict on one hub rests on, from independent witnesses.

    `before` and `after` are the findings by their keys as Security Hub stores them. `updates` are the calls
    of this hub's operation that Security Hub counted. `lines` is the decision log on this hub's findings as
    CloudWatch Logs gives it back, in order. `waiting` and `dead` are the messages left in the queue and in
    the dead-letter queues, which the hubs share. `rules` are the rules of the deployed ruleset.json. Times
    are seconds, by step. `held` are the keys of the findings with an entry in the ledger; None: not read.
    """

    before: States
    after: States
    updates: tuple[UpdateCall, ...]
    lines: tuple[Mapping[str, Any], ...]
    waiting: int
    dead: int
    rules: tuple[Mapping[str, Any], ...]
    seconds: Mapping[str, float]
    name: str = CSPM
    held: frozenset[Key] | None = None

    @property
    def hub(self) -> DemoHub:
        """What is particular to the hub."""
        return HUBS[self.name]


def by_key(findings: Iterable[Mapping[str, Any]], name: str = CSPM) -> States:
    """Index findings of a hub by their key."""
    return {HUBS[name].key_of(finding): finding for finding in findings}
