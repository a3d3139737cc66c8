"""One repository, two targets: each gets a stack with its own rules; commands act on the chosen one."""

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner, Result

from hubtriage.cli.main import cli
from hubtriage.localaws.cloud import LocalCloud
from hubtriage.localaws.synth import FOR_THIS_MACHINE, context
from hubtriage.settings.targets import VARIABLE

pytestmark = pytest.mark.e2e

LAB_ACCOUNT = "111122223333"
TOML = """\
stack-name = "triage"
batch-window-seconds = 1
initial-mode = "observe"

[target.prod-eu]
account = "{account}"
home-region = "eu-central-1"
profile = "prod"

[target.lab]
account = "{lab}"
regions = ["us-east-1"]
rules = "lab"
initial-mode = "enforce"
profile = "lab"
"""
RULE = """\
rules:
  - id: {name}
    match: {{GeneratorId: [noisy]}}
    update: {{Workflow: {{Status: SUPPRESSED}}, Note: {{Text: Accepted in {name}.}}}}
"""


class TargetHub:
    """A hub as it is seen by its own people."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.cloud = cloud
        self.hub = cloud.client("securityhub")
        self._place = f"arn:aws:securityhub:{cloud.region}:{cloud.account}"

    def import_finding(self) -> None:
        finding = {
            "SchemaVersion": "2018-10-08",
            "Id": f"finding-of-{self.cloud.region}",
            "ProductArn": f"{self._place}:product/{self.cloud.account}/default",
            "GeneratorId": "noisy",
            "AwsAccountId": self.cloud.account,
            "CreatedAt": "2026-10-01T00:00:00Z",
            "UpdatedAt": "2026-10-01T00:00:00Z",
            "Title": "T",
            "Description": "D",
            "Severity": {"Label": "LOW"},
            "Types": ["Software and Configuration Checks"],
            "Resources": [{"Type": "Other", "Id": "x"}],
        }
        answer = self.hub.batch_import_findings(Findings=[finding])
        assert answer["FailedCount"] == 0, answer

    def finding(self) -> dict[str, Any]:
        (finding,) = self.hub.get_findings()["Findings"]
        return dict(finding)


class RulesRepository:
    """The folder with `hubtriage.toml`, and both hubs that it deploys to."""

    def __init__(self, folder: Path, environment: dict[str, str], **hubs: TargetHub) -> None:
        self.folder, self.environment, self.hubs = folder, environment, hubs

    def run(self, *arguments: str, **environment: str) -> Result:
        """Run a command as in a shell of its own: what its options set in the environment ends with it."""
        boto3.DEFAULT_SESSION = None
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "environ", os.environ.copy())
            os.environ |= {**self.environment, **environment}
            return CliRunner().invoke(cli, arguments)

    def synthesize(self, target: str) -> Path:
        """Synthesize as `npx cdk` does here: with the target in the environment, or in the context."""
        import aws_cdk as cdk

        from infra import app

        assembly = self.folder / "cdk.out" / target
        given = context(Path())
        del given["hubtriage:rules"]
        if target == "lab":
            os.environ[VARIABLE] = target
        else:
            given["hubtriage:target"] = target
        try:
            made = cdk.App(
                outdir=str(assembly),
                context={**app.project_context(), **given},
                builtin_cloud_formation_validation=False,
            )
            app.synthesize(made)
        finally:
            os.environ.pop(VARIABLE, None)
        return assembly


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RulesRepository]:
    folder = tmp_path_factory.mktemp("targets")
    with LocalCloud() as cloud, pytest.MonkeyPatch.context() as patch:
        os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")
        patch.setenv(FOR_THIS_MACHINE, "1")
        patch.chdir(folder)
        lab = cloud.seen_from("us-east-1", account=LAB_ACCOUNT)
        lab.client("securityhub").enable_security_hub(EnableDefaultStandards=False)
        (folder / "hubtriage.toml").write_text(TOML.format(account=cloud.account, lab=LAB_ACCOUNT))
        for name in ("rules", "lab"):
            (folder / name).mkdir()
            (folder / name / "rules.yaml").write_text(RULE.format(name=f"of-{name}"))
        profiles = {"prod": cloud.account, "lab": LAB_ACCOUNT}
        (folder / "aws").write_text(
            "".join(
                f"[profile {name}]\naws_access_key_id = {account}\naws_secret_access_key = local\n"
                for name, account in profiles.items()
            )
        )
        keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
        environment = {name: value for name, value in cloud.environment.items() if name not in keys}
        made = RulesRepository(
            folder,
            environment | {"AWS_CONFIG_FILE": str(folder / "aws")},
            **{"prod-eu": TargetHub(cloud), "lab": TargetHub(lab)},
        )
        for target, hub in made.hubs.items():
            (outputs,) = hub.cloud.deploy(made.synthesize(target)).items()
            assert outputs[0] == "triage"
        yield made


@pytest.fixture(autouse=True)
def _in_the_repository(repository: RulesRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository.folder)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)


def _eventually(holds: Callable[[], bool], timeout: float = 60.0) -> bool:
    deadline = time.monotonic() + timeout
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(1.0)  # the quota of GetFindings is shared with the stack's own readings
    return True


def test_each_stack_acts_on_its_hub_only_and_commands_on_that_of_their_target(
    repository: RulesRepository,
) -> None:
    prod, lab = repository.hubs["prod-eu"], repository.hubs["lab"]
    for hub in (prod, lab):
        hub.import_finding()
    assert _eventually(lambda: lab.finding()["Workflow"]["Status"] == "SUPPRESSED")
    assert "Accepted in of-lab." in lab.finding()["Note"]["Text"]
    assert prod.finding()["Workflow"]["Status"] == "NEW", "it begins with observe"
    assert repository.run("mode", "--target", "prod-eu").stdout.startswith("observe: ")
    assert repository.run("mode", "--target", "lab").stdout.startswith("enforce: ")

    said = repository.run("mode", "enforce", "--target", "prod-eu")
    assert (said.exit_code, "observe -> enforce" in said.output) == (0, True), said.output
    assert _eventually(lambda: prod.finding()["Workflow"]["Status"] == "SUPPRESSED")
    assert "Accepted in of-rules." in prod.finding()["Note"]["Text"]
    switched = repository.run("mode", "observe", HUBTRIAGE_TARGET="lab")
    assert "enforce -> observe" in switched.output
    assert repository.run("mode", "--target", "prod-eu").stdout.startswith("enforce: ")
    assert "of-lab" in repository.run("why", "finding-of-us-east-1", "--target", "lab").output
    assert "of-rules" in repository.run("logs", "--target", "prod-eu", "--since", "1h").output


def test_no_command_takes_one_hub_for_another(repository: RulesRepository) -> None:
    result = repository.run("mode", "observe")
    assert (result.exit_code, "none is chosen: prod-eu, lab" in result.output) == (2, True)
    result = repository.run("mode", "observe", "--target", "prod-eu", "--profile", "lab")
    assert result.exit_code == 2
    assert f"these AWS credentials are of account {LAB_ACCOUNT}" in result.output
    assert repository.run("mode", "--target", "prod-eu").stdout.startswith("enforce: ")


def test_cdk_without_a_target_writes_nothing(repository: RulesRepository, capsys: Any) -> None:
    import aws_cdk as cdk

    from infra import app

    out = repository.folder / "cdk.out" / "none"
    assert app.run(cdk.App(outdir=str(out))) == 2
    assert "none is chosen: prod-eu, lab" in capsys.readouterr().err
    assert not list(out.glob("*.template.json"))


def test_the_doctor_examines_each_by_its_own_profile(repository: RulesRepository) -> None:
    result = repository.run("doctor", "--all", "--json")
    targets = {each["target"]: each for each in json.loads(result.stdout)["targets"]}
    hubs = repository.hubs
    assert {name: (each["account"], each["region"]) for name, each in targets.items()} == {
        name: (hub.cloud.account, hub.cloud.region) for name, hub in hubs.items()
    }
    statuses = {
        name: {check["check"]: check["status"] for check in each["checks"]} for name, each in targets.items()
    }
    assert {name: each["rules"] for name, each in statuses.items()} == dict.fromkeys(hubs, "ok"), (
        result.stdout
    )
