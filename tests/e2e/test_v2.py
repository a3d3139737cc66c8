"""Both hubs, from the deployment to the end of the rule, with IAM in force: signals with two findings."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hubtriage.localaws.findings import generate
from hubtriage.localaws.producers.ocsf.twins import twin
from hubtriage.localaws.securityhub.faults import ScriptedFault
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.support.acting import acting_as, answer_of, role_arn
from tests.support.deployed_stack import DeployedStack, built_stack, deployed_stack
from tests.support.hub_v2_world import ocsf, uid

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

RULE = """\
rules:
  - id: accepted
    match: {RecordState: [ACTIVE], AwsAccountId: [{exists: true}]}
    ceiling: CRITICAL
    update:
      Workflow: {Status: SUPPRESSED}
      Severity: {Label: INFORMATIONAL}
      Note: {Text: Accepted., UpdatedBy: hubtriage}
      UserDefinedFields: {team: x}
"""
NO_RULE = RULE.replace("[{exists: true}]", '["999999999999"]')
LOWERING = NO_RULE.replace("      Workflow: {Status: SUPPRESSED}\n", "")
SIGNALS = 12
COMMENTED, UNKNOWN, OTHER, FATAL = 1001, 1002, 1003, 1004
"""Findings that only V2 has: one with a person's comment, and some severities that ASFF has not."""


@pytest.fixture(scope="module")
def assemblies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The stack with the rule, without, and with a rule that suppresses nothing."""
    built = {}
    for name, text in {"rule": RULE, "none": NO_RULE, "lowers": LOWERING}.items():
        folder = tmp_path_factory.mktemp(name)
        (folder / "rules").mkdir()
        (folder / "rules" / "rules.yaml").write_text(text)
        built[name] = built_stack(folder / "rules", folder / "out", hubs="cspm,v2")
    return built


@pytest.fixture(scope="module")
def stack(assemblies: dict[str, Path]) -> Iterator[DeployedStack]:
    with deployed_stack(assemblies["rule"], HubSettings.still(), auth=True) as made:
        yield made


def of_v2(stack: DeployedStack) -> dict[str, dict[str, Any]]:
    """All findings of V2 by their `metadata.uid`."""
    return {each["metadata"]["uid"]: each for each in stack.cloud.control.findings_v2()}


@pytest.fixture(scope="module")
def provided(stack: DeployedStack) -> dict[str, dict[str, Any]]:
    """Findings of V2 as their providers and a person left them; the same signals are in CSPM too."""
    signals = list(generate(SIGNALS, seed=3, producers=("security-hub", "guardduty"), touched=0))
    vendors = {"severity": "High", "severity_id": 4}
    commented = ocsf(COMMENTED, comment="Mine.", activity_id=1, status_id=1, vendor_attributes=vendors)
    stack.cloud.control.plant_v2([commented])
    severe = [ocsf(at, severity_id=severity) for at, severity in ((UNKNOWN, 0), (OTHER, 99), (FATAL, 6))]
    twins = [same for each in signals if (same := twin(each)) is not None]
    stored = stack.cloud.control.provide_v2([*severe, *twins])
    stack.import_findings(signals)
    stack.settle()
    return {each["metadata"]["uid"]: each for each in (commented, *stored)}


def test_both_findings_of_a_signal_are_hidden_each_in_its_hub(
    stack: DeployedStack, provided: dict[str, dict[str, Any]]
) -> None:
    shown = of_v2(stack)
    ids = {each["finding_info"]["uid"] for each in shown.values()}
    pairs = ids & set(stack.findings())
    assert len(pairs) >= SIGNALS / 2
    active = [each for each in stack.findings().values() if each["RecordState"] == "ACTIVE"]
    assert {each["Workflow"]["Status"] for each in active} == {"SUPPRESSED"}
    hidden = {name: each for name, each in shown.items() if name not in (uid(UNKNOWN), uid(OTHER))}
    open_ones = [name for name, each in hidden.items() if each["activity_id"] != 3 and each["status_id"] != 3]
    assert open_ones == []
    assert {each["comment"] for name, each in hidden.items() if name != uid(COMMENTED)} == {"Accepted."}
    assert shown[uid(FATAL)]["severity_id"] == 1


def test_a_persons_comment_and_severities_that_are_not_known_stay(
    stack: DeployedStack, provided: dict[str, dict[str, Any]]
) -> None:
    shown = of_v2(stack)
    assert (shown[uid(COMMENTED)]["comment"], shown[uid(COMMENTED)]["status_id"]) == ("Mine.", 3)
    for number in (UNKNOWN, OTHER):
        assert shown[uid(number)] == provided[uid(number)]


def test_the_log_and_the_ledger_tell_the_hubs_apart(
    stack: DeployedStack, provided: dict[str, dict[str, Any]]
) -> None:
    hubs = Counter(product == "securityhub-v2" for product, _name in stack.ledger())
    assert hubs[True] >= SIGNALS / 2
    assert hubs[False] >= SIGNALS / 2
    lines = [line for line in stack.decisions() if line.get("hub") == "v2" and line["outcome"] == "updated"]
    shown = of_v2(stack)
    assert {line["finding_id"] for line in lines} <= set(shown)
    assert all(line["provider_id"] == shown[line["finding_id"]]["finding_info"]["uid"] for line in lines)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"finding_error": "ConflictException"}, id="a finding that is left unprocessed"),
        pytest.param({"error": "ConflictException"}, id="a conflict of the whole call"),
        pytest.param({"error": "ThrottlingException"}, id="throttling"),
        pytest.param({"error": "InternalServerException"}, id="an internal error"),
        pytest.param({"lose_answer": True}, id="an answer that is lost"),
    ],
)
def test_what_fails_for_a_while_is_done_in_the_end(
    stack: DeployedStack, provided: dict[str, dict[str, Any]], fault: dict[str, Any]
) -> None:
    number = 2000 + len(of_v2(stack))
    stack.cloud.control.fault(ScriptedFault(operation="BatchUpdateFindingsV2", times=2, **fault))
    stack.cloud.control.provide_v2([ocsf(number)])
    stack.settle()
    stack.cloud.control.clear_faults()
    assert of_v2(stack)[uid(number)]["status_id"] == 3


def updating(stack: DeployedStack, **values: Any) -> str:
    """How AWS answers an update that is made with the rights of the function."""
    with acting_as(stack.cloud, role_arn(stack.cloud, "hubtriage", "TriageRole")) as client:
        hub = client("securityhub")
        return answer_of(lambda: hub.batch_update_findings_v2(MetadataUids=[uid(FATAL)], **values))


def test_without_the_rule_everything_is_as_its_providers_left_it(
    stack: DeployedStack, provided: dict[str, dict[str, Any]], assemblies: dict[str, Path]
) -> None:
    """The sweep after the deployment finds by their entries what the rule had hidden in either hub."""
    stack.redeploy(assemblies["none"])
    stack.settle()
    statuses = {each["Workflow"]["Status"] for each in stack.findings().values()}
    assert statuses <= {"NEW", "RESOLVED"}
    shown = of_v2(stack)
    theirs = ("status_id", "severity_id", "vendor_attributes", "finding_info", "resources")
    for name, before in provided.items():
        assert {member: shown[name].get(member) for member in theirs} == {
            member: before.get(member) for member in theirs
        }
    assert shown[uid(COMMENTED)]["comment"] == "Mine."
    assert "no longer applies" in shown[uid(FATAL)]["comment"]


def test_the_role_of_the_function_hides_nothing_that_no_rule_hides(
    stack: DeployedStack, provided: dict[str, dict[str, Any]], assemblies: dict[str, Path]
) -> None:
    """The rule that is left lowers; the stack has been deployed without the other."""
    stack.redeploy(assemblies["lowers"])
    stack.rest()
    denied = {status: updating(stack, StatusId=status) for status in (1, 2, 3, 4, 5, 99)}
    assert {status for status, answer in denied.items() if answer == "denied"} == {3, 5, 99}, denied
    assert updating(stack, SeverityId=1, Comment="x") != "denied"
