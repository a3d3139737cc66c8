"""The result of each finding of a batch, and therefore of each message.

Nothing is lost: an event ends as **updated**, **unchanged**, **refused** (logged and counted), or it
**failed** and is delivered again until it succeeds or the queue moves it to the dead-letter queue.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from hubtriage.aws.securityhub.sending import Traffic
from hubtriage.aws.triage.events import Message, UnusableEvent
from hubtriage.aws.triage.staleness import DeduplicatedFinding
from hubtriage.engine.planning.decision import Decision

HIDING_STOPPED = "HidingStopped"
"""The code of a finding that was not hidden because its container had reached its limit."""

ResultStatus = Literal["updated", "unchanged", "refused", "failed"]


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a finding, why, and the call that did it.

    `code` is AWS's error code, or ours for what is no error of AWS. `final` says that another
    delivery cannot help, so that a person has to look. `error` is an exception of our own code.
    """

    status: ResultStatus
    code: str = ""
    reason: str = ""
    call_id: str | None = None
    final: bool = False
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one finding. `decision` is None if none could be made; `age`: seconds since the event."""

    seen: DeduplicatedFinding
    decision: Decision | None
    result: Result
    age: float | None


@dataclass(slots=True)
class Report:
    """One batch: each finding's outcome, events that are unusable, and the calls that were made."""

    messages: tuple[Message, ...]
    unusable: tuple[UnusableEvent, ...]
    outcomes: list[Outcome] = field(default_factory=list)
    traffic: Traffic = field(default_factory=Traffic)
    reads: int = 0

    def failed_messages(self) -> tuple[Message, ...]:
        """Return the messages to deliver again: those with a finding that failed or an unusable part."""
        failed = {item.message for item in self.unusable}
        failed.update(_messages(outcome for outcome in self.outcomes if outcome.result.status == "failed"))
        return tuple(message for message in self.messages if message in failed)


def _messages(outcomes: Iterable[Outcome]) -> Iterable[Message]:
    return (message for outcome in outcomes for message in outcome.seen.messages)
