"""A custom resource of the stack: refuses rules that may not take the place of those that are deployed.

Its name in the template follows from the rules. So for other rules CloudFormation creates another one, before
it changes anything else, and deletes the old one at the end. A rollback creates none: it is never refused.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hubtriage.aws.custom_resource import RefusedError, until_allowed
from hubtriage.aws.deployment.identity import RulesIdentity
from hubtriage.aws.deployment.objections import objections, refusal
from hubtriage.aws.deployment.record import Parameters, read_record
from hubtriage.aws.environment import EnvironmentConfig, setting, text

TYPE = "Custom::HubtriageRules"


@dataclass(frozen=True, slots=True)
class DeploymentGuardConfig(EnvironmentConfig):
    """What a deployment sets."""

    stack: str = setting("HUBTRIAGE_STACK", text, "name of the stack")


class DeploymentGuard:
    """Properties: those of a RulesIdentity, and `Replace`: `yes` if any rules may be replaced."""

    failing = "what is deployed is not known"

    def __init__(
        self, parameters: Parameters, stack: str, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._parameters = parameters
        self._stack = stack
        self._sleep = sleep

    def id(self, event: Mapping[str, Any]) -> str:
        """Return the name in the template: it names the rules."""
        return str(event.get("PhysicalResourceId", event["LogicalResourceId"]))

    def apply(self, event: Mapping[str, Any]) -> str:
        """Compare the rules with the deployed ones. Raises RefusedError, and botocore's errors.

        An update is about the same rules: only `Replace` can differ. It and a removal are always allowed.
        """
        properties = event["ResourceProperties"]
        if event["RequestType"] != "Create" or properties["Replace"] == "yes":
            return "not compared"
        deployed = until_allowed(lambda: read_record(self._parameters, self._stack), self._sleep)
        new = RulesIdentity.from_properties(properties)
        found = objections(deployed, new)
        if found:
            raise RefusedError(refusal(found, deployed, new))
        return "nothing speaks against it"
