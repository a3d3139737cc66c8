"""A custom resource of the stack: a deployment that changes what the rules decide starts a sweep.

CloudFormation calls on creation, on removal, and when a property changes: a digest of the rule set is one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hubtriage.aws.decision_events.variables import BUS_VARIABLE
from hubtriage.aws.environment import EnvironmentConfig, setting, text
from hubtriage.aws.sweep.request import SweepRequest
from hubtriage.aws.sweep.start import StepFunctions, start_sweep

PHYSICAL_ID = "hubtriage-sweep-after-deploy"
AFTER_DEPLOY = SweepRequest(changed=True, settle=True, reason="deploy")


@dataclass(frozen=True, slots=True)
class DeployedConfig(EnvironmentConfig):
    """What a deployment sets."""

    machine: str = setting("HUBTRIAGE_SWEEP_MACHINE", text, "ARN of the state machine of sweeps")
    event_bus: str = setting(
        BUS_VARIABLE,
        text,
        "EventBridge bus for decision events; without one, none is sent",
        "",
        explicit=False,
    )


class StartAfterDeploy:
    """Starts a sweep of what has changed unless the stack is being removed.

    A sweep that cannot be started fails the deployment. Otherwise rules would be in force on new findings
    only, and no one would know.
    """

    failing = "the sweep could not be started"

    def __init__(self, states: StepFunctions, machine: str) -> None:
        self._states = states
        self._machine = machine

    def id(self, event: Mapping[str, Any]) -> str:
        """Return the same id forever: there is nothing to replace."""
        return str(event.get("PhysicalResourceId", PHYSICAL_ID))

    def apply(self, event: Mapping[str, Any]) -> str:
        """Start a sweep and return the execution's ARN. Raises botocore's errors."""
        if event["RequestType"] == "Delete":
            return ""
        return start_sweep(self._states, self._machine, AFTER_DEPLOY)
