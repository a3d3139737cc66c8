"""The demonstration holds the tickets of a double of Jira against the decision log."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from hubtriage.localaws.demo.tickets import Destinations, tally_tickets
from hubtriage.localaws.peers.process import PeersProcess


def line(finding: str, group: str, state: str, sequence: int, outcome: str = "updated") -> dict[str, Any]:
    deliver = [{"to": "cloud", "as": "ticket", "rule": "r", "group": group, "state": state}]
    return {
        "product_arn": "arn",
        "finding_id": finding,
        "outcome": outcome,
        "event": {"kind": "changed", "sequence": sequence, "deliver": deliver},
    }


def peers(*texts: str) -> PeersProcess:
    issues = [{"key": f"SEC-{n}", "summary": "s", "shown": text} for n, text in enumerate(texts)]
    stored = {
        "jira": {"issues": issues},
        "slack": {"messages": [{"texts": ["old"]}, {"texts": ["new", "new", "- one"]}]},
    }
    control = SimpleNamespace(stored=stored.__getitem__)
    return cast("PeersProcess", SimpleNamespace(control=control, url=lambda name: f"http://x/{name}"))


LINES = [line("a", "1", "open", 1), line("b", "1", "open", 1), line("c", "2", "open", 1),
         line("c", "2", "done", 5), line("d", "3", "open", 2, "failed")]  # fmt: skip


def test_each_ticket_is_one_of_the_log_with_its_open_findings() -> None:
    tally = tally_tickets(LINES, peers("2 findings are open: 2 LOW.", "No finding is open."))
    assert (tally.tickets, tally.findings, tally.messages, tally.problems) == (2, 2, 2, ())
    assert tally.message == ("new", "- one")
    assert tally.example is not None
    assert tally.example["key"] == "SEC-0"


@pytest.mark.parametrize(
    ("texts", "problem"),
    [
        pytest.param(("2 findings are open",), "there are 1 tickets", id="one is missing"),
        pytest.param(("2 findings are open", "x", "x"), "there are 3 tickets", id="one is there twice"),
        pytest.param(("1 finding is open", "x"), "other numbers of findings", id="a wrong number"),
    ],
)
def test_what_is_wrong_is_a_problem(texts: tuple[str, ...], problem: str) -> None:
    (found,) = tally_tickets(LINES, peers(*texts)).problems
    assert problem in found


def test_every_channel_and_queue_is_a_double_of_this_machine() -> None:
    settings = Destinations(("chat",), ("cloud", "desk")).settings(peers())
    assert {queue["url"] for queue in settings["queues"].values()} == {"http://x/jira"}
    assert list(settings["channels"]) == ["chat"]
