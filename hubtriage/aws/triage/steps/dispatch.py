"""Send the updates of a batch: what reopens first, each recorded as an intent before, and confirmed after."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hubtriage.aws.clock import Clock
from hubtriage.aws.securityhub.api import Key, identifier
from hubtriage.aws.securityhub.sending import (
    OUTDATED,
    STOPPED,
    TOO_LATE,
    Receipt,
    Sender,
    Traffic,
    keys_of,
)
from hubtriage.aws.switch.hide_limit import HideLimit
from hubtriage.aws.triage.case import Case
from hubtriage.aws.triage.deciding import has_namesakes
from hubtriage.aws.triage.policy import Policy
from hubtriage.aws.triage.results import HIDING_STOPPED, REOPENED_ALONE, Result, not_found
from hubtriage.aws.triage.steps.cases import Cases
from hubtriage.aws.triage.steps.looking import OVER_LIMIT, Looking
from hubtriage.aws.triage.steps.memory import Memory
from hubtriage.engine.planning.batches import Call, Payload, group
from hubtriage.engine.planning.decision import Decision
from hubtriage.engine.planning.plan import WITHOUT_NOTE, LeftOut

ROUND = 20
"""Calls between two looks at whether what they say is fresh: with a finding each, one call reads them all."""
OTHERS_ARE_REFUSED = "the service refuses the update with it, so that the finding is reopened without"
UNANSWERED = "an earlier try of the update may have worked; that is settled when the event comes again"


@dataclass(slots=True)
class Dispatch:
    """Sends the updates of one batch. `deadline`: monotonic; no call starts later."""

    cases: Cases
    looking: Looking
    memory: Memory
    sender: Sender
    hide_limit: HideLimit
    may_hide: Callable[[], bool]
    policy: Policy
    clock: Clock
    deadline: float
    _taken: set[Case] = field(default_factory=set)
    _begun: set[Case] = field(default_factory=set)
    _too_large: dict[Case, Receipt] = field(default_factory=dict)
    _refused: dict[Case, Receipt] = field(default_factory=dict)

    def send_reopening(self) -> None:
        """Send what reopens findings; where that is refused with other changes, send it without them."""
        self._send(self._reopening_calls)
        self._reopen_alone()

    def send(self) -> None:
        """Send everything, what reopens first, in as few calls as possible."""
        self.send_reopening()
        self._send(self._calls)
        self._send_without_note()
        self._reopen_alone()
        self._abandon()

    def _reopening_calls(self) -> list[Call]:
        return [call for call in self._calls() if call.reopens]

    def _calls(self) -> list[Call]:
        """Return the calls that are to be made, as things stand."""
        waiting = (self._too_large, self._refused)
        due = [case for case in self.cases.open if case.is_due and not any(case in each for each in waiting)]
        updates = [  # in their order: what has been read again goes next
            (identifier(case.key), values) for case in due if (values := _values(case.decision))
        ]
        return group(updates, reopening={case.key for case in due if case.decision and case.decision.reopens})

    def _send(self, open_calls: Callable[[], list[Call]]) -> None:
        """Make calls until none is open. No call of another round starts before a round has ended.

        What had to wait for its call, or for another try, until it is out of date is read again before.
        """
        while calls := open_calls():
            for start in range(0, len(calls), ROUND):
                due = calls[start : start + ROUND]
                waiting = self.cases.of(key for call in due for key in keys_of(call))
                late = [case for case in waiting if self.looking.is_outdated(case)]
                if late:
                    self.looking.read(late, self.deadline)
                    self.looking.close(late)
                    break
                stop_reason = self._make(due)
                if stop_reason == OUTDATED:
                    break
                if stop_reason:
                    self.cases.end({case: self._result(case, stop_reason) for case in self.cases.open})
                    return

    def _make(self, calls: Sequence[Call]) -> Receipt | None:
        """Make calls; return what stops any further call, or what became too old to be sent, or None."""
        receipts, traffic = self.sender.send(
            calls, self.deadline, self._sent, self._is_outdated, self._veto, self._begin
        )
        self.cases.report.traffic.add(traffic)
        self._close_taken(receipts, traffic)
        for key, receipt in receipts.items():
            case = self.cases[key]
            case.is_unknown = key in traffic.unknown and receipt.status != "sent"
            self._receive(case, receipt)
        self._abandon()
        return next((stop for stop in (TOO_LATE, STOPPED, OUTDATED) if stop in receipts.values()), None)

    def _receive(self, case: Case, receipt: Receipt) -> None:
        """Deal with what became of an update; what is outdated stays open."""
        if case.is_unknown and receipt.status in ("vetoed", "outdated", "too large"):
            self.cases.end({case: Result("failed", "Unanswered", UNANSWERED)})
        elif receipt.status == "vetoed":
            self.looking.decide([case])
            self.looking.close([case])
        elif receipt.status == "too large":
            self._too_large[case] = receipt
        elif receipt.is_refusal and not case.is_unknown and _may_reopen_alone(case):
            self._refused[case] = receipt
        elif receipt.status not in ("sent", "outdated"):
            self.cases.end({case: self._result(case, receipt)})

    def _begin(self, keys: Sequence[Key]) -> Mapping[Key, Receipt]:
        """Record the intents of a call; return what became of the findings that drop out of it.

        An intent that is open for the same update serves for another try, as long as it is young.
        """
        cases = self.cases.of(keys)
        dropped: dict[Key, Receipt] = {}
        new = [case for case in cases if case.intended is not case.decision]
        self._begun.update(new)
        for case, result in self.memory.record(new, self.clock.now()).items():
            dropped[case.key] = Receipt("unsent", result.code, result.reason)
        for case in cases:
            if case.key not in dropped and self._is_overdue(case):
                case.intended = None
                dropped[case.key] = OUTDATED
        return dropped

    def _is_overdue(self, case: Case) -> bool:
        return case.intent is not None and self.clock.now() - case.intent.time > self.policy.send_within

    def _is_outdated(self, key: Key) -> bool:
        return self.looking.is_outdated(self.cases[key])

    def _sent(self, keys: Iterable[Key], receipt: Receipt) -> None:
        """Confirm what has been sent. An answer says so last: what comes after it is a later change."""
        cases = self.cases.of(keys)
        self.memory.confirm(cases, self.clock.now())
        self.cases.end({case: _updated(case, receipt) for case in cases})

    def _veto(self, keys: Sequence[Key]) -> Collection[Key]:
        """Return the findings that must not be hidden, by the mode or by the container's own limit.

        The breaker and people may switch in the middle of a batch. A sweep has a limit of its own.
        """
        hiding = [case for case in self.cases.of(keys) if case.decision is not None and case.decision.hides]
        if not hiding:
            return ()
        if not self.may_hide():
            forbidden = hiding
        else:
            counted = [case for case in hiding if case not in self._taken and not case.is_announced]
            allowed = self.hide_limit.take(len(counted))
            self._taken.update(counted[:allowed])
            forbidden = counted[allowed:]
            for case in forbidden:
                case.is_over_limit = True
        for case in forbidden:
            case.may_not_hide = True
        return frozenset(case.key for case in forbidden)

    def _close_taken(self, receipts: Mapping[Key, Receipt], traffic: Traffic) -> None:
        """Count what may be hidden now; an update whose answer was lost may have worked."""
        hidden = sum(
            receipts[case.key].status == "sent" or case.key in traffic.unknown for case in self._taken
        )
        self.hide_limit.close(len(self._taken), hidden)
        self._taken.clear()

    def _send_without_note(self) -> None:
        """Send again, without the note, what the update made too large."""
        too_large, self._too_large = self._too_large, {}
        noted = [case for case in too_large if case.decision and "Note" in (case.decision.update or ())]
        results = {case: self.looking.decider.decide(case, left_out=WITHOUT_NOTE) for case in noted}
        self.cases.end({case: result for case, result in results.items() if result is not None})
        self._give_up({case: too_large[case] for case in too_large if case not in results or not case.is_due})
        self.send_reopening()
        self._send(self._calls)
        still_too_large, self._too_large = self._too_large, {}
        self._give_up(still_too_large)

    def _give_up(self, too_large: Mapping[Case, Receipt]) -> None:
        """Refuse what does not fit, unless less may do."""
        alone = {case: receipt for case, receipt in too_large.items() if _may_reopen_alone(case)}
        self._refused.update(alone)
        self.cases.end({case: _refused(receipt) for case, receipt in too_large.items() if case not in alone})

    def _reopen_alone(self) -> None:
        """Send what reopens a finding without what else was to change: it must not be refused with that."""
        refused, self._refused = self._refused, {}
        for case, receipt in refused.items():
            case.refused = f"{receipt.code}: {receipt.message}"
            broken = self.looking.decider.decide(case, left_out=_all_but_one(case))
            if broken is not None or not case.is_due:
                self.cases.end({case: broken or self._result(case, receipt)})
        if refused:
            self._send(self._reopening_calls)
            self.cases.end({case: self._result(case, receipt) for case, receipt in self._refused.items()})

    def _abandon(self) -> None:
        """Take back the intents of updates that surely have not happened and are not to come."""
        ended = [case for case in self._begun if case.result is not None]
        undone = [
            case
            for case in ended
            if case.result is not None and case.result.status != "updated" and not case.is_unknown
        ]
        self.memory.abandon(undone)
        self._begun.difference_update(ended)

    def _result(self, case: Case, receipt: Receipt) -> Result:
        if receipt.status == "not found":
            return not_found(case.receives, self.policy.patience, receipt.message, receipt.call_id)
        if receipt.status == "too large":
            return _refused(receipt)
        final = receipt.status == "poison"
        return Result("failed", receipt.code, receipt.message, receipt.call_id, final)


def _values(decision: Decision | None) -> Payload | None:
    """Return what an update sets, as the finding's hub takes it. So no call has findings of both hubs."""
    if decision is None:
        return None
    return decision.update if decision.on_v2 is None else decision.on_v2.update


def _may_reopen_alone(case: Case) -> bool:
    decision = case.decision
    return decision is not None and decision.reopens and len(decision.changes) > 1


def _all_but_one(case: Case) -> LeftOut:
    """Return what an update leaves out that only reopens: by the status if it can, else by the severity."""
    changes = case.decision.changes if case.decision else ()
    kept = next((change.field for change in changes if change.reopens), None)
    return {change.field: OTHERS_ARE_REFUSED for change in changes if change.field != kept}


def _updated(case: Case, receipt: Receipt) -> Result:
    if case.namesakes:
        return replace(has_namesakes(case), status="updated", call_id=receipt.call_id)
    if case.decision is not None and any(kept.why == OTHERS_ARE_REFUSED for kept in case.decision.kept):
        return Result("updated", REOPENED_ALONE, f"the rest is refused: {case.refused}", receipt.call_id)
    if case.is_over_limit:
        return Result("updated", HIDING_STOPPED, OVER_LIMIT, receipt.call_id)
    if case.decision is not None and case.decision.note_left_out:
        return Result("updated", "NoteLeftOut", "the finding is too large for the note", receipt.call_id)
    return Result("updated", call_id=receipt.call_id)


def _refused(receipt: Receipt) -> Result:
    return Result("refused", receipt.code, receipt.message, receipt.call_id)
