"""The account of decisions that leave the system finds whatever is wrong with one."""

from dataclasses import replace
from typing import Any

import pytest

from hubtriage.engine.planning.entry import NO_ENTRY, Entry
from hubtriage.engine.planning.news import News, Reported
from tests.chaos.deliveries import Announced, DeliveryEvidence, account_for

KEY, OTHER = ("arn", "a"), ("arn", "b")
GROUP = "111122223333"


def announced(key: tuple[str, str], sequence: int, state: str = "open", **more: Any) -> Announced:
    deliver = [{"to": "cloud", "as": "ticket", "rule": "r", "group": GROUP, "state": state}]
    detail = {"id": f"{key[1]}{sequence}", "sequence": sequence, "kind": "changed", "deliver": deliver}
    return Announced(key, detail | more)


def entry(told: int, *, is_open: bool = True) -> Entry:
    return replace(NO_ENTRY, told=told, reported={"r": Reported("cloud", "account", GROUP, is_open)})


def issue(count: int, **more: Any) -> dict[str, Any]:
    shown = f"{count} findings are open: {count} LOW." if count else "No finding is open."
    text = f"{shown}\nRule: r. Owner: o.\nhubtriage keeps this text."
    made = {"key": "SEC-1", "summary": f"What is wrong (account {GROUP})", "shown": text, "category": "new"}
    return {**made, "comments": [], "history": [], "deleted": False, **more}


WHOLE = DeliveryEvidence(
    announced=(announced(KEY, 3), announced(OTHER, 4), announced(KEY, 3)),
    logged=frozenset({(KEY, 3), (OTHER, 4)}),
    entries={KEY: entry(3), OTHER: entry(4)},
    issues=(issue(2),),
)
BECAUSE = {"shown": "No finding of this ticket is open any more: 2 archived. hubtriage closes the ticket."}
OVER = replace(
    WHOLE,
    announced=(*WHOLE.announced, announced(KEY, 7, "done"), announced(OTHER, 8, "done")),
    entries={KEY: entry(7, is_open=False), OTHER: entry(8, is_open=False)},
    issues=(issue(0, category="done", comments=[BECAUSE]),),
)


@pytest.mark.parametrize("evidence", [WHOLE, OVER], ids=["an open ticket", "one that is closed"])
def test_what_is_right_balances(evidence: DeliveryEvidence) -> None:
    balance = account_for(evidence)
    assert balance.problems == []
    assert (balance.counts["tickets"], balance.counts["groups"]) == (1, 1)


NEWS = News(kind="changed", at=1.0, sequence=3, rule="r")


@pytest.mark.parametrize(
    ("evidence", "problem"),
    [
        pytest.param(
            replace(WHOLE, logged=frozenset({(KEY, 3), (KEY, 9)})),
            "was never put on the bus",
            id="a lost event",
        ),
        pytest.param(
            replace(WHOLE, entries={KEY: entry(3), OTHER: entry(6)}),
            "says that 6 of",
            id="one that the ledger takes for told",
        ),
        pytest.param(
            replace(WHOLE, entries={KEY: replace(entry(3), news=(NEWS,)), OTHER: entry(4)}),
            "still has news",
            id="one that is still due",
        ),
        pytest.param(
            replace(WHOLE, entries={KEY: entry(2), OTHER: entry(4)}),
            "ahead of the ledger",
            id="one before its fact",
        ),
        pytest.param(
            replace(WHOLE, announced=(*WHOLE.announced, announced(KEY, 3, id="other"))),
            "under 2 ids",
            id="one decision under two ids",
        ),
        pytest.param(
            replace(WHOLE, announced=(*WHOLE.announced, announced(OTHER, 4, id="a3"))),
            "that of two decisions",
            id="two decisions under one id",
        ),
        pytest.param(
            replace(WHOLE, issues=(issue(2), issue(2, key="SEC-2"))), "2 tickets", id="a second ticket"
        ),
        pytest.param(replace(WHOLE, issues=()), "no ticket, and 2 findings", id="no ticket"),
        pytest.param(replace(WHOLE, issues=(issue(1),)), "says that 1 findings", id="a wrong number"),
        pytest.param(
            replace(WHOLE, issues=(issue(2, category="done", comments=[BECAUSE]),)),
            "is closed, and 2 findings are open",
            id="closed too early",
        ),
        pytest.param(
            replace(OVER, issues=(issue(0, category="done"),)), "no comment says why", id="for no reason"
        ),
        pytest.param(replace(OVER, issues=(issue(0),)), "is open, and no finding is", id="not closed"),
        pytest.param(replace(WHOLE, waiting={"dead": 2}), "2 messages in dead", id="what was given up"),
        pytest.param(
            replace(WHOLE, entries={KEY: entry(3), OTHER: entry(4, is_open=False)}),
            "by their events, not by the ledger",
            id="what the ledger does not know to be in a ticket",
        ),
    ],
)
def test_what_is_wrong_is_found(evidence: DeliveryEvidence, problem: str) -> None:
    assert [each for each in account_for(evidence).problems if problem in each]
