"""What a container has seen of findings of late, to tell an event that was overtaken from news."""

from dataclasses import dataclass

from hubtriage.aws.securityhub.api import Key
from hubtriage.aws.triage.events import CLOCK_SKEW

MOST = 20_000
"""Findings remembered, those seen last: about 5 MB, and far more than change while an event is fresh."""


@dataclass(slots=True)
class _Known:
    """Moments (epoch seconds): of the last event heard, of the last reading or doubt, of our last update.

    `memo`: a hash of the memo that the update wrote.
    """

    heard: float = 0.0
    doubted: float = 0.0
    wrote: float = 0.0
    memo: int | None = None


class Recent:
    """Until when this container knows each finding: by an event, a reading, or its own update.

    AWS: events come more than once and in any order, and their time is in whole seconds. One that is not from
    after such a moment may lack what a person did since, which its finding does not show. Only a hash of the
    key is kept: findings that share one are read more often than they need to be, which is all that can come
    of it.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: dict[int, _Known] = {}  # in the order in which they were noted

    def heard(self, key: Key, moment: float) -> None:
        """An event of `moment` has been dealt with."""
        known = self._of(key)
        known.heard = max(moment, known.heard)

    def doubted(self, key: Key, moment: float) -> None:
        """The finding may have changed until `moment`: it was read then, or a call failed."""
        known = self._of(key)
        known.doubted = max(moment, known.doubted)

    def wrote(self, key: Key, moment: float, memo: str | None) -> None:
        """The finding was updated at `moment`, its memo with it."""
        known = self._of(key)
        known.wrote, known.memo = moment, memo if memo is None else hash(memo)

    def overtook(self, key: Key, event_at: float, memo: str | None) -> bool:
        """Whether more may be known of the finding than an event of this time can tell, by the memo it shows.

        An event that shows the memo of the update, in most cases its echo, is not from before the update. A
        sweep's time is exact: what it read may be from before an event of the same second.
        """
        known, second = self._known.get(hash(key)), int(event_at)
        if known is None:
            return False
        is_before_update = second <= known.wrote and (memo is None or hash(memo) != known.memo)
        return second <= max(known.heard, known.doubted) or is_before_update

    def superseded(self, key: Key, event_at: float) -> bool:
        """Whether an event of this time is surely from before another one, or before our own update.

        What it asks for is done with: the other event, or the echo of the update, shows what came of it.
        """
        known, over = self._known.get(hash(key)), int(event_at) + 1
        return known is not None and (over <= known.heard or over + CLOCK_SKEW <= known.wrote)

    def _of(self, key: Key) -> _Known:
        name = hash(key)
        known = self._known[name] = self._known.pop(name) if name in self._known else _Known()
        if len(self._known) > self._most:
            del self._known[next(iter(self._known))]
        return known
