"""A deployment as CloudFormation goes through it: a line for each resource, and why it failed if it did."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hubtriage.cli.stack import AWS_ERRORS
from hubtriage.cli.text import quoted

_STACK: Final = "AWS::CloudFormation::Stack"
_WORDS: Final = {
    "CREATE_COMPLETE": "created",
    "UPDATE_COMPLETE": "updated",
    "DELETE_COMPLETE": "deleted",
    "DELETE_SKIPPED": "kept",
    "CREATE_FAILED": "failed",
    "UPDATE_FAILED": "failed",
    "DELETE_FAILED": "failed",
}
_CANCELLED: Final = "cancelled"
"""AWS: a resource whose turn did not come because another one failed says `Resource creation cancelled`."""


@dataclass(slots=True)
class StackEvents:
    """What happens to a stack from now on. `show` gets a line for each resource that is done."""

    formation: Any
    stack: str
    show: Callable[[str], None]
    events: list[Mapping[str, Any]] = field(default_factory=list)
    trouble: str = ""
    _last: str | None = None

    def begin(self) -> None:
        """Remember what has happened before. Raises botocore's errors."""
        self._last = next((event["EventId"] for event in self._newest_first()), None)

    def look(self) -> None:
        """Show what has happened since the last look. What cannot be read stops no deployment."""
        try:
            new = list(self._since())
        except AWS_ERRORS as error:
            self.trouble = str(error)
            return
        for event in reversed(new):
            self.events.append(event)
            self._last = event["EventId"]
            if line := line_of(event):
                self.show(line)

    def _since(self) -> Iterator[Mapping[str, Any]]:
        for event in self._newest_first():
            if event["EventId"] == self._last:
                return
            yield event

    def _newest_first(self) -> Iterator[Mapping[str, Any]]:
        try:
            pages = self.formation.get_paginator("describe_stack_events").paginate(StackName=self.stack)
            for page in pages:
                yield from page["StackEvents"]
        except AWS_ERRORS as error:
            if "does not exist" not in str(error):
                raise

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why resources failed, without those that failed because another one did."""
        failed = (event for event in self.events if event["ResourceStatus"].endswith("_FAILED"))
        found = (
            f"{event['LogicalResourceId']} ({event['ResourceType']}): {quoted(reason)}"
            for event in failed
            if (reason := str(event.get("ResourceStatusReason", "no reason given")))
            and _CANCELLED not in reason
            and event["ResourceType"] != _STACK
        )
        return tuple(dict.fromkeys(found))


def line_of(event: Mapping[str, Any]) -> str | None:
    """Return a line for a resource that is done; None for anything else."""
    word = _WORDS.get(event["ResourceStatus"])
    if word is None or event["ResourceType"] == _STACK:
        return None
    return f"{word:<8} {event['LogicalResourceId']}  {event['ResourceType']}"
