"""An update and its entry in the ledger are two writes: whatever fails between them, nothing is lost."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from hubtriage.aws.clock import Clock
from hubtriage.aws.ledger.lease import LAG
from hubtriage.aws.ledger.ledger import LedgerFault, LedgerFaultKind, Page, Recall, Written
from hubtriage.aws.ledger.memory import MemoryLedger
from hubtriage.aws.securityhub.api import Key
from hubtriage.aws.triage.policy import Policy
from hubtriage.engine.planning.entry import NO_ENTRY, Claim, Entry
from tests.support.broken import Killed
from tests.support.triage_world import (
    NOW,
    SUPPRESS_BUCKETS,
    TriageBench,
    TriageWorld,
    again,
    by_a_person,
    endings,
    finding,
    key,
    lags,
    record,
)

LEASE = 600.0
NOTHING = {"id": "nothing", "match": {"Id": ["no-finding"]}, "update": {"Criticality": 1}}
UNREACHABLE = LedgerFault(LedgerFaultKind.UNREACHABLE, "ReadTimeoutError", "no answer")
UNDECIDABLE = {"finding-0": ("failed", "Undecidable")}
UPDATED = {"finding-0": ("updated", "")}
UNCHANGED = {"finding-0": ("unchanged", "")}

Step = Callable[[], None]


def nothing() -> None:
    """Nothing happens."""


@dataclass(slots=True)
class WatchedLedger:
    """The world's ledger. `before` and `after` are called around each operation, by its name."""

    ledger: MemoryLedger
    before: dict[str, list[Step]] = field(default_factory=dict)
    after: dict[str, list[Step]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def read(self, keys: Collection[Key], deadline: float = inf) -> Recall:
        return self._do("read", lambda: self.ledger.read(keys, deadline))

    def write(self, entries: Mapping[Key, Entry], deadline: float = inf) -> Written:
        return self._do("write", lambda: self.ledger.write(entries, deadline))

    def delete(self, entries: Mapping[Key, Entry], deadline: float = inf) -> Written:
        return self._do("delete", lambda: self.ledger.delete(entries, deadline))

    def scan(self, rules: Collection[str] | None, token: str | None = None, deadline: float = inf) -> Page:
        return self._do("scan", lambda: self.ledger.scan(rules, token, deadline))

    def _do(self, name: str, operation: Callable[[], Any]) -> Any:
        self.asked.append(name)
        (self.before.get(name) or [nothing]).pop(0)()
        answer = operation()
        (self.after.get(name) or [nothing]).pop(0)()
        return answer


def die() -> None:
    raise Killed


def world_with_one() -> TriageWorld:
    world = TriageWorld(1)
    world.clock.sleep(1000)
    return world


def now_shown(world: TriageWorld, name: str = "m") -> dict[str, Any]:
    return record(name, world.stored(0), age=NOW - world.clock.now())


def settles(world: TriageWorld, sent: Mapping[str, Any]) -> None:
    """After a lease the message is decided, and triage holds what it did until its rule goes."""
    world.clock.sleep(LEASE + 1)
    bench = TriageBench(world)
    for delivery in range(2, 5):
        report = bench.run(again(sent, delivery))
        world.clock.sleep(LEASE + LAG)
        if not report.failed_messages():
            break
    else:
        pytest.fail(f"never decided: {endings(report)}")
    assert world.suppressed([0]) == [0]
    entry = world.entry(0)
    assert entry.intent is None
    assert {name: claim.rule for name, claim in entry.claims.items()} == {
        "Workflow.Status": "buckets",
        "Note.Text": "buckets",
    }
    calls = world.calls("BatchUpdateFindings")
    assert endings(bench.see(name="refresh")) == UNCHANGED
    assert world.calls("BatchUpdateFindings") == calls
    TriageBench(world, NOTHING).see(name="the rule is gone")
    assert world.stored(0)["Workflow"] == {"Status": "NEW"}


STEPS = [
    pytest.param("ledger", "read", 0, id="the recall"),
    pytest.param("ledger", "write", 0, id="the intent"),
    pytest.param("hub", "batch_update_findings", 0, id="the update"),
    pytest.param("ledger", "write", 1, id="the confirmation"),
]


@pytest.mark.parametrize("readings_lag", [False, True], ids=["", "and readings lag"])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("service", "operation", "call"), STEPS)
def test_a_container_that_dies_at(
    service: str, operation: str, call: int, when: str, readings_lag: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = world_with_one()
    ledger = WatchedLedger(world.ledger)
    steps: list[Step] = [*[nothing] * call, die]
    if service == "ledger":
        (ledger.before if when == "before" else ledger.after)[operation] = steps
    else:
        update = world.api.batch_update_findings

        def killed(**request: Any) -> Mapping[str, Any]:
            if when == "after":
                update(**request)
            raise Killed

        monkeypatch.setattr(world.api, "batch_update_findings", killed)
    sent = now_shown(world)
    with pytest.raises(Killed):
        TriageBench(world, ledger=ledger).run(sent)
    monkeypatch.undo()
    if readings_lag:
        lags(world, LAG - 1)
    left = world.entry(0).intent is not None
    world.clock.sleep(30)
    echo = TriageBench(world).run(now_shown(world, "echo"))
    if left:
        assert endings(echo) == UNDECIDABLE, "nobody touches it while its intent is young"
    settles(world, sent)


@dataclass(frozen=True)
class SlowClock:
    """A container's clock, which is behind the service's."""

    clock: Clock
    behind: float = 10.0

    def now(self) -> float:
        return self.clock.now() - self.behind

    def monotonic(self) -> float:
        return self.clock.monotonic()

    def sleep(self, seconds: float) -> None:
        self.clock.sleep(seconds)


def test_the_record_of_the_update_before_does_not_tell_that_the_next_one_happened() -> None:
    """Two updates within seconds: by a clock that is behind, the first one's record is later than both."""
    world = world_with_one()
    TriageBench(world, clock=SlowClock(world.clock)).see()
    ledger = WatchedLedger(world.ledger, after={"write": [die]})
    world.clock.sleep(2)
    with pytest.raises(Killed):  # its rule is gone; it dies before it takes back
        TriageBench(world, NOTHING, ledger=ledger, clock=SlowClock(world.clock)).see(name="echo")
    assert world.suppressed([0]) == [0]
    for _delivery in range(3):
        world.clock.sleep(LEASE + LAG)
        TriageBench(world, NOTHING).see(name="refresh", receives=2)
    assert world.stored(0)["Workflow"] == {"Status": "NEW"}


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"lose_answer": True}, id="the answer is lost"),
        pytest.param({"error": "InternalException"}, id="the service fails"),
    ],
)
def test_an_update_whose_outcome_is_unknown_leaves_its_intent(fault: dict[str, Any]) -> None:
    world = world_with_one()
    world.fault(**fault, times=99)
    sent = now_shown(world)
    report = TriageBench(world).run(sent)
    assert report.failed_messages()
    assert report.intents_left == 1
    assert world.entry(0).intent is not None
    world.hub.faults.clear()
    assert endings(TriageBench(world).run(again(sent))) == UNDECIDABLE
    settles(world, sent)


def test_an_update_whose_answer_is_lost_is_confirmed_by_the_next_try() -> None:
    world = world_with_one()
    world.fault(lose_answer=True)
    report = TriageBench(world).run(now_shown(world))
    assert endings(report) == UPDATED
    assert report.intents_left == 0
    assert world.entry(0).intent is None


def test_an_update_that_may_have_worked_is_not_planned_again() -> None:
    """It became too old for another try. A reading could not tell yet whether it has worked."""
    world = world_with_one()
    update = world.api.batch_update_findings

    def lost_after_a_while(**request: Any) -> Mapping[str, Any]:
        update(**request)
        world.clock.sleep(40)
        raise ReadTimeoutError(endpoint_url="https://securityhub")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.api, "batch_update_findings", lost_after_a_while)
        report = TriageBench(world).run(now_shown(world))
    assert endings(report) == {"finding-0": ("failed", "Unanswered")}
    assert (report.intents_left, world.calls("BatchUpdateFindings")) == (1, 1)


@pytest.mark.parametrize(
    ("fault", "ending"),
    [
        pytest.param({"finding_error": "InvalidInput"}, ("failed", "InvalidInput"), id="unprocessed"),
        pytest.param({"finding_error": "FindingNotFound"}, ("failed", "FindingNotFound"), id="not found"),
        pytest.param(
            {"finding_error": "FindingSizeExceeded"}, ("refused", "FindingSizeExceeded"), id="too large"
        ),
        pytest.param(
            {"finding_error": "ConcurrentUpdateError"}, ("failed", "ConcurrentUpdateError"), id="in conflict"
        ),
        pytest.param(
            {"error": "TooManyRequestsException"}, ("failed", "TooManyRequestsException"), id="throttled"
        ),
        pytest.param({"error": "AccessDeniedException"}, ("failed", "AccessDeniedException"), id="denied"),
    ],
)
def test_of_an_update_that_is(fault: dict[str, Any], ending: tuple[str, str]) -> None:
    """Old claims and times hold again, so the next event is decided as if nothing had been tried."""
    world = world_with_one()
    entry = Entry(
        claims={"Criticality": Claim(7, "other", person=True)},
        started=900.0,
        ended=901.0,
        written={"Types": 1},
    )
    world.ledger.write({key(0): entry})
    world.fault(**fault, times=99)
    report = TriageBench(world).run(now_shown(world))
    assert endings(report) == {"finding-0": ending}
    assert report.intents_left == 0
    left = world.entry(0)
    assert replace(left, version=0, about={}) == entry
    world.hub.faults.clear()
    assert endings(TriageBench(world).run(again(now_shown(world)))) == UPDATED


def test_what_is_not_sent_because_triage_is_switched_off_is_taken_back_from_the_ledger() -> None:
    world = TriageWorld(300)
    bench = TriageBench(world, may_write=lambda: world.calls("BatchUpdateFindings") < 2)
    world.fault(error="TooManyRequestsException", skip=1)
    report = bench.run(*(record(str(number), finding(number)) for number in range(300)))
    assert {code for _status, code in endings(report).values()} == {"", "Stopped", "TooManyRequestsException"}
    assert all(world.entry(number).intent is None for number in range(300))
    assert len(world.suppressed(range(300))) == 100


def test_a_finding_whose_entry_has_changed_meanwhile_drops_out_of_its_call() -> None:
    world = TriageWorld(3)
    ledger = WatchedLedger(world.ledger)

    def another_container_writes() -> None:
        world.ledger.write({key(1): Entry(asked={"Workflow.Status": "SUPPRESSED"})})

    ledger.after["read"] = [another_container_writes]
    bench = TriageBench(world, ledger=ledger)
    report = bench.run(*(record(str(number), finding(number)) for number in range(3)))
    assert endings(report)["finding-1"] == ("failed", "Conflict")
    assert [message.id for message in report.failed_messages()] == ["1"]
    assert world.suppressed(range(3)) == [0, 2]
    assert world.calls("BatchUpdateFindings") == 1
    assert endings(bench.run(again(record("1", finding(1))))) == {"finding-1": ("updated", "")}


def test_without_the_ledger_nothing_is_written() -> None:
    world = TriageWorld(3)
    world.ledger.fault = UNREACHABLE
    report = TriageBench(world).run(*(record(str(number), finding(number)) for number in range(3)))
    assert set(endings(report).values()) == {("failed", "LedgerUnreadable")}
    assert len(report.failed_messages()) == 3
    assert world.calls("BatchUpdateFindings") == 0
    assert report.outcomes[0].result.reason == "ReadTimeoutError: no answer"


def test_a_damaged_entry_stops_its_own_finding_only() -> None:
    world = TriageWorld(2)
    world.ledger.items[key(0)] = (1, "{")
    report = TriageBench(world).run(record("a", finding(0)), record("b", finding(1)))
    assert endings(report) == {"finding-0": ("failed", "LedgerUnreadable"), "finding-1": ("updated", "")}


@pytest.mark.parametrize("lose_answers", [False, True], ids=["is not written", "is written unheard"])
def test_an_update_is_not_sent_if_its_intent(lose_answers: bool) -> None:
    world = world_with_one()
    ledger = WatchedLedger(world.ledger)

    def fail() -> None:
        world.ledger.fault, world.ledger.lose_answers = UNREACHABLE, lose_answers

    ledger.before["write"] = [fail]
    sent = now_shown(world)
    report = TriageBench(world, ledger=ledger).run(sent)
    assert endings(report) == {"finding-0": ("failed", "LedgerUnwritten")}
    assert world.calls("BatchUpdateFindings") == 0
    world.ledger.fault = None
    assert (world.entry(0).intent is not None) == lose_answers
    settles(world, sent)


@pytest.mark.parametrize("lose_answers", [False, True], ids=["is not written", "is written unheard"])
def test_an_update_is_done_if_its_confirmation(lose_answers: bool) -> None:
    world = world_with_one()
    ledger = WatchedLedger(world.ledger)

    def fail() -> None:
        world.ledger.fault, world.ledger.lose_answers = UNREACHABLE, lose_answers

    ledger.before["write"] = [nothing, fail]
    sent = now_shown(world)
    report = TriageBench(world, ledger=ledger).run(sent)
    assert endings(report) == UPDATED
    assert report.intents_left == 1
    assert report.outcomes[0].entry is not None
    assert report.outcomes[0].entry.claims.keys() == {"Workflow.Status", "Note.Text"}
    world.ledger.fault = None
    settles(world, sent)


@pytest.mark.parametrize(
    ("lease", "waited", "age"),
    [
        pytest.param(LEASE, 61.0, 0.0, id="recorded anew"),
        pytest.param(LEASE, 60.0, 60.0, id="sent within a minute"),
        pytest.param(1_020.0, 61.0, 0.0, id="within a minute of the longest lease too"),
        pytest.param(100.0, 11.0, 0.0, id="recorded anew sooner with a short lease"),
        pytest.param(100.0, 10.0, 10.0, id="sent within a tenth of it"),
    ],
)
def test_an_update_is_not_sent_when_its_intent_has_grown_old(lease: float, waited: float, age: float) -> None:
    """The ledger took its time: the intent is recorded anew, so that its lease outlasts the call."""
    world = world_with_one()
    ledger = WatchedLedger(world.ledger)
    ledger.after["write"] = [lambda: world.clock.sleep(waited)]
    sent_at: list[float] = []
    update = world.api.batch_update_findings

    def noted(**request: Any) -> Mapping[str, Any]:
        intent = world.entry(0).intent
        assert intent is not None
        sent_at.append(world.clock.now() - intent.time)
        return update(**request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.api, "batch_update_findings", noted)
        report = TriageBench(world, ledger=ledger, policy=Policy(lease=lease)).run(now_shown(world))
    assert endings(report) == UPDATED
    assert sent_at == [age]
    assert ledger.asked.count("write") == (3 if age == 0.0 else 2)


def test_an_entry_says_whom_it_is_about() -> None:
    world = TriageWorld()
    found = finding(0, Region="eu-west-1", Compliance={"SecurityControlId": "S3.8"})
    world.hub.plant(found, NOW)
    TriageBench(world).run(record("m", found))
    assert world.entry(0).about == {
        "account": "111122223333",
        "region": "eu-west-1",
        "severity": "MEDIUM",
        "control": "S3.8",
    }


def overruled() -> tuple[TriageWorld, dict[str, Any]]:
    """A finding that triage has hidden and a person has reopened, when that can be told; its event."""
    world = world_with_one()
    TriageBench(world).see()
    world.clock.sleep(2 * LAG)
    by_a_person(world, Workflow={"Status": "NEW"})
    return world, now_shown(world, "edit")


def test_that_a_person_overruled_triage_is_written_down_without_a_call() -> None:
    world, edit = overruled()
    before, calls = world.entry(0), world.calls("BatchUpdateFindings")
    assert endings(TriageBench(world).run(edit)) == UNCHANGED
    after = world.entry(0)
    assert after.claims["Workflow.Status"] == replace(
        before.claims["Workflow.Status"], person=True, overruled=1
    )
    assert (after.started, after.ended, after.written) == (before.started, before.ended, before.written)
    assert world.calls("BatchUpdateFindings") == calls


def test_what_cannot_be_remembered_comes_again() -> None:
    world, edit = overruled()
    ledger = WatchedLedger(world.ledger)

    def another_container_writes() -> None:
        world.ledger.write({key(0): world.entry(0)})

    ledger.after["read"] = [another_container_writes]
    assert endings(TriageBench(world, ledger=ledger).run(edit)) == {"finding-0": ("failed", "Conflict")}
    assert endings(TriageBench(world).run(again(edit))) == UNCHANGED
    assert world.entry(0).claims["Workflow.Status"].person


def test_in_observe_neither_the_ledger_is_written_nor_a_history_asked() -> None:
    world, edit = overruled()
    ledger = WatchedLedger(world.ledger)
    before = dict(world.ledger.items)
    report = TriageBench(world, ledger=ledger).run(edit, mode="observe")
    assert endings(report)["finding-0"][0] == "unchanged"
    assert ledger.asked == ["read"]
    assert world.ledger.items == before
    assert world.calls("GetFindingHistory") == 0


def hidden_and_escalated(severity: str) -> tuple[TriageWorld, dict[str, Any]]:
    """A finding that triage has hidden, and at once an event of a person's note and a higher severity."""
    world = world_with_one()
    TriageBench(world).see()
    by_a_person(world, Note={"Text": "look", "UpdatedBy": "ann"})
    shown = {**world.stored(0), "Severity": {"Label": severity}}
    world.hub.plant(shown, world.clock.now())
    return world, now_shown(world, "escalated") | {"receiptHandle": "handle"}


@pytest.mark.parametrize(
    ("severity", "again_after"),
    [
        pytest.param("CRITICAL", LAG, id="above every ceiling: as soon as it can be decided"),
        pytest.param("LOW", None, id="below it: when its visibility ends"),
    ],
)
def test_what_is_hidden_and_undecidable_comes_again(severity: str, again_after: float | None) -> None:
    world, sent = hidden_and_escalated(severity)
    report = TriageBench(world).run(sent)
    assert endings(report) == UNDECIDABLE
    due = {message.handle: at - world.clock.now() for message, at in report.again_at.items()}
    assert due == ({} if again_after is None else {"handle": again_after})


def test_a_hidden_finding_comes_again_when_a_young_intent_ends() -> None:
    world, sent = hidden_and_escalated("CRITICAL")
    world.fault(lose_answer=True, times=99)
    world.clock.sleep(LAG)
    TriageBench(world).see(name="tried in vain")
    report = TriageBench(world).run(sent)
    intent = world.entry(0).intent
    assert intent is not None
    assert endings(report) == UNDECIDABLE
    assert list(report.again_at.values()) == [intent.time + LEASE]


def test_what_an_update_without_an_answer_has_hidden_comes_again_when_its_intent_ends() -> None:
    world = world_with_one()
    world.fault(lose_answer=True, times=99)
    TriageBench(world).see()
    assert world.stored(0)["Workflow"]["Status"] == "SUPPRESSED"
    assert not world.entry(0).claims
    world.hub.plant({**world.stored(0), "Severity": {"Label": "CRITICAL"}}, world.clock.now())
    report = TriageBench(world).run(now_shown(world, "escalated") | {"receiptHandle": "handle"})
    intent = world.entry(0).intent
    assert intent is not None
    assert endings(report) == UNDECIDABLE
    assert list(report.again_at.values()) == [intent.time + LEASE]


def test_a_finding_that_was_never_touched_has_no_entry() -> None:
    world = TriageWorld(1)
    TriageBench(world).run(record("m", finding(0, Resources=[])))
    assert world.entry(0) is NO_ENTRY
    assert not world.ledger.items


def test_findings_of_one_call_share_its_writes() -> None:
    world = TriageWorld(100)
    ledger = WatchedLedger(world.ledger)
    bench = TriageBench(world, SUPPRESS_BUCKETS, ledger=ledger)
    bench.run(*(record(str(number), finding(number)) for number in range(100)))
    assert ledger.asked == ["read", "write", "write"]


def test_an_update_without_an_answer_is_logged_with_its_intent() -> None:
    """From that line a lost ledger has the intent again, and it is settled as if it had never been lost."""
    world = world_with_one()
    world.fault(lose_answer=True, times=9)
    bench = TriageBench(world)
    bench.see()
    (outcome,) = bench.told
    assert outcome.result.status == "failed"
    assert outcome.entry == world.entry(0)
    assert world.entry(0).intent is not None


def test_an_update_that_surely_has_not_happened_is_logged_without_an_entry() -> None:
    world = world_with_one()
    world.fault(error="TooManyRequestsException", times=99)
    bench = TriageBench(world)
    bench.see()
    (outcome,) = bench.told
    assert (outcome.result.status, outcome.entry) == ("failed", None)
