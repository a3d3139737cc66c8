"""An outage of the ledger, with IAM in force: the guard pauses the intake, and resumes it by itself."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from hubtriage.aws.switch.ledger_guard import mark_name
from hubtriage.localaws.findings import generate
from hubtriage.localaws.ministack.faults import ServiceFault
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.support.deployed_stack import DeployedStack, built_stack, deployed_stack

pytestmark = pytest.mark.e2e

RULES = """\
rules:
  - id: accepted
    match: {ProductName: [GuardDuty]}
    ceiling: HIGH
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}
"""
OUTAGE = ServiceFault("dynamodb", unreachable=True, times=1_000_000)
PATIENCE = 60.0


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedStack]:
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "rules").mkdir()
    (folder / "rules" / "rules.yaml").write_text(RULES)
    assembly = built_stack(folder / "rules", folder / "out")
    with deployed_stack(assembly, HubSettings.still(), auth=True) as deployed:
        yield deployed


def _guard_looks(stack: DeployedStack) -> str:
    """Have the guard look, as its clock does every five minutes; what it did."""
    pages = stack.cloud.client("cloudformation").get_paginator("list_stack_resources")
    (guard,) = [
        each["PhysicalResourceId"]
        for page in pages.paginate(StackName="hubtriage")
        for each in page["StackResourceSummaries"]
        if each["LogicalResourceId"].startswith("LedgerGuardFunction")
        and each["ResourceType"] == "AWS::Lambda::Function"
    ]
    answer = stack.cloud.client("lambda").invoke(FunctionName=guard, Payload=b"{}")
    done: dict[str, Any] = json.loads(answer["Payload"].read())
    return str(done.get("done", done))


def _await_mapping(stack: DeployedStack, wanted: str) -> None:
    functions, deadline = stack.cloud.client("lambda"), time.monotonic() + PATIENCE
    while True:
        listed = functions.list_event_source_mappings(FunctionName=stack.outputs["FunctionName"])
        (state,) = [mapping["State"] for mapping in listed["EventSourceMappings"]]
        if state == wanted:
            return
        assert time.monotonic() < deadline, f"the mapping is still {state}"
        time.sleep(0.2)


def _is_marked(stack: DeployedStack) -> bool:
    names = stack.cloud.client("ssm").get_parameters(Names=[mark_name("hubtriage")])
    return bool(names["Parameters"])


def _statuses(stack: DeployedStack) -> set[str]:
    return {finding["Workflow"]["Status"] for finding in stack.cloud.control.findings()}


def test_an_outage_of_the_ledger_makes_no_dead_letters_and_ends_by_itself(stack: DeployedStack) -> None:
    assert _guard_looks(stack) == "nothing"
    stack.cloud.control.break_service(OUTAGE)
    try:
        assert _guard_looks(stack) == "paused"
        _await_mapping(stack, "Disabled")
        assert _is_marked(stack)
        stack.import_findings(list(generate(10, seed=1, producers=("guardduty",), touched=0)))
        time.sleep(3)
        assert _statuses(stack) == {"NEW"}
        assert _guard_looks(stack) == "paused"
    finally:
        stack.cloud.control.mend_services()
    assert _guard_looks(stack) == "resumed"
    _await_mapping(stack, "Enabled")
    stack.settle()
    assert _statuses(stack) == {"SUPPRESSED"}
    assert _guard_looks(stack) == "nothing"
    assert not _is_marked(stack)


def test_what_a_person_has_paused_is_not_resumed(stack: DeployedStack) -> None:
    functions = stack.cloud.client("lambda")
    listed = functions.list_event_source_mappings(FunctionName=stack.outputs["FunctionName"])
    (mapping,) = [each["UUID"] for each in listed["EventSourceMappings"]]
    functions.update_event_source_mapping(UUID=mapping, Enabled=False)
    try:
        assert _guard_looks(stack) == "nothing"
        _await_mapping(stack, "Disabled")
    finally:
        functions.update_event_source_mapping(UUID=mapping, Enabled=True)
