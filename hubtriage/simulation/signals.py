"""Signals: what two findings are about if one is in each hub. Findings count twice then, and a signal once.

The two findings of a signal have the same ProductArn, Id, account and Region. Macie may name its findings
otherwise in each hub, so that its signals are in doubt.
"""

from array import array
from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from hubtriage.aws.securityhub.api import CSPM, V2, key_of
from hubtriage.engine.fields import Finding
from hubtriage.engine.ocsf.view import is_view
from hubtriage.simulation.digest import digest

HUBS = (CSPM, V2)
_SHARED = ("ProductArn", "Id", "AwsAccountId", "Region")
_MACIE = "::product/aws/macie"

Label = TypeVar("Label", bound=Hashable)


class Sighting(NamedTuple):
    """A finding as one of a signal: its hub, a digest of what both hubs call it, and whether that is sure."""

    hub: str
    signal: int
    in_doubt: bool = False


def sighting_of(finding: Finding) -> Sighting:
    """Return which signal a finding is of. One that lacks a part of the name is a signal by itself."""
    hub = V2 if is_view(finding) else CSPM
    shared = [finding.get(name) for name in _SHARED]
    names = [name for name in shared if isinstance(name, str) and name]
    if len(names) < len(shared):
        return Sighting(hub, digest("\0".join((hub, *key_of(finding)))))
    return Sighting(hub, digest("\0".join(names)), names[0].endswith(_MACIE))


class SeenIn(NamedTuple, Generic[Label]):
    """What is said of the findings of a signal, by hub; None for a hub that shows none."""

    cspm: frozenset[Label] | None = None
    v2: frozenset[Label] | None = None
    in_doubt: bool = False

    def of(self, hub: str) -> frozenset[Label] | None:
        """Return what is said of its finding in a hub."""
        return self.v2 if hub == V2 else self.cspm

    @property
    def labels(self) -> frozenset[Label]:
        """Whatever is said of one of its findings."""
        return (self.cspm or frozenset()) | (self.v2 or frozenset())

    @property
    def is_in_both(self) -> bool:
        """Whether both hubs show it."""
        return self.cspm is not None and self.v2 is not None

    def with_another(self, other: "SeenIn[Label]") -> "SeenIn[Label]":
        """Return it with what is said of another of its findings."""
        return SeenIn(_both(self.cspm, other.cspm), _both(self.v2, other.v2), self.in_doubt or other.in_doubt)


def _both(some: frozenset[Label] | None, other: frozenset[Label] | None) -> frozenset[Label] | None:
    return other if some is None else some if other is None else some | other


@dataclass(frozen=True, slots=True)
class SignalCounts(Generic[Label]):
    """Findings by hub, and signals. `findings` and `signals` say of how many a label is true.

    `in_doubt`: signals of Macie that one hub shows, where each hub shows some: two of them may be one.
    """

    read: Counter[str]
    findings: Counter[tuple[str, Label]]
    total: int
    in_both: int
    in_doubt: int
    signals: Counter[Label]


class Signals(Generic[Label]):
    """Counts signals as their findings come, in any order.

    It keeps 16 bytes for each finding until one of V2 comes, and then about 100 for each signal: findings of
    one hub alone need no more.
    """

    def __init__(self) -> None:
        self._numbers: dict[SeenIn[Label], int] = {}
        self._stories: list[SeenIn[Label]] = []
        self._findings: Counter[int] = Counter()
        self._first_signals = array("Q")
        self._first_stories = array("Q")
        self._known: dict[int, int] | None = None

    @property
    def has_v2(self) -> bool:
        """Whether a finding of V2 has been counted."""
        return self._known is not None

    def add(self, seen: Sighting, labels: frozenset[Label]) -> SeenIn[Label] | None:
        """Count a finding. Return what was known of its signal, None if nothing was.

        Before the first finding of V2 there is nothing to return.
        """
        is_v2 = seen.hub == V2
        story = SeenIn(None if is_v2 else labels, labels if is_v2 else None, seen.in_doubt)
        number = self._number(story)
        self._findings[number] += 1
        if self._known is None:
            if not is_v2:
                self._first_signals.append(seen.signal)
                self._first_stories.append(number)
                return None
            self._known = self._so_far()
        before = self._known.get(seen.signal)
        if before is None:
            self._known[seen.signal] = number
            return None
        self._known[seen.signal] = self._number(self._stories[before].with_another(story))
        return self._stories[before]

    def stories(self) -> Iterator[tuple[SeenIn[Label], int]]:
        """Yield what is said of signals, and of how many."""
        known = self._so_far() if self._known is None else self._known
        for number, count in Counter(known.values()).items():
            yield self._stories[number], count

    def counts(self) -> SignalCounts[Label]:
        """Return what was counted."""
        signals: Counter[Label] = Counter()
        doubtful: Counter[str] = Counter()
        total = in_both = 0
        for story, count in self.stories():
            total += count
            in_both += count * story.is_in_both
            signals.update(dict.fromkeys(story.labels, count))
            if story.in_doubt and not story.is_in_both:
                doubtful[CSPM if story.v2 is None else V2] += count
        read, findings = self._by_hub()
        in_doubt = doubtful.total() if len(doubtful) == len(HUBS) else 0
        return SignalCounts(read, findings, total, in_both, in_doubt, signals)

    def _by_hub(self) -> tuple[Counter[str], Counter[tuple[str, Label]]]:
        """Return how many findings each hub has, and of how many a label is true."""
        read: Counter[str] = Counter()
        findings: Counter[tuple[str, Label]] = Counter()
        for number, count in self._findings.items():
            hub = CSPM if self._stories[number].v2 is None else V2
            read[hub] += count
            findings.update({(hub, label): count for label in self._stories[number].labels})
        return read, findings

    def _so_far(self) -> dict[int, int]:
        """Return the number of what is said of each signal that has been counted."""
        known: dict[int, int] = {}
        for signal, number in zip(self._first_signals, self._first_stories, strict=True):
            before = known.get(signal)
            if before is not None and before != number:
                number = self._number(self._stories[before].with_another(self._stories[number]))
            known[signal] = number
        return known

    def _number(self, story: SeenIn[Label]) -> int:
        number = self._numbers.setdefault(story, len(self._stories))
        if number == len(self._stories):
            self._stories.append(story)
        return number
