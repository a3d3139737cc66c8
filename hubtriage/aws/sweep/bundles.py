"""Findings that get the same update travel in one message, so that they arrive in one batch and share a call.

AWS: SQS keeps no order, and a batch is whatever a poller got. Findings sent one by one would be torn apart
between containers, and every container would make its own calls.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hubtriage.aws.securityhub.api import CSPM, Finding
from hubtriage.engine.planning.batches import MOST_IDENTIFIERS

LARGEST_BUNDLE = 900_000
"""Bytes of findings in one message. AWS: a message has 1 MiB at most, envelope and all."""

MOST_HELD = 4_000_000
"""Bytes of findings in all bundles that are not handed out: parsed, they take six times as much and more."""


@dataclass(slots=True)
class Bundle:
    """Up to 100 findings with one update, which hides all of them or none.

    `read_at` is when the first of them was read, epoch seconds. All are of one `hub`, in its format.
    """

    read_at: float
    findings: list[Finding] = field(default_factory=list)
    size: int = 0
    hides: bool = False
    hub: str = CSPM


class Bundles:
    """Bundles being filled, by update and hub."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, bool, str], Bundle] = {}
        self._held = 0

    def __len__(self) -> int:
        """Return how many bundles are not handed out yet."""
        return len(self._open)

    def add(
        self, update: str, finding: Finding, now: float, *, hides: bool = False, hub: str = CSPM
    ) -> Iterator[Bundle]:
        """Put a finding to those with the same update; yields the bundle that is full with or without it.

        If all of them hold too much, those with the oldest findings are handed out too.
        """
        size, key = json_size(finding), (update, hides, hub)
        bundle = self._open.get(key)
        if bundle is not None and bundle.size + size > LARGEST_BUNDLE:
            yield self._pop(key)
            bundle = None
        if bundle is None:
            bundle = self._open.setdefault(key, Bundle(now, hides=hides, hub=hub))
        bundle.findings.append(finding)
        bundle.size += size
        self._held += size
        if len(bundle.findings) == MOST_IDENTIFIERS:
            yield self._pop(key)
        while self._held > MOST_HELD:
            yield self._pop(next(iter(self._open)))

    def take(self, read_before: float = float("inf")) -> Iterator[Bundle]:
        """Hand out the bundles whose first finding was read before a time; all of them by default."""
        for ready in [key for key, bundle in self._open.items() if bundle.read_at < read_before]:
            yield self._pop(ready)

    def _pop(self, key: tuple[str, bool, str]) -> Bundle:
        bundle = self._open.pop(key)
        self._held -= bundle.size
        return bundle


def fits(finding: Finding) -> bool:
    """Say whether a message can hold a finding: it is small enough, and JSON.

    A number that is beyond all bounds is read as an infinite one, which JSON cannot say: triage would refuse
    the message, and with it up to 99 others.
    """
    try:
        return len(json.dumps(finding, separators=(",", ":"), allow_nan=False)) <= LARGEST_BUNDLE
    except (ValueError, RecursionError):
        return False


def json_size(value: Mapping[str, Any]) -> int:
    """Bytes of a value as it is written into a message: ASCII, compact."""
    return len(json.dumps(value, separators=(",", ":")))
