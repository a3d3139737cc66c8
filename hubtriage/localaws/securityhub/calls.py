"""What the service saw: every call counted, every update call kept."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

UPDATING = frozenset({"BatchUpdateFindings", "BatchUpdateFindingsV2"})
"""The operations whose calls are kept."""
_NAMING = ("FindingIdentifiers", "MetadataUids")


@dataclass(frozen=True, slots=True)
class UpdateCall:
    """One call of BatchUpdateFindings, or of `operation`.

    `outcome` is "ok" or the exception's name; `unprocessed` counts findings by ErrorCode. `trace` is the
    caller's trace id where it sent one: a Lambda sends the same one in all calls of an invocation. `fields`
    are the names of what the call sets, in order.
    """

    time: float
    payload: str
    identifiers: int
    outcome: str
    processed: int
    unprocessed: Mapping[str, int]
    trace: str | None
    fields: tuple[str, ...] = ()
    operation: str = "BatchUpdateFindings"

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "UpdateCall":
        """Return a call as `CallLog.as_record` records it."""
        return cls(**{**record, "fields": tuple(record["fields"])})


class CallLog:
    """Counts of calls by operation and outcome, and of the findings they carried."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self.findings: Counter[str] = Counter()
        self.updates: list[UpdateCall] = []

    def note(self, operation: str, outcome: str, findings: int) -> None:
        """Count a call."""
        self.counts[operation, outcome] += 1
        self.findings[operation] += findings

    def note_update(
        self,
        operation: str,
        request: Mapping[str, Any],
        answer: Mapping[str, Any],
        now: float,
        outcome: str,
        trace: str | None,
    ) -> None:
        """Keep an update call; the answer of one that was refused is empty."""
        unprocessed = Counter(each["ErrorCode"] for each in answer.get("UnprocessedFindings", ()))
        self.updates.append(
            UpdateCall(
                time=now,
                payload=payload_digest(request),
                identifiers=count_findings(operation, request, answer),
                outcome=outcome,
                processed=len(answer.get("ProcessedFindings", ())),
                unprocessed=dict(unprocessed),
                trace=trace,
                fields=tuple(sorted(request.keys() - set(_NAMING))),
                operation=operation,
            )
        )

    def as_record(self) -> dict[str, Any]:
        """Return, JSON-ready, calls by operation and outcome, findings by operation, and update calls."""
        calls: dict[str, dict[str, int]] = {}
        for (operation, outcome), count in sorted(self.counts.items()):
            calls.setdefault(operation, {})[outcome] = count
        return {
            "calls": calls,
            "findings": dict(sorted(self.findings.items())),
            "updates": [asdict(call) for call in self.updates],
        }


def count_findings(operation: str, request: Mapping[str, Any], answer: Mapping[str, Any]) -> int:
    """Return how many findings a call carried: those that it names or imports, else those of its answer."""
    names = _NAMING if operation in UPDATING else ("Findings",)
    listed = [request[name] for name in names if isinstance(request.get(name), list)]
    return sum(map(len, listed)) if listed else len(answer.get("Findings", ()))


def payload_digest(request: Mapping[str, Any]) -> str:
    """Return 16 hex digits that two update calls share if they set the same values."""
    payload = {name: value for name, value in request.items() if name not in _NAMING}
    canonical = json.dumps(payload, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def ideal_calls(updates: Iterable[UpdateCall], limit: int = 100) -> int:
    """Return the fewest calls that could have made the same updates, per trace and payload."""
    findings: Counter[tuple[str | None, str]] = Counter()
    for call in updates:
        findings[call.trace, call.payload] += call.processed
    return sum(-(-count // limit) for count in findings.values())
