"""How far a sweep is: what a step needs to go on where the last one ended, and what the report says."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

Status = Literal["more", "done", "superseded", "over budget", "intake closed"]
"""`more`: another step is needed, after `wait` seconds. All others are ends."""


class ProgressError(ValueError):
    """Something that is no progress of a sweep."""


@dataclass(slots=True)
class Progress:
    """Where the sweep is, and what it did so far, in findings unless said otherwise.

    `scope` is an index into the request's scopes, `token` where its next page starts. `read` were looked
    at; `changed` of them get an update, among them those that become `hidden` and those of which something
    is `taken_back`; `refused` cannot be changed; on `kept` a rule would have something otherwise than a
    person has it; on `failed_rules` a rule could not be evaluated. `by_rule` counts changed findings.
    `messages` were put into the queue. `restarts`: how often a page token was no longer good and the scope
    was begun again. `faults`: steps in a row that AWS cut short. Times are epoch seconds.
    """

    status: Status = "more"
    wait: int = 0
    scope: int = 0
    token: str | None = None
    pages: int = 0
    read: int = 0
    changed: int = 0
    hidden: int = 0
    taken_back: int = 0
    refused: int = 0
    kept: int = 0
    failed_rules: int = 0
    messages: int = 0
    calls: int = 0
    restarts: int = 0
    faults: int = 0
    started: float | None = None
    ended: float | None = None
    by_rule: Counter[str] = field(default_factory=Counter)

    @classmethod
    def from_json(cls, document: object) -> "Progress":
        """Read what `as_json` wrote; raises ProgressError for anything else."""
        known = {item.name for item in fields(cls)}
        if not isinstance(document, Mapping) or not set(document) <= known:
            raise ProgressError(f"not the progress of a sweep: {document!r}")
        values = dict(document)
        return cls(**{**values, "by_rule": Counter(values.get("by_rule") or {})})

    def as_json(self) -> dict[str, Any]:
        """JSON-ready; all members."""
        return {**asdict(self), "by_rule": dict(self.by_rule)}

    def copy(self) -> "Progress":
        """A progress of its own, to be changed."""
        return Progress.from_json(self.as_json())

    @property
    def is_over(self) -> bool:
        """Whether no step is left to take."""
        return self.status != "more"
