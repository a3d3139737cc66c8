"""Issues and comments as Jira writes them out."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from hubtriage.localaws.peers.jira.issues import Comment, Issue
from hubtriage.localaws.peers.peer import PeerRequest

_MOST_COMMENTS = 100


def timestamp(at: float) -> str:
    """Return a moment as Jira writes it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def issue_json(issue: Issue, fields: Collection[str], properties: Collection[str] = ()) -> dict[str, Any]:
    """Return an issue with the fields that are asked for; "*all" and "*navigable" are all of them."""
    everything = {
        **issue.fields,
        "summary": issue.fields.get("summary"),
        "project": {"key": issue.project, "id": issue.project},
        "issuetype": {"name": issue.issue_type},
        "status": {"name": issue.status, "statusCategory": {"key": issue.category}},
        "resolution": {"name": issue.resolution} if issue.resolution else None,
        "resolutiondate": timestamp(issue.updated) if issue.resolution else None,
        "labels": list(issue.fields.get("labels", ())),
        "created": timestamp(issue.created),
        "updated": timestamp(issue.updated),
        "reporter": {"accountId": f"id-of-{issue.reporter}"},
    }
    takes_all = bool({"*all", "*navigable"} & set(fields))
    answer: dict[str, Any] = {
        "id": issue.id,
        "key": issue.key,
        "self": f"https://acme.atlassian.net/rest/api/3/issue/{issue.id}",
    }
    shown = {name: value for name, value in everything.items() if takes_all or name in fields}
    if shown or takes_all:
        answer["fields"] = shown
    if properties:
        answer["properties"] = {key: issue.properties[key] for key in properties if key in issue.properties}
    return answer


def comment_json(comment: Comment) -> dict[str, Any]:
    """Return a comment; its properties are not in it."""
    return {
        "id": comment.id,
        "author": {"accountId": f"id-of-{comment.author}"},
        "body": comment.body,
        "created": timestamp(comment.created),
    }


def page_of_comments(issue: Issue, request: PeerRequest) -> dict[str, Any]:
    """Return a page of comments, the oldest first unless `orderBy=-created`."""
    start = int(request.first("startAt", "0"))
    most = min(int(request.first("maxResults", "50")), _MOST_COMMENTS)
    order = request.first("orderBy", "created")
    comments = list(reversed(issue.comments)) if order.startswith("-") else issue.comments
    page = comments[start : start + most]
    return {
        "startAt": start,
        "maxResults": most,
        "total": len(comments),
        "comments": [comment_json(comment) for comment in page],
    }
