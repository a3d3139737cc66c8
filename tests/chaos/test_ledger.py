"""The balance of a chaotic run notices what is lost, whatever the function says."""

from collections import Counter
from typing import Any

import pytest

from tests.chaos.ledger import (
    MOST_TOLD,
    SWEEP,
    UNUSABLE,
    ChaosEvidence,
    Finding,
    RefusedFinding,
    SentEvent,
    account,
    key_of,
)
from tests.chaos.stacks import name_of
from tests.faults.ledger import Fate

FINDING: dict[str, Any] = {"Id": "f", "ProductArn": "p", "ProductName": "GuardDuty"}
KEY = ("p", "f")
EVENT = SentEvent("e", FINDING)


def always(_finding: Finding, _at: float) -> bool:
    return True


def never(_finding: Finding, _at: float) -> bool:
    return False


def refused(time: float) -> dict[tuple[str, str], tuple[RefusedFinding, ...]]:
    return {KEY: (RefusedFinding(time, "a: b"),)}


def test_a_finding_is_known_by_product_and_id() -> None:
    assert key_of(FINDING) == KEY


@pytest.mark.parametrize(
    ("evidence", "wanted", "fate"),
    [
        pytest.param(
            ChaosEvidence({KEY: False}, written={KEY: 1}),
            always,
            "updated",
            id="wanted, and a function did it",
        ),
        pytest.param(ChaosEvidence({KEY: False}, written={KEY: 1}), never, "unchanged", id="an echo"),
        pytest.param(ChaosEvidence({KEY: False}), always, "unchanged", id="a person did it before"),
        pytest.param(ChaosEvidence({KEY: True}), always, "lost", id="a stack would still change the finding"),
        pytest.param(
            ChaosEvidence({KEY: True}, written={KEY: 3}),
            always,
            "lost",
            id="changed, and not as it should be",
        ),
        pytest.param(ChaosEvidence({}), always, "lost", id="the finding is gone"),
        pytest.param(
            ChaosEvidence({KEY: True}, unswept={KEY: 5.0}),
            always,
            "unchanged",
            id="archived, and only rules that came after the event want it",
        ),
        pytest.param(
            ChaosEvidence({KEY: True}, unswept={KEY: -0.5}),
            always,
            "lost",
            id="archived, and wanted by the rules that were in force at the event",
        ),
        pytest.param(ChaosEvidence({KEY: True}, refusals=refused(0.5)), always, "refused", id="refused"),
        pytest.param(
            ChaosEvidence({KEY: True}, refusals=refused(-0.5)),
            always,
            "lost",
            id="refused before the event only",
        ),
        pytest.param(
            ChaosEvidence({KEY: False}, written={KEY: 1}, refusals=refused(0.5)),
            always,
            "updated",
            id="refused at first, updated later",
        ),
        pytest.param(ChaosEvidence({KEY: True}, dead=Counter("e")), always, "dead letter", id="given up"),
        pytest.param(
            ChaosEvidence({KEY: True}, waiting=Counter("e")), always, "waiting", id="still in the queue"
        ),
    ],
)
def test_the_state_of_the_finding_and_the_queues_tell_what_became_of_an_event(
    evidence: ChaosEvidence, wanted: Any, fate: Fate
) -> None:
    balance = account([EVENT], evidence, wanted)
    assert {name: count for name, count in balance.totals.items() if count} == {fate: 1}
    assert balance.unaccounted == (fate in ("lost", "waiting"))
    assert bool(balance.problems) == bool(balance.unaccounted)


LATER = {**FINDING, "Severity": {"Label": "CRITICAL"}}


@pytest.mark.parametrize(
    ("events", "evidence", "fates"),
    [
        pytest.param(
            [
                SentEvent("first", FINDING, 1.0),
                SentEvent("echo", LATER, 2.0),
                SentEvent("last", FINDING, 3.0),
            ],
            ChaosEvidence({KEY: True}, written={KEY: 1}, dead=Counter(["last"])),
            {"updated": 1, "unchanged": 1, "dead letter": 1},
            id="the event of a later change was given up",
        ),
        pytest.param(
            [SentEvent("first", FINDING, 1.0), SentEvent("last", FINDING, 3.0)],
            ChaosEvidence({KEY: True}, written={KEY: 1}, dead=Counter(["last"])),
            {"lost": 1, "dead letter": 1},
            id="so was it, but the finding was never as it should be before",
        ),
        pytest.param(
            [SentEvent("echo", LATER, 2.0), SentEvent("last", FINDING, 3.0)],
            ChaosEvidence({KEY: True}, written={KEY: 1}),
            {"unchanged": 1, "lost": 1},
            id="the event of a later change is nowhere",
        ),
        pytest.param(
            [SentEvent("last", FINDING, 3.0), SentEvent("echo", LATER, 2.0)],
            ChaosEvidence({KEY: True}, written={KEY: 1}, dead=Counter(["echo"])),
            {"lost": 1, "dead letter": 1},
            id="an event that came late says nothing of what was made after it",
        ),
    ],
)
def test_what_an_event_showed_as_it_should_be_was_done(
    events: list[SentEvent], evidence: ChaosEvidence, fates: dict[Fate, int]
) -> None:
    def unless_critical(finding: Finding, _at: float) -> bool:
        return finding is not LATER

    balance = account(events, evidence, unless_critical)
    assert {name: count for name, count in balance.totals.items() if count} == fates


def test_what_other_rules_showed_as_it_should_be_before_the_next_event_was_done() -> None:
    """The first event was handled by the old rules in vain, and again by the new ones, which want nothing."""

    def wanted(finding: Finding, at: float) -> bool:
        return finding is LATER or at < 2.0

    evidence = ChaosEvidence({KEY: True}, dead=Counter(["last"]))
    balance = account([SentEvent("first", FINDING, 1.0), SentEvent("last", LATER, 3.0)], evidence, wanted)
    assert (balance.totals["unchanged"], balance.totals["dead letter"], balance.problems) == (1, 1, [])


@pytest.mark.parametrize(
    ("evidence", "explained"),
    [
        pytest.param(ChaosEvidence({KEY: True}), False, id="by nothing"),
        pytest.param(
            ChaosEvidence({KEY: True}, swept_in_vain=frozenset([KEY])), True, id="by a sweep's dead letter"
        ),
        pytest.param(ChaosEvidence({KEY: True}, dead=Counter("e")), True, id="by an event that was given up"),
        pytest.param(ChaosEvidence({KEY: True}, refusals=refused(0.5)), True, id="by a refusal"),
        pytest.param(ChaosEvidence({KEY: True}, unswept={KEY: 5.0}), True, id="by rules that came later"),
        pytest.param(ChaosEvidence({KEY: False}), True, id="by being as it should be"),
    ],
)
def test_what_a_finding_lacks_has_to_be_explained(evidence: ChaosEvidence, explained: bool) -> None:
    assert bool(account([EVENT], evidence, never).problems) != explained


def test_of_two_copies_each_has_its_own_fate() -> None:
    balance = account([EVENT, EVENT], ChaosEvidence({KEY: False}, dead=Counter("e")), never)
    assert (balance.totals["dead letter"], balance.totals["unchanged"]) == (1, 1)


def test_an_event_without_a_finding_is_lost_unless_a_dead_letter_queue_has_it() -> None:
    unusable = SentEvent("u", None)
    assert account([unusable], ChaosEvidence({}), never).unaccounted == 1
    balance = account([unusable], ChaosEvidence({}, dead=Counter("u")), never)
    assert balance.fates[UNUSABLE] == {"dead letter": 1}
    assert not balance.problems


def test_what_is_in_a_queue_without_ever_having_been_sent_is_a_problem() -> None:
    (problem,) = account([], ChaosEvidence({}, dead=Counter("x")), never).problems
    assert "1 more of x" in problem


def test_dead_letters_of_a_sweep_are_told_apart() -> None:
    balance = account([], ChaosEvidence({}, dead=Counter({SWEEP: 2})), never)
    assert (balance.fates[SWEEP], balance.problems) == ({"dead letter": 2}, [])


def test_a_message_of_a_sweep_that_waits_is_a_problem() -> None:
    assert account([], ChaosEvidence({}, waiting=Counter({SWEEP: 1})), never).problems


def test_only_some_problems_are_told_but_all_are_counted() -> None:
    balance = account([EVENT] * 50, ChaosEvidence({KEY: True}), always)
    assert (len(balance.problems), balance.unaccounted) == (MOST_TOLD, 50)


def test_reasons_of_refusals_are_counted() -> None:
    record = account([EVENT] * 2, ChaosEvidence({KEY: True}, refusals=refused(0.5)), always).as_record()
    assert record["refused because"] == {"a: b": 2}
    assert record["by producer"] == {"GuardDuty": {"refused": 2}}


@pytest.mark.parametrize(
    ("body", "name"),
    [
        pytest.param('{"id": "e", "source": "aws.securityhub"}', "e", id="by its id"),
        pytest.param('{"id": "e", "source": "hubtriage.sweep"}', SWEEP, id="of a sweep"),
        pytest.param("{", "body 021fb596db81e6d0", id="no JSON: by its body"),
        pytest.param("[1]", "body 080a9ed428559ef6", id="no object: by its body"),
        pytest.param("[" * 20_000, "body a988994a238d1438", id="too deep: by its body"),
    ],
)
def test_an_event_is_known_by_its_name(body: str, name: str) -> None:
    assert name_of(body) == name
