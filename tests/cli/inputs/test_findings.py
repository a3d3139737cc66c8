"""What commands say of findings that they cannot use: the same words and exit codes in each of them."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hubtriage.cli.main import cli
from tests.simulation.inputs.forms import ENVELOPES, FORMS, event
from tests.simulation.inputs.test_forms import OCSF

COMMANDS = ["plan", "explain", "backtest", "diff"]
RULES = """
rules:
  - id: accepted
    match: {AwsAccountId: ["111122223333"]}
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}
"""
CASES = os.environ.get("HUBTRIAGE_CORPUS")
EXPORT = "hint: export findings with `hubtriage findings FILE`, or `aws securityhub get-findings > FILE`"
V2 = "a finding in OCSF that Security Hub V2 has not named: metadata.uid is missing or no text"


def finding(number: int = 1, **members: Any) -> dict[str, Any]:
    return {"Id": f"f-{number}", "ProductArn": "p", "AwsAccountId": "111122223333", **members}


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rules.yaml").write_text(RULES)


def run(command: str, source: str, *options: str, stdin: str | None = None) -> Result:
    folders = ["rules", "rules"] if command == "diff" else []
    return CliRunner().invoke(cli, [command, *folders, source, *options], input=stdin)


def written(name: str, data: str | bytes) -> str:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return name


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("form", sorted({**FORMS, **ENVELOPES}))
def test_every_form_is_read_by_every_command(form: str, command: str) -> None:
    wrap = FORMS.get(form)
    data = wrap([finding()]) if wrap else json.dumps(ENVELOPES[form](json.dumps(event([finding()]))))
    result = run(command, written("input", data), "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "f-1" in result.stdout or json.loads(result.stdout)["totals"]["findings"] == 1


REFUSED = [
    pytest.param("", ("in: it is empty",), EXPORT, id="an empty file"),
    pytest.param(
        json.dumps(OCSF), (f"in: line 1: {V2}",), "hint: give findings of Security Hub V2", id="OCSF"
    ),
    pytest.param(
        '"Title","Severity","Id"\n"t","LOW","x"\n',
        ("in: a CSV table, as Security Hub's console or another tool writes it",),
        "hint: CSV lacks most of what rules look at",
        id="CSV",
    ),
    pytest.param(
        "\n".join(json.dumps({"Id": str(number)}) for number in range(12)),
        (
            *(
                f"in: line {number}: not a finding in ASFF: ProductArn is missing or no text"
                for number in range(1, 11)
            ),
            "... and 2 more",
        ),
        EXPORT,
        id="findings without a ProductArn",
    ),
]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("data", "told", "hint"), REFUSED)
def test_if_nothing_can_be_used_it_says_why_and_what_to_give(
    data: str, told: tuple[str, ...], hint: str, command: str
) -> None:
    result = run(command, written("in", data))
    assert (result.exit_code, result.stdout) == (2, "")
    heading, *lines, last = result.stderr.splitlines()
    assert heading == "Error: no findings in in that can be used:"
    assert tuple(line.strip() for line in lines) == told
    assert last.strip().startswith(hint)


@pytest.mark.parametrize("command", COMMANDS)
def test_what_cannot_be_used_is_told_beside_what_can(command: str) -> None:
    written("from-s3/2027/a", json.dumps(finding()) + '\n{"Id": "x"}\n')
    written("from-s3/b.json", json.dumps({"Records": [{"body": "no", "messageId": "m"}]}))
    written("from-s3/README.md", "These are findings.\n")
    Path("from-s3/loop").symlink_to(".")
    os.mkfifo("from-s3/pipe")
    result = run(command, "from-s3")
    assert result.exit_code == 0
    assert result.stdout
    told = "5 records cannot be used:\n" + "".join(
        f"  from-s3/{line}\n"
        for line in (
            "2027/a: line 2: not a finding in ASFF: ProductArn is missing or no text",
            "README.md: no JSON in it",
            "b.json: line 1: Records[0].body: not JSON: Expecting value at character 1",
            "loop: a link to a folder: it is not followed",
            "pipe: a pipe or a device, not a file",
        )
    )
    assert told in result.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_what_was_not_read_to_its_end_is_used_so_far_and_ends_with_2(command: str) -> None:
    result = run(command, written("in", json.dumps([finding(), finding(2)])[:-30]), *_of_the_first(command))
    assert result.exit_code == 2
    assert result.stdout
    assert result.stderr.splitlines()[-1] == "Error: not all of the input could be read, see in: line 1"


def _of_the_first(command: str) -> list[str]:
    return ["--id", "f-1"] if command == "explain" else []


@pytest.mark.parametrize("command", ["plan", "backtest", "diff"])
@pytest.mark.parametrize("data", ["[]", '{"Findings": []}', '{"hubtriage-export": 1}\n'])
def test_what_says_that_it_has_no_findings_is_no_error(data: str, command: str) -> None:
    result = run(command, "-", stdin=data)
    assert (result.exit_code, result.stderr) == (0, "no findings in standard input\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_in_a_name_or_a_record_controls_the_terminal(command: str) -> None:
    result = run(command, written("in\x1b[2J", '{"a\\u001b[2J": 1}\n'))
    assert result.exit_code == 2
    assert "\x1b" not in result.output
    assert "in\\u001b[2J" in result.stderr


def test_plan_has_a_line_for_each_record_and_none_for_a_file() -> None:
    written("in/a.jsonl", '{"Id": "x"}\n' + json.dumps(finding()) + "\n")
    written("in/b.txt", "prose\n")
    first, second = run("plan", "in", "--json").stdout.splitlines()
    told = "in/a.jsonl: line 1: not a finding in ASFF: ProductArn is missing or no text"
    assert json.loads(first)["errors"] == [{"rule": None, "message": told}]
    assert json.loads(second)["finding_id"] == "f-1"


@pytest.mark.skipif(CASES is None, reason="needs HUBTRIAGE_CORPUS")
@pytest.mark.parametrize(
    "name", ["dead-letters-received", "firehose-archive", "lambda-sqs-event", "sns-envelope"]
)
def test_the_cases_that_were_misread(name: str) -> None:
    case = Path(str(CASES)).parent / "cases" / f"finding-08-{name}.json"
    if not case.exists():
        pytest.skip("no cases beside the corpus")
    result = run("plan", str(case))
    assert result.exit_code == 0
    assert result.stderr in ("1 unchanged\n", "2 unchanged\n")
