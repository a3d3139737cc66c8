"""A sample of the findings of a backtest: the same one however many processes judge them.

It consists of the findings with the lowest digests, which are as good as drawn at random.
"""

from heapq import heappush, heappushpop
from json import dumps

from hubtriage.engine.fields import Finding

LARGEST = 32_000
"""Characters of a finding; a larger one is left out, since all of the sample is kept in memory."""
_WORK = 500_000
_FEWEST, _MOST = 200, 5_000


def sample_size(rules: int) -> int:
    """Return how many findings to try the conditions of so many rules on: it takes a second at most."""
    return max(_FEWEST, min(_MOST, _WORK // max(rules, 1)))


class FindingSample:
    """The findings with the lowest digests so far, at most `size` of them."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: list[tuple[int, str]] = []  # a heap; the highest digest, negated, comes first
        self._keys: set[int] = set()

    def take(self, key: int, finding: Finding) -> str | None:
        """Return the finding as JSON if it is in the sample so far, else None."""
        if not self._has_room(key):
            return None
        text = dumps(finding)
        return text if self.add(key, text) else None

    def add(self, key: int, text: str) -> bool:
        """Add a finding that is JSON already; say whether it is in the sample so far."""
        if len(text) > LARGEST or key in self._keys or not self._has_room(key):
            return False
        self._keys.add(key)
        if len(self._kept) < self._size:
            heappush(self._kept, (-key, text))
        else:
            self._keys.discard(-heappushpop(self._kept, (-key, text))[0])
        return True

    def texts(self) -> list[str]:
        """Return the findings as JSON, by digest."""
        return [text for _key, text in sorted(self._kept, reverse=True)]

    def _has_room(self, key: int) -> bool:
        return len(self._kept) < self._size or (self._size > 0 and key < -self._kept[0][0])
