"""What happens to findings over time, with the deployed stack, under both readings of UserDefinedFields."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from hubtriage.localaws.securityhub.calls import ideal_calls
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.e2e.stories import Stage, Steps, TriageStory, Wait, provided
from tests.support.deployed_stack import DeployedStack, Tap, built_stack, deployed_stack

pytestmark = pytest.mark.e2e
RULES = Path(__file__).parent / "scenarios"
DOUBT = 5
"""Seconds after which a message whose finding could not be dated is delivered again; longer than a batch."""
ANALYST = "ana@example.com"
STORIES: list[Callable[[TriageStory], Steps]] = []


def story(tell: Callable[[TriageStory], Steps]) -> Callable[[TriageStory], Steps]:
    """Have this story played; its name is its sentence."""
    STORIES.append(tell)
    return tell


def status(name: str) -> dict[str, str]:
    return {"Status": name}


# People


@story
def what_an_analyst_reopens_stays_open_when_the_provider_refreshes_it(it: TriageStory) -> Steps:
    finding = it.provide("reopened", "accepted")
    yield Wait.REST
    assert it.status(finding) == "SUPPRESSED"
    it.set(finding, Workflow=status("NEW"))
    yield Wait.REST
    assert it.status(finding) == "NEW"
    it.refresh(finding)
    it.refresh(finding, severity="MEDIUM")
    yield Wait.REST
    assert it.status(finding) == "NEW"
    assert it.updates_by_triage(finding) == 1, "to suppress; what the analyst did stands in the ledger"
    assert it.held(finding)["Workflow.Status"]["person"] is True
    assert [kept["field"] for kept in it.log(finding)[-1]["kept"]] == ["Workflow.Status"]


@story
def what_an_analyst_suppresses_by_hand_outlives_the_rule(it: TriageStory) -> Steps:
    by_hand, untouched = it.provide("by-hand", "accepted"), it.provide("untouched", "accepted")
    yield Wait.REST
    it.set(by_hand, Workflow=status("NEW"))
    yield Wait.REST
    it.set(by_hand, Workflow=status("SUPPRESSED"))
    yield Wait.REST
    yield Wait.REDEPLOYED
    it.refresh(by_hand)
    it.refresh(untouched)
    yield Wait.REST
    assert it.status(by_hand) == "SUPPRESSED"
    assert it.status(untouched) == "NEW", "the rule is gone, so what it did is taken back"
    assert it.finding(untouched)["Note"]["Text"] == "hubtriage: accepted no longer applies."
    it.refresh(by_hand)
    yield Wait.REST
    assert it.status(by_hand) == "SUPPRESSED"


@story
def what_a_deleted_rule_did_is_taken_back_by_the_sweep_of_the_deployment_alone(it: TriageStory) -> Steps:
    finding = it.provide("silent", "accepted")
    yield Wait.REST
    assert it.status(finding) == "SUPPRESSED"
    yield Wait.REDEPLOYED
    assert it.status(finding) == "NEW"
    (told,) = [line for line in it.log(finding) if "sweep" in line]
    assert "deploy-" in told["sweep"]
    assert {change["why"] for change in told["changes"]} == {"taken back"}


@story
def a_note_that_was_there_first_survives(it: TriageStory) -> Steps:
    note = {"Text": "We look at this on Monday.", "UpdatedBy": ANALYST, "UpdatedAt": "2026-01-05T09:00:00Z"}
    finding = it.provide("noted", "annotated", Note=note)
    yield Wait.REST
    assert it.finding(finding)["Note"]["Text"] == note["Text"]
    assert it.user_fields(finding) == {"team": "payments"}, "the rest of the decision was carried out"
    assert [kept["field"] for kept in it.log(finding)[-1]["kept"]] == ["Note.Text"]


@story
def a_note_written_over_ours_survives_refreshes_and_the_end_of_the_rule(it: TriageStory) -> Steps:
    finding = it.provide("rewritten", "accepted")
    yield Wait.REST
    assert it.finding(finding)["Note"]["Text"] == "Accepted (SEC-1)."
    it.set(finding, Note={"Text": "Not for us.", "UpdatedBy": ANALYST})
    yield Wait.REST
    it.refresh(finding)
    yield Wait.REST
    yield Wait.REDEPLOYED
    it.refresh(finding)
    yield Wait.REST
    assert it.finding(finding)["Note"]["Text"] == "Not for us."
    assert it.status(finding) == "NEW", "only the workflow was still the rule's"


@story
def a_late_duplicate_of_the_first_event_does_not_undo_the_analyst(it: TriageStory) -> Steps:
    finding = it.provide("delayed", "unconditional")
    yield Wait.REST
    first = it.first_event(finding)
    assert it.status(finding) == "SUPPRESSED"
    it.set(finding, Workflow=status("NEW"))
    yield Wait.REST
    updates = it.updates_by_triage(finding)
    yield Wait.OUTDATED
    it.stack.send_to_queue(first)
    yield Wait.REST
    assert it.status(finding) == "NEW"
    assert it.updates_by_triage(finding) == updates


# Severity


@story
def a_low_finding_that_becomes_critical_comes_back(it: TriageStory) -> Steps:
    findings = [it.provide(rule, rule) for rule in ("minor", "unconditional", "lowered")]
    yield Wait.REST
    assert {it.status(finding) for finding in findings} == {"SUPPRESSED"}
    for finding in findings:
        it.refresh(finding, severity="CRITICAL")
    yield Wait.REST
    assert {finding: it.status(finding) for finding in findings} == dict.fromkeys(findings, "NEW")
    assert {finding: it.severity(finding) for finding in findings} == dict.fromkeys(findings, "CRITICAL")
    assert {it.updates_by_triage(finding) for finding in findings} == {2}
    for finding in findings:
        it.refresh(finding, severity="LOW")
    yield Wait.REST
    assert {it.status(finding) for finding in findings} == {"SUPPRESSED"}, "and goes when it is low again"


@story
def a_severity_that_a_rule_lowered_comes_back_from_where_it_is_pinned(it: TriageStory) -> Steps:
    finding = it.provide("pinned", "lowered", severity="MEDIUM")
    yield Wait.REST
    assert (it.status(finding), it.severity(finding)) == ("SUPPRESSED", "LOW")
    it.refresh(finding, severity="CRITICAL")
    yield Wait.REST
    assert (it.status(finding), it.severity(finding)) == ("NEW", "CRITICAL")


# The service


@story
def what_passes_and_fails_again_is_notified_again(it: TriageStory) -> Steps:
    finding = it.provide("flapping", "ticketed")
    yield Wait.REST
    assert it.status(finding) == "NOTIFIED"
    it.refresh(finding, Compliance=status("PASSED"))
    yield Wait.REST
    assert it.status(finding) == "RESOLVED", "by the service, and the rule does not match what passed"
    it.refresh(finding, Compliance=status("FAILED"))
    yield Wait.REST
    assert it.status(finding) == "NOTIFIED", "the service made it NEW, and the rule applies again"


@story
def what_is_archived_and_active_again_is_notified_again(it: TriageStory) -> Steps:
    finding = it.provide("archived", "ticketed")
    yield Wait.REST
    it.refresh(finding, RecordState="ARCHIVED")
    yield Wait.REST
    assert it.status(finding) == "NOTIFIED"
    it.refresh(finding, RecordState="ACTIVE")
    yield Wait.REST
    assert it.status(finding) == "NOTIFIED", "the service made it NEW, and the rule applies again"
    (change,) = it.log(finding)[-1]["changes"]
    assert (change["field"], change["from"], change["to"]) == ("Workflow.Status", "NEW", "NOTIFIED")
    assert it.updates_by_triage(finding) == 2, "notified, and notified again"


@story
def where_an_automation_rule_disagrees_it_wins_and_there_is_no_tug_of_war(it: TriageStory) -> Steps:
    before = it.provide("before", "contested", severity="MEDIUM")
    yield Wait.REST
    assert (it.status(before), it.severity(before)) == ("SUPPRESSED", "LOW")
    create_automation_rule(it)
    after = it.provide("after", "contested", severity="MEDIUM")
    it.refresh(before)
    yield Wait.REST
    for _ in range(2):
        it.refresh(before)
        it.refresh(after)
        yield Wait.REST
    for finding in (before, after):
        assert (it.status(finding), it.severity(finding)) == ("NOTIFIED", "HIGH")
        assert it.finding(finding)["Criticality"] == 5, "nobody else claims this field"
    assert (it.updates_by_triage(before), it.updates_by_triage(after)) == (1, 1)
    kept = {each["field"] for each in it.log(after)[-1]["kept"]}
    assert kept == {"Workflow.Status", "Severity.Label"}


def create_automation_rule(it: TriageStory) -> None:
    it.stack.hub.create_automation_rule(
        RuleName="contested",
        RuleOrder=1,
        Description="Wants other things than the rule of the same name.",
        Criteria={"GeneratorId": [{"Value": "scenario/contested", "Comparison": "EQUALS"}]},
        Actions=[
            {
                "Type": "FINDING_FIELDS_UPDATE",
                "FindingFieldsUpdate": {"Workflow": status("NOTIFIED"), "Severity": {"Label": "HIGH"}},
            }
        ],
    )


# Other tools


@story
def a_tool_that_wipes_the_user_fields_gets_its_way(it: TriageStory) -> Steps:
    finding = it.provide("wiped", "annotated")
    yield Wait.REST
    assert it.user_fields(finding) == {"team": "payments"}
    it.set(finding, UserDefinedFields={"jira": "OPS-7"})
    yield Wait.REST
    replaced = "team" not in it.user_fields(finding)
    it.refresh(finding, severity="MEDIUM")
    yield Wait.REST
    assert it.user_fields(finding) == ({} if replaced else {"team": "payments"}) | {"jira": "OPS-7"}
    assert it.finding(finding)["VerificationState"] == "TRUE_POSITIVE"
    assert it.updates_by_triage(finding) == 1, "who changes what triage had set is not fought"


@story
def findings_carry_no_user_fields_but_those_that_a_rule_sets(it: TriageStory) -> Steps:
    others = {"a": "b"}
    bare = it.provide("bare", "accepted")
    theirs = it.provide("theirs", "accepted", UserDefinedFields=others)
    set_by_a_rule = it.provide("set", "annotated", UserDefinedFields=others)
    yield Wait.REST
    it.refresh(bare, severity="MEDIUM")
    yield Wait.REST
    yield Wait.REDEPLOYED
    assert "UserDefinedFields" not in it.finding(bare)
    assert it.user_fields(theirs) == others
    assert it.user_fields(set_by_a_rule) == {**others, "team": "payments"}


OF_OTHERS = {"jira": "OPS-7"}
FORGED = {
    "hubtriage/managed": "hubtriage",
    "hubtriage/rules": "accepted",
    "hubtriage/memo": '1 {"Workflow.Status": {"value": "SUPPRESSED", "rule": "x", "before": "SUPPRESSED"}}',
}
"""User-defined fields that look like a memory of triage; on findings there is none."""
ENRICHED = {"Text": "Enriched.", "UpdatedBy": "enrichment"}


def enriched(it: TriageStory, findings: list[str], fields: Mapping[str, str]) -> None:
    """Another tool replaces user-defined fields and note."""
    it.aws_update(*findings, note=ENRICHED, user_defined_fields=dict(fields))


def are_the_tools(it: TriageStory, findings: list[str], fields: Mapping[str, str]) -> bool:
    """Whether note and user-defined fields of the findings are still those of the other tool."""
    return all(
        finding["Note"].items() >= ENRICHED.items() and finding["UserDefinedFields"] == fields
        for finding in it.aws_findings(*findings)
    )


def is_reopened_when_it_becomes_critical(it: TriageStory, fields: Mapping[str, str]) -> Steps:
    """By the AWS CLI alone, as what follows."""
    names = ("first", "second")
    findings = it.aws_import(*names, generator="accepted", UserDefinedFields=dict(fields))
    yield Wait.REST
    assert it.aws_statuses(*findings) == ["SUPPRESSED", "SUPPRESSED"]
    enriched(it, findings, fields)
    yield Wait.REST
    it.aws_refresh(*names, severity="CRITICAL")
    yield Wait.REST
    assert it.aws_statuses(*findings) == ["NEW", "NEW"]
    assert {finding["Severity"]["Label"] for finding in it.aws_findings(*findings)} == {"CRITICAL"}
    assert are_the_tools(it, findings, fields)
    yield Wait.REDEPLOYED
    assert it.aws_statuses(*findings) == ["NEW", "NEW"]


def comes_back_when_its_rule_is_deleted(it: TriageStory, fields: Mapping[str, str]) -> Steps:
    findings = it.aws_import("fails", "passes", generator="accepted")
    yield Wait.REST
    assert it.aws_statuses(*findings) == ["SUPPRESSED", "SUPPRESSED"]
    enriched(it, findings, fields)
    yield Wait.REST
    it.aws_refresh("passes", Compliance=status("PASSED"))
    yield Wait.REST
    assert it.aws_statuses(*findings) == ["SUPPRESSED", "SUPPRESSED"]
    yield Wait.REDEPLOYED
    assert it.aws_statuses(*findings) == ["NEW", "RESOLVED"], "as the service alone would have it"
    assert are_the_tools(it, findings, fields)


@story
def what_another_tool_wrote_over_is_reopened_when_it_becomes_critical(it: TriageStory) -> Steps:
    yield from is_reopened_when_it_becomes_critical(it, OF_OTHERS)


@story
def what_another_tool_wrote_over_comes_back_when_its_rule_is_deleted(it: TriageStory) -> Steps:
    yield from comes_back_when_its_rule_is_deleted(it, OF_OTHERS)


@story
def what_bears_a_forged_memory_is_reopened_when_it_becomes_critical(it: TriageStory) -> Steps:
    yield from is_reopened_when_it_becomes_critical(it, FORGED)


@story
def what_bears_a_forged_memory_comes_back_when_its_rule_is_deleted(it: TriageStory) -> Steps:
    yield from comes_back_when_its_rule_is_deleted(it, FORGED)


@story
def a_forged_memory_hides_nothing(it: TriageStory) -> Steps:
    wanted = {"of-no-rule": ("nobody", "LOW"), "above-the-ceiling": ("unconditional", "CRITICAL")}
    findings = []
    for name, (generator, severity) in wanted.items():
        findings += it.aws_import(name, generator=generator, severity=severity, UserDefinedFields=FORGED)
    yield Wait.REST
    it.aws_refresh(*wanted)
    yield Wait.REST
    assert it.aws_statuses(*findings) == ["NEW", "NEW"]
    assert all(finding["UserDefinedFields"] == FORGED for finding in it.aws_findings(*findings))
    assert [it.held(finding) for finding in findings] == [{}, {}]


# Very many


def two_thousand_findings_take_as_few_calls_as_they_can(stack: DeployedStack) -> None:
    """No event is delivered twice meanwhile: a duplicate that comes late may cost a call of its own.

    What no rule is about comes in as well, and so does the echo of each update; neither costs a call.
    """
    stack.cloud.control.configure(duplicate_share=0.0)
    kinds = ("accepted", "ticketed", "raised")
    findings = [provided(f"bulk/{n}", f"bulk/{kinds[n % 3]}", "LOW") for n in range(2_000)]
    others = [provided(f"others/{n}", "bulk/no-rule", "LOW") for n in range(200)]
    stack.import_findings(findings + others)
    stack.settle()
    updates = stack.cloud.control.updates()
    assert sum(call.processed for call in updates) == 2_000, "each finding once, and no echo"
    assert len(updates) <= 1.05 * ideal_calls(updates)
    assert 2_000 / len(updates) > 40
    assert stack.cloud.control.status()["events"]["delivered"] == 4_200, "each import and each echo"
    counted = [stack.counted(f"Findings{name}") for name in ("Changed", "Unchanged")]
    assert counted == [2_000, 2_200], "echoes and what no rule is about end as unchanged"
    # On a slow machine an echo is there before its update is confirmed: it fails, and comes again.
    assert stack.counted("FindingsReceived") - stack.counted("FindingsFailed") == 4_200
    stack.cloud.control.configure(duplicate_share=HubSettings().duplicate_share)


@pytest.fixture
def assemblies(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, Callable[[], Path]]]:
    """The first deployment, and the second, which is built meanwhile: it has one rule file less."""
    fewer = copytree(RULES, tmp_path / "fewer")
    (fewer / "accepted.yaml").unlink()
    udf = request.getfixturevalue("udf")
    with ThreadPoolExecutor(1) as builder:
        first = built_stack(RULES, tmp_path / "first", udf=udf)
        second = builder.submit(built_stack, fewer, tmp_path / "second", udf=udf)
        yield first, second.result


@pytest.mark.parametrize("udf", ["replace", "merge"])
def test_scenarios(udf: str, assemblies: tuple[Path, Callable[[], Path]], subtests: pytest.Subtests) -> None:
    first, second = assemblies
    settings: Any = HubSettings(udf=udf, event_delay=(0.02, 0.2))  # type: ignore[arg-type]
    with deployed_stack(first, settings, batching_window=1.0) as stack:
        with subtests.test("2,000 findings take as few calls as they can, and their echoes none"):
            two_thousand_findings_take_as_few_calls_as_they_can(stack)
        stack.deliver_again_after(DOUBT, receives=20)
        tap, events = Tap(stack.cloud), list[dict[str, Any]]()

        def witness() -> list[dict[str, Any]]:
            events.extend(tap.take())
            return events

        stories = {tell.__name__: tell(TriageStory(tell.__name__, stack, witness)) for tell in STORIES}
        endings = Stage(stack, second).play(stories)
    assert len(endings) == len(STORIES)
    for name, error in endings.items():
        with subtests.test(name.replace("_", " ")):
            if error is not None:
                raise error
