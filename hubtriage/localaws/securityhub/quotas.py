"""Rate quotas as token buckets."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class QuotaBucket:
    """Allows `burst` calls at once and `rate` calls a second in the long run."""

    rate: float
    burst: float
    _tokens: float = field(init=False)
    _at: float | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._tokens = self.burst

    def take(self, now: float) -> bool:
        """Say whether a call may pass at `now` (seconds; time that runs backwards adds nothing)."""
        if self._at is not None:
            self._tokens = min(self.burst, self._tokens + max(0.0, now - self._at) * self.rate)
        self._at = now if self._at is None else max(now, self._at)
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


_QUOTAS = {"BatchImportFindings": (10, 30), "BatchUpdateFindings": (10, 30), "GetFindings": (3, 6)}
_ANY_OTHER = (10, 30)
_LIKE = {"BatchUpdateFindingsV2": "BatchUpdateFindings", "GetFindingsV2": "GetFindings"}
"""Operations of V2 that may share the bucket of an operation of CSPM, or have one of its size."""


class Quotas:
    """AWS: calls a second and burst, per operation, account and Region."""

    def __init__(self) -> None:
        self._buckets: dict[str, QuotaBucket] = {}

    def take(self, operation: str, now: float, v2: str = "shared") -> bool:
        """Say whether this call of `operation` is within its quota; `v2`: see `HubV2Settings.quotas`."""
        like = operation if v2 == "other" else _LIKE.get(operation, operation)
        bucket = like if v2 == "shared" else operation
        if bucket not in self._buckets:
            self._buckets[bucket] = QuotaBucket(*_QUOTAS.get(like, _ANY_OTHER))
        return self._buckets[bucket].take(now)
