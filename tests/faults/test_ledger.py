"""The ledger of the fault tests notices what is lost."""

from typing import Any

import pytest

from tests.faults.ledger import Fate, Witnesses, account, tally

NEW: dict[str, Any] = {"Id": "f", "GeneratorId": "faults/x", "Workflow": {"Status": "NEW"}}
DECIDED = NEW | {"Workflow": {"Status": "SUPPRESSED"}, "Note": {"UpdatedBy": "hubtriage/faulty"}}
HELD = frozenset("f")
BY_A_PERSON = NEW | {"Workflow": {"Status": "SUPPRESSED"}}
NOBODYS = {"Id": "f", "GeneratorId": "other", "Workflow": {"Status": "NEW"}}


def event(finding: dict[str, Any], name: str = "e") -> dict[str, Any]:
    return {"id": name, "detail": {"findings": [finding]}}


@pytest.mark.parametrize(
    ("shown", "stored", "fate"),
    [
        pytest.param(NEW, DECIDED, "updated", id="the finding was not decided, and is"),
        pytest.param(DECIDED, DECIDED, "unchanged", id="an echo of the decision"),
        pytest.param(NOBODYS, NOBODYS, "unchanged", id="no rule wants anything of the finding"),
        pytest.param(NEW, NEW, "lost", id="the finding waits for a decision that nobody will make"),
        pytest.param(DECIDED, NEW, "lost", id="the decision was there, and is gone"),
        pytest.param(NEW, BY_A_PERSON, "lost", id="suppressed, but not by us"),
        pytest.param(NOBODYS, NOBODYS | DECIDED | {"GeneratorId": "other"}, "lost", id="decided unasked"),
    ],
)
def test_the_state_of_the_finding_tells_what_became_of_an_event(
    shown: dict[str, Any], stored: dict[str, Any], fate: Fate
) -> None:
    (entry,) = account(Witnesses((event(shown),), {"f": stored}, held=HELD))
    assert entry.fate == fate


def test_a_decision_that_the_ledger_does_not_know_is_lost() -> None:
    assert tally(account(Witnesses((event(NEW),), {"f": DECIDED}))) == {"lost": 1}


def test_a_finding_that_is_gone_loses_its_event() -> None:
    assert tally(account(Witnesses((event(NEW),), {}))) == {"lost": 1}


def test_a_refusal_needs_a_reason_in_the_log() -> None:
    told = Witnesses((event(NEW),), {"f": NEW}, refusals={"f": ("FindingSizeExceeded: too large",)})
    (entry,) = account(told)
    assert (entry.fate, entry.reason) == ("refused", "FindingSizeExceeded: too large")


def test_a_refusal_does_not_hide_that_the_finding_was_updated_later() -> None:
    refusals = {"f": ("FindingNotFound: wait",)}
    told = Witnesses((event(NEW),), {"f": DECIDED}, refusals=refusals, held=HELD)
    assert tally(account(told)) == {"updated": 1}


@pytest.mark.parametrize(("queue", "fate"), [("dead", "dead letter"), ("waiting", "waiting")])
def test_of_two_copies_each_has_its_own_fate(queue: str, fate: Fate) -> None:
    seen = Witnesses((event(NEW), event(NEW)), {"f": DECIDED}, **{queue: (event(NEW),)}, held=HELD)
    assert tally(account(seen)) == {fate: 1, "updated": 1}


def test_an_event_without_a_finding_is_lost_unless_a_dead_letter_queue_has_it() -> None:
    unusable = {"id": "u", "detail": {}}
    assert tally(account(Witnesses((unusable,), {}))) == {"lost": 1}
    assert tally(account(Witnesses((unusable,), {}, dead=(unusable,)))) == {"dead letter": 1}
