"""The issues of a site, and its search index, which follows them late."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from hubtriage.localaws.peers.jira.adf import live, shown


@dataclass(slots=True)
class Comment:
    """A comment."""

    id: str
    body: Mapping[str, Any]
    created: float
    author: str
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IndexedIssue:
    """What the index holds of an issue; `is_there` is false of one that was deleted."""

    id: str
    key: str
    project: str
    labels: tuple[str, ...]
    status: str
    category: str
    resolution: str | None
    properties: Mapping[str, Any]
    created: float
    updated: float
    is_there: bool = True


@dataclass(slots=True)
class Issue:
    """An issue. fields: those that people set, as they were given. versions: what the index may show."""

    id: str
    key: str
    project: str
    issue_type: str
    status: str
    category: str
    created: float
    updated: float
    reporter: str
    fields: dict[str, Any] = field(default_factory=dict)
    resolution: str | None = None
    properties: dict[str, Any] = field(default_factory=dict)
    comments: list[Comment] = field(default_factory=list)
    remote_links: dict[str, dict[str, Any]] = field(default_factory=dict)
    former_keys: list[str] = field(default_factory=list)
    writes: list[float] = field(default_factory=list)
    history: list[str] = field(default_factory=list)
    is_there: bool = True
    versions: list[tuple[float, IndexedIssue]] = field(default_factory=list)

    def view(self) -> IndexedIssue:
        """Return what an index without delay would hold."""
        return IndexedIssue(
            self.id,
            self.key,
            self.project,
            tuple(self.fields.get("labels", ())),
            self.status,
            self.category,
            self.resolution,
            deepcopy(self.properties),
            self.created,
            self.updated,
            self.is_there,
        )

    def indexed(self, until: float) -> IndexedIssue | None:
        """Return the newest version that was there at a time."""
        return next((view for at, view in reversed(self.versions) if at <= until), None)


class Issues:
    """Issues by id and key, also those under which they were known before they were moved."""

    def __init__(self) -> None:
        self.all: dict[str, Issue] = {}
        self._ids: dict[str, str] = {}
        self._numbers: dict[str, int] = {}
        self._next_id = 10_000

    def next_id(self) -> str:
        """Return an id that no issue or comment has."""
        self._next_id += 1
        return str(self._next_id)

    def next_key(self, project: str) -> str:
        """Return the next key of a project."""
        self._numbers[project] = self._numbers.get(project, 0) + 1
        return f"{project}-{self._numbers[project]}"

    def add(self, issue: Issue) -> None:
        """Store an issue."""
        self.all[issue.id] = issue
        self._ids[issue.key] = issue.id

    def move(self, issue: Issue, project: str) -> None:
        """Give an issue a key of another project; the old key still leads to it."""
        issue.former_keys.append(issue.key)
        issue.project = project
        issue.key = self.next_key(project)
        self._ids[issue.key] = issue.id

    def find(self, id_or_key: str) -> Issue | None:
        """Return an issue that is not deleted, by id or key."""
        issue = self.all.get(self._ids.get(id_or_key, id_or_key))
        return issue if issue is not None and issue.is_there else None

    def touch(self, issue: Issue, now: float, what: str) -> None:
        """Note a change: the index will see it."""
        issue.updated = now
        issue.history.append(what)
        issue.versions.append((now, issue.view()))


def as_stored(issue: Issue) -> dict[str, Any]:
    """Return an issue for a test: what a reader of it sees, and what of that is more than text."""
    description = issue.fields.get("description")
    return {
        "id": issue.id,
        "key": issue.key,
        "project": issue.project,
        "type": issue.issue_type,
        "status": issue.status,
        "category": issue.category,
        "resolution": issue.resolution,
        "summary": issue.fields.get("summary"),
        "shown": shown(description) if description else "",
        "live": live(description) if description else [],
        "labels": list(issue.fields.get("labels", ())),
        "fields": {key: value for key, value in issue.fields.items() if key != "description"},
        "properties": issue.properties,
        "comments": [
            {"id": each.id, "author": each.author, "shown": shown(each.body), "live": live(each.body)}
            for each in issue.comments
        ],
        "created": issue.created,
        "history": issue.history,
        "deleted": not issue.is_there,
    }
