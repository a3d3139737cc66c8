"""`hubtriage logs`: the decisions of the deployed stack."""

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import click

from hubtriage.aws.log_lines import concerns, is_serious, read_line
from hubtriage.aws.securityhub.api import Key
from hubtriage.cli.account_options import deployed_option
from hubtriage.cli.failure import fail
from hubtriage.cli.inputs.console_url import id_callback
from hubtriage.cli.inputs.one_finding import Wanted, product_option
from hubtriage.cli.stack import AWS_ERRORS, client, outputs
from hubtriage.cli.views.log import TITLES, text

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


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the log, as it is and as a record."""

    message: str
    record: Mapping[str, Any]

    @property
    def key(self) -> Key:
        """The finding that it is about."""
        return str(self.record.get("product_arn")), str(self.record.get("finding_id"))


@click.command(name="logs")
@deployed_option
@click.option(
    "--since", default="1h", show_default=True, callback=_seconds, help="How far back: 15m, 6h, 2d."
)
@click.option("--follow", is_flag=True, help="Keep showing new decisions until you press Ctrl-C.")
@click.option("--rule", metavar="ID", help="Only decisions that this rule took part in.")
@click.option(
    "--finding",
    metavar="ID",
    callback=id_callback,
    help="Only decisions on this finding: its Id, the end or a unique part of it, or its URL.",
)
@product_option
@click.option("--errors", is_flag=True, help="Only what failed or needs a person's attention.")
@click.option("--json", "as_json", is_flag=True, help="Print the lines of the log unchanged.")
def command(
    stack: str,
    since: float,
    follow: bool,
    rule: str | None,
    finding: str | None,
    product_arn: str | None,
    errors: bool,
    as_json: bool,
) -> None:
    """Show the decisions of the deployed stack.

    For each finding, it shows what changed, the rule that decided, and what was left to people. Times are
    in UTC.

    Exit codes: 0; 1 the log cannot be read; 2 wrong usage, there is no such stack, or --finding fits several
    findings.
    """
    if product_arn is not None and finding is None:
        raise click.UsageError("--product-arn names the product of --finding; give both")
    group = outputs(stack)["LogGroupName"]
    found = False
    try:
        lines = _lines(client("logs"), group, since, follow=follow)
        if finding is not None:
            lines = _of_one_finding(lines, Wanted(finding, product_arn), follow=follow)
        for line in lines:
            if not concerns(line.record, rule) or (errors and not is_serious(line.record)):
                continue
            if not (found or as_json):
                click.echo(click.style(TITLES, bold=True))
            click.echo(line.message.rstrip() if as_json else "\n".join(text(line.record)))
            found = True
    except AWS_ERRORS as error:
        fail(str(error), "the command needs logs:FilterLogEvents on the log of the function")
    if not found:
        click.echo(NOTHING, err=True)


def _of_one_finding(lines: Iterable[_Line], wanted: Wanted, *, follow: bool) -> Iterator[_Line]:
    """Yield the lines about the finding that is meant; end with 2 as soon as there are several.

    Without `follow` a finding with exactly this Id counts more than others that end like it.
    """
    fitting = (line for line in lines if "finding_id" in line.record and wanted.fits(line.key))
    if not follow:
        known = list(fitting)
        meant = wanted.only(line.key for line in known) if known else None
        yield from (line for line in known if line.key == meant)
        return
    seen: dict[Key, None] = {}
    for line in fitting:
        seen[line.key] = None
        if line.key == wanted.only(seen):
            yield line


def _lines(logs: Any, group: str, since: float, *, follow: bool) -> Iterator[_Line]:
    """Yield the lines of a log group, oldest first, each once; with `follow` without an end."""
    for message in _messages(logs, group, since, follow=follow):
        record = read_line(message)
        if record is not None:
            yield _Line(message, record)


def _messages(logs: Any, group: str, since: float, *, follow: bool) -> Iterator[str]:
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
