"""A file that holds no rules which can be imported is called by its name, with the reason."""

import time

import pytest
from click.testing import CliRunner

from hubtriage.cli.main import cli
from hubtriage.interop.importers.assemble import KINDS
from hubtriage.interop.importers.other_forms import named
from hubtriage.interop.importers.outcome import UnreadableError
from tests.support.imported_rules import imported

OURS = """
rules:
  - id: accepted
    match: {AwsAccountId: ["111122223333"]}
    update: {Confidence: 5}
"""
GUARDDUTY = '{"Name": "a", "Action": "ARCHIVE", "FindingCriteria": {"Criterion": {"type": {"Eq": ["x"]}}}}'
FORMS = [
    pytest.param(OURS, "a rule file of hubtriage itself", id="our own rules"),
    pytest.param(
        '{"Findings": [{"SchemaVersion": "1", "ProductArn": "a"}]}', "findings, not rules", id="findings"
    ),
    pytest.param('Mute List:\n  Accounts: {"*": {}}\n', "an older Prowler", id="an older mutelist"),
    pytest.param('Allowlist:\n  Accounts: {"*": {}}\n', "an older Prowler", id="an allowlist"),
    pytest.param(GUARDDUTY, "GuardDuty", id="GuardDuty, the API's answer"),
    pytest.param(f"[{GUARDDUTY}]", "GuardDuty", id="GuardDuty, a list"),
    pytest.param(
        'resource "aws_guardduty_filter" "a" {\n  action = "ARCHIVE"\n}\n', "GuardDuty", id="Terraform"
    ),
    pytest.param("Resources: {A: {Type: 'AWS::GuardDuty::Filter'}}\n", "GuardDuty", id="CloudFormation"),
    pytest.param('{"filters": [{"action": "SUPPRESS", "criteria": {}}]}', "Inspector", id="Inspector"),
    pytest.param('resource "aws_inspector2_filter" "a" {}\n', "Inspector", id="Inspector in Terraform"),
    pytest.param('{"action": "ARCHIVE", "findingCriteria": {"criterion": {}}}', "Macie", id="Macie"),
    pytest.param(
        'resource "aws_accessanalyzer_archive_rule" "a" {}\n', "Access Analyzer", id="Access Analyzer"
    ),
    pytest.param('resource "aws_securityhub_standards_control" "a" {}\n', "switched off", id="controls"),
    pytest.param(
        "centralSecurityServices:\n  securityHub:\n    standards: [{controlsToDisable: [S3.1]}]\n",
        "switched off",
        id="controls that the accelerator switches off",
    ),
    pytest.param("Resources: {A: {Type: 'AWS::SecurityHub::Insight'}}\n", "an insight", id="an insight"),
    pytest.param("Resources: {A: {Type: 'AWS::Config::ConfigRule'}}\n", "AWS Config", id="Config"),
    pytest.param("# accepted\nCVE-2024-1234\nAVD-AWS-0089\n", "Trivy", id="Trivy, lines"),
    pytest.param("vulnerabilities:\n  - id: CVE-2024-1234\n", "Trivy", id="Trivy, YAML"),
    pytest.param("skip-check:\n  - CKV_AWS_18\n", "Checkov", id="Checkov"),
    pytest.param('{"failed_checks": [{"file": "a"}]}', "Checkov", id="a baseline of Checkov"),
    pytest.param("ignore:\n  - vulnerability: CVE-2024-1\n", "Grype", id="Grype"),
    pytest.param("version: v1.25.0\nignore:\n  SNYK-JS-1: [{'*': {}}]\n", "Snyk", id="Snyk"),
    pytest.param("RulesToSuppress:\n- id: W35\n", "cfn-nag", id="cfn-nag"),
    pytest.param('{"@context": "https://openvex.dev/ns/v0.2.0"}', "VEX", id="VEX"),
    pytest.param('control "s3_1" {\n  sql = "select 1"\n}\n', "Steampipe", id="Steampipe"),
    pytest.param('{"results": [{"accepted_findings": [1]}]}', "DefectDojo", id="DefectDojo"),
    pytest.param("policies:\n  - name: a\n    resource: s3\n", "Cloud Custodian", id="Cloud Custodian"),
    pytest.param("apiVersion: kyverno.io/v2\nkind: PolicyException\n", "Kubernetes", id="Kyverno"),
]


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize(("source", "name"), FORMS)
def test_another_form_is_named_with_the_reason(source: str, name: str, kind: str) -> None:
    with pytest.raises(UnreadableError, match="this looks like") as caught:
        imported(kind, source, "file")
    assert name in caught.value.reason
    assert caught.value.hint


IMPORTABLE = {
    "findings-manager-1": "Rules:\n  - note: a\n    action: SUPPRESSED\n    match_on: {title: a}\n",
    "findings-manager-2": "Rules:\n  - Filters: {}\n    UpdatesToFilteredFindings: {}\n",
    "automation-rules": "Resources: {A: {Type: 'AWS::SecurityHub::AutomationRule'}}\n",
    "prowler-mutelist": 'Mutelist:\n  Accounts: {"*": {Checks: {}}}\n',
}


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("other", list(KINDS))
def test_a_file_of_another_kind_is_sent_there(kind: str, other: str) -> None:
    error = named(kind, IMPORTABLE[other].encode())
    if kind == other:
        assert error is None
    else:
        assert error is not None
        assert error.hint == f"run `hubtriage import {other}`"


@pytest.mark.parametrize("source", ["", "{}", "hello\n", "\x00", "a: 1\n"])
@pytest.mark.parametrize("kind", list(KINDS))
def test_what_is_like_nothing_known_is_called_nothing(kind: str, source: str) -> None:
    assert named(kind, source.encode()) is None


def test_nothing_is_written_and_the_exit_code_is_2() -> None:
    result = CliRunner().invoke(cli, ("import", "automation-rules", "-"), input=GUARDDUTY)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "this looks like a suppression rule of GuardDuty" in result.stderr


@pytest.mark.parametrize(
    "part", ["#\n", " ", "\t", "- ", "ignore:\n", '"action":', "a", "\n", '"', "rules:\n"]
)
def test_looking_takes_linear_time(part: str) -> None:
    began = time.process_time()
    named("automation-rules", part.encode() * 1_000_000)
    assert time.process_time() - began < 3
