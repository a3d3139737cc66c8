"""Deployments of other rules, with IAM in force: the stack refuses them, and CloudFormation rolls back."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubtriage.aws.deployment.record import read_record
from hubtriage.localaws.deploy import DeploymentError
from hubtriage.localaws.sample_rules import SAMPLE_RULES
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.support.deployed_stack import DeployedStack, built_stack, deployed_stack

pytestmark = pytest.mark.e2e

ORIGIN = "https://ana:s3cret@git.example.com/sec/rules.git"


def rule(name: str) -> str:
    return f"  - {{id: {name}, match: {{ProductName: [Macie]}}, update: {{Criticality: 50}}}}\n"


def git(folder: Path, *arguments: str, at: int) -> None:
    who = ("-c", "user.name=Ana", "-c", "user.email=ana@example.com", "-c", "commit.gpgsign=false")
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_COMMITTER_DATE": f"{at} +0000"}
    subprocess.run(["git", *who, *arguments], cwd=folder, env=environment, check=True, capture_output=True)


def repository(folder: Path, *names: str, at: int = 1_800_000_000, origin: str = ORIGIN) -> Path:
    """A folder with these rules, committed in a repository with this remote."""
    rules = folder / "rules"
    rules.mkdir(parents=True)
    (rules / "rules.yaml").write_text("rules:\n" + "".join(map(rule, names)))
    git(folder, "init", "--quiet", at=at)
    git(folder, "remote", "add", "origin", origin, at=at)
    git(folder, "add", ".", at=at)
    git(folder, "commit", "--quiet", "--message", "Rules", at=at)
    return rules


def assembly(folder: Path, *names: str, replace: str = "false", **options: object) -> Path:
    """What CDK makes of such rules."""
    return built_stack(repository(folder, *names, **options), folder / "out", replace=replace)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedStack]:
    first = assembly(tmp_path_factory.mktemp("first"), "a", "b", "c")
    with deployed_stack(first, HubSettings.still(), auth=True) as deployed:
        yield deployed


def described(stack: DeployedStack) -> tuple[str, dict[str, str]]:
    """The stack's status and outputs."""
    found = stack.cloud.client("cloudformation").describe_stacks(StackName="hubtriage")["Stacks"][0]
    assert "git.example.com/sec/rules, folder rules" in found["Description"]
    return found["StackStatus"], {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}


def test_the_outputs_name_the_rules(stack: DeployedStack) -> None:
    _status, outputs = described(stack)
    assert outputs["RulesFolder"] == "rules"
    assert outputs["RulesRepository"] == "git.example.com/sec/rules"
    assert outputs["RulesCount"] == "3"
    assert len(outputs["RulesRevision"]) == 12
    assert len(outputs["RulesHash"]) == 16


@pytest.mark.parametrize(
    ("names", "options", "words"),
    [
        pytest.param("abd", {"at": 1_700_000_000}, "is earlier than the deployed", id="an earlier revision"),
        pytest.param(
            "abd",
            {"origin": "git@git.example.com:dev/rules"},
            "they are of git.example.com/dev/rules",
            id="another repository",
        ),
        pytest.param("ade", {}, "2 of the 3 rules that are deployed are gone", id="most rules are gone"),
    ],
)
def test_other_rules_are_refused_before_anything_changes(
    stack: DeployedStack, tmp_path: Path, names: str, options: dict[str, object], words: str
) -> None:
    _status, before = described(stack)
    other = assembly(tmp_path, *names, **options)
    with pytest.raises(
        DeploymentError, match=r"(?s)hubtriage is UPDATE_ROLLBACK_COMPLETE: .*refused: "
    ) as error:
        stack.redeploy(other)
    assert words in str(error.value)
    assert "cdk deploy -c hubtriage:replace=true" in str(error.value)
    status, after = described(stack)
    assert (status, after) == ("UPDATE_ROLLBACK_COMPLETE", before)
    changed = changed_resources(stack)
    assert changed
    assert all(name.startswith("Deployment") for name in changed), changed


def changed_resources(stack: DeployedStack) -> set[str]:
    """What CloudFormation has begun to change since the last time that it began."""
    pages = stack.cloud.client("cloudformation").get_paginator("describe_stack_events")
    changed: set[str] = set()
    for page in pages.paginate(StackName="hubtriage"):
        for event in page["StackEvents"]:
            if event["LogicalResourceId"] == "hubtriage":
                if event["ResourceStatus"] == "UPDATE_IN_PROGRESS":
                    return changed
            elif event["ResourceStatus"].endswith("_IN_PROGRESS"):
                changed.add(event["LogicalResourceId"])
    raise AssertionError("there was no update")


def test_the_samples_replace_own_rules_only_if_a_person_says_so(stack: DeployedStack, tmp_path: Path) -> None:
    with pytest.raises(DeploymentError, match="the sample rules of hubtriage would replace 3 rules of git"):
        stack.redeploy(built_stack(SAMPLE_RULES, tmp_path / "refused", replace="false"))


def test_a_deployment_that_fails_later_is_rolled_back_although_that_brings_back_an_earlier_revision(
    stack: DeployedStack, tmp_path: Path
) -> None:
    newer = assembly(tmp_path, "a", "b", "c", "d", at=1_900_000_000)
    path = newer / "hubtriage.template.json"
    template = json.loads(path.read_text())
    resources = template["Resources"]
    (function,) = (
        name
        for name, one in resources.items()
        if one["Type"] == "AWS::Lambda::Function" and name.startswith("DeploymentFunction")
    )
    properties = {"ServiceToken": {"Fn::GetAtt": [function, "Arn"]}, "ServiceTimeout": "3"}
    resources["Broken"] = {"Type": "Custom::Unknown", "Properties": properties, "DependsOn": list(resources)}
    path.write_text(json.dumps(template))
    record = read_record(stack.cloud.client("ssm"), "hubtriage")
    with pytest.raises(DeploymentError, match="hubtriage is UPDATE_ROLLBACK_COMPLETE: Broken"):
        stack.redeploy(newer)
    assert read_record(stack.cloud.client("ssm"), "hubtriage") == record
    assert described(stack)[1]["RulesCount"] == "3"
    stack.redeploy(assembly(tmp_path / "again", "a", "b", "c", "d", at=1_900_000_000))
    assert described(stack)[1]["RulesCount"] == "4"


def test_what_a_person_wants_replaced_is_replaced(stack: DeployedStack, tmp_path: Path) -> None:
    stack.redeploy(assembly(tmp_path, "x", at=1_000_000_000, replace="true"))
    status, outputs = described(stack)
    assert (status, outputs["RulesCount"]) == ("UPDATE_COMPLETE", "1")
    stack.redeploy(built_stack(tmp_path / "rules", tmp_path / "again", replace="false"))
