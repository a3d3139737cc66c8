"""A custom resource of the stack: a deployment that changes the rule set starts a sweep.

CloudFormation calls on creation, on removal, and when a property changes: the hash of the rule set is one.
"""

import json
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

from hubtriage.aws.faults import API_ERRORS
from hubtriage.aws.sweep.request import SweepRequest
from hubtriage.aws.sweep.start import StepFunctions, start_sweep

ANSWER_TIMEOUT = 10.0
PHYSICAL_ID = "hubtriage-sweep-after-deploy"
Answer = Callable[[str, bytes], None]


class StartAfterDeploy:
    """What CloudFormation calls. `answer` puts a document to the address that it named."""

    def __init__(self, states: StepFunctions, machine: str, answer: Answer | None = None) -> None:
        self._states = states
        self._machine = machine
        self._answer = answer or put

    def __call__(self, event: Mapping[str, Any], _context: object) -> None:
        """Start a sweep unless the stack is being removed, and tell CloudFormation how that went.

        A sweep that cannot be started fails the deployment: rules would be in force on new findings only,
        and nobody would know. Raises OSError when CloudFormation cannot be told.
        """
        status, reason = "SUCCESS", ""
        if event["RequestType"] != "Delete":
            try:
                reason = start_sweep(self._states, self._machine, SweepRequest(reason="deploy"))
            except API_ERRORS as error:
                status, reason = "FAILED", f"the sweep could not be started: {error}"
        document = {
            "Status": status,
            "Reason": reason,
            "PhysicalResourceId": event.get("PhysicalResourceId", PHYSICAL_ID),
            **{name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")},
        }
        self._answer(event["ResponseURL"], json.dumps(document).encode())


def put(url: str, body: bytes) -> None:
    """Put a document. AWS: to an S3 address signed without a content type."""
    request = urllib.request.Request(url, body, {"Content-Type": ""}, method="PUT")  # noqa: S310 - CloudFormation's address
    with urllib.request.urlopen(request, timeout=ANSWER_TIMEOUT):  # noqa: S310
        pass
