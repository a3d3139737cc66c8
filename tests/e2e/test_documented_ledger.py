"""The commands of docs/ledger.md in their order, with IAM in force and the rights that the page gives."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hubtriage.localaws.cloud import LocalCloud
from hubtriage.localaws.findings import generate
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.e2e.documented import Checkout, cloned, commands, statements
from tests.support.acting import created_role, session_of
from tests.support.deployed_stack import DeployedStack, ledger_items

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

DEPLOYING, LEDGER = commands("deploying"), commands("ledger")
RULES = """\
rules:
  - id: sandbox-public-buckets
    match: {ProductName: [GuardDuty]}
    ceiling: CRITICAL
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}
"""
SAMPLE = "0f6c5a53-9a3e-4e7b-8b0e-2f0f6a1c9d11"
PRODUCT = "arn:aws:securityhub:eu-central-1::product/aws/securityhub"
FINDING_ID = f"arn:aws:securityhub:eu-central-1:111122223333:security-control/S3.8/finding/{SAMPLE}"
OURS = "hubtriage ledger "


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    with LocalCloud(HubSettings.still(), auth=True) as cloud:
        yield cloned(tmp_path, cloud, RULES, sweep_wait_seconds=1)


def test_the_ledger_is_kept_lost_and_moved_by_the_documented_commands(checkout: Checkout) -> None:
    cloud = checkout.cloud
    checkout.run(DEPLOYING["Before the first time"][-1])
    checkout.run(DEPLOYING["Deploy"][1])
    stack = DeployedStack(cloud, _outputs(cloud, "hubtriage"))
    found = next(
        f for f in generate(9, seed=1, producers=("guardduty",), touched=0) if f["RecordState"] == "ACTIVE"
    )
    cloud.control.plant([{**found, "ProductArn": PRODUCT, "Id": FINDING_ID}])
    stack.settle()
    operator = Operator(checkout)

    (show,) = LEDGER["Look at one entry"]
    assert "Workflow.Status: SUPPRESSED  sandbox-public-buckets; since" in operator.run(show)
    (export,) = LEDGER["Back it up"]
    assert "1 entry in ledger.jsonl.gz" in operator.run(export)
    _lost(checkout, operator)
    _moved(checkout, operator)
    finding, key, get, *scans = LEDGER["Look with AWS's own tools"]
    assert '"format":1' in checkout.run(f"{finding}\n{key}\n{get}")
    assert all(SAMPLE in checkout.run(command) for command in scans)
    ran = {line for command in checkout.ran for line in command.splitlines()}
    assert {line for lines in LEDGER.values() for line in lines} <= ran


class Operator:
    """Runs our commands with the rights of the page, and all others as an administrator."""

    def __init__(self, checkout: Checkout) -> None:
        cloud = checkout.cloud
        rights = statements("ledger", "What an operator may", cloud.account)
        self._checkout, self._session = checkout, session_of(cloud, created_role(cloud, "operator", *rights))

    def run(self, command: str) -> str:
        session = self._session if command.startswith(OURS) else {}
        return self._checkout.run(command, answer="y\n", **session)


def _lost(checkout: Checkout, operator: Operator) -> None:
    tables, table = checkout.cloud.client("dynamodb"), "hubtriage-ledger"
    held = {key: item["entry"] for key, item in ledger_items(checkout.cloud, table)}
    assert len(held) == 1
    tables.update_table(TableName=table, DeletionProtectionEnabled=False)
    tables.delete_table(TableName=table)
    said = [operator.run(command) for command in LEDGER["Lose it, and get it back"]]
    assert "1 entry written" in said[-2]
    assert {key: item["entry"] for key, item in ledger_items(checkout.cloud, table)} == held
    described = tables.describe_table(TableName=table)["Table"]
    assert described["DeletionProtectionEnabled"]
    checkout.cloud.wait_until_idle(120)


def _moved(checkout: Checkout, operator: Operator) -> None:
    said = [operator.run(command) for command in LEDGER["Move it to another stack"]]
    assert "1 entry would be written" in said[3]
    assert "triage's own: updates by arn:aws:iam::" in said[4]
    assert "1 entry written" in said[4]
    checkout.cloud.wait_until_idle(120)
    assert len(dict(ledger_items(checkout.cloud, "hubtriage-2-ledger"))) == 1
    assert len(checkout.cloud.control.updates()) == 1, "the one that hid the finding"


def _outputs(cloud: LocalCloud, stack: str) -> dict[str, str]:
    described = cloud.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}
