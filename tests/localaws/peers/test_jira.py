"""The double of Jira behaves as Atlassian documents it, so that what passes here may pass there."""

import base64
import json
from typing import Any

import pytest

from hubtriage.localaws.peers.jira.peer import JiraPeer
from hubtriage.localaws.peers.jira.settings import JiraSettings, ProjectSettings
from hubtriage.localaws.peers.peer import PeerAnswer, PeerError, PeerRequest
from hubtriage.localaws.peers.server import PeerClock

TOKEN = "jira-token-0123456789"
TEXT = {"type": "text", "text": "x"}


def document(*content: Any) -> dict[str, Any]:
    """Return a document of blocks."""
    return {"type": "doc", "version": 1, "content": list(content)}


def paragraph(*content: Any) -> dict[str, Any]:
    """Return a paragraph of nodes."""
    return {"type": "paragraph", "content": list(content)}


class Site:
    """A site, asked without HTTP."""

    def __init__(self, **settings: Any) -> None:
        self.clock = PeerClock()
        self.peer = JiraPeer(self.clock, JiraSettings(**settings))

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str = TOKEN,
        kind: str = "application/json",
    ) -> PeerAnswer:
        """Return the answer to a request of our account."""
        pair = base64.b64encode(f"bot@acme.example:{token}".encode()).decode()
        headers = {"Authorization": f"Basic {pair}", "Content-Type": kind}
        sent = b"" if body is None else json.dumps(body).encode()
        target = path if path.startswith(("/rest", "/ex", "/o")) else f"/rest/api/3{path}"
        return self.peer.answer(PeerRequest.of(method, target, headers, sent))

    def create(self, **fields: Any) -> PeerAnswer:
        """Create an issue of project SEC with fields."""
        usual = {"project": {"key": "SEC"}, "issuetype": {"name": "Task"}, "summary": "x"}
        return self.ask("POST", "/issue", {"fields": {**usual, **fields}})

    def found(self, jql: str, **more: Any) -> list[str]:
        """Return the ids that a search finds."""
        answer = self.ask("POST", "/search/jql", {"jql": jql, **more})
        assert answer.status == 200, answer.body
        return [issue["id"] for issue in json.loads(answer.body)["issues"]]


def errors(answer: PeerAnswer) -> dict[str, Any]:
    """Return the errors of an answer."""
    value: dict[str, Any] = json.loads(answer.body)
    return value


def new_id(answer: PeerAnswer) -> str:
    """Return the id of the issue that was created."""
    assert answer.status == 201, answer.body
    return str(json.loads(answer.body)["id"])


@pytest.mark.parametrize(
    ("settings", "path", "token", "status"),
    [
        pytest.param({}, "/myself", TOKEN, 200, id="a classic token on the site"),
        pytest.param({}, "/myself", "wrong", 401, id="a wrong token"),
        pytest.param({}, "/ex/jira/c/rest/api/3/myself", TOKEN, 401, id="a classic token on the gateway"),
        pytest.param({"scoped": True}, "/myself", TOKEN, 401, id="a scoped token on the site"),
        pytest.param({"scoped": True}, "/ex/jira/c/rest/api/3/myself", TOKEN, 200, id="a scoped token"),
        pytest.param({"scoped": True}, "/ex/jira/d/rest/api/3/myself", TOKEN, 404, id="another site"),
        pytest.param({}, "/other", TOKEN, 404, id="a path that there is not"),
    ],
)
def test_who_may_ask_where(settings: dict[str, Any], path: str, token: str, status: int) -> None:
    assert Site(cloud_id="c", **settings).ask("GET", path, token=token).status == status


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        pytest.param({"summary": ""}, "summary", id="no summary"),
        pytest.param({"summary": "a\nb"}, "summary", id="a summary of two lines"),
        pytest.param({"summary": "a" * 256}, "summary", id="a summary that is too long"),
        pytest.param({"summary": "\U0001f512" * 128}, "summary", id="as Java counts"),
        pytest.param({"labels": ["a b"]}, "labels", id="a label with a space"),
        pytest.param({"labels": ["a" * 256]}, "labels", id="a label that is too long"),
        pytest.param({"description": "text"}, "description", id="a text for a document"),
        pytest.param({"project": {"key": "NO"}}, "project", id="no such project"),
        pytest.param({"issuetype": {"name": "Epic"}}, "issuetype", id="no such type"),
        pytest.param({"priority": {"name": "P1"}}, "priority", id="no such priority"),
        pytest.param({"customfield_1": "x"}, "customfield_1", id="a field that is on no screen"),
        pytest.param(
            {"description": document(paragraph({"type": "text", "text": "x" * 33_000}))},
            "description",
            id="a description that is too long",
        ),
    ],
)
def test_an_issue_that_is_refused_names_the_field(fields: dict[str, Any], error: str) -> None:
    site = Site()
    answer = site.create(**fields)
    assert answer.status == 400
    assert list(errors(answer)["errors"]) == [error]
    assert site.peer.stored() == {"issues": []}


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({**document(paragraph(TEXT)), "more": 1}, id="another member at the root"),
        pytest.param({"type": "doc", "content": []}, id="no version"),
        pytest.param(document(), id="nothing"),
        pytest.param(document(paragraph({"type": "text", "text": ""})), id="an empty text"),
        pytest.param(document(paragraph({"type": "text", "text": "a\nb"})), id="a line break in a text"),
        pytest.param(document(paragraph({"type": "text", "text": "a\x00b"})), id="a control in a text"),
        pytest.param(document(paragraph({"type": "text", "text": "a\ud800"})), id="half a pair"),
        pytest.param(document(TEXT), id="a text outside of a paragraph"),
        pytest.param(document(paragraph({"type": "video"})), id="an unknown node"),
        pytest.param(
            document({"type": "bulletList", "content": [paragraph(TEXT)]}), id="a list without items"
        ),
        pytest.param(
            document(paragraph({**TEXT, "marks": [{"type": "code"}, {"type": "strong"}]})),
            id="code and strong",
        ),
        pytest.param(document(paragraph({**TEXT, "marks": [{"type": "link"}]})), id="a link to nowhere"),
        pytest.param(document({"type": "heading", "attrs": {"level": 7}, "content": [TEXT]}), id="level 7"),
    ],
)
def test_a_document_that_is_wrong_is_refused_without_a_field(wrong: dict[str, Any]) -> None:
    answer = Site().create(description=wrong)
    assert answer.status == 400
    assert errors(answer) == {"errorMessages": ["INVALID_INPUT"], "errors": {}}


def test_what_a_document_shows_and_what_of_it_is_live() -> None:
    site = Site()
    link = {
        "type": "text",
        "text": "here",
        "marks": [{"type": "link", "attrs": {"href": "https://a.example"}}],
    }
    mention = {"type": "mention", "attrs": {"id": "5"}}
    items = [{"type": "listItem", "content": [paragraph(TEXT)]}] * 2
    site.create(
        description=document(paragraph(TEXT, link, mention), {"type": "bulletList", "content": items})
    )
    [issue] = site.peer.stored()["issues"]
    assert issue["shown"] == "xhere<mention>\nx\nx"
    assert issue["live"] == ["https://a.example", "mention:{'id': '5'}"]


def test_properties_are_there_from_the_first_instant() -> None:
    site = Site()
    properties = [{"key": "k", "value": {"a": 1}}]
    usual = {"project": {"key": "SEC"}, "issuetype": {"name": "Task"}, "summary": "x"}
    issue = new_id(site.ask("POST", "/issue", {"fields": usual, "properties": properties}))
    assert json.loads(site.ask("GET", f"/issue/{issue}/properties/k").body)["value"] == {"a": 1}
    assert site.ask("GET", f"/issue/{issue}/properties/other").status == 404
    too_large = [{"key": "k", "value": "x" * 32_768}]
    assert site.ask("POST", "/issue", {"fields": usual, "properties": too_large}).status == 400


def test_without_permission_a_creation_is_400_and_a_transition_has_no_choice() -> None:
    site = Site(permissions=("browse",))
    assert site.create().status == 400
    site.peer.configure({"permissions": ["browse", "create"]})
    issue = new_id(site.create())
    listed = site.ask("GET", f"/issue/{issue}/transitions")
    assert (listed.status, json.loads(listed.body)) == (200, {"transitions": []})
    assert site.ask("PUT", f"/issue/{issue}", {"fields": {"summary": "y"}}).status == 403


def test_a_creation_succeeds_although_its_transition_does_not() -> None:
    site = Site()
    usual = {"project": {"key": "SEC"}, "issuetype": {"name": "Task"}, "summary": "x"}
    answer = site.ask("POST", "/issue", {"fields": usual, "transition": {"id": "99"}})
    assert answer.status == 201
    assert errors(answer)["transition"]["status"] == 400


def test_the_index_follows_late() -> None:
    site = Site(search_lag=60.0)
    issue = new_id(site.create(labels=["a"]))
    assert site.found('labels = "a"') == []
    assert site.found('labels = "a"', reconcileIssues=[int(issue)]) == [issue]
    assert json.loads(site.ask("GET", f"/issue/{issue}").body)["fields"]["labels"] == ["a"]
    site.clock.advance(61)
    assert site.found('labels = "a"') == [issue]
    site.ask("PUT", f"/issue/{issue}", {"fields": {"labels": ["b"]}})
    assert site.found('labels = "a"') == [issue], "as it was before"
    site.clock.advance(61)
    assert site.found('labels = "a"') == []
    site.peer.configure({"search_lag": None})
    assert site.found('labels = "b"') == []


@pytest.mark.parametrize(
    ("jql", "count"),
    [
        ('project = "SEC"', 3),
        ('project = SEC AND labels = "one"', 1),
        ("labels in (one, two) ORDER BY created ASC", 2),
        ("project = SEC AND statusCategory != Done", 2),
        ('project = SEC AND resolution != "Fixed"', 1),
        ("project = SEC AND resolution is EMPTY", 2),
        ('issue.property[hubtriage].claim = "c"', 0),
        ("project = SEC AND updated >= -15m", 3),
    ],
)
def test_searches(jql: str, count: int) -> None:
    site = Site()
    site.create(labels=["one"])
    site.create(labels=["two"])
    third = new_id(site.create())
    site.ask("PUT", f"/issue/{third}/properties/hubtriage", {"claim": "c"})
    site.peer.act("close", {"issue": third, "resolution": "Done"})
    assert len(site.found(jql)) == count


def test_a_property_is_searched_only_if_it_is_declared() -> None:
    site = Site(declared=("hubtriage",))
    issue = new_id(site.create())
    site.ask("PUT", f"/issue/{issue}/properties/hubtriage", {"claim": "c"})
    assert site.found('issue.property[hubtriage].claim = "c"') == [issue]


@pytest.mark.parametrize(
    "jql",
    [
        "",
        "ORDER BY created",
        "nothing = 5",
        'project = "NO"',
        'labels = "a b"',
        "project = SEC OR x = 1",
        '"',
    ],
)
def test_a_search_that_is_refused(jql: str) -> None:
    assert Site().ask("POST", "/search/jql", {"jql": jql}).status == 400


def test_a_search_answers_ids_by_pages_without_a_total() -> None:
    site = Site()
    ids = [new_id(site.create()) for _ in range(3)]
    body = {"jql": "project = SEC ORDER BY created ASC", "maxResults": 2}
    first = json.loads(site.ask("POST", "/search/jql", body).body)
    assert first == {"issues": [{"id": ids[0]}, {"id": ids[1]}], "isLast": False, "nextPageToken": "2"}
    second = json.loads(site.ask("POST", "/search/jql", {**body, "nextPageToken": "2"}).body)
    assert second == {"issues": [{"id": ids[2]}], "isLast": True}


@pytest.mark.parametrize("path", ["/rest/api/3/search", "/rest/api/2/search"])
def test_the_old_search_is_removed(path: str) -> None:
    answer = Site().ask("GET", path)
    assert answer.status == 410
    assert "/rest/api/3/search/jql" in errors(answer)["errorMessages"][0]


def test_a_moved_issue_answers_under_its_old_key_with_the_new_one() -> None:
    site = Site(projects={"SEC": ProjectSettings(), "OPS": ProjectSettings()})
    issue = new_id(site.create())
    site.peer.act("move", {"issue": "SEC-1", "project": "OPS"})
    for name in (issue, "SEC-1", "OPS-1"):
        answer = site.ask("GET", f"/issue/{name}")
        assert (answer.status, json.loads(answer.body)["key"]) == (200, "OPS-1")


def test_a_deleted_issue_is_not_found() -> None:
    site = Site()
    issue = new_id(site.create())
    assert site.ask("DELETE", f"/issue/{issue}").status == 403
    site.peer.act("delete", {"issue": issue})
    assert site.ask("GET", f"/issue/{issue}").status == 404
    fetched = json.loads(site.ask("POST", "/issue/bulkfetch", {"issueIdsOrKeys": [issue]}).body)
    assert (fetched["issues"], [each["id"] for each in fetched["issueErrors"]]) == ([], [issue])


def test_a_bulk_creation_may_succeed_in_part() -> None:
    site = Site()
    usual = {"project": {"key": "SEC"}, "issuetype": {"name": "Task"}}
    updates = [{"fields": {**usual, "summary": "x"}}, {"fields": usual}]
    answer = site.ask("POST", "/issue/bulk", {"issueUpdates": updates})
    assert answer.status == 201
    assert [each["failedElementNumber"] for each in errors(answer)["errors"]] == [1]
    assert site.ask("POST", "/issue/bulk", {"issueUpdates": [updates[1]]}).status == 400


def test_a_remote_link_of_a_known_id_is_replaced() -> None:
    site = Site()
    issue = new_id(site.create())
    link = {"globalId": "a", "object": {"url": "https://a.example", "title": "x"}}
    assert [site.ask("POST", f"/issue/{issue}/remotelink", link).status for _ in range(2)] == [201, 200]


@pytest.mark.parametrize(
    ("workflow", "body", "status"),
    [
        pytest.param("simple", {"transition": {"id": "31"}}, 204, id="from anywhere"),
        pytest.param("simple", {"transition": {"id": "99"}}, 400, id="no such transition"),
        pytest.param(
            "simple",
            {"transition": {"id": "31"}, "fields": {"resolution": {"name": "Done"}}},
            400,
            id="a field that is not on the screen",
        ),
        pytest.param("resolution", {"transition": {"id": "31"}}, 400, id="a resolution is required"),
        pytest.param(
            "resolution",
            {"transition": {"id": "31"}, "fields": {"resolution": {"name": "Fixed"}}},
            204,
            id="a resolution is given",
        ),
        pytest.param(
            "resolution",
            {"transition": {"id": "31"}, "fields": {"resolution": {"name": "Nope"}}},
            400,
            id="no such resolution",
        ),
        pytest.param("validator", {"transition": {"id": "31"}}, 400, id="a validator that no screen shows"),
    ],
)
def test_transitions(workflow: str, body: dict[str, Any], status: int) -> None:
    site = Site(projects={"SEC": ProjectSettings(workflow=workflow)})
    issue = new_id(site.create())
    assert site.ask("POST", f"/issue/{issue}/transitions", body).status == status


def test_limits_of_rates_name_their_reason() -> None:
    site = Site(burst=5)
    issue = new_id(site.create())
    answers = [site.ask("GET", f"/issue/{issue}") for _ in range(6)]
    assert answers[5].status == 429
    assert answers[5].headers["RateLimit-Reason"] == "jira-burst-based"
    site = Site()
    issue = new_id(site.create())
    answers = [site.ask("PUT", f"/issue/{issue}", {"fields": {"summary": "y"}}) for _ in range(21)]
    assert answers[20].headers["RateLimit-Reason"] == "jira-per-issue-on-write"
    site.clock.advance(float(answers[20].headers["Retry-After"]))
    assert site.ask("PUT", f"/issue/{issue}", {"fields": {"summary": "y"}}).status == 204


@pytest.mark.parametrize(
    ("method", "path", "body", "kind", "status"),
    [
        ("POST", "/issue", {"fields": {}}, "text/plain", 415),
        ("POST", "/issue", [], "application/json", 400),
        ("POST", "/issue", {"fields": []}, "application/json", 400),
        ("PATCH", "/issue", {}, "application/json", 405),
        ("GET", "/nothing", None, "application/json", 404),
    ],
)
def test_a_request_that_is_wrong_is_an_error(
    method: str, path: str, body: object, kind: str, status: int
) -> None:
    assert Site().ask(method, path, body, kind=kind).status == status


def test_people_act_and_unknown_acts_are_errors() -> None:
    site = Site()
    issue = new_id(site.create())
    site.peer.act("comment", {"issue": issue, "text": "seen"})
    site.peer.act("write", {"issue": issue, "fields": {"summary": "mine"}})
    site.peer.act("close", {"issue": issue, "resolution": "Won't Do"})
    site.peer.act("reopen", {"issue": issue})
    [stored] = site.peer.stored()["issues"]
    assert (stored["summary"], stored["comments"][0]["shown"], stored["resolution"]) == ("mine", "seen", None)
    for act, given in (("dance", {"issue": issue}), ("close", {"issue": "SEC-99"})):
        with pytest.raises(PeerError):
            site.peer.act(act, given)
    with pytest.raises(PeerError, match="no setting speed"):
        site.peer.configure({"speed": 5})
