"""What the demonstration saw: states before and after, the service's calls, the decision log, the queues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from hubtriage.localaws.securityhub.calls import UpdateCall

Finding: TypeAlias = Mapping[str, Any]
Key: TypeAlias = tuple[str, str]
States: TypeAlias = Mapping[Key, Finding]


@dataclass(frozen=True, slots=True)
class DemoEvidence:
    """Everything that the verdict rests on, from four independent witnesses.

    `before` and `after` are the findings by (ProductArn, Id) as Security Hub stores them. `updates` are the
    BatchUpdateFindings calls that Security Hub counted. `lines` is the decision log as CloudWatch Logs gives
    it back, in order. `waiting` and `dead` are the messages left in the queue and in the dead-letter queues.
    `rules` are the rules of the deployed ruleset.json. Times are seconds, by step.
    """

    before: States
    after: States
    updates: tuple[UpdateCall, ...]
    lines: tuple[Mapping[str, Any], ...]
    waiting: int
    dead: int
    rules: tuple[Mapping[str, Any], ...]
    seconds: Mapping[str, float]


def key_of(finding: Finding) -> Key:
    """Return what identifies a finding; AWS: an Id is unique within its product only."""
    return finding["ProductArn"], finding["Id"]


def by_key(findings: list[dict[str, Any]]) -> States:
    """Index findings by their key."""
    return {key_of(finding): finding for finding in findings}
