"""The page about deploying, held to what is deployed: examples of settings, the key's policy, permissions."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from hubtriage.settings.configuration import PREFIX, Configuration
from tests.support.paths import ROOT

PAGE = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
REGION, ACCOUNT = "eu-central-1", "111122223333"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
EXAMPLES = [json.loads(text) for text in re.findall(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)]
SETTINGS = [example for example in EXAMPLES if any(name.startswith(PREFIX) for name in example)]


def _policy(action: str) -> list[Mapping[str, Any]]:
    """The statements of the only policy on the page that is about an action."""
    (statements,) = [
        example["Statement"]
        for example in EXAMPLES
        if "Statement" in example and action in json.dumps(example)
    ]
    return statements


def _section(title: str) -> str:
    return re.search(rf"^### {title}\n(.*?)^##", PAGE, re.MULTILINE | re.DOTALL)[1]


@pytest.mark.parametrize(
    ("title", "places"),
    [
        pytest.param("A delegated administrator, with aggregation", (REGION,), id="one at home"),
        pytest.param("A standalone account", (REGION, "us-east-1"), id="one in each Region"),
    ],
)
def test_the_settings_of_each_kind_of_account_give_these_stacks(title, places):
    (text,) = re.findall(r"^```json\n(.*?)^```", _section(title), re.MULTILINE | re.DOTALL)
    assert json.loads(text) in SETTINGS
    assert Configuration.from_context(json.loads(text)).places == places


@pytest.fixture(scope="module")
def encrypted(synthesize) -> Mapping[str, Any]:
    return synthesize(kms_keys=(KEY,), regions=(REGION,))[1]


# AWS: which service uses the key of a resource, besides roles.
USERS = {
    "AWS::SQS::Queue": "events.amazonaws.com",
    "AWS::SNS::Topic": "cloudwatch.amazonaws.com",
    "AWS::Logs::LogGroup": f"logs.{REGION}.amazonaws.com",
}


def test_your_own_key_encrypts_ledger_queues_topic_and_logs_and_there_is_no_other(encrypted):
    kinds = {item["Type"] for item in encrypted["Resources"].values()}
    assert "AWS::KMS::Key" not in kinds
    for item in encrypted["Resources"].values():
        if item["Type"] in USERS:
            assert KEY in (item["Properties"].get("KmsMasterKeyId"), item["Properties"].get("KmsKeyId"))
    (table,) = [item for item in encrypted["Resources"].values() if item["Type"] == "AWS::DynamoDB::Table"]
    assert table["Properties"]["SSESpecification"] == {
        "KMSMasterKeyId": KEY,
        "SSEEnabled": True,
        "SSEType": "KMS",
    }


def test_the_policy_of_your_own_key_allows_every_service_that_has_to_use_it():
    allowed: dict[str, list[str]] = {}
    for statement in _policy("kms:Decrypt"):
        services = statement["Principal"].get("Service", [])
        for service in [services] if isinstance(services, str) else services:
            allowed[service] = statement["Action"]
    assert set(allowed) == set(USERS.values())
    senders = {"kms:Decrypt", "kms:GenerateDataKey*"}
    assert set(allowed["events.amazonaws.com"]) == set(allowed["cloudwatch.amazonaws.com"]) == senders
    assert len(allowed[f"logs.{REGION}.amazonaws.com"]) == 5


@pytest.mark.parametrize(
    ("role", "actions"),
    [
        pytest.param("TriageRole", ["kms:Decrypt"], id="triage reads queue and ledger"),
        pytest.param("SweepStepRole", ["kms:Decrypt", "kms:GenerateDataKey"], id="the sweep fills it"),
        pytest.param("IntakeRedrive", ["kms:Decrypt", "kms:GenerateDataKey"], id="a redrive does both"),
        pytest.param("LedgerGuardRole", ["kms:Decrypt"], id="the guard tries the ledger"),
        pytest.param("BreakerRole", ["kms:Decrypt", "kms:GenerateDataKey"], id="the breaker tells the topic"),
        pytest.param("SweepDeployedRole", [], id="what starts a sweep has nothing to decrypt"),
        pytest.param("SweepMachineRole", [], id="nor has what takes its steps"),
    ],
)
def test_roles_may_use_your_own_key_as_they_need(encrypted, role, actions):
    (found,) = [item["Properties"] for name, item in encrypted["Resources"].items() if name.startswith(role)]
    statements = [
        statement
        for policy in found["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if "kms:" in json.dumps(statement["Action"])
    ]
    listed = [item["Action"] for item in statements]
    assert [action for item in listed for action in ([item] if isinstance(item, str) else item)] == actions
    assert all(item["Resource"] == KEY for item in statements)


def test_the_job_of_a_pipeline_may_assume_the_roles_that_deploying_needs(synthesize):
    folder, _ = synthesize(account=ACCOUNT, home_region=REGION)
    manifest = json.loads((folder / "manifest.json").read_text())["artifacts"]["hubtriage"]["properties"]
    assets = json.loads((folder / "hubtriage.assets.json").read_text())["files"].values()
    needed = {manifest["assumeRoleArn"], manifest["lookupRole"]["arn"]}
    needed |= {place["assumeRoleArn"] for file in assets for place in file["destinations"].values()}
    assert len(needed) == 3
    (statement,) = _policy("sts:AssumeRole")
    granted = [re.escape(arn).replace(r"\*", ".*") for arn in statement["Resource"]]
    for arn in needed:
        arn = arn.replace("${AWS::Partition}", "aws")
        assert sum(bool(re.fullmatch(pattern, arn)) for pattern in granted) == 1, arn


def test_the_services_that_the_execution_role_needs_are_named(template):
    kinds = {item["Type"].split("::")[1] for item in template["Resources"].values()} - {
        "HubtriageMode",
        "HubtriageRules",
        "HubtriageSweep",
    }
    names = {kind.lower() for kind in kinds} - {"stepfunctions"} | {"states"}
    text = " ".join(PAGE.split())
    listed = re.search(r"resources of these services: (.*?)\. ", text)[1]
    assert re.findall(r"`(\w+)`", listed) == sorted(names)


def test_names_begin_with_the_stack_s_or_hold_it_as_the_page_says(synthesize):
    _, template = synthesize(stack_name="sec-triage", regions=(REGION,))
    keys = ("Name", "DashboardName", "StateMachineName", "LogGroupName", "TableName")
    names = {
        item["Properties"][key]
        for item in template["Resources"].values()
        for key in keys
        if key in item.get("Properties", {})
    }
    queries = {name for name in names if name.startswith("sec-triage/")}
    assert len(queries) >= 6
    alarms = {
        item["Properties"]["AlarmName"]
        for item in template["Resources"].values()
        if item["Type"] == "AWS::CloudWatch::Alarm"
    }
    assert "sec-triage-breaker-tripped" in alarms
    assert all(name.startswith("sec-triage-") for name in alarms)
    assert names - queries == {
        "/hubtriage/sec-triage/clock",
        "/hubtriage/sec-triage/mode",
        "/hubtriage/sec-triage/rules",
        "sec-triage-sweep",
        "sec-triage-ledger",
        "/aws/vendedlogs/states/sec-triage-sweep",
        f"sec-triage-{REGION}",
    }
    for shape in (
        "`/hubtriage/NAME/mode`",
        "`/hubtriage/NAME/clock`",
        "`/hubtriage/NAME/rules`",
        "`NAME-sweep`",
        "`NAME-ledger`",
        "`NAME-REGION`",
        "`NAME-breaker-tripped`",
    ):
        assert shape in PAGE
