"""The site: requests in, answers as Jira Cloud writes them out, and what people do in it."""

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from hubtriage.localaws.peers.jira.errors import JiraError, not_there
from hubtriage.localaws.peers.jira.issues import Issue, Issues, as_stored
from hubtriage.localaws.peers.jira.limits import BurstLimit, write_refusal
from hubtriage.localaws.peers.jira.people import People
from hubtriage.localaws.peers.jira.reading import comment_json, issue_json, page_of_comments, timestamp
from hubtriage.localaws.peers.jira.search import search
from hubtriage.localaws.peers.jira.settings import JiraSettings
from hubtriage.localaws.peers.jira.workflow import as_json
from hubtriage.localaws.peers.jira.writing import Writing
from hubtriage.localaws.peers.peer import Clock, PeerAnswer, PeerRequest

_V3 = "/rest/api/3"
_SITE = "https://acme.atlassian.net"
_REMOVED = "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API."
_MOST_FETCHED = 100
_PERMISSIONS = {
    "BROWSE_PROJECTS": "browse",
    "CREATE_ISSUES": "create",
    "EDIT_ISSUES": "edit",
    "ADD_COMMENTS": "comment",
    "TRANSITION_ISSUES": "transition",
}


@dataclass(frozen=True, slots=True)
class JiraCall:
    """A request with the parts of its path that name something, and whose it is."""

    request: PeerRequest
    names: tuple[str, ...]
    user: str

    @property
    def name(self) -> str:
        """What the path names first."""
        return self.names[0]


Handler = Callable[[JiraCall], PeerAnswer]


class JiraPeer:
    """A site of Jira Cloud, empty in the beginning."""

    def __init__(self, clock: Clock, settings: JiraSettings | None = None) -> None:
        self.settings = settings or JiraSettings()
        self.issues = Issues()
        self._clock = clock
        self._burst = BurstLimit()
        self._writing = Writing(self.issues)
        self._people = People(self.issues)
        self._routes: tuple[tuple[str, re.Pattern[str], Handler], ...] = tuple(
            (method, re.compile(pattern), handler)
            for method, pattern, handler in (
                ("POST", "/issue", self._create),
                ("POST", "/issue/bulk", self._create_many),
                ("POST", "/issue/bulkfetch", self._fetch_many),
                ("GET", "/issue/createmeta/([^/]+)/issuetypes", self._types),
                ("GET", "/issue/createmeta/([^/]+)/issuetypes/([^/]+)", self._fields),
                ("GET", "/issue/([^/]+)", self._get),
                ("PUT", "/issue/([^/]+)", self._edit),
                ("DELETE", "/issue/([^/]+)", self._forbidden),
                ("GET", "/issue/([^/]+)/comment", self._comments),
                ("POST", "/issue/([^/]+)/comment", self._comment),
                ("GET", "/issue/([^/]+)/transitions", self._transitions),
                ("POST", "/issue/([^/]+)/transitions", self._transition),
                ("GET", "/issue/([^/]+)/properties/([^/]+)", self._property),
                ("PUT", "/issue/([^/]+)/properties/([^/]+)", self._set_property),
                ("POST", "/issue/([^/]+)/remotelink", self._remote_link),
                ("POST", "/search/jql", self._search),
                ("GET", "/search/jql", self._search),
                ("GET", "/search", self._removed),
                ("POST", "/search", self._removed),
                ("GET", "/myself", self._myself),
                ("GET", "/mypermissions", self._permissions),
                ("GET", "/serverInfo", self._server_info),
                ("GET", "/project/([^/]+)", self._project),
            )
        )

    def answer(self, request: PeerRequest) -> PeerAnswer:
        """Answer a request: with a classic token under `/rest/api/3`, with a scoped under `/ex/jira/ID`."""
        path, is_gateway = self._own_path(request.path)
        if path is None:
            return PeerAnswer.page(404, "Oops, you've found a dead link")
        user = self._user(request, is_gateway)
        if user is None:
            return _unauthenticated()
        for method, pattern, handler in self._routes:
            found = pattern.fullmatch(path)
            if found and method == request.method:
                return self._carried_out(request, pattern.pattern, handler, found.groups(), user)
        known = any(pattern.fullmatch(path) for _, pattern, _ in self._routes)
        return PeerAnswer.page(405 if known else 404, "Method not allowed" if known else "Not found")

    def stored(self) -> dict[str, Any]:
        """Return every issue, deleted ones too, with what a reader of it sees."""
        return {"issues": [as_stored(issue) for issue in self.issues.all.values()]}

    def act(self, act: str, given: Mapping[str, Any]) -> Any:
        """Have a person close, reopen, move, delete, label, comment on or rewrite an issue."""
        return self._people.act(act, dict(given), self.settings, self._clock())

    def configure(self, changes: Mapping[str, Any]) -> None:
        """Change settings of the site; see `JiraSettings`."""
        self.settings = self.settings.changed(changes)

    def _own_path(self, path: str) -> tuple[str | None, bool]:
        """Return the part of a path behind the API's version, and whether it came by the gateway."""
        gateway = f"/ex/jira/{self.settings.cloud_id}"
        is_gateway = path.startswith(f"{gateway}/")
        inner = path.removeprefix(gateway) if is_gateway else path
        if re.fullmatch(r"/rest/api/[23]/search", inner):
            return "/search", is_gateway
        return (inner.removeprefix(_V3) if inner.startswith(f"{_V3}/") else None), is_gateway

    def _user(self, request: PeerRequest, is_gateway: bool) -> str | None:
        """Return whose request it is. A scoped token is of no use on the site's own address."""
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        try:
            email, _, token = base64.b64decode(given, validate=True).decode().partition(":")
        except ValueError:
            return None
        is_known = kind.lower() == "basic" and token and self.settings.accounts.get(email) == token
        return email if is_known and is_gateway == self.settings.scoped else None

    def _carried_out(
        self, request: PeerRequest, endpoint: str, handler: Handler, names: tuple[str, ...], user: str
    ) -> PeerAnswer:
        refused = self._burst.refusal((endpoint, request.method), self.settings.burst, self._clock())
        if refused:
            return refused
        if request.method in ("POST", "PUT") and not request.is_json():
            return PeerAnswer.json(415, {"errorMessages": ["Unsupported Media Type"], "errors": {}})
        try:
            return handler(JiraCall(request, tuple(unquote(name) for name in names), user))
        except JiraError as error:
            return error.answer()
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            return JiraError(400, f"malformed: {error}").answer()

    def _issue(self, id_or_key: str) -> Issue:
        issue = self.issues.find(id_or_key)
        if issue is None or "browse" not in self.settings.permissions:
            raise not_there()
        return issue

    def _create(self, call: JiraCall) -> PeerAnswer:
        issue, moved = self._writing.create(_object(call.request), self.settings, call.user, self._clock())
        answer: dict[str, Any] = {"id": issue.id, "key": issue.key, "self": f"{_SITE}{_V3}/issue/{issue.id}"}
        if moved is not None:
            answer["transition"] = moved
        return PeerAnswer.json(201, answer)

    def _create_many(self, call: JiraCall) -> PeerAnswer:
        updates = _object(call.request).get("issueUpdates", [])
        if not 0 < len(updates) <= 50:
            raise JiraError(400, "Between 1 and 50 issues can be created.")
        issues, errors = [], []
        for number, update in enumerate(updates):
            try:
                issue, _ = self._writing.create(update, self.settings, call.user, self._clock())
            except JiraError as error:
                elements = {"errorMessages": error.messages, "errors": error.fields}
                errors.append(
                    {"status": error.status, "failedElementNumber": number, "elementErrors": elements}
                )
            else:
                issues.append({"id": issue.id, "key": issue.key})
        return PeerAnswer.json(201 if issues else 400, {"issues": issues, "errors": errors})

    def _fetch_many(self, call: JiraCall) -> PeerAnswer:
        body = _object(call.request)
        asked = body.get("issueIdsOrKeys")
        if not isinstance(asked, list) or not 0 < len(asked) <= _MOST_FETCHED:
            raise JiraError(400, f"Between 1 and {_MOST_FETCHED} issues can be fetched.")
        fields, properties = body.get("fields", ["*navigable"]), body.get("properties", [])
        found, missing = [], []
        for name in asked:
            issue = self.issues.find(str(name)) if "browse" in self.settings.permissions else None
            if issue is None:
                missing.append({"id": str(name), "errorMessage": "Issue does not exist"})
            else:
                found.append(issue_json(issue, fields, properties))
        return PeerAnswer.json(200, {"issues": found, "issueErrors": missing})

    def _get(self, call: JiraCall) -> PeerAnswer:
        fields = call.request.first("fields", "*all").split(",")
        properties = [key for key in call.request.first("properties").split(",") if key]
        return PeerAnswer.json(200, issue_json(self._issue(call.name), fields, properties))

    def _edit(self, call: JiraCall) -> PeerAnswer:
        issue = self._issue(call.name)
        self._may("edit", 403, "You do not have permission to edit issues in this project.")
        refused = self._write_refusal(issue)
        if refused:
            return refused
        self._writing.edit(issue, _object(call.request), self.settings, self._clock())
        return PeerAnswer(204)

    def _comments(self, call: JiraCall) -> PeerAnswer:
        return PeerAnswer.json(200, page_of_comments(self._issue(call.name), call.request))

    def _comment(self, call: JiraCall) -> PeerAnswer:
        issue = self._issue(call.name)
        self._may("comment", 403, "You do not have the permission to comment on this issue.")
        refused = self._write_refusal(issue)
        if refused:
            return refused
        comment = self._writing.comment(issue, _object(call.request), self.settings, call.user, self._clock())
        return PeerAnswer.json(201, comment_json(comment))

    def _transitions(self, call: JiraCall) -> PeerAnswer:
        """List what leads on from here; without the permission there is nothing, not a refusal."""
        issue = self._issue(call.name)
        flow = self._writing.workflow_of(issue, self.settings)
        ways = flow.from_status(issue.status) if "transition" in self.settings.permissions else []
        expand = "transitions.fields" in call.request.first("expand")
        return PeerAnswer.json(200, {"transitions": [as_json(way, flow, expand) for way in ways]})

    def _transition(self, call: JiraCall) -> PeerAnswer:
        issue = self._issue(call.name)
        refused = self._write_refusal(issue)
        if refused:
            return refused
        self._writing.transition(issue, _object(call.request), self.settings, call.user, self._clock())
        return PeerAnswer(204)

    def _property(self, call: JiraCall) -> PeerAnswer:
        key = call.names[1]
        issue = self._issue(call.name)
        if key not in issue.properties:
            raise not_there(f"The property {key} does not exist.")
        return PeerAnswer.json(200, {"key": key, "value": issue.properties[key]})

    def _set_property(self, call: JiraCall) -> PeerAnswer:
        key = call.names[1]
        issue = self._issue(call.name)
        self._may("edit", 403, "You do not have permission to edit issues in this project.")
        is_new = key not in issue.properties
        self._writing.set_property(issue.properties, key, _json(call.request))
        self.issues.touch(issue, self._clock(), "property")
        return PeerAnswer(201 if is_new else 200)

    def _remote_link(self, call: JiraCall) -> PeerAnswer:
        """Store a link of a globalId, in place of the one that has it already."""
        issue = self._issue(call.name)
        body = _object(call.request)
        if not isinstance(body.get("object"), dict) or not body["object"].get("url"):
            raise JiraError(400, url="A url is required.")
        key = str(body.get("globalId") or f"link-{len(issue.remote_links)}")
        is_new = key not in issue.remote_links
        issue.remote_links[key] = body
        return PeerAnswer.json(201 if is_new else 200, {"id": len(issue.remote_links), "self": ""})

    def _search(self, call: JiraCall) -> PeerAnswer:
        if call.request.method == "POST":
            asked = _object(call.request)
        else:
            asked = {
                "jql": call.request.first("jql"),
                "fields": [name for name in call.request.first("fields").split(",") if name],
                "maxResults": int(call.request.first("maxResults", "50")),
            }
        return PeerAnswer.json(200, search(self.issues, self.settings, asked, self._clock()))

    def _types(self, call: JiraCall) -> PeerAnswer:
        types = self._project_settings(call.name).types
        listed = [{"id": str(10_001 + number), "name": name} for number, name in enumerate(types)]
        return PeerAnswer.json(200, {"issueTypes": listed, "total": len(listed), "startAt": 0})

    def _fields(self, call: JiraCall) -> PeerAnswer:
        kind = call.names[1]
        settings = self._project_settings(call.name)
        if kind not in {str(10_001 + number) for number in range(len(settings.types))}:
            raise not_there("The issue type does not exist.")
        required = {"project", "issuetype", "summary", *settings.required}
        listed = [
            {"fieldId": name, "key": name, "name": name, "required": name in required}
            for name in dict.fromkeys((*settings.fields, *settings.required))
        ]
        return PeerAnswer.json(200, {"fields": listed, "total": len(listed), "startAt": 0})

    def _project(self, call: JiraCall) -> PeerAnswer:
        self._project_settings(call.name)
        return PeerAnswer.json(200, {"key": call.name, "id": call.name, "name": call.name})

    def _project_settings(self, project: str) -> Any:
        if project not in self.settings.projects or "browse" not in self.settings.permissions:
            raise not_there(f"No project could be found with key '{project}'.")
        return self.settings.projects[project]

    def _myself(self, call: JiraCall) -> PeerAnswer:
        return PeerAnswer.json(
            200, {"accountId": f"id-of-{call.user}", "emailAddress": call.user, "active": True}
        )

    def _permissions(self, call: JiraCall) -> PeerAnswer:
        named = [name for name in call.request.first("permissions").split(",") if name]
        if not named:
            raise JiraError(400, "The 'permissions' query parameter is required.")
        held = {name: _PERMISSIONS.get(name) in self.settings.permissions for name in named}
        answer = {name: {"key": name, "havePermission": have} for name, have in held.items()}
        return PeerAnswer.json(200, {"permissions": answer})

    def _server_info(self, _: JiraCall) -> PeerAnswer:
        answer = {"baseUrl": _SITE, "deploymentType": "Cloud", "serverTime": timestamp(self._clock())}
        return PeerAnswer.json(200, answer)

    def _removed(self, _: JiraCall) -> PeerAnswer:
        raise JiraError(410, _REMOVED)

    def _forbidden(self, call: JiraCall) -> PeerAnswer:
        self._issue(call.name)
        raise JiraError(403, "You do not have permission to delete issues in this project.")

    def _may(self, permission: str, status: int, message: str) -> None:
        if permission not in self.settings.permissions:
            raise JiraError(status, message)

    def _write_refusal(self, issue: Issue) -> PeerAnswer | None:
        return write_refusal(issue.writes, self.settings.issue_writes, self._clock())


def _unauthenticated() -> PeerAnswer:
    message = "Client must be authenticated to access this resource."
    headers = {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED", "WWW-Authenticate": 'OAuth realm="acme"'}
    return PeerAnswer.json(401, {"message": message, "errorMessages": [message]}, headers)


def _json(request: PeerRequest) -> Any:
    try:
        return json.loads(request.body)
    except ValueError:
        raise JiraError(
            400, "There was an error parsing JSON. Check that your request body is valid."
        ) from None


def _object(request: PeerRequest) -> dict[str, Any]:
    value = _json(request)
    if not isinstance(value, dict):
        raise JiraError(400, "There was an error parsing JSON. Check that your request body is valid.")
    return value
