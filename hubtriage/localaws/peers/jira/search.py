"""The search of Jira: it asks the index, not the issues, so it is late."""

from collections.abc import Mapping
from typing import Any

from hubtriage.localaws.peers.jira.errors import JiraError
from hubtriage.localaws.peers.jira.issues import IndexedIssue, Issue, Issues
from hubtriage.localaws.peers.jira.jql import parse
from hubtriage.localaws.peers.jira.reading import issue_json
from hubtriage.localaws.peers.jira.settings import JiraSettings

_MOST = 5_000
_MOST_RECONCILED = 50
_MEMBERS = frozenset(
    {
        "jql",
        "fields",
        "maxResults",
        "nextPageToken",
        "reconcileIssues",
        "properties",
        "expand",
        "fieldsByKeys",
    }
)


def search(issues: Issues, settings: JiraSettings, asked: Mapping[str, Any], now: float) -> dict[str, Any]:
    """Answer a search: issues as they are now that the index knew under the query, no total."""
    unknown = set(asked) - _MEMBERS
    if unknown:
        raise JiraError(400, f'Unrecognized field "{min(unknown)}"')
    query = parse(str(asked.get("jql", "")), settings.projects, settings.declared, now)
    reconciled = [str(each) for each in asked.get("reconcileIssues", [])]
    if len(reconciled) > _MOST_RECONCILED:
        raise JiraError(400, "Too many issues to reconcile.")
    hits = []
    for issue in issues.all.values():
        view = _view(issue, settings, reconciled, now)
        if view is not None and view.is_there and issue.is_there and all(test(view) for test in query.tests):
            hits.append(issue)
    hits.sort(key=lambda issue: (issue.created, int(issue.id)), reverse=not query.is_ascending)
    start = int(asked.get("nextPageToken") or 0)
    most = max(1, min(int(asked.get("maxResults") or 50), _MOST))
    page = hits[start : start + most]
    fields, properties = asked.get("fields") or ["id"], asked.get("properties") or []
    found = [issue_json(issue, fields, properties) for issue in page]
    if fields == ["id"] and not properties:
        found = [{"id": issue["id"]} for issue in found]
    answer: dict[str, Any] = {"issues": found, "isLast": start + most >= len(hits)}
    if not answer["isLast"]:
        answer["nextPageToken"] = str(start + most)
    return answer


def _view(issue: Issue, settings: JiraSettings, reconciled: list[str], now: float) -> IndexedIssue | None:
    """Return what the index has of an issue; the newest of one that is reconciled by its id."""
    if issue.id in reconciled:
        return issue.view()
    if settings.search_lag is None:
        return None
    return issue.indexed(now - settings.search_lag)
