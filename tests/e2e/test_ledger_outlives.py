"""The ledger outlives its stack: a stack that is made again has to be told which table is its ledger."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hubtriage.localaws.cloud import LocalCloud
from hubtriage.localaws.deploy import DeploymentError
from hubtriage.localaws.findings import generate
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.support.deployed_stack import DeployedStack, built_stack

pytestmark = pytest.mark.e2e

TAGGING = """\
rules:
  - id: tagged
    match: {ProductName: [Inspector]}
    update: {UserDefinedFields: {team: platform}}
  - id: weighed
    match: {ProductName: [Inspector]}
    update: {Criticality: 5}
"""
HIDING = f"""{TAGGING}\
  - id: accepted
    match: {{ProductName: [GuardDuty]}}
    ceiling: HIGH
    update: {{Workflow: {{Status: SUPPRESSED}}, Note: {{Text: Accepted.}}}}
"""
TABLE = "hubtriage-ledger"


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloud]:
    with LocalCloud(HubSettings.still()) as made:
        yield made


def _assembly(folder: Path, rules: str, **settings: Any) -> Path:
    folder.mkdir()
    (folder / "rules").mkdir()
    (folder / "rules" / "rules.yaml").write_text(rules)
    return built_stack(folder / "rules", folder / "out", **settings)


def _deployed(cloud: LocalCloud, assembly: Path) -> DeployedStack:
    (outputs,) = cloud.deploy(assembly).values()
    cloud.wait_until_idle()
    return DeployedStack(cloud, outputs)


def _statuses(stack: DeployedStack) -> set[str]:
    found = stack.findings().values()
    return {finding["Workflow"]["Status"] for finding in found if finding["ProductName"] == "GuardDuty"}


def test_a_stack_that_is_made_again_takes_back_what_the_old_one_hid(
    cloud: LocalCloud, tmp_path: Path
) -> None:
    first = _assembly(tmp_path / "first", HIDING)
    stack = _deployed(cloud, first)
    assert stack.outputs["LedgerTableName"] == TABLE
    stack.import_findings(list(generate(20, seed=3, producers=("guardduty", "inspector"), touched=0)))
    stack.settle()
    assert _statuses(stack) == {"SUPPRESSED"}
    cloud.destroy(first)
    assert cloud.client("dynamodb").describe_table(TableName=TABLE)["Table"]["DeletionProtectionEnabled"]

    with pytest.raises(DeploymentError, match=r"already exists|AlreadyExists|ResourceInUse"):
        cloud.deploy(_assembly(tmp_path / "forgetful", TAGGING))
    cloud.destroy(first)  # what is left of it

    again = _deployed(cloud, _assembly(tmp_path / "again", TAGGING, ledger_table=TABLE))
    again.settle()
    assert _statuses(again) == {"NEW"}


def test_the_table_cannot_be_deleted_by_mistake(cloud: LocalCloud) -> None:
    with pytest.raises(ClientError, match="protect"):
        cloud.client("dynamodb").delete_table(TableName=TABLE)
