"""What a container has seen of findings of late, to tell an event that was overtaken from news."""

from hubtriage.aws.api import Key

MOST = 20_000
"""Findings remembered, those seen last: about 3 MB, and far more than change while an event is fresh."""


class Recent:
    """Until when (epoch seconds) this container knows each finding: by an event of it, or its own update.

    AWS: events come more than once and in any order, and their time is in whole seconds. One that is not from
    after such a moment may lack what a person did since, which its finding does not show. Only a hash of the
    key is kept: findings that share one are read more often than they need to be, which is all that can come
    of it.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: dict[int, float] = {}  # in the order in which they were noted

    def note(self, key: Key, moment: float) -> None:
        """The finding is known as of `moment`."""
        name = hash(key)
        self._known[name] = max(moment, self._known.pop(name, moment))
        if len(self._known) > self._most:
            del self._known[next(iter(self._known))]

    def overtook(self, key: Key, event_at: float) -> bool:
        """Whether more may be known of the finding than an event of this time can tell.

        A sweep's time is exact: what it read may be from before an event of the same second.
        """
        known = self._known.get(hash(key))
        return known is not None and int(event_at) <= known
