"""What breaks in the midst of work: bugs of ours, and containers that end."""

from collections.abc import Mapping
from typing import Any


class Bomb(dict[str, Any]):
    """A finding on which the engine has a bug: where it looks for a member, an error is raised."""

    def __init__(
        self,
        finding: Mapping[str, Any],
        member: str = "Workflow",
        error: BaseException | None = None,
    ) -> None:
        super().__init__(finding)
        self._member, self._error = member, error or RuntimeError("boom")

    def get(self, name: Any, default: Any = None) -> Any:
        """Blow up, or return the member."""
        if name == self._member:
            raise self._error
        return super().get(name, default)


class Killed(BaseException):
    """The container is gone."""
