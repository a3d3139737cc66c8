"""What a change takes: calls of BatchUpdateFindings, and the time that they need."""

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

from hubtriage.engine.planning.batches import MOST_IDENTIFIERS

CALLS_PER_SECOND = 8  # our budget; AWS: 10 a second per account and Region, shared with everyone
QUOTA = 10
PAGES_PER_SECOND = 3  # AWS: GetFindings per account and Region
PAGE = 100  # AWS: findings of one page
BATCH = 1_000  # findings that one invocation of the triage function gets at most


@dataclass(frozen=True, slots=True)
class Cost:
    """Calls and time of a sweep over all findings that were read.

    `calls` is an estimate for findings that come ordered by generator, as a sweep reads them; `fewest` is
    what no order can go below. Reading and sending go on at once: `seconds` is the longer of the two.
    """

    updates: int
    calls: int
    fewest: int
    pages: int

    @property
    def seconds(self) -> float:
        """Time at our share of AWS's quotas."""
        return max(self.calls / CALLS_PER_SECOND, self.pages / PAGES_PER_SECOND)

    def as_record(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "updates": self.updates,
            "calls": self.calls,
            "fewest_calls": self.fewest,
            "findings_per_call": round(self.updates / self.calls, 1) if self.calls else 0,
            "pages": self.pages,
            "hours": round(self.seconds / 3600, 4),
            "calls_per_second": CALLS_PER_SECOND,
            "quota_per_second": QUOTA,
        }


class CostTally:
    """Counts the payloads of findings as they come."""

    def __init__(self) -> None:
        self._read: Counter[str] = Counter()
        self._payloads: Counter[tuple[str, int]] = Counter()

    def add(self, generator: str, payload: int) -> None:
        """Count a finding; `payload` is the digest of what is sent for it, 0 for nothing."""
        self._read[generator] += 1
        if payload:
            self._payloads[generator, payload] += 1

    def cost(self) -> Cost:
        """Return the cost of all findings that were counted."""
        by_payload: Counter[int] = Counter()
        for (_generator, payload), count in self._payloads.items():
            by_payload[payload] += count
        return Cost(
            updates=by_payload.total(),
            calls=sum(self._calls(*key_count) for key_count in self._payloads.items()),
            fewest=sum(math.ceil(count / MOST_IDENTIFIERS) for count in by_payload.values()),
            pages=math.ceil(self._read.total() / PAGE),
        )

    def _calls(self, key: tuple[str, int], count: int) -> int:
        """Return calls for one payload within one generator: at least one in each batch that it is in."""
        batches = math.ceil(self._read[key[0]] / BATCH)
        return max(math.ceil(count / MOST_IDENTIFIERS), min(count, batches))
