"""ServiceNow as a ticket service: the Table API over incidents or security incidents.

The claim key is the record's correlation_id, which the database reads as soon as it is written. It need not
be unique, and a query may ignore a condition, so each row that is found is compared with what was asked. An
instance drops fields that the account may not write without a word: what it stored is compared too.
"""

import base64
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import quote, urlencode

from hubtriage.aws.decision_events.texts import event_text
from hubtriage.aws.deliveries.http import TOO_LARGE, Done, HttpClient, NotDone, Unknown
from hubtriage.aws.deliveries.secrets import Credentials, SecretStore
from hubtriage.aws.deliveries.tickets.products.requests import ServiceRequests
from hubtriage.aws.deliveries.tickets.products.wording import (
    LONGEST_NAME,
    is_name,
    not_a_formula,
    one_line,
    within,
)
from hubtriage.aws.deliveries.tickets.service import Refusal, Text, Ticket, TicketDraft, plain

SYSTEM = "hubtriage"
"""The value of correlation_display: the system whose key the correlation_id is."""
CLOSE_CODE = "Solution provided"
LONGEST_SUMMARY = 160
LONGEST_NOTES = 1_000
_LONGEST_CLAIM = 100
_MOST_FOUND = 50
_MOST_LOOKED_AT = 100
_FIELDS = "sys_id,number,state,close_code,correlation_id,correlation_display,short_description,description"
_NO_CLAIM = "0" * 32
_NOTES = "sys_id,number,state,work_notes"
_SYS_ID = re.compile(r"[0-9a-f]{32}")
_CODE = re.compile(r"\[(?=\s*(?:/\s*)?code\s*\])", re.IGNORECASE)
_URGENCY = {"CRITICAL": "1", "HIGH": "1", "MEDIUM": "2", "LOW": "3", "INFORMATIONAL": "3"}
_NO_RECORD = "no record: the instance may hibernate, or be under upgrade"
_UNAUTHORIZED = "the password or API key is wrong or has expired"

Outcome = Literal["done", "gone"]


@dataclass(frozen=True, slots=True)
class States:
    """Values of `state`.

    end: what closing sets. closed: what counts as closed. final: what no one opens again. again: what
    reopening sets.
    """

    end: str
    closed: frozenset[str]
    final: frozenset[str]
    again: str


STATES: Mapping[str, States] = {
    "incident": States("6", frozenset({"6", "7", "8"}), frozenset({"7", "8"}), "2"),
    "sn_si_incident": States("3", frozenset({"3", "7"}), frozenset({"7"}), "16"),
}
"""ServiceNow: Resolved, Closed, Canceled and In Progress of incidents; Closed, Cancelled and Analysis of
security incidents."""


@dataclass(frozen=True, slots=True)
class ServiceNowQueue:
    """The settings of a queue that are ServiceNow's. close_code: what a resolved record gets."""

    url: str
    table: str = "incident"
    close_code: str = CLOSE_CODE
    states: States = field(default=STATES["incident"])

    @classmethod
    def of(cls, queue: Mapping[str, Any]) -> "ServiceNowQueue":
        """Return the settings out of a queue's table, as JSON has it."""
        table = str(queue.get("table") or "incident")
        code = str(queue.get("close-code") or CLOSE_CODE)
        return cls(str(queue["url"]).rstrip("/"), table, code, STATES[table])


class ServiceNow:
    """The records of one table; see `TicketService` for what each method means."""

    def __init__(self, queue: ServiceNowQueue, http: HttpClient, store: SecretStore) -> None:
        self._queue = queue
        self._states = queue.states
        self._table = f"{queue.url}/api/now/table/{queue.table}"
        self._requests = ServiceRequests(http, store, _authorization, _explain, _UNAUTHORIZED)
        self._dropped: str | None = None

    def check(self) -> tuple[str, ...] | Refusal:
        """Return what keeps tickets from being opened, as far as that shows without opening one.

        Whether fields can be written shows only when one is written.
        """
        answer = self.find(_NO_CLAIM)
        if isinstance(answer, NotDone) and answer.is_final and answer.status is None:
            return (answer.reason,)
        return answer if isinstance(answer, NotDone | Unknown) else ()

    def find(self, claim: str) -> tuple[Ticket, ...] | Refusal:
        """Query by the correlation_id; keep the rows that have it.

        ServiceNow: a query with a column that it does not know returns every row.
        """
        query = f"correlation_id={_checked(claim)}^correlation_display={SYSTEM}^ORDERBYsys_created_on"
        rows = self._rows(query, _MOST_FOUND)
        if isinstance(rows, NotDone | Unknown):
            return rows
        ours = [row for row in rows if _has_claim(row, claim)]
        if rows and not ours:
            return NotDone("the instance does not search by correlation_id, or hides it", is_final=True)
        return tuple(map(self._ticket, ours))

    def create(self, draft: TicketDraft, claim: str) -> Ticket | Refusal:
        """Create a record. Once one lost a field that it needs, no other is created."""
        if self._dropped:
            return NotDone(f"the account may not write {self._dropped}", is_final=True)
        urgency = _URGENCY.get(draft.severity, "3")
        body = {
            **_shown(draft),
            "impact": urgency,
            "urgency": urgency,
            "severity": urgency,
            "correlation_id": _checked(claim),
            "correlation_display": SYSTEM,
        }
        answer = self._requests.write("POST", f"{self._table}?{_query(sysparm_fields=_FIELDS)}", body)
        if not isinstance(answer, Done):
            return answer
        row = _row(answer.json())
        if answer.status != 201 or row is None:
            return Unknown(f"the answer to a creation is {_NO_RECORD}", status=answer.status)
        self._dropped = next((name for name in _NEEDED if not row.get(name)), None)
        return self._ticket(row)

    def update(self, ticket: str, draft: TicketDraft) -> Ticket | Literal["gone"] | Refusal:
        """Overwrite short_description and description; one that no one opens again stays as it is."""
        before = self._look_at(ticket)
        if not isinstance(before, dict):
            return before
        if before["state"] in self._states.final:
            return self._ticket(before)
        after = self._change(ticket, _shown(draft))
        if not isinstance(after, dict):
            return after
        for name, text in _shown(draft).items():
            if _words(after.get(name)) == _words(before.get(name)) != _words(text):
                return NotDone(f"the account may not write {name}", is_final=True)
        return self._ticket(after)

    def comment(self, ticket: str, text: Text, key: str) -> Outcome | Refusal:
        """Add a work note, which only people who work on the record see, unless one has the key.

        Where there are too many notes to be read, one may be added twice if its answer is lost.
        """
        note = {"work_notes": f"{_literal(text)}\n{SYSTEM} {key}"}
        read = self._look_at(ticket, _NOTES, displayed=True)
        if isinstance(read, NotDone) and read.reason.endswith(TOO_LARGE):
            written = self._change(ticket, note)
            return "done" if isinstance(written, dict) else written
        if not isinstance(read, dict):
            return read
        if key in str(read.get("work_notes")):
            return "done"
        written = self._change(ticket, note, _NOTES, displayed=True)
        if not isinstance(written, dict):
            return written
        if key not in str(written.get("work_notes")):
            return NotDone("the account may not write work_notes, or not read them", is_final=True)
        return "done"

    def close(self, ticket: str, why: str) -> Outcome | Refusal:
        """Resolve the record with close code and notes, which the instance may demand."""
        row = self._look_at(ticket)
        if not isinstance(row, dict):
            return row
        if row["state"] in self._states.closed:
            return "done"
        notes = _unmarked(one_line(why, LONGEST_NOTES))
        ended = {"state": self._states.end, "close_code": self._queue.close_code, "close_notes": notes}
        closed = self._change(ticket, ended)
        if not isinstance(closed, dict):
            return closed
        if closed["state"] not in self._states.closed:
            return NotDone("the record stays open: the account may not set its state", is_final=True)
        return "done"

    def reopen(self, ticket: str) -> Outcome | Literal["forbidden"] | Refusal:
        """Bring a resolved record back to work; one that no one opens again is forbidden."""
        row = self._look_at(ticket)
        if not isinstance(row, dict):
            return row
        if row["state"] not in self._states.closed:
            return "done"
        if row["state"] in self._states.final:
            return "forbidden"
        opened = self._change(ticket, {"state": self._states.again})
        if not isinstance(opened, dict):
            return opened
        if opened["state"] in self._states.closed:
            return NotDone("the record stays closed: the account may not set its state", is_final=True)
        return "done"

    def look(self, tickets: Collection[str]) -> Mapping[str, Ticket] | Refusal:
        """Read records by their ids. One that is not there is deleted only if others can be seen."""
        asked = [ticket for ticket in dict.fromkeys(tickets) if _SYS_ID.fullmatch(ticket)]
        found: dict[str, Ticket] = {}
        for start in range(0, len(asked), _MOST_LOOKED_AT):
            some = asked[start : start + _MOST_LOOKED_AT]
            rows = self._rows(f"sys_idIN{','.join(some)}", _MOST_LOOKED_AT)
            if isinstance(rows, NotDone | Unknown):
                return rows
            found |= {row["sys_id"]: self._ticket(row) for row in rows if row["sys_id"] in some}
        if asked and not found:
            unseen = self._table_unseen()
            if unseen is not None:
                return unseen
        return found

    def _rows(self, query: str, most: int) -> list[dict[str, Any]] | Refusal:
        asked = _query(sysparm_query=query, sysparm_limit=str(most), sysparm_fields=_FIELDS)
        answer = self._requests.read(f"{self._table}?{asked}")
        if isinstance(answer, NotDone | Unknown):
            return answer
        listed = answer.get("result")
        if not isinstance(listed, list) or not all(map(_is_row, listed)):
            return NotDone("a record in the answer cannot be read")
        return listed

    def _look_at(
        self, ticket: str, fields: str = _FIELDS, *, displayed: bool = False
    ) -> dict[str, Any] | Literal["gone"] | Refusal:
        asked = _query(sysparm_fields=fields, sysparm_display_value=str(displayed).lower())
        answer = self._requests.read(f"{self._table}/{quote(ticket, safe='')}?{asked}")
        if isinstance(answer, NotDone | Unknown):
            return self._gone_or(answer)
        row = _row(answer)
        return NotDone("the answer is no record") if row is None else row

    def _change(
        self, ticket: str, values: Mapping[str, str], fields: str = _FIELDS, *, displayed: bool = False
    ) -> dict[str, Any] | Literal["gone"] | Refusal:
        asked = _query(sysparm_fields=fields, sysparm_display_value=str(displayed).lower())
        answer = self._requests.write("PATCH", f"{self._table}/{quote(ticket, safe='')}?{asked}", values)
        if not isinstance(answer, Done):
            return self._gone_or(answer)
        row = _row(answer.json())
        if row is None:
            return Unknown(f"the answer to a change is {_NO_RECORD}", status=answer.status)
        return row

    def _gone_or(self, refusal: Refusal) -> Literal["gone"] | Refusal:
        """Return "gone" for a record that is not there, if others are; otherwise the refusal.

        A refusal by a policy or a business rule concerns this record, not our credentials.
        """
        if isinstance(refusal, NotDone) and refusal.status == 403:
            return replace(refusal, status=None, is_final=True)
        if not isinstance(refusal, NotDone) or refusal.status != 404:
            return refusal
        return self._table_unseen() or "gone"

    def _table_unseen(self) -> Refusal | None:
        """Return why no record of the table can be seen; None if one can.

        ServiceNow leaves out the rows that an ACL hides, and answers as if they did not exist.
        """
        rows = self._rows("", 1)
        if isinstance(rows, NotDone | Unknown):
            return rows
        return None if rows else NotDone(f"the account sees no record of the table {self._queue.table}")

    def _ticket(self, row: Mapping[str, Any]) -> Ticket:
        is_closed = row["state"] in self._states.closed
        page = f"{self._queue.table}.do?sys_id={row['sys_id']}"
        return Ticket(
            id=row["sys_id"],
            key=row["number"],
            url=f"{self._queue.url}/nav_to.do?{urlencode({'uri': page})}",
            is_closed=is_closed,
            resolution=event_text(str(row.get("close_code") or ""), LONGEST_NAME) or None
            if is_closed
            else None,
        )


_NEEDED = ("correlation_id", "correlation_display", "short_description", "description")


def _authorization(credentials: Credentials) -> dict[str, str]:
    if credentials.has("api_key"):
        return {"x-sn-apikey": credentials.text("api_key")}
    pair = f"{credentials.text('user')}:{credentials.text('password')}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _query(**given: str) -> str:
    return urlencode({**given, "sysparm_exclude_reference_link": "true"})


def _shown(draft: TicketDraft) -> dict[str, str]:
    return {
        "short_description": _unmarked(one_line(draft.summary, LONGEST_SUMMARY)),
        "description": _literal(draft.text),
    }


def _literal(text: Text) -> str:
    """Return a text as people read it.

    ServiceNow renders HTML between [code] and [/code], and nothing else: their brackets are made round.
    """
    return not_a_formula(_unmarked(plain(within(text))))


def _unmarked(text: str) -> str:
    return _CODE.sub("(", text)


def _checked(claim: str) -> str:
    """Return a claim key: letters and digits, so that it has no meaning in a query."""
    if not claim.isascii() or not claim.isalnum() or len(claim) > _LONGEST_CLAIM:
        raise ValueError("a claim key has up to 100 letters and digits")
    return claim


def _has_claim(row: Mapping[str, Any], claim: str) -> bool:
    return row.get("correlation_id") == claim and row.get("correlation_display") == SYSTEM


def _words(value: object) -> list[str]:
    return str(value or "").split()


def _row(answer: object) -> dict[str, Any] | None:
    """Return the record of an answer; None if it has none."""
    row = answer.get("result") if isinstance(answer, dict) else None
    return row if _is_row(row) else None


def _is_row(row: object) -> bool:
    """Say whether a value has what is read of a record."""
    return (
        isinstance(row, dict)
        and all(isinstance(row.get(name), str) for name in ("sys_id", "state"))
        and is_name(row.get("number"))
        and _SYS_ID.fullmatch(row["sys_id"]) is not None
    )


def _explain(value: Any) -> str:
    error = value.get("error") if isinstance(value, dict) else None
    if not isinstance(error, dict):
        return ""
    return ": ".join(str(error[name]) for name in ("message", "detail") if error.get(name))
