"""Stopping triage with IAM in force: by hand, and by the breaker; and that a deployment does neither."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hubtriage.aws.switch.mode import FRESH, parameter_name
from hubtriage.cli.main import cli
from hubtriage.localaws.findings import generate
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.support.deployed_stack import DeployedStack, built_stack, deployed_stack

pytestmark = pytest.mark.e2e

RULES = """\
rules:
  - id: accepted
    match: {ProductName: [GuardDuty]}
    ceiling: HIGH
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}
"""
LIMIT = 40
PATIENCE = 120.0


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stopping")
    (folder / "rules").mkdir()
    (folder / "rules" / "rules.yaml").write_text(RULES)
    return built_stack(folder / "rules", folder / "out", breaker_limit=LIMIT, sweep_wait_seconds=1)


@pytest.fixture(scope="module")
def deployed(assembly: Path) -> Iterator[DeployedStack]:
    with deployed_stack(assembly, HubSettings.still(), auth=True) as stack:
        yield stack


@pytest.fixture
def stack(deployed: DeployedStack, monkeypatch: pytest.MonkeyPatch) -> DeployedStack:
    """The stack without findings, in the environment as any AWS tool reads it."""
    deployed.cloud.control.reset()
    deployed.rest()
    for name, value in deployed.cloud.environment.items():
        monkeypatch.setenv(name, value)
    return deployed


@pytest.fixture(scope="module")
def changed(assembly: Path) -> Path:
    """The same with other tags, and errors alone in the log.

    Of what changes, tags too, CloudFormation writes every property again. Metrics are in the log as well.
    """
    folder = assembly.parent
    settings = {
        "breaker_limit": LIMIT,
        "sweep_wait_seconds": 1,
        "tags": ["team=security"],
        "log_level": "ERROR",
    }
    return built_stack(folder / "rules", folder / "changed", **settings)


def _hubtriage(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments))


def _findings(count: int, seed: int) -> list[dict[str, Any]]:
    return list(generate(count, seed=seed, producers=("guardduty",), touched=0))


def _hidden(stack: DeployedStack) -> int:
    return sum(f["Workflow"]["Status"] == "SUPPRESSED" for f in stack.findings().values())


def _mode(stack: DeployedStack) -> str:
    answer = stack.cloud.client("ssm").get_parameter(Name=parameter_name("hubtriage"))
    return str(answer["Parameter"]["Value"])


def _await_mode(stack: DeployedStack, wanted: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while _mode(stack) != wanted:
        assert time.monotonic() < deadline, f"the mode is still {_mode(stack)}"
        time.sleep(0.2)


def test_triage_stops_by_hand_stays_stopped_and_makes_up_for_it(stack: DeployedStack, changed: Path) -> None:
    assert "enforce -> observe: triage writes nothing" in _hubtriage("mode", "observe").output
    assert "observe, as before: triage writes nothing" in _hubtriage("mode", "observe").output
    time.sleep(FRESH)  # until a function that runs already asks again
    stack.import_findings(_findings(10, seed=1))
    stack.settle()
    assert _hidden(stack) == 0
    told = [line for line in stack.decisions() if line["mode"] == "observe"]
    assert {change["to"] for line in told for change in line["changes"]} == {"SUPPRESSED", "Accepted."}
    stack.redeploy(changed)
    assert _hubtriage("mode").output.startswith("observe: ")
    logs = _hubtriage("logs", "--since", "10m", "--rule", "accepted").output
    assert logs.count("Observe, nothing is written") == len(told) >= 10
    assert "    Workflow.Status: NEW -> SUPPRESSED  accepted" in logs
    assert _hubtriage("logs", "--rule", "another").stdout == ""
    assert _hubtriage("logs", "--errors").stdout == ""
    done = _hubtriage("mode", "enforce", "--budget", "100")
    assert done.exit_code == 0, done.output
    assert "started a sweep" in done.output
    stack.settle()
    assert _hidden(stack) == 10


def test_the_breaker_stops_what_hides_too_much_and_says_so(stack: DeployedStack) -> None:
    stack.import_findings(_findings(LIMIT, seed=2))
    stack.settle()
    assert (_hidden(stack), _mode(stack)) == (LIMIT, "enforce")
    stack.import_findings(_findings(LIMIT + 5, seed=3)[LIMIT:])
    stack.settle()
    _await_mode(stack, "reopen")
    time.sleep(FRESH)
    before = _hidden(stack)
    stack.import_findings(_findings(20, seed=4))
    stack.settle()
    assert _hidden(stack) == before
    refused = _hubtriage("mode", "enforce")
    assert (refused.exit_code, _mode(stack)) == (1, "reopen")
    assert "the breaker has just tripped" in refused.output
