"""The whole life of a deployment with IAM in force: the commands of our documents, in their order.

CDK's own command line bootstraps, deploys, shows differences, deploys again and destroys.
"""

import json
import re
import shlex
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hubtriage.aws.switch.mode import FRESH
from hubtriage.cli.commands.aws.logs import NOTHING
from hubtriage.localaws.cloud import LocalCloud
from hubtriage.localaws.findings import generate
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.e2e.documented import PROJECT, Checkout, cloned, commands, inline_commands, statements
from tests.support.acting import created_role, session_of
from tests.support.deployed_stack import DeployedStack, ledger_items

pytestmark = pytest.mark.e2e

DEPLOYING, OPERATING = commands("deploying"), commands("operating")
# Commands of the documents that are not run here, each with its reason.
NOT_RUN = {
    "make setup check": "continuous integration runs both before this test, and checking takes minutes",
    **dict.fromkeys(
        DEPLOYING["A standalone account"],
        "one Region more; test_chosen_settings.py deploys to two and runs this command in each",
    ),
    **dict.fromkeys(
        DEPLOYING["Many hubs from one repository"],
        "several accounts; test_targets.py deploys to two and runs such commands in each",
    ),
    **dict.fromkeys(
        [line for line in DEPLOYING["Downgrade"] if line not in DEPLOYING["Dead letters"]],
        "they need another version of hubtriage; test_versions.py makes one, and goes up, down and up again",
    ),
    **dict.fromkeys(
        OPERATING["Handing findings back"],
        "people have to hold findings first, and it takes effect later; test_hand_back.py has all of that",
    ),
    **dict.fromkeys(
        DEPLOYING["Try it on your machine"],
        "they are for a local AWS in another terminal; this test has one of its own, and does as much there",
    ),
    **dict.fromkeys(
        DEPLOYING["Rules in a repository of their own"],
        "one deployment more; test_wheel.py makes such a repository and synthesizes it",
    ),
    **dict.fromkeys(
        DEPLOYING["With one command"],
        "it does what the other commands here do; test_deploy.py runs it",
    ),
    **dict.fromkeys(
        DEPLOYING["What a deployment may not replace"],
        "other rules have to be refused first; test_deployment_guard.py has all of that",
    ),
    **dict.fromkeys(
        DEPLOYING["Settings"],
        "two deployments more; test_chosen_settings.py has such, and a test of the templates each setting",
    ),
}

STAYING = """\
rules:
  - id: buckets
    match: {ProductName: [Macie]}
    update: {Criticality: 50}
  - id: entrances
    match: {ProductName: [IAM Access Analyzer]}
    update: {Criticality: 50}
"""
"""More than half of the rules stay: a deployment that ends so many waits for a person."""
SUPPRESSING = f"""\
{STAYING}
  - id: accepted
    ceiling: CRITICAL
    match: {{ProductName: [GuardDuty]}}
    update: {{Workflow: {{Status: SUPPRESSED}}, Note: {{Text: Accepted.}}}}
"""
ANNOTATING = f"""\
{STAYING}
  - id: annotated
    match: {{ProductName: [Inspector]}}
    update: {{UserDefinedFields: {{team: platform}}, VerificationState: TRUE_POSITIVE}}
"""
SAMPLE_TIME, REBUILT_SINCE = "2027-03-31T08:00:00Z", "2027-03-31T07:00:00Z"
TOLD = "arn:aws:guardduty:eu-central-1:111122223333:detector/d/finding/f"


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    with LocalCloud(HubSettings.still(), auth=True) as cloud:
        yield cloned(tmp_path, cloud, SUPPRESSING, sweep_wait_seconds=1)


def findings(count: int, seed: int) -> list[dict[str, Any]]:
    return list(generate(count, seed=seed, producers=("guardduty", "inspector"), touched=0))


def statuses(stack: DeployedStack, product: str = "GuardDuty") -> set[str]:
    return {f["Workflow"]["Status"] for f in stack.findings().values() if f["ProductName"] == product}


def test_a_deployment_lives_by_the_documented_commands(checkout: Checkout) -> None:
    _first_deployment(checkout)
    stack = DeployedStack(checkout.cloud, _outputs(checkout.cloud))
    _triaged(stack, [*findings(20, seed=1), {**_of_guardduty(seed=2), "Id": TOLD}])
    assert statuses(stack) == {"SUPPRESSED"}
    _watching(checkout)
    _stopping_and_resuming(checkout, stack)
    _redriving(checkout, stack)
    _deploying_from_a_pipeline(checkout)
    _upgrading(checkout, stack)
    _restoring(checkout, stack)
    _removing(checkout, stack)
    documented = {line for page in (DEPLOYING, OPERATING) for lines in page.values() for line in lines}
    assert documented - set(checkout.ran) == set(NOT_RUN)


@pytest.mark.parametrize(("command", "options"), inline_commands("npx cdk", "deploying", "operating"))
def test_cdk_knows_the_commands_that_stand_in_the_text(command: str, options: list[str]) -> None:
    told = subprocess.run(
        shlex.split(f"{command} --help"), cwd=PROJECT, check=True, capture_output=True, text=True
    ).stdout
    known = set(re.findall(r"--[a-z-]+", told))
    assert told.startswith(f"{command.removeprefix('npx ')} "), (
        "of a command that it does not know it tells nothing"
    )
    assert set(options) <= known


def _first_deployment(checkout: Checkout) -> None:
    setup, doctor, bootstrap = DEPLOYING["Before the first time"]
    checkout.run(setup)
    assert "ok         Security Hub" in checkout.run(doctor)
    assert "bootstrapped" in checkout.run(bootstrap)
    diff, deploy, outputs = DEPLOYING["Deploy"]
    assert "[+] AWS::Lambda::Function Triage/Function" in checkout.run(diff)
    assert "hubtriage.QueueUrl = " in checkout.run(deploy)
    assert {output["OutputKey"] for output in json.loads(checkout.run(outputs))} >= {"QueueUrl", "SweepArn"}


def _outputs(cloud: LocalCloud) -> dict[str, str]:
    described = cloud.client("cloudformation").describe_stacks(StackName="hubtriage")["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}


def _of_guardduty(seed: int) -> dict[str, Any]:
    return next(finding for finding in findings(20, seed) if finding["ProductName"] == "GuardDuty")


def _triaged(stack: DeployedStack, new: list[dict[str, Any]]) -> None:
    stack.import_findings(new)
    stack.settle()


def _watching(checkout: Checkout) -> None:
    recent, by_rule, errors, why = map(checkout.run, OPERATING["Looking"])
    assert "Workflow.Status: NEW -> SUPPRESSED  accepted" in recent
    assert "SUPPRESSED  accepted" in by_rule
    assert errors == f"{NOTHING}\n"
    assert "Workflow.Status: NEW -> SUPPRESSED  accepted" in why


def _stopping_and_resuming(checkout: Checkout, stack: DeployedStack) -> None:
    show, reopen, stop, resume = OPERATING["Stopping"]
    assert checkout.run(show).startswith("enforce: ")
    assert "enforce -> reopen" in checkout.run(reopen)
    switched = time.monotonic()
    assert "reopen -> observe" in checkout.run(stop)
    time.sleep(max(0.0, switched + FRESH - time.monotonic()))
    _triaged(stack, findings(20, seed=3))
    assert statuses(stack) == {"SUPPRESSED", "NEW"}
    assert "started a sweep" in checkout.run(resume)
    stack.settle()
    assert statuses(stack) == {"SUPPRESSED"}


def _redriving(checkout: Checkout, stack: DeployedStack) -> None:
    _dead_letter(stack, _of_guardduty(seed=4))
    _undelivered(stack, findings(20, seed=5))
    assert statuses(stack) == {"SUPPRESSED", "NEW"}
    (redrive,) = DEPLOYING["Dead letters"]
    said = checkout.run(redrive)
    assert "dead letters moved back: 1\n" in said
    assert "undelivered events forwarded: 0" not in said
    stack.settle()
    assert statuses(stack) == {"SUPPRESSED"}


def _dead_letter(stack: DeployedStack, finding: dict[str, Any]) -> None:
    """Make the finding's event one that was delivered in vain until it was given up."""
    functions, sqs = stack.cloud.client("lambda"), stack.cloud.client("sqs")
    (mapping,) = functions.list_event_source_mappings()["EventSourceMappings"]
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    stack.import_findings([finding])
    deadline = time.monotonic() + 120
    while not stack.cloud.queue_depths()[stack.outputs["DeadLetterQueueUrl"].rpartition("/")[2]]:
        assert time.monotonic() < deadline
        sqs.receive_message(QueueUrl=stack.outputs["QueueUrl"], VisibilityTimeout=0)
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


def _undelivered(stack: DeployedStack, new: list[dict[str, Any]]) -> None:
    """Import findings while the queue refuses their events, since somebody has broken its policy."""
    sqs, queue = stack.cloud.client("sqs"), stack.outputs["QueueUrl"]
    policy = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["Policy"])["Attributes"]
    denial = {"Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    broken = json.dumps({"Version": "2012-10-17", "Statement": [denial]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": broken})
    stack.import_findings(new)
    stack.rest()
    sqs.set_queue_attributes(QueueUrl=queue, Attributes=policy)


def _deploying_from_a_pipeline(checkout: Checkout) -> None:
    """With the documented rights, and nothing else; nobody answers questions there."""
    rights = statements("deploying", "In a pipeline", checkout.cloud.account)
    session = session_of(checkout.cloud, created_role(checkout.cloud, "pipeline", *rights))
    diff, _prepare, deploy = DEPLOYING["In a pipeline"]
    assert "Number of stacks with differences: 0" in checkout.run(diff, CDK_YES="false", **session)
    assert "hubtriage.QueueUrl = " in checkout.run(deploy, CDK_YES="false", **session)


def _upgrading(checkout: Checkout, stack: DeployedStack) -> None:
    """A rule is replaced by another: permissions follow, and what it did is taken back."""
    checkout.publish(ANNOTATING)
    (upgrade,) = DEPLOYING["Upgrade"]
    said = checkout.run(upgrade)
    changes = {" ".join(line.split()) for line in said.splitlines()}
    assert "[~] AWS::IAM::Role Triage/Role" in said
    assert '[+] "Sid": "NeverWorkflowStatusAsSuppressed"' in changes
    stack.settle()
    assert statuses(stack) == {"NEW"}
    assert _of_inspector(stack) == {("platform", "TRUE_POSITIVE")}
    assert {line["outcome"] for line in stack.decisions()} <= {"updated", "unchanged"}, "nothing was denied"


def _of_inspector(stack: DeployedStack) -> set[tuple[str | None, str | None]]:
    """What the upgrade's rule sets, on all that it is about."""
    found = [f for f in stack.findings().values() if f["ProductName"] == "Inspector"]
    return {
        (f.get("UserDefinedFields", {}).get("team"), f.get("VerificationState"))
        for f in found
        if f["RecordState"] == "ACTIVE"
    }


def _restoring(checkout: Checkout, stack: DeployedStack) -> None:
    """The ledger is copied into another table as it was a moment ago, which takes over."""
    held = dict(ledger_items(checkout.cloud, "hubtriage-ledger"))
    time.sleep(1.0)
    reopen, restore, *protect, deploy, rebuild, enforce = OPERATING["Restoring the ledger"]
    checkout.run(reopen)
    checkout.run(restore, instead={SAMPLE_TIME: _stamp(datetime.now(UTC))})
    for command in protect:
        checkout.run(command)
    checkout.run(deploy)
    hour_before = _stamp(datetime.now(UTC) - timedelta(hours=1))
    said = checkout.run(rebuild, answer="y\n", instead={REBUILT_SINCE: hour_before})
    assert "0 entries written" in said
    assert dict(ledger_items(checkout.cloud, "hubtriage-ledger-2")) == held
    assert held
    updates = len(checkout.cloud.control.updates())
    checkout.run(enforce)
    stack.settle()
    assert len(checkout.cloud.control.updates()) == updates


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _removing(checkout: Checkout, stack: DeployedStack) -> None:
    take_back, destroy = DEPLOYING["Remove"]
    checkout.run(take_back, answer="y\n")
    stack.settle()
    assert _of_inspector(stack) == {("platform", "UNKNOWN")}, "AWS: user-defined fields cannot be emptied"
    assert "hubtriage: destroyed" in checkout.run(destroy)
    cloud = checkout.cloud
    left = cloud.client("cloudformation").list_stacks(
        StackStatusFilter=["CREATE_COMPLETE", "UPDATE_COMPLETE"]
    )
    assert [each["StackName"] for each in left["StackSummaries"]] == ["CDKToolkit"]
    assert cloud.client("lambda").list_functions()["Functions"] == []
    assert next(cloud.log_messages(stack.outputs["LogGroupName"])), "the record of decisions stays"
    assert _tables(cloud) == ["hubtriage-ledger", "hubtriage-ledger-2"], "and so does the ledger"
    for command in DEPLOYING["The ledger"]:
        checkout.run(command)
    assert _tables(cloud) == ["hubtriage-ledger-2"]


def _tables(cloud: LocalCloud) -> list[str]:
    names: list[str] = cloud.client("dynamodb").list_tables()["TableNames"]
    return sorted(names)
