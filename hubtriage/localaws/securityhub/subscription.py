"""Whether an account has Security Hub on, and how the hub is configured."""

from collections.abc import Mapping
from typing import Any

from hubtriage.localaws.securityhub.asff.checks import boolean, one_of, structure
from hubtriage.localaws.securityhub.asff.timestamps import write_timestamp
from hubtriage.localaws.securityhub.errors import HubError, invalid_input

_CONFIGURATION = structure(
    {
        "AutoEnableControls": boolean,
        "ControlFindingGenerator": one_of(("SECURITY_CONTROL", "STANDARD_CONTROL")),
    },
    (),
)


class Subscription:
    """Security Hub of one account, on or off; `arn_prefix` is the first part of the hub's ARN."""

    def __init__(self, account: str, arn_prefix: str, *, enabled: bool) -> None:
        self._account = account
        self._prefix = arn_prefix
        self._since: float | None = 0.0 if enabled else None
        self.reset()

    def reset(self) -> None:
        """Return to the configuration of a new hub; stay on or off."""
        self._configuration = {"AutoEnableControls": True, "ControlFindingGenerator": "SECURITY_CONTROL"}

    def require(self) -> float:
        """Return since when it is on (epoch seconds); raise HubError where it is off."""
        if self._since is None:
            message = f"Account {self._account} is not subscribed to AWS Security Hub"
            raise HubError("InvalidAccessException", message)
        return self._since

    def enable(self, now: float) -> dict[str, Any]:
        """Answer EnableSecurityHub."""
        if self._since is not None:
            raise HubError("ResourceConflictException", "Account is already subscribed to Security Hub")
        self._since = now
        return {}

    def described(self) -> dict[str, Any]:
        """Answer DescribeHub."""
        return {
            "HubArn": f"{self._prefix}:hub/default",
            "SubscribedAt": write_timestamp(self.require()),
            **self._configuration,
        }

    def configure(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer UpdateSecurityHubConfiguration."""
        flaw = _CONFIGURATION(request, "data")
        if flaw:
            raise invalid_input(f"Invalid parameter: {flaw}")
        self._configuration |= request
        return {}

    def disable(self) -> dict[str, Any]:
        """Answer DisableSecurityHub."""
        self.require()
        self._since = None
        return {}
