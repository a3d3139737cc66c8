"""Whatever goes wrong with calls, ledger and workers: every message ends, and all is as the rules say."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hubtriage.aws.ledger.ledger import LedgerFault, LedgerFaultKind, Recall, Written
from hubtriage.aws.ledger.memory import MemoryLedger
from hubtriage.aws.securityhub.api import Key
from hubtriage.engine.planning.entry import Entry
from tests.support.broken import Killed
from tests.support.examples import examples
from tests.support.triage_world import (
    NOW,
    SUPPRESS_BUCKETS,
    TriageBench,
    TriageWorld,
    finding,
    lags,
    record,
)

FINDINGS = 6
VISIBILITY = 2100.0
"""Seconds after which a message that failed comes again."""
FAULT = LedgerFault(LedgerFaultKind.UNREACHABLE, "ReadTimeoutError", "no answer")
OWN = SUPPRESS_BUCKETS | {
    "update": {"UserDefinedFields": {"name": "{finding.Id}"}, "Workflow": {"Status": "SUPPRESSED"}}
}


@dataclass(slots=True)
class FailingLedger(MemoryLedger):
    """A ledger whose next operations go as scripted: well, failing, unheard, or with the worker's death."""

    script: list[str] = field(default_factory=list)

    def read(self, keys: Collection[Key], deadline: float = inf) -> Recall:
        return self._scripted(lambda: MemoryLedger.read(self, keys, deadline))

    def write(self, entries: Mapping[Key, Entry], deadline: float = inf) -> Written:
        return self._scripted(lambda: MemoryLedger.write(self, entries, deadline))

    def _scripted(self, operation: Any) -> Any:
        how = self.script.pop(0) if self.script else "well"
        if how == "dies before":
            raise Killed
        self.fault, self.lose_answers = (
            (FAULT, how == "unheard") if how in ("fails", "unheard") else (None, False)
        )
        answer = operation()
        self.fault = None
        if how == "dies after":
            raise Killed
        return answer


HOW = st.sampled_from(["well", "well", "well", "fails", "unheard", "dies before", "dies after"])
CALLS = st.sampled_from(
    [
        {"error": "InternalException"},
        {"error": "TooManyRequestsException", "times": 9},
        {"error": "AccessDeniedException"},
        {"lose_answer": True, "times": 4},
        {"lose_answer": True},
        {"finding_error": "ConcurrentUpdateError", "times": 4},
        {"error": "InternalException", "operation": "GetFindings", "times": 4},
        {"error": "AccessDeniedException", "operation": "GetFindingHistory"},
    ]
)


@examples(150)
@given(
    script=st.lists(HOW, max_size=12),
    faults=st.lists(st.tuples(CALLS, st.integers(0, 3)), max_size=4),
    own=st.booleans(),
    lag=st.sampled_from([0.0, 60.0, 299.0]),
    duplicates=st.lists(st.tuples(st.integers(0, FINDINGS - 1), st.integers(0, 4)), max_size=4),
)
def test_every_message_ends_and_every_finding_is_as_the_rules_say(
    script: list[str],
    faults: list[tuple[dict[str, Any], int]],
    own: bool,
    lag: float,
    duplicates: list[tuple[int, int]],
) -> None:
    world = TriageWorld(FINDINGS)
    world.clock.sleep(1000)
    lags(world, lag)
    for fault, skip in faults:
        world.fault(**fault, skip=skip)
    ledger = FailingLedger(script=list(script))
    rule = OWN if own else SUPPRESS_BUCKETS
    began = world.clock.now()
    waiting = {str(n): record(str(n), finding(n), age=NOW - began) for n in range(FINDINGS)}
    deliveries = 0
    while waiting and deliveries < 10:
        deliveries += 1
        again = [
            record(f"twice-{number}-{at}", finding(number), age=NOW - began)
            for number, at in duplicates
            if at == deliveries
        ]
        waiting = delivered(world, ledger, rule, [*waiting.values(), *again], deliveries)
        echoes = [record(f"echo-{n}", world.stored(n), age=NOW - world.clock.now()) for n in range(FINDINGS)]
        waiting |= delivered(world, ledger, rule, echoes, 1)
        world.clock.sleep(VISIBILITY)
    assert not waiting
    world.hub.faults.clear()
    ledger.script.clear()
    assert world.suppressed(range(FINDINGS)) == list(range(FINDINGS))
    entries = ledger.read([("x", "y"), *ledger.items]).entries
    assert all(entry.intent is None for entry in entries.values())
    assert sum("Workflow.Status" in entry.claims for entry in entries.values()) == FINDINGS
    nothing = {"id": "nothing", "match": {"Id": ["x"]}, "update": {"Criticality": 1}}
    gone = [record(str(n), world.stored(n), age=NOW - world.clock.now()) for n in range(FINDINGS)]
    assert not delivered(world, ledger, nothing, gone, 1)
    assert world.suppressed(range(FINDINGS)) == [], "what triage did is its own, and taken back"


def delivered(
    world: TriageWorld,
    ledger: MemoryLedger,
    rule: dict[str, Any],
    records: list[dict[str, Any]],
    receives: int,
) -> dict[str, dict[str, Any]]:
    """Triage messages in a container of their own; return those that come again."""
    sent = [
        {**each, "attributes": {**each["attributes"], "ApproximateReceiveCount": str(receives)}}
        for each in records
    ]
    by_name = {each["messageId"]: each for each in records}
    try:
        report = TriageBench(world, rule, ledger=ledger).run(*sent, deadline=world.clock.now() + 120)
    except Killed:
        return by_name
    return {str(message.id): by_name[str(message.id)] for message in report.failed_messages()}
