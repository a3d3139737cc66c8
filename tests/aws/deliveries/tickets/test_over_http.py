"""A queue over HTTP with faults of every kind: no ticket twice, none lost, each as its findings want it."""

import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from hubtriage.aws.deliveries.tickets.products.kinds import product
from hubtriage.localaws.peers.faults import PeerFault
from hubtriage.localaws.peers.kinds import KINDS
from tests.support.outside_services import Outside, outside
from tests.support.ticket_world import TicketWorld

SECRETS = {
    "jira": {"email": "bot@acme.example", "token": "jira-token-0123456789"},
    "servicenow": {"user": "hubtriage", "password": "snow-password-0123456789"},
}
CLOSED = {"jira": ("category", "done"), "servicenow": ("state", "6")}
ACCOUNTS = [f"{number:012d}" for number in range(1, 31)]
CHANCE, CHANCE_OF_CREATION = 0.04, 0.15


class HttpWorld(TicketWorld):
    """The world of a queue whose tickets are in a double."""

    def __init__(self, outside: Outside, kind: str) -> None:
        super().__init__()
        self.outside, self.kind = outside, kind
        queue = {"kind": kind, "url": outside.url, "project": "SEC"}
        self.service: Any = product(queue, outside.http, outside.store).service
        self.function = self.container()

    def tick(self, seconds: float = 300.0) -> None:
        """Time passes for the service too."""
        self.outside.control.advance(seconds)
        super().tick(seconds)

    @property
    def kept(self) -> list[dict[str, Any]]:
        """All tickets as the service holds them."""
        stored = self.outside.stored()
        return [dict(each) for each in stored["issues" if self.kind == "jira" else "records"]]

    def is_closed(self, ticket: dict[str, Any]) -> bool:
        """Say whether a ticket is closed."""
        member, value = CLOSED[self.kind]
        return bool(ticket[member] == value)


def shown(ticket: dict[str, Any]) -> str:
    """Return what a ticket says."""
    return str(ticket.get("shown", ticket.get("description")))


def faults() -> list[PeerFault]:
    """Return a fault of every kind, each with its chance, for ever."""
    wrong = [
        PeerFault("reset"),
        PeerFault("reset", after=True),
        PeerFault("truncated"),
        PeerFault("html"),
        PeerFault("html", after=True),
        PeerFault("delay", seconds=0.3),
        PeerFault("status", status=429, retry_after=30),
        PeerFault("status", status=503, retry_after=30),
        PeerFault("status", status=504, after=True),
        PeerFault("status", status=401),
    ]
    usual = [replace(fault, times=1_000_000, chance=CHANCE) for fault in wrong]
    lost = [fault for fault in wrong if fault.is_after]
    creations = {"method": "POST", "path": r"(/issue|/incident)$", "chance": CHANCE_OF_CREATION}
    return [*(replace(fault, times=1_000_000, **creations) for fault in lost), *usual]


@pytest.mark.parametrize("kind", ["jira", "servicenow"])
@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (2, 3))])
def test_whatever_is_lost_each_group_has_one_ticket(kind: str, seed: int) -> None:
    drawn = random.Random(seed)  # noqa: S311 - no secret
    with outside(KINDS[kind], SECRETS[kind], read_seconds=0.15, seed=seed) as double:
        if kind == "jira":
            double.configure(search_lag=400.0)
        world = HttpWorld(double, kind)
        for fault in faults():
            double.control.fault(fault)
        state: dict[str, tuple[str, str]] = {}
        for _ in range(40):
            for _ in range(6):
                account = drawn.choice(ACCOUNTS)
                finding = f"{account}-{drawn.randrange(2)}"
                is_open = drawn.random() < 0.7
                state[finding] = (account, "open" if is_open else "done")
                why = None if is_open else "passed"
                world.tell(finding, state[finding][1], why=why, group=account)
            world.tick(drawn.choice([60.0, 300.0, 900.0]))
        assert sum(double.control.struck()) > 30
        double.control.clear_faults()
        world.rest(30)
        open_by_account = Counter(account for account, is_open in state.values() if is_open == "open")
        tickets = {next(each for each in ACCOUNTS if each in str(ticket)): ticket for ticket in world.kept}
        assert len(world.kept) == len(tickets), "no group has two"
        assert set(+open_by_account) <= tickets.keys(), "each that has an open finding has one"
        for account, ticket in tickets.items():
            count = open_by_account[account]
            assert world.is_closed(ticket) is not bool(count)
            assert not count or shown(ticket).startswith(f"{count} finding")
