"""What is news of a decision, what to call it, and which tickets have the finding."""

from dataclasses import replace
from json import dumps
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.engine.planning.decision import Decision
from hubtriage.engine.planning.entry import NO_ENTRY, Entry
from hubtriage.engine.planning.news import (
    MOST_BYTES,
    Delivered,
    News,
    Reported,
    appended,
    next_sequence,
    reported_after,
)
from hubtriage.engine.planning.plan import Settings, reopen
from hubtriage.engine.planning.telling import Teller, gone
from hubtriage.engine.ruleset.delivery import NO_ROUTES, Routes
from tests.engine.planning.samples import (
    FAILED,
    FAILS,
    LOW,
    NOTE,
    NOTIFY,
    PASSED,
    SUPPRESS,
    other,
    provided,
    status,
)
from tests.support.planning import NOW, Finding, Known, Rule, after, by, finding, plan, ruleset

HIGHER: Rule = {"update": {"Severity": {"Label": "CRITICAL"}}}
ASKS: Rule = {
    "id": "asks",
    "update": {"Confidence": 50},
    "open-ticket": {"queue": "cloud", "per": "account"},
    "notify": ["sec-chat"],
}
ACCOUNT = "111122223333"
OPEN = Delivered("cloud", "ticket", "asks", ACCOUNT, "account", "open")
MESSAGE = Delivered("sec-chat", "message", "asks", ACCOUNT)


def done(why: str) -> Delivered:
    return Delivered("cloud", "ticket", "asks", ACCOUNT, "account", "done", why)


def decided(about: Known | Finding, *rules: Rule, **options: Any) -> Decision:
    return plan(about, *rules, **{"routes": NO_ROUTES, "now": NOW + 60, **options})


def news(about: Known | Finding, *rules: Rule, **options: Any) -> News:
    found = decided(about, *rules, **options).news
    assert found is not None
    return found


def known(about: Known | Finding, *rules: Rule, **options: Any) -> Known:
    return after(about, *rules, **{"routes": NO_ROUTES, **options})


def tickets(about: Known | Finding, *rules: Rule, **options: Any) -> list[Delivered]:
    found = decided(about, *rules, **options).news
    return [each for each in found.deliver if each.kind == "ticket"] if found else []


def test_a_bug_in_announcing_keeps_no_update_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object) -> object:
        raise KeyError("a bug of ours")

    hidden = known(finding(), SUPPRESS)
    expected = decided(hidden).update
    assert expected is not None
    monkeypatch.setattr(Teller, "_news", broken)
    found = decided(hidden)
    assert (found.update, found.news) == (expected, None)
    [error] = found.errors
    assert (error.rule, error.message) == ("", "it cannot be announced: KeyError: 'a bug of ours'")


@pytest.mark.parametrize(
    ("about", "rules", "kind", "rule"),
    [
        pytest.param(finding(), [SUPPRESS, LOW], "hidden", "rule", id="hidden comes first"),
        pytest.param(finding(), [LOW], "lowered", "rule", id="below the provider's severity"),
        pytest.param(finding(), [HIGHER], "raised", "rule", id="above it"),
        pytest.param(known(finding(), HIGHER), [], "changed", "rule", id="a severity that falls back"),
        pytest.param(finding(), [NOTIFY], "changed", "rule", id="a status that hides nothing"),
        pytest.param(finding(), [NOTE], "changed", "rule", id="a note"),
        pytest.param(known(finding(), SUPPRESS), [], "reopened", "rule", id="a rule that is gone"),
        pytest.param(known(finding(), LOW), [], "reopened", "rule", id="a severity that is back"),
        pytest.param(
            known(finding(), SUPPRESS).with_(**provided("CRITICAL")),
            [SUPPRESS],
            "escalated",
            "rule",
            id="above its ceiling",
        ),
        pytest.param(
            known(finding(), SUPPRESS).with_(**provided("CRITICAL")),
            [other(SUPPRESS, when=FAILS)],
            "escalated",
            "rule",
            id="above every ceiling",
        ),
    ],
)
def test_what_happened_has_a_name(
    about: Known | Finding, rules: list[Rule], kind: str, rule: str | None
) -> None:
    found = news(about, *(other(each, id=each.get("id", "rule")) for each in rules))
    assert (found.kind, found.rule) == (kind, rule)


def test_without_routes_nothing_is_announced() -> None:
    decision = plan(finding(), ASKS)
    assert (decision.news, decision.would_deliver) == (None, ())
    assert (decision.after.told, decision.after.reported) == (0, {})
    assert "would_deliver" not in decision.as_record()


def test_what_changes_nothing_is_no_news() -> None:
    assert decided(known(finding(), SUPPRESS), SUPPRESS).news is None


def test_a_finding_that_a_person_took_over_is_announced_once() -> None:
    taken = known(finding(), NOTIFY).with_(**status("RESOLVED"))
    by_hand = {"Workflow.Status": by("person", "RESOLVED")}
    found = news(taken, NOTIFY, authors=by_hand)
    assert (found.kind, found.rule, found.overruled) == ("overruled", "rule", ("Workflow.Status",))
    assert decided(Known(taken.found, decided(taken, NOTIFY, authors=by_hand).after), NOTIFY).news is None


def test_a_status_that_the_service_reset_is_set_again_without_a_word() -> None:
    reset = known(finding(), NOTIFY).with_(**status("NEW"))
    decision = decided(reset, NOTIFY, authors={"Workflow.Status": by("service", "NEW")})
    assert decision.update is not None
    assert decision.news is None
    assert decision.after.told == reset.entry.told


@pytest.mark.parametrize(
    ("again", "authors"),
    [
        pytest.param(other(NOTIFY, id="another"), by("service", "NEW"), id="for another rule"),
        pytest.param(
            {"update": {"Workflow": {"Status": "SUPPRESSED"}}}, by("service", "NEW"), id="to another value"
        ),
        pytest.param(other(NOTIFY, override=True), by("person", "NEW"), id="over a person"),
    ],
)
def test_but_otherwise_it_is_announced(again: Rule, authors: Any) -> None:
    reset = known(finding(), NOTIFY).with_(**status("NEW"))
    assert news(reset, again, authors={"Workflow.Status": authors}).changes


def test_that_a_finding_is_hidden_is_announced_each_time() -> None:
    reset = known(finding(), SUPPRESS).with_(**status("NEW"))
    again = news(reset, SUPPRESS, authors={"Workflow.Status": by("service", "NEW")})
    assert again.kind == "hidden"


def test_changes_are_kept_as_the_ledger_keeps_values() -> None:
    change = news(finding(), {"update": {"Note": {"Text": "x" * 41}}}).changes[0]
    assert change == {
        "field": "Note.Text",
        "from": None,
        "to": "sha256:TCBLvG_VMEyL8XXKeUwRkg",
        "rule": "rule",
        "why": "rule",
    }
    back = news(known(finding(), LOW), NOTE).changes
    assert [(each["field"], each["why"], each.get("cause")) for each in back] == [
        ("Severity.Label", "taken back", "no longer sets it"),
        ("Note.Text", "rule", None),
    ]


def test_a_ticket_is_asked_for_once_and_has_the_finding_until_it_is_done() -> None:
    first = news(finding(), ASKS)
    assert (first.kind, first.rule, first.deliver) == ("changed", "asks", (OPEN, MESSAGE))
    ours = known(finding(), ASKS)
    assert ours.entry.reported == {"asks": Reported("cloud", "account", ACCOUNT)}
    assert decided(ours, ASKS).news is None


@pytest.mark.parametrize(
    ("members", "why"),
    [
        pytest.param({"RecordState": "ARCHIVED"}, "archived", id="archived"),
        pytest.param({"RecordState": "ARCHIVED"} | PASSED, "archived", id="archived, and passed"),
        pytest.param(PASSED, "passed", id="passed"),
        pytest.param(status("RESOLVED"), "resolved", id="resolved"),
        pytest.param(status("SUPPRESSED"), "suppressed", id="suppressed"),
        pytest.param(status("DELETED"), "gone", id="deleted, in V2"),
    ],
)
def test_what_ends_outside_of_triage_resolves_a_ticket(members: dict[str, Any], why: str) -> None:
    ours = known(finding(**FAILED), ASKS)
    ended = news(ours.with_(**members), ASKS, authors={"Workflow.Status": None})
    assert (ended.kind, ended.rule) == ("resolved", "asks")
    assert ended.deliver == (done(why), MESSAGE)
    over = known(ours.with_(**members), ASKS, authors={"Workflow.Status": None})
    assert over.entry.open_tickets == ()
    assert decided(over, ASKS).news is None
    back = news(Known(ours.found, over.entry), ASKS)
    assert (back.kind, back.deliver) == ("returned", (OPEN, MESSAGE))


@pytest.mark.parametrize("word", ["UNKNOWN", "OTHER"])
def test_a_status_that_may_mean_anything_is_open(word: str) -> None:
    assert tickets(finding(**status(word)), ASKS) == [OPEN]


def test_what_a_rule_hides_is_done_too_and_called_hidden() -> None:
    ours = known(finding(), ASKS)
    found = news(ours, ASKS, SUPPRESS)
    assert (found.kind, found.rule) == ("hidden", "rule")
    assert found.deliver == (done("suppressed"), MESSAGE)


def test_what_the_update_opens_is_open() -> None:
    hidden = known(finding(), ASKS, SUPPRESS)
    assert hidden.entry.open_tickets == ()
    found = news(hidden, ASKS)
    assert found.kind == "reopened"
    assert OPEN in found.deliver


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param([], id="deleted"),
        pytest.param([other(ASKS, when=False)], id="it no longer matches"),
        pytest.param([other(ASKS, ends=NOW)], id="ended"),
        pytest.param([other(ASKS, mode="observe")], id="it only observes"),
        pytest.param([other(NOTE, id="first", order=1, terminal=True), ASKS], id="behind a terminal one"),
    ],
)
def test_a_rule_that_no_longer_applies_is_done_with_its_ticket(rules: list[Rule]) -> None:
    found = news(known(finding(), ASKS), *rules)
    assert done("rule no longer applies") in found.deliver


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param(other(ASKS, when=FAILS), id="it fails"),
        pytest.param(other(ASKS, mode="hold"), id="on hold"),
    ],
)
def test_what_is_not_known_to_have_ended_keeps_its_ticket(rule: Rule) -> None:
    assert tickets(known(finding(), ASKS), rule) == []
    assert tickets(finding(), rule) == []
    archived = known(finding(), ASKS).with_(RecordState="ARCHIVED")
    assert tickets(archived, rule) == [done("archived")]


def test_what_the_house_policy_forbids_asks_for_no_ticket() -> None:
    never = {"id": "no-scores", "never": {"Confidence": "any"}, "findings": {"when": True}}
    assert tickets(finding(), ASKS) == [OPEN]
    assert tickets(finding(), ASKS, policy=[never]) == []


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        pytest.param(
            {"open-ticket": {"queue": "team", "per": "account"}}, ("team", "account", ACCOUNT), id="queue"
        ),
        pytest.param({"open-ticket": {"queue": "cloud", "per": "rule"}}, ("cloud", "rule", "asks"), id="per"),
    ],
)
def test_a_finding_that_another_ticket_shall_have_is_moved(
    changed: dict[str, Any], place: tuple[str, str, str]
) -> None:
    to, per, group = place
    moved = tickets(known(finding(), ASKS), other(ASKS, **changed))
    assert moved == [done("moved"), Delivered(to, "ticket", "asks", group, per, "open")]
    assert known(known(finding(), ASKS), other(ASKS, **changed)).entry.reported == {
        "asks": Reported(to, per, group)
    }


def test_a_route_leads_by_the_owner_and_may_lead_nowhere() -> None:
    document = {"team": {"by": "owner", "to": {"pay": "payments", "quiet": "none"}, "otherwise": "rest"}}
    routes = Routes.of({"routes": document})
    rule = other(ASKS, **{"open-ticket": {"queue": "team"}, "owner": "pay", "notify": []})
    ours = known(finding(), rule, routes=routes)
    assert ours.entry.reported["asks"].to == "payments"
    (closed,) = tickets(ours, other(rule, owner="quiet"), routes=routes)
    assert (closed.to, closed.state, closed.why) == ("payments", "done", "rule no longer applies")


def test_rules_that_observe_say_what_they_would_deliver() -> None:
    decision = decided(finding(), other(ASKS, mode="observe"))
    assert decision.news is None
    assert decision.would_deliver == (MESSAGE, OPEN)
    assert decision.as_record()["would_deliver"] == [MESSAGE.as_record(), OPEN.as_record()]
    assert decision.is_worth_a_line
    archived = decided(finding(RecordState="ARCHIVED"), other(ASKS, mode="observe"))
    assert archived.would_deliver == (MESSAGE,)


def test_a_key_of_several_accounts_is_reopened_and_no_ticket_is_turned() -> None:
    ours = known(finding(), {**ASKS, **SUPPRESS})
    decision = reopen(
        ours.found, ours.entry, ruleset({**ASKS, **SUPPRESS}), NOW + 60, Settings(routes=NO_ROUTES)
    )
    assert decision is not None
    assert decision.news is not None
    assert (decision.news.kind, decision.news.deliver) == ("reopened", ())
    assert decision.news.changes[0]["cause"] == "several accounts have its key"
    assert decision.after.reported == ours.entry.reported
    assert decision.after.remembers_more_than(ours.entry)


def test_what_is_gone_is_said_to_each_ticket_that_has_it() -> None:
    closed = Reported("x", "rule", "b", is_open=False)
    entry = Entry(told=5, reported={"asks": Reported("cloud", "account", ACCOUNT), "b": closed})
    found = gone(entry, finding(), ruleset(ASKS), NO_ROUTES, NOW)
    assert found is not None
    assert (found.kind, found.rule, found.deliver) == ("resolved", "asks", (done("gone"), MESSAGE))
    over = entry.telling(found)
    assert gone(over, finding(), ruleset(ASKS), NO_ROUTES, NOW) is None
    assert gone(NO_ENTRY, finding(), ruleset(ASKS), NO_ROUTES, NOW) is None


@given(st.lists(st.integers(-5000, 5000), min_size=1, max_size=20))
def test_sequences_go_up_however_clocks_differ(differences: list[int]) -> None:
    told, seen = 0, []
    for difference in differences:
        told = next_sequence(told, NOW + difference)
        seen.append(told)
    assert seen == sorted(set(seen))
    assert seen[0] == int((NOW + differences[0]) * 1000)


def test_a_sequence_goes_up_after_the_last_one_was_forgotten() -> None:
    long_ago = next_sequence(next_sequence(0, NOW), NOW)
    assert next_sequence(0, NOW + 1) > long_ago


CHANGE = {"field": "Note.Text", "from": "x" * 40, "to": "y" * 40, "rule": "rule", "why": "rule"}


def untold(*deliver: tuple[Delivered, ...], changes: int = 1) -> Entry:
    """Return an entry with news that no bus has taken, each with what it delivers."""
    entry = NO_ENTRY
    for number, each in enumerate(deliver, 1):
        told = News("changed", NOW, number, "rule", changes=(CHANGE,) * changes, deliver=each)
        entry = entry.telling(told)
    return entry


def test_news_that_no_bus_takes_do_not_make_an_entry_too_large_to_be_written() -> None:
    entry = untold(*[()] * 300)
    sequences = [each.sequence for each in entry.news]
    assert sequences == list(range(sequences[0], 301))
    assert 100 < len(entry.news) < 300
    assert len(dumps([each.as_record() for each in entry.news])) < MOST_BYTES + 2 * len(entry.news)
    wide = News("changed", NOW, 301, "rule", rules=("r" * MOST_BYTES,))
    assert appended(entry.news, wide) == (wide,)


def test_the_oldest_lose_their_changes_before_any_gives_way() -> None:
    entry = untold(*[()] * 30, changes=30)
    assert [each.sequence for each in entry.news] == list(range(1, 31))
    assert [each.is_cut for each in entry.news] == sorted((each.is_cut for each in entry.news), reverse=True)
    assert all(bool(each.changes) != each.is_cut for each in entry.news)
    assert not entry.news[-1].is_cut


def test_what_gives_way_leaves_to_the_next_what_it_says_of_tickets() -> None:
    opened = replace(done("moved"), state="open", why=None)
    there = replace(opened, group="b")
    story = ((opened, MESSAGE), (done("moved"), there), *[()] * 300)
    first, *others = untold(*story).news
    assert first.deliver == (done("moved"), there)
    assert not any(each.deliver for each in others)
    said = {each.ticket: each for told in untold(*story).news for each in told.deliver}
    assert set(said.values()) == {done("moved"), there}


def test_what_is_taken_over_has_a_bound_too() -> None:
    moves = [(replace(done("moved"), group=f"{number}-{'x' * 150}"),) for number in range(500)]
    entry = untold(*moves)
    assert len(dumps([each.as_record() for each in entry.news])) < 4 * MOST_BYTES
    assert [each.group.partition("-")[0] for each in entry.news[0].deliver][-2:] != ["0", "1"]
    assert entry.news[-1].deliver[-1] == moves[-1][0]


def test_changes_that_do_not_fit_give_way_from_the_end() -> None:
    keys = {f"key-{number}-{'k' * 100}": "v" for number in range(45)}
    changes = news(finding(), {"update": {"Confidence": 1, "UserDefinedFields": keys}}).changes
    assert changes[0]["field"] == "Confidence"
    assert 5 < len(changes) < 45
    assert news(finding(), {"update": {"Confidence": 1, "UserDefinedFields": keys}}).is_cut
    assert not news(finding(), {"update": {"Confidence": 1}}).is_cut


def test_a_ticket_that_moves_is_open_at_its_new_place() -> None:
    there = Delivered("team", "ticket", "asks", "a", "rule", "open")
    moved = News("changed", NOW, 1, deliver=(done("moved"), there))
    reported = reported_after({"asks": Reported("cloud", "account", ACCOUNT)}, moved)
    assert reported == {"asks": Reported("team", "rule", "a")}
    assert Entry(told=1, reported=reported).rules == ("asks",)
