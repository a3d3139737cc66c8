"""The Custom Action is made with the stack, and goes with it."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from hubtriage.aws.hand_back.action import DESCRIPTION, NAME, HandBackAction
from hubtriage.localaws.securityhub.errors import HubError
from hubtriage.localaws.securityhub.hub import Hub
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.support.triage_world import NOW

ARN = "arn:aws:securityhub:us-east-1:000000000000:action/custom/handback"


class Actions:
    """The local hub's Custom Actions, as botocore's client has them."""

    def __init__(self) -> None:
        self.hub = Hub(settings=HubSettings.still())

    def __getattr__(self, name: str) -> Any:
        operation = "".join(word.capitalize() for word in name.split("_"))

        def call(**request: Any) -> Any:
            try:
                return self.hub.call(operation, request, NOW).body
            except HubError as error:
                raise ClientError(
                    {"Error": {"Code": error.code, "Message": error.message}}, operation
                ) from error

        return call

    @property
    def all(self) -> list[dict[str, str]]:
        return list(self.hub.call("DescribeActionTargets", {}, NOW).body["ActionTargets"])


def event(kind: str) -> dict[str, Any]:
    return {"RequestType": kind, "ResourceProperties": {"Id": "handback", "Arn": ARN}}


def test_it_is_made_made_again_and_deleted_twice() -> None:
    actions = Actions()
    resource = HandBackAction(actions)
    assert resource.id(event("Create")) == ARN
    for _each in range(2):
        resource.apply(event("Create"))
        assert actions.all == [{"ActionTargetArn": ARN, "Name": NAME, "Description": DESCRIPTION}]
    for _each in range(2):
        resource.apply(event("Delete"))
        assert actions.all == []


@pytest.mark.parametrize("kind", ["Create", "Delete"])
def test_other_errors_fail_the_deployment(kind: str) -> None:
    class Denied:
        def __getattr__(self, name: str) -> Any:
            def call(**_request: Any) -> Any:
                raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, name)

            return call

    slept: list[float] = []
    with pytest.raises(ClientError):
        HandBackAction(Denied(), slept.append).apply(event(kind))
    assert len(slept) == (3 if kind == "Create" else 0), "a new role may not be allowed yet"
