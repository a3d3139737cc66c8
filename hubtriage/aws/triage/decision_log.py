"""The decision log: one JSON line for each finding that was changed, refused, kept or observed.

The lines have the keys of Powertools' logger (`level`, `message`, `timestamp`, `service`,
`function_request_id`), but no logger writes them. A line costs a fifth of a logger's, and a batch writes a
thousand. Whatever comes from a finding is a JSON string of ASCII characters, so no value can end a line,
start another, or reach a terminal as control codes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from hubtriage.aws.json_lines import encode, json_line
from hubtriage.aws.ledger.entry_format import write_entry
from hubtriage.aws.securityhub.api import V2, is_of_v2
from hubtriage.aws.triage.config import LEVELS
from hubtriage.aws.triage.results import HAND_BACK_WAITS, Outcome
from hubtriage.engine.planning.decision import Decision
from hubtriage.engine.planning.entry import Entry

# `changes` say what `update` does, and `reason` says what `refused` does.
_ALWAYS = ("rules", "changes", "kept")
_WHERE_THERE_ARE_ANY = (
    "observed",
    "errors",
    "above_ceiling",
    "overruled",
    "handed_back",
    "owners",
    "against_policy",
)

Write = Callable[[str], object]
LONGEST_ENTRY = 96 * 1024
"""With the rest of the line it is less than what CloudWatch Logs takes as one event."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What all lines of one invocation share."""

    service: str
    ruleset: str
    revision: str | None
    mode: str
    request_id: str | None
    trace_id: str | None = None


@dataclass(frozen=True, slots=True)
class DecisionLog:
    """Write the outcomes at or above `level` (as in `logging`), each as one line."""

    circumstances: Circumstances
    level: int
    write: Write
    now: Callable[[], float]
    _shared: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_shared", encode(_shared_members(self.circumstances))[1:-1])

    def __call__(self, outcomes: Sequence[Outcome]) -> None:
        """Write the lines of these outcomes at once."""
        timestamp = datetime.fromtimestamp(self.now(), tz=UTC).isoformat(timespec="milliseconds")
        lines = [
            self._line(outcome, level, timestamp)
            for outcome in outcomes
            for level in [level_of(outcome)]
            if LEVELS[level] >= self.level
        ]
        if lines:
            self.write("".join(lines))

    def _line(self, outcome: Outcome, level: str, timestamp: str) -> str:
        own = json_line(decision_record(outcome, self.circumstances.mode))[1:-1]
        head = f'{{"level":"{level}","message":"finding {outcome.result.status}","timestamp":"{timestamp}"'
        return f"{head},{self._shared},{own}{_memory(outcome.entry)}}}\n"


def level_of(outcome: Outcome) -> str:
    """Return ERROR if a person must look, WARNING if it is tried again, DEBUG if nothing was to be done.

    What the ledger has accepted is worth a line: a lost ledger is made again from these.
    """
    result, decision = outcome.result, outcome.decision
    if result.final or (decision is not None and (decision.errors or decision.against_policy)):
        return "ERROR"
    if result.status == "failed" and result.code != HAND_BACK_WAITS:
        return "WARNING"
    is_done = result.status != "unchanged" or outcome.entry is not None or outcome.seen.hand_back is not None
    return "INFO" if is_done or (decision is not None and decision.is_worth_a_line) else "DEBUG"


def decision_record(outcome: Outcome, mode: str = "enforce") -> dict[str, Any]:
    """Return the members of a line that are the finding's own, less its entry in the ledger.

    In `observe` nothing is announced: the line says what would have been.

    Both hubs may have a finding of the same signal. In V2 `finding_id` is its metadata.uid, and `provider_id`
    the Id of the signal.
    """
    (product_arn, finding_id), result, age = outcome.seen.newest.key, outcome.result, outcome.age
    account = outcome.seen.newest.finding.get("AwsAccountId")
    record: dict[str, Any] = {
        "finding_id": finding_id,
        "product_arn": product_arn,
        "account": account if isinstance(account, str) else None,
        "outcome": result.status,
        "event_age_ms": None if age is None else round(age * 1000),
        "call_id": result.call_id,
    }
    if is_of_v2(outcome.seen.newest.key):
        provided = outcome.seen.newest.finding.get("Id")
        record |= {"hub": V2, "provider_id": provided if isinstance(provided, str) else None}
    if (order := outcome.seen.newest.order) is not None:
        record["sweep"] = order.id
        if order.take_back:
            record["take_back"] = True
    if (hand_back := outcome.seen.hand_back) is not None:
        at = datetime.fromtimestamp(hand_back.time, tz=UTC).isoformat(timespec="milliseconds")
        record["hand_back"] = {"by": hand_back.by, "at": at}
    if result.code:
        record["code"], record["reason"] = result.code, result.reason
    if outcome.decision is not None:
        record.update(_reasoning(outcome.decision))
        record.update(_announcement(outcome.decision, is_made=mode != "observe"))
    return record


def _memory(entry: Entry | None) -> str:
    """Return the members about the ledger, with a comma before them; nothing if the batch did not change it.

    An entry is whole or not there: a part could not be recognised as one. A lost ledger is made again from
    these members (`hubtriage.recovery`).
    """
    if entry is None:
        return ""
    text = write_entry(entry).replace("\x7f", "\\u007f")
    return f',"version":{entry.version},"entry":{text if len(text) <= LONGEST_ENTRY else "null"}'


def _reasoning(decision: Decision) -> dict[str, Any]:
    """Return the decision's record, less the members that say nothing about this finding."""
    record = decision.as_record()
    members = {name: record[name] for name in _ALWAYS}
    return members | {name: record[name] for name in _WHERE_THERE_ARE_ANY if record.get(name)}


def _announcement(decision: Decision, *, is_made: bool) -> dict[str, Any]:
    """Return the members about decision events: what is put on the bus, and what would be delivered."""
    news, would = decision.news, [each.as_record() for each in decision.would_deliver]
    record: dict[str, Any] = {}
    if news is not None:
        deliver = [each.as_record() for each in news.deliver]
        if is_made:
            record["event"] = {"kind": news.kind, "sequence": news.sequence, "deliver": deliver}
        else:
            would = [*deliver, *would]
    return record | ({"would_deliver": would} if would else {})


def _shared_members(circumstances: Circumstances) -> dict[str, Any]:
    members = {
        "service": circumstances.service,
        "function_request_id": circumstances.request_id,
        "ruleset": circumstances.ruleset,
        "revision": circumstances.revision,
        "mode": circumstances.mode,
    }
    return members if circumstances.trace_id is None else members | {"xray_trace_id": circumstances.trace_id}
