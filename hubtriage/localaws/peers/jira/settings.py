"""How a site of Jira is set up."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

from hubtriage.localaws.peers.peer import PeerError

USUAL_FIELDS = (
    "project",
    "issuetype",
    "summary",
    "description",
    "labels",
    "priority",
    "assignee",
    "duedate",
    "components",
)
PERMISSIONS = ("browse", "create", "edit", "comment", "transition")


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """A project: its types of issues, the fields of its screens, those that it requires, its workflow."""

    types: tuple[str, ...] = ("Task", "Bug")
    fields: tuple[str, ...] = USUAL_FIELDS
    required: tuple[str, ...] = ()
    workflow: str = "simple"


@dataclass(frozen=True, slots=True)
class JiraSettings:
    """A site.

    accounts: tokens by e-mail address. scoped: tokens are scoped ones, so they are for `/ex/jira/CLOUD_ID`.
    search_lag: seconds until the index shows a change; None: never. permissions: what our account may do.
    declared: properties that an app declared for the index. issue_writes: limits of writes to one issue, each
    (number, seconds). burst: requests a second for one endpoint and method.
    """

    accounts: Mapping[str, str] = field(default_factory=lambda: {"bot@acme.example": "jira-token-0123456789"})
    scoped: bool = False
    cloud_id: str = "11223344-a1b2-3b33-c444-def123456789"
    projects: Mapping[str, ProjectSettings] = field(default_factory=lambda: {"SEC": ProjectSettings()})
    search_lag: float | None = 0.0
    permissions: tuple[str, ...] = PERMISSIONS
    declared: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ("Highest", "High", "Medium", "Low", "Lowest")
    comment_limit: int = 5_000
    issue_writes: tuple[tuple[int, float], ...] = ((20, 2.0), (100, 30.0))
    burst: int = 100

    def changed(self, changes: Mapping[str, Any]) -> Self:
        """Return settings with changes given as JSON; raise PeerError for an unknown name."""
        known = {each.name for each in fields(self)}
        unknown = sorted(changes.keys() - known)
        if unknown:
            raise PeerError(f"no setting {', '.join(unknown)}; there are {', '.join(sorted(known))}")
        given: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in changes.items()
        }
        if "projects" in given:
            given["projects"] = {name: _project(each) for name, each in given["projects"].items()}
        return replace(self, **given)


def _project(given: Mapping[str, Any] | ProjectSettings) -> ProjectSettings:
    if isinstance(given, ProjectSettings):
        return given
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in given.items()
    }
    return ProjectSettings(**values)
