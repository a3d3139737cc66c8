import json
from collections import Counter
from typing import Any

import pytest

from hubtriage.aws.securityhub.faults import Fault
from hubtriage.aws.securityhub.sending import Traffic
from hubtriage.aws.triage.deduplication import DeduplicatedFinding
from hubtriage.aws.triage.events import FindingEvent, Message, SweepOrder, UnusableEvent
from hubtriage.aws.triage.metrics import BatchTally, emit, spread, tally
from hubtriage.aws.triage.results import Outcome, Report, Result
from hubtriage.engine.planning.decision import Change, Decision, Kept, Observed
from hubtriage.engine.ruleset.policy import Forbidden
from hubtriage.engine.ruleset.ruleset import RuleError

HIDE = Change("Workflow.Status", "NEW", "SUPPRESSED", "buckets", "rule")
RELABEL = Change("Severity.Label", "HIGH", "LOW", "labels", "rule")
UNDO = Change("Workflow.Status", "SUPPRESSED", "NEW", "buckets", "taken back")


def outcome(ending: Result, decision: Decision | None = None, age: float | None = 1.0) -> Outcome:
    message = Message("m")
    return Outcome(
        DeduplicatedFinding(FindingEvent(("arn", "id"), {}, message, None), (message,)), decision, ending, age
    )


def decided(**members: Any) -> Decision:
    return Decision("f1", "arn", **members)


def report(*outcomes: Outcome, **members: Any) -> Report:
    return Report((), members.pop("unusable", ()), list(outcomes), **members)


def test_a_batch_is_counted() -> None:
    numbers = tally(
        report(
            outcome(Result("updated"), decided(update={}, changes=(HIDE, RELABEL), hides=True)),
            outcome(Result("updated"), decided(update={}, changes=(HIDE,), hides=True), age=3.0),
            outcome(Result("updated"), decided(update={}, changes=(UNDO,)), age=None),
            outcome(
                Result("unchanged"),
                decided(kept=(Kept("Types", (), (), "t", "a person's"),) * 2),
            ),
            outcome(Result("unchanged"), decided(observed=(Observed("Types", None, "x", "t"),))),
            outcome(Result("refused", "CannotChange"), decided(refused="no room", overruled=("Types",))),
            outcome(
                Result("failed", "InvalidInput", final=True), decided(update={}, changes=(HIDE,), hides=True)
            ),
            outcome(Result("failed", "InternalFailure"), decided(errors=(RuleError("r", "m"),) * 3)),
            outcome(Result("unchanged"), decided(against_policy=(Forbidden("t", "Types", ("x",), "s"),) * 2)),
            outcome(Result("failed", "LedgerUnreadable")),
            outcome(Result("failed", "LedgerUnwritten"), decided(overruled=("Types",))),
            outcome(Result("failed", "Conflict"), decided(overruled=("Types",))),
            outcome(Result("unchanged", "Observe"), decided(overruled=("Types",))),
            intents_left=4,
            unusable=(UnusableEvent(Message("x"), "not JSON"),),
            traffic=Traffic(
                [2, 1, 1],
                Counter({"InvalidInput": 1, "InternalFailure": 4, "weird code!": 1}),
                Counter({(Fault.THROTTLED, "x"): 2, (Fault.DENIED, "y"): 1, (Fault.TRANSIENT, "z"): 5}),
            ),
            reads=2,
        ),
        {"buckets"},
    )
    assert numbers.counts == {
        "UnplannedHides": 2,
        "FindingsReceived": 13,
        "FindingsChanged": 3,
        "FindingsUnchanged": 4,
        "FindingsRefused": 1,
        "FindingsFailed": 5,
        "ApiCalls": 3,
        "Hidden": 2,
        "TakenBack": 1,
        "FieldsKept": 2,
        "Overruled": 1,
        "FindingsObserved": 1,
        "RuleErrors": 3,
        "PolicyKept": 1,
        "LedgerFailed": 2,
        "Conflicts": 1,
        "IntentsLeft": 4,
        "EventsUnusable": 1,
        "NeedsAttention": 1,
        "Reads": 2,
        "Throttled": 2,
        "Denied": 1,
        "CallsFailed": 5,
    }
    assert numbers.ages == (1.0,) * 11 + (3.0,)
    assert numbers.calls == (2, 1, 1)
    assert numbers.changes_by_rule == {"buckets": 3, "(gone)": 1}
    assert numbers.unprocessed_by_code == {"InvalidInput": 1, "InternalFailure": 4, "Other": 1}


def test_a_finding_whose_event_could_not_be_put_was_received_once() -> None:
    numbers = tally(
        report(
            outcome(Result("updated"), decided(update={}, changes=(HIDE,), hides=True)),
            outcome(Result("failed", "EventNotPut")),
            events_put=2,
            events_not_put=Counter({"InternalFailure": 1}),
        ),
        {"buckets"},
    )
    known = (
        "FindingsReceived",
        "FindingsChanged",
        "FindingsFailed",
        "DecisionEvents",
        "EventsNotPut",
        "Hidden",
    )
    assert [numbers.counts[name] for name in known] == [1, 1, 1, 2, 1, 1]


def test_an_empty_batch_still_says_that_triage_is_alive() -> None:
    assert tally(report(), ()).counts == {
        "FindingsReceived": 0,
        "FindingsChanged": 0,
        "FindingsUnchanged": 0,
        "FindingsRefused": 0,
        "FindingsFailed": 0,
        "ApiCalls": 0,
    }


@pytest.mark.parametrize(
    ("count", "most", "expected"),
    [(0, 3, ()), (3, 3, (0, 1, 2)), (5, 3, (0, 2, 4)), (101, 3, (0, 50, 100))],
    ids=str,
)
def test_values_are_thinned_evenly_and_keep_their_ends(
    count: int, most: int, expected: tuple[int, ...]
) -> None:
    assert spread(tuple(range(count)), most) == expected


def documents(capsys: pytest.CaptureFixture[str], numbers: BatchTally) -> list[dict[str, Any]]:
    emit(numbers, "security", "triage")
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def values(found: list[dict[str, Any]], name: str) -> list[Any]:
    return [value for document in found for value in document.get(name, [])]


def test_the_embedded_documents_hold_every_value_within_the_limits(
    capsys: pytest.CaptureFixture[str],
) -> None:
    calls, ages = tuple(range(1, 251)), tuple(float(n) for n in range(1000))
    found = documents(capsys, BatchTally({"FindingsReceived": 1000, "ApiCalls": 250}, ages, calls, {}, {}))
    assert values(found, "FindingsReceived") == [1000]
    assert values(found, "FindingsPerCall") == list(calls)
    assert values(found, "EventAge") == list(spread(ages))
    for document in found:
        (directive,) = document["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == "security"
        assert directive["Dimensions"] == [["service"]]
        assert document["service"] == "triage"
        assert len(directive["Metrics"]) <= 100
        assert all(len(document[metric["Name"]]) <= 100 for metric in directive["Metrics"])


def test_changes_have_the_rule_and_unprocessed_findings_the_code_as_dimension(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = documents(
        capsys, BatchTally({"ApiCalls": 1}, (), (), {"buckets": 3, "labels": 1}, {"InvalidInput": 2})
    )[1:]
    told = [
        (
            d["_aws"]["CloudWatchMetrics"][0]["Dimensions"],
            d.get("rule"),
            d.get("code"),
            d.get("Changes"),
            d.get("Unprocessed"),
        )
        for d in found
    ]
    assert told == [
        ([["service", "rule"]], "buckets", None, [3], None),
        ([["service", "rule"]], "labels", None, [1], None),
        ([["service", "code"]], None, "InvalidInput", None, [2]),
    ]


@pytest.mark.parametrize(
    ("order", "counted"),
    [
        pytest.param(None, 1, id="it comes by an event, and not what is taken back"),
        pytest.param(SweepOrder("s"), 1, id="a sweep meant to take back, and triage hides"),
        pytest.param(SweepOrder("s", hides=True), 0, id="a sweep has counted what it hides"),
    ],
)
def test_the_breaker_counts_what_is_hidden_if(order: SweepOrder | None, counted: int) -> None:
    message = Message("m")
    seen = DeduplicatedFinding(FindingEvent(("arn", "id"), {}, message, None, order), (message,))
    hidden = decided(update={}, changes=(HIDE,), hides=True)
    lowered = decided(update={}, changes=(RELABEL,))
    undone = decided(update={}, changes=(UNDO,))
    outcomes = [Outcome(seen, decision, Result("updated"), 1.0) for decision in (hidden, lowered, undone)]
    assert tally(report(*outcomes), ()).counts.get("UnplannedHides", 0) == counted
