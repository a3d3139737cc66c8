"""Custom Actions: what people may choose for findings in the console; each choice makes an event."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hubtriage.localaws.securityhub.errors import HubError, invalid_input

MOST_ACTIONS = 50  # AWS: per account and Region
_ID = re.compile(r"[a-zA-Z0-9]{1,20}", re.ASCII)
LONGEST_NAME = 20


@dataclass(frozen=True, slots=True)
class CustomAction:
    """One action, as DescribeActionTargets shows it."""

    arn: str
    name: str
    description: str

    def as_json(self) -> dict[str, str]:
        """Return the API's shape."""
        return {"ActionTargetArn": self.arn, "Name": self.name, "Description": self.description}


class CustomActions:
    """The Custom Actions of one hub. `prefix` begins the hub's ARNs."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._actions: dict[str, CustomAction] = {}

    def create(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer CreateActionTarget."""
        name = request.get("Id")
        if not isinstance(name, str) or not _ID.fullmatch(name):
            raise invalid_input("Id: 1 to 20 letters and digits")
        arn = f"{self._prefix}:action/custom/{name}"
        if arn in self._actions:
            raise HubError("ResourceConflictException", f"{arn} exists already")
        if len(self._actions) == MOST_ACTIONS:
            raise HubError("LimitExceededException", f"{MOST_ACTIONS} custom actions at most")
        self._actions[arn] = CustomAction(arn, _name(request), str(request.get("Description", "")))
        return {"ActionTargetArn": arn}

    def update(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer UpdateActionTarget."""
        old = self.get(str(request.get("ActionTargetArn")))
        name = _name(request) if "Name" in request else old.name
        self._actions[old.arn] = CustomAction(old.arn, name, str(request.get("Description", old.description)))
        return {}

    def delete(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Answer DeleteActionTarget."""
        arn = self.get(str(request.get("ActionTargetArn"))).arn
        del self._actions[arn]
        return {"ActionTargetArn": arn}

    def described(self) -> dict[str, Any]:
        """Answer DescribeActionTargets."""
        return {"ActionTargets": [action.as_json() for action in self._actions.values()]}

    def get(self, arn: str) -> CustomAction:
        """Return an action by its ARN; raises HubError if there is none."""
        if arn not in self._actions:
            raise HubError("ResourceNotFoundException", f"there is no {arn}")
        return self._actions[arn]


def _name(request: Mapping[str, Any]) -> str:
    name = request.get("Name")
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME:
        raise invalid_input(f"Name: 1 to {LONGEST_NAME} characters")
    return name
