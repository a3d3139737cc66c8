"""Sweeps that look ahead: their numbers are those of the findings that the end of a rule then reopens."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from hubtriage.aws.sweep.notices import ahead
from hubtriage.aws.sweep.notices.announcing import MESSAGE
from hubtriage.aws.sweep.occasions import outset
from hubtriage.aws.sweep.progress import Progress
from hubtriage.aws.sweep.start import _begun_anew
from tests.aws.sweep.test_deaths import Deaths
from tests.engine.planning.samples import FAILS
from tests.support.sweep_site import ME, SweepSite, refusal
from tests.support.sweep_world import suppress
from tests.support.triage_world import NOW, by_a_person, finding, key, record

DAY = 86_400.0
ENDS = NOW + 6.5 * DAY
COUNT = 130
OWNED = {"owner": "cloud-platform", "ticket": "SEC-1", "expires": "2027-01-21", "description": "Accepted."}
MEMBERS = {"ends": ENDS, **OWNED}


def site_of(*rules: Mapping[str, Any], count: int = COUNT, **options: Any) -> SweepSite:
    """A site whose findings the rules have had time to hide."""
    site = SweepSite(count=count, **{"notice_days": (30, 7), **options})
    site.deploy(*(rules or (suppress("rule-a", "control-a", **MEMBERS),)))
    site.hide(count)
    site.world.clock.sleep(600)
    return site


def sweep(site: SweepSite, state: Mapping[str, Any] | None = None) -> dict[str, Any]:
    ended = site.sweep(state or {})
    site.work_off()
    return ended


def log_lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    rows = [json.loads(row) for row in capsys.readouterr().out.splitlines()]
    return [row for row in rows if row.get("message") == MESSAGE]


def numbers(site: SweepSite) -> dict[str, str]:
    """The messages so far, by rule: the first line of their numbers."""
    return {
        message["MessageAttributes"]["rule"]["StringValue"]: message["Subject"].partition(" find")[0]
        for message in site.topic.messages
    }


def reopened_by(site: SweepSite, moment: float) -> int:
    """Sweep just after a moment, and return how many findings show again that did not before."""
    before = {found["Id"] for found in site.world.hub.findings() if _is_hidden(found)}
    site.world.clock.sleep(moment + 1 - site.world.clock.now())
    sweep(site)
    return sum(found["Id"] in before and not _is_hidden(found) for found in site.world.hub.findings())


def _is_hidden(found: Mapping[str, Any]) -> bool:
    if found["RecordState"] == "ARCHIVED":
        return False
    return found["Workflow"]["Status"] in ("SUPPRESSED", "RESOLVED") or found["Severity"]["Label"] == "LOW"


def test_the_owner_is_told_once_what_the_sweep_after_the_end_reopens(capsys) -> None:
    site = site_of()
    ended = sweep(site)
    assert (ended["report"]["reopening_soon"], ended["report"]["notices"]) == (COUNT, 1)
    (line,) = log_lines(capsys)
    assert {name: line[name] for name in ("rule", "owner", "ticket", "days", "findings", "accounts")} == {
        "rule": "rule-a",
        "owner": "cloud-platform",
        "ticket": "SEC-1",
        "days": 7,
        "findings": COUNT,
        "accounts": 1,
    }
    assert line["by_severity"] == {"MEDIUM": COUNT}
    (message,) = site.topic.messages
    assert message["Subject"] == f"{COUNT} findings reopen after 2027-01-21"
    site.world.clock.sleep(DAY)
    again = sweep(site)
    assert (again["report"]["reopening_soon"], again["report"]["notices"]) == (COUNT, 0)
    assert (log_lines(capsys), len(site.topic.messages)) == ([], 1)
    assert reopened_by(site, ENDS) == COUNT
    assert sweep(site)["report"]["reopening_soon"] == 0


@pytest.mark.parametrize("days", [(), (3,)], ids=["off", "not so early"])
def test_nothing_is_said_before_it_is_time(days, capsys) -> None:
    site = site_of(notice_days=days)
    ended = sweep(site)
    assert (log_lines(capsys), site.topic.messages, ended["report"].get("notices", 0)) == ([], [], 0)
    assert (not days) == ("reopening_soon" not in ended["report"])


def test_what_another_rule_goes_on_hiding_does_not_count() -> None:
    site = site_of(
        suppress("also", "control-a", order=1, match={"Id": [{"prefix": "finding-1"}]}),
        suppress("rule-a", "control-a", **MEMBERS),
    )
    sweep(site)
    others = COUNT - sum(str(number).startswith("1") for number in range(COUNT))
    assert numbers(site) == {"rule-a": str(others)}
    assert reopened_by(site, ENDS) == others


def test_what_another_rule_stops_hiding_before_counts() -> None:
    site = site_of(
        suppress("also", "control-a", order=1, ends=ENDS - DAY),
        suppress("rule-a", "control-a", **MEMBERS),
    )
    sweep(site)
    assert numbers(site) == {"rule-a": str(COUNT)}


def test_what_a_rule_hides_from_the_end_on_does_not_count() -> None:
    site = site_of(
        suppress("later", "control-a", order=1, starts=ENDS), suppress("rule-a", "control-a", **MEMBERS)
    )
    assert sweep(site)["report"]["reopening_soon"] == 0
    assert site.topic.messages == []


def test_a_rule_of_which_nothing_would_show_again_is_told_when_something_would() -> None:
    first, second = ENDS, ENDS + DAY / 2
    site = site_of(
        suppress("second", "control-a", order=1, ends=second), suppress("rule-a", "control-a", ends=first)
    )
    sweep(site)
    assert numbers(site) == {}
    assert reopened_by(site, first) == 0
    site.world.clock.sleep(600)
    sweep(site)
    assert numbers(site) == {"second": str(COUNT)}
    assert reopened_by(site, second) == COUNT


def test_two_rules_that_hide_one_finding_each_tell_what_they_hide_and_it_shows_once() -> None:
    lowers = {"id": "lower", "match": {"GeneratorId": ["control-a"]}, "ends": ENDS - DAY}
    site = site_of(
        {**lowers, "update": {"Severity": {"Label": "LOW"}}}, suppress("rule-a", "control-a", ends=ENDS)
    )
    assert sweep(site)["report"]["reopening_soon"] == COUNT
    assert numbers(site) == {"rule-a": str(COUNT), "lower": str(COUNT)}
    by_rule = {m["MessageAttributes"]["rule"]["StringValue"]: m["Message"] for m in site.topic.messages}
    assert f"By severity: MEDIUM {COUNT}." in by_rule["rule-a"], "it rises before"


def test_what_people_hold_or_reopened_and_what_is_archived_does_not_count() -> None:
    site = site_of()
    for number in range(10):
        by_a_person(site.world, number, Workflow={"Status": "NOTIFIED"})
    for number in range(10, 30):
        site.world.hub.plant({**site.world.stored(number), "RecordState": "ARCHIVED"}, NOW + 300)
    site.world.hub.plant(
        finding(500, GeneratorId="control-b", Workflow={"Status": "SUPPRESSED"}), site.world.clock.now()
    )
    site.world.clock.sleep(600)
    sweep(site)
    assert numbers(site) == {"rule-a": str(COUNT - 30)}
    assert reopened_by(site, ENDS) == COUNT - 30


def test_what_the_sweep_itself_reopens_or_hides_counts_as_it_leaves_it() -> None:
    site = site_of(hide_limit=40)
    for number in range(20):  # above the ceiling: reopened now
        severe = {
            "Severity": {"Label": "CRITICAL"},
            "FindingProviderFields": {"Severity": {"Label": "CRITICAL"}},
        }
        site.world.hub.plant({**site.world.stored(number), **severe}, site.world.clock.now())
    for number in range(COUNT, COUNT + 60):  # not hidden yet, and 40 of them may be
        site.world.hub.plant(finding(number, GeneratorId="control-a"), site.world.clock.now())
    site.world.clock.sleep(600)
    ended = sweep(site)
    assert (ended["report"]["status"], ended["report"]["withheld"]) == ("withheld", 20)
    assert numbers(site) == {"rule-a": str(COUNT - 20 + 40)}
    assert site.hidden == COUNT - 20 + 40
    site.world.clock.sleep(600)
    assert reopened_by(site, ENDS) == COUNT - 20 + 40


def test_a_raised_severity_is_told_as_it_will_be() -> None:
    lower = {
        "id": "lower",
        "match": {"GeneratorId": ["control-a"]},
        "update": {"Severity": {"Label": "LOW"}, "Workflow": {"Status": "SUPPRESSED"}},
        "ends": ENDS,
        "ceiling": "HIGH",
    }
    site = SweepSite(count=0, notice_days=(7,))
    for number in range(12):
        severity = {"Label": "HIGH" if number < 3 else "MEDIUM"}
        provided = {"FindingProviderFields": {"Severity": severity}}
        account = f"{number % 5:012}"
        planted = finding(
            number, GeneratorId="control-a", Severity=severity, AwsAccountId=account, **provided
        )
        site.world.hub.plant(planted, NOW)
    site.deploy(lower)
    site.hide(12)
    site.world.clock.sleep(600)
    sweep(site)
    (message,) = site.topic.messages
    assert "By severity: HIGH 3, MEDIUM 9.\nAccounts: 5." in message["Message"]


def test_each_owner_of_a_rule_gets_the_own_numbers(monkeypatch) -> None:
    def by_number(_rule: object, found: Mapping[str, Any], _accounts: object) -> str | None:
        return "team-a" if found["Id"] < "finding-2" else None

    monkeypatch.setattr(ahead, "owner_of", by_number)
    site = site_of(owners=["team-*"])
    sweep(site)
    sent = {
        (
            m["MessageAttributes"]["owner"]["StringValue"],
            m["MessageAttributes"]["subscribed"]["StringValue"],
        ): m
        for m in site.topic.messages
    }
    first = sum(f"finding-{number}" < "finding-2" for number in range(COUNT))
    assert sent["team-a", "yes"]["Subject"].startswith(f"{first} ")
    assert sent["(none)", "no"]["Subject"].startswith(f"{COUNT - first} ")


def test_what_cannot_be_decided_is_said_and_never_counts_as_nothing() -> None:
    broken = suppress("broken", "control-a", order=900, when=FAILS)
    site = site_of()
    site.deploy(suppress("rule-a", "control-a", **MEMBERS), broken)
    ended = sweep(site)
    assert ended["report"]["failed_rules"] == COUNT
    (message,) = site.topic.messages
    assert message["Subject"] == "An unknown number of findings reopens after 2027-01-21"
    assert f"For {COUNT} more it is not known whether they reopen" in message["Message"]
    assert (ended["report"]["reopening_soon"], ended["report"]["reopening_not_known"]) == (0, COUNT)


@pytest.mark.parametrize("first", range(1, 40))
def test_whatever_step_dies_no_finding_counts_twice_or_not_at_all(first: int) -> None:
    site = site_of(count=230, reads=1.0, step=3.0)
    for number in range(230, 260):
        site.world.hub.plant(finding(number, GeneratorId="control-a"), site.world.clock.now())
    deaths = Deaths(site, lambda call: call == first)
    ended = deaths.sweep({})
    assert ended["report"]["status"] == "done"
    assert site.hidden == 260
    assert (ended["report"]["reopening_soon"], numbers(site)) == (260, {"rule-a": "260"})


def test_a_scope_that_begins_again_counts_again_from_its_beginning() -> None:
    site = site_of(count=0)
    for number in range(250):
        site.world.hub.plant(finding(number, GeneratorId="control-a"), site.world.clock.now())
    site.world.clock.sleep(600)
    calls = {"pages": 0}
    get_findings = site.world.api.get_findings

    def once_refused(**request: Any) -> Any:
        if "NextToken" in request:
            calls["pages"] += 1
            if calls["pages"] == 2:
                raise refusal("InvalidInputException")
        return get_findings(**request)

    site.world.api.get_findings = once_refused  # type: ignore[method-assign]
    ended = sweep(site)
    assert (ended["report"]["restarts"], ended["report"]["status"]) == (1, "done")
    assert (ended["report"]["reopening_soon"], numbers(site)) == (250, {"rule-a": "250"})


def test_a_sweep_that_does_not_come_to_its_end_says_nothing_and_the_next_one_does() -> None:
    site = site_of(reads=1.0, step=2.0)
    state = site({})
    assert (state["progress"]["status"], state["progress"]["ahead"] != []) == ("more", True)
    site.states.running = {ME: 1.0, ME.replace("me", "other"): 2.0}
    state = site({**state})
    assert (state["progress"]["status"], site.topic.messages) == ("superseded", [])
    site.states.running = {ME: 1.0}
    sweep(site)
    assert numbers(site) == {"rule-a": str(COUNT)}


@pytest.mark.parametrize(
    "request_",
    [{"changed": True}, {"rules": ["rule-a"]}, {"accounts": ["111122223333"]}, {"scopes": ["managed"]}],
    ids=["of what changed", "of a rule", "of an account", "of one scope"],
)
def test_only_sweeps_of_all_findings_look_ahead(request_: dict[str, Any]) -> None:
    site = site_of()
    assert "reopening_soon" not in sweep(site, {"request": request_})["report"]
    assert site.topic.messages == []


def test_what_a_sweep_left_out_makes_its_numbers_the_least() -> None:
    site = site_of()
    again = Progress(skipped=["finding-1: damaged"], started=site.world.clock.now())
    resumed = _begun_anew(again)
    assert (resumed.skipped, resumed.left_out) == ([], 1)
    sweep(site, {"progress": resumed.as_json()})
    (message,) = site.topic.messages
    assert message["Subject"] == f"At least {COUNT} findings reopen after 2027-01-21"
    assert "The sweep left out 1 finding or more: the numbers may be too low." in message["Message"]


def test_a_sweep_that_was_resumed_after_days_says_nothing() -> None:
    site = site_of(reads=1.0, step=2.0)
    state = site({})
    site.world.clock.sleep(2 * DAY)
    assert "reopening_soon" not in sweep(site, state)["report"]
    assert site.topic.messages == []


def test_a_sweep_by_two_rule_sets_says_nothing() -> None:
    site = site_of(reads=1.0, step=2.0)
    state = site({})
    site.deploy(suppress("rule-a", "control-a", **MEMBERS), suppress("rule-b", "control-b"))
    assert "reopening_soon" not in sweep(site, state)["report"]
    sweep(site)
    assert numbers(site) == {"rule-a": str(COUNT)}


@pytest.mark.parametrize("change", ["owner", "settings", "days", "upgrade"])
def test_a_sweep_that_counts_for_others_from_some_page_on_says_nothing(change: str) -> None:
    """A new owner, setting or number of days, or a version that begins to count: not all is counted so."""
    site = site_of(reads=1.0, step=2.0)
    state = site({})
    if change == "owner":
        site.deploy(suppress("rule-a", "control-a", **{**MEMBERS, "owner": "web"}))
        site.function._ruleset = replace(site.function._ruleset, hash="of the new owner")
    elif change == "settings":
        site.function.setting_out.__dict__["_deployed"] = outset.DeployedRules("rule-a", "of other settings")
    elif change == "days":
        site.function._sweep = replace(site.function._sweep, notice_days=(60, 7))
    else:
        known = {name: value for name, value in state["progress"].items() if name != "counted_by"}
        state = {**state, "progress": {**known, "ahead": []}}
    assert "reopening_soon" not in sweep(site, state)["report"]
    assert site.topic.messages == []
    sweep(site)
    assert numbers(site) == {"rule-a": str(COUNT)}


def test_a_renewed_rule_is_told_again_when_its_time_comes() -> None:
    site = site_of()
    sweep(site)
    site.deploy(suppress("rule-a", "control-a", **{**MEMBERS, "ends": ENDS + 60 * DAY}))
    site.world.clock.sleep(600)
    sweep(site)
    assert len(site.topic.messages) == 1
    for _month in range(3):
        site.world.clock.sleep(20 * DAY)
        sweep(site)
    days = [message["MessageAttributes"]["days"]["StringValue"] for message in site.topic.messages]
    assert days == ["7", "30", "7"]


def test_a_message_that_cannot_be_sent_is_sent_by_the_next_sweep(capsys) -> None:
    site = site_of()
    site.topic.trouble = [refusal("AuthorizationError", 403)]
    ended = sweep(site)
    assert (ended["report"]["status"], ended["report"]["notices"], ended["report"]["notices_failed"]) == (
        "done",
        0,
        1,
    )
    rows = [json.loads(row) for row in capsys.readouterr().out.splitlines()]
    assert [row["level"] for row in rows if "cannot be given" in str(row.get("message"))] == ["ERROR"]
    assert [row["NoticesFailed"] for row in rows if "NoticesFailed" in row] == [[1.0]]
    site.world.clock.sleep(DAY)
    assert sweep(site)["report"]["notices"] == 1
    assert numbers(site) == {"rule-a": str(COUNT)}


def test_in_observe_the_owner_is_told_that_nothing_changes_yet() -> None:
    site = site_of()
    site.mode = "observe"
    sweep(site)
    (message,) = site.topic.messages
    assert message["Subject"].startswith(f"{COUNT} findings reopen")
    assert "The stack is in observe and changes nothing" in message["Message"]


def test_a_key_of_two_accounts_is_not_known() -> None:
    site = site_of()
    other = finding(3, GeneratorId="control-a", AwsAccountId="444455556666")
    site.world.hub.plant(other, site.world.clock.now())
    site.world.clock.sleep(600)
    sweep(site)
    (message,) = site.topic.messages
    assert message["Subject"].startswith(f"{COUNT - 1} ")
    assert "For 1 more it is not known" in message["Message"]


def test_the_entry_of_an_open_intent_is_not_known() -> None:
    site = site_of()
    entry = site.world.entry(5)
    opened = entry.intending(entry, {"Workflow.Status": "SUPPRESSED"}, {}, site.world.clock.now())
    site.world.ledger.write({key(5): opened})
    ended = sweep(site)
    assert ended["report"]["reopening_soon"] == COUNT - 1
    assert "For 1 more it is not known" in site.topic.messages[0]["Message"]


@pytest.mark.parametrize("refused_page", [None, 2], ids=["in one go", "a scope begins again"])
def test_a_large_ledger_is_read_in_parts_and_each_finding_counts_once(monkeypatch, refused_page) -> None:
    monkeypatch.setattr(outset, "MOST_BY_ID", 40)
    site = site_of(count=330)
    for number in range(30):
        site.world.hub.plant({**site.world.stored(number), "RecordState": "ARCHIVED"}, NOW + 300)
    sweep(site)
    assert numbers(site) == {"rule-a": "300"}
    get_findings, pages = site.world.api.get_findings, [0]

    def once_refused(**request: Any) -> Any:
        pages[0] += "NextToken" in request
        if "NextToken" in request and pages[0] == refused_page:
            raise refusal("InvalidInputException")
        return get_findings(**request)

    site.world.api.get_findings = once_refused  # type: ignore[method-assign]
    site.world.clock.sleep(DAY)
    ended = sweep(site)
    by_id = ended["report"]["reads"] - ended["report"]["pages"]
    assert ended["report"]["restarts"] == (refused_page is not None)
    assert ended["report"]["read"] < 2 * 330, by_id
    assert ended["report"]["reopening_soon"] == 300


@pytest.mark.parametrize("late", [0.0, 200.0], ids=["at once", "before GetFindings shows it"])
def test_an_entry_that_is_made_while_the_sweep_reads_counts_as_active(late: float) -> None:
    """Triage hides what comes in behind the place in the ledger that the sweep has passed."""
    site = site_of(reads=1.0, step=2.0, visible_after=late)
    for number in range(COUNT, COUNT + 40):
        site.world.hub.plant(finding(number, GeneratorId="control-a"), site.world.clock.now())
    site.world.clock.sleep(300)
    state = site({})
    assert state["progress"]["scope"] == 0
    site.triage(*(record(str(n), site.world.hub.finding(*key(n)), age=0) for n in range(COUNT, COUNT + 40)))
    assert site.hidden == COUNT + 40
    ended = sweep(site, state)
    assert ended["report"]["reopening_soon"] == COUNT + 40


def test_what_triage_wrote_a_moment_ago_counts_as_it_wrote_it() -> None:
    """GetFindings may not show it yet."""
    site = site_of(visible_after=200.0, reads=1.0, step=2.0)
    for number in range(10):
        severe = {"Severity": {"Label": "HIGH"}, "FindingProviderFields": {"Severity": {"Label": "HIGH"}}}
        site.world.hub.plant({**site.world.stored(number), **severe}, site.world.clock.now())
    site.world.clock.sleep(300)
    state = site({})
    site.triage(*(record(str(n), site.world.hub.finding(*key(n)), age=0) for n in range(10)))
    ended = sweep(site, state)
    assert ended["report"]["reopening_soon"] == COUNT - 10
    assert numbers(site) == {"rule-a": str(COUNT - 10)}


def test_a_sweep_without_rules_that_end_looks_at_nothing_twice(monkeypatch) -> None:
    site = site_of(suppress("rule-a", "control-a", ends=NOW + 31 * DAY))
    decided: list[Any] = []
    real = ahead.decide
    monkeypatch.setattr(ahead, "decide", lambda *given: decided.append(given) or real(*given))
    ended = sweep(site)
    assert (decided, ended["progress"]["ahead"], ended["report"]["reopening_soon"]) == ([], [], 0)
    site.world.clock.sleep(1.5 * DAY)
    assert sweep(site)["report"]["reopening_soon"] == len(decided) == COUNT


def test_a_rule_on_hold_is_announced_and_one_in_observe_is_not() -> None:
    site = site_of()
    held = suppress("rule-a", "control-a", mode="hold", **MEMBERS)
    site.deploy(held, suppress("rule-b", "control-a", mode="observe", ends=ENDS))
    sweep(site)
    assert numbers(site) == {"rule-a": str(COUNT)}


def test_a_rule_does_not_count_what_the_end_of_another_one_has_reopened_before() -> None:
    lowers = {"id": "lower", "match": {"GeneratorId": ["control-a"]}, "ends": ENDS - DAY}
    site = site_of(
        {**lowers, "update": {"Severity": {"Label": "LOW"}}},
        suppress("also", "control-a", order=1),
        suppress("rule-a", "control-a", ends=ENDS),
    )
    sweep(site)
    assert numbers(site) == {"lower": str(COUNT)}
