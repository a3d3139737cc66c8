"""`hubtriage package` on the local AWS: its printed commands create, update and replace a stack of CDK."""

import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from hubtriage.localaws.cloud import LocalCloud
from hubtriage.localaws.findings import generate
from hubtriage.localaws.securityhub.settings import HubSettings
from hubtriage.localaws.synth import FOR_THIS_MACHINE
from hubtriage.packaging.instructions import PLACEHOLDER
from tests.e2e.documented import commands
from tests.support import aws_cli
from tests.support.deployed_stack import SHORT_WINDOW, DeployedStack, built_stack
from tests.support.paths import ROOT
from tests.support.terminals import environment

pytestmark = pytest.mark.e2e

BUCKET = "code-of-triage"
ARCHITECTURE = {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x86_64")
RULE = """\
  - id: {id}
    ceiling: CRITICAL
    match: {{ProductName: [{product}]}}
    update: {{Workflow: {{Status: SUPPRESSED}}, Note: {{Text: Accepted.}}}}
"""


def documented(heading: str) -> str:
    """The block under a heading of the page, without its first line, which enters the folder."""
    section = (ROOT / "docs" / "without-cdk.md").read_text().partition(f"## {heading}\n")[2]
    return section.partition("```sh\n")[2].partition("```\n")[0].partition("\n")[2]


@pytest.fixture
def cloud() -> Iterator[LocalCloud]:
    with LocalCloud(HubSettings.still(), batching_window=SHORT_WINDOW) as started:
        yield started


def rules(folder: Path, *products: str) -> Path:
    folder.mkdir(exist_ok=True)
    texts = (RULE.format(id=product.lower(), product=product) for product in products)
    (folder / "rules.yaml").write_text("rules:\n" + "".join(texts))
    return folder


def packaged(folder: Path) -> str:
    """Write the package of a folder's rules into its folder `out`; return what is printed to run next."""
    (folder / "hubtriage.toml").write_text(f'architecture = "{ARCHITECTURE}"\nbatch-window-seconds = 1\n')
    done = subprocess.run(
        [sys.executable, "-m", "hubtriage", "package", "--out", str(folder / "out")],
        cwd=folder,
        env=environment(PYTHONPATH=str(ROOT), CDK_VALIDATION="false", **{FOR_THIS_MACHINE: "1"}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(autouse=True)
def _impatient(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the AWS CLI look twice a second if a stack is ready: it waits for 30 seconds each time."""
    folder = tmp_path_factory.mktemp("impatient")
    (folder / "sitecustomize.py").write_text(
        "import time\nsleep = time.sleep\ntime.sleep = lambda seconds: sleep(min(seconds, 0.5))\n"
    )
    monkeypatch.setenv("IMPATIENT", str(folder))


def run(cloud: LocalCloud, script: str) -> str:
    options = f"set -e\nexport PYTHONPATH={os.environ['IMPATIENT']}\n"
    done = aws_cli.run_as_printed(cloud, options + script.replace(PLACEHOLDER, BUCKET))
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def outputs(cloud: LocalCloud) -> Mapping[str, str]:
    (stack,) = cloud.client("cloudformation").describe_stacks(StackName="hubtriage")["Stacks"]
    assert {tag["Key"]: tag["Value"] for tag in stack.get("Tags", [])} == {"application": "hubtriage"}
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def findings(product: str, count: int = 3) -> list[dict[str, Any]]:
    made = generate(200, seed=7, producers=(product.lower(),), touched=0)
    return [finding for finding in made if finding["ProductName"] == product][:count]


def statuses(stack: DeployedStack) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for finding in stack.findings().values():
        found.setdefault(finding["ProductName"], set()).add(finding["Workflow"]["Status"])
    return found


def test_the_printed_commands_create_a_stack_and_update_it(cloud: LocalCloud, tmp_path: Path) -> None:
    rules(tmp_path / "rules", "GuardDuty")
    run(cloud, f"aws s3 mb s3://{BUCKET}")
    run(cloud, packaged(tmp_path))
    cloud.wait_until_idle()
    stack = DeployedStack(cloud, outputs(cloud))
    stack.import_findings([*findings("GuardDuty"), *findings("Inspector")])
    stack.settle()
    assert statuses(stack) == {"GuardDuty": {"SUPPRESSED"}, "Inspector": {"NEW"}}
    before = code_of(cloud, stack)

    rules(tmp_path / "rules", "GuardDuty", "Inspector")
    run(cloud, again := packaged(tmp_path))
    assert again == f"cd {tmp_path / 'out'}\n\n{documented('Deploy it')}", "the page shows what is printed"
    cloud.wait_until_idle()
    updated = outputs(cloud)
    assert {name for name in updated if updated[name] != stack.outputs[name]} == {"RulesHash", "RulesCount"}
    assert code_of(cloud, stack) != before, "CloudFormation has seen that the code is another"
    stack.rest()
    assert statuses(stack)["Inspector"] == {"SUPPRESSED"}, "the sweep of the deployment has brought the rule"
    assert "No changes to deploy" in run(cloud, again)

    table = stack.outputs["LedgerTableName"]
    take_back, *remove = commands("without-cdk")["Remove"]
    assert take_back == "hubtriage sweep --take-back", "test_documented_commands.py runs it"
    run(cloud, "\n".join(remove))
    assert table in cloud.client("dynamodb").list_tables()["TableNames"], "the ledger outlives the stack"


def code_of(cloud: LocalCloud, stack: DeployedStack) -> str:
    name = stack.outputs["FunctionName"]
    answer = cloud.client("lambda").get_function_configuration(FunctionName=name)
    return str(answer["CodeSha256"])


def test_a_stack_of_cdk_goes_on_as_plain_cloudformation_and_back(cloud: LocalCloud, tmp_path: Path) -> None:
    assembly = built_stack(rules(tmp_path / "rules", "GuardDuty"), tmp_path / "cdk.out")
    (first,) = cloud.deploy(assembly).values()
    cloud.wait_until_idle()
    stack = DeployedStack(cloud, first)
    stack.import_findings(findings("GuardDuty"))
    stack.settle()
    entries, resources = stack.ledger(), physical(cloud)
    assert len(entries) == 3

    run(cloud, f"aws s3 mb s3://{BUCKET}")
    run(cloud, packaged(tmp_path))
    cloud.wait_until_idle()
    assert physical(cloud) == resources, "no resource was made, removed or replaced"
    assert dict(outputs(cloud)) == dict(first)
    assert stack.ledger().keys() == entries.keys()
    stack.import_findings(findings("GuardDuty", 6))
    stack.settle()
    assert statuses(stack) == {"GuardDuty": {"SUPPRESSED"}}
    assert len(stack.ledger()) == 6

    cloud.deploy(assembly)
    cloud.wait_until_idle()
    assert physical(cloud) == resources


def physical(cloud: LocalCloud) -> dict[str, str]:
    """The physical ids of the stack's resources by their logical ids."""
    pages = (
        cloud.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName="hubtriage")
    )
    found = [each for page in pages for each in page["StackResourceSummaries"]]
    assert len(found) > 50
    return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found}
