"""Triage of findings of Security Hub V2: the rules, promises and failures of the other hub's findings."""

import json
from dataclasses import replace
from typing import Any

import pytest

from hubtriage.aws.securityhub.api import CSPM, V2, identifier
from hubtriage.aws.securityhub.hub_v2 import V2Finding
from hubtriage.aws.triage.decision_log import Circumstances, DecisionLog, decision_record
from hubtriage.aws.triage.events import parse_event
from hubtriage.aws.triage.policy import Policy
from hubtriage.aws.triage.results import Report
from hubtriage.aws.triage.settling import shows_any
from hubtriage.engine.fields import OCSF, ParsedFinding
from hubtriage.engine.planning.entry import NO_ENTRY, Intent
from hubtriage.engine.planning.plan import decide
from hubtriage.localaws.securityhub.asff.timestamps import write_timestamp
from hubtriage.localaws.securityhub.v2.other_writers import write_remediation_text
from hubtriage.recovery.log_lines import LoggedEntry, read_logged
from tests.support.hub_v2_world import CONTROLS, finding_info, ocsf, uid
from tests.support.triage_world import FOREVER, NOW, TriageBench, endings, finding, record, sqs
from tests.support.v2_triage_world import V2TriageWorld, both_hubs, v2_key, v2_record

NOTE = "Accepted."
HIDE: dict[str, Any] = {
    "id": "buckets",
    "ceiling": "CRITICAL",
    "match": {"Resources": {"Type": ["AwsS3Bucket"]}},
    "update": {
        "Workflow": {"Status": "SUPPRESSED"},
        "Note": {"Text": NOTE, "UpdatedBy": "hubtriage/buckets"},
    },
}
LOWER = {**HIDE, "update": {"Severity": {"Label": "LOW"}, "Note": HIDE["update"]["Note"]}}
NOTIFY = {"id": "notify", "match": HIDE["match"], "update": {"Workflow": {"Status": "NOTIFIED"}}}
NO_RULE = {**HIDE, "match": {"Id": ["of no finding"]}}
UPDATED, UNCHANGED = ("updated", ""), ("unchanged", "")


def ending(report: Report, number: int = 1) -> tuple[str, str]:
    return endings(report)[uid(number)]


def later(world: V2TriageWorld, *rules: dict[str, Any]) -> tuple[TriageBench, Report]:
    """Half an hour later, with other rules or the same, an event shows the finding as it is."""
    world.clock.sleep(1800.0)
    bench = both_hubs(world, *rules)
    return bench, bench.run(world.event(1))


def test_a_rule_hides_the_findings_of_a_signal_in_both_hubs_each_for_itself() -> None:
    world = V2TriageWorld(1, v2=(1,))
    bench = both_hubs(world, HIDE)
    report = bench.run(record("a", finding(0)), world.event(1, "b"))
    assert endings(report) == {"finding-0": UPDATED, uid(1): UPDATED}
    assert (world.suppressed([0]), world.status_of(1), world.ocsf(1)["comment"]) == ([0], 3, NOTE)
    assert (world.calls("BatchUpdateFindings"), world.calls("BatchUpdateFindingsV2")) == (1, 1)
    echo = bench.run(record("c", world.stored(0)), world.event(1, "d"))
    assert endings(echo) == {"finding-0": UNCHANGED, uid(1): UNCHANGED}
    assert set(world.v2_entry(1).claims) == {"Workflow.Status", "Note.Text"}


def test_the_same_signal_has_an_entry_for_each_hub() -> None:
    world = V2TriageWorld(v2=(1,))
    same = finding(0, Id=finding_info(1)["uid"], ProductArn=CONTROLS.replace("productv2", "product"))
    world.hub.plant(same, NOW)
    report = both_hubs(world, HIDE).run(record("a", same), world.event(1, "b"))
    assert endings(report) == {same["Id"]: UPDATED, uid(1): UPDATED}
    assert len(world.ledger.scan(None, None, FOREVER).entries) == 2


@pytest.mark.parametrize(("hubs", "failed"), [({CSPM}, "v2"), ({V2}, "cspm")])
def test_an_event_of_a_hub_that_is_not_triaged_fails(hubs: set[str], failed: str) -> None:
    world = V2TriageWorld(1, v2=(1,))
    bench = both_hubs(world, HIDE, hubs=hubs)
    report = bench.run(record("cspm", finding(0)), world.event(1, "v2"))
    assert [message.id for message in report.failed_messages()] == [failed]
    assert report.unusable[0].detail == f"hubs does not name {failed}"
    assert {outcome.result.status for outcome in report.outcomes} == {"updated"}


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        pytest.param(ocsf(9, metadata={}), "a finding without metadata.uid", id="no uid"),
        pytest.param(ocsf(9, metadata={"uid": " "}), "a finding without metadata.uid", id="a blank uid"),
        pytest.param(ocsf(9, metadata={"uid": 7}), "a finding without metadata.uid", id="a number"),
        pytest.param(ocsf(9, metadata="x"), "a finding without metadata.uid", id="no object"),
        pytest.param(ocsf(9, metadata={"uid": "u" * 513}), "metadata.uid longer than 512", id="too long"),
        pytest.param({"metadata": "\ud800"}, "a finding without metadata.uid", id="nothing else"),
    ],
)
def test_a_finding_without_a_name_fails_alone(bad: dict[str, Any], reason: str) -> None:
    world = V2TriageWorld(v2=(1,))
    sent = v2_record("page", world.ocsf(1))
    body = json.loads(sent["body"])
    body["detail"]["findings"] += [bad, "no object"]
    report = both_hubs(world, HIDE).run({**sent, "body": json.dumps(body)})
    assert reason in report.unusable[0].reason
    assert report.unusable[1].reason == "a finding that is no object"
    assert (ending(report), len(report.failed_messages())) == (UPDATED, 1)


@pytest.mark.parametrize("age", [1.0, 60.0], ids=["as its event shows it", "as it is read"])
def test_members_that_triage_writes_about_findings_of_v2_mean_nothing_in_the_other_hub(age: float) -> None:
    """Anyone who sends findings could name one of V2 that is to be hidden in its place."""
    world = V2TriageWorld(v2=(1,))
    forged = finding(0, **{OCSF: {"uid": uid(1)}})
    world.hub.plant(forged, NOW)
    assert OCSF in world.stored(0)
    both_hubs(world, HIDE).run(record("m", forged, age=age))
    assert (world.suppressed([0]), world.status_of(1)) == ([0], 1)


@pytest.mark.parametrize("severity", [1, 2, 3, 4, 5, 6])
def test_without_its_rule_a_finding_is_as_its_vendor_left_it(severity: int) -> None:
    world = V2TriageWorld()
    world.provide(ocsf(1, severity_id=severity))
    before = world.ocsf(1)
    both = {**HIDE, "update": HIDE["update"] | {"Severity": {"Label": "INFORMATIONAL"}}}
    both_hubs(world, both).run(world.event(1))
    assert (world.status_of(1), world.ocsf(1)["severity_id"]) == (3, 1)
    _bench, report = later(world, NO_RULE)
    assert ending(report) == UPDATED
    after = world.ocsf(1)
    assert {**after, "comment": None} == {**before, "comment": None}
    assert "no longer applies" in after["comment"]


@pytest.mark.parametrize("severity", [0, 99])
def test_a_severity_that_is_not_known_is_hidden_by_no_rule(severity: int) -> None:
    world = V2TriageWorld()
    world.provide(ocsf(1, severity_id=severity))
    for rule in (HIDE, LOWER):
        assert ending(both_hubs(world, rule).run(world.event(1))) == UNCHANGED
    assert world.calls("BatchUpdateFindingsV2") == 0


def test_a_severity_that_is_not_known_any_more_reopens_the_finding() -> None:
    world = V2TriageWorld(v2=(1,))
    both_hubs(world, HIDE).run(world.event(1))
    world.clock.sleep(1800.0)
    world.hub.v2.advance(uid(1), {"severity_id": 99}, world.clock.now(), world.hub.settings)
    assert ending(both_hubs(world, HIDE).run(world.event(1))) == UPDATED
    assert world.status_of(1) == 1


@pytest.mark.parametrize("status", [0, 4, 5, 6, 99])
def test_a_status_of_others_stays(status: int) -> None:
    world = V2TriageWorld()
    world.hub.v2.plant(ocsf(1, status_id=status), NOW, world.hub.settings)
    both_hubs(world, HIDE).run(world.event(1))
    assert world.status_of(1) == status


def test_a_comment_of_a_person_is_never_replaced() -> None:
    world = V2TriageWorld(v2=(1,))
    world.person_sets(1, Comment="Mine.")
    both_hubs(world, HIDE).run(world.event(1))
    assert (world.status_of(1), world.ocsf(1)["comment"]) == (3, "Mine.")
    later(world, NO_RULE)
    assert (world.status_of(1), world.ocsf(1)["comment"]) == (1, "Mine.")


def test_a_comment_that_a_person_writes_later_takes_only_the_comment() -> None:
    world = V2TriageWorld(v2=(1,))
    both_hubs(world, HIDE).run(world.event(1))
    world.person_sets(1, Comment="Mine.")
    _bench, report = later(world, HIDE)
    assert ending(report) == UNCHANGED
    later(world, NO_RULE)
    assert (world.status_of(1), world.ocsf(1)["comment"]) == (1, "Mine.")


def test_what_a_person_reopens_stays_open_and_no_history_is_awaited() -> None:
    world = V2TriageWorld(v2=(1,))
    both_hubs(world, HIDE).run(world.event(1))
    world.person_sets(1, StatusId=1)
    _bench, report = later(world, HIDE)
    assert (ending(report), world.status_of(1)) == (UNCHANGED, 1)
    assert world.v2_entry(1).claims["Workflow.Status"].person
    assert world.calls("GetFindingHistory") == 0


def test_no_one_is_asked_who_changed_a_finding() -> None:
    world = V2TriageWorld(v2=(1,))
    bench = both_hubs(world, HIDE)
    bench.run(world.event(1))
    world.person_sets(1, StatusId=1, SeverityId=2)
    changed = V2Finding(world.ocsf(1))
    for entry in (world.v2_entry(1), NO_ENTRY):
        decision = decide(changed, entry, bench.triage.ruleset, NOW, bench.triage.settings)
        assert (decision.questions, decision.optional_questions, decision.unrecorded) == ((), (), ())


def test_in_progress_that_the_service_resets_is_set_again() -> None:
    world = V2TriageWorld()
    world.provide(ocsf(1, compliance={"control": "S3.8", "status_id": 1}, status_id=1))
    world.person_sets(1, StatusId=1)
    both_hubs(world, NOTIFY).run(world.event(1))
    assert world.status_of(1) == 2
    world.clock.sleep(1800.0)
    world.hub.v2.advance(uid(1), {"compliance": {"status_id": 3}}, world.clock.now(), world.hub.settings)
    assert world.status_of(1) == 1
    assert ending(both_hubs(world, NOTIFY).run(world.event(1))) == UPDATED
    assert world.status_of(1) == 2


def test_another_tool_that_writes_a_text_and_resets_the_status_takes_both() -> None:
    world = V2TriageWorld(v2=(1,))
    both_hubs(world, HIDE).run(world.event(1))
    write_remediation_text(world.inner, [uid(1)], "Remediated.")
    _bench, report = later(world, HIDE)
    assert (ending(report), world.status_of(1), world.ocsf(1)["comment"]) == (UNCHANGED, 1, "Remediated.")


def test_an_answer_that_is_lost_is_settled_by_what_the_finding_shows() -> None:
    world = V2TriageWorld(v2=(1,))
    world.fault(operation="BatchUpdateFindingsV2", lose_answer=True, times=100)
    report = both_hubs(world, HIDE).run(world.event(1))
    assert (report.intents_left, world.status_of(1)) == (1, 3)
    world.hub.faults.clear()
    _bench, report = later(world, HIDE)
    assert ending(report) == UNCHANGED
    assert not world.v2_entry(1).claims["Workflow.Status"].person
    later(world, NO_RULE)
    assert world.status_of(1) == 1


def test_what_a_person_reopens_after_a_lost_answer_stays_open() -> None:
    """The finding shows our comment, which no one else would write: so the update happened."""
    world = V2TriageWorld(v2=(1,))
    world.fault(operation="BatchUpdateFindingsV2", lose_answer=True, times=100)
    both_hubs(world, HIDE).run(world.event(1))
    world.hub.faults.clear()
    world.person_sets(1, StatusId=1)
    _bench, report = later(world, HIDE)
    assert (ending(report), world.status_of(1)) == (UNCHANGED, 1)
    assert world.v2_entry(1).claims["Workflow.Status"].person


def test_an_update_that_never_happened_is_made() -> None:
    world = V2TriageWorld(v2=(1,))
    world.fault(operation="BatchUpdateFindingsV2", error="InternalServerException", times=100)
    assert both_hubs(world, HIDE).run(world.event(1)).intents_left == 1
    world.hub.faults.clear()
    _bench, report = later(world, HIDE)
    assert (ending(report), world.status_of(1)) == (UPDATED, 3)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"finding_error": "ConflictException", "times": 2}, UPDATED),
        ({"finding_error": "ConflictException", "times": 1000}, ("failed", "ConflictException")),
        ({"finding_error": "ResourceNotFoundException"}, ("failed", "FindingNotFound")),
        ({"finding_error": "ValidationException"}, ("failed", "ValidationException")),
        ({"error": "ConflictException", "times": 2}, UPDATED),
        ({"error": "ThrottlingException", "times": 2}, UPDATED),
        ({"error": "AccessDeniedException", "times": 1000}, ("failed", "AccessDeniedException")),
    ],
)
def test_errors_of_v2_end_as_those_of_the_other_hub(fault: dict[str, Any], expected: tuple[str, str]) -> None:
    world = V2TriageWorld(1, v2=(1,))
    world.fault(operation="BatchUpdateFindingsV2", **fault)
    report = both_hubs(world, HIDE).run(record("a", finding(0)), world.event(1, "b"))
    assert (ending(report), endings(report)["finding-0"]) == (expected, UPDATED)


def test_an_old_event_is_read_again_and_what_is_gone_is_refused_in_the_end() -> None:
    world = V2TriageWorld(v2=(1,))
    assert ending(both_hubs(world, HIDE).run(world.event(1, ago=60.0))) == UPDATED
    assert (world.calls("GetFindingsV2"), world.calls("GetFindings")) == (1, 0)
    gone = v2_record("gone", ocsf(7), age=60.0, receives=3)
    assert ending(both_hubs(world, HIDE).run(gone), 7) == ("refused", "FindingNotFound")


def test_a_finding_whose_readings_lag_behind_is_not_decided_by_them() -> None:
    world = V2TriageWorld(v2=(1,))
    both_hubs(world, HIDE).run(world.event(1))
    world.clock.sleep(60.0)
    late = v2_record("late", ocsf(1), age=31.0, now=world.clock.now())
    assert ending(both_hubs(world, HIDE).run(late)) == ("failed", "Undecidable")


def test_findings_of_v2_count_against_what_a_container_may_hide() -> None:
    world = V2TriageWorld(2, v2=(1, 2))
    bench = both_hubs(world, HIDE, hide_limit=3)
    report = bench.run(*(record(f"c{at}", finding(at)) for at in (0, 1)), world.event(1), world.event(2, "n"))
    assert sorted(code for _status, code in endings(report).values()) == ["", "", "", "HidingStopped"]


def test_user_fields_of_a_rule_are_kept_and_nothing_waits_for_them() -> None:
    world = V2TriageWorld(v2=(1,))
    rule = {**HIDE, "update": HIDE["update"] | {"UserDefinedFields": {"team": "x"}, "Confidence": 5}}
    bench = both_hubs(world, rule)
    assert ending(bench.run(world.event(1))) == UPDATED
    assert ending(bench.run(world.event(1))) == UNCHANGED
    assert world.status_of(1) == 3


def test_a_line_of_the_log_names_the_hub_and_both_names_of_the_finding() -> None:
    world = V2TriageWorld(1, v2=(1,))
    report = both_hubs(world, HIDE).run(record("a", finding(0)), world.event(1, "b"))
    lines = {line["finding_id"]: line for line in map(decision_record, report.outcomes)}
    of_v2, other = lines[uid(1)], lines["finding-0"]
    assert (of_v2["hub"], of_v2["product_arn"]) == ("v2", v2_key(1)[0])
    assert of_v2["provider_id"] == finding_info(1)["uid"]
    assert (of_v2["account"], of_v2["outcome"]) == (ocsf(1)["cloud"]["account"]["uid"], "updated")
    assert "hub" not in other


def test_the_newest_of_several_events_counts() -> None:
    world = V2TriageWorld(v2=(1,))
    old = v2_record("old", ocsf(1, resources=[], finding_info=finding_info(1, NOW - 100)), age=9.0)
    new = v2_record("new", ocsf(1), age=1.0)
    report = both_hubs(world, HIDE).run(new, old)
    assert (ending(report), world.status_of(1)) == (UPDATED, 3)


def test_of_a_finding_the_view_is_kept_that_rules_and_updates_need() -> None:
    parsed = parse_event(sqs(v2_record("m", ocsf(1))), members=frozenset({OCSF, "Severity"}), hubs={V2})
    (event,) = parsed.finding_events
    assert (event.key, set(event.finding)) == (v2_key(1), {OCSF, "Severity"})
    assert event.finding["Severity"] == V2Finding(ocsf(1))["Severity"]


def test_what_reopens_goes_to_both_hubs_before_what_hides() -> None:
    world = V2TriageWorld(v2=(1, 2))
    both_hubs(world, HIDE).run(world.event(1))
    world.clock.sleep(1800.0)
    above = {**HIDE, "ceiling": "LOW", "match": {"Id": [finding_info(1)["uid"]]}}
    other = {**HIDE, "id": "other", "match": {"Id": [finding_info(2)["uid"]]}}
    bench = both_hubs(world, above, other, policy=Policy())
    report = bench.run(world.event(2, "hides"), world.event(1, "reopens"))
    assert list(endings(report).items()) == [(uid(1), UPDATED), (uid(2), UPDATED)]
    assert (world.status_of(1), world.status_of(2)) == (1, 3)


def test_what_was_there_before_does_not_tell_that_an_update_happened() -> None:
    """A person has reopened the finding, and our comment stands from before."""
    was = {"Note.Text": NOTE, "Workflow.Status": "NEW"}
    again = Intent({}, {"Workflow.Status": "SUPPRESSED", "Note.Text": NOTE}, was, 0.0)
    shown = ParsedFinding({"Note": {"Text": NOTE}})
    assert not shows_any(again, shown)
    assert shows_any(replace(again, was={"Note.Text": None}), shown)


def test_one_value_of_a_lost_update_is_enough_to_take_it_back() -> None:
    """Another tool has reset the status and replaced the comment. The severity that is left is ours."""
    world = V2TriageWorld(v2=(1,))
    world.fault(operation="BatchUpdateFindingsV2", lose_answer=True, times=100)
    both_hubs(world, {**HIDE, "update": HIDE["update"] | {"Severity": {"Label": "LOW"}}}).run(world.event(1))
    world.hub.faults.clear()
    write_remediation_text(world.inner, [uid(1)], "Remediated.")
    later(world, NO_RULE)
    assert (world.status_of(1), world.ocsf(1)["severity_id"]) == (1, 4)


def test_a_finding_is_handed_back_by_its_uid_and_no_history_is_asked() -> None:
    world = V2TriageWorld(v2=(1,))
    bench = both_hubs(world, HIDE)
    bench.run(world.event(1))
    world.person_sets(1, StatusId=1)
    later(world, HIDE)
    event = {
        "detail-type": "Hand Back",
        "source": "hubtriage.hand-back",
        "time": write_timestamp(world.clock.now() - 400.0),
        "detail": {"by": "arn:aws:iam::1:user/ana", "findings": [identifier(v2_key(1))]},
    }
    report = bench.run({"messageId": "m", "body": json.dumps(event), "attributes": {}})
    assert (ending(report), world.status_of(1)) == (UPDATED, 3)
    assert world.calls("GetFindingHistory") == 0


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["CSPM first", "V2 first"])
@pytest.mark.parametrize("apart", [0.0, 1800.0], ids=["at once", "half an hour apart"])
def test_where_updates_cross_over_nothing_stays_hidden_without_its_rule(
    order: tuple[int, int], apart: float
) -> None:
    """AWS does not say whether what is set in one hub is set in the other too."""
    world = V2TriageWorld(v2=(1,), v2_settings={"crosses_over": True})
    signal = finding_info(1)["uid"]
    product = CONTROLS.replace("productv2", "product")
    same = finding(0, Id=signal, ProductArn=product, AwsAccountId=ocsf(1)["cloud"]["account"]["uid"])
    world.hub.plant(same, NOW)

    def shown() -> dict[str, Any]:
        return dict(world.hub.finding(product, signal) or {})

    def event(at: int) -> dict[str, Any]:
        if at:
            return world.event(1, "v2")
        return record("cspm", shown(), age=NOW - world.clock.now() + 1.0)

    for rules in (HIDE, NO_RULE):
        for _twice in range(2):
            for at in order:
                both_hubs(world, rules).run(event(at))
                world.clock.sleep(apart)
            world.clock.sleep(1800.0)
        hidden = (shown()["Workflow"]["Status"], world.status_of(1))
        assert hidden == (("SUPPRESSED", 3) if rules is HIDE else ("NEW", 1))


def test_a_lost_ledger_is_made_again_from_the_log() -> None:
    world, lines = V2TriageWorld(v2=(1,)), list[str]()
    report = both_hubs(world, HIDE).run(world.event(1))
    DecisionLog(Circumstances("s", "r", None, "enforce", None), 20, lines.append, lambda: NOW)(
        report.outcomes
    )
    (line,) = "".join(lines).splitlines()
    logged = read_logged(line, "s")
    assert isinstance(logged, LoggedEntry)
    assert (logged.key, logged.entry.claims) == (v2_key(1), world.v2_entry(1).claims)
