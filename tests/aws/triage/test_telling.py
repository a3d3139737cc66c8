"""What is decided is announced once it has happened, and never lost; the bus delays and hides nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from hubtriage.aws.clock import Clock
from hubtriage.aws.decision_events.bus import NotPut
from hubtriage.aws.decision_events.event import DecisionEvent
from hubtriage.aws.decision_events.memory import DOWN, MemoryBus
from hubtriage.aws.decision_events.schema import event_schema
from hubtriage.aws.ledger.ledger import LedgerFault, LedgerFaultKind
from hubtriage.aws.triage.results import Report
from hubtriage.engine.planning import news as engine_news
from hubtriage.engine.planning.news import News
from hubtriage.engine.ruleset.delivery import NO_ROUTES, Routes
from tests.support.announcing import TICKETS, outbox, ticket
from tests.support.entries import ANY_TEXT
from tests.support.examples import examples
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
    record,
)

HOUR = 3600.0
SCHEMA = Draft7Validator(event_schema(strict=True))
TAG = {"id": "tag", "when": True, "update": {"UserDefinedFields": {"owner": "net"}}, "notify": ["sec-chat"]}
FULL = finding(0, UserDefinedFields={f"key-{n}": "value" for n in range(50)})
"""There is no room for the tag."""


@dataclass
class Site:
    """Triage of one finding with a bus."""

    rules: tuple[Mapping[str, Any], ...] = (SUPPRESS_BUCKETS,)
    world: TriageWorld = field(default_factory=lambda: TriageWorld(1))
    bus: MemoryBus = field(default_factory=MemoryBus)
    routes: Routes = NO_ROUTES

    def bench(self, *rules: Mapping[str, Any], **options: Any) -> TriageBench:
        way = outbox(self.bus, self.routes)
        return TriageBench(self.world, *(rules or self.rules), outbox=way, **options)

    def see(self, *rules: Mapping[str, Any], after: float = HOUR, **options: Any) -> Report:
        """Triage the finding as it is, some seconds later."""
        self.world.clock.sleep(after)
        receives = options.pop("receives", 1)
        return self.bench(*rules, **options).see(receives=receives)

    @property
    def kinds(self) -> list[str]:
        return [event["kind"] for event in self.bus.details]

    def tickets(self) -> list[Mapping[str, Any]]:
        return [each for event in self.bus.details for each in event["deliver"] if each["as"] == "ticket"]


def test_what_was_done_is_announced_once_and_forgotten() -> None:
    site = Site()
    site.see(after=0.0)
    (event,) = site.bus.details
    assert (event["kind"], event["rule"], event["rules"]) == ("hidden", "buckets", ["buckets"])
    assert event["finding"]["id"] == "finding-0"
    assert event["finding"]["title"] == "A bucket is public"
    assert event["finding"]["resources"] == [{"type": "AwsS3Bucket", "id": "arn:aws:s3:::bucket-0"}]
    assert event["changes"][0] == {
        "field": "Workflow.Status",
        "from": "NEW",
        "to": "SUPPRESSED",
        "rule": "buckets",
        "why": "rule",
        "cause": None,
    }
    entry = site.world.entry(0)
    assert (entry.news, entry.told, entry.reported) == ((), event["sequence"], {})
    site.see()
    assert site.kinds == ["hidden"]


def test_without_a_bus_nothing_of_it_is_there_and_nothing_more_is_written() -> None:
    world, told = TriageWorld(1), Site()
    TriageBench(world, TICKETS).see()
    entry = world.entry(0)
    assert (entry.news, entry.told, entry.reported, entry.version) == ((), 0, {}, 2)
    assert "told" not in world.ledger.items[key(0)][1]
    told.see(TICKETS, after=0.0)
    assert told.world.entry(0).version == 3  # the news are taken out by a write of their own


@pytest.mark.parametrize("how", ["down", "answers lost"])
def test_a_bus_that_fails_delays_no_update_and_lets_the_message_come_again(how: str) -> None:
    site = Site()
    site.bus.fault, site.bus.lose_answers = DOWN, how == "answers lost"
    report = site.see(after=0.0)
    assert site.world.suppressed([0]) == [0]
    assert [(o.result.status, o.result.code) for o in report.outcomes] == [
        ("updated", ""),
        ("failed", "EventNotPut"),
    ]
    assert len(report.failed_messages()) == 1
    (news,) = site.world.entry(0).news
    site.bus.fault = None
    assert not site.see(receives=2).failed_messages()
    events = site.bus.details
    assert len(events) == (2 if how == "answers lost" else 1)
    assert {event["id"] for event in events} == {events[0]["id"]}
    assert (events[0]["sequence"], site.world.entry(0).news) == (news.sequence, ())


def test_what_waits_to_be_announced_does_not_keep_the_next_decision_from_being_made() -> None:
    site = Site()
    site.bus.fault = DOWN
    site.see(after=0.0)
    by_a_person(site.world, Workflow={"Status": "NEW"})
    assert site.see(receives=2).failed_messages()
    assert [news.kind for news in site.world.entry(0).news] == ["hidden", "overruled"]
    site.bus.fault = None
    site.see(receives=3)
    assert site.kinds == ["hidden", "overruled"]
    first, second = site.bus.details
    assert first["sequence"] < second["sequence"]
    assert second["overruled"] == ["Workflow.Status"]
    assert second["rule"] == "buckets"


class _Death(BaseException):
    pass


def test_a_container_that_dies_while_it_announces_loses_nothing() -> None:
    site = Site()

    def dies(_event: DecisionEvent) -> NotPut | None:
        raise _Death

    site.bus.script.append(dies)
    with pytest.raises(_Death):
        site.see(after=0.0)
    assert [news.kind for news in site.world.entry(0).news] == ["hidden"]
    site.see(after=1.0)
    assert site.kinds == []  # its message comes again: another event leaves it to that
    site.see(after=60.0, receives=2)
    assert site.kinds == ["hidden"]


def test_what_was_left_is_announced_by_whatever_event_comes_once_the_lease_is_over() -> None:
    site = Site()
    site.bus.fault = DOWN
    site.see(after=0.0)
    site.bus.fault = None
    site.see(after=599.0)
    assert site.kinds == []
    site.see(after=2.0)
    assert site.kinds == ["hidden"]


def test_an_update_that_came_to_light_later_is_announced_then() -> None:
    site = Site()
    site.world.fault(operation="BatchUpdateFindings", lose_answer=True, times=9)
    report = site.see(after=0.0)
    assert report.failed_messages()
    assert site.kinds == []
    site.world.hub.faults.clear()
    site.see(receives=2)
    (event,) = site.bus.details
    assert (event["kind"], event["changes"][0]["to"]) == ("hidden", "SUPPRESSED")


def test_an_update_that_has_not_happened_is_not_announced() -> None:
    site = Site()
    site.world.fault(operation="BatchUpdateFindings", error="TooManyRequestsException", times=99)
    site.see(after=0.0)
    assert site.kinds == []
    entry = site.world.entry(0)
    assert (entry.news, entry.intent, entry.told) == ((), None, 0)


def test_an_update_that_the_ledger_could_not_confirm_is_announced_once_it_is_settled() -> None:
    site = Site()
    ledger, write, calls = site.world.ledger, site.world.ledger.write, []

    class Failing:
        read, delete, scan = ledger.read, ledger.delete, ledger.scan

        def write(self, entries: Any, deadline: float = 0.0) -> Any:
            calls.append(entries)
            ledger.fault = LedgerFault(LedgerFaultKind.THROTTLED, "t", "t") if len(calls) == 2 else None
            try:
                return write(entries, deadline)
            finally:
                ledger.fault = None

    report = site.see(after=0.0, ledger=Failing())
    assert [(o.result.status, o.result.code) for o in report.outcomes] == [
        ("updated", ""),
        ("failed", "EventNotPut"),
    ]
    assert site.kinds == []
    site.see(receives=2)
    assert site.kinds == ["hidden"]


def test_a_finding_that_is_refused_is_announced_with_each_delivery_as_the_same() -> None:
    site = Site((TAG,))
    site.world.hub.plant(FULL, NOW)
    for receives in (1, 2):
        report = site.see(receives=receives)
        assert endings(report)["finding-0"] == ("refused", "CannotChange")
    refused = [event for event in site.bus.details if event["kind"] == "refused"]
    assert [event["refused"]["code"] for event in refused] == ["CannotChange"] * 2
    assert len({event["id"] for event in refused}) == 1
    assert refused[0]["rule"] == "tag"
    assert [each["to"] for each in refused[0]["deliver"]] == ["sec-chat"]


def test_refusals_for_other_reasons_are_other_events() -> None:
    site = Site()
    for code in ("InvalidInput", "FindingNotFound", "InvalidInput"):
        site.world.hub.faults.clear()
        site.world.fault(finding_error=code, times=1000)
        site.see(receives=5)
    codes = {(event["refused"]["code"], event["sequence"]): event["id"] for event in site.bus.details}
    assert [code for code, _sequence in codes] == ["InvalidInput", "FindingNotFound"]
    assert len(site.bus.details) == 3
    assert len(set(codes.values())) == len({event["id"] for event in site.bus.details}) == 2


def test_a_refusal_that_cannot_be_announced_comes_again() -> None:
    site = Site((TAG,))
    site.world.hub.plant(FULL, NOW)
    site.bus.fault = DOWN
    report = site.see()
    assert [o.result.status for o in report.outcomes] == ["refused", "failed"]
    assert report.failed_messages()


def test_an_update_that_the_service_refuses_for_good_is_a_refusal_too() -> None:
    site = Site()
    site.world.fault(finding_error="InvalidInput", times=1000)
    assert endings(site.see())["finding-0"] == ("failed", "InvalidInput")
    (event,) = site.bus.details
    assert (event["kind"], event["refused"]["code"]) == ("refused", "InvalidInput")
    assert (event["rule"], event["changes"]) == ("buckets", [])


def test_news_that_an_entry_has_no_room_for_are_counted_and_their_tickets_are_said() -> None:
    site = asked()
    site.bus.fault = DOWN
    plant(site, {"RecordState": "ARCHIVED"})
    site.see()
    full = site.world.entry(0)
    wide = News("changed", NOW, full.told, rules=("r" * 16_000,))
    site.world.ledger.write({key(0): replace(full, news=(*full.news, wide))})
    plant(site, {"Title": "x"})
    report = site.see(receives=2)
    assert report.events_not_put["NoRoom"] == 2
    site.bus.fault = None
    site.see(receives=3)
    assert site.tickets() == [ticket("open"), ticket("open")]
    assert site.see(receives=4).events_not_put == {}


OTHER_TICKET = {**TICKETS, "open-ticket": {"queue": "team", "per": "rule"}}
PLACES = {("cloud", "111122223333"): TICKETS, ("team", "tickets"): OTHER_TICKET}
TURNS = st.tuples(st.sampled_from([TICKETS, OTHER_TICKET, SUPPRESS_BUCKETS]), st.booleans(), st.booleans())


@given(st.lists(TURNS, min_size=2, max_size=9))
@examples(60)
def test_however_little_room_an_entry_has_each_ticket_is_told_in_the_end(
    turns: list[tuple[dict[str, Any], bool, bool]],
) -> None:
    site = Site()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(engine_news, "MOST_BYTES", 700)
        for rule, is_archived, is_down in turns:
            state = {"RecordState": "ARCHIVED" if is_archived else "ACTIVE"}
            plant(site, {**state, "Workflow": site.world.stored(0)["Workflow"]})
            site.bus.fault = DOWN if is_down else None
            site.see(rule)
        site.bus.fault = None
        site.see(turns[-1][0], receives=2)
    told = {(each["to"], each["group"]): each["state"] for each in site.tickets()}
    rule, is_archived, _down = turns[-1]
    wanted = {place for place, by in PLACES.items() if by is rule and not is_archived}
    assert {place for place, state in told.items() if state == "open"} == wanted
    assert site.world.entry(0).news == ()


def test_in_observe_nothing_is_put_and_the_decision_says_what_would_be() -> None:
    site = Site((TICKETS,))
    bench = site.bench()
    report = bench.run(record("m", finding(0)), mode="observe")
    assert site.bus.calls == 0
    (outcome,) = report.outcomes
    assert outcome.decision is not None
    would = outcome.decision.as_record()["would_deliver"]
    assert [(each["to"], each["as"], each.get("state")) for each in would] == [
        ("cloud", "ticket", "open"),
        ("sec-chat", "message", None),
    ]
    assert site.world.ledger.items == {}


def test_in_observe_not_even_a_refusal_is_put_nor_what_was_left() -> None:
    site = Site((TAG,))
    site.world.hub.plant(FULL, NOW)
    report = site.bench().run(record("m", FULL), mode="observe")
    assert endings(report)["finding-0"] == ("refused", "CannotChange")
    left = site_with_news()
    left.world.clock.sleep(HOUR)
    left.bench().run(record("m", finding(0), receives=2), mode="observe")
    assert (site.bus.calls, left.bus.calls) == (0, 1)


def site_with_news() -> Site:
    """Return a site whose bus was down."""
    site = Site()
    site.bus.fault = DOWN
    site.see(after=0.0)
    site.bus.fault = None
    return site


@pytest.mark.parametrize(
    ("happen", "why"),
    [
        pytest.param({"RecordState": "ARCHIVED"}, "archived", id="archived"),
        pytest.param({"Compliance": {"Status": "PASSED"}}, "passed", id="passed"),
        pytest.param({"Workflow": {"Status": "RESOLVED"}}, "resolved", id="resolved by a person"),
        pytest.param({"Workflow": {"Status": "SUPPRESSED"}}, "suppressed", id="suppressed by a person"),
        pytest.param({"Severity": {"Label": "LOW"}}, "rule no longer applies", id="not for the rule"),
    ],
)
def test_a_ticket_is_opened_done_and_opened_again(happen: Mapping[str, Any], why: str) -> None:
    site = Site(({**TICKETS, "update": {"Confidence": 50}},))
    site.see(after=0.0)
    assert site.tickets() == [ticket("open")]
    assert site.world.entry(0).rules == ("tickets",)
    plant(site, happen)
    site.see()
    assert site.tickets()[1:] == [ticket("done", why)]
    site.see()
    assert len(site.tickets()) == 2
    plant(site, {})
    site.see()
    assert site.tickets()[2:] == [ticket("open")]
    assert site.kinds[-1] == ("changed" if why == "rule no longer applies" else "returned")


def asked() -> Site:
    """Return a site whose finding has a ticket, an hour later."""
    site = Site(({**TICKETS, "update": {"Confidence": 50}},))
    site.see(after=0.0)
    site.world.clock.sleep(HOUR)
    return site


def test_an_old_event_closes_no_ticket_of_a_finding_that_is_open() -> None:
    site = asked()
    site.bench().see(ago=100.0, RecordState="ARCHIVED")
    assert site.tickets() == [ticket("open")]


def test_where_it_is_not_known_which_of_two_states_is_newer_a_ticket_waits() -> None:
    site = asked()
    now, shown = NOW - site.world.clock.now(), site.world.stored(0)
    closed = {**shown, "RecordState": "ARCHIVED"}
    both = (record("a", shown, age=now + 1), record("b", closed, age=now + 1))
    report = site.bench().run(*both)
    assert endings(report)["finding-0"] == ("failed", "Undecidable")
    site.world.clock.sleep(HOUR)
    site.bench().run(*(again(each) for each in both))
    assert site.tickets() == [ticket("open")]


def plant(site: Site, changed: Mapping[str, Any]) -> None:
    confidence = site.world.stored(0).get("Confidence")
    site.world.hub.plant({**finding(0), "Confidence": confidence, **changed}, site.world.clock.now())


def test_a_status_that_the_service_resets_is_no_news_each_time() -> None:
    site = Site((TICKETS,))
    site.see(after=0.0)
    for _ in range(3):
        assert site.world.stored(0)["Workflow"]["Status"] == "NOTIFIED"
        plant(site, {"Workflow": {"Status": "NEW"}})
        site.see(receives=3)
    assert site.kinds == ["changed"]


def test_a_rule_that_is_gone_closes_its_ticket_where_it_was_opened() -> None:
    site = Site((TICKETS,))
    site.see(after=0.0)
    site.see(SUPPRESS_BUCKETS | {"match": {"Severity": {"Label": ["CRITICAL"]}}})
    assert site.tickets() == [ticket("open"), ticket("done", "rule no longer applies")]
    assert site.world.entry(0).reported == {}


def test_a_finding_that_belongs_to_another_queue_is_moved() -> None:
    site = Site((TICKETS,))
    site.see(after=0.0)
    site.see({**TICKETS, "open-ticket": {"queue": "team", "per": "rule"}})
    moved = ticket("open", to="team", per="rule", group="tickets")
    assert site.tickets() == [ticket("open"), ticket("done", "moved"), moved]


def test_a_rule_on_hold_keeps_its_tickets_and_opens_none() -> None:
    held = {**TICKETS, "mode": "hold"}
    site = Site((held,))
    site.see(after=0.0)
    assert site.tickets() == []
    site.see(TICKETS)
    site.see(held)
    assert site.tickets() == [ticket("open")]


def test_sequences_go_up_whatever_the_clock_of_a_container_says() -> None:
    site = Site((TICKETS,))
    site.see(after=0.0)
    site.see({**TICKETS, "open-ticket": {"queue": "team", "per": "account"}})
    bench = site.bench(TICKETS)
    bench.triage.clock = a_day_behind(site)
    bench.see(receives=2)
    sequences = [event["sequence"] for event in site.bus.details]
    assert len(sequences) == 3
    assert sequences == sorted(set(sequences))


def a_day_behind(site: Site) -> Clock:
    class Slow:
        monotonic = staticmethod(site.world.clock.monotonic)
        sleep = staticmethod(site.world.clock.sleep)

        def now(self) -> float:
            return NOW - 86_400.0

    return Slow()


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=6,
)
MEMBERS = (
    *("Title", "ProductName", "Region", "AwsAccountId", "GeneratorId", "Types", "Resources", "Compliance"),
    *("RecordState", "Severity", "Workflow", "FindingProviderFields", "UserDefinedFields", "Note"),
)
ANY = {
    "id": "any",
    "when": True,
    "update": {"Confidence": 50, "UserDefinedFields": {"by": "{finding.Title}"}},
    "notify": ["sec-chat"],
}


@given(
    st.dictionaries(st.sampled_from(MEMBERS), ODD, max_size=5),
    st.sampled_from(["rule", "account", "control", "resource", "finding"]),
)
@examples(150)
def test_no_finding_is_too_odd_to_be_announced(odd: dict[str, Any], per: str) -> None:
    site = Site(({**ANY, "open-ticket": {"queue": "cloud", "per": per}},))
    report = site.bench().run(record("m", finding(0, **odd)))
    assert not [o for o in report.outcomes if o.result.code in ("EventNotPut", "EngineError")]
    assert not [error for o in report.outcomes if o.decision for error in o.decision.errors if not error.rule]
    for event in site.bus.details:
        SCHEMA.validate(event)
    entry = site.world.entry(0)
    assert len(entry.news) == 0
    assert len(site.world.ledger.items.get(key(0), (0, ""))[1]) < 20_000


def test_many_findings_are_put_together() -> None:
    site = Site(world=TriageWorld(250))
    bench = site.bench()
    bench.run(*(record(f"m{n}", finding(n)) for n in range(250)))
    assert (site.bus.calls, len(site.bus.events)) == (1, 250)


def test_a_message_comes_again_as_the_same_event_only_if_it_has_to() -> None:
    site = Site()
    sent = record("m", finding(0))
    site.bench().run(sent)
    site.world.clock.sleep(HOUR)
    site.bench().run(again(sent))
    assert site.kinds == ["hidden"]
    assert replace(site.world.entry(0), version=0).news == ()
