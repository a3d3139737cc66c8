"""The result of each finding of a batch, and therefore of each message.

Nothing is lost: an event ends as **updated**, **unchanged**, **refused** (logged and counted), or **failed**.
What failed is delivered again until it succeeds or the queue moves it to the dead-letter queue.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from hubtriage.aws.securityhub.sending import Traffic
from hubtriage.aws.triage.deduplication import DeduplicatedFinding
from hubtriage.aws.triage.events import Message, UnusableEvent
from hubtriage.engine.planning.decision import Decision
from hubtriage.engine.planning.entry import Entry

HIDING_STOPPED = "HidingStopped"
"""The code of a finding that was not hidden because its container had reached its limit."""
SUPERSEDED = "Superseded"
"""The code of an event that is older than our own last write."""
OBSERVE = "Observe"
"""The code of a finding to which nothing is written, because triage only observes."""
UNDECIDABLE = "Undecidable"
"""The code of a finding with two states if it is not known which is newer."""
HISTORY_BEHIND = "HistoryBehind"
"""The code of a finding whose history does not tell yet who changed it."""
CONFLICT = "Conflict"
"""The code of a finding whose entry in the ledger another container has changed meanwhile."""
HAND_BACK_WAITS = "HandBackWaits"
"""The code of a hand-back that is too young: GetFindings may not show yet what people had done before it."""
HAND_BACK_TOO_OLD = "HandBackTooOld"
"""The code of a hand-back that is void: people may have decided again since."""
HAND_BACK_LIMIT = "HandBackLimit"
"""The code of a hand-back that comes again later, because its container has taken many just now."""
REOPENED_ALONE = "ReopenedAlone"
"""The code of a finding that was reopened, while the rest of its update was refused."""
EVENT_NOT_PUT = "EventNotPut"
"""The code of a finding whose decision could not be announced. Its update is done, if there was one."""
LEDGER_UNREADABLE = "LedgerUnreadable"
LEDGER_UNWRITTEN = "LedgerUnwritten"

ResultStatus = Literal["updated", "unchanged", "refused", "failed"]


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a finding, why, and the call that did it.

    `code` is AWS's error code, or ours for what is not an error of AWS. `final` says that another
    delivery cannot help, so that a person has to look. `error` is an exception of our own code. `until` is
    when (epoch seconds) another delivery can be decided; None if that is not known.
    """

    status: ResultStatus
    code: str = ""
    reason: str = ""
    call_id: str | None = None
    final: bool = False
    error: Exception | None = None
    until: float | None = None


def not_found(receives: int, patience: int, reason: str, call_id: str | None = None) -> Result:
    """Return the result of a finding that is not found.

    AWS: an event can outrun the finding's replication; after a few deliveries it is gone.
    """
    return Result("refused" if receives >= patience else "failed", "FindingNotFound", reason, call_id)


def undecidable(reason: str, until: float) -> Result:
    """Return the result of a finding whose present state is not known; it can be decided at `until`."""
    return Result("failed", UNDECIDABLE, reason, until=until)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one finding. `decision` is None if none could be made; `age`: seconds since the event.

    `entry` is what the ledger holds of it from now on; None if this batch has not changed that.
    """

    seen: DeduplicatedFinding
    decision: Decision | None
    result: Result
    age: float | None
    entry: Entry | None = None


Sink = Callable[[Sequence[Outcome]], None]


@dataclass(slots=True)
class Report:
    """One batch: each finding's outcome, events that are unusable, and the calls that were made.

    `again_at` has the messages that should come again as soon as they can be decided, and when that is (epoch
    seconds). `intents_left` counts the intents that are still open in the ledger, `events_put` the decision
    events that are on the bus, and `events_not_put` the others, by code.
    """

    messages: tuple[Message, ...]
    unusable: tuple[UnusableEvent, ...]
    outcomes: list[Outcome] = field(default_factory=list)
    traffic: Traffic = field(default_factory=Traffic)
    reads: int = 0
    again_at: dict[Message, float] = field(default_factory=dict)
    intents_left: int = 0
    events_put: int = 0
    events_not_put: Counter[str] = field(default_factory=Counter)

    def end_early(self, outcomes: Sequence[Outcome], sink: Sink) -> None:
        """Take in findings that end before anything is known of them; those that wait come again in time."""
        for outcome in outcomes:
            if outcome.result.until is not None:
                self.again_at |= dict.fromkeys(outcome.seen.messages, outcome.result.until)
        if outcomes:
            self.outcomes.extend(outcomes)
            sink(outcomes)

    def failed_messages(self) -> tuple[Message, ...]:
        """Return the messages to deliver again: those with a finding that failed or an unusable part."""
        failed = {item.message for item in self.unusable}
        failed.update(_messages(outcome for outcome in self.outcomes if outcome.result.status == "failed"))
        return tuple(message for message in self.messages if message in failed)


def _messages(outcomes: Iterable[Outcome]) -> Iterable[Message]:
    return (message for outcome in outcomes for message in outcome.seen.messages)
