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
CALL_ERRORS = frozenset(_STATUS)

FINDING_ERRORS = {
    "ConcurrentUpdateError": "Concurrent finding updates detected",
    "DuplicatedFindingIdentifier": "Finding Identifier is duplicated",
    "FindingNotFound": "Finding Not Found",
    "FindingSizeExceeded": "Finding size exceeded 240 KB",
    "InternalFailure": "Internal service failure",
    "InvalidInput": "Invalid Input",
}
"""AWS: the error codes of one finding in BatchUpdateFindings, each with its message."""


@dataclass(eq=False)
class HubError(Exception):
    """A whole call is refused: AWS's exception name and the text that goes with it."""

    code: str
    message: str

    @property
    def status(self) -> int:
        """The HTTP status of the answer."""
        return _STATUS.get(self.code, 400)

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


def invalid_input(message: str) -> HubError:
    """Return the error for a request that the operation's model or its stated limits do not allow."""
    return HubError("InvalidInputException", message)
