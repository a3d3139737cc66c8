"""The records of an instance, and the rules by which they change: policies, access, states, the clock."""

import uuid
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from hubtriage.localaws.peers.servicenow.settings import ServiceNowSettings
from hubtriage.localaws.peers.servicenow.tables import (
    SYSTEM_COLUMNS,
    TABLES,
    Note,
    StoredRecord,
    TableKind,
    kept,
    moment,
    priority,
)


class RefusalError(Exception):
    """A refusal as the Table API gives it."""

    def __init__(self, status: int, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.detail = status, message, detail


class Records:
    """Records by table and sys_id. `incident` and `sn_si_incident` have numbers of their own."""

    def __init__(self) -> None:
        self._records: dict[str, dict[str, StoredRecord]] = {name: {} for name in TABLES}
        self._numbers = dict.fromkeys(TABLES, 10_000)
        self._random = Random(1)  # noqa: S311 - no secret

    def all(self, table: str) -> Iterator[StoredRecord]:
        """Yield the records of a table, deleted ones too, the oldest first."""
        yield from self._records[table].values()

    def find(self, table: str, sys_id: str) -> StoredRecord | None:
        """Return a record that is there."""
        record = self._records[table].get(sys_id)
        return record if record is not None and record.is_there else None

    def by_name(self, name: str) -> tuple[str, StoredRecord]:
        """Return a record by sys_id or number, and its table; raise RefusalError if there is none."""
        for table in TABLES:
            for record in self.all(table):
                if record.is_there and name in (record.values["sys_id"], record.values["number"]):
                    return table, record
        raise RefusalError(404, "No Record found")

    def create(
        self, table: str, given: Mapping[str, Any], settings: ServiceNowSettings, user: str, now: float
    ) -> StoredRecord:
        """Create a record."""
        kind = TABLES[table]
        self._numbers[table] += 1
        values = dict.fromkeys(kind.widths, "")
        values |= {
            "sys_id": uuid.UUID(int=self._random.getrandbits(128), version=4).hex,
            "number": f"{kind.prefix}{self._numbers[table]:07d}",
            "state": kind.first_state,
            "impact": "3",
            "urgency": "3",
            "reopen_count": "0",
            "sys_created_on": moment(now),
        }
        record = StoredRecord(values, now)
        self._write(record, kind, given, settings, user, now)
        self._records[table][record.values["sys_id"]] = record
        record.history.append("created")
        return record

    def change(
        self,
        table: str,
        record: StoredRecord,
        given: Mapping[str, Any],
        settings: ServiceNowSettings,
        user: str,
        now: float,
    ) -> None:
        """Change a record as an API user does; raise RefusalError, and then nothing is changed."""
        kind = TABLES[table]
        before = record.values["state"]
        if before in kind.closed and not settings.may_close:
            raise _access("Update")
        state = str(given.get("state", before))
        if "state" not in settings.unwritable:
            self._check_state(kind, record, given, state, settings)
        self._write(record, kind, given, settings, user, now)
        record.history.append("changed")

    def change_as_person(
        self, table: str, record: StoredRecord, given: Mapping[str, Any], now: float
    ) -> None:
        """Change a record as an administrator does: nothing is refused."""
        everything = ServiceNowSettings(may_close=True, mandatory_to_resolve=())
        self._write(record, TABLES[table], given, everything, "person", now)

    def close_by_clock(self, settings: ServiceNowSettings, now: float) -> None:
        """Close incidents that were resolved long enough ago."""
        for record in self.all("incident"):
            due = record.resolved_at is not None and now - record.resolved_at >= settings.close_after
            if due and record.values["state"] == "6":
                record.values["state"], record.values["active"] = "7", "false"
                record.history.append("closed by the clock")

    def _check_state(
        self,
        kind: TableKind,
        record: StoredRecord,
        given: Mapping[str, Any],
        state: str,
        settings: ServiceNowSettings,
    ) -> None:
        before = record.values["state"]
        ends = state in kind.resolved or state in kind.closed
        if ends and state != before:
            missing = [
                name
                for name in settings.mandatory_to_resolve
                if not str(given.get(name, record.values[name])).strip() or name in settings.unwritable
            ]
            if missing:
                detail = f"The following fields are mandatory: {', '.join(missing)}"
                raise RefusalError(403, "Data Policy Exception", detail)
        if kind.prefix == "INC" and state == "7" and before != "7" and not settings.may_close:
            raise _access("Update")
        if kind.prefix == "SIR" and state == "3" and before != "100" and settings.review_first:
            raise RefusalError(403, "Operation Failed", "Operation against file was aborted by Business Rule")
        if state == "3" and kind.prefix == "INC" and not given.get("hold_reason"):
            raise RefusalError(
                403, "Data Policy Exception", "The following fields are mandatory: hold_reason"
            )

    def _write(
        self,
        record: StoredRecord,
        kind: TableKind,
        given: Mapping[str, Any],
        settings: ServiceNowSettings,
        user: str,
        now: float,
    ) -> None:
        """Write what may be written; unknown columns and others are dropped without a word."""
        before = record.values["state"]
        for column, value in given.items():
            if column in settings.unwritable or column in SYSTEM_COLUMNS:
                continue
            if column in kind.journals:
                if str(value):
                    record.notes.append(Note(column, str(value), now, user))
            elif column in kind.widths:
                record.values[column] = kept(kind, column, value)
        state = record.values["state"]
        record.values["priority"] = priority(record.values["impact"], record.values["urgency"])
        record.values["active"] = "false" if state in kind.closed else "true"
        record.values["sys_updated_on"] = moment(now)
        if state in kind.resolved and before != state:
            record.resolved_at = now
        if before in (*kind.resolved, *kind.closed) and state not in (*kind.resolved, *kind.closed):
            record.values["reopen_count"] = str(int(record.values["reopen_count"]) + 1)
            record.resolved_at = None


def _access(operation: str) -> RefusalError:
    return RefusalError(
        403, "Operation Failed", f"ACL Exception {operation} Failed due to security constraints"
    )
