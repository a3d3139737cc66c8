"""`hubtriage plan`: every kind of input, its lines, its exit codes, the requests it writes."""

import gzip
import json
import os
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.validate import ParamValidator
from click.testing import CliRunner, Result

from hubtriage.authoring.compiler import compile_ruleset
from hubtriage.cli.main import cli

PRODUCT = "arn:aws:securityhub:eu-west-1::product/aws/securityhub"
RULES = """
rules:
  - id: accepted
    match: {AwsAccountId: ["111122223333"]}
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}
"""
CORPUS = os.environ.get("HUBTRIAGE_CORPUS")


def finding(number: int = 1, **members: Any) -> dict[str, Any]:
    return {"Id": f"f-{number}", "ProductArn": PRODUCT, "AwsAccountId": "111122223333", **members}


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "rules.yaml").write_text(RULES)
    return folder


def run(rules: Path, source: str, *options: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(cli, ["plan", "--rules", str(rules), source, *options], input=stdin)


def lines(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


INPUTS = [
    pytest.param(json.dumps([finding(1), finding(2)]), 2, id="a JSON array"),
    pytest.param(f"{json.dumps(finding(1))}\n\n{json.dumps(finding(2))}\n", 2, id="JSON lines"),
    pytest.param(json.dumps(finding()), 1, id="one finding"),
    pytest.param(
        json.dumps(
            {"detail-type": "Security Hub Findings - Imported", "detail": {"findings": [finding()]}}, indent=1
        ),
        1,
        id="an EventBridge event",
    ),
    pytest.param(
        json.dumps({"Findings": [finding(1), finding(2)], "NextToken": "t"}), 2, id="a GetFindings answer"
    ),
]


@pytest.mark.parametrize(("text", "count"), INPUTS)
@pytest.mark.parametrize("through_stdin", [False, True])
def test_every_kind_of_input(text: str, count: int, through_stdin: bool, rules: Path, tmp_path: Path) -> None:
    (tmp_path / "input").write_text(text)
    result = (
        run(rules, "-", "--json", stdin=text)
        if through_stdin
        else run(rules, str(tmp_path / "input"), "--json")
    )
    planned = lines(result)
    assert len(planned) == count
    assert all(line["update"]["Workflow"] == {"Status": "SUPPRESSED"} for line in planned)


UNUSABLE = [
    pytest.param("5", "not a JSON object", id="a number"),
    pytest.param('{"Id": "x"}', "ProductArn is missing", id="no ProductArn"),
    pytest.param('{"Id": 5, "ProductArn": "p"}', "Id is missing or no text", id="an Id that is no text"),
    pytest.param('{"detail": {"findings": []}}', "without findings", id="an event with an empty list"),
    pytest.param(
        '{"detail-type": "Security Hub Insight Results", "detail": {}}',
        "insight results",
        id="another event",
    ),
    pytest.param("{broken", "line 2: is not JSON", id="a broken line"),
    pytest.param('{"Id": "x", "ProductArn": "p", "Confidence": NaN}', "not JSON", id="NaN, which is no JSON"),
    pytest.param("[" * 90_000 + "]" * 90_000, "line 2: is not JSON", id="hopeless nesting"),
]


@pytest.mark.parametrize(("line", "reason"), UNUSABLE)
def test_what_is_unusable_has_a_line_with_the_reason_and_hides_nothing(
    line: str, reason: str, rules: Path
) -> None:
    planned = lines(
        run(rules, "-", "--json", stdin=f"{json.dumps(finding(1))}\n{line}\n{json.dumps(finding(2))}\n")
    )
    assert [bool(each["update"]) for each in planned] == [True, False, True]
    assert reason in planned[1]["errors"][0]["message"]
    assert set(planned[1]) == set(planned[0])


CUT_OFF = json.dumps([finding(1), finding(2)])[:-5]
BAD_RECORDS = [
    pytest.param(
        f"[{json.dumps(finding(1))}, NaN]",
        "standard input: line 1: [1]: is not JSON: NaN",
        id="NaN in a list",
    ),
    pytest.param(json.dumps(finding(1)) + "\nnope\n", "standard input: line 2: is not JSON", id="JSON lines"),
]


@pytest.mark.parametrize(("text", "reason"), BAD_RECORDS)
def test_a_bad_record_fails_alone_and_has_its_position(text: str, reason: str, rules: Path) -> None:
    planned = lines(run(rules, "-", "--json", stdin=text))
    assert [bool(each["update"]) for each in planned] == [True, False]
    assert planned[1]["errors"][0]["message"].startswith(reason)


def test_what_stands_before_a_fault_is_shown_and_the_exit_code_tells_of_the_rest(rules: Path) -> None:
    result = run(rules, "-", "--json", stdin=CUT_OFF)
    assert result.exit_code == 2
    assert json.loads(result.stdout)["update"]
    assert "is not JSON: Unterminated string starting, and there the text ends" in result.stderr
    assert result.stderr.endswith("Error: not all of the input could be read, see standard input: line 1\n")


def test_a_folder_is_read_file_by_file_and_unusable_lines_name_theirs(rules: Path, tmp_path: Path) -> None:
    folder = tmp_path / "findings"
    folder.mkdir()
    (folder / "a.jsonl").write_text(json.dumps(finding(1)) + "\nnope\n")
    (folder / "b.json.gz").write_bytes(gzip.compress(json.dumps([finding(2)]).encode()))
    first, unusable, second = lines(run(rules, str(folder), "--json"))
    assert (first["finding_id"], second["finding_id"]) == ("f-1", "f-2")
    assert f"{folder / 'a.jsonl'}: line 2: is not JSON" in unusable["errors"][0]["message"]


@pytest.mark.parametrize("text", ["", "no JSON at all\n", "\x00"])
def test_input_without_any_json_is_unreadable(text: str, rules: Path) -> None:
    result = run(rules, "-", "--json", stdin=text)
    assert result.exit_code == 2
    assert result.stdout == ""


def test_a_missing_file_is_unreadable(rules: Path) -> None:
    result = run(rules, str(rules / "nothing.json"))
    assert result.exit_code == 2
    assert "there is no such file or folder" in result.stderr


def test_bad_rules_stop_the_command_with_every_error(rules: Path) -> None:
    (rules / "rules.yaml").write_text(
        RULES.replace("SUPPRESSED", "SUPRESSED").replace("accepted", "Not An Id")
    )
    result = run(rules, "-", stdin=json.dumps(finding()))
    assert result.exit_code == 1
    assert "SUPRESSED" in result.stderr
    assert "Not An Id" in result.stderr


def test_the_present_can_be_chosen(rules: Path) -> None:
    (rules / "rules.yaml").write_text(RULES.replace("match:", "expires: 2026-03-31\n    match:"))
    in_time = run(rules, "-", "--json", "--now", "2026-03-31T23:59:59Z", stdin=json.dumps(finding()))
    too_late = run(rules, "-", "--json", "--now", "2026-04-01", stdin=json.dumps(finding()))
    assert lines(in_time)[0]["update"] is not None
    assert lines(too_late)[0]["update"] is None


def test_the_requests_are_grouped_and_written_as_the_aws_cli_takes_them(rules: Path, tmp_path: Path) -> None:
    findings = "\n".join(json.dumps(finding(n)) for n in range(150))
    run(rules, "-", "--json", "--calls", str(tmp_path / "calls"), stdin=findings)
    written = [json.loads(path.read_text()) for path in sorted((tmp_path / "calls").iterdir())]
    assert [len(request["FindingIdentifiers"]) for request in written] == [100, 50]
    assert written[0]["FindingIdentifiers"][0] == {"Id": "f-0", "ProductArn": PRODUCT}
    assert written[0]["Workflow"] == {"Status": "SUPPRESSED"}
    model = boto3.client("securityhub", region_name="eu-west-1").meta.service_model
    shape = model.operation_model("BatchUpdateFindings").input_shape
    assert [ParamValidator().validate(request, shape).has_errors() for request in written] == [False, False]


NOTED = {"Text": "Accepted.", "UpdatedBy": "hubtriage/accepted"}
NEVER = ("--never", "Workflow.Status", "--never", "Note.Text")
CRITICAL = {"Severity": {"Label": "CRITICAL"}}
UNCHANGED = [
    pytest.param({"AwsAccountId": "1"}, (), "\n  no change\n", id="no rule wants one"),
    pytest.param(CRITICAL, (), "  above the ceiling of accepted\n  no change\n", id="above a ceiling"),
    pytest.param(
        {}, NEVER, "stack never writes this field\n  no change\n", id="a field that is never written"
    ),
]


@pytest.mark.parametrize(("members", "options", "told"), UNCHANGED)
def test_without_a_change_it_says_why(
    members: dict[str, Any], options: tuple[str, ...], told: str, rules: Path
) -> None:
    assert told in run(rules, "-", *options, stdin=json.dumps(finding(**members))).stdout


@pytest.mark.parametrize("command", ["plan", "explain", "backtest", "diff", "sweep"])
def test_all_commands_that_decide_take_how_the_stack_is_set(command: str) -> None:
    told = CliRunner().invoke(cli, [command, "--help"]).stdout
    assert {"--udf", "--never"} <= set(told.replace(",", " ").split())


HELD = {"format": 1, "claims": {"Workflow.Status": {"value": "SUPPRESSED", "rule": "gone"}}}
HIDDEN = {"AwsAccountId": "1", "Workflow": {"Status": "SUPPRESSED"}, "Note": NOTED}


def test_a_finding_is_planned_with_the_entry_beside_it(rules: Path) -> None:
    known = {"finding": finding(**HIDDEN), "entry": HELD}
    result = run(rules, "-", stdin=json.dumps([known]))
    assert "Workflow.Status: SUPPRESSED -> NEW  gone (taken back: deleted or off)" in result.stdout
    assert "ledger" not in result.stderr


def test_without_entries_it_says_once_that_values_of_triage_look_like_a_persons(rules: Path) -> None:
    result = run(rules, "-", stdin=json.dumps([finding(1, **HIDDEN), finding(2, **HIDDEN), finding(3)]))
    said = "what triage set looks like a person's; export with `hubtriage findings`"
    assert result.stderr.splitlines()[-1] == f"2 findings have notes of triage but no entries: {said}"
    assert said not in run(rules, "-", stdin=json.dumps(finding())).stderr


def test_every_line_names_the_rules_by_which_it_was_decided(rules: Path) -> None:
    usable, unusable = lines(run(rules, "-", "--json", stdin=f"{json.dumps(finding())}\n5\n"))
    assert usable["ruleset"] == unusable["ruleset"] == compile_ruleset(rules, revision=None)["hash"]
    assert usable["revision"] == unusable["revision"]


def test_the_text_says_what_changes_and_escapes_what_would_control_the_terminal(rules: Path) -> None:
    result = run(rules, "-", stdin=json.dumps(finding(Id="f\x1b[2J")))
    assert "Workflow.Status: NEW -> SUPPRESSED  accepted" in result.stdout
    assert "\x1b" not in result.stdout
    assert "1 to change" in result.stderr


@pytest.mark.skipif(CORPUS is None, reason="needs HUBTRIAGE_CORPUS")
@pytest.mark.parametrize(("name", "count"), [("findings.jsonl", 312), ("events.jsonl", 36)])
def test_the_corpus_gives_one_line_per_finding(name: str, count: int) -> None:
    planned = lines(run(Path("rules"), f"{CORPUS}/{name}", "--json"))
    assert len(planned) == count
    assert all(line["update"] or line["errors"] or line["refused"] or line["finding_id"] for line in planned)
