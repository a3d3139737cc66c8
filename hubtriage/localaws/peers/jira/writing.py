"""What changes issues over the API: screens, limits and workflows decide what may be."""

import json
import re
from collections.abc import Mapping
from typing import Any

from hubtriage.localaws.peers.jira import adf
from hubtriage.localaws.peers.jira.errors import JiraError
from hubtriage.localaws.peers.jira.issues import Comment, Issue, Issues
from hubtriage.localaws.peers.jira.settings import JiraSettings, ProjectSettings
from hubtriage.localaws.peers.jira.workflow import RESOLUTIONS, Way, Workflow, workflow

_LONGEST_SUMMARY = 255
_LONGEST_LABEL = 255
_LONGEST_KEY = 255
_LARGEST_PROPERTY = 32_768
_NOT_ON_SCREEN = "Field '{}' cannot be set. It is not on the appropriate screen, or unknown."


class Writing:
    """Creates and changes issues; raises JiraError, and then has changed nothing."""

    def __init__(self, issues: Issues) -> None:
        self._issues = issues

    def create(
        self, body: Mapping[str, Any], settings: JiraSettings, user: str, now: float
    ) -> tuple[Issue, dict[str, Any] | None]:
        """Create an issue; return it, and how its `transition` went if one is asked for.

        Jira: without the permission the status is 400 as for any other fault.
        """
        fields = dict(body.get("fields", {}))
        project = _project_of(fields, settings)
        if "create" not in settings.permissions:
            raise JiraError(400, "You do not have permission to create issues in this project.")
        rules = settings.projects[project]
        kind = _type_of(fields, rules)
        _check_screen(fields, body.get("update", {}), rules)
        _check_required(fields, rules)
        _check_fields(fields, settings)
        properties: dict[str, Any] = {}
        for each in body.get("properties", []):
            self.set_property(properties, each.get("key"), each.get("value"))
        flow = workflow(rules.workflow)
        kept = {name: value for name, value in fields.items() if name not in ("project", "issuetype")}
        issue = Issue(
            id=self._issues.next_id(),
            key=self._issues.next_key(project),
            project=project,
            issue_type=kind,
            status=flow.first,
            category=flow.statuses[flow.first],
            created=now,
            updated=now,
            reporter=user,
            fields=kept,
            properties=properties,
        )
        self._issues.add(issue)
        self._issues.touch(issue, now, "created")
        return issue, self._transition_of_creation(issue, body, settings, user, now)

    def _transition_of_creation(
        self, issue: Issue, body: Mapping[str, Any], settings: JiraSettings, user: str, now: float
    ) -> dict[str, Any] | None:
        """Take the transition that a creation asks for; the issue is there even if that fails."""
        if "transition" not in body:
            return None
        try:
            self.transition(issue, {"transition": body["transition"]}, settings, user, now)
        except JiraError as error:
            errors = {"errorMessages": error.messages, "errors": error.fields}
            return {"status": error.status, "errorCollection": errors}
        return {"status": 204, "errorCollection": {"errorMessages": [], "errors": {}}}

    def edit(self, issue: Issue, body: Mapping[str, Any], settings: JiraSettings, now: float) -> None:
        """Change fields and properties; a `transition` in the body is ignored."""
        fields, update = dict(body.get("fields", {})), body.get("update", {})
        rules = settings.projects[issue.project]
        _check_screen(fields, update, rules)
        if {"project", "issuetype"} & fields.keys():
            raise JiraError(400, project="An issue is not moved by an edit.")
        for name, operations in update.items():
            fields[name] = _updated(issue.fields.get(name, []), name, operations)
        if "summary" in fields and not fields["summary"]:
            raise JiraError(400, summary="You must specify a summary of the issue.")
        _check_fields(fields, settings)
        properties = dict(issue.properties)
        for each in body.get("properties", []):
            self.set_property(properties, each.get("key"), each.get("value"))
        issue.fields.update(fields)
        issue.properties = properties
        self._issues.touch(issue, now, "edited")

    def comment(
        self, issue: Issue, body: Mapping[str, Any], settings: JiraSettings, user: str, now: float
    ) -> Comment:
        """Add a comment."""
        if "body" not in body:
            raise JiraError(400, comment="Comment body can not be empty!")
        adf.check(body["body"], "comment")
        if len(issue.comments) >= settings.comment_limit:
            raise JiraError(413, "The issue has reached its limit of comments.")
        properties: dict[str, Any] = {}
        for each in body.get("properties", []):
            self.set_property(properties, each.get("key"), each.get("value"))
        comment = Comment(self._issues.next_id(), body["body"], now, user, properties)
        issue.comments.append(comment)
        self._issues.touch(issue, now, "commented")
        return comment

    def transition(
        self, issue: Issue, body: Mapping[str, Any], settings: JiraSettings, user: str, now: float
    ) -> None:
        """Take an issue along a way of its workflow, if its screen and validators are satisfied."""
        flow = self.workflow_of(issue, settings)
        wanted = body.get("transition", {}).get("id") if isinstance(body.get("transition"), dict) else None
        ways = flow.from_status(issue.status) if "transition" in settings.permissions else []
        way = next((each for each in ways if each.id == str(wanted)), None)
        if way is None:
            raise JiraError(400, "It seems that you have tried to perform an illegal workflow operation.")
        fields = body.get("fields", {})
        resolution = _resolution_of(fields)
        _check_way(way, fields, issue)
        for operation in body.get("update", {}).get("comment", []):
            self.comment(issue, operation["add"], settings, user, now)
        take(issue, way, flow, resolution)
        self._issues.touch(issue, now, f"transition {way.name}")

    def workflow_of(self, issue: Issue, settings: JiraSettings) -> Workflow:
        """Return the workflow of an issue's project."""
        return workflow(settings.projects[issue.project].workflow)

    def set_property(self, properties: dict[str, Any], key: Any, value: Any) -> None:
        """Set a property; raise JiraError beyond its limits."""
        if not isinstance(key, str) or not 0 < len(key) <= _LONGEST_KEY:
            raise JiraError(400, "The property key must have between 1 and 255 characters.")
        if value is None or len(json.dumps(value)) > _LARGEST_PROPERTY:
            raise JiraError(400, "The property value must be JSON of at most 32768 characters.")
        properties[key] = value


def take(issue: Issue, way: Way, flow: Workflow, resolution: str | None) -> None:
    """Bring an issue to where a way leads."""
    issue.status, issue.category = way.target, flow.statuses[way.target]
    if resolution or way.sets:
        issue.resolution = resolution or way.sets
    if way.clears:
        issue.resolution = None


def _project_of(fields: Mapping[str, Any], settings: JiraSettings) -> str:
    given = fields.get("project")
    key = given.get("key") or given.get("id") if isinstance(given, dict) else None
    if key not in settings.projects:
        raise JiraError(400, project="Specify a valid project ID or key")
    return str(key)


def _type_of(fields: Mapping[str, Any], rules: ProjectSettings) -> str:
    given = fields.get("issuetype")
    named = given.get("name") if isinstance(given, dict) else None
    if named not in rules.types:
        raise JiraError(400, issuetype="Specify a valid issue type")
    return str(named)


def _check_screen(fields: Mapping[str, Any], update: Mapping[str, Any], rules: ProjectSettings) -> None:
    for name in (*fields, *update):
        if name in fields and name in update:
            raise JiraError(400, **{name: f"Field '{name}' cannot be in both 'fields' and 'update'."})
        if name not in rules.fields and name not in rules.required:
            raise JiraError(400, **{name: _NOT_ON_SCREEN.format(name)})


def _check_required(fields: Mapping[str, Any], rules: ProjectSettings) -> None:
    missing = {name: f"{name} is required." for name in rules.required if not fields.get(name)}
    if not fields.get("summary"):
        missing["summary"] = "You must specify a summary of the issue."
    if missing:
        raise JiraError(400, **missing)


def _check_fields(fields: Mapping[str, Any], settings: JiraSettings) -> None:
    if "summary" in fields:
        _check_summary(fields["summary"])
    if fields.get("description") is not None:
        adf.check(fields["description"], "description")
    for label in fields.get("labels", ()):
        _check_label(label)
    priority = fields.get("priority")
    if priority is not None and priority.get("name") not in settings.priorities:
        raise JiraError(400, priority="The priority selected is invalid.")


def _check_summary(summary: Any) -> None:
    if not isinstance(summary, str):
        raise JiraError(400, summary="Operation value must be a string")
    if re.search(r"[\r\n]", summary):
        raise JiraError(400, summary="The summary is invalid because it contains newline characters.")
    if adf.utf16_units(summary) > _LONGEST_SUMMARY:
        raise JiraError(400, summary="Summary can't exceed 255 characters.")


def _check_label(label: Any) -> None:
    if not isinstance(label, str) or not label:
        raise JiraError(400, labels="string expected")
    if re.search(r"\s", label):
        raise JiraError(400, labels=f"The label '{label}' contains spaces which is invalid.")
    if len(label) > _LONGEST_LABEL:
        raise JiraError(400, labels=f"The label '{label}' exceeds the maximum length of 255 characters.")


def _updated(value: Any, name: str, operations: Any) -> Any:
    """Return a field after operations on it; only labels have some here."""
    if name != "labels":
        raise JiraError(400, **{name: "Operations on this field are not supported."})
    labels = list(value)
    for operation in operations:
        [(verb, label)] = operation.items()
        if verb == "add" and label not in labels:
            labels.append(label)
        if verb == "remove" and label in labels:
            labels.remove(label)
        if verb == "set":
            labels = list(label)
    return labels


def _resolution_of(fields: Mapping[str, Any]) -> str | None:
    given = fields.get("resolution")
    if given is None:
        return None
    named = given.get("name") if isinstance(given, dict) else None
    if named is None and isinstance(given, dict):
        named = next(
            (name for number, name in enumerate(RESOLUTIONS) if str(10_000 + number) == given.get("id")), None
        )
    if named not in RESOLUTIONS:
        raise JiraError(400, resolution="The resolution selected is invalid.")
    return str(named)


def _check_way(way: Way, fields: Mapping[str, Any], issue: Issue) -> None:
    for name in fields:
        if name not in way.needs and name not in way.offers:
            raise JiraError(400, **{name: _NOT_ON_SCREEN.format(name)})
    missing = {name: f"{name} is required." for name in way.needs if not fields.get(name)}
    if missing:
        raise JiraError(400, **missing)
    if way.validator and not issue.fields.get(way.validator):
        raise JiraError(400, f"{way.validator} must be set before.")
