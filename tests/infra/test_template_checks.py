"""Every kind of deployment under other people's checks, and against the reviewed copy of itself.

`HUBTRIAGE_GOLDEN=write pytest tests/infra/test_template_checks.py` writes the copies again; review their
diff. `golden/default.json` is the whole of the default one, the others hold what differs from it.
"""

import copy
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hubtriage.packaging.package import make_package
from hubtriage.settings.configuration import PREFIX, Configuration
from tests.infra.conftest import synthesized
from tests.infra.samples import DEFAULT, DEPLOYMENTS
from tests.infra.snapshots import differences, snapshot
from tests.support.paths import ROOT

GOLDEN = Path(__file__).parent / "golden"
WHOLE = GOLDEN / f"{DEFAULT}.json"
MOST_CHARACTERS = 1_000_000  # AWS: of a template in S3, where CDK puts it
# Reviewed: every finding of cdk-nag that is acknowledged, with the place where it is.
ACKNOWLEDGED = {
    ("AwsSolutions-SQS3", "Intake/Undelivered/Resource"),
    ("AwsSolutions-IAM5[Resource::*]", "Triage/Role/Resource"),
    ("AwsSolutions-IAM5[Resource::*]", "Breaker/Role/Resource"),
    ("AwsSolutions-IAM5[Resource::*]", "Deployment/Role/Resource"),
    ("AwsSolutions-IAM5[Resource::*]", "LedgerGuard/Role/Resource"),
    ("AwsSolutions-IAM5[Resource::*]", "HandBack/Role/Resource"),
    ("AwsSolutions-IAM5[Resource::*]", "Sweep/StepRole/Resource"),
    ("AwsSolutions-IAM5[Resource::*]", "Sweep/MachineRole/Resource"),
    ("AwsSolutions-IAM5[Resource::*]", "Sweep/DeployedRole/Resource"),
    ("AwsSolutions-IAM5[Resource::*]", "Sweep/ClockRole/Resource"),
}
UPDATING = os.environ.get("HUBTRIAGE_GOLDEN") == "write"


@dataclass(frozen=True, slots=True)
class Synthesized:
    """One of the deployments: its name, cloud assembly, and templates by the name of the stack."""

    name: str
    folder: Path
    templates: Mapping[str, Mapping[str, Any]]
    package: Path

    @property
    def has_v2(self) -> bool:
        """Whether findings of Security Hub V2 are triaged."""
        return "v2" in str(DEPLOYMENTS[self.name].settings.get("hubs", ""))


@pytest.fixture(scope="module", params=DEPLOYMENTS)
def deployment(request, built, tmp_path_factory) -> Synthesized:
    chosen = DEPLOYMENTS[request.param]
    config = Configuration.from_context({f"{PREFIX}{name}": it for name, it in chosen.settings.items()})
    packages = built(chosen.ruleset, config.architecture)
    folder = synthesized(config, packages, tmp_path_factory.mktemp(request.param))
    templates = {
        path.name.split(".")[0]: json.loads(path.read_text()) for path in folder.glob("*.template.json")
    }
    return Synthesized(request.param, folder, templates, packages["triage"])


def test_it_has_the_stacks_it_should(deployment):
    assert tuple(sorted(deployment.templates)) == DEPLOYMENTS[deployment.name].stacks


def test_cfn_lint_has_nothing_to_say(deployment):
    import cfnlint.api  # it takes a second

    ignored = re.findall(r"^  - (\w+) # \S.{20,}", (ROOT / ".cfnlintrc.yaml").read_text(), re.MULTILINE)
    said = cfnlint.api.ManualArgs(regions=["us-east-1"], ignore_checks=ignored)
    for template in deployment.templates.values():
        assert [str(match) for match in cfnlint.api.lint(json.dumps(template), config=said)] == []


def test_cdk_nag_has_nothing_to_say_but_what_is_acknowledged_with_a_reason(deployment):
    (nag,) = json.loads((deployment.folder / "validation-report.json").read_text())["pluginReports"]
    assert nag["pluginName"] == "AwsSolutions"
    assert nag["violations"] == []
    accepted = {
        (item["ruleName"], *place["constructPath"].split("/", 1))
        for item in nag["suppressedViolations"]
        for place in item["violatingConstructs"]
    }
    of_v2 = {each for each in accepted if each[0].endswith(":hubv2/*]")}
    places = [path for _rule, _stack, path in sorted(of_v2)]
    assert places == (["Sweep/StepRole/Resource", "Triage/Role/Resource"] if deployment.has_v2 else [])
    everywhere = ACKNOWLEDGED | _of_deliveries(DEPLOYMENTS[deployment.name].settings)
    acknowledged = {(rule, stack, path) for rule, path in everywhere for stack in deployment.templates}
    assert accepted - of_v2 == acknowledged
    assert all(len(item["reason"]) > 20 for item in nag["suppressedViolations"])


def _of_deliveries(settings: Mapping[str, Any]) -> set[tuple[str, str]]:
    """What is acknowledged of channels and queues: they trace, and a dead letter has no successor."""
    names = [f"Channel-{name}" for name in settings.get("channels", ())]
    names += [f"Queue-{name}" for name in settings.get("queues", ())]
    traced = {("AwsSolutions-IAM5[Resource::*]", f"Deliveries/{name}/Role/Resource") for name in names}
    return traced | ({("AwsSolutions-SQS3", "Deliveries/Undelivered/Resource")} if names else set())


def test_it_is_the_reviewed_one(deployment):
    for stack, template in deployment.templates.items():
        found = snapshot(template, deployment.package)
        if deployment.name == DEFAULT:
            text = json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
            assert text == _reviewed(WHOLE, text)
        else:
            text = "".join(f"{line}\n" for line in differences(json.loads(WHOLE.read_text()), found))
            several = len(deployment.templates) > 1
            name = f"{deployment.name}.{stack}" if several else deployment.name
            assert text == _reviewed(GOLDEN / f"{name}.diff", text)


def _reviewed(path: Path, text: str) -> str:
    if UPDATING:
        path.write_text(text)
    return path.read_text()


def test_every_reviewed_copy_belongs_to_a_deployment():
    assert {path.name.split(".")[0] for path in GOLDEN.iterdir()} == set(DEPLOYMENTS)


def test_its_plain_template_has_the_same_resources(deployment):
    """So a stack goes from CDK to plain CloudFormation, and back, without a resource being replaced."""
    package = make_package(deployment.folder)
    for name, template in deployment.templates.items():
        plain = json.loads(package.files[f"{name}.template.json"])
        code = [each["Properties"].pop("Code") for each in _functions(plain)]
        wanted = copy.deepcopy(dict(template))
        was = [each["Properties"].pop("Code") for each in _functions(wanted)]
        for part in ("Resources", "Outputs", "Conditions"):
            assert plain.get(part) == wanted.get(part)
        assert len(code) == len(was)
        keys = {each["S3Key"]["Fn::Sub"].removeprefix("${CodePrefix}") for each in code}
        assert keys == {file for file in package.files if file.endswith(".zip")}
        assert len(keys) == len({each["S3Key"] for each in was})


def test_its_plain_template_is_deployed_anywhere_unless_the_settings_say_where(deployment):
    package = make_package(deployment.folder)
    chosen = DEPLOYMENTS[deployment.name].settings
    for stack in package.stacks:
        content = package.files[stack.template].decode()
        template = json.loads(content)
        fixed = {"RightAccount": stack.account, "RightRegion": stack.region}
        assert set(template.get("Rules", {})) == {name for name, value in fixed.items() if value}
        assert stack.account == chosen.get("account")
        assert (stack.region is not None) == bool({"home-region", "regions"} & chosen.keys())
        known = set(re.findall(r"\b(\d{12})\b", json.dumps(chosen))) | {chosen.get("account")}
        assert set(re.findall(r":(\d{12}):", content)) <= known
        assert not re.search("cdk-|bootstrap|aws:cdk|aws:asset", content)


def test_cfn_lint_has_nothing_to_say_of_its_plain_template(deployment):
    import cfnlint.api

    package = make_package(deployment.folder)
    ignored = re.findall(r"^  - (\w+) # \S.{20,}", (ROOT / ".cfnlintrc.yaml").read_text(), re.MULTILINE)
    said = cfnlint.api.ManualArgs(regions=["us-east-1"], ignore_checks=ignored)
    for stack in package.stacks:
        content = package.files[stack.template].decode()
        assert [str(match) for match in cfnlint.api.lint(content, config=said)] == []
        assert len(content) < MOST_CHARACTERS / 4


def test_its_plain_template_needs_no_other_capability(deployment):
    """AWS: named roles, users, groups and policies of their own need CAPABILITY_NAMED_IAM."""
    for template in deployment.templates.values():
        for each in template["Resources"].values():
            named = {"RoleName", "UserName", "GroupName", "ManagedPolicyName"} & each["Properties"].keys()
            assert not (each["Type"].startswith("AWS::IAM::") and named)
        assert "Transform" not in template


def _functions(template: Mapping[str, Any]) -> list[Any]:
    return [e for e in template["Resources"].values() if e["Type"] == "AWS::Lambda::Function"]


def test_it_is_small_enough(deployment):
    for template in deployment.templates.values():
        assert len(json.dumps(template, indent=1)) < MOST_CHARACTERS / 4
