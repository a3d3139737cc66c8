"""`hubtriage doctor` with IAM in force: its documented policy is enough, and what is missing is told."""

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from click.testing import CliRunner, Result

from hubtriage.cli.main import cli
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.support.acting import created_role, session_of
from tests.support.deployed_stack import DeployedStack, built_stack, deployed_stack
from tests.support.paths import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PAGE = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")
RULES = """\
rules:
  - id: accepted
    match: {ProductName: [GuardDuty]}
    ceiling: HIGH
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}
"""


def policy(*without: str) -> dict[str, Any]:
    """The policy of the page, which is about the local AWS's account and Region."""
    found = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert found
    document: dict[str, Any] = json.loads(found[1])
    look = document["Statement"][0]
    look["Action"] = [action for action in look["Action"] if action not in without]
    return document


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedStack]:
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "rules").mkdir()
    (folder / "rules" / "rules.yaml").write_text(RULES)
    assembly = built_stack(folder / "rules", folder / "out")
    with deployed_stack(assembly, HubSettings.still(), auth=True) as stack:
        stack.folder = folder / "rules"  # type: ignore[attr-defined]
        yield stack


number = itertools.count(1)


@pytest.fixture
def examined(guarded: DeployedStack, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function: runs doctor as a role that has a policy and nothing else."""

    def run(document: dict[str, Any], *arguments: str) -> tuple[Result, dict[str, dict[str, Any]]]:
        role = created_role(guarded.cloud, f"doctor-{next(number)}", *document["Statement"])
        for name, value in (guarded.cloud.environment | session_of(guarded.cloud, role)).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it keeps the credentials of the last run
        rules = guarded.folder  # type: ignore[attr-defined]
        done = CliRunner().invoke(cli, ["doctor", "--json", "--rules", str(rules), *arguments])
        return done, {check["check"]: check for check in json.loads(done.stdout)["checks"]}

    return run


def test_the_documented_policy_is_enough(guarded: DeployedStack, examined: Any) -> None:
    done, found = examined(policy(), "--probe-udf")
    assert {name: check for name, check in found.items() if check["status"] in ("unchecked", "problem")} == {}
    assert done.exit_code == 0
    assert found["udf"]["data"]["udf"] == "replace"
    missing = set(found["caller"]["data"]["missing"])
    assert missing == {"cdk deploy", "deploy", "logs", "why", "mode", "sweep", "redrive"}
    assert "no policy allows it" in " ".join(found["caller"]["details"])


EACH = [
    pytest.param("securityhub:DescribeHub", {"hub"}, id="the hub"),
    pytest.param("securityhub:ListMembers", {"administrator"}, id="members"),
    pytest.param("securityhub:GetFindingAggregator", {"aggregation"}, id="the aggregator"),
    pytest.param("securityhub:ListAutomationRules", {"automation-rules", "quotas"}, id="automation rules"),
    pytest.param("securityhub:GetFindings", {"automation-rules", "hidden"}, id="findings"),
    pytest.param("cloudformation:GetTemplate", {"rules", "hidden"}, id="the template"),
    pytest.param("cloudwatch:GetMetricStatistics", {"ledger-throttling"}, id="metrics"),
    pytest.param("dynamodb:DescribeTable", {"ledger", "ledger-entries", "hidden"}, id="tables"),
    pytest.param("dynamodb:DescribeTimeToLive", {"ledger"}, id="how items end"),
    pytest.param("dynamodb:Scan", {"ledger-entries", "hidden"}, id="entries"),
    pytest.param("dynamodb:DescribeContinuousBackups", {"ledger"}, id="backups of tables"),
    pytest.param("events:ListRules", {"quotas"}, id="rules of the bus"),
    pytest.param("iam:SimulatePrincipalPolicy", {"caller", "function"}, id="the simulator"),
    pytest.param("ssm:GetParameter", {"mode"}, id="parameters"),
    pytest.param("sqs:GetQueueAttributes", {"function", "ledger", "queues"}, id="queues"),
    pytest.param("states:ListExecutions", {"sweep"}, id="executions"),
    pytest.param("sns:ListSubscriptionsByTopic", {"alarms", "notices"}, id="subscriptions"),
]


@pytest.mark.parametrize(("action", "unchecked"), EACH)
def test_what_may_not_be_looked_at_is_told_and_the_rest_is_checked(
    examined: Any, action: str, unchecked: set[str]
) -> None:
    done, found = examined(policy(action))
    assert {name for name, check in found.items() if check["status"] == "unchecked"} == unchecked
    assert not any(check["status"] == "problem" for check in found.values())
    assert done.exit_code == 0


def test_without_any_permission_every_check_says_so(examined: Any) -> None:
    done, found = examined({"Version": "2012-10-17", "Statement": policy()["Statement"][1:]})
    assert {check["status"] for check in found.values()} == {"unchecked"}
    assert done.exit_code == 0
    assert "docs/doctor.md" in found["hub"]["do"]
