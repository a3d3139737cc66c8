"""A custom resource of the stack: the mode switch, made once and never set again by a deployment.

CloudFormation's own resource would write the value of the template over that of people and of the breaker
whenever another property changes, tags of the stack among them.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from hubtriage.aws.custom_resource import until_allowed
from hubtriage.aws.switch.parameters import ParameterStore

DESCRIPTION = "enforce: triage writes. reopen: it hides nothing new. observe: it only logs what it would do"


class SwitchResource:
    """Properties: `Name` of the parameter, `InitialMode`, and `AllowedPattern` of its values."""

    failing = "the mode switch could not be made or removed"

    def __init__(self, parameters: ParameterStore, sleep: Callable[[float], None] = time.sleep) -> None:
        self._parameters = parameters
        self._sleep = sleep

    def id(self, event: Mapping[str, Any]) -> str:
        """Return the parameter's name."""
        return str(event["ResourceProperties"]["Name"])

    def apply(self, event: Mapping[str, Any]) -> str:
        """Create the parameter if there is none, or delete it with the stack; raises botocore's errors."""
        properties, name = event["ResourceProperties"], self.id(event)
        if event["RequestType"] == "Delete":
            return self._unless("ParameterNotFound", self._parameters.delete_parameter, Name=name)
        return self._unless(
            "ParameterAlreadyExists",
            self._parameters.put_parameter,
            Name=name,
            Value=properties["InitialMode"],
            AllowedPattern=properties["AllowedPattern"],
            Description=DESCRIPTION,
            Type="String",
            Overwrite=False,
        )

    def _unless(self, done: str, call: Callable[..., Any], **request: Any) -> str:
        """Call the service; the error `done` means that there is nothing to do."""
        try:
            until_allowed(lambda: call(**request), self._sleep)
        except ClientError as error:
            if error.response["Error"]["Code"] != done:
                raise
            return "left as it is"
        return "done"
