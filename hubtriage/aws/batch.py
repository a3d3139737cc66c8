"""One batch, from what Lambda is handed to how each finding ended."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from hubtriage.aws.api import Finding, Key, identifier
from hubtriage.aws.clock import Clock
from hubtriage.aws.events import Seen, SweepOrder, newest, take_in
from hubtriage.aws.outcomes import Ending, Outcome, Report
from hubtriage.aws.reading import Reader
from hubtriage.aws.recent import Recent
from hubtriage.aws.sending import Receipt, Sender
from hubtriage.engine.batches import group
from hubtriage.engine.decision import Decision
from hubtriage.engine.plan import Settings, decide
from hubtriage.engine.ruleset import Ruleset
from hubtriage.engine.timestamps import parse_timestamp

Mode = Literal["enforce", "observe"]
Sink = Callable[[Sequence[Outcome]], None]

READING_SHARE = 0.5
"""Of the time left, how much may go into reading: what is read must still be sent."""
CLOCK_SKEW = 5.0
"""Seconds by which the clock of whoever made an event may be ahead of ours; a later one is not trusted."""


@dataclass(frozen=True, slots=True)
class Policy:
    """When a finding is read again before it is changed (age in seconds), and how long one is awaited."""

    refresh_age: float = 30.0
    patience: int = 3


class Triage:
    """Triage batches. One instance lives as long as its container; the rate budgets are in its parts.

    It remembers what it has seen and written, so that an event that comes late does not undo a person.
    """

    def __init__(
        self,
        ruleset: Ruleset,
        settings: Settings,
        policy: Policy,
        sender: Sender,
        reader: Reader,
        clock: Clock,
    ) -> None:
        self.ruleset = ruleset
        self.settings = settings
        self.policy = policy
        self.sender = sender
        self.reader = reader
        self.clock = clock
        self.recent = Recent()

    def run(self, event: object, deadline: float, sink: Sink, mode: Mode = "enforce") -> Report:
        """Triage an SQS event, or one EventBridge event. `deadline`: monotonic; no call starts later.

        `sink` gets each outcome as soon as it is known, so that a container that dies has logged what
        it did. In `observe` nothing is written: decisions are made and reported, that is all. Never
        raises for what an event contains or the service does.
        """
        intake = take_in(event)
        report = Report(intake.messages, intake.unusable)
        batch = _Batch(self, newest(intake.sightings), report, sink, self.clock.now())
        batch.plan()
        if mode == "enforce":
            batch.refresh(deadline)
            batch.send(deadline)
            batch.send_without_note(deadline)
        else:
            batch.close()
        return report


class _Batch:
    """The findings of one batch on their way: `open` have an update still to be sent."""

    def __init__(self, triage: Triage, seen: dict[Key, Seen], report: Report, sink: Sink, now: float) -> None:
        self._triage = triage
        self._seen = seen
        self._report = report
        self._sink = sink
        self._now = now
        self._findings: dict[Key, Finding] = {key: one.newest.finding for key, one in seen.items()}
        self._decisions: dict[Key, Decision] = {}
        self._open: dict[Key, Decision] = {}
        self._too_large: dict[Key, Receipt] = {}
        self._ended: set[Key] = set()

    def plan(self) -> None:
        """Decide on every finding as its event shows it; those that surely need no call end here."""
        for key in self._seen:
            self._decide(key)
        self._end_closed(key for key, seen in self._seen.items() if not seen.unsure)

    def refresh(self, deadline: float) -> None:
        """Read again the findings that have a plan and may be out of date, and decide anew.

        Also those without one of which the newest event is not known: the others may ask for one.
        """
        stale = [key for key in self._seen if key not in self._ended and self._is_stale(key)]
        if not stale:
            return
        monotonic = self._triage.clock.monotonic()
        fresh = self._triage.reader.read(stale, monotonic + READING_SHARE * (deadline - monotonic))
        self._report.reads += fresh.calls
        self._report.traffic.faults += fresh.faults
        for key, finding in fresh.found.items():
            self._findings[key] = _newer(self._findings[key], finding)
            self._decide(key)
        self._end_closed(fresh.found)
        self._end({key: self._not_found(key, "GetFindings does not show it") for key in fresh.missing})
        self._end({key: Ending("failed", why.code, why.message) for key, why in fresh.unread.items()})

    def send(self, deadline: float) -> None:
        """Send what is open, as few calls as possible."""
        calls = group((identifier(key), plan.update) for key, plan in self._open.items() if plan.update)
        receipts, traffic = self._triage.sender.send(calls, deadline, self._sent)
        self._report.traffic.add(traffic)
        for key, receipt in receipts.items():
            if receipt.fate == "too large":
                self._too_large[key] = receipt
            elif receipt.fate != "sent":
                self._end({key: self._ending(key, receipt)})

    def send_without_note(self, deadline: float) -> None:
        """Once more for findings that the update made too large: the note is what can be left out."""
        too_large, self._too_large = self._too_large, {}
        for key in too_large:
            if "Note" in (self._open.pop(key).update or ()):
                self._decide(key, without_note=True)
        self._end({key: _refused(too_large[key]) for key in too_large if not self._is_on_its_way(key)})
        self.send(deadline)
        self._end({key: _refused(receipt) for key, receipt in self._too_large.items()})

    def close(self) -> None:
        """End what has not ended, because nothing is to be written."""
        self._end_closed(self._seen)
        self._end({key: Ending("unchanged", "Observe", "nothing is written") for key in tuple(self._open)})

    def _decide(self, key: Key, *, without_note: bool = False) -> None:
        triage = self._triage
        self._open.pop(key, None)
        self._decisions.pop(key, None)
        try:
            ruleset, settings = ordered(triage.ruleset, triage.settings, self._seen[key].newest.order)
            decision = decide(self._findings[key], ruleset, self._now, settings, without_note=without_note)
        except RecursionError:  # no path of a rule is so deep: somebody made the finding so
            reason = "the finding is nested deeper than can be followed"
            self._end({key: Ending("failed", "TooDeep", reason, final=True)})
            return
        except Exception as error:  # noqa: BLE001 - our bug on one finding must not take the batch with it
            self._end({key: Ending("failed", "EngineError", str(error), final=True, error=error)})
            return
        self._decisions[key] = decision
        if decision.update is not None:
            self._open[key] = decision

    def _end_closed(self, keys: Iterable[Key]) -> None:
        """End the findings that need no call."""
        ending: dict[Key, Ending] = {}
        for key in keys:
            if self._is_on_its_way(key):
                continue
            refused = self._decisions[key].refused
            ending[key] = (
                Ending("unchanged") if refused is None else Ending("refused", "CannotChange", refused)
            )
        self._end(ending)

    def _is_on_its_way(self, key: Key) -> bool:
        """Whether the finding has a call to come, or has ended already."""
        return key in self._open or key in self._ended

    def _sent(self, keys: Iterable[Key], receipt: Receipt) -> None:
        self._end({key: self._updated(key, receipt) for key in keys})

    def _updated(self, key: Key, receipt: Receipt) -> Ending:
        if self._decisions[key].note_left_out:
            return Ending("updated", "NoteLeftOut", "the finding is too large for the note", receipt.call_id)
        return Ending("updated", call_id=receipt.call_id)

    def _end(self, endings: dict[Key, Ending]) -> None:
        outcomes = [self._outcome(key, ending) for key, ending in endings.items()]
        self._ended.update(endings)
        for key, ending in endings.items():
            self._open.pop(key, None)
            self._triage.recent.note(key, self._known_as_of(key, ending))
        if outcomes:
            self._report.outcomes.extend(outcomes)
            self._sink(outcomes)

    def _outcome(self, key: Key, ending: Ending) -> Outcome:
        seen = self._seen[key]
        return Outcome(seen, self._decisions.get(key), ending, self._age(seen))

    def _age(self, seen: Seen) -> float | None:
        event_at = seen.newest.event_at
        return None if event_at is None else max(0.0, self._now - event_at)

    def _known_as_of(self, key: Key, ending: Ending) -> float:
        """Of a call that failed nobody knows whether it has changed the finding."""
        if ending.result in ("updated", "failed"):
            return self._triage.clock.now()
        return min(self._seen[key].newest.event_at or 0.0, self._now)

    def _is_stale(self, key: Key) -> bool:
        """Of what has not ended: it has a plan, or is unsure."""
        newest, policy = self._seen[key].newest, self._triage.policy
        if self._seen[key].unsure or newest.message.receives > 1 or newest.event_at is None:
            return True
        is_fresh = -CLOCK_SKEW <= self._now - newest.event_at <= policy.refresh_age
        return not is_fresh or self._triage.recent.overtook(key, newest.event_at)

    def _ending(self, key: Key, receipt: Receipt) -> Ending:
        if receipt.fate == "not found":
            return self._not_found(key, receipt.message, receipt.call_id)
        final = receipt.fate == "poison"
        return Ending("failed", receipt.code, receipt.message, receipt.call_id, final)

    def _not_found(self, key: Key, reason: str, call_id: str | None = None) -> Ending:
        """AWS: an event can outrun the finding's replication; after a few deliveries it is gone."""
        waited = self._seen[key].newest.message.receives >= self._triage.policy.patience
        return Ending("refused" if waited else "failed", "FindingNotFound", reason, call_id)


def ordered(ruleset: Ruleset, settings: Settings, order: SweepOrder | None) -> tuple[Ruleset, Settings]:
    """The rules and settings by which to plan a finding: those of the stack, unless the sweep orders others.

    Without rules everything is taken back, which never hides anything. The names stay for the log.
    """
    if order is None:
        return ruleset, settings
    rules = ruleset.without_rules() if order.take_back else ruleset
    return rules, replace(settings, adopts=order.adopt) if order.adopt else settings


def _refused(receipt: Receipt) -> Ending:
    return Ending("refused", receipt.code, receipt.message, receipt.call_id)


def _newer(event: Finding, stored: Finding) -> Finding:
    """AWS: what GetFindings shows can lag; its provider's `UpdatedAt` tells when it does."""
    told, known = parse_timestamp(event.get("UpdatedAt")), parse_timestamp(stored.get("UpdatedAt"))
    return event if told is not None and known is not None and told > known else stored
