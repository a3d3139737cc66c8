"""`hubtriage logs`: the decisions of the deployed stack."""

import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

import click

from hubtriage.aws.log_lines import concerns, is_serious, read_line
from hubtriage.cli.failure import fail
from hubtriage.cli.stack import AWS_ERRORS, client, deployed_option, outputs
from hubtriage.cli.views.log import text

POLL = 2.0
NOTHING = "no such line in this time: --since looks further back; findings that need nothing have no line"
LATE = 60.0
"""Seconds for which CloudWatch Logs may still add older lines while they are followed."""
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _seconds(_context: click.Context, _parameter: click.Parameter, value: str) -> float:
    found = re.fullmatch(r"([1-9]\d{0,4})([smhd])", value)
    if not found:
        raise click.BadParameter("write a number and s, m, h or d, such as 15m")
    return int(found[1]) * _UNITS[found[2]]


@click.command(name="logs")
@deployed_option
@click.option(
    "--since", default="1h", show_default=True, callback=_seconds, help="How far back: 15m, 6h, 2d."
)
@click.option("--follow", is_flag=True, help="Go on with what comes, until you press Ctrl-C.")
@click.option("--rule", metavar="ID", help="Only decisions in which this rule had a part.")
@click.option("--finding", metavar="ID", help="Only decisions on the finding with this Id.")
@click.option("--errors", is_flag=True, help="Only what failed, or needs somebody to look.")
@click.option("--json", "as_json", is_flag=True, help="Print the lines of the log as they are.")
def command(
    stack: str, since: float, follow: bool, rule: str | None, finding: str | None, errors: bool, as_json: bool
) -> None:
    """Show the decisions of the deployed stack.

    Finding by finding: what changed, by which rule, and what was left to people.

    Exit codes: 0; 1 the log cannot be read; 2 wrong usage.
    """
    group = outputs(stack).get("LogGroupName", "")
    found = False
    try:
        for message in _messages(client("logs"), group, since, follow=follow):
            record = read_line(message)
            if record is None or not concerns(record, rule, finding) or (errors and not is_serious(record)):
                continue
            click.echo(message.rstrip() if as_json else "\n".join(text(record)))
            found = True
    except AWS_ERRORS as error:
        fail(str(error), "the command needs logs:FilterLogEvents on the log of the function")
    if not found:
        click.echo(NOTHING, err=True)


def _messages(logs: Any, group: str, since: float, *, follow: bool) -> Iterator[str]:
    """Yield the messages of a log group, oldest first, each once; with `follow` without an end."""
    start = time.time() - since
    seen: set[object] = set()
    while True:
        asked_at = time.time()
        for event in _events(logs, group, start):
            if (identity := _identity(event)) not in seen:
                seen.add(identity)
                yield event["message"]
        if not follow:
            return
        start = max(start, asked_at - LATE)
        time.sleep(POLL)


def _identity(event: Mapping[str, Any]) -> object:
    """Return what identifies an event. AWS: an `eventId` is optional in the answer."""
    return event.get("eventId") or (event.get("logStreamName"), event.get("timestamp"), event["message"])


def _events(logs: Any, group: str, start: float) -> Iterator[Mapping[str, Any]]:
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=int(start * 1000))
    for page in pages:
        yield from page["events"]
