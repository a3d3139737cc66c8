"""A line of the function's log as people read it."""

from collections.abc import Iterator

from hubtriage.cli.text import quoted, shown
from hubtriage.cli.views.decision import Record, decision_lines

_INDENT = "    "
_NOT_SHOWN = ("timestamp", "level", "message", "service", "location", "function_request_id", "xray_trace_id")


def text(record: Record) -> Iterator[str]:
    """Yield what happened to which finding, then each field with its reason; or one line of another kind."""
    time = quoted(str(record.get("timestamp", ""))[:19].replace("T", " "))
    if "finding_id" not in record or "outcome" not in record:
        level = quoted(str(record.get("level", "")))
        yield f"{time} {level} {quoted(str(record['message']))}{_members(record)}"
        return
    observed = " (observe: not written)" if record.get("mode") == "observe" else ""
    account = f" in account {shown(record['account'])}" if record.get("account") else ""
    outcome, finding = quoted(str(record["outcome"])), quoted(str(record["finding_id"]))
    yield f"{time} {outcome}{observed} {finding}{account}{_reason(record)}"
    yield from decision_lines(record, _INDENT)


def _reason(record: Record) -> str:
    if not record.get("code"):
        return ""
    return f": {quoted(str(record['code']))}, {quoted(str(record.get('reason', '')))}"


def _members(record: Record) -> str:
    members = ", ".join(
        f"{quoted(name)} {shown(value)}" for name, value in record.items() if name not in _NOT_SHOWN
    )
    return f": {members}" if members else ""
