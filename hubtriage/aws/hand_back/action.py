"""A custom resource of the stack: the Custom Action by which findings are handed back in the console."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from botocore.exceptions import ClientError

from hubtriage.aws.custom_resource import until_allowed

ACTION_TYPE = "Custom::HubtriageHandBack"
NAME = "Hand back to triage"  # AWS: 20 characters at most
DESCRIPTION = "After five minutes the rules decide again, also on what people set"
ACTIONS = (
    "securityhub:CreateActionTarget",
    "securityhub:DeleteActionTarget",
    "securityhub:UpdateActionTarget",
)


class ActionTargets(Protocol):
    """botocore's client of Security Hub, as far as it is used here."""

    def create_action_target(self, **request: Any) -> Mapping[str, Any]:
        """Make a Custom Action."""

    def update_action_target(self, **request: Any) -> Mapping[str, Any]:
        """Change its name and description."""

    def delete_action_target(self, **request: Any) -> Mapping[str, Any]:
        """Delete it."""


class HandBackAction:
    """Properties: the `Id` of the action, and its `Arn`. One of the same id that is there is taken over."""

    failing = "the Custom Action that hands findings back could not be made or removed"

    def __init__(self, hub: ActionTargets, sleep: Callable[[float], None] = time.sleep) -> None:
        self._hub = hub
        self._sleep = sleep

    def id(self, event: Mapping[str, Any]) -> str:
        """Return the action's ARN."""
        return str(event["ResourceProperties"]["Arn"])

    def apply(self, event: Mapping[str, Any]) -> str:
        """Make the action, or delete it with the stack; raises botocore's errors."""
        properties = event["ResourceProperties"]
        if event["RequestType"] == "Delete":
            return self._delete(properties["Arn"])
        about = {"Name": NAME, "Description": DESCRIPTION}
        try:
            until_allowed(lambda: self._hub.create_action_target(Id=properties["Id"], **about), self._sleep)
        except ClientError as error:
            if _code(error) != "ResourceConflictException":
                raise
            self._hub.update_action_target(ActionTargetArn=properties["Arn"], **about)
        return "done"

    def _delete(self, arn: str) -> str:
        """Delete the action; without it, or without Security Hub, there is nothing to do."""
        try:
            self._hub.delete_action_target(ActionTargetArn=arn)
        except ClientError as error:
            if _code(error) not in ("ResourceNotFoundException", "InvalidAccessException"):
                raise
        return "done"


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])
