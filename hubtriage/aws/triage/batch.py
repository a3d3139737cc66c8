"""One batch, from the event of the Lambda to the result of each finding."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from hubtriage.aws.clock import Clock
from hubtriage.aws.securityhub.api import Finding, Key, identifier
from hubtriage.aws.securityhub.namesakes import Owners, accounts_of, refusal
from hubtriage.aws.securityhub.reading import FoundFindings, Reader
from hubtriage.aws.securityhub.sending import (
    OUTDATED,
    STOPPED,
    TOO_LATE,
    Receipt,
    Sender,
    Traffic,
    always,
    keys_of,
)
from hubtriage.aws.switch.hide_limit import HideLimit
from hubtriage.aws.switch.mode import Mode
from hubtriage.aws.triage.events import SweepOrder, parse_event
from hubtriage.aws.triage.results import HIDING_STOPPED, Outcome, Report, Result
from hubtriage.aws.triage.staleness import DeduplicatedFinding, Recent, Staleness, newer, newest
from hubtriage.engine.planning.batches import Call, group
from hubtriage.engine.planning.decision import Decision
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.ruleset import Ruleset

Sink = Callable[[Sequence[Outcome]], None]

READING_SHARE = 0.5
"""Of the time left, how much may go into reading: what is read must still be sent."""
OVER_LIMIT = "this container has hidden as many findings in 5 minutes as breaker-limit allows"
IN_DOUBT = "the event and GetFindings ask for different things; it is decided when the event comes again"
ROUND = 20
"""Calls between two looks at whether what they say is fresh: with a finding each, one call reads them all."""


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
        hide_limit: HideLimit | None = None,
        may_hide: Callable[[], bool] = always,
    ) -> None:
        self.ruleset = ruleset
        self.settings = settings
        self.policy = policy
        self.sender = sender
        self.reader = reader
        self.clock = clock
        self.hide_limit = hide_limit or HideLimit(None)
        self.may_hide = may_hide
        self.recent = Recent()
        self.owners = Owners()

    def run(self, event: object, deadline: float, sink: Sink, mode: Mode = "enforce") -> Report:
        """Triage an SQS event, or one EventBridge event. `deadline`: monotonic; no call starts later.

        `sink` gets each outcome as soon as it is known, so that a container that dies has logged what
        it did. In `observe` nothing is written: decisions are made and reported, that is all. In `reopen`
        nothing new is hidden. Never raises for what an event contains or the service does.
        """
        parsed = parse_event(event)
        report = Report(parsed.messages, parsed.unusable)
        batch = _Batch(self, newest(parsed.finding_events), report, sink, mode)
        batch.plan()
        if mode != "observe":
            batch.reopen(deadline)
            batch.refresh(deadline)
            batch.send(deadline)
            batch.send_without_note(deadline)
        else:
            batch.close()
        return report


class _Batch:
    """The findings of one batch on their way: `open` have an update still to be sent."""

    def __init__(
        self, triage: Triage, seen: dict[Key, DeduplicatedFinding], report: Report, sink: Sink, mode: Mode
    ) -> None:
        self._triage = triage
        self._seen = seen
        self._report = report
        self._sink = sink
        self._now = triage.clock.now()
        self._read_again: dict[Key, FoundFindings] = {}
        self._decisions: dict[Key, Decision] = {}
        self._open: dict[Key, Decision] = {}
        self._too_large: dict[Key, Receipt] = {}
        self._in_reopen = mode == "reopen"
        self._hiding_nothing = replace(triage.settings, may_hide=False)
        self._may_not_hide: set[Key] = set()  # since the batch began
        self._over_limit: set[Key] = set()
        self._taken: set[Key] = set()
        self._ended: set[Key] = set()
        self._staleness = Staleness(seen, triage.recent, triage.policy.refresh_age, triage.clock)

    def plan(self) -> None:
        """Decide on every finding as its event shows it; those that surely need no call end here."""
        self._refuse_namesakes({key: seen.accounts for key, seen in self._seen.items()})
        for key in self._seen:
            if key not in self._ended:
                self._decide(key)
        self._end_closed(key for key, seen in self._seen.items() if not seen.others)

    def reopen(self, deadline: float) -> None:
        """Send what reopens findings before anything else is so much as read.

        What hides may come as a flood, and its reading and sending takes minutes.
        """
        self._refresh([key for call in self._reopening() for key in keys_of(call)], deadline)
        self._send(self._reopening, deadline)

    def refresh(self, deadline: float) -> None:
        """Read again the findings that have a plan and may be out of date, and decide anew.

        Also read findings without a plan whose newest event is not known: another event may need one.
        """
        self._refresh([key for key in self._seen if key not in self._ended], deadline)

    def _refresh(self, keys: Iterable[Key], deadline: float) -> None:
        self._read([key for key in keys if self._staleness.must_be_read(key)], deadline)

    def send(self, deadline: float) -> None:
        """Send what is open, what reopens first, in as few calls as possible."""
        self._send(self._reopening, deadline)
        self._send(self._calls, deadline)

    def _calls(self) -> list[Call]:
        """Return the calls that are to be made, as things stand."""
        updates = [(identifier(key), plan.update) for key, plan in self._open.items() if plan.update]
        return group(updates, reopening={key for key, plan in self._open.items() if plan.reopens})

    def _reopening(self) -> list[Call]:
        return [call for call in self._calls() if call.reopens]

    def _send(self, open_calls: Callable[[], list[Call]], deadline: float) -> None:
        """Make calls until none is open. No call of another round starts before a round has ended.

        What had to wait for its call, or for another try, until it is out of date is read again before.
        """
        while calls := open_calls():
            for start in range(0, len(calls), ROUND):
                due = calls[start : start + ROUND]
                late = [key for call in due for key in keys_of(call) if self._staleness.is_outdated(key)]
                if late:
                    self._read(late, deadline)
                    break
                stop_reason = self._make(due, deadline)
                if stop_reason == OUTDATED:
                    break
                if stop_reason:
                    self._end({key: self._result(key, stop_reason) for key in self._open})
                    return

    def _make(self, calls: Sequence[Call], deadline: float) -> Receipt | None:
        """Make calls; return what stops any further call, or what became too old to be sent, or None."""
        outdated = self._staleness.is_outdated
        receipts, traffic = self._triage.sender.send(calls, deadline, self._sent, outdated, self._veto)
        self._report.traffic.add(traffic)
        self._close_taken(receipts, traffic)
        for key, receipt in receipts.items():
            if receipt.status == "vetoed":
                self._decide(key)
                self._end_closed([key])
            elif receipt.status == "too large":
                self._too_large[key] = receipt
                del self._open[key]
            elif receipt.status not in ("sent", "outdated"):  # what is outdated stays open
                self._end({key: self._result(key, receipt)})
        return next((stop for stop in (TOO_LATE, STOPPED, OUTDATED) if stop in receipts.values()), None)

    def _veto(self, keys: Sequence[Key]) -> Collection[Key]:
        """Return the findings that must not be hidden, by the mode or by the container's own limit.

        The breaker and people may switch in the middle of a batch. A sweep has a limit of its own.
        """
        hiding = [key for key in keys if self._decisions[key].hides]
        if not hiding:
            return ()
        if not self._triage.may_hide():
            self._may_not_hide.update(hiding)
            return frozenset(hiding)
        counted = [key for key in hiding if key not in self._taken and not self._is_announced(key)]
        allowed = self._triage.hide_limit.take(len(counted))
        self._taken.update(counted[:allowed])
        self._over_limit.update(counted[allowed:])
        self._may_not_hide.update(counted[allowed:])
        return frozenset(counted[allowed:])

    def _is_announced(self, key: Key) -> bool:
        """Return whether a sweep has counted the finding among those that it may hide."""
        order = self._seen[key].newest.order
        return order is not None and order.hides

    def _close_taken(self, receipts: Mapping[Key, Receipt], traffic: Traffic) -> None:
        """Count what may be hidden now; an update whose answer was lost may have worked."""
        hidden = sum(receipts[key].status == "sent" or key in traffic.unknown for key in self._taken)
        self._triage.hide_limit.close(len(self._taken), hidden)
        self._taken.clear()

    def send_without_note(self, deadline: float) -> None:
        """Send again, without the note, what the update made too large."""
        too_large, self._too_large = self._too_large, {}
        for key in too_large:
            if "Note" in (self._decisions[key].update or ()):
                self._decide(key, without_note=True)
        self._end({key: _refused(too_large[key]) for key in too_large if not self._is_on_its_way(key)})
        self.send(deadline)
        self._end({key: _refused(receipt) for key, receipt in self._too_large.items()})

    def close(self) -> None:
        """End what has not ended, because nothing is to be written."""
        self._end_closed(self._seen)
        self._end({key: Result("unchanged", "Observe", "nothing is written") for key in tuple(self._open)})

    def _read(self, keys: Sequence[Key], deadline: float) -> None:
        """Read findings again and decide anew."""
        if not keys:
            return
        monotonic = self._triage.clock.monotonic()
        self._staleness.reading(keys)
        fresh = self._triage.reader.read(keys, monotonic + READING_SHARE * (deadline - monotonic))
        self._staleness.have_read(keys)
        self._report.reads += fresh.calls
        self._report.traffic.faults += fresh.faults
        self._refuse_namesakes(fresh.accounts)
        for key in fresh.found:
            self._believe(key, fresh.found)
        self._end_closed(fresh.found)
        self._end({key: self._not_found(key, "GetFindings does not show it") for key in fresh.missing})
        self._end({key: Result("failed", why.code, why.message) for key, why in fresh.unread.items()})

    def _shown(self, key: Key) -> Finding:
        """Return the finding in the state that decides: the event's, or that of a later reading."""
        found = self._read_again.get(key)
        return self._seen[key].newest.finding if found is None else found[key]

    def _refuse_namesakes(self, accounts: Mapping[Key, Iterable[str]]) -> None:
        """End findings whose key other accounts have too: no one can say which AWS would update."""
        known = {key: self._triage.owners.note(key, some) for key, some in accounts.items()}
        self._end(
            {
                key: Result("refused", "Namesakes", refusal(some))
                for key, some in known.items()
                if len(some) > 1 and key not in self._ended
            }
        )

    def _believe(self, key: Key, found: FoundFindings) -> None:
        """Decide by what a reading shows, unless the event is newer.

        If it is not known which is newer, and they ask for different things, the finding fails: by the next
        delivery, readings have caught up. It also fails if a reading asks for what no later event asked for.
        """
        shown, stored = self._shown(key), found[key]
        self._refuse_namesakes({key: accounts_of([stored])})
        if key in self._ended:
            return
        asked = [self._decisions[key], *(self._verdict(key, other) for other in self._seen[key].others)]
        last = newer(shown, stored)
        if last is not shown:
            self._read_again[key] = found
            self._decide(key)
        if key in self._ended or not self._staleness.may_lag(key):
            return
        update = self._decisions[key].update
        if self._staleness.superseded(key):
            is_doubtful = update is not None
        else:
            is_doubtful = last is not stored and any(
                isinstance(verdict, Result) or verdict.update != update for verdict in asked
            )
        if is_doubtful:
            self._end({key: Result("failed", "InDoubt", IN_DOUBT)})

    def _decide(self, key: Key, *, without_note: bool = False) -> None:
        self._decisions.pop(key, None)
        verdict = self._verdict(key, self._shown(key), without_note=without_note)
        if isinstance(verdict, Result):
            self._end({key: verdict})
            return
        self._decisions[key] = verdict
        if verdict.update is None:
            self._open.pop(key, None)
        else:
            self._open[key] = verdict  # in its place: what has been read again goes next

    def _verdict(self, key: Key, shown: Finding, *, without_note: bool = False) -> Decision | Result:
        """Decide on a finding in the state that is shown."""
        triage = self._triage
        try:
            hides_nothing = self._in_reopen or key in self._may_not_hide
            settings = self._hiding_nothing if hides_nothing else triage.settings
            ruleset, settings = ordered(triage.ruleset, settings, self._seen[key].newest.order)
            return decide(shown, ruleset, self._now, settings, without_note=without_note)
        except RecursionError:  # no path of a rule is so deep: the finding was made so on purpose
            reason = "the finding is nested deeper than can be followed"
            return Result("failed", "TooDeep", reason, final=True)
        except Exception as error:  # noqa: BLE001 - our bug on one finding must not take the batch with it
            return Result("failed", "EngineError", str(error), final=True, error=error)

    def _end_closed(self, keys: Iterable[Key]) -> None:
        """End the findings that need no call."""
        results: dict[Key, Result] = {}
        for key in keys:
            if self._is_on_its_way(key):
                continue
            refused = self._decisions[key].refused
            results[key] = (
                self._unchanged(key) if refused is None else Result("refused", "CannotChange", refused)
            )
        self._end(results)

    def _unchanged(self, key: Key) -> Result:
        if key in self._over_limit:
            return Result("unchanged", HIDING_STOPPED, OVER_LIMIT)
        return Result("unchanged")

    def _is_on_its_way(self, key: Key) -> bool:
        """Return whether the finding has a call to come, or has ended already."""
        return key in self._open or key in self._ended

    def _sent(self, keys: Iterable[Key], receipt: Receipt) -> None:
        self._end({key: self._updated(key, receipt) for key in keys})

    def _updated(self, key: Key, receipt: Receipt) -> Result:
        if key in self._over_limit:
            return Result("updated", HIDING_STOPPED, OVER_LIMIT, receipt.call_id)
        if self._decisions[key].note_left_out:
            return Result("updated", "NoteLeftOut", "the finding is too large for the note", receipt.call_id)
        return Result("updated", call_id=receipt.call_id)

    def _end(self, results: dict[Key, Result]) -> None:
        outcomes = [self._outcome(key, result) for key, result in results.items()]
        self._ended.update(results)
        for key, result in results.items():
            self._open.pop(key, None)
            self._remember(key, result)
        if outcomes:
            self._report.outcomes.extend(outcomes)
            self._sink(outcomes)

    def _outcome(self, key: Key, result: Result) -> Outcome:
        seen = self._seen[key]
        return Outcome(seen, self._decisions.get(key), result, self._age(seen))

    def _age(self, seen: DeduplicatedFinding) -> float | None:
        event_at = seen.newest.event_at
        return None if event_at is None else max(0.0, self._now - event_at)

    def _remember(self, key: Key, result: Result) -> None:
        if result.status == "updated":
            self._staleness.updated(key, self._decisions[key].update or {})
        elif result.status == "failed":
            self._staleness.failed(key)
        else:
            self._staleness.kept(key)

    def _result(self, key: Key, receipt: Receipt) -> Result:
        if receipt.status == "not found":
            return self._not_found(key, receipt.message, receipt.call_id)
        final = receipt.status == "poison"
        return Result("failed", receipt.code, receipt.message, receipt.call_id, final)

    def _not_found(self, key: Key, reason: str, call_id: str | None = None) -> Result:
        """AWS: an event can outrun the finding's replication; after a few deliveries it is gone."""
        waited = self._seen[key].newest.message.receives >= self._triage.policy.patience
        return Result("refused" if waited else "failed", "FindingNotFound", reason, call_id)


def ordered(ruleset: Ruleset, settings: Settings, order: SweepOrder | None) -> tuple[Ruleset, Settings]:
    """Return the rules and settings for planning a finding: the stack's, unless the sweep orders others.

    Without rules everything is taken back, which never hides anything. The names stay for the log.
    """
    if order is None:
        return ruleset, settings
    rules = ruleset.without_rules() if order.take_back else ruleset
    return rules, replace(settings, adopts=order.adopt) if order.adopt else settings


def _refused(receipt: Receipt) -> Result:
    return Result("refused", receipt.code, receipt.message, receipt.call_id)
