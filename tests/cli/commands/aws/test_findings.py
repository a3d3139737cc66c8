"""`hubtriage findings`: wrong usage, where it writes, and which account and Region it asks."""

import os
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from hubtriage.aws.ledger.memory import MemoryLedger
from hubtriage.aws.ledger.table import TABLE_VARIABLE
from hubtriage.cli.account_options import account_options
from hubtriage.cli.commands.aws import findings as command
from hubtriage.cli.inputs.exporting import HubQuery
from hubtriage.cli.inputs.hub import HubReader
from hubtriage.cli.main import cli
from hubtriage.localaws.securityhub.inprocess import ManualClock

USAGE = [
    pytest.param(["--resume"], "--resume and --fresh go with a FILE", id="nothing to go on with"),
    pytest.param(["f.jsonl", "--resume", "--fresh"], "not both", id="two beginnings"),
    pytest.param(["--filters", "{"], "--filters is not JSON", id="filters that are no JSON"),
    pytest.param(["--filters", "[]"], "--filters is not a JSON object", id="filters that are no object"),
]


@pytest.mark.parametrize(("arguments", "said"), USAGE)
def test_wrong_usage(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(cli, ["findings", *arguments])
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


class FailingHub:
    """A hub with one finding, whose first calls end with these faults."""

    def __init__(self, *faults: BaseException) -> None:
        self._faults = list(faults)

    def get_findings(self, **_request: Any) -> Any:
        if self._faults:
            raise self._faults.pop(0)
        return {"Findings": [{"Id": "f\x1b[2J", "ProductArn": "p", "AwsAccountId": "1"}]}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FailingHub:
    api = FailingHub()

    def from_here(stack: str, table: str | None, filters: Any) -> tuple[HubQuery, HubReader]:
        ledger = None if table is None else MemoryLedger()
        return HubQuery("1", "r", filters, stack, table), HubReader(api, ledger, ManualClock(), filters)  # type: ignore[arg-type]

    monkeypatch.setattr(command, "hub_from_here", from_here)
    monkeypatch.setenv(TABLE_VARIABLE, "ledger")
    monkeypatch.chdir(tmp_path)
    return api


def test_nothing_of_a_finding_reaches_the_terminal(hub: FailingHub) -> None:
    into_file = CliRunner().invoke(cli, ["findings", "f.jsonl"])
    assert (into_file.stdout, into_file.stderr) == ("", "1 finding exported to f.jsonl, 0 with entries\n")
    printed = CliRunner().invoke(cli, ["findings"])
    assert printed.stdout.splitlines()[1:] == Path("f.jsonl").read_text().splitlines()[1:]
    assert "\x1b" not in printed.output


def test_an_interruption_has_an_exit_code_of_its_own(hub: FailingHub) -> None:
    hub._faults.append(KeyboardInterrupt())
    result = CliRunner().invoke(cli, ["findings", "f.jsonl"])
    assert (result.exit_code, result.stderr) == (130, f"stopped: {command.RESUME}\n")
    hub._faults.append(KeyboardInterrupt())
    result = CliRunner().invoke(cli, ["findings"])
    assert (result.exit_code, result.stderr) == (130, "stopped\n")


def test_a_folder_that_is_not_there_is_named(hub: FailingHub) -> None:
    result = CliRunner().invoke(cli, ["findings", "nowhere/f.jsonl"])
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: nowhere/f.jsonl.part: there is no such file or folder\n",
    )


def test_a_part_is_not_dropped_unasked(hub: FailingHub) -> None:
    hub._faults.append(KeyboardInterrupt())
    CliRunner().invoke(cli, ["findings", "f.jsonl"])
    result = CliRunner().invoke(cli, ["findings", "f.jsonl"])
    assert result.exit_code == 2
    assert "hint: continue with --resume, or start again with --fresh" in result.stderr
    assert CliRunner().invoke(cli, ["findings", "f.jsonl", "--resume"]).exit_code == 0


def test_region_and_profile_that_are_given_count_more_than_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"}
    for name, value in {**keys, "AWS_REGION": "r", "AWS_DEFAULT_REGION": "d", "AWS_PROFILE": "p"}.items():
        monkeypatch.setenv(name, value)
    seen: list[dict[str, str]] = []

    @click.command()
    @account_options()
    def look() -> None:
        seen.append({name: value for name, value in os.environ.items() if name.startswith("AWS_")})

    CliRunner().invoke(look, [])
    CliRunner().invoke(look, ["--region", "eu-west-1", "--profile", "audit"])
    assert seen[0].keys() >= keys.keys()
    assert {name: seen[1].get(name) for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE")} == {
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_PROFILE": "audit",
    }
    assert not seen[1].keys() & keys.keys(), "AWS: they would go before the profile"
