"""What the commands show of findings of Security Hub V2."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.validate import ParamValidator
from click.testing import CliRunner, Result

from hubtriage.cli.main import cli
from hubtriage.engine.planning.entry import Claim, Entry
from hubtriage.simulation.exported import finding_line, header_line
from tests.support.two_hubs import Signal, asff, ocsf

RULES = """
rules:
  - id: accepted
    order: 1
    match: {AwsAccountId: ["111122223333"]}
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}, UserDefinedFields: {ticket: SEC-1}}
  - id: by-team
    order: 2
    when: {"==": [{get: [{var: ProductFields}, team]}, a]}
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Of a team.}}
"""
SIGNAL = Signal()


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rules.yaml").write_text(RULES)
    (tmp_path / "both").write_text(f"{json.dumps(asff(SIGNAL))}\n{json.dumps(ocsf(SIGNAL))}\n")
    (tmp_path / "v2").write_text(json.dumps(ocsf(SIGNAL)))


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, list(words))


def test_plan_shows_what_v2_gets() -> None:
    result = run("plan", "both")
    assert result.exit_code == 0
    first, second = result.stdout.split(SIGNAL.uid)[1:]
    assert "V2" not in first
    assert second.startswith(" (Security Hub V2)\n")
    assert "Workflow.Status: NEW -> SUPPRESSED" in second
    assert (
        "UserDefinedFields.ticket: stays none, not SEC-1  accepted: Security Hub V2 cannot set it" in second
    )
    assert "  as V2 takes it: StatusId 3, Comment Accepted." in second


def test_plan_names_a_finding_of_v2_in_json() -> None:
    first, second = map(json.loads, run("plan", "both", "--json").stdout.splitlines())
    assert "v2" not in first
    assert second["v2"] == {
        "metadata_uid": SIGNAL.metadata_uid,
        "update": {"StatusId": 3, "Comment": "Accepted."},
    }
    assert second["finding_id"] == first["finding_id"] == SIGNAL.uid


def test_plan_writes_requests_for_both_hubs() -> None:
    run("plan", "both", "--calls", "calls")
    assert sorted(path.name for path in Path("calls").iterdir()) == ["0001.json", "v2-0001.json"]
    request = json.loads(Path("calls/v2-0001.json").read_text())
    service = boto3.client("securityhub", region_name="eu-west-1").meta.service_model
    shape = service.operation_model("BatchUpdateFindingsV2").input_shape
    assert not ParamValidator().validate(request, shape).has_errors()
    assert request == {
        "MetadataUids": [SIGNAL.metadata_uid],
        "StatusId": 3,
        "Comment": "Accepted.",
    }


def test_plan_shows_a_finding_without_an_id_by_its_name_in_v2() -> None:
    Path("v2").write_text(json.dumps({**ocsf(SIGNAL), "finding_info": {}}))
    assert run("plan", "v2").stdout.startswith(f"{SIGNAL.metadata_uid} (Security Hub V2)\n")
    assert json.loads(run("plan", "v2", "--json").stdout)["finding_id"] == SIGNAL.metadata_uid
    assert run("explain", "v2").exit_code == run("backtest", "v2").exit_code == 0


def test_an_undecidable_finding_of_v2_is_named_too() -> None:
    Path("v2").write_text(json.dumps({"finding": ocsf(SIGNAL), "undecidable": "why"}))
    assert json.loads(run("plan", "v2", "--json").stdout)["v2"]["metadata_uid"] == SIGNAL.metadata_uid
    assert run("backtest", "v2").exit_code == 0


def test_explain_says_what_v2_does_not_show() -> None:
    result = run("explain", "v2")
    assert result.exit_code == 0
    assert "by-team   not known: Security Hub V2 does not show all that its condition reads" in result.stdout
    assert "V2 does not show ProductFields" in result.stdout
    record: Any = json.loads(run("explain", "v2", "--json").stdout)
    assert {rule["id"]: rule["blind"] for rule in record["rules"]} == {
        "accepted": [],
        "by-team": ["ProductFields.team", "ProductFields"],
    }
    of_the_other = json.loads(
        run("explain", "both", "--product-arn", asff(SIGNAL)["ProductArn"], "--json").stdout
    )
    assert all(rule["blind"] == [] for rule in of_the_other["rules"])


@pytest.mark.parametrize("name", [SIGNAL.uid[-9:], SIGNAL.metadata_uid[:20]])
def test_explain_takes_either_name_of_a_finding_of_v2(name: str) -> None:
    result = run("explain", "v2", "--id", name)
    assert result.exit_code == 0
    assert "Security Hub V2" in result.stdout


def test_explain_asks_which_hub_is_meant() -> None:
    result = run("explain", "both", "--id", SIGNAL.uid)
    assert result.exit_code == 2
    assert "securityhub-v2" in result.stderr
    one = run("explain", "both", "--id", SIGNAL.uid, "--product-arn", "securityhub-v2")
    assert "(Security Hub V2)" in one.stdout


def test_backtest_counts_findings_of_both_hubs() -> None:
    totals = json.loads(run("backtest", "both", "--json").stdout)["totals"]
    assert (totals["findings"], totals["changed"]) == (2, 2)


def test_nothing_usable_ends_with_2() -> None:
    Path("v2").write_text(json.dumps({**ocsf(SIGNAL), "metadata": {}}))
    for command in ("plan", "explain", "backtest"):
        result = run(command, "v2")
        assert result.exit_code == 2
        assert "metadata.uid is missing" in result.stderr


def test_backtest_counts_findings_in_each_hub_and_signals_once() -> None:
    result = run("backtest", "both")
    assert result.exit_code == 0
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["Security", "Hub", "CSPM", "1", "1", "1", "-", "-"] in lines
    assert ["Security", "Hub", "V2", "1", "1", "1", "-", "1"] in lines
    assert ["signals", "1", "1", "1", "-", "1"] in lines
    assert "1 of 1 signal in both hubs, counted once" in result.stdout
    by_rule = result.stdout.partition("By rule, in signals")[2].partition("What changes")[0]
    assert ["accepted", "1", "1", "1", "1"] in [line.split() for line in by_rule.splitlines()]


def test_backtest_of_findings_of_cspm_names_no_hub() -> None:
    Path("cspm").write_text(json.dumps(asff(SIGNAL)))
    for words in (("backtest", "cspm"), ("exceptions", "cspm")):
        said = run(*words).stdout
        assert "signal" not in said
        assert "V2" not in said


def exported() -> str:
    """An export: a signal that both hubs hide, one that V2 alone hides, and one of Macie in each hub."""
    held = Entry(claims={"Workflow.Status": Claim("SUPPRESSED", "accepted")}, version=1)
    hidden = Signal("guardduty", 1, status="SUPPRESSED")
    split = Signal("guardduty", 2)
    of_macie = Signal("macie", 3, status="SUPPRESSED")
    findings = [
        (asff(hidden), held),
        (ocsf(hidden), held),
        (asff(split), Entry()),
        (ocsf(split.changed(status="SUPPRESSED")), Entry()),
        (asff(of_macie), held),
        (ocsf(of_macie.changed(number=4)), held),
    ]
    lines = [header_line({}), *(finding_line(finding, entry, 0.0)[0] for finding, entry in findings)]
    Path("export.jsonl").write_text("\n".join(lines) + "\n")
    return "export.jsonl"


def test_exceptions_show_findings_and_signals_and_what_one_hub_alone_hides() -> None:
    result = run("exceptions", exported())
    assert result.exit_code == 0
    assert "about 3 signals: 2 findings in Security Hub CSPM, 2 findings in Security Hub V2" in result.stdout
    assert "  Security Hub CSPM: 2 hidden findings of 3 read: 2 by rules\n" in result.stdout
    assert (
        "  Security Hub V2: 3 hidden findings of 3 read: 2 by rules, 1 by people or other tools\n"
        in result.stdout
    )
    signals = result.stdout.partition("4 hidden signals\n")[2].splitlines()
    uid, where = Signal("guardduty", 2).uid, "hidden in Security Hub V2, visible in Security Hub CSPM"
    why = "Workflow.Status SUPPRESSED by people or other tools"
    assert signals[:4] == [
        "          1  in both hubs",
        "          2  in the only hub that shows them",
        "          1  in one hub, and visible in the other",
        f"             {uid} in account 111122223333: {where}: {why}",
    ]
    assert signals[4].startswith("  2 of these are Macie's and in one hub alone: ")
    assert f"{uid} of Security Hub V2 in account 111122223333" in result.stdout


def test_a_spreadsheet_of_exceptions_has_a_column_of_signals() -> None:
    head, *rows = csv.reader(io.StringIO(run("exceptions", exported(), "--csv").stdout))
    row = next(dict(zip(head, one, strict=True)) for one in rows if one[0] == "accepted")
    assert (row["holds"], row["signals"]) == ("4", "3")
    without = run("exceptions", "--csv").stdout.splitlines()[0]
    assert without == ",".join(head[:-1])
