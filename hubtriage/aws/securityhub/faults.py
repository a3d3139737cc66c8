"""What an error of Security Hub means for the findings of the call.

Two kinds of errors exist: exceptions, which hit a whole call, and `UnprocessedFindings`, which hit
single findings of a call that otherwise worked. Retries are ours alone (the client is configured to
make one attempt), so that each attempt keeps to the rate budget and the deadline.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
)
from botocore.parsers import ResponseParserError

API_ERRORS = (ClientError, BotoCoreError, ResponseParserError, UnicodeDecodeError)
"""Everything that botocore raises for a call; the last, for an answer that is not UTF-8."""
NEVER_SENT = (ConnectTimeoutError, EndpointConnectionError)
"""Raised before the request is on its way."""


class Fault(Enum):
    """What to do about a call that raised."""

    THROTTLED = "throttled"  # wait, then try again
    TRANSIENT = "transient"  # try again; if it worked already, no harm is done: an update is idempotent
    REFUSED = "refused"  # the request is wrong: find the finding that makes it wrong
    DENIED = "denied"  # IAM forbids this, this value, or this finding: look for the finding, and alarm


class Handling(Enum):
    """What to do about a finding that a call left unprocessed."""

    RETRY = "retry"
    NOT_FOUND = "not found"
    TOO_LARGE = "too large"
    POISON = "poison"


@dataclass(frozen=True, slots=True)
class CallFault:
    """An exception, reduced to what decides. `may_have_worked`: nothing says that the call did nothing."""

    kind: Fault
    code: str
    message: str
    may_have_worked: bool = False


HANDLING: Mapping[str, Handling] = {
    "ConcurrentUpdateError": Handling.RETRY,
    "InternalFailure": Handling.RETRY,
    "FindingNotFound": Handling.NOT_FOUND,
    "FindingSizeExceeded": Handling.TOO_LARGE,
    "InvalidInput": Handling.POISON,
    "DuplicatedFindingIdentifier": Handling.POISON,
    "ConflictException": Handling.RETRY,
    "InternalServerException": Handling.RETRY,
    "ResourceNotFoundException": Handling.NOT_FOUND,
    "ValidationException": Handling.POISON,
}
"""AWS: the error codes of UnprocessedFindings (BatchUpdateFindingsUnprocessedFinding); the last four are
those of V2 (BatchUpdateFindingsV2UnprocessedFinding)."""

_CODES: Mapping[Fault, tuple[str, ...]] = {
    Fault.THROTTLED: (
        "LimitExceededException",
        "TooManyRequestsException",
        "ThrottlingException",
        "Throttling",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestLimitExceeded",
        "BandwidthLimitExceeded",
        "SlowDown",
        "PriorRequestNotComplete",
    ),
    Fault.TRANSIENT: (
        "ConflictException",
        "InternalException",
        "InternalServerException",
        "RequestTimeout",
        "RequestTimeoutException",
    ),
    Fault.REFUSED: ("InvalidInputException", "ValidationException"),
    Fault.DENIED: (
        "InvalidAccessException",
        "AccessDeniedException",
        "AccessDenied",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "RequestExpired",
        "UnrecognizedClientException",
    ),
}
"""AWS: Security Hub's exceptions, `TooManyRequestsException` among them though its model lacks it, and the
errors common to all services. Many of these come with status 400, so the code goes before the status."""

_KIND_OF_CODE = {code: kind for kind, codes in _CODES.items() for code in codes}

_KIND_OF_STATUS: Mapping[int, Fault] = {
    400: Fault.REFUSED,
    401: Fault.DENIED,
    403: Fault.DENIED,
    413: Fault.REFUSED,
    429: Fault.THROTTLED,
}

_NO_CREDENTIALS = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError)


def handling(code: str) -> Handling:
    """Return what to do about an ErrorCode; one that AWS does not document is worth another try."""
    return HANDLING.get(code, Handling.RETRY)


def call_fault(error: Exception) -> CallFault:
    """Classify what botocore raised: by code, else by HTTP status, else as worth another try."""
    if isinstance(error, ClientError):
        return _answered_fault(error.response)
    if isinstance(error, ParamValidationError):
        kind = Fault.REFUSED
    else:
        kind = Fault.DENIED if isinstance(error, _NO_CREDENTIALS) else Fault.TRANSIENT
    may_have_worked = kind is Fault.TRANSIENT and not isinstance(error, NEVER_SENT)
    return CallFault(kind, type(error).__name__, str(error), may_have_worked)


def _answered_fault(response: Mapping[str, Any]) -> CallFault:
    error = response.get("Error", {})
    code = str(error.get("Code") or "Unknown")
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    kind = _KIND_OF_CODE.get(code) or _KIND_OF_STATUS.get(status, Fault.TRANSIENT)
    return CallFault(kind, code, str(error.get("Message") or ""), may_have_worked=kind is Fault.TRANSIENT)
