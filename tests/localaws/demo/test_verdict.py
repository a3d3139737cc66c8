"""The demonstration's verdict: counts from the states, and witnesses that disagree are found out."""

from dataclasses import replace

import pytest

from hubtriage.engine.ocsf.update import NOT_IN_V2
from hubtriage.localaws.demo.evidence import DemoEvidence, by_key
from hubtriage.localaws.demo.hubs import CSPM, HUBS, NOT_SETTABLE, V2, V2_PRODUCT
from hubtriage.localaws.demo.run import Performance
from hubtriage.localaws.demo.signals import tally_signals
from hubtriage.localaws.demo.verdict import changed_findings, judge
from hubtriage.localaws.securityhub.calls import UpdateCall

PRODUCT = "arn:aws:securityhub:eu-west-1::product/aws/guardduty"


def finding(number, **fields):
    return {"Id": f"f{number}", "ProductArn": PRODUCT, "Severity": {"Label": "HIGH"}, **fields}


def call(payload="p", identifiers=1, trace="t", processed=None, fields=("Workflow",)):
    done = identifiers if processed is None else processed
    return UpdateCall(0.0, payload, identifiers, "ok", done, {}, trace, fields)


def line(number, outcome="updated", **members):
    told = {"finding_id": f"f{number}", "product_arn": PRODUCT, "outcome": outcome, "level": "INFO"}
    return told | members


def change(rule, field="Workflow.Status"):
    return {"field": field, "from": "NEW", "to": "SUPPRESSED", "rule": rule, "why": "rule"}


SUPPRESSED = {"Workflow": {"Status": "SUPPRESSED"}}
GOOD = DemoEvidence(
    before=by_key([finding(1), finding(2), finding(3)]),
    after=by_key([finding(1, **SUPPRESSED), finding(2), finding(3)]),
    updates=(call(),),
    lines=(line(1, changes=[change("hide")]),),
    waiting=0,
    dead=0,
    rules=(
        {"id": "hide", "description": "hides", "update": {"Workflow": {"Status": "SUPPRESSED"}}},
        {"id": "look", "mode": "observe"},
        {"id": "name", "update": {"UserDefinedFields": {"owner": "{finding.Region}"}}},
    ),
    seconds={"deploy": 2.0, "triage": 3.5},
)


def test_a_clean_run_has_no_problems_and_adds_up():
    verdict = judge(GOOD)
    assert verdict.problems == ()
    assert (verdict.findings, verdict.changed, verdict.unchanged, verdict.refused) == (3, 1, 2, 0)


def test_the_summary_has_the_agreed_keys():
    summary = judge(GOOD).as_summary()
    told = {
        "findings": 3,
        "changed": 1,
        "unchanged": 2,
        "refused": 0,
        "dlq": 0,
        "api_calls": 1,
        "ideal_calls": 1,
    }
    assert summary.items() >= told.items()
    assert summary["findings_per_call"] == 1.0
    assert summary["seconds"] == 5.5
    assert summary["by_rule"] == {"hide": 1, "look": 0, "name": 0}
    assert summary["workflow"] == {"before": {"NEW": 3}, "after": {"NEW": 2, "SUPPRESSED": 1}}
    assert summary["severity"]["after"] == {"HIGH": 3}


@pytest.mark.parametrize(
    ("after", "changed"),
    [
        pytest.param({}, False, id="the same finding is unchanged"),
        pytest.param({"Workflow": {"Status": "NEW"}}, False, id="a workflow filled in as NEW is no change"),
        pytest.param({"Workflow": {"Status": "RESOLVED"}}, True, id="another workflow is a change"),
        pytest.param({"Severity": {"Label": "LOW"}}, True, id="another severity is a change"),
        pytest.param({"UserDefinedFields": {"k": "v"}}, True, id="a user-defined field is a change"),
        pytest.param({"Note": {"Text": "n", "UpdatedBy": "me"}}, True, id="a note is a change"),
        pytest.param({"Confidence": 10}, True, id="a confidence is a change"),
        pytest.param(
            {"ProcessedAt": "2026-01-01T00:00:00Z"}, False, id="what updates cannot set is no change"
        ),
    ],
)
def test_changes_are_seen_in_the_fields_that_updates_can_set(after, changed):
    before, now = by_key([finding(1)]), by_key([finding(1, **after)])
    assert bool(changed_findings(before, now)) is changed


@pytest.mark.parametrize(
    ("flaw", "problem"),
    [
        pytest.param({"waiting": 3}, "3 messages are still in the queue", id="a queue that is not empty"),
        pytest.param({"dead": 1}, "1 messages are in the dead-letter queues", id="a dead letter"),
        pytest.param(
            {"lines": ()}, "1 findings were changed, but the decision log", id="a change not logged"
        ),
        pytest.param(
            {"lines": (*GOOD.lines, line(2, changes=[change("hide")]))},
            "1 findings were changed, says the decision log",
            id="a logged change that did not happen",
        ),
        pytest.param(
            {"lines": (*GOOD.lines, line(3, "failed", level="ERROR"))},
            "1 errors in the decision log",
            id="an error",
        ),
        pytest.param(
            {"after": by_key([finding(1, **SUPPRESSED)])}, "2 findings are not in", id="a lost finding"
        ),
        pytest.param({"updates": (call(), call())}, "2 API calls were made, but 1", id="a wasted call"),
        pytest.param(
            {"updates": (call(), call(processed=0))}, "2 API calls were made", id="a call without effect"
        ),
    ],
)
def test_what_is_wrong_is_a_problem(flaw, problem):
    problems = judge(replace(GOOD, **flaw)).problems
    assert [text for text in problems if problem in text]


NAMED = {"UserDefinedFields": {"owner": "eu-west-1", "theirs": "kept"}}
NAMING = replace(
    GOOD,
    before=by_key([finding(1, UserDefinedFields={"theirs": "kept"}), finding(2), finding(3)]),
    after=by_key([finding(1, **NAMED), finding(2), finding(3)]),
    updates=(call(fields=("UserDefinedFields",)),),
    lines=(line(1, changes=[change("name", "UserDefinedFields.owner")]),),
)


def test_user_defined_fields_that_a_rule_sets_are_no_problem():
    assert judge(NAMING).problems == ()


@pytest.mark.parametrize(
    ("flaw", "problem"),
    [
        pytest.param(
            {
                "after": by_key(
                    [finding(1, **NAMED), finding(2, UserDefinedFields={"hubtriage/x": "1"}), finding(3)]
                )
            },
            "1 findings carry user-defined fields of hubtriage",
            id="something of hubtriage on a finding",
        ),
        pytest.param(
            {"after": NAMING.after | by_key([finding(1, UserDefinedFields={"owner": "eu-west-1"})])},
            "1 findings have user-defined fields that no rule set",
            id="the field of another tool is gone",
        ),
        pytest.param(
            {"lines": (line(1, changes=[change("hide")]),)},
            "1 findings have user-defined fields that no rule set",
            id="another rule's decision, and yet a user-defined field",
        ),
        pytest.param(
            {"updates": (*NAMING.updates, call("other", fields=("Note", "UserDefinedFields")))},
            "user-defined fields were written 2 times, where rules asked for it 1 times",
            id="the same fields written along with something else",
        ),
    ],
)
def test_user_defined_fields_are_written_only_where_rules_set_them(flaw, problem):
    problems = judge(replace(NAMING, **flaw)).problems
    assert [text for text in problems if problem in text]


def test_one_call_in_twenty_may_be_spare():
    calls = tuple(call(payload=str(number)) for number in range(20))
    assert not [
        text for text in judge(replace(GOOD, updates=(*calls, call("0")))).problems if "API calls" in text
    ]


def test_calls_of_different_invocations_cannot_be_merged():
    updates = (call(trace="one"), call(trace="two"))
    assert judge(replace(GOOD, updates=updates)).ideal_calls == 2


def test_a_refused_finding_is_neither_changed_nor_unchanged():
    verdict = judge(replace(GOOD, lines=(*GOOD.lines, line(2, "refused", reason="no room"))))
    assert (verdict.changed, verdict.unchanged, verdict.refused) == (1, 1, 1)


def test_a_rule_counts_a_finding_once_however_many_events_told_of_it():
    kept = {
        "kept": [{"field": "Note.Text", "rule": "hide"}],
        "observed": [{"field": "Workflow", "rule": "look"}],
    }
    verdict = judge(
        replace(GOOD, lines=(*GOOD.lines, line(2, "unchanged", **kept), line(2, "unchanged", **kept)))
    )
    hide, look, _ = verdict.rules
    assert (hide.changed, hide.kept, hide.observed) == (1, 1, 0)
    assert (look.changed, look.observed, look.mode) == (0, 1, "observe")
    assert verdict.kept == 1


def test_a_change_that_was_planned_but_failed_is_not_counted():
    verdict = judge(replace(GOOD, lines=(*GOOD.lines, line(2, "failed", changes=[change("look")]))))
    assert [rule.changed for rule in verdict.rules] == [1, 0, 0]


def test_the_example_is_the_most_instructive_change():
    rich = line(
        1, changes=[change("hide"), change("look", "Note")], kept=[{"rule": "hide", "field": "Severity"}]
    )
    plain, unchanged = line(2, changes=[change("hide")]), line(3, "unchanged", kept=[{"rule": "hide"}])
    verdict = judge(replace(GOOD, lines=(plain, rich, unchanged)))
    assert verdict.example == rich


def test_there_is_no_example_without_a_change():
    quiet = replace(GOOD, after=GOOD.before, lines=(), updates=())
    assert judge(quiet).example is None
    assert judge(quiet).findings_per_call == 0


def test_a_finding_that_is_hidden_for_no_rule_in_force_is_a_problem():
    observing = replace(GOOD, rules=({"id": "hide", "mode": "observe"}, *GOOD.rules[1:]))
    assert judge(observing).problems == ("1 findings are hidden, but no rule in force is named for it",)


def test_a_finding_that_is_hidden_and_not_remembered_is_a_problem():
    remembered, forgotten = frozenset(by_key([finding(1)])), frozenset[tuple[str, str]]()
    assert judge(replace(GOOD, held=remembered)).problems == ()
    assert judge(replace(GOOD, held=forgotten)).problems == (
        "1 findings are hidden, but the ledger does not say so",
    )


# Security Hub V2


def ocsf(number, vendor=4, **changes):
    return {
        "class_uid": 2003,
        "cloud": {"account": {"uid": "1"}},
        "finding_info": {"uid": f"f{number}"},
        "metadata": {"uid": f"{number:064x}", "product": {"uid": PRODUCT.replace("product/", "productv2/")}},
        "severity_id": vendor,
        "status_id": 1,
        "vendor_attributes": {"severity_id": vendor},
    } | changes


def line_v2(number, outcome="updated", **members):
    named = {"finding_id": f"{number:064x}", "product_arn": V2_PRODUCT, "hub": "v2"}
    return line(number, outcome, **members) | named


UNKNOWN, MINE = ocsf(2, vendor=0), ocsf(3, comment="Mine.")
GOOD_V2 = replace(
    GOOD,
    name=V2,
    before=by_key([ocsf(1), UNKNOWN, MINE], V2),
    after=by_key([ocsf(1, status_id=3, comment="Accepted."), UNKNOWN, MINE], V2),
    updates=(replace(call(), operation=HUBS[V2].operation),),
    lines=(line_v2(1, changes=[change("hide")]),),
    held=frozenset(by_key([ocsf(1)], V2)),
)


def test_a_clean_run_of_v2_adds_up_in_its_own_words():
    verdict = judge(GOOD_V2)
    assert verdict.problems == ()
    assert (verdict.findings, verdict.changed, verdict.unchanged, verdict.refused) == (3, 1, 2, 0)
    assert verdict.workflow.after == {"New": 2, "Suppressed": 1}
    assert verdict.severity.after == {"High": 2, "Unknown": 1}


@pytest.mark.parametrize(
    ("number", "after", "problem"),
    [
        pytest.param(
            2, ocsf(2, vendor=0, status_id=3), "1 findings whose severity is not known", id="0 is hidden"
        ),
        pytest.param(
            2, ocsf(2, vendor=0, severity_id=1), "1 findings whose severity is not known", id="0 is ranked"
        ),
        pytest.param(
            3, ocsf(3, comment="Accepted."), "1 comments of people were replaced", id="a comment is replaced"
        ),
        pytest.param(
            3,
            ocsf(3, comment="Mine.", status_id=4),
            "but no rule in force is named",
            id="no rule resolved it",
        ),
        pytest.param(
            1, ocsf(1, status_id=1), "but Security Hub does not show it", id="a change that did not happen"
        ),
    ],
)
def test_what_is_wrong_in_v2_is_a_problem(number, after, problem):
    states = GOOD_V2.after | by_key([after], V2)
    assert [text for text in judge(replace(GOOD_V2, after=states)).problems if problem in text]


def test_what_passes_is_not_hidden_by_being_resolved():
    passed = ocsf(3, comment="Mine.", status_id=4, compliance={"status_id": 1})
    states = GOOD_V2.after | by_key([passed], V2)
    assert not [text for text in judge(replace(GOOD_V2, after=states)).problems if "hidden" in text]


def test_what_v2_cannot_set_is_not_left_to_people():
    assert NOT_SETTABLE == NOT_IN_V2
    kept = [{"rule": "name", "field": "UserDefinedFields.owner", "why": NOT_SETTABLE}]
    person = [{"rule": "hide", "field": "Workflow.Status", "why": "a person set it"}]
    lines = (*GOOD_V2.lines, line_v2(2, "unchanged", kept=kept), line_v2(3, "unchanged", kept=person))
    verdict = judge(replace(GOOD_V2, lines=lines))
    assert verdict.kept == 1
    assert [rule.kept for rule in verdict.rules] == [1, 0, 0]


def test_the_two_findings_of_a_signal_are_compared():
    tally = tally_signals(GOOD, GOOD_V2)
    assert tally.as_summary() == {
        "in_both": 3,
        "hidden_in_both": 1,
        "hidden_in_cspm": 0,
        "hidden_in_v2": 0,
        "hidden_in_neither": 2,
    }
    untouched = replace(GOOD, after=GOOD.before)
    assert tally_signals(untouched, GOOD_V2).hidden_in_v2 == 1


def test_the_summary_of_cspm_alone_is_flat_and_otherwise_there_is_one_for_each_hub():
    verdicts = {CSPM: judge(GOOD), V2: judge(replace(GOOD_V2, waiting=1))}
    alone = Performance({}, {CSPM: verdicts[CSPM]}, {})
    assert alone.as_summary() == verdicts[CSPM].as_summary()
    both = Performance({}, verdicts, {}, tally_signals(GOOD, GOOD_V2)).as_summary()
    assert both["hubs"] == {name: verdict.as_summary() for name, verdict in verdicts.items()}
    assert both["signals"]["in_both"] == 3
    assert both["problems"] == ["1 messages are still in the queue"]
