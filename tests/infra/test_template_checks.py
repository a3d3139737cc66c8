"""The template under other people's checks, and against the reviewed copy of itself.

`HUBTRIAGE_UPDATE_GOLDEN=1 pytest tests/infra/test_template_checks.py` writes the copy again; review its diff.
"""

import json
import os
import re
from pathlib import Path

import cfnlint.api
import pytest

GOLDEN = Path(__file__).parent / "golden" / "template.json"
ROOT = Path(__file__).resolve().parents[2]
# Reviewed: every finding of cdk-nag that is acknowledged, with the place where it is.
ACKNOWLEDGED = {
    ("AwsSolutions-SQS3", "hubtriage/Intake/Undelivered/Resource"),
    ("AwsSolutions-IAM5[Resource::*]", "hubtriage/Triage/Role/Resource"),
    ("AwsSolutions-IAM5[Resource::*]", "hubtriage/Breaker/Role/Resource"),
    ("AwsSolutions-IAM5[Resource::*]", "hubtriage/Sweep/StepRole/Resource"),
    ("AwsSolutions-IAM5[Resource::*]", "hubtriage/Sweep/MachineRole/Resource"),
    ("AwsSolutions-IAM5[Resource::*]", "hubtriage/Sweep/DeployedRole/Resource"),
}


def test_cfn_lint_has_nothing_to_say(assembly):
    folder, _ = assembly
    ignored = re.findall(r"^  - (\w+) # \S.{20,}", (ROOT / ".cfnlintrc.yaml").read_text(), re.MULTILINE)
    text = (folder / "hubtriage.template.json").read_text()
    matches = cfnlint.api.lint(
        text, config=cfnlint.api.ManualArgs(regions=["us-east-1"], ignore_checks=ignored)
    )
    assert [str(match) for match in matches] == []


@pytest.fixture(scope="module")
def nag(assembly):
    folder, _ = assembly
    (report,) = json.loads((folder / "validation-report.json").read_text())["pluginReports"]
    return report


def test_cdk_nag_has_nothing_to_say(nag):
    assert nag["pluginName"] == "AwsSolutions"
    assert nag["violations"] == []


def test_what_cdk_nag_is_told_to_accept_is_reviewed_and_has_a_reason(nag):
    accepted = {
        (item["ruleName"], place["constructPath"])
        for item in nag["suppressedViolations"]
        for place in item["violatingConstructs"]
    }
    assert accepted == ACKNOWLEDGED
    assert all(len(item["reason"]) > 20 for item in nag["suppressedViolations"])


def test_the_template_is_the_reviewed_one(template):
    normal = (
        re.sub(r"[0-9a-f]{64}\.zip", "<asset>.zip", json.dumps(template, indent=2, sort_keys=True)) + "\n"
    )
    if os.environ.get("HUBTRIAGE_UPDATE_GOLDEN"):
        GOLDEN.write_text(normal)
    assert json.loads(normal) == json.loads(GOLDEN.read_text())
