"""Send BatchUpdateFindings calls: within the rate budget, until the deadline, each finding to an end."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from typing import Any, Literal

from hubtriage.aws.securityhub.api import Key, SecurityHubApi, identifier, is_of_v2, key_of
from hubtriage.aws.securityhub.backoff import Backoff
from hubtriage.aws.securityhub.faults import API_ERRORS, CallFault, Fault, Handling, call_fault, handling
from hubtriage.aws.securityhub.ratelimit import TokenBucket
from hubtriage.engine.planning.batches import Call, Payload

Sent = Callable[[Iterable[Key], "Receipt"], None]
Veto = Callable[[Sequence[Key]], Collection[Key]]
"""Asked before each call with its findings; returns those that must not be sent."""
Begin = Callable[[Sequence[Key]], Mapping[Key, "Receipt"]]
"""Called right before each call with its findings; returns what became of those that drop out of it."""
SendStatus = Literal["sent", "not found", "too large", "poison", "outdated", "vetoed", "unsent"]

HOPELESS = 16
"""Refused calls, with none accepted, after which a payload counts as wrong for every finding.

Bisecting a call of 100 costs about 14 calls when one finding is bad, and 199 when the payload is. The rest of
the budget belongs to others. As many refused parts of any payloads, with no part accepted, mean that a
permission is missing: nothing is halved any more.
"""
MOST_PARTS = 60
"""Parts into which a call is cut at most, enough for four bad findings among 100.

What is left then waits for the next delivery. By then the findings that were accepted are out of the way.
"""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one finding's update. `call_id` is the request id of the last call that held it.

    `sent` is final; `unsent` may succeed on a later delivery; `poison` is refused by the service every
    time; `not found`, `too large` and `vetoed` are for the caller to decide. `outdated`: the update has
    become too old to be sent, and the finding has to be read and planned again. `is_refusal`: the service
    does not take this update, and may take another one.
    """

    status: SendStatus
    code: str = ""
    message: str = ""
    call_id: str | None = None
    is_refusal: bool = False


TOO_LATE = Receipt("unsent", "Deadline", "no time left for the call")
STOPPED = Receipt("unsent", "Stopped", "triage was switched off before the call")
"""For findings that are left when no call starts any more."""
OUTDATED = Receipt("outdated", "Outdated", "the update has become too old to be sent")
VETOED = Receipt("vetoed")


@dataclass(slots=True)
class Traffic:
    """What was sent, for metrics: findings per call, and errors by code (of reading calls too).

    `unknown` are findings of calls that may have worked, although no answer says so.
    """

    calls: list[int] = field(default_factory=list)
    unprocessed: Counter[str] = field(default_factory=Counter)
    faults: Counter[tuple[Fault, str]] = field(default_factory=Counter)
    unknown: set[Key] = field(default_factory=set)

    def add(self, other: "Traffic") -> None:
        """Count another round in."""
        self.calls += other.calls
        self.unprocessed += other.unprocessed
        self.faults += other.faults
        self.unknown |= other.unknown


@dataclass(slots=True)
class _Trial:
    """What the service thought of a payload so far, over all calls that send it.

    `waiting` are parts of refused calls; the last is tried next. So halving comes down to single findings
    soon, and a payload is not taken for hopeless because a fifth of the findings is.
    """

    payload: Payload  # kept, so that its identity stays its own
    waiting: list["_Attempt"] = field(default_factory=list)
    calls: int = 0
    parts: int = 0
    refused: int = 0
    accepted: bool = False
    verdict: Receipt = Receipt("poison")

    @property
    def hopeless(self) -> bool:
        return not self.accepted and self.refused >= HOPELESS

    @property
    def may_be_cut(self) -> bool:
        return self.parts < MOST_PARTS * self.calls


@dataclass(frozen=True, slots=True)
class _Attempt:
    payload: Payload
    keys: tuple[Key, ...]
    number: int = 1
    is_part: bool = False

    @property
    def is_v2(self) -> bool:
        """Whether its findings are those of Security Hub V2: a call has findings of one hub."""
        return bool(self.keys) and is_of_v2(self.keys[0])


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer of the service, by key. A finding that is not in it may not have been updated."""

    processed: frozenset[Key]
    unprocessed: Mapping[Key, tuple[str, str]]
    call_id: str | None


def always() -> bool:
    """Allow every call: nothing can switch this triage off."""
    return True


def never(_key: Key) -> bool:
    """Let no update become too old."""
    return False


def no_veto(_keys: Sequence[Key]) -> Collection[Key]:
    """Let all findings be sent."""
    return ()


def no_record(_keys: Sequence[Key]) -> Mapping[Key, "Receipt"]:
    """Write nothing down before a call."""
    return {}


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends calls. `budget` is the container's and outlives a batch; `now` is monotonic.

    `may_write` is asked before each call: triage may be switched off while a long batch is under way.
    """

    api: SecurityHubApi
    budget: TokenBucket
    backoff: Backoff
    now: Callable[[], float]
    may_write: Callable[[], bool] = always

    def send(
        self,
        calls: Iterable[Call],
        deadline: float,
        sent: Sent,
        outdated: Callable[[Key], bool] = never,
        veto: Veto = no_veto,
        begin: Begin = no_record,
    ) -> tuple[Mapping[Key, Receipt], Traffic]:
        """Send every call and return what became of each finding.

        `deadline` is monotonic; no call starts later. `sent` is called with updated findings at once.
        `outdated` is asked before every attempt: the finding may have changed since its update was planned.
        `veto` is asked as often, and then `begin`. Never raises for what the service or the network does.
        """
        run = _Run(self, tuple(calls), sent, outdated, veto, begin)
        run.finish(deadline)
        return run.receipts, run.traffic


def keys_of(call: Call) -> tuple[Key, ...]:
    """Return the findings that a call updates."""
    return tuple(map(key_of, call.identifiers))


class _Run:
    """The calls of one batch: a schedule of attempts, in order of the time at which each may start."""

    def __init__(
        self,
        sender: Sender,
        calls: tuple[Call, ...],
        sent: Sent,
        outdated: Callable[[Key], bool],
        veto: Veto,
        begin: Begin,
    ) -> None:
        self.receipts: dict[Key, Receipt] = {}
        self.traffic = Traffic()
        self._sender = sender
        self._stopped = False
        self._sent = sent
        self._outdated = outdated
        self._veto = veto
        self._begin = begin
        self._schedule: list[tuple[float, int, _Attempt | _Trial]] = []
        self._added = 0
        self._trials = {id(call.payload): _Trial(call.payload) for call in calls}
        self._parts_refused: Counter[bool] = Counter()  # by whether they are V2's
        self._parts_accepted: Counter[bool] = Counter()
        for call in calls:
            self._trials[id(call.payload)].calls += 1
            self.add(_Attempt(call.payload, keys_of(call)))

    def add(self, attempt: _Attempt | _Trial, delay: float = 0.0) -> None:
        """Put an attempt into the schedule; of a trial that part which is the last when its turn comes."""
        not_before = self._sender.now() + delay if delay else 0.0
        heappush(self._schedule, (not_before, self._added, attempt))
        self._added += 1

    def finish(self, deadline: float) -> None:
        while self._schedule:
            not_before, _order, due = heappop(self._schedule)
            attempt = due.waiting.pop() if isinstance(due, _Trial) else due
            if self._trial(attempt).hopeless:
                self._close(attempt.keys, self._trial(attempt).verdict)
            elif not attempt.is_part or not self._nothing_is_permitted(attempt.is_v2):
                self._take_up(attempt, deadline, not_before)

    def _take_up(self, attempt: _Attempt, deadline: float, not_before: float) -> None:
        """Wait for the attempt's turn, and make it with what is not outdated or vetoed by then.

        What is vetoed before the waiting does not wait.
        """
        wanted = self._without_vetoed(attempt)
        if not wanted.keys:
            return
        if stop_reason := self._stop_reason(deadline, not_before):
            self._leave(wanted, stop_reason)
        elif (due := self._begun(self._without_vetoed(self._up_to_date(wanted)))).keys:
            self._try(due)
        else:
            self._sender.budget.give_back()

    def _up_to_date(self, attempt: _Attempt) -> _Attempt:
        """Return the attempt without the findings whose update has become too old."""
        outdated = frozenset(filter(self._outdated, attempt.keys))
        if not outdated:
            return attempt
        self._close(outdated, OUTDATED)
        return replace(attempt, keys=tuple(key for key in attempt.keys if key not in outdated))

    def _without_vetoed(self, attempt: _Attempt) -> _Attempt:
        vetoed = self._veto(attempt.keys)
        if not vetoed:
            return attempt
        self._close(vetoed, VETOED)
        return replace(attempt, keys=tuple(key for key in attempt.keys if key not in vetoed))

    def _begun(self, attempt: _Attempt) -> _Attempt:
        """Return the attempt as it is made right now, without the findings that could not be begun."""
        if not attempt.keys:
            return attempt
        dropped = self._begin(attempt.keys)
        if not dropped:
            return attempt
        self.receipts.update(dropped)
        return replace(attempt, keys=tuple(key for key in attempt.keys if key not in dropped))

    def _nothing_is_permitted(self, is_v2: bool) -> bool:
        """Return whether halving has brought nothing at a hub. What is left keeps the reason of the refusal.

        What may be done at one hub says nothing about the other.
        """
        return not self._parts_accepted[is_v2] and self._parts_refused[is_v2] >= HOPELESS

    def _trial(self, attempt: _Attempt) -> _Trial:
        return self._trials[id(attempt.payload)]

    def _stop_reason(self, deadline: float, not_before: float) -> Receipt | None:
        """Wait until the budget allows a call; return what stops it then, or None.

        `may_write` is asked after the waiting, and never again once it has said no.
        """
        if self._stopped:
            return STOPPED
        if not self._sender.budget.take(deadline, not_before):
            return TOO_LATE
        self._stopped = not self._sender.may_write()
        if self._stopped:
            return STOPPED
        return TOO_LATE if self._sender.now() > deadline else None

    def _leave(self, attempt: _Attempt, stop_reason: Receipt) -> None:
        """Give up on an attempt. What an earlier attempt reported about a finding stays its reason."""
        for key in attempt.keys:
            self.receipts.setdefault(key, stop_reason)

    def _try(self, attempt: _Attempt) -> None:
        self.traffic.calls.append(len(attempt.keys))
        try:
            response = self._sender.api.batch_update_findings(
                FindingIdentifiers=[identifier(key) for key in attempt.keys], **attempt.payload
            )
        except API_ERRORS as error:
            self._failed(attempt, call_fault(error))
        else:
            self._answered(attempt, _read(response, attempt.keys))

    def _answered(self, attempt: _Attempt, answer: _Answer) -> None:
        self._trial(attempt).accepted = True
        self._parts_accepted[attempt.is_v2] += attempt.is_part
        self._accept(attempt, answer)
        again: list[Key] = []
        for key in attempt.keys:
            if key in answer.processed:
                continue
            if key not in answer.unprocessed:
                self.traffic.unknown.add(key)
            code, message = answer.unprocessed.get(key, ("Unmentioned", "the answer does not mention it"))
            self.traffic.unprocessed[code] += 1
            status = _STATUS[handling(code)]
            refusal = status == "poison"
            self.receipts[key] = Receipt(status, code, message, answer.call_id, refusal)
            if status == "unsent":
                again.append(key)
        self._again(attempt, again)

    def _accept(self, attempt: _Attempt, answer: _Answer) -> None:
        processed = [key for key in attempt.keys if key in answer.processed]
        if processed:
            receipt = Receipt("sent", call_id=answer.call_id)
            self._close(processed, receipt)
            self._sent(processed, receipt)

    def _failed(self, attempt: _Attempt, fault: CallFault) -> None:
        self.traffic.faults[fault.kind, fault.code] += 1
        if fault.may_have_worked:
            self.traffic.unknown.update(attempt.keys)
        is_refusal = fault.kind in (Fault.REFUSED, Fault.DENIED)
        receipt = Receipt("unsent", fault.code, fault.message, is_refusal=is_refusal)
        self._close(attempt.keys, receipt)
        if is_refusal:
            self._cut(attempt, fault)
        else:
            if fault.kind is Fault.THROTTLED:
                self._sender.budget.pause(self._sender.backoff.delay(attempt.number))
            self._again(attempt, attempt.keys, fault.kind)

    def _again(self, attempt: _Attempt, keys: Sequence[Key], kind: Fault = Fault.TRANSIENT) -> None:
        """Try these findings of the attempt once more, later, unless they have had their tries."""
        if keys and attempt.number < self._sender.backoff.tries(kind):
            next_attempt = replace(attempt, keys=tuple(keys), number=attempt.number + 1)
            self.add(next_attempt, self._sender.backoff.delay(attempt.number))

    def _cut(self, attempt: _Attempt, fault: CallFault) -> None:
        """Halve a call that was refused or denied, so that one bad finding does not hold back the others."""
        trial = self._trial(attempt)
        trial.refused += 1
        self._parts_refused[attempt.is_v2] += attempt.is_part
        status: SendStatus = "poison" if fault.kind is Fault.REFUSED else "unsent"
        trial.verdict = Receipt(status, fault.code, fault.message, is_refusal=True)
        if len(attempt.keys) == 1:
            self._close(attempt.keys, trial.verdict)
        elif trial.may_be_cut:
            trial.parts += 2
            middle = len(attempt.keys) // 2
            halves = [attempt.keys[middle:], attempt.keys[:middle]]
            if self._sender.backoff.random() > 0.5:  # another delivery has to reach what this one does not
                halves.reverse()
            for keys in halves:
                trial.waiting.append(replace(attempt, keys=keys, is_part=True))
                self.add(trial)

    def _close(self, keys: Iterable[Key], receipt: Receipt) -> None:
        self.receipts.update(dict.fromkeys(keys, receipt))


_STATUS: Mapping[Handling, SendStatus] = {
    Handling.RETRY: "unsent",
    Handling.NOT_FOUND: "not found",
    Handling.TOO_LARGE: "too large",
    Handling.POISON: "poison",
}


def _read(response: Mapping[str, Any], keys: tuple[Key, ...]) -> _Answer:
    """Sort an answer by key. Trust nothing in it: a cut-off body arrives as an answer without members."""
    asked = frozenset(keys)
    unprocessed = dict(_unprocessed(response.get("UnprocessedFindings")))
    processed = {key_of(found) for found in _objects(response.get("ProcessedFindings"))}
    return _Answer(
        processed=frozenset(key for key in processed & asked if key not in unprocessed),
        unprocessed=unprocessed,
        call_id=response.get("ResponseMetadata", {}).get("RequestId"),
    )


def _unprocessed(items: object) -> Iterator[tuple[Key, tuple[str, str]]]:
    for item in _objects(items):
        found = item.get("FindingIdentifier")
        if isinstance(found, Mapping):
            yield key_of(found), (str(item.get("ErrorCode")), str(item.get("ErrorMessage")))


def _objects(items: object) -> list[Mapping[str, Any]]:
    return [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []
