"""Errors that the local Security Hub answers with."""

from dataclasses import dataclass

_STATUS = {
    "AccessDeniedException": 403,
    "InternalException": 500,
    "InvalidAccessException": 401,
    "InvalidInputException": 400,
    "LimitExceededException": 429,
    "ResourceConflictException": 409,
    "ResourceNotFoundException": 404,
    "TooManyRequestsException": 429,
}
_STATUS_V2 = {
    "AccessDeniedException": 403,
    "ConflictException": 409,
    "InternalServerException": 500,
    "OrganizationNotFoundException": 400,
    "OrganizationalUnitNotFoundException": 400,
    "ResourceNotFoundException": 404,
    "ServiceQuotaExceededException": 402,
    "ThrottlingException": 429,
    "ValidationException": 400,
}
_IN_V2 = {
    "InternalException": "InternalServerException",
    "InvalidAccessException": "AccessDeniedException",
    "InvalidInputException": "ValidationException",
    "LimitExceededException": "ServiceQuotaExceededException",
    "TooManyRequestsException": "ThrottlingException",
}
CALL_ERRORS = frozenset(_STATUS)
CALL_ERRORS_V2 = frozenset(_STATUS_V2)

FINDING_ERRORS = {
    "ConcurrentUpdateError": "Concurrent finding updates detected",
    "DuplicatedFindingIdentifier": "Finding Identifier is duplicated",
    "FindingNotFound": "Finding Not Found",
    "FindingSizeExceeded": "Finding size exceeded 240 KB",
    "InternalFailure": "Internal service failure",
    "InvalidInput": "Invalid Input",
}
"""AWS: the error codes of one finding in BatchUpdateFindings, each with its message."""

FINDING_ERRORS_V2 = {
    "ConflictException": "The finding is being updated by another request",
    "InternalServerException": "Internal server error",
    "ResourceNotFoundException": "The finding does not exist",
    "ValidationException": "The update is not valid",
}
"""AWS: the error codes of one finding in BatchUpdateFindingsV2. AWS does not document the messages."""


@dataclass(eq=False)
class HubError(Exception):
    """A whole call is refused: AWS's exception name and the text that goes with it."""

    code: str
    message: str

    @property
    def status(self) -> int:
        """The HTTP status of the answer."""
        return {**_STATUS, **_STATUS_V2}.get(self.code, 400)

    def in_v2(self) -> "HubError":
        """Return the same refusal by the name that operations of Security Hub V2 have for it."""
        return HubError(_IN_V2.get(self.code, self.code), self.message)

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


def invalid_input(message: str) -> HubError:
    """Return the error for a request that the operation's model or its stated limits do not allow."""
    return HubError("InvalidInputException", message)
