"""The instance: requests in, answers as the Table API writes them out, and what people do in it."""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

from hubtriage.localaws.peers.peer import Clock, PeerAnswer, PeerError, PeerRequest
from hubtriage.localaws.peers.servicenow.query import parse
from hubtriage.localaws.peers.servicenow.records import Records, RefusalError
from hubtriage.localaws.peers.servicenow.settings import ServiceNowSettings
from hubtriage.localaws.peers.servicenow.tables import STATE_NAMES, TABLES, StoredRecord, as_stored, journal

_PATH = re.compile(r"/api/now(?:/v[12])?/table/([a-z0-9_]+)(?:/([^/]+))?")
_HOUR = 3600.0
_RULE = "9f2b1c4de5f6401788aabbccddeeff00"
_MOST = 10_000


class ServiceNowPeer:
    """An instance of ServiceNow, empty in the beginning."""

    def __init__(self, clock: Clock, settings: ServiceNowSettings | None = None) -> None:
        self.settings = settings or ServiceNowSettings()
        self.records = Records()
        self._clock = clock
        self._calls: dict[str, list[float]] = {}

    def answer(self, request: PeerRequest) -> PeerAnswer:
        """Answer a request; a sleeping instance answers every one with a page of status 200."""
        if self.settings.sleeping:
            return PeerAnswer.page(200, "Your instance is hibernating")
        found = _PATH.fullmatch(request.path)
        user = self._user(request)
        try:
            if user is None:
                raise RefusalError(401, "User Not Authenticated", "Required to provide Auth information")
            self._count(user)
            if found is None or found[1] not in TABLES:
                raise RefusalError(
                    400, f"Invalid table {found[1]}" if found else "Requested URI does not exist"
                )
            if found[1] in self.settings.hidden:
                raise RefusalError(403, "User Not Authorized", "Failed API level ACL Validation")
            self.records.close_by_clock(self.settings, self._clock())
            return self._table(request, found[1], found[2], user)
        except RefusalError as error:
            return self._refusal(error, user)

    def stored(self) -> dict[str, Any]:
        """Return every record, deleted ones too, with what a reader of it sees."""
        self.records.close_by_clock(self.settings, self._clock())
        records = [as_stored(record, table) for table in TABLES for record in self.records.all(table)]
        return {"records": records}

    def act(self, act: str, given: Mapping[str, Any]) -> Any:
        """Have a person do one of `resolve(close_code, close_notes)`, `close(close_code)`, `cancel()`,
        `reopen()`, `delete()`, `note(text)` and `write(fields)` to `record`; return its sys_id and number.
        """
        try:
            table, record = self.records.by_name(str(given.get("record", "")))
        except RefusalError as error:
            raise PeerError("no such record") from error
        kind = TABLES[table]
        code = str(given.get("close_code", "Solution provided"))
        notes = str(given.get("close_notes", "closed by a person"))
        ended = {"close_code": code, "close_notes": notes}
        changes: Mapping[str, Mapping[str, Any]] = {
            "resolve": {"state": kind.resolved[0], **ended},
            "close": {"state": kind.closed[0], **ended},
            "cancel": {"state": kind.closed[1], **ended},
            "reopen": {"state": kind.reopened},
            "delete": {},
            "note": {"work_notes": given.get("text", "")},
            "write": given.get("fields", {}),
        }
        if act not in changes:
            raise PeerError(f"no act {act!r}; there are {', '.join(changes)}")
        self.records.change_as_person(table, record, changes[act], self._clock())
        record.is_there = act != "delete"
        record.history.append(f"person: {act}")
        return {"sys_id": record.values["sys_id"], "number": record.values["number"]}

    def configure(self, changes: Mapping[str, Any]) -> None:
        """Change settings of the instance; see `ServiceNowSettings`."""
        self.settings = self.settings.changed(changes)

    def _user(self, request: PeerRequest) -> str | None:
        key = request.headers.get("x-sn-apikey")
        if key is not None:
            return "api-key" if key in self.settings.api_keys else None
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        try:
            name, _, password = base64.b64decode(given, validate=True).decode().partition(":")
        except ValueError:
            return None
        known = kind.lower() == "basic" and password and self.settings.users.get(name) == password
        return name if known else None

    def _count(self, user: str) -> None:
        """Count a request of the present hour; raise RefusalError above the limit."""
        now = self._clock()
        calls = [at for at in self._calls.get(user, []) if at // _HOUR == now // _HOUR]
        if len(calls) >= self.settings.hourly:
            raise RefusalError(429, "Rate limit exceeded", "Number of requests exceeded the limit per hour")
        self._calls[user] = [*calls, now]

    def _refusal(self, error: RefusalError, user: str | None) -> PeerAnswer:
        body = {"error": {"message": error.message, "detail": error.detail}, "status": "failure"}
        headers: dict[str, str] = {}
        if error.status == 401:
            headers = {"WWW-Authenticate": 'BASIC realm="Service-now"'}
        if error.status == 429 and user is not None:
            now = self._clock()
            left = int(_HOUR - now % _HOUR) + 1
            headers = {
                "Retry-After": str(left),
                "X-RateLimit-Limit": str(self.settings.hourly),
                "X-RateLimit-Reset": str(int(now) + left),
                "X-RateLimit-Rule": _RULE,
            }
        return PeerAnswer.json(error.status, body, headers)

    def _table(self, request: PeerRequest, table: str, sys_id: str | None, user: str) -> PeerAnswer:
        if request.method in ("POST", "PATCH", "PUT") and not request.is_json():
            raise RefusalError(415, "Unsupported media type")
        if sys_id is None and request.method == "GET":
            return self._list(request, table)
        if sys_id is None and request.method == "POST":
            record = self.records.create(table, _object(request), self.settings, user, self._clock())
            headers = {"Location": f"/api/now/table/{table}/{record.values['sys_id']}"}
            return PeerAnswer.json(201, {"result": self._result(record, table, request)}, headers)
        if sys_id is None or request.method not in ("GET", "PATCH", "PUT", "DELETE"):
            raise RefusalError(405, "Method not allowed")
        found = self.records.find(table, sys_id)
        if found is None or table in self.settings.filtered:
            raise RefusalError(
                404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval"
            )
        if request.method == "DELETE":
            raise RefusalError(
                403, "Operation Failed", "ACL Exception Delete Failed due to security constraints"
            )
        if request.method in ("PATCH", "PUT"):
            self.records.change(table, found, _object(request), self.settings, user, self._clock())
        return PeerAnswer.json(200, {"result": self._result(found, table, request)})

    def _list(self, request: PeerRequest, table: str) -> PeerAnswer:
        """List records: a condition on an unknown column is left out, so that all of them may come back."""
        columns = TABLES[table].widths.keys() - set(self.settings.unsearched)
        test, order = parse(request.first("sysparm_query"), columns, strict=self.settings.strict_queries)
        found = [each for each in self._seen(table) if test(each.values)]
        for column, descends in reversed(order):
            found.sort(key=lambda each: each.values.get(column, ""), reverse=descends)
        start = int(request.first("sysparm_offset", "0"))
        most = int(request.first("sysparm_limit", str(_MOST)))
        page = [self._result(each, table, request) for each in found[start : start + most]]
        headers = {"X-Total-Count": str(len(found))}
        return PeerAnswer.json(200, {"result": page}, headers)

    def _seen(self, table: str) -> list[StoredRecord]:
        """Return the records that an ACL lets our user see. ServiceNow: a list leaves the others out."""
        if table in self.settings.filtered:
            return []
        return [each for each in self.records.all(table) if each.is_there]

    def _result(self, record: StoredRecord, table: str, request: PeerRequest) -> dict[str, Any]:
        """Return a record as texts; journals show only as displayed values."""
        values: dict[str, Any] = dict(record.values)
        displayed = request.first("sysparm_display_value") == "true"
        if displayed:
            values["state"] = STATE_NAMES[table].get(values["state"], values["state"])
        for column in TABLES[table].journals:
            values[column] = journal(record, column) if displayed else ""
        if request.first("sysparm_exclude_reference_link") != "true":
            for column in ("caller_id", "assignment_group", "assigned_to", "cmdb_ci", "parent_incident"):
                if values[column]:
                    values[column] = {"link": f"/api/now/table/x/{values[column]}", "value": values[column]}
        wanted = [name for name in request.first("sysparm_fields").split(",") if name]
        return {name: value for name, value in values.items() if not wanted or name in wanted}


def _object(request: PeerRequest) -> dict[str, Any]:
    try:
        value = json.loads(request.body)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise RefusalError(400, "Exception while reading request", "The payload is not valid JSON")
    return value
