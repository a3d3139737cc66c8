"""Jira Cloud as a ticket service: REST API v3.

The claim key is in a label, by which a search finds it, and in a property of the issue, by which what was
found is verified. The search index lags; reading issues by their ids does not.
"""

import base64
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from hubtriage.aws.deliveries.http import Done, HttpClient, NotDone, Unknown
from hubtriage.aws.deliveries.secrets import Credentials, SecretStore
from hubtriage.aws.deliveries.tickets.products import jira_setup, transitions
from hubtriage.aws.deliveries.tickets.products.adf import document
from hubtriage.aws.deliveries.tickets.products.jira_answers import (
    PROPERTY,
    age,
    claim_of,
    explain,
    is_id,
    is_issue,
    listed,
    resolution_of,
    says,
)
from hubtriage.aws.deliveries.tickets.products.requests import ServiceRequests
from hubtriage.aws.deliveries.tickets.products.transitions import Choice, WantedStatus
from hubtriage.aws.deliveries.tickets.products.wording import is_name, link_of, one_line
from hubtriage.aws.deliveries.tickets.service import Refusal, Text, Ticket, TicketDraft

LABEL = "hubtriage"
"""On every ticket, and the beginning of the label that has the claim key."""
LONGEST_SUMMARY = 255
LONGEST_SITE = 400
_NO_CONTENT = 204
_MOST_FETCHED = 100
_MOST_FOUND = 50
_COMMENTS_LOOKED_AT = 30
_FIELDS = ("status", "resolution", "created")
_GATEWAY = "api.atlassian.com"
_UNAUTHORIZED = (
    "the token is wrong or has expired, or it is a token with scopes and the queue's url is not "
    "https://api.atlassian.com/ex/jira/CLOUD_ID"
)

Outcome = Literal["done", "gone"]


@dataclass(frozen=True, slots=True)
class JiraQueue:
    """The settings of a queue that are Jira's.

    close, reopen: the only transitions that will do, by name. resolution: what a screen gets that asks.
    """

    url: str
    project: str
    issue_type: str = "Task"
    close: str | None = None
    reopen: str | None = None
    resolution: str | None = None

    @classmethod
    def of(cls, queue: Mapping[str, Any]) -> "JiraQueue":
        """Return the settings out of a queue's table, as JSON has it."""
        return cls(
            url=str(queue["url"]).rstrip("/"),
            project=str(queue["project"]),
            issue_type=str(queue.get("issue-type") or "Task"),
            close=queue.get("close-transition"),
            reopen=queue.get("reopen-transition"),
            resolution=queue.get("resolution"),
        )


class Jira:
    """The issues of one project; see `TicketService` for what each method means."""

    def __init__(self, queue: JiraQueue, http: HttpClient, store: SecretStore) -> None:
        self._queue = queue
        self._base = f"{queue.url}/rest/api/3"
        self._requests = ServiceRequests(http, store, _authorization, explain, _UNAUTHORIZED)
        self._site = ""

    def check(self) -> tuple[str, ...] | Refusal:
        """Return what keeps tickets from being opened, as far as that shows without opening one."""
        queue = self._queue
        return jira_setup.objections(self._requests, self._base, queue.project, queue.issue_type)

    def find(self, claim: str) -> tuple[Ticket, ...] | Refusal:
        """Search by the label; keep what has the property, as it is now."""
        asked = {
            "jql": f'labels = "{_label(claim)}" ORDER BY created ASC',
            "fields": ["id"],
            "maxResults": _MOST_FOUND,
        }
        found = self._requests.read(f"{self._base}/search/jql", asked)
        if isinstance(found, NotDone | Unknown):
            return found
        issues = self._fetch([issue["id"] for issue in listed(found, "issues") if is_id(issue.get("id"))])
        if isinstance(issues, NotDone | Unknown):
            return issues
        ours = [issue for issue in issues if claim_of(issue) == claim]
        return tuple(self._ticket(issue) for issue in sorted(ours, key=age))

    def create(self, draft: TicketDraft, claim: str) -> Ticket | Refusal:
        """Create an issue with label and property."""
        fields = {
            "project": {"key": self._queue.project},
            "issuetype": {"name": self._queue.issue_type},
            "labels": [LABEL, _label(claim)],
            **_shown(draft),
        }
        body = {"fields": fields, "properties": [{"key": PROPERTY, "value": {"claim": claim}}]}
        answer = self._requests.write("POST", f"{self._base}/issue", body)
        if not isinstance(answer, Done):
            return answer
        made = answer.json()
        if not isinstance(made, dict) or not is_id(made.get("id")) or not is_name(made.get("key")):
            return Unknown("the answer to a creation names no issue", status=answer.status)
        return Ticket(made["id"], made["key"], self._url(made["key"]), is_closed=False)

    def update(self, ticket: str, draft: TicketDraft) -> Ticket | Literal["gone"] | Refusal:
        """Overwrite summary and description."""
        answer = self._requests.write("PUT", self._issue(ticket), {"fields": _shown(draft)})
        if not isinstance(answer, Done):
            return self._gone_or(answer)
        if answer.status != _NO_CONTENT:
            return Unknown("the answer to an edit is none of Jira's", status=answer.status)
        issue = self._look_again(ticket)
        return self._ticket(issue) if isinstance(issue, dict) else issue

    def comment(self, ticket: str, text: Text, key: str) -> Outcome | Refusal:
        """Comment with the key in the last line, unless one of the latest comments has it.

        Jira: comments in projects for customers are public unless a property says otherwise.
        """
        url = f"{self._issue(ticket)}/comment"
        latest = self._requests.read(f"{url}?orderBy=-created&maxResults={_COMMENTS_LOOKED_AT}")
        if isinstance(latest, NotDone | Unknown):
            return self._gone_or(latest)
        if any(says(comment, key) for comment in listed(latest, "comments")):
            return "done"
        internal = {"key": "sd.public.comment", "value": {"internal": True}}
        body = {"body": document(text, f"hubtriage {key}"), "properties": [internal]}
        answer = self._requests.write("POST", url, body)
        if not isinstance(answer, Done):
            return self._gone_or(answer)
        made = answer.json()
        if not isinstance(made, dict) or not is_id(made.get("id")):
            return Unknown("the answer to a comment names none", status=answer.status)
        return "done"

    def close(self, ticket: str, why: str) -> Outcome | Refusal:  # noqa: ARG002 - Jira has no field for it
        """Take the transition that closes it; the reason is in a comment before, not here."""
        wanted = WantedStatus(transitions.CLOSED, self._queue.close, self._queue.resolution)
        answer = self._move(ticket, wanted)
        if answer == "forbidden":
            named = f" named {self._queue.close}" if self._queue.close else ""
            reason = f"no transition{named} leads from the issue's status to a closed one"
            return NotDone(reason, is_final=True)
        return answer

    def reopen(self, ticket: str) -> Outcome | Literal["forbidden"] | Refusal:
        """Take the transition that opens it."""
        return self._move(ticket, WantedStatus(transitions.OPEN, self._queue.reopen, None))

    def look(self, tickets: Collection[str]) -> Mapping[str, Ticket] | Refusal:
        """Read issues by their ids. One that is not there is deleted only if the project can be seen.

        On another site, as after a move, another issue may have the id of ours. It lacks our property.
        """
        asked = list(dict.fromkeys(tickets))
        issues = self._fetch(asked)
        if isinstance(issues, NotDone | Unknown):
            return issues
        found = {issue["id"]: self._ticket(issue) for issue in issues if claim_of(issue) is not None}
        if len(found) < len(asked):
            unseen = self._project_unseen()
            if unseen is not None:
                return unseen
        return found

    def _move(self, ticket: str, wanted: WantedStatus) -> Outcome | Literal["forbidden"] | Refusal:
        """Bring an issue to a status of the wanted categories, unless it is there; look that it is."""
        issue = self._look_at(ticket)
        if not isinstance(issue, dict):
            return issue
        if transitions.category(issue) in wanted.categories:
            return "done"
        choice = self._choose(ticket, wanted)
        if not isinstance(choice, Choice):
            return choice
        body: dict[str, Any] = {"transition": {"id": choice.id}}
        if choice.fields:
            body["fields"] = choice.fields
        answer = self._requests.write("POST", f"{self._issue(ticket)}/transitions", body)
        if not isinstance(answer, Done):
            return self._gone_or(answer)
        moved = self._look_again(ticket)
        if not isinstance(moved, dict):
            return moved
        if transitions.category(moved) not in wanted.categories:
            return NotDone(f"after transition {choice.name} the issue is in another status", is_final=True)
        return "done"

    def _choose(self, ticket: str, wanted: WantedStatus) -> Choice | Literal["gone", "forbidden"] | Refusal:
        answer = self._requests.read(f"{self._issue(ticket)}/transitions?expand=transitions.fields")
        if isinstance(answer, NotDone | Unknown):
            return self._gone_or(answer)
        choice = transitions.choose(listed(answer, "transitions"), wanted)
        if choice is None and not self._may_move(ticket):
            return NotDone("the account lacks the permission Transition Issues", is_final=True)
        return "forbidden" if choice is None else choice

    def _may_move(self, ticket: str) -> bool:
        """Say whether the account may move the issue: without that, Jira lists no transition at all."""
        asked = f"{self._base}/mypermissions?permissions=TRANSITION_ISSUES&issueId={quote(ticket, safe='')}"
        answer = self._requests.read(asked)
        if isinstance(answer, NotDone | Unknown):
            return True
        permissions = answer.get("permissions")
        named = permissions.get("TRANSITION_ISSUES") if isinstance(permissions, dict) else None
        return not isinstance(named, dict) or named.get("havePermission") is not False

    def _look_at(self, ticket: str) -> dict[str, Any] | Literal["gone"] | Refusal:
        issue = self._requests.read(f"{self._issue(ticket)}?fields={','.join(_FIELDS)}")
        if isinstance(issue, NotDone | Unknown):
            return self._gone_or(issue)
        if not is_issue(issue):
            return NotDone("the answer is no issue")
        return dict(issue)

    def _look_again(self, ticket: str) -> dict[str, Any] | Literal["gone"] | Refusal:
        """Look at an issue after a change of it: that we cannot see it does not say that nothing was done."""
        issue = self._look_at(ticket)
        return Unknown(issue.reason, issue.retry_after) if isinstance(issue, NotDone) else issue

    def _fetch(self, ids: list[str]) -> list[dict[str, Any]] | Refusal:
        """Read issues by id, whichever project they are in by now."""
        issues: list[dict[str, Any]] = []
        for start in range(0, len(ids), _MOST_FETCHED):
            asked = {
                "issueIdsOrKeys": ids[start : start + _MOST_FETCHED],
                "fields": list(_FIELDS),
                "properties": [PROPERTY],
            }
            answer = self._requests.read(f"{self._base}/issue/bulkfetch", asked)
            if isinstance(answer, NotDone | Unknown):
                return answer
            fetched = answer.get("issues")
            if not isinstance(fetched, list) or not all(map(is_issue, fetched)):
                return NotDone("an issue in the answer cannot be read")
            issues += fetched
        return issues

    def _gone_or(self, refusal: Refusal) -> Literal["gone"] | Refusal:
        """Return "gone" for an issue that is not there, if the project is; otherwise the refusal.

        Jira answers the same for what is deleted and what the account may not see. What an account may not do
        to one issue says nothing of its credentials.
        """
        if isinstance(refusal, NotDone) and refusal.status == 403:
            return replace(refusal, status=None, is_final=True)
        if not isinstance(refusal, NotDone) or refusal.status != 404:
            return refusal
        return self._project_unseen() or "gone"

    def _project_unseen(self) -> Refusal | None:
        """Return why the project cannot be seen; None if it can."""
        answer = self._requests.read(f"{self._base}/project/{quote(self._queue.project, safe='')}")
        if not isinstance(answer, NotDone | Unknown):
            return None
        if isinstance(answer, NotDone) and answer.status == 404:
            return NotDone(f"the account cannot see the project {self._queue.project}", status=404)
        return answer

    def _ticket(self, issue: Mapping[str, Any]) -> Ticket:
        is_closed = transitions.category(issue) == "done"
        return Ticket(
            id=issue["id"],
            key=issue["key"],
            url=self._url(issue["key"]),
            is_closed=is_closed,
            resolution=resolution_of(issue) if is_closed else None,
        )

    def _issue(self, ticket: str) -> str:
        return f"{self._base}/issue/{quote(ticket, safe='')}"

    def _url(self, key: str) -> str:
        """Return where people read an issue."""
        if not self._site:
            self._site = self._people_read_at()
        return f"{self._site}/browse/{quote(key, safe='')}" if self._site else ""

    def _people_read_at(self) -> str:
        """Return the address of the site, which a gateway's does not say; empty if it is not known."""
        if urlsplit(self._queue.url).hostname != _GATEWAY and "/ex/jira/" not in self._queue.url:
            return self._queue.url
        answer = self._requests.read(f"{self._base}/serverInfo")
        base = answer.get("baseUrl") if isinstance(answer, dict) else None
        is_plain = isinstance(base, str) and len(base) <= LONGEST_SITE and link_of(base) is not None
        return str(base).rstrip("/") if is_plain else ""


def _authorization(credentials: Credentials) -> dict[str, str]:
    pair = f"{credentials.text('email')}:{credentials.text('token')}"
    encoded = base64.b64encode(pair.encode()).decode()
    return {"Authorization": f"Basic {encoded}"}


def _shown(draft: TicketDraft) -> dict[str, Any]:
    return {"summary": one_line(draft.summary, LONGEST_SUMMARY), "description": document(draft.text)}


def _label(claim: str) -> str:
    """Return the label of a claim key, which has hexadecimal digits alone: a label has no white space."""
    if not claim.isascii() or not claim.isalnum():
        raise ValueError("a claim key has letters and digits only")
    return f"{LABEL}-{claim}"
