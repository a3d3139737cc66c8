"""The guard as CloudFormation calls it: it refuses other rules, and never what takes a deployment back."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hubtriage.aws.custom_resource import PAUSES, CustomResources
from hubtriage.aws.deployment.guard import TYPE, DeploymentGuard
from hubtriage.aws.deployment.identity import RulesIdentity
from hubtriage.aws.deployment.record import record_name
from hubtriage.aws.switch.mode import parameter_name
from tests.aws.deployment.test_identity import identity

STACK = "blue"
OURS = identity(range(10))
OTHERS = identity(range(10), repository="x/y", hash="fedcba9876543210")
SAMPLES = identity(["a"], are_samples=True)


class Systems:
    """Systems Manager with these parameters; it denies the first calls."""

    def __init__(self, *, mode: bool = True, record: str | None = None, denials: int = 0) -> None:
        self._found = {parameter_name(STACK): "enforce"} if mode else {}
        self._found |= {record_name(STACK): record} if record is not None else {}
        self.denials = denials
        self.asked = 0

    def get_parameter(self, **request: Any) -> Mapping[str, Any]:
        self.asked += 1
        if self.asked <= self.denials:
            raise _error("AccessDeniedException")
        if request["Name"] not in self._found:
            raise _error("ParameterNotFound")
        return {"Parameter": {"Name": request["Name"], "Value": self._found[request["Name"]]}}


def _error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "GetParameter")


def answer(
    systems: Systems, new: RulesIdentity, kind: str = "Create", replace: str = "no"
) -> Mapping[str, Any]:
    """What CloudFormation is told."""
    told: list[Mapping[str, Any]] = []
    resources = {TYPE: DeploymentGuard(systems, STACK, sleep=lambda _seconds: None)}
    event = {
        "RequestType": kind,
        "ResourceType": TYPE,
        "ResponseURL": "https://answer",
        "StackId": "s",
        "RequestId": "r",
        "LogicalResourceId": "DeploymentRules1234",
        "ResourceProperties": {"ServiceToken": "arn", **new.as_properties(), "Replace": replace},
    }
    if kind != "Create":
        event["PhysicalResourceId"] = "DeploymentRules1234"
    CustomResources(resources, lambda _url, body: told.append(json.loads(body)))(event, None)
    [document] = told
    assert document["PhysicalResourceId"] == "DeploymentRules1234"
    return document


@pytest.mark.parametrize(
    ("systems", "new", "words"),
    [
        pytest.param(Systems(mode=False), OURS, None, id="a first deployment"),
        pytest.param(Systems(), OURS, None, id="a stack of an earlier version"),
        pytest.param(Systems(), SAMPLES, "the sample rules", id="samples over an earlier version"),
        pytest.param(Systems(record="{}"), SAMPLES, "the sample rules", id="samples over a later version"),
        pytest.param(Systems(record=OURS.as_record()), OURS, None, id="the same rules"),
        pytest.param(Systems(record=OURS.as_record()), OTHERS, "they are of x/y", id="others"),
    ],
)
def test_rules_that_are_new_are_compared(systems: Systems, new: RulesIdentity, words: str | None) -> None:
    told = answer(systems, new)
    assert told["Status"] == ("SUCCESS" if words is None else "FAILED")
    assert words is None or words in told["Reason"]


@pytest.mark.parametrize("kind", ["Update", "Delete"])
def test_what_a_rollback_asks_for_is_done_without_a_question(kind: str) -> None:
    systems = Systems(record=OURS.as_record(), denials=100)
    assert answer(systems, OTHERS, kind)["Status"] == "SUCCESS"
    assert systems.asked == 0


def test_what_a_person_wants_replaced_is_replaced_even_if_nothing_can_be_read() -> None:
    assert answer(Systems(denials=100), OTHERS, replace="yes")["Status"] == "SUCCESS"


@pytest.mark.parametrize(
    ("denials", "status"),
    [
        pytest.param(len(PAUSES), "SUCCESS", id="a policy that takes a while is waited for"),
        pytest.param(len(PAUSES) + 1, "FAILED", id="a denial that stays fails the deployment"),
    ],
)
def test_what_cannot_be_read_is_not_taken_for_nothing(denials: int, status: str) -> None:
    told = answer(Systems(record=OURS.as_record(), denials=denials), OURS)
    assert told["Status"] == status
    assert ("what is deployed is not known" in told["Reason"]) is (status == "FAILED")
