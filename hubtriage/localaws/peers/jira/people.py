"""What people do in Jira: they may do more than our account, and no search need have seen it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hubtriage.localaws.peers.jira.issues import Comment, Issue, Issues
from hubtriage.localaws.peers.jira.settings import JiraSettings
from hubtriage.localaws.peers.jira.workflow import Workflow, workflow
from hubtriage.localaws.peers.peer import PeerError


@dataclass(frozen=True, slots=True)
class Act:
    """What a person does to an issue."""

    issue: Issue
    given: Mapping[str, Any]
    settings: JiraSettings
    now: float


_PERSON = "person@acme.example"


class People:
    """Acts of people on an issue, by its id or key."""

    def __init__(self, issues: Issues) -> None:
        self._issues = issues
        self._acts: Mapping[str, Callable[[Act], None]] = {
            "close": self._close,
            "reopen": self._reopen,
            "move": self._move,
            "delete": self._delete,
            "label": self._label,
            "comment": self._comment,
            "write": self._write,
        }

    def act(self, act: str, given: dict[str, Any], settings: JiraSettings, now: float) -> dict[str, Any]:
        """Do one of `close(resolution)`, `reopen()`, `move(project)`, `delete()`, `label(labels)`,
        `comment(text)` and `write(fields)` to `issue`; return its id and key.
        """
        issue = self._issues.find(str(given.pop("issue", "")))
        if act not in self._acts:
            raise PeerError(f"no act {act!r}; there are {', '.join(self._acts)}")
        if issue is None:
            raise PeerError("no such issue")
        self._acts[act](Act(issue, given, settings, now))
        self._issues.touch(issue, now, f"person: {act}")
        return {"id": issue.id, "key": issue.key}

    def _close(self, act: Act) -> None:
        self._to(act, "done")
        act.issue.resolution = act.given.get("resolution", "Done")

    def _reopen(self, act: Act) -> None:
        self._to(act, "new")
        act.issue.resolution = None

    def _to(self, act: Act, category: str) -> None:
        """Bring an issue to a status of a category, as an administrator can from anywhere."""
        flow: Workflow = workflow(act.settings.projects[act.issue.project].workflow)
        act.issue.status = next(name for name, of in flow.statuses.items() if of == category)
        act.issue.category = category

    def _move(self, act: Act) -> None:
        if act.given.get("project") not in act.settings.projects:
            raise PeerError("no such project")
        self._issues.move(act.issue, act.given["project"])
        flow = workflow(act.settings.projects[act.issue.project].workflow)
        if act.issue.status not in flow.statuses:
            act.issue.status, act.issue.category = flow.first, flow.statuses[flow.first]

    def _delete(self, act: Act) -> None:
        act.issue.is_there = False

    def _label(self, act: Act) -> None:
        act.issue.fields["labels"] = list(act.given["labels"])

    def _comment(self, act: Act) -> None:
        text = {"type": "paragraph", "content": [{"type": "text", "text": act.given["text"]}]}
        body = {"type": "doc", "version": 1, "content": [text]}
        act.issue.comments.append(Comment(self._issues.next_id(), body, act.now, _PERSON))

    def _write(self, act: Act) -> None:
        act.issue.fields.update(act.given["fields"])
