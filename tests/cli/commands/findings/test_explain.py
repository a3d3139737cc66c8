"""`hubtriage explain`: what it says of odd findings, word for word.

`HUBTRIAGE_GOLDEN=write` writes the files anew; review their diff.
"""

import importlib.util
import json
import os
import re
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hubtriage.cli.inputs.findings import read_findings
from hubtriage.cli.main import cli
from hubtriage.simulation.inputs.findings import Unusable
from hubtriage.simulation.inputs.problems import Problems
from tests.support.paths import TESTS

GOLDEN = TESTS / "golden" / "explain"
CORPUS = os.environ.get("HUBTRIAGE_CORPUS")


def _findings() -> dict[str, dict[str, Any]]:
    spec = importlib.util.spec_from_file_location("make_findings", GOLDEN / "make_findings.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: dict[str, dict[str, Any]] = module.FINDINGS
    return found


FINDINGS = _findings()


def explained(finding: dict[str, Any], *options: str) -> Result:
    arguments = ["explain", "-", "--rules", str(GOLDEN), "--now", "2026-11-22T12:00:00Z", *options]
    return CliRunner().invoke(cli, arguments, input=json.dumps(finding))


@pytest.mark.parametrize("name", FINDINGS)
def test_what_is_said_of(name: str) -> None:
    result = explained(FINDINGS[name])
    assert result.exit_code == 0, result.output
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("HUBTRIAGE_GOLDEN") == "write":
        golden.write_text(result.stdout, encoding="utf-8")
    assert result.stdout == golden.read_text(encoding="utf-8")


def test_all_shows_every_condition() -> None:
    said = explained(FINDINGS["an-ordinary-match"], "--all").stdout
    golden = GOLDEN / "an-ordinary-match.all.txt"
    if os.environ.get("HUBTRIAGE_GOLDEN") == "write":
        golden.write_text(said, encoding="utf-8")
    assert said == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", FINDINGS)
def test_the_same_as_json(name: str) -> None:
    told = json.loads(explained(FINDINGS[name], "--json").stdout)
    finding = FINDINGS[name].get("finding", FINDINGS[name])
    assert told["decision"]["finding_id"] == finding["Id"]
    assert told["entry_known"] is ("entry" in FINDINGS[name])
    assert len(told["rules"]) == 7
    wanted = {field["field"] for field in told["fields"] if field["outcome"] in ("set", "taken back")}
    assert wanted == {change["field"] for change in told["decision"]["changes"]}


def test_nothing_in_a_finding_controls_the_terminal() -> None:
    assert not re.search(
        r"[\x00-\x09\x0b-\x1f\u202e]", explained(FINDINGS["control-characters-in-the-title"]).stdout
    )


def test_a_finding_is_chosen_by_the_end_of_its_id() -> None:
    both = json.dumps([FINDINGS["an-ordinary-match"], FINDINGS["no-severity-and-no-compliance"]])
    arguments = ["explain", "-", "--rules", str(GOLDEN)]
    assert "x/1" in CliRunner().invoke(cli, [*arguments, "--id", "x/1"], input=both).stdout
    ambiguous = CliRunner().invoke(cli, arguments, input=both)
    first, second = sorted(finding["Id"] for finding in json.loads(both))
    assert ambiguous.exit_code == 2
    assert sorted(ambiguous.stderr.splitlines()) == [
        f"  {first}",
        f"  {second}",
        "Error: 2 findings fit; say which one with --id",
    ]
    assert CliRunner().invoke(cli, [*arguments, "--id", "nothing"], input=both).exit_code == 2


def test_of_many_findings_the_first_few_ids_are_told() -> None:
    many = json.dumps([{**FINDINGS["an-ordinary-match"], "Id": f"f-{number}"} for number in range(30)])
    told = CliRunner().invoke(cli, ["explain", "-", "--rules", str(GOLDEN)], input=many).stderr.splitlines()
    assert told[1:] == [*(f"  f-{number}" for number in range(10)), "  ... and 20 more"]


@pytest.mark.skipif(CORPUS is None, reason="needs HUBTRIAGE_CORPUS")
def test_every_finding_of_the_corpus_can_be_explained() -> None:
    items = read_findings(f"{CORPUS}/findings.jsonl", Problems())
    usable = [item.finding for item in items if not isinstance(item, Unusable)]
    for finding in usable:
        assert explained(finding).exit_code == 0, finding
    assert len(usable) == 308
