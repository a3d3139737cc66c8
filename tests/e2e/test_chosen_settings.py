"""A stack of another name, with its own key, bounded and tagged, in two Regions that stand alone.

Everything that finds its way by names has to work there too: triage, its switch, its sweep, and the commands.
"""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hubtriage.aws.ledger.item import FINDING
from hubtriage.cli.main import cli
from hubtriage.localaws.cloud import LocalCloud
from tests.support.deployed_stack import built_stack

pytestmark = pytest.mark.e2e

HERE, THERE = "eu-central-1", "us-east-1"
STACK = "sec-triage"
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
RULES = """
rules:
  - id: noisy
    match: {GeneratorId: [noisy]}
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}
"""


def _finding(region: str, account: str) -> dict[str, Any]:
    return {
        "SchemaVersion": "2018-10-08",
        "Id": f"finding-of-{region}",
        "ProductArn": f"arn:aws:securityhub:{region}:{account}:product/{account}/default",
        "GeneratorId": "noisy",
        "AwsAccountId": account,
        "CreatedAt": "2026-10-01T00:00:00Z",
        "UpdatedAt": "2026-10-01T00:00:00Z",
        "Title": "T",
        "Description": "D",
        "Severity": {"Label": "LOW"},
        "Types": ["Software and Configuration Checks"],
        "Resources": [{"Type": "Other", "Id": "x"}],
    }


class Place:
    """One Region: its findings, and the commands as somebody runs them who works there."""

    def __init__(self, cloud: LocalCloud, assembly: Path) -> None:
        self.cloud = cloud
        self.hub = cloud.client("securityhub")
        if cloud.region != HERE:
            self.hub.enable_security_hub(EnableDefaultStandards=False)
        (self.outputs,) = cloud.deploy(assembly).values()

    def import_finding(self) -> None:
        answer = self.hub.batch_import_findings(Findings=[_finding(self.cloud.region, self.cloud.account)])
        assert answer["FailedCount"] == 0, answer

    def status(self) -> str:
        (finding,) = self.hub.get_findings()["Findings"]
        status: str = finding["Workflow"]["Status"]
        return status

    def remembered(self) -> list[str]:
        """The Ids of the findings in the ledger of this Region."""
        items = self.cloud.client("dynamodb").scan(TableName=f"{STACK}-ledger")["Items"]
        return [json.loads(item[FINDING]["S"])[1] for item in items if FINDING in item]

    def run(self, *arguments: str) -> str:
        # The older variable is what boto3 itself reads; the newer one has to win, as with CDK.
        environment = self.cloud.environment | {"AWS_DEFAULT_REGION": "sa-east-1"}
        result = CliRunner().invoke(cli, [*arguments, "--stack", STACK], env=environment)
        assert result.exit_code == 0, result.output
        return result.output


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Place]]:
    folder = tmp_path_factory.mktemp("chosen")
    (folder / "rules").mkdir()
    (folder / "rules" / "rules.yaml").write_text(RULES)
    with LocalCloud() as cloud:
        keys = [f"arn:aws:kms:{region}:{cloud.account}:key/{KEY_ID}" for region in (HERE, THERE)]
        assembly = built_stack(
            folder / "rules",
            folder / "assembly",
            stack_name=STACK,
            regions=[HERE, THERE],
            kms_keys=keys,
            permission_boundary=f"arn:aws:iam::{cloud.account}:policy/boundary",
            tags=["team=security"],
            initial_mode="observe",
        )
        yield {region: Place(cloud.seen_from(region), assembly) for region in (HERE, THERE)}


def _eventually(holds: Callable[[], bool], timeout: float = 60.0) -> bool:
    deadline = time.monotonic() + timeout
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(1.0)  # the quota of GetFindings is shared with the stack's own readings
    return True


def test_each_region_has_its_stack_and_works_by_itself_from_the_first_mode_on(places):
    here, there = places[HERE], places[THERE]
    for place in (here, there):
        assert place.run("mode").startswith("observe: ")
        place.import_finding()
    assert _eventually(lambda: "noisy" in there.run("logs", "--since", "1h")), "it looks, and leaves it alone"
    assert (here.status(), there.status()) == ("NEW", "NEW")
    said = there.run("mode", "enforce")
    assert "observe -> enforce" in said
    assert f":{THERE}:" in said, "the sweep of that Region"
    assert _eventually(lambda: there.status() == "SUPPRESSED")
    assert here.status() == "NEW", "nobody has let that one write"
    assert here.run("mode").startswith("observe: ")
    assert "noisy" in there.run("why", f"finding-of-{THERE}")
    assert (here.remembered(), there.remembered()) == ([], [f"finding-of-{THERE}"])


def test_the_dashboards_of_two_regions_have_names_of_their_own(places):
    names = {
        entry["DashboardName"]
        for place in places.values()
        for entry in place.cloud.client("cloudwatch").list_dashboards()["DashboardEntries"]
    }
    assert names == {f"{STACK}-{HERE}", f"{STACK}-{THERE}"}


def test_queues_are_encrypted_with_the_key_of_their_region(places):
    for region, place in places.items():
        answer = place.cloud.client("sqs").get_queue_attributes(
            QueueUrl=place.outputs["QueueUrl"], AttributeNames=["KmsMasterKeyId", "Policy"]
        )["Attributes"]
        assert answer["KmsMasterKeyId"] == f"arn:aws:kms:{region}:{place.cloud.account}:key/{KEY_ID}"
        senders = [item for item in json.loads(answer["Policy"])["Statement"] if item["Effect"] == "Deny"]
        assert any(item.get("Sid") == "RefuseOtherSenders" for item in senders)
