"""`hubtriage deploy` with IAM in force: the first time, with other rules, refused, and said to be meant."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hubtriage.localaws.cloud import LocalCloud
from hubtriage.localaws.findings import generate
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.e2e.documented import Checkout, cloned, statements
from tests.support.acting import created_role, session_of
from tests.support.deployed_stack import DeployedStack

pytestmark = pytest.mark.e2e

STAYING = """\
rules:
  - id: buckets
    match: {ProductName: [Macie]}
    update: {Criticality: 50}
  - id: entrances
    match: {ProductName: [IAM Access Analyzer]}
    update: {Criticality: 50}
"""
ENDING = f"""\
{STAYING}
  - id: accepted
    ceiling: CRITICAL
    match: {{ProductName: [GuardDuty]}}
    update: {{Workflow: {{Status: SUPPRESSED}}, Note: {{Text: Accepted.}}}}
"""
ADDED = f"""\
{STAYING}
  - id: annotated
    match: {{ProductName: [Inspector]}}
    update: {{VerificationState: TRUE_POSITIVE}}
"""
MOST_GONE = "rules: [{id: other, match: {ProductName: [Macie]}, update: {Criticality: 40}}]\n"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    with LocalCloud(HubSettings.still(), auth=True) as cloud:
        made = cloned(tmp_path_factory.mktemp("deploy"), cloud, ENDING, sweep_wait_seconds=1)
        made.run("npx cdk bootstrap")
        yield made


def deploy(checkout: Checkout, *options: str, **session: str) -> subprocess.CompletedProcess[str]:
    """Run the command where nobody answers."""
    return subprocess.run(
        ["hubtriage", "deploy", *options],
        cwd=checkout.folder,
        env=checkout._environment() | session,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def pulled(checkout: Checkout, rules: str) -> None:
    """Have these rules, which somebody has committed."""
    checkout.publish(rules)
    checkout.run("git pull --quiet")


def stack_of(checkout: Checkout) -> DeployedStack:
    [found] = checkout.cloud.client("cloudformation").describe_stacks(StackName="hubtriage")["Stacks"]
    return DeployedStack(
        checkout.cloud, {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}
    )


def statuses(stack: DeployedStack) -> dict[str, int]:
    found: dict[str, int] = {}
    for finding in stack.findings().values():
        if finding["ProductName"] == "GuardDuty":
            status = finding["Workflow"]["Status"]
            found[status] = found.get(status, 0) + 1
    return found


def rules(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    [stack] = json.loads(done.stdout)["stacks"]
    listed: list[dict[str, Any]] = stack["rules"]
    return listed


def test_the_first_deployment(checkout: Checkout) -> None:
    asked = deploy(checkout)
    assert (asked.returncode, "there is no terminal to ask in" in asked.stderr) == (2, True), asked.stderr
    shown = deploy(checkout, "--dry-run")
    assert shown.returncode == 0, shown.stderr
    assert "deployed: nothing; this is the first deployment" in shown.stdout
    assert "new:      3 rules (" in shown.stdout
    done = deploy(checkout, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "created  TriageFunction" in done.stderr
    assert "ok         Rules" in done.stdout
    assert "sweep: done" in done.stdout
    again = deploy(checkout, "--yes")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "no rule changes; settings and the version of hubtriage may" in again.stdout
    assert "nothing to deploy: the stack is as it should be" in again.stderr
    assert "no sweep was started" in again.stdout


def test_a_rule_that_ends_and_one_that_is_added(checkout: Checkout, tmp_path: Path) -> None:
    stack = stack_of(checkout)
    stack.import_findings(list(generate(30, seed=1, producers=("guardduty", "inspector"), touched=0)))
    stack.settle()
    [(status, hidden)] = statuses(stack).items()
    assert status == "SUPPRESSED"
    pulled(checkout, ADDED)
    rights = [
        *statements("deploying", "In a pipeline", checkout.cloud.account),
        *statements("deploying", "What hubtriage deploy needs as well", checkout.cloud.account),
    ]
    session = session_of(checkout.cloud, created_role(checkout.cloud, "pipeline", *rights))
    shown = deploy(checkout, "--dry-run", "--json", **session)
    assert shown.returncode == 0, shown.stderr
    assert rules(shown) == [
        {"rule": "accepted", "change": "ended", "held": hidden, "hidden": hidden},
        {"rule": "annotated", "change": "added", "held": 0, "hidden": 0},
    ]
    done = deploy(checkout, "--yes", **session)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"rules: 1 ended, 1 added; those that end hide {hidden} findings now" in done.stdout
    assert "updated  TriageFunction" in done.stderr
    assert f"0 hidden, {hidden} taken back" in done.stdout
    stack.settle()
    assert statuses(stack) == {"NEW": hidden}


def test_a_revision_that_lacks_commits_is_refused_unless_it_is_meant(checkout: Checkout) -> None:
    checkout.run("git checkout --quiet HEAD~1")
    refused = deploy(checkout, "--yes")
    assert refused.returncode == 1, refused.stdout + refused.stderr
    assert "is earlier than the deployed" in refused.stderr
    assert "it lacks a commit" in refused.stderr
    assert "`hubtriage deploy --replace`" in refused.stderr
    done = deploy(checkout, "--yes", "--replace", "--no-follow")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "started a sweep" in done.stdout
    checkout.run("git checkout --quiet main")


def test_rules_among_which_most_are_missing_are_refused_by_the_stack_too(checkout: Checkout) -> None:
    pulled(checkout, MOST_GONE)
    refused = deploy(checkout, "--yes")
    assert refused.returncode == 1, refused.stdout + refused.stderr
    assert "3 of the 3 rules that are deployed are gone, more than half" in refused.stderr
    failed = subprocess.run(
        ["npx", "cdk", "deploy", "--require-approval", "never"],
        cwd=checkout.folder,
        env=checkout._environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert failed.returncode != 0
    assert "3 of the 3 rules that are deployed are gone, more than half" in failed.stdout + failed.stderr
