"""An export as FINDINGS of each command that decides: entries, undecidable findings, a first line."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hubtriage.aws.ledger.entry_format import write_entry
from hubtriage.cli.main import cli
from hubtriage.engine.planning.entry import NO_ENTRY, Claim, Entry, Intent
from hubtriage.simulation.exported import finding_line, header_line

PRODUCT = "arn:aws:securityhub:eu-west-1::product/aws/securityhub"
NOW = 1_790_000_000.0
SUPPRESSED = {"Workflow.Status": "SUPPRESSED"}
CLAIMS = {"Workflow.Status": Claim("SUPPRESSED", "gone")}
OVERRULED = {
    "Workflow.Status": Claim("SUPPRESSED", "gone", overruled=1, person=True),
    "Note.Text": Claim("Accepted.", "accepted"),
}
NOTED = {"Note": {"Text": "Accepted.", "UpdatedBy": "hubtriage/accepted"}}
NOTE = {"Text": "Accepted.", "UpdatedBy": "hubtriage"}
RULES = """
rules:
  - id: accepted
    match: {AwsAccountId: ["111122223333"]}
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}
"""
COMMANDS = {
    "plan": ["plan", "--rules", "rules", "export.jsonl"],
    "explain": ["explain", "--rules", "rules", "export.jsonl", "--id", "in-flight"],
    "backtest": ["backtest", "--rules", "rules", "export.jsonl"],
    "diff": ["diff", "old", "rules", "export.jsonl"],
}


def finding(name: str, status: str, account: str = "444455556666", **members: Any) -> dict[str, Any]:
    return {
        "Id": name,
        "ProductArn": PRODUCT,
        "AwsAccountId": account,
        "Severity": {"Label": "MEDIUM"},
        "Workflow": {"Status": status},
        **members,
    }


def confirmed(claims: dict[str, Claim]) -> Entry:
    return Entry(claims, 2, NOW - 7_201, NOW - 7_200, SUPPRESSED)


def intent(age: float) -> Entry:
    return Entry(version=1, intent=Intent(CLAIMS, SUPPRESSED, {"Workflow.Status": "NEW"}, NOW - age))


LINES = {
    "untouched": (finding("untouched", "NEW", "111122223333"), NO_ENTRY),
    "held": (finding("held", "SUPPRESSED"), confirmed(CLAIMS)),
    "overruled": (finding("overruled", "NEW", "111122223333", **NOTED), confirmed(OVERRULED)),
    "happened": (finding("happened", "SUPPRESSED"), intent(7_200)),
    "left-open": (finding("left-open", "NEW", "111122223333"), intent(7_200)),
    "in-flight": (finding("in-flight", "NEW", "111122223333"), intent(20)),
}


def export(path: Path) -> None:
    lines = [header_line({"stack": "hubtriage"})]
    lines += [finding_line(raw, entry, NOW)[0] for raw, entry in LINES.values()]
    path.write_text("".join(line + "\n" for line in lines))


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with rules, the same in other words as `old`, and an export."""
    monkeypatch.chdir(tmp_path)
    for name, rules in (("rules", RULES), ("old", RULES.replace("SUPPRESSED", "NOTIFIED"))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rules.yaml").write_text(rules)
    export(tmp_path / "export.jsonl")
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments))


def planned(*arguments: str) -> dict[str, dict[str, Any]]:
    result = run(*COMMANDS["plan"], "--json", *arguments)
    assert result.exit_code == 0, result.output
    return {line["finding_id"]: line for line in map(json.loads, result.stdout.splitlines())}


def test_each_finding_is_decided_with_its_entry() -> None:
    lines = planned()
    assert list(lines) == list(LINES)
    statuses = {
        name: (line["update"] or {}).get("Workflow", {}).get("Status") for name, line in lines.items()
    }
    assert statuses == {
        "untouched": "SUPPRESSED",
        "held": "NEW",
        "overruled": None,
        "happened": "NEW",
        "left-open": None,
        "in-flight": None,
    }
    assert [kept["why"] for kept in lines["overruled"]["kept"]] == ["changed after triage had set it"]


def test_the_record_of_an_undecidable_finding_says_why_and_nothing_else() -> None:
    lines = planned()
    assert {name: line["undecidable"] for name, line in lines.items() if line["undecidable"]} == {
        "left-open": "an update was left open, and the finding does not show it",
        "in-flight": "an update of the finding was under way",
    }
    assert lines["in-flight"]["rules"] == lines["in-flight"]["changes"] == []
    assert set(lines["in-flight"]) == set(lines["held"])


def test_plan_shows_an_undecidable_finding_and_writes_no_request_for_it() -> None:
    result = run(*COMMANDS["plan"], "--calls", "calls")
    assert "in-flight\n  undecidable: an update of the finding was under way\n" in result.stdout
    assert "3 to change, 1 unchanged, 2 undecidable" in result.stderr
    requests = [json.loads(file.read_text()) for file in Path("calls").iterdir()]
    named = {one["Id"] for request in requests for one in request["FindingIdentifiers"]}
    assert named == {"untouched", "held", "happened"}


@pytest.mark.parametrize("command", ["backtest", "diff"])
def test_undecidable_findings_are_counted_by_themselves(command: str) -> None:
    report = json.loads(run(*COMMANDS[command], "--json").stdout)
    totals = report["totals"]
    assert (totals["findings"], totals["undecidable"]) == (6, 2)
    assert totals["findings"] == sum(
        totals[name] for name in ("changed", "noted", "unchanged", "refused", "undecidable")
    )
    assert {one["why"]: one["findings"] for one in report["undecidable"]} == {
        "an update was left open, and the finding does not show it": 1,
        "an update of the finding was under way": 1,
    }


def test_a_backtest_says_what_it_cannot_decide_in_text_and_on_its_page() -> None:
    result = run(*COMMANDS["backtest"], "--html", "page.html")
    assert "          2  undecidable: triage may have changed them while they were read\n" in result.stdout
    assert "\nUndecidable\n  why" in result.stdout
    assert "an update of the finding was under way" in Path("page.html").read_text()


def test_a_diff_says_what_it_cannot_decide() -> None:
    assert "2 undecidable" in run(*COMMANDS["diff"]).stdout.splitlines()[0]
    assert "2 undecidable" in run(*COMMANDS["diff"], "--format", "markdown").stdout.splitlines()[0]


def test_explain_says_beside_its_reasoning_that_triage_would_wait() -> None:
    result = run(*COMMANDS["explain"])
    assert result.exit_code == 0
    assert result.stderr == "undecidable now, so triage would wait: an update of the finding was under way\n"
    record = json.loads(run(*COMMANDS["explain"], "--json").stdout)
    assert record["undecidable"] == "an update of the finding was under way"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_packed_or_reformatted_export_gives_the_same(command: str, place: Path) -> None:
    plain = run(*COMMANDS[command])
    text = (place / "export.jsonl").read_text()
    indented = "\n".join(json.dumps(json.loads(line), indent=2) for line in text.splitlines())
    for name, content in (
        ("export.jsonl.gz", gzip.compress(text.encode())),
        ("indented.json", indented.encode()),
    ):
        (place / name).write_bytes(content)
        again = run(*(name if each == "export.jsonl" else each for each in COMMANDS[command]))
        assert (again.stdout, again.stderr) == (plain.stdout, plain.stderr)


@pytest.mark.parametrize("command", COMMANDS)
def test_an_export_of_a_later_version_cannot_be_read(command: str, place: Path) -> None:
    path = place / "export.jsonl"
    path.write_text(path.read_text().replace('"hubtriage-export":1', '"hubtriage-export":2'))
    result = run(*COMMANDS[command])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "line 1: an export of format 2; this version of hubtriage reads format 1" in result.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_the_raw_findings_of_a_triaged_hub_are_told_from_an_export(command: str, place: Path) -> None:
    raw = [finding(name, "SUPPRESSED", Note=NOTE) for name in ("in-flight", "other")]
    (place / "export.jsonl").write_text("".join(json.dumps(each) + "\n" for each in raw))
    said = "what triage set looks like a person's; export with `hubtriage findings`"
    result = run(*COMMANDS[command])
    assert result.output.count(said) == 1
    if command == "explain":
        assert f"LEDGER   the input has a note of triage but no ledger entry: {said}\n" in result.stdout
    else:
        assert f"2 findings have notes of triage but no entries: {said}\n" in result.stderr


def test_programs_learn_of_missing_entries_too(place: Path) -> None:
    raw = finding("in-flight", "SUPPRESSED", Note=NOTE)
    (place / "export.jsonl").write_text(json.dumps(raw))
    assert planned()["in-flight"]["in_doubt"] is True
    assert json.loads(run(*COMMANDS["explain"], "--json").stdout)["in_doubt"] is True
    for command in ("backtest", "diff"):
        assert json.loads(run(*COMMANDS[command], "--json").stdout)["totals"]["in_doubt"] == 1


def test_a_reason_from_a_file_does_not_reach_the_terminal_unescaped(place: Path) -> None:
    line = {"finding": finding("in-flight", "NEW"), "entry": None, "undecidable": "\x1b[31mred\nline"}
    (place / "export.jsonl").write_text(json.dumps(line))
    for arguments in COMMANDS.values():
        result = run(*arguments)
        assert "\x1b" not in result.output
        assert "red\nline" not in result.output


def test_an_entry_may_be_written_by_hand(place: Path) -> None:
    raw, entry = LINES["held"]
    line = {"finding": raw, "entry": json.loads(write_entry(entry))}
    (place / "export.jsonl").write_text(json.dumps(line))
    assert planned()["held"]["update"]["Workflow"] == {"Status": "NEW"}
