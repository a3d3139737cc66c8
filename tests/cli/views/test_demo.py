"""How the demonstration looks, on a terminal and in a log."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from hubtriage.cli.views.demo import LiveProgress, PlainProgress, report
from hubtriage.localaws.demo.signals import SignalTally
from hubtriage.localaws.demo.verdict import DemoVerdict, FieldShift, RuleTally

VERDICT = DemoVerdict(
    findings=2500,
    changed=812,
    unchanged=1688,
    refused=0,
    dead=0,
    kept=37,
    api_calls=30,
    ideal_calls=29,
    rules=(
        RuleTally("sandbox-buckets", "enforce", "Accepted in\nsandboxes.", 812, 0, 37, 0),
        RuleTally("scanners", "observe", "Our own scanners.", 0, 1204, 0, 0),
    ),
    workflow=FieldShift(
        "Workflow.Status", {"NEW": 2000, "RESOLVED": 500}, {"NEW": 1188, "SUPPRESSED": 812, "RESOLVED": 500}
    ),
    severity=FieldShift("Severity.Label", {"LOW": 1250, "CRITICAL": 1250}, {"LOW": 1250, "CRITICAL": 1250}),
    seconds={"triage": 9.0},
    example={"finding_id": "evil\x1b[31m[bold]id", "outcome": "updated", "level": "INFO", "changes": []},
    problems=(),
)


def shown(verdict, *others, terminal=False, explanation=("why it is so",), width=100, signals=None):
    out = io.StringIO()
    target = Console(
        file=out, width=width, force_terminal=terminal, color_system="standard" if terminal else None
    )
    verdicts = {each.name: each for each in (verdict, *others)}
    explanations = dict.fromkeys(verdicts, explanation)
    shown = report(verdicts, explanations, signals, "build/demo/summary.json", width)
    target.print(shown, soft_wrap=True)
    return out.getvalue()


def test_every_number_of_the_result_is_told():
    text = shown(VERDICT)
    assert "2,500 findings = 812 changed + 1,688 unchanged + 0 refused; dead-letter queues: 0" in text
    assert "30 BatchUpdateFindings calls changed 812 findings, 27.07 a call; 29 would be the fewest" in text
    assert "every finding is accounted for" in text
    assert "build/demo/summary.json" in text


def test_a_row_for_each_rule_and_each_value():
    rows = [" ".join(row.split()) for row in shown(VERDICT).splitlines()]
    assert "sandbox-buckets 812 - 37 Accepted in sandboxes." in rows
    assert "scanners - 1,204 - Our own scanners." in rows
    assert "Workflow.Status NEW 2,000 1,188 -812" in rows
    assert "Workflow.Status SUPPRESSED 0 812 +812" in rows
    assert "Severity.Label CRITICAL 1,250 1,250" in rows


V2 = replace(
    VERDICT,
    name="v2",
    findings=2000,
    changed=90,
    unchanged=1910,
    api_calls=8,
    ideal_calls=8,
    workflow=FieldShift("status", {"New": 2000}, {"New": 1910, "Suppressed": 90}),
    severity=FieldShift("severity", {"Fatal": 2000}, {"Fatal": 2000}),
)


def test_each_hub_has_its_own_numbers():
    text = shown(VERDICT, V2, signals=SignalTally(1_855, 49, 20, 2, 1_784))
    assert "Security Hub CSPM: what each rule did" in text
    assert "Security Hub V2: what each rule did" in text
    assert "Security Hub V2 before and after" in text
    assert "8 BatchUpdateFindingsV2 calls changed 90 findings" in text
    assert "Security Hub CSPM: 2,500 findings = 812 changed" in text
    assert "Security Hub V2: 2,000 findings = 90 changed + 1,910 unchanged + 0 refused" in text
    assert "1,855 signals = 49 hidden by triage in both hubs + 20 in CSPM alone + 2 in V2 alone" in text
    assert text.index("status New") < text.index("status Suppressed")


def test_one_hub_is_named_only_if_it_is_v2():
    assert "CSPM" not in shown(VERDICT)
    assert "Security Hub V2: 2,000 findings" in shown(V2)


def test_the_problem_of_either_hub_replaces_the_good_news():
    text = shown(VERDICT, replace(V2, problems=("3 comments of people were replaced",)))
    assert "problem: 3 comments of people were replaced" in text
    assert "accounted for" not in text


def test_problems_replace_the_good_news():
    text = shown(replace(VERDICT, problems=("3 messages are still in the queue",)))
    assert "problem: 3 messages are still in the queue" in text
    assert "accounted for" not in text


def test_nothing_from_a_finding_reaches_the_terminal_unescaped():
    text = shown(VERDICT)
    assert "\x1b" not in text
    assert r"evil\u001b[31m[bold]id" in text


@pytest.mark.parametrize("terminal", [True, False], ids=["a terminal", "a log"])
def test_colours_are_for_terminals_only(terminal):
    assert ("\x1b[" in shown(VERDICT, terminal=terminal)) is terminal


def test_a_run_without_a_change_needs_no_example():
    text = shown(replace(VERDICT, example=None))
    assert "One finding explained" not in text


def test_plain_progress_is_one_line_for_each_step():
    out = io.StringIO()
    progress = PlainProgress(Console(file=out, width=100))
    progress.begin("Import findings", 100)
    progress.advance(50)
    progress.report("half of it")
    progress.end("100 findings", 1.25)
    assert out.getvalue().split() == ["done", "Import", "findings", "1.2", "s", "100", "findings"]


def test_live_progress_leaves_one_line_for_each_step():
    out = io.StringIO()
    with LiveProgress(Console(file=out, width=100, force_terminal=True, color_system=None)) as progress:
        progress.begin("Import findings", 100)
        progress.advance(50)
        progress.report("half of it")
        progress.end("100 findings", 1.25)
    assert "done  Import findings" in out.getvalue()


def test_a_narrow_terminal_gets_whole_names_and_numbers():
    text = shown(VERDICT, width=70)
    assert "rule             changed  would change  left to people" in text
    assert "sandbox-buckets      812             -              37" in text
    assert "Accepted" not in text


def test_an_explanation_keeps_its_own_colours_on_a_terminal_only():
    explanation = ("\x1b[32mapplies\x1b[0m",)
    assert "\x1b[32mapplies" in shown(VERDICT, terminal=True, explanation=explanation)
    assert "  applies" in shown(VERDICT, explanation=explanation)
