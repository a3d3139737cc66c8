"""Who changed a finding: triage, its provider through the service, or a person or another tool.

GetFindingHistory answers for one finding a call, so it is asked rarely, and within a rate budget.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from hubtriage.aws.securityhub.api import Key, SecurityHubApi, identifier, is_of_v2
from hubtriage.aws.securityhub.backoff import Backoff
from hubtriage.aws.securityhub.faults import API_ERRORS, CallFault, Fault, call_fault
from hubtriage.aws.securityhub.ratelimit import TokenBucket
from hubtriage.engine.fields import SEVERITY, WORKFLOW
from hubtriage.engine.planning.entry import LastChange, Stored
from hubtriage.engine.text.timestamps import parse_timestamp

PAGE = 100  # AWS: records of one page
MOST_PAGES = 5
"""Pages that are read of one history. AWS gives the newest first."""

Author = Literal["triage", "person", "service"]
Former = Callable[[float], Mapping[str, float] | CallFault]
"""Gets a monotonic deadline."""
_NO_TIME = CallFault(Fault.TRANSIENT, "Deadline", "no time left to ask who changed the finding")


@dataclass(frozen=True, slots=True)
class HistoryRecord:
    """One update of a finding: when (epoch seconds), by whom, and the new value of each field as text.

    `principal` is the ARN of the caller, empty if the record names none.
    """

    time: float
    by: Author
    values: Mapping[str, str | None]
    principal: str = ""

    def touches(self, name: str) -> bool:
        """Say whether the update changed a field, such as `Workflow.Status`."""
        return name in self.values or name.partition(".")[0] in self.values

    def value(self, name: str) -> str | None:
        """Return a field's new value. A record may name the field's member, with all of it as JSON."""
        if name in self.values:
            return self.values[name]
        holder, _, member = name.partition(".")
        try:
            whole = json.loads(self.values.get(holder) or "")
        except (ValueError, RecursionError):
            return None
        value = whole.get(member) if isinstance(whole, Mapping) else None
        return value if isinstance(value, str) else None


@dataclass(frozen=True, slots=True)
class History:
    """The updates of a finding, newest first, as far as the service shows them."""

    records: tuple[HistoryRecord, ...]

    def last(self, name: str) -> LastChange | None:
        """Return the last change of a field, such as `Workflow.Status`; None if no record has one."""
        last = self.last_record(name)
        return None if last is None else LastChange(last.by, last.value(name), last.time)

    def last_record(self, name: str) -> HistoryRecord | None:
        """Return the last update that changed a field; None if no record has one."""
        changed = [record for record in self.records if record.touches(name)]
        # of equals the first, which is the newest
        return max(changed, key=lambda record: record.time, default=None)

    def has_update(self, written: Mapping[str, Stored], since: float) -> bool:
        """Return whether triage has made an update since a time (epoch seconds) that may have written this.

        Clocks differ, so a record of the update before may seem to be later than that time. It shows by a
        status or a severity that is not what this update writes.
        """
        return any(
            record.by == "triage" and record.time >= since and not _contradicts(record, written)
            for record in self.records
        )


NO_HISTORY = History(())


def no_former(_deadline: float) -> Mapping[str, float]:
    """Return the former roles of a ledger that was never moved."""
    return {}


class Authorship:
    """Asks for histories. `own` returns the ARN by which AWS knows the caller; it is asked once, when needed.

    `deputies` are ARNs of others that write for the same ledger. `former` returns, by the ARN of a role that
    did so elsewhere before the ledger was moved here, until when (epoch seconds); or why that is not known.
    The budget outlives a batch; `now` is monotonic.
    """

    def __init__(
        self,
        api: SecurityHubApi,
        own: Callable[[], str],
        budget: TokenBucket,
        backoff: Backoff,
        now: Callable[[], float],
        deputies: Collection[str] = (),
        former: Former = no_former,
    ) -> None:
        self._api = api
        self._own = own
        self._deputies = deputies
        self._former = former
        self._roles: frozenset[str] = frozenset()
        self._budget = budget
        self._backoff = backoff
        self._now = now

    def history(self, key: Key, since: float | None, deadline: float) -> History | CallFault:
        """Return the history of a finding since a time (epoch seconds), or why it is not known.

        `deadline`: monotonic; no call starts later. Never raises for what the service or the network does.
        AWS: Security Hub V2 has no history, so that one of a finding there is empty.
        """
        if is_of_v2(key):
            return NO_HISTORY
        request: dict[str, Any] = {"FindingIdentifier": identifier(key), "MaxResults": PAGE}
        if since is not None:
            request["StartTime"] = max(0.0, since)
        former = self._former(deadline)
        if isinstance(former, CallFault):
            return former
        until = {role_of(arn): time for arn, time in former.items()}
        records: list[HistoryRecord] = []
        for _page in range(MOST_PAGES):
            answer = self._get(request, deadline)
            if isinstance(answer, CallFault):
                return answer
            records.extend(_records(answer["Records"], partial(self._author, until)))
            if not answer.get("NextToken"):
                break
            request["NextToken"] = answer["NextToken"]
        return History(tuple(records))

    def _get(self, request: Mapping[str, Any], deadline: float) -> Mapping[str, Any] | CallFault:
        """Return a page with its list of Records, or the last fault."""
        attempt, not_before = 1, 0.0
        while self._budget.take(deadline, not_before):
            answer = self._try(request)
            if not isinstance(answer, CallFault) or attempt >= self._backoff.tries(answer.kind):
                return answer
            not_before = self._now() + self._backoff.delay(attempt)
            attempt += 1
        return _NO_TIME

    def _try(self, request: Mapping[str, Any]) -> Mapping[str, Any] | CallFault:
        try:
            if not self._roles:
                self._roles = frozenset(map(role_of, (self._own(), *self._deputies)))
            answer = self._api.get_finding_history(**request)
        except API_ERRORS as error:
            return call_fault(error)
        if isinstance(answer.get("Records"), list):
            return answer
        # A cut-off body arrives as an answer without members.
        return CallFault(Fault.TRANSIENT, "Unmentioned", "an answer without Records")

    def _author(self, until: Mapping[str, float], source: object, time: float) -> Author:
        return author_of(self._roles, until, source, time)


def author_of(roles: Collection[str], until: Mapping[str, float], source: object, time: float) -> Author:
    """Return who made an update at a time (epoch seconds), by its UpdateSource.

    `roles` are those that write for the ledger, `until` has the former ones, all as `role_of` names them.
    AWS: imports are the provider's, and so are the resets that come with them.
    """
    named = source if isinstance(source, Mapping) else {}
    if named.get("Type") == "BATCH_IMPORT_FINDINGS":
        return "service"
    identity = named.get("Identity")
    role = role_of(identity) if isinstance(identity, str) else ""
    is_ours = role in roles or 0 < time <= until.get(role, 0.0)
    return "triage" if is_ours else "person"


def role_of(arn: str) -> str:
    """Return the ARN without what changes from call to call: of an assumed role its account and name.

    AWS: `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION` is a session of
    `arn:aws:iam::ACCOUNT:role/PATH/ROLE`.
    """
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return arn
    kind, _, rest = parts[5].partition("/")
    if kind == "assumed-role":
        return f"{parts[4]}/{rest.partition('/')[0]}"
    return f"{parts[4]}/{rest.rpartition('/')[2]}" if kind == "role" else arn


def _records(found: list[Any], author: Callable[[object, float], Author]) -> Iterator[HistoryRecord]:
    for record in found:
        if isinstance(record, Mapping):
            yield history_record(record, author)


def history_record(record: Mapping[str, Any], author: Callable[[object, float], Author]) -> HistoryRecord:
    """Return a record of GetFindingHistory as what it says."""
    time, source = _moment(record.get("UpdateTime")), record.get("UpdateSource")
    identity = source.get("Identity") if isinstance(source, Mapping) else None
    return HistoryRecord(
        time,
        author(source, time),
        dict(_values(record.get("Updates"))),
        identity if isinstance(identity, str) else "",
    )


def _values(updates: object) -> Iterator[tuple[str, str | None]]:
    """AWS: a value that is too large is left out."""
    for update in updates if isinstance(updates, list) else ():
        if isinstance(update, Mapping) and isinstance(update.get("UpdatedField"), str):
            new = update.get("NewValue")
            yield update["UpdatedField"], new if isinstance(new, str) else None


def _moment(time: Any) -> float:
    """Read a time as botocore gives it, or as the service writes it."""
    return float(time.timestamp()) if hasattr(time, "timestamp") else parse_timestamp(time) or 0.0


def _contradicts(record: HistoryRecord, written: Mapping[str, Stored]) -> bool:
    """Say whether a record is of another update: it gives a field another value than was written."""
    values = {name: record.value(name) for name in (WORKFLOW, SEVERITY) if name in written}
    return any(value is not None and value != written[name] for name, value in values.items())
