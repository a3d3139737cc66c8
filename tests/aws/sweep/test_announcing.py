"""What a sweep has announced: tickets of ended rules, what was left over, and that findings are gone."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from hubtriage.aws.decision_events.event import DecisionEvent
from hubtriage.aws.decision_events.farewells import what_is_known
from hubtriage.aws.decision_events.memory import DOWN, MemoryBus
from hubtriage.aws.securityhub.api import Key, key_of
from hubtriage.aws.sweep.progress import Progress
from hubtriage.aws.sweep.request import ACTIVE, MANAGED, SweepRequest
from hubtriage.engine.ocsf.view import HUB_V2
from hubtriage.engine.planning.entry import Entry, Intent
from hubtriage.engine.planning.news import Reported
from tests.support.announcing import TICKETS, outbox, ticket
from tests.support.sweep_world import SweepBench, rules
from tests.support.triage_world import NOW, TriageWorld, finding, key

DAY = 86_400.0
HELD = SweepRequest(scopes=(MANAGED,))
SCORES = {**TICKETS, "update": {"Confidence": 50}}
NO_TICKETS = {"id": "other", "match": {"GeneratorId": ["other"]}, "update": {"Confidence": 1}}
ASKED = Entry(
    started=NOW,
    ended=NOW,
    told=5,
    reported={"tickets": Reported("cloud", "account", "111122223333")},
    about={"account": "111122223333", "region": "eu-central-1", "severity": "HIGH", "control": "S3.1"},
)
"""An entry of a finding that a ticket has."""


class Site:
    """Sweeps over findings, with a bus."""

    def __init__(self, *asked: Mapping[str, Any], count: int = 3) -> None:
        self.bus, self.world = MemoryBus(), TriageWorld(count)
        self.bench = SweepBench(self.world, rules(*(asked or (SCORES,))), outbox=outbox(self.bus))

    def tickets(self) -> list[Mapping[str, Any]]:
        """What was said of tickets."""
        return [each for event in self.bus.details for each in event["deliver"] if each["as"] == "ticket"]


def test_a_sweep_finds_what_a_new_rule_asks_tickets_for() -> None:
    site = Site({**SCORES, "update": {"Workflow": {"Status": "NEW"}}})
    done = site.bench.sweep(SweepRequest(scopes=(ACTIVE,)))
    assert (done.changed, done.messages) == (0, 1)
    assert site.tickets() == [ticket("open")] * 3
    assert site.bench.sweep(SweepRequest(scopes=(ACTIVE,))).messages == 0


def test_without_a_bus_it_hands_nothing_on_for_that() -> None:
    world = TriageWorld(1)
    bench = SweepBench(world, rules({**SCORES, "update": {"Workflow": {"Status": "NEW"}}}))
    assert bench.sweep().messages == 0
    world.ledger.write({key(0): ASKED.telling(news(site_of_one()))})
    assert bench.sweep().messages == 0


def site_of_one() -> Site:
    site = Site(count=1)
    site.bus.fault = DOWN
    site.bench.sweep()
    return site


def news(site: Site) -> Any:
    (left,) = site.world.entry(0).news
    return left


def test_tickets_of_a_rule_that_ended_are_found_by_the_rule_and_closed() -> None:
    site = Site()
    site.bench.sweep()
    assert all(site.world.entry(number).rules == ("tickets",) for number in range(3))
    site.bench.adopt_rules(rules(NO_TICKETS))
    done = site.bench.sweep(SweepRequest(scopes=(MANAGED,), rules=("tickets",)))
    assert done.status == "done"
    assert site.tickets()[3:] == [ticket("done", "rule no longer applies")] * 3
    assert site.world.entry(0).rules == ()


def test_taking_everything_back_closes_tickets() -> None:
    site = Site()
    site.bench.sweep()
    site.bench.sweep(SweepRequest(scopes=(MANAGED,), take_back=True))
    assert site.tickets()[3:] == [ticket("done", "rule no longer applies")] * 3


def test_what_could_not_be_announced_is_found_by_the_next_sweep() -> None:
    site = site_of_one()
    assert [each.kind for each in site.world.entry(0).news] == ["changed"]
    site.bus.fault = None
    site.world.clock.sleep(DAY)
    assert site.bench.sweep().messages == 1
    assert (len(site.bus.events), site.world.entry(0).news) == (1, ())


def gone(site: Site, entry: Entry = ASKED) -> None:
    """Let the ledger have an entry whose finding is not there."""
    site.world.ledger.write({key(9): entry})


def test_what_is_gone_is_said_to_its_ticket_once_it_was_not_found_twice() -> None:
    site = Site(NO_TICKETS, count=0)
    gone(site)
    site.bench.sweep(HELD)
    assert site.bus.calls == 0
    for _ in range(2):
        site.bench.sweep(HELD)
    (event,) = site.bus.details
    assert event["kind"] == "resolved"
    assert event["deliver"] == [ticket("done", "gone")]
    assert event["finding"]["id"] == "finding-9"
    known = {name: event["finding"][name] for name in ("account", "region", "severity", "control")}
    assert known == ASKED.about
    site.world.clock.sleep(14 * DAY)
    site.bench.sweep(HELD)
    assert site.world.ledger.items == {}


@pytest.mark.parametrize(("age", "said"), [(DAY, True), (60.0, False)])
def test_an_update_that_is_never_settled_keeps_no_ticket_of_what_is_gone(age: float, said: bool) -> None:
    site = Site(NO_TICKETS, count=0)
    written = {"Workflow.Status": "SUPPRESSED"}
    intent = Intent({}, written, {"Workflow.Status": "NEW"}, NOW - age)
    gone(site, replace(ASKED, gone=NOW - DAY, started=NOW - 30 * DAY, ended=NOW - 30 * DAY, intent=intent))
    before = site.world.entry(9)
    site.bench.sweep(HELD)
    assert site.tickets() == ([ticket("done", "gone")] if said else [])
    if not said:
        assert site.world.entry(9) == before
    site.world.clock.sleep(30 * DAY)
    for _ in range(2):
        site.bench.sweep(HELD)
    assert site.tickets() == [ticket("done", "gone")]
    assert site.world.ledger.items == {}


@pytest.mark.parametrize("how", ["down", "the step dies"])
def test_an_entry_does_not_end_before_that_is_said(how: str) -> None:
    site = Site(NO_TICKETS, count=0)
    gone(site, replace(ASKED, gone=NOW - DAY, started=NOW - 30 * DAY, ended=NOW - 30 * DAY))

    def dies(_event: DecisionEvent) -> None:
        raise KeyboardInterrupt

    if how == "down":
        site.bus.fault = DOWN
        site.bench.sweep(HELD)
        site.bus.fault = None
    else:
        site.bus.script.append(dies)
        with pytest.raises(KeyboardInterrupt):
            site.bench.sweep(HELD)
    (left,) = site.world.entry(9).news
    assert site.world.entry(9).open_tickets == ()
    site.bench.sweep(HELD)
    (event,) = site.bus.details
    assert event["sequence"] == left.sequence
    assert site.world.ledger.items == {}


def test_without_decision_events_an_entry_ends_and_says_nothing() -> None:
    world = TriageWorld()
    bench = SweepBench(world, rules(NO_TICKETS))
    long_ago = NOW - 30 * DAY
    world.ledger.write({key(9): replace(ASKED, gone=NOW - DAY, started=long_ago, ended=long_ago)})
    bench.sweep(HELD)
    assert world.ledger.items == {}


def test_what_was_gone_and_is_there_again_returns() -> None:
    site = Site(count=0)
    gone(site)
    for _ in range(2):
        site.bench.sweep(HELD)
    site.world.hub.plant(finding(9, Confidence=50), site.world.clock.now())
    site.bench.sweep(SweepRequest())
    assert [event["kind"] for event in site.bus.details] == ["resolved", "returned"]
    first, second = site.bus.details
    assert second["sequence"] > first["sequence"]


def test_an_entry_that_another_worker_changes_meanwhile_is_left_to_it() -> None:
    site = Site(NO_TICKETS, count=0)
    gone(site, replace(ASKED, gone=NOW - DAY))
    read = site.world.ledger.scan

    def scan(*arguments: Any) -> Any:
        page = read(*arguments)
        for name, entry in page.entries:
            site.world.ledger.write({name: entry})
        return page

    site.bench.sources = replace(site.bench.sources, ledger=_Changing(site, scan))
    site.bench.walk(HELD).step(Progress())
    assert site.bus.calls == 0
    assert site.world.entry(9).open_tickets == ("tickets",)


class _Changing:
    def __init__(self, site: Site, scan: Any) -> None:
        self.scan, ledger = scan, site.world.ledger
        self.read, self.write, self.delete = ledger.read, ledger.write, ledger.delete


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(key(9), id="of Security Hub CSPM"),
        pytest.param((HUB_V2, "9f" * 32), id="of Security Hub V2"),
    ],
)
def test_what_is_known_of_a_finding_that_is_gone_names_it(name: Key) -> None:
    known = what_is_known(name, ASKED)
    assert key_of(known) == name
    assert known["AwsAccountId"] == "111122223333"
    assert what_is_known(name, replace(ASKED, about={"type": "x"}))["Types"] == ["x"]
