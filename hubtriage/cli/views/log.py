"""A line of the function's log as people read it."""

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo

from hubtriage.cli.subject import NO_ACCOUNTS, Accounts, named_account
from hubtriage.cli.text import quoted, shown
from hubtriage.cli.views.decision import Record, decision_lines
from hubtriage.engine.text.timestamps import parse_timestamp

_INDENT = "    "
_TIME_WIDTH, _OUTCOME_WIDTH = 25, 9
TITLES = f"{'TIME':<{_TIME_WIDTH}} {'OUTCOME':<{_OUTCOME_WIDTH}} FINDING, THEN FIELDS AND REASONS"
_NOT_SHOWN = ("timestamp", "level", "message", "service", "location", "function_request_id", "xray_trace_id")


def text(
    record: Record, zone: tzinfo | None = UTC, accounts: Accounts = NO_ACCOUNTS, title: str = ""
) -> Iterator[str]:
    """Yield what happened to which finding, then each field with its reason; or one line of another kind.

    Times are in `zone`; None is that of this machine. `accounts` names the accounts. `title` is that of the
    finding, safe to print, or empty.
    """
    time = _time(record.get("timestamp"), zone)
    if "finding_id" not in record or "outcome" not in record:
        level = f"{quoted(str(record.get('level', ''))):<{_OUTCOME_WIDTH}}"
        yield f"{time} {level} {quoted(str(record['message']))}{_members(record)}"
        return
    observed = " (observe: not written)" if record.get("mode") == "observe" else ""
    account = f" in account {named_account(record['account'], accounts)}" if record.get("account") else ""
    outcome, finding = (
        f"{quoted(str(record['outcome'])):<{_OUTCOME_WIDTH}}",
        quoted(str(record["finding_id"])),
    )
    yield f"{time} {outcome} {finding}{account}{observed}{_reason(record)}"
    if title:
        yield f"{_INDENT}title {title}"
    yield from decision_lines(record, _INDENT)


def _time(timestamp: object, zone: tzinfo | None) -> str:
    """Return a time to the second with its distance from UTC; what is not a time, unchanged."""
    moment = parse_timestamp(timestamp)
    if moment is None:
        return f"{quoted(str(timestamp or '')):<{_TIME_WIDTH}}"
    return datetime.fromtimestamp(moment, UTC).astimezone(zone).isoformat(" ", "seconds")


def _reason(record: Record) -> str:
    if not record.get("code"):
        return ""
    return f": {quoted(str(record['code']))}, {quoted(str(record.get('reason', '')))}"


def _members(record: Record) -> str:
    members = ", ".join(
        f"{quoted(name)} {shown(value)}" for name, value in record.items() if name not in _NOT_SHOWN
    )
    return f": {members}" if members else ""
