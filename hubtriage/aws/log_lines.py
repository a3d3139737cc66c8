"""A line of the function's log in plain words, for people who follow it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

_SERIOUS = ("ERROR", "WARNING")


def read_line(message: str) -> Mapping[str, Any] | None:
    """The record of a log line; None for lines of Lambda itself and for metrics."""
    if not message.startswith("{"):
        return None
    try:
        record = json.loads(message)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and "message" in record else None


def is_serious(record: Mapping[str, Any]) -> bool:
    """Whether somebody may have to look."""
    return record.get("level") in _SERIOUS


def concerns(record: Mapping[str, Any], rule: str | None, finding: str | None) -> bool:
    """Whether a line is about a rule, and about a finding (by its id); None asks for no certain one."""
    if finding is not None and record.get("finding_id") != finding:
        return False
    return rule is None or rule in rules_of(record)


def rules_of(record: Mapping[str, Any]) -> set[str]:
    """The rules that a line names."""
    parts = (record.get(name) or () for name in ("changes", "kept", "observed", "errors"))
    named = {str(item["rule"]) for part in parts for item in part if item.get("rule")}
    return named | set(record.get("rules") or ()) | set(record.get("above_ceiling") or ())


def told(record: Mapping[str, Any]) -> Iterator[str]:
    """The lines that tell a record: what happened to which finding, then each field with its reason."""
    time = str(record.get("timestamp", ""))[:19].replace("T", " ")
    if "finding_id" not in record:
        yield f"{time} {record.get('level', '')} {record['message']}{_rest(record)}"
        return
    observed = " (observe: not written)" if record.get("mode") == "observe" else ""
    why = f": {record['code']}, {record.get('reason', '')}" if record.get("code") else ""
    account = f" in account {record['account']}" if record.get("account") else ""
    yield f"{time} {record['outcome']}{observed} {record['finding_id']}{account}{why}"
    for change in record.get("changes") or ():
        rule = f" by {change['rule']}" if change.get("rule") else ""
        cause = f": {change['cause']}" if change.get("cause") else ""
        why = "" if change["why"] == "rule" else f" ({change['why']}{cause})"
        step = f"{_value(change['from'])} -> {_value(change['to'])}"
        yield f"    {change['field']}: {step}{rule}{why}"
    for kept in record.get("kept") or ():
        value, wanted = _value(kept["value"]), _value(kept["wanted"])
        yield f"    {kept['field']} stays {value}, not {wanted} ({kept['rule']}): {kept['why']}"
    for item in record.get("observed") or ():
        yield f"    {item['rule']} would set {item['field']}: {_value(item['from'])} -> {_value(item['to'])}"
    for error in record.get("errors") or ():
        yield f"    {error['rule']} cannot be evaluated: {error['message']}"
    if record.get("above_ceiling"):
        yield f"    above the ceiling of {', '.join(record['above_ceiling'])}"


_KNOWN = ("timestamp", "level", "message", "service", "location", "function_request_id", "xray_trace_id")


def _rest(record: Mapping[str, Any]) -> str:
    told_ = ", ".join(f"{key} {_value(value)}" for key, value in record.items() if key not in _KNOWN)
    return f": {told_}" if told_ else ""


def _value(value: Any) -> str:
    if value is None:
        return "none"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=True)
