"""`hubtriage why`: the story of one finding."""

import json
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import click

from hubtriage.aws.securityhub.finding_history import Event, changes, decisions, products_of, told_in_order
from hubtriage.cli.stack import AWS_ERRORS, client, deployed_option, fail, outputs
from hubtriage.cli.text import quoted, shown

DAY = 86400.0
NOTHING = "nothing is known of it in this time: look further back with --days, or at the Id"


@click.command(name="why")
@click.argument("finding_id", metavar="FINDING-ID")
@deployed_option
@click.option("--product-arn", help="The finding's product, where several have a finding of this Id.")
@click.option(
    "--days", default=90, show_default=True, type=click.IntRange(1, 3650), help="How far to look back."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON line for each event.")
def command(finding_id: str, stack: str, product_arn: str | None, days: int, as_json: bool) -> None:
    """Tell the story of a finding: who changed what and when, which rule decided, and why.

    It is read from the decision log in CloudWatch Logs and, where that is allowed, from the history that
    Security Hub keeps (90 days).

    Exit codes: 0; 1 nothing is known of the finding, or the log cannot be read.
    """
    group = outputs(stack)["LogGroupName"]
    since = time.time() - days * DAY
    try:
        told = list(decisions(client("logs"), group, finding_id, since))
    except AWS_ERRORS as error:
        fail(f"log group {group}: {error}", "logs:FilterLogEvents is needed")
    told = [event for event in told if product_arn in (None, event.record.get("product_arn"))]
    told += _history(finding_id, product_arn, told, since)
    if not told:
        fail(
            f"{quoted(finding_id)}: {NOTHING}", "the Id is that of the finding, such as arn:aws:securityhub:…"
        )
    for event in told_in_order(told):
        click.echo(json.dumps(as_record(event)) if as_json else "\n".join(text(event)))


def _history(finding_id: str, product_arn: str | None, told: list[Event], since: float) -> list[Event]:
    """What Security Hub knows; without the permission for it, a remark and nothing."""
    hub = client("securityhub")
    try:
        arns = [product_arn] if product_arn else sorted({str(event.record["product_arn"]) for event in told})
        arns = arns or products_of(hub, finding_id)
        return [event for arn in arns for event in changes(hub, (arn, finding_id), since)]
    except AWS_ERRORS as error:
        click.echo(f"without the history of Security Hub: {error}", err=True)
        return []


def as_record(event: Event) -> dict[str, Any]:
    """The JSON line of an event."""
    record = {
        name: str(value) if hasattr(value, "timestamp") else value for name, value in event.record.items()
    }
    return {"time": _stamp(event.time), "kind": event.kind, **record}


def _stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def text(event: Event) -> Iterator[str]:
    """An event for people."""
    return _decision(event) if event.kind == "decision" else _change(event)


def _decision(event: Event) -> Iterator[str]:
    line = event.record
    by = f" (rules {line.get('revision') or line.get('ruleset')})"
    sweep = f", in the sweep {quoted(str(line['sweep']))}" if line.get("sweep") else ""
    yield f"{_stamp(event.time)}  triage: {quoted(str(line['outcome']))}{by}{sweep}"
    if line.get("reason"):
        yield f"    {quoted(str(line.get('code')))}: {quoted(str(line['reason']))}"
    for change in _objects(line.get("changes")):
        old, new = shown(change.get("from")), shown(change.get("to"))
        yield f"    {shown(change.get('field'))}: {old} -> {new}  {_why(change)}"
    for kept in _objects(line.get("kept")):
        instead = f"stays {shown(kept.get('value'))}, not {shown(kept.get('wanted'))}"
        why = f"{shown(kept.get('rule'))}: {quoted(str(kept.get('why')))}"
        yield f"    {shown(kept.get('field'))}: {instead}  {why}"
    for seen in _objects(line.get("observed")):
        would = f"would be {shown(seen.get('to'))}  {shown(seen.get('rule'))} (observe)"
        yield f"    {shown(seen.get('field'))}: {would}"
    for error in _objects(line.get("errors")):
        yield f"    error in {shown(error.get('rule'))}: {quoted(str(error.get('message')))}"


def _why(change: Mapping[str, Any]) -> str:
    rule = shown(change.get("rule"))
    why = change.get("why")
    if why == "rule":
        return f"rule {rule}"
    if why == "taken back":
        if change.get("cause"):
            return f"taken back from rule {rule}: {quoted(str(change['cause']))}"
        return f"taken back: rule {rule} is gone, has ended, or matches no more"
    return f"{quoted(str(why))} (rule {rule})"


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _change(event: Event) -> Iterator[str]:
    record = event.record
    source = record.get("UpdateSource") or {}
    how = "the provider" if source.get("Type") == "BATCH_IMPORT_FINDINGS" else "an update"
    what = "made" if record.get("FindingCreated") else "changed"
    yield f"{_stamp(event.time)}  {what} by {how}: {quoted(str(source.get('Identity')))}"
    for update in _objects(record.get("Updates")):
        old, new = _value(update.get("OldValue")), _value(update.get("NewValue"))
        yield f"    {shown(update.get('UpdatedField'))}: {old} -> {new}"


def _value(text: object) -> str:
    """A value in the history: objects are there as JSON."""
    try:
        value = json.loads(text) if isinstance(text, str) else text
    except (ValueError, RecursionError):
        value = text
    return shown(value if isinstance(value, dict | list) else text)
