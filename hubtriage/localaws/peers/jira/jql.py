"""JQL, as far as notifiers use it: comparisons joined by AND, and an order."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from hubtriage.localaws.peers.jira.errors import JiraError
from hubtriage.localaws.peers.jira.issues import IndexedIssue

_CLAUSE = re.compile(
    r"""\s*(?P<field>"[^"]+"|issue\.property\[[^\]]+\]\.[\w.]+|[\w.]+)\s*
    (?P<operator>!=|=|~|>=|<=|>|<|\bnot\s+in\b|\bin\b|\bis\s+not\b|\bis\b)\s*
    (?P<value>\((?:[^()"']|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')*\)|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s()"']+)
    \s*""",
    re.VERBOSE | re.IGNORECASE,
)
_LISTED = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s,()"']+)\s*(,|$)""")
_ORDER = re.compile(r"\border\s+by\s+(\w+)(?:\s+(asc|desc))?\s*$", re.IGNORECASE)
_AND = re.compile(r"and\b", re.IGNORECASE)
_CATEGORIES = {
    "new": "new",
    "indeterminate": "indeterminate",
    "done": "done",
    "to do": "new",
    "in progress": "indeterminate",
}

Test = Callable[[IndexedIssue], bool]


@dataclass(frozen=True, slots=True)
class Query:
    """A query: all tests hold; newest first unless it says otherwise."""

    tests: tuple[Test, ...]
    is_ascending: bool


def parse(jql: str, projects: Collection[str], declared: Collection[str], now: float) -> Query:
    """Return a query; raise JiraError for what Jira refuses: no bound, unknown names, values with spaces."""
    order = _ORDER.search(jql)
    rest = jql[: order.start()] if order else jql
    if not rest.strip():
        raise JiraError(400, "Unbounded JQL queries are not allowed here. Please add a search restriction.")
    tests = []
    position = 0
    while True:
        clause = _CLAUSE.match(rest, position)
        if clause is None:
            raise JiraError(400, f"Error in the JQL Query: near {rest[position : position + 20]!r}.")
        tests.append(_test(clause, projects, declared, now))
        position = clause.end()
        if position == len(rest):
            break
        joined = _AND.match(rest, position)
        if joined is None:
            raise JiraError(400, f"Error in the JQL Query: Expecting 'AND' near {rest[position:]!r}.")
        position = joined.end()
    return Query(tuple(tests), order is not None and (order[2] or "asc").lower() == "asc")


def _test(clause: "re.Match[str]", projects: Collection[str], declared: Collection[str], now: float) -> Test:
    field = clause["field"].strip('"').lower()
    operator = " ".join(clause["operator"].lower().split())
    values = _values(clause["value"])
    if field.startswith("issue.property"):
        return _property_test(clause["field"], operator, values, declared)
    if field == "project":
        _check_projects(values, projects)
        return _matching(lambda view: {view.project}, operator, values)
    if field in ("labels", "label"):
        if any(re.search(r"\s", value) for value in values):
            raise JiraError(400, f"The label {values[0]!r} contains spaces which is invalid.")
        return _matching(lambda view: set(view.labels), operator, values)
    if field == "statuscategory":
        wanted = [_CATEGORIES.get(value.lower(), "") for value in values]
        return _matching(lambda view: {view.category}, operator, wanted)
    if field == "status":
        return _matching(lambda view: {view.status}, operator, values)
    if field == "resolution":
        return _resolution_test(operator, values)
    if field in ("key", "id", "issue", "issuekey"):
        return _matching(lambda view: {view.key, view.id}, operator, values)
    if field in ("updated", "created"):
        return _time_test(field, operator, values[0], now)
    raise JiraError(400, f"Field '{field}' does not exist or you do not have permission to view it.")


def _values(text: str) -> list[str]:
    if not text.startswith("("):
        return [_unquoted(text)]
    return [_unquoted(found.group(1)) for found in _LISTED.finditer(text[1:-1])]


def _unquoted(text: str) -> str:
    if text[:1] in ("'", '"'):
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text


def _check_projects(values: Collection[str], projects: Collection[str]) -> None:
    for value in values:
        if value not in projects:
            raise JiraError(400, f"The value '{value}' does not exist for the field 'project'.")


def _matching(held: Callable[[IndexedIssue], set[str]], operator: str, values: Collection[str]) -> Test:
    wanted = set(values)
    if operator in ("=", "in"):
        return lambda view: bool(held(view) & wanted)
    if operator in ("!=", "not in"):
        return lambda view: bool(held(view)) and not held(view) & wanted
    raise JiraError(400, f"The operator '{operator}' is not supported by the field.")


def _resolution_test(operator: str, values: Collection[str]) -> Test:
    """A resolution that is empty is not unlike another: `!=` does not find it."""
    empty = {value.lower() for value in values} & {"empty", "null", "unresolved"}
    if empty and operator in ("is", "="):
        return lambda view: view.resolution is None
    if empty:
        return lambda view: view.resolution is not None
    return _matching(lambda view: {view.resolution} if view.resolution else set(), operator, values)


def _time_test(field: str, operator: str, value: str, now: float) -> Test:
    found = re.fullmatch(r"-(\d+)([mhd])", value)
    if found is None or operator not in (">=", ">"):
        raise JiraError(400, f"Date value '{value}' for field '{field}' is invalid.")
    since = now - int(found[1]) * {"m": 60, "h": 3600, "d": 86_400}[found[2]]
    return lambda view: (view.updated if field == "updated" else view.created) >= since


def _property_test(field: str, operator: str, values: Collection[str], declared: Collection[str]) -> Test:
    """A property is searched only where an app declared it for the index; otherwise nothing is found."""
    found = re.match(r"issue\.property\[([^\]]+)\]\.([\w.]+)", field, re.IGNORECASE)
    if found is None or found[1] not in declared:
        return lambda _: False
    key, path = found[1], found[2]
    return _matching(lambda view: {str(view.properties.get(key, {}).get(path))}, operator, values)
