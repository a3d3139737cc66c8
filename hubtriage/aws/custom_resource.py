"""Answer CloudFormation, which calls the stack's custom resources while it deploys."""

import json
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from botocore.exceptions import ClientError

from hubtriage.aws.securityhub.faults import API_ERRORS

ANSWER_TIMEOUT = 10.0
PAUSES = (2.0, 5.0, 10.0)
"""Seconds before a denied call is made again. AWS: a new role's policy may take seconds to be in force."""
Answer = Callable[[str, bytes], None]
_T = TypeVar("_T")


class RefusedError(Exception):
    """What a deployment asks for must not be done; the message says why, and what to do."""


def until_allowed(call: Callable[[], _T], sleep: Callable[[float], None]) -> _T:
    """Call, and again after each pause while the call is denied. Raises botocore's errors."""
    pauses = iter(PAUSES)
    while True:
        try:
            return call()
        except ClientError as error:
            denied = error.response["Error"]["Code"] == "AccessDeniedException"
            pause = next(pauses, None) if denied else None
            if pause is None:
                raise
            sleep(pause)


class CustomResource(Protocol):
    """One kind of custom resource. `failing` says what could not be done, when it could not."""

    failing: str

    def id(self, event: Mapping[str, Any]) -> str:
        """Return the physical id. AWS: after an update that changes it, the old one is deleted."""

    def apply(self, event: Mapping[str, Any]) -> str:
        """Do what an event asks for (`RequestType`) and return what was done.

        Raises RefusedError, and botocore's errors.
        """


class CustomResources:
    """What CloudFormation calls. `resources` by type; `answer` puts a document to an address."""

    def __init__(self, resources: Mapping[str, CustomResource], answer: Answer | None = None) -> None:
        self._resources = resources
        self._answer = answer or put

    def __call__(self, event: Mapping[str, Any], _context: object) -> None:
        """Apply the event and report the result to CloudFormation; a failure fails the deployment.

        Raises OSError when the report cannot be delivered.
        """
        resource = self._resources[event["ResourceType"]]
        try:
            status, reason = "SUCCESS", resource.apply(event)
        except RefusedError as error:
            status, reason = "FAILED", str(error)
        except API_ERRORS as error:
            status, reason = "FAILED", f"{resource.failing}: {error}"
        document = {
            "Status": status,
            "Reason": reason,
            "PhysicalResourceId": resource.id(event),
            **{name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")},
        }
        self._answer(event["ResponseURL"], json.dumps(document).encode())


def put(url: str, body: bytes) -> None:
    """Put a document. AWS: to an S3 address signed without a content type."""
    request = urllib.request.Request(url, body, {"Content-Type": ""}, method="PUT")  # noqa: S310 - CloudFormation's address
    with urllib.request.urlopen(request, timeout=ANSWER_TIMEOUT):  # noqa: S310
        pass
