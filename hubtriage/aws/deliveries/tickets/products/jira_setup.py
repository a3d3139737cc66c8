"""What keeps tickets of a project of Jira from being opened, found without opening one."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from hubtriage.aws.deliveries.http import NotDone, Unknown
from hubtriage.aws.deliveries.tickets.products.jira_answers import listed
from hubtriage.aws.deliveries.tickets.products.requests import ServiceRequests
from hubtriage.aws.deliveries.tickets.service import Refusal

FILLED = ("project", "issuetype", "summary", "description", "labels")
"""The fields that a creation fills; all of them have to be on the screen for creating."""
_SYSTEM = ("reporter",)
"""Fields that Jira lists as required and fills itself."""
_NEEDED = {
    "BROWSE_PROJECTS": "browse projects",
    "CREATE_ISSUES": "create issues",
    "EDIT_ISSUES": "edit issues",
    "ADD_COMMENTS": "add comments",
    "TRANSITION_ISSUES": "transition issues",
}
_PAGE = 200


def objections(
    requests: ServiceRequests, base: str, project: str, issue_type: str
) -> tuple[str, ...] | Refusal:
    """Return what a person has to change before tickets can be opened; empty if nothing is known of."""
    seen = requests.read(f"{base}/project/{quote(project, safe='')}")
    if isinstance(seen, NotDone) and seen.status == 404:
        return (f"there is no project {project}, or the account may not browse it",)
    if isinstance(seen, NotDone | Unknown):
        return seen
    missing = _missing_permissions(requests, base, project)
    types = requests.read(f"{_meta(base, project)}?maxResults={_PAGE}")
    if isinstance(missing, NotDone | Unknown):
        return missing
    if isinstance(types, NotDone | Unknown):
        return types
    found = {str(each.get("name")): str(each.get("id")) for each in listed(types, "issueTypes", "values")}
    if issue_type not in found:
        names = ", ".join(sorted(found)) or "none"
        return (
            *missing,
            f"project {project} has no issue type {issue_type}: set issue-type to one of {names}",
        )
    fields = requests.read(f"{_meta(base, project)}/{quote(found[issue_type], safe='')}?maxResults={_PAGE}")
    if isinstance(fields, NotDone | Unknown):
        return fields
    return (*missing, *_of_fields(list(listed(fields, "fields", "values")), issue_type))


def _missing_permissions(requests: ServiceRequests, base: str, project: str) -> tuple[str, ...] | Refusal:
    names = ",".join(_NEEDED)
    answer = requests.read(f"{base}/mypermissions?projectKey={quote(project, safe='')}&permissions={names}")
    if isinstance(answer, NotDone | Unknown):
        return answer
    held = answer.get("permissions")
    lacking = [
        words
        for name, words in _NEEDED.items()
        if isinstance(held, dict)
        and isinstance(held.get(name), dict)
        and held[name].get("havePermission") is False
    ]
    return (f"the account lacks permissions: {', '.join(lacking)}",) if lacking else ()


def _of_fields(fields: list[dict[str, Any]], issue_type: str) -> Iterator[str]:
    known = {str(each.get("fieldId") or each.get("key")): each for each in fields}
    absent = [name for name in FILLED if name not in known]
    if absent:
        yield f"the screen for creating a {issue_type} lacks {', '.join(absent)}: add them"
    required = sorted(
        f"{each.get('name')} ({name})"
        for name, each in known.items()
        if each.get("required") is True
        and each.get("hasDefaultValue") is not True
        and name not in (*FILLED, *_SYSTEM)
    )
    if required:
        yield f"a {issue_type} requires {', '.join(required)}: let it be optional, or take another issue type"


def _meta(base: str, project: str) -> str:
    return f"{base}/issue/createmeta/{quote(project, safe='')}/issuetypes"
