"""A custom resource of the stack: the mode switch, made once and never set again by a deployment.

CloudFormation's own resource would write the value of the template over that of people and of the breaker
whenever another property changes, tags of the stack among them.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from hubtriage.aws.clock import Clock, SystemClock
from hubtriage.aws.custom_resource import until_allowed
from hubtriage.aws.decision_events.bus import EventBus
from hubtriage.aws.decision_events.operations import mode_changed
from hubtriage.aws.decision_events.putting import LONGEST_PUT
from hubtriage.aws.switch.parameters import ParameterStore

DESCRIPTION = "enforce: triage writes. reopen: it hides nothing new. observe: it only logs what it would do"

DONE = "done"


class SwitchResource:
    """Properties: `Name` of the parameter, `InitialMode`, and `AllowedPattern` of its values.

    With a `bus` there is also `Stack`, which the event of the first mode names.
    """

    failing = "the mode switch could not be made or removed"

    def __init__(
        self,
        parameters: ParameterStore,
        sleep: Callable[[float], None] = time.sleep,
        bus: EventBus | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._parameters = parameters
        self._sleep = sleep
        self._bus = bus
        self._clock = clock or SystemClock()

    def id(self, event: Mapping[str, Any]) -> str:
        """Return the parameter's name."""
        return str(event["ResourceProperties"]["Name"])

    def apply(self, event: Mapping[str, Any]) -> str:
        """Create the parameter if there is none, or delete it with the stack; raises botocore's errors."""
        properties, name = event["ResourceProperties"], self.id(event)
        if event["RequestType"] == "Delete":
            return self._unless("ParameterNotFound", self._parameters.delete_parameter, Name=name)
        done = self._unless(
            "ParameterAlreadyExists",
            self._parameters.put_parameter,
            Name=name,
            Value=properties["InitialMode"],
            AllowedPattern=properties["AllowedPattern"],
            Description=DESCRIPTION,
            Type="String",
            Overwrite=False,
        )
        return done if self._bus is None or done != DONE else self._put(event, self._bus)

    def _put(self, event: Mapping[str, Any], bus: EventBus) -> str:
        """Put the event of the first mode; a deployment does not fail because of it."""
        properties = event["ResourceProperties"]
        made = mode_changed(
            properties["Stack"],
            self._clock.now(),
            (None, properties["InitialMode"]),
            "deployment",
            None,
            None,
            (event["StackId"], event["RequestId"]),
        )
        not_put = bus.put([made], self._clock.monotonic() + LONGEST_PUT)
        return f"{DONE}; event not put: {not_put[made.id].message}" if not_put else DONE

    def _unless(self, done: str, call: Callable[..., Any], **request: Any) -> str:
        """Call the service; the error `done` means that there is nothing to do."""
        try:
            until_allowed(lambda: call(**request), self._sleep)
        except ClientError as error:
            if error.response["Error"]["Code"] != done:
                raise
            return "left as it is"
        return DONE
