"""A backtest counts what planning each finding by itself gives, on any number of processes."""

import json
from collections import Counter
from collections.abc import Iterable
from itertools import islice
from typing import Any

import pytest

from hubtriage.engine.planning.batches import group
from hubtriage.engine.planning.entry import NO_ENTRY
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.ruleset import load_ruleset
from hubtriage.localaws.findings import NOW, generate
from hubtriage.localaws.securityhub.asff.fields import customer_update
from hubtriage.simulation.backtest import processes
from hubtriage.simulation.backtest.applied import applied
from hubtriage.simulation.backtest.cost import CostTally
from hubtriage.simulation.backtest.examples import examples_of
from hubtriage.simulation.backtest.judge import Task
from hubtriage.simulation.backtest.report import ReportSource, report_of
from hubtriage.simulation.backtest.run import backtest
from hubtriage.simulation.inputs.documents import Document

PRODUCT = "arn:aws:securityhub:eu-west-1::product/aws/securityhub"
SETTINGS = Settings()
HIDE = {"Workflow": {"Status": "SUPPRESSED"}}
RULES: list[dict[str, Any]] = [
    {"id": "first", "order": 1, "ceiling": "HIGH", "match": {"Severity": {"Label": ["LOW"]}}, "update": HIDE},
    {"id": "softer", "order": 2, "ceiling": "HIGH", "match": {"Region": ["eu-central-1"]},
     "update": {"Severity": {"AtMost": "LOW"}}},
    {"id": "watch", "mode": "observe", "ceiling": "HIGH", "match": {"RecordState": ["ACTIVE"]},
     "update": HIDE},
    {"id": "over", "order": 900, "match": {"Severity": {"Label": ["LOW", "MEDIUM"]}},
     "update": {"Workflow": {"Status": "NOTIFIED"}, "UserDefinedFields": {"by": "{rule.id}"}}},
    {"id": "nobody", "ceiling": "HIGH", "match": {"AwsAccountId": ["000000000000"]}, "update": HIDE},
    {"id": "late", "starts": NOW + 1, "ceiling": "HIGH", "match": {"RecordState": ["ACTIVE"]},
     "update": HIDE},
    {"id": "done", "ends": NOW, "ceiling": "HIGH", "match": {"RecordState": ["ACTIVE"]}, "update": HIDE},
]  # fmt: skip
FINDINGS = list(generate(400, 3))


def document(rules: list[dict[str, Any]]) -> dict[str, Any]:
    return {"format": 1, "hash": "0" * 16, "revision": None, "rules": rules}


def documents(findings: Iterable[Any]) -> list[Document]:
    return [Document("input", f"finding {at}", json.dumps(finding)) for at, finding in enumerate(findings, 1)]


def report(findings: Iterable[Any], rules: list[dict[str, Any]], **options: Any) -> dict[str, Any]:
    task = Task(document(rules), NOW, SETTINGS, **options)
    return report_of(backtest(documents(findings), task, processes=1), ReportSource("input", "rules"))


def row(told: dict[str, Any], rule: str) -> dict[str, Any]:
    return next(row for row in told["by_rule"] if row["rule"] == rule)


def test_the_counts_are_those_of_planning_each_finding() -> None:
    told = report(FINDINGS, RULES)
    ruleset = load_ruleset(document(RULES))
    decisions = [decide(finding, NO_ENTRY, ruleset, NOW, SETTINGS) for finding in FINDINGS]
    changed = [decision for decision in decisions if decision.changes]
    assert changed
    assert told["totals"]["findings"] == 400
    assert told["totals"]["changed"] == len(changed)
    assert told["totals"]["hidden"] == sum(decision.hides for decision in decisions) > 0
    assert told["totals"]["kept"] == sum(bool(decision.kept) for decision in decisions) > 0
    by_account = Counter(f["AwsAccountId"] for f, d in zip(FINDINGS, decisions, strict=True) if d.changes)
    assert {one["name"]: one["changed"] for one in told["by_account"] if one["changed"]} == by_account
    for rule in RULES:
        applied_to = sum(rule["id"] in decision.rules for decision in decisions)
        above = sum(rule["id"] in decision.above_ceiling for decision in decisions)
        if rule.get("mode") != "observe":
            assert row(told, rule["id"])["matched"] == applied_to + above, rule["id"]
        by_rule = sum(any(c.rule == rule["id"] for c in decision.changes) for decision in decisions)
        assert row(told, rule["id"])["changed"] == by_rule
    shifts = Counter(c.field for decision in decisions for c in decision.changes)
    assert _by_field(told["changes"]) == shifts


def _by_field(shifts: list[dict[str, Any]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for shift in shifts:
        found[shift["field"]] += shift["findings"]
    return found


@pytest.mark.parametrize("name", ["by_account", "by_product", "by_severity"])
def test_each_way_to_group_holds_every_finding(name: str) -> None:
    told = report(FINDINGS, RULES)
    assert sum(one["findings"] for one in told[name]) == 400
    assert sum(one["changed"] for one in told[name]) == told["totals"]["changed"]


def test_several_processes_count_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "WORTH_A_PROCESS", 10)
    monkeypatch.setattr(processes, "CHUNK", 25)
    task = Task(document(RULES), NOW, SETTINGS, examples=3)
    one, two = (backtest(documents(FINDINGS), task, processes=number) for number in (1, 2))
    assert report_of(one, ReportSource("", "")) == report_of(two, ReportSource("", ""))
    assert list(one.examples) == list(two.examples)


def test_rules_that_never_match_and_why() -> None:
    stopper = {"id": "stop", "order": 1, "terminal": True, "match": {"RecordState": ["ACTIVE"]},
               "update": HIDE, "ceiling": "CRITICAL"}  # fmt: skip
    behind = {"id": "behind", "ceiling": "HIGH", "match": {"RecordState": ["ACTIVE"]}, "update": HIDE}
    active = [finding for finding in FINDINGS if finding.get("RecordState") == "ACTIVE"]
    told = report(active, [stopper, behind, *RULES[4:]])
    assert {one["rule"]: one["why"] for one in told["never"]} == {
        "behind": f"a terminal rule comes before it on each of the {len(active)} findings that it matches",
        "nobody": "no finding matches",
        "late": "has not started",
        "done": "has expired",
    }


def test_rules_that_contradict_each_other_on_a_finding() -> None:
    told = report(FINDINGS, RULES)
    both = [f for f in FINDINGS if f["Severity"]["Label"] == "LOW"]
    clash = next(one for one in told["conflicts"] if one["field"] == "Workflow.Status")
    assert (clash["loser"], clash["winner"]) == ("first", "over")
    ruleset = load_ruleset(document(RULES))
    matched = [f for f in both if {"first", "over"} <= set(decide(f, NO_ENTRY, ruleset, NOW, SETTINGS).rules)]
    assert clash["findings"] == len(matched) > 0
    assert clash["example"] == matched[0]["Id"]


def test_rules_that_want_the_same_do_not_contradict() -> None:
    rule = {"ceiling": "HIGH", "match": {"RecordState": ["ACTIVE"]}, "update": HIDE}
    same = [{"id": name, **rule} for name in ("a", "b")]
    assert report(FINDINGS, same)["conflicts"] == []


def test_a_finding_counts_once_and_what_is_none_is_told() -> None:
    finding = FINDINGS[0]
    told = report([finding, finding, 5, {"Id": "x"}, [finding, FINDINGS[1]]], RULES)
    totals = told["totals"]
    assert (totals["findings"], totals["repeated"], totals["unusable"]) == (2, 2, 2)
    assert [one["place"] for one in told["unusable"]] == ["input: finding 3", "input: finding 4"]


def test_a_rule_that_fails_is_told() -> None:
    twice = {"cat": [{"var": "accumulator"}, {"var": "accumulator"}]}
    grown = {"reduce": [[0] * 40, twice, "grown"]}
    told = report(
        FINDINGS[:5], [{"id": "broken", "ceiling": "HIGH", "when": {"==": [grown, "x"]}, "update": HIDE}]
    )
    assert (row(told, "broken")["failed"], told["errors"][0]["findings"]) == (5, 5)
    assert told["never"] == []


def test_what_an_update_costs() -> None:
    tally = CostTally()
    for number in range(2_500):
        tally.add("one", 7 if number < 150 else 0)
    for payload in range(1, 61):
        tally.add("two", payload)
    cost = tally.cost()
    # 150 alike are in each of three batches of 1,000; the 60 differ, and one of them is like the 150.
    assert (cost.updates, cost.calls, cost.fewest, cost.pages) == (210, 3 + 60, 59 + 2, 26)
    assert cost.seconds == max(63 / 8, 26 / 3)


def test_the_estimate_is_what_grouping_by_generator_gives() -> None:
    ruleset = load_ruleset(document(RULES))
    updates: dict[str, list[Any]] = {}
    for finding in FINDINGS:
        update = decide(finding, NO_ENTRY, ruleset, NOW, SETTINGS).update
        if update:
            identifier = {"Id": finding["Id"], "ProductArn": finding["ProductArn"]}
            updates.setdefault(finding["GeneratorId"], []).append((identifier, update))
    calls = sum(len(group(some)) for some in updates.values())
    assert report(FINDINGS, RULES)["cost"]["calls"] == calls


@pytest.mark.parametrize("udf", ["replace", "merge"])
def test_an_update_leaves_what_the_local_service_leaves(udf: Any) -> None:
    ruleset = load_ruleset(document(RULES))
    updated = 0
    for finding in FINDINGS:
        update = decide(finding, NO_ENTRY, ruleset, NOW, Settings(udf=udf)).update
        if update is None:
            continue
        updated += 1
        wanted = customer_update(finding, update, udf, NOW)
        if "Note" in update:
            wanted["Note"].pop("UpdatedAt")
        assert applied(finding, update, udf) == wanted
    assert updated > 50


def test_under_the_same_old_rules_nothing_changes() -> None:
    told = report(FINDINGS, RULES, old=document(RULES))
    assert told["totals"]["changed"] == told["totals"]["noted"] == told["cost"]["updates"] == 0


def test_an_update_that_is_refused_under_old_rules_too_is_no_change() -> None:
    full = {
        **FINDINGS[0],
        "RecordState": "ACTIVE",
        "Workflow": {"Status": "NEW"},
        "UserDefinedFields": {f"key-{n}": "x" for n in range(50)},
    }
    tag = [
        {"id": "tag", "match": {"RecordState": ["ACTIVE"]}, "update": {"UserDefinedFields": {"one": "more"}}}
    ]
    assert report([full], tag)["totals"]["refused"] == 1
    assert report([full], tag, old=document([]))["totals"]["refused"] == 1
    totals = report([full], tag, old=document(tag))["totals"]
    assert (totals["refused"], totals["unchanged"]) == (0, 1)


NOTED = {**FINDINGS[0], "Note": {"Text": "Accepted.", "UpdatedBy": "hubtriage/hide"}}
HELD = {"format": 1, "claims": {"Workflow.Status": {"value": "SUPPRESSED", "rule": "hide"}}}


def test_a_finding_is_judged_with_its_entry() -> None:
    hidden = {**FINDINGS[0], **HIDE}
    known = report([{"finding": hidden, "entry": HELD}], [])
    assert (known["totals"]["taken_back"], row(known, "hide")["in_force"]) == (1, "gone")
    assert report([hidden], [])["totals"]["unchanged"] == 1
    assert report([{"finding": hidden, "entry": None}], [])["totals"]["unchanged"] == 1


def test_a_finding_keeps_its_entry_under_old_rules() -> None:
    hide = {"id": "hide", "ceiling": "CRITICAL", "when": True, "update": HIDE}
    known = {"finding": {**FINDINGS[0], **HIDE}, "entry": HELD}
    assert report([known], [], old=document([hide]))["totals"]["taken_back"] == 1
    assert report([known], [hide], old=document([hide]))["totals"]["changed"] == 0


def test_what_a_person_has_changed_is_noted_in_the_ledger_alone() -> None:
    reopened = {**FINDINGS[0], "Workflow": {"Status": "NOTIFIED"}}
    totals = report([{"finding": reopened, "entry": HELD}], [])["totals"]
    assert (totals["noted"], totals["overruled"], totals["changed"]) == (1, 1, 0)


def test_findings_with_a_note_of_triage_and_no_entry_are_counted() -> None:
    assert report([NOTED, FINDINGS[1]], RULES)["totals"]["in_doubt"] == 1
    assert report([{"finding": NOTED, "entry": None}], RULES)["totals"]["in_doubt"] == 0
    by_oncall = {**NOTED, "Note": {"Text": "Ours.", "UpdatedBy": "hubtriage-oncall"}}
    assert report([by_oncall], RULES, old=document([]))["totals"]["in_doubt"] == 0


def test_an_entry_that_cannot_be_read_is_unusable() -> None:
    told = report([{"finding": NOTED, "entry": {"format": 99}}, {"finding": 5, "entry": None}], RULES)
    assert [one["reason"] for one in told["unusable"]] == [
        "its entry cannot be read: format 99 is not 1, the one that this version reads",
        "not a finding: not a JSON object",
    ]


def test_what_the_old_rules_did_is_taken_back() -> None:
    told = report(FINDINGS, RULES[:1], old=document(RULES))
    assert row(told, "over")["taken_back"] > 0
    assert row(told, "over")["in_force"] == "gone"
    assert told["totals"]["taken_back"] >= row(told, "over")["taken_back"]


def test_the_examples_tell_the_same_as_the_decision() -> None:
    task = Task(document(RULES), NOW, SETTINGS, examples=2)
    tally = backtest(documents(FINDINGS), task, processes=1)
    ruleset = load_ruleset(task.ruleset)
    by_id = {finding["Id"]: finding for finding in FINDINGS}
    examples = examples_of(tally)
    assert len(examples) > 5
    for example in examples:
        decision = decide(by_id[example["id"]], NO_ENTRY, ruleset, NOW, SETTINGS)
        told = {field["field"] for field in example["fields"] if field["outcome"] == "set"}
        assert told == {change.field for change in decision.changes}
        assert set(decision.rules) <= {rule["rule"] for rule in example["rules"]}
    for rule in ("softer", "over", "watch"):
        shown = [e for e in examples if any(name == rule for _role, name in e["roles"])]
        assert len(shown) >= 2, rule


def test_an_example_is_explained_with_its_entry() -> None:
    known = {"finding": {**FINDINGS[0], **HIDE}, "entry": HELD}
    tally = backtest(documents([known]), Task(document([]), NOW, SETTINGS, examples=1), processes=1)
    (example,) = examples_of(tally)
    assert [field["why"] for field in example["fields"]] == ["set by hide, which is no longer in the rules"]


def test_an_example_of_a_taking_back_tells_what_has_become_of_a_rule_that_does_not_match() -> None:
    hide = {"id": "hide", "ceiling": "HIGH", "match": {"RecordState": ["ACTIVE"]}, "update": HIDE}
    narrowed = {**hide, "match": {"RecordState": ["nothing"]}}
    task = Task(document([narrowed]), NOW, SETTINGS, document([hide]), 1)
    (example, *_) = examples_of(backtest(documents(FINDINGS), task, processes=1))
    whys = {field["why"] for field in example["fields"] if field["outcome"] == "taken back"}
    assert whys == {"hide does not match any more"}


def test_memory_does_not_grow_with_the_findings() -> None:
    tally = backtest(islice(_endless(), 3_000), Task(document(RULES), NOW, SETTINGS, examples=2), processes=1)
    assert tally.total.findings == 3_000
    assert len(tally.examples) < 30
    assert (
        sum(map(len, (tally.accounts, tally.products, tally.severities, tally.transitions, tally.kept_why)))
        < 40
    )


def _endless() -> Iterable[Document]:
    number = 0
    while True:
        number += 1
        finding = {"Id": f"f-{number}", "ProductArn": PRODUCT, "AwsAccountId": "111122223333",
                   "Severity": {"Label": "LOW"}, "RecordState": "ACTIVE"}  # fmt: skip
        yield Document("input", f"finding {number}", json.dumps(finding))
