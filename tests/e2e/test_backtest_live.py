"""`hubtriage backtest --live` and `diff --live` against a running Security Hub."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from hubtriage.cli.main import cli
from hubtriage.localaws.cloud import LocalCloud
from hubtriage.localaws.findings import generate
from tests.support.two_hubs import Signal, asff, ocsf

pytestmark = pytest.mark.e2e


def test_findings_are_read_from_security_hub_and_nothing_is_written_to_it(
    cloud: LocalCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    cloud.control.plant(list(generate(230, 5)))
    before = cloud.control.findings()
    active = [finding for finding in before if finding.get("RecordState") == "ACTIVE"]
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "rules.yaml").write_text(
        "rules:\n  - {id: all, when: true, ceiling: HIGH, "
        "update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}}\n"
    )
    arguments = ["backtest", "--live", "--cache", str(tmp_path / "cache"), "--rules", str(rules), "--json"]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0, result.output
    totals = json.loads(result.stdout)["totals"]
    assert totals["findings"] == len(active) > 150
    assert totals["changed"] > 100
    assert "(--fresh reads again)" in result.stderr
    assert cloud.control.findings() == before
    _diff_reads_the_same_cache(rules, tmp_path, len(active))
    high = json.dumps({"SeverityLabel": [{"Value": "HIGH", "Comparison": "EQUALS"}]})
    other = json.loads(CliRunner().invoke(cli, [*arguments, "--filters", high]).stdout)
    assert [row["name"] for row in other["by_severity"]] == ["HIGH"]


def _diff_reads_the_same_cache(rules: Path, tmp_path: Path, count: int) -> None:
    old = tmp_path / "old"
    old.mkdir()
    (old / "rules.yaml").write_text((rules / "rules.yaml").read_text().replace("SUPPRESSED", "NOTIFIED"))
    result = CliRunner().invoke(
        cli, ["diff", str(old), str(rules), "--live", "--cache", str(tmp_path / "cache"), "--json"]
    )
    assert result.exit_code == 1, result.output
    report = json.loads(result.stdout)
    assert report["source"]["findings"] == "Security Hub"
    assert report["totals"]["findings"] == count
    assert {shift["to"] for row in report["by_rule"] for shift in row["changes"]} >= {"SUPPRESSED"}


@pytest.mark.parametrize("arguments", [[], ["--live", "findings.json"]])
def test_findings_come_from_one_place(arguments: list[str]) -> None:
    result = CliRunner().invoke(cli, ["backtest", *arguments])
    assert (result.exit_code, "give FINDINGS, or --live" in result.stderr) == (2, True)


def test_both_hubs_are_read_and_a_signal_counts_once(
    cloud: LocalCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    cloud.control.plant([asff(Signal("guardduty", number)) for number in range(110)])
    cloud.control.provide_v2([ocsf(Signal("guardduty", number)) for number in range(105, 215)])
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "rules.yaml").write_text(
        "rules:\n  - {id: all, when: true, ceiling: HIGH, "
        "update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}}\n"
    )
    arguments = ["backtest", "--live", "--cache", str(tmp_path / "cache"), "--rules", str(rules), "--json"]
    result = CliRunner().invoke(cli, [*arguments, "--hub", "both"])
    assert result.exit_code == 0, result.output
    hubs = json.loads(result.stdout)["hubs"]
    ours = len([one for one in cloud.control.findings() if one.get("RecordState") == "ACTIVE"])
    assert hubs["findings"]["cspm"]["findings"] == ours
    assert hubs["findings"]["v2"]["findings"] == len(cloud.control.findings_v2()) >= 110
    assert hubs["signals"]["in_both"] == 5
    assert "hubs" not in json.loads(CliRunner().invoke(cli, arguments).stdout)
