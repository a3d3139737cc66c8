"""AWS that cannot be asked at all: in the same words in every command, whatever it was about to ask."""

from dataclasses import dataclass

from botocore.exceptions import ConnectionError as NotConnectedError
from botocore.exceptions import (
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)


@dataclass(frozen=True, slots=True)
class NoAccess:
    """Why AWS cannot be asked, and what to do; an empty hint leaves that to the command."""

    problem: str
    hint: str = ""


_REGION = NoAccess("no AWS Region is set", "give --region, or set AWS_REGION")
_CREDENTIALS = NoAccess("there are no AWS credentials", "give --profile, or set AWS_PROFILE")


def no_access(error: BaseException) -> NoAccess | None:
    """Return why AWS cannot be asked if an error comes from that; None if it does not."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, NoRegionError):
            return _REGION
        if isinstance(cause, NoCredentialsError | PartialCredentialsError):
            return _CREDENTIALS
        if isinstance(cause, ProfileNotFound):
            profile = f"there is no AWS profile {cause.kwargs['profile']}"
            return NoAccess(profile, "`aws configure list-profiles` lists the existing ones")
        if isinstance(cause, HTTPClientError | NotConnectedError):
            return NoAccess(f"AWS cannot be reached: {cause}")
        cause = cause.__cause__ or cause.__context__
    return None
