"""Reproducible chance, and the scene in which one finding comes about."""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import accumulate
from typing import TypeVar

from hubtriage.localaws.organization import MemberAccount

Item = TypeVar("Item")
DAY = 86_400.0
_OLDEST_DAYS = 400.0


@lru_cache(maxsize=256)
def _zipf_weights(size: int) -> tuple[float, ...]:
    return tuple(accumulate(1 / rank for rank in range(1, size + 1)))


class Draw:
    """A stream of choices that its seed fixes entirely."""

    __slots__ = ("_random", "chance_value")

    def __init__(self, seed: int | str) -> None:
        self._random = random.Random(seed)  # noqa: S311  samples must be reproducible; nothing here is secret
        self.chance_value = self._random.random

    def chance(self, probability: float) -> bool:
        """Return true with this probability."""
        return self.chance_value() < probability

    def pick(self, items: Sequence[Item]) -> Item:
        """Return one item, all equally likely."""
        return items[int(self.chance_value() * len(items))]

    def rank(self, items: Sequence[Item]) -> Item:
        """Return one item, the k-th with a weight of 1/k (Zipf): few items are frequent, most are rare."""
        return self._random.choices(items, cum_weights=_zipf_weights(len(items)))[0]

    def weighted(self, items: Sequence[Item], cumulative: Sequence[float]) -> Item:
        """Return one item by cumulative weights."""
        return self._random.choices(items, cum_weights=cumulative)[0]

    def between(self, low: int, high: int) -> int:
        """Return an integer from low to high, both included."""
        return low + int(self.chance_value() * (high - low + 1))

    def exponential(self, mean: float) -> float:
        """Return an exponentially distributed number: mostly small, now and then large."""
        return self._random.expovariate(1 / mean)

    def hex(self, digits: int) -> str:
        """Return this many hexadecimal digits."""
        return f"{self._random.getrandbits(digits * 4):0{digits}x}"

    def digits(self, count: int) -> str:
        """Return this many decimal digits."""
        return f"{int(self.chance_value() * 10**count):0{count}d}"

    def uuid(self) -> str:
        """Return a random UUID in its usual form."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))


def timestamp(moment: float) -> str:
    """Write epoch seconds as AWS services do: UTC with milliseconds."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class FindingScene:
    """Where and when one finding comes about: account, Region, the present (epoch seconds), and chance."""

    draw: Draw
    now: float
    account: MemberAccount
    region: str

    def lifetime(self, mean_days: float = 60.0) -> tuple[float, float]:
        """Return when the finding was created and last updated (epoch seconds), both before now."""
        age = min(self.draw.exponential(mean_days), _OLDEST_DAYS) * DAY + 60
        since_update = min(age, self.draw.exponential(0.4 * DAY) + 5)
        return self.now - age, self.now - since_update

    def arn(self, service: str, resource: str) -> str:
        """Return an ARN of this account and Region."""
        return f"arn:aws:{service}:{self.region}:{self.account.id}:{resource}"
