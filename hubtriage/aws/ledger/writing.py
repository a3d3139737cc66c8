"""Writing and deleting items of the ledger's table, on the condition that each has the expected version."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from hubtriage.aws.ledger.calls import Calls, batches
from hubtriage.aws.ledger.faults import statement_fault
from hubtriage.aws.ledger.item import ENTRY, FINDING, RULES, VERSION, Item, attributes, finding_text, hash_of
from hubtriage.aws.ledger.ledger import LedgerFault, LedgerFaultKind, Written
from hubtriage.aws.ledger.reading import read_items
from hubtriage.aws.ledger.table import KEY
from hubtriage.aws.securityhub.api import Key
from hubtriage.engine.planning.entry import Entry

MOST_STATEMENTS = 25  # AWS: statements of one BatchExecuteStatement

_Outcome = LedgerFault | Literal["done", "conflict"]


@dataclass(frozen=True, slots=True)
class EntryStatement:
    """A statement with its parameters, and what the item has after it; no text if it is deleted."""

    key: Key
    statement: str
    parameters: Sequence[Mapping[str, Any]]
    version: int
    text: str | None = None


def writing(table: str, key: Key, entry: Entry) -> EntryStatement:
    """Return the statement that writes an entry over its `version`; for version 0 where there is none."""
    return placing(table, key, entry, entry.version, entry.version + 1)


def placing(table: str, key: Key, entry: Entry, over: int, version: int) -> EntryStatement:
    """Return the statement that writes an entry as a version, over another one; for 0 where there is none."""
    new = attributes(entry, version)
    values = [new[VERSION], new[RULES], new[ENTRY], {"S": hash_of(key)}]
    if over:
        statement = (
            f'UPDATE "{table}" SET "{VERSION}"=? SET "{RULES}"=? SET "{ENTRY}"=?'  # noqa: S608 - names of ours
            f' WHERE "{KEY}"=? AND "{VERSION}"=?'
        )
        values.append({"N": str(over)})
    else:
        statement = (
            f"INSERT INTO \"{table}\" VALUE {{'{VERSION}':?,'{RULES}':?,'{ENTRY}':?,'{KEY}':?,'{FINDING}':?}}"
        )
        values.append({"S": finding_text(key)})
    return EntryStatement(key, statement, values, version, new[ENTRY]["S"])


def deleting(table: str, key: Key, entry: Entry) -> EntryStatement:
    """Return the statement that deletes an entry of this version. AWS: it does nothing without one."""
    statement = f'DELETE FROM "{table}" WHERE "{KEY}"=? AND "{VERSION}"=?'  # noqa: S608 - names of ours
    return EntryStatement(key, statement, [{"S": hash_of(key)}, {"N": str(entry.version)}], 0)


def run_statements(calls: Calls, statements: Iterable[EntryStatement], deadline: float) -> Written:
    """Run the statements, each by itself. After a fault of the table nothing more is tried."""
    written, fault = Written(), None
    for some in batches(statements, MOST_STATEMENTS):
        if fault is None:
            fault = _StatementBatch(calls, deadline, written).run(some)
        else:
            written.failed.update((each.key, fault) for each in some)
    return written


class _StatementBatch:
    """Up to 25 statements, run until each has ended.

    A statement whose answer was lost may have been carried out. When it runs again, it conflicts with itself.
    A deletion does not: it would delete an entry that another worker has begun again meanwhile.
    """

    def __init__(self, calls: Calls, deadline: float, written: Written) -> None:
        self._calls, self._deadline, self._written = calls, deadline, written
        self._faults: dict[Key, LedgerFault] = {}
        self._unanswered: set[Key] = set()
        self._doubtful: list[EntryStatement] = []

    def run(self, changes: list[EntryStatement]) -> LedgerFault | None:
        """Run the statements; return a fault if it is the table's and ended all of them."""
        waiting, attempt = changes, 1
        while waiting:
            self._once(waiting)
            waiting = [each for each in waiting if self._may_try(each, attempt)]
            if waiting and not self._calls.wait(attempt, self._deadline):
                break
            attempt += 1
        self._resolve_doubtful()
        self._written.failed.update(self._faults)
        faults = self._faults.values()
        all_failed = len(faults) == len(changes) and all(fault.concerns_table for fault in faults)
        return next(iter(faults)) if all_failed else None

    def _may_try(self, change: EntryStatement, attempt: int) -> bool:
        if change.key not in self._faults or (change.text is None and change.key in self._unanswered):
            return False
        return self._calls.may_try(self._faults[change.key], attempt)

    def _once(self, changes: list[EntryStatement]) -> None:
        for each, outcome in zip(changes, self._outcomes(changes), strict=True):
            self._faults.pop(each.key, None)
            if isinstance(outcome, LedgerFault):
                self._fail(each.key, outcome)
            elif outcome == "done":
                self._written.versions[each.key] = each.version
            elif each.key in self._unanswered:
                self._doubtful.append(each)
            else:
                self._written.conflicts.add(each.key)

    def _fail(self, key: Key, fault: LedgerFault) -> None:
        self._faults[key] = fault
        if fault.kind is LedgerFaultKind.UNREACHABLE:
            self._unanswered.add(key)

    def _outcomes(self, changes: list[EntryStatement]) -> list[_Outcome]:
        statements = [{"Statement": each.statement, "Parameters": each.parameters} for each in changes]
        answer = self._calls.once(
            self._calls.client.batch_execute_statement,
            {"Statements": statements},
            lambda answer: len(answer.get("Responses", ())) == len(changes),
            self._deadline,
        )
        if isinstance(answer, LedgerFault):
            return [answer] * len(changes)
        return [self._outcome(response.get("Error")) for response in answer["Responses"]]

    def _outcome(self, error: Mapping[str, str] | None) -> _Outcome:
        if error is None:
            return "done"
        return statement_fault(error, self._calls.table) or "conflict"

    def _resolve_doubtful(self) -> None:
        """Read what the doubtful statements met: their own writing counts as done."""
        if not self._doubtful:
            return
        items = read_items(self._calls, [each.key for each in self._doubtful], self._deadline)
        for each in self._doubtful:
            if each.key in items.unread:
                self._faults[each.key] = items.unread[each.key]
            elif _is_its_own(items.found.get(each.key), each):
                self._written.versions[each.key] = each.version
            else:
                self._written.conflicts.add(each.key)


def _is_its_own(item: Item | None, change: EntryStatement) -> bool:
    """Say whether an item is what the change makes of it. An equal one of another worker is as good."""
    if item is None:
        return False
    return item.get(VERSION) == {"N": str(change.version)} and item.get(ENTRY) == {"S": change.text}
