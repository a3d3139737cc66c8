"""Hidden signals: a signal that both hubs show counts once, and one that only one of them hides is seen."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from hubtriage.aws.securityhub.api import CSPM, V2
from hubtriage.engine.fields import Finding, Value
from hubtriage.engine.ocsf.view import is_view, key_of
from hubtriage.simulation.signals import SeenIn, Signals, sighting_of


class Cause(NamedTuple):
    """A field that hides a finding, the value that it has, and what set it."""

    field: str
    value: Value
    by: str


@dataclass(frozen=True, slots=True)
class HiddenSignalCounts:
    """How many signals are hidden: in both hubs, in one while the other shows them, or in their only hub.

    `in_doubt`: those of Macie in their only hub, where each hub has some: two of them may be one. `causes`:
    how many signals each cause hides in some hub.
    """

    in_both: int
    in_one: int
    alone: int
    in_doubt: int
    causes: Counter[str]

    def as_record(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        return {
            "hidden": self.in_both + self.in_one + self.alone,
            "hidden_in_both": self.in_both,
            "hidden_in_one": self.in_one,
            "alone": self.alone,
            "in_doubt": self.in_doubt,
        }


@dataclass
class HiddenSignals:
    """Counts the signals of active findings. `split` are some that one hub hides and the other shows."""

    most: int
    split: list[Mapping[str, Any]] = field(default_factory=list)
    _signals: Signals[Cause] = field(default_factory=Signals)

    def add(self, finding: Finding, causes: frozenset[Cause]) -> None:
        """Count an active finding, with what hides it."""
        seen = sighting_of(finding)
        before = self._signals.add(seen, causes)
        there = None if before is None else before.of(_other(seen.hub))
        if there is None or bool(there) == bool(causes) or len(self.split) >= self.most:
            return
        hub, why = (seen.hub, causes) if causes else (_other(seen.hub), there)
        self.split.append(_example(finding, hub, why))

    def counts(self) -> HiddenSignalCounts:
        """Return what was counted."""
        kinds: Counter[str] = Counter()
        causes: Counter[str] = Counter()
        doubtful: set[str] = set()
        in_doubt = 0
        for story, count in self._signals.stories():
            if story.in_doubt and not story.is_in_both:
                doubtful.add(CSPM if story.v2 is None else V2)
                in_doubt += count * bool(story.labels)
            kinds[_kind(story)] += count
            causes.update(dict.fromkeys({cause.by for cause in story.labels}, count))
        doubts = in_doubt if len(doubtful) > 1 else 0
        return HiddenSignalCounts(kinds["both"], kinds["one"], kinds["alone"], doubts, causes)


def _kind(story: SeenIn[Cause]) -> str:
    if not story.labels:
        return "visible"
    if not story.is_in_both:
        return "alone"
    return "both" if story.cspm and story.v2 else "one"


def _other(hub: str) -> str:
    return CSPM if hub == V2 else V2


def _example(finding: Finding, hub: str, why: frozenset[Cause]) -> dict[str, Any]:
    """Return a signal that a hub hides, by one of its findings, and why."""
    causes = sorted(why, key=lambda cause: cause.field)
    return {
        "id": finding.get("Id"),
        "product_arn": finding.get("ProductArn"),
        "account": finding.get("AwsAccountId"),
        "hidden_in": hub,
        "visible_in": _other(hub),
        "hidden_by": {cause.field: cause.value for cause in causes},
        "causes": {cause.field: cause.by for cause in causes},
        **uid_in_v2(finding),
    }


def uid_in_v2(finding: Finding) -> dict[str, str]:
    """Return what names a finding of Security Hub V2 there; nothing for one of the other hub."""
    key = key_of(finding) if is_view(finding) else None
    return {"metadata_uid": key[1]} if key else {}
