"""`hubtriage logs`: the decisions of the deployed stack."""

import re
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from itertools import islice
from pathlib import Path
from typing import Any

import click

from hubtriage.aws.log_lines import concerns, is_serious, read_line
from hubtriage.aws.securityhub.api import Key
from hubtriage.cli.account_options import deployed_option
from hubtriage.cli.failure import fail
from hubtriage.cli.inputs.console_url import id_callback
from hubtriage.cli.inputs.look_up import TITLES_OF_A_CALL, FindingTitles
from hubtriage.cli.inputs.one_finding import Wanted, product_option
from hubtriage.cli.inputs.rules import known_accounts
from hubtriage.cli.options import rules_option
from hubtriage.cli.stack import AWS_ERRORS, client, outputs
from hubtriage.cli.subject import Accounts
from hubtriage.cli.terminal import print_lines
from hubtriage.cli.text import quoted
from hubtriage.cli.views.log import TITLES, text
from hubtriage.engine.text.timestamps import parse_timestamp

POLL = 2.0
OUTCOMES = ("updated", "unchanged", "refused", "failed")
NOTHING = "no such line in this time: --since looks further back; findings that need nothing have no line"
LATE = 60.0
"""Seconds for which CloudWatch Logs may still add older lines while they are followed."""
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _start(_context: click.Context, _parameter: click.Parameter, value: str) -> float:
    """Return the time (epoch seconds) that a duration before now, or a time, names."""
    now = time.time()
    if found := re.fullmatch(r"([1-9]\d{0,4})([smhd])", value):
        return now - int(found[1]) * _UNITS[found[2]]
    start = parse_timestamp(value)
    if start is None:
        raise click.BadParameter(
            "write a duration such as 15m, 2h or 3d, or a time such as 2026-10-01T12:00:00Z"
        )
    if start > now:
        raise click.BadParameter("this time is in the future")
    return start


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the log, as it is and as a record."""

    message: str
    record: Mapping[str, Any]

    @property
    def key(self) -> Key:
        """The finding that it is about."""
        return str(self.record.get("product_arn")), str(self.record.get("finding_id"))


@dataclass(frozen=True, slots=True)
class _Selection:
    """Which lines are shown: of a rule, of accounts by their ids, with an outcome; None for all."""

    rule: str | None
    accounts: Collection[str] | None
    outcome: str | None
    is_serious_only: bool

    def takes(self, line: _Line) -> bool:
        """Say whether a line is shown."""
        record = line.record
        if not concerns(record, self.rule) or (self.is_serious_only and not is_serious(record)):
            return False
        if self.accounts is not None and record.get("account") not in self.accounts:
            return False
        return self.outcome in (None, record.get("outcome"))


@click.command(name="logs")
@deployed_option
@click.option(
    "--since",
    default="1h",
    show_default=True,
    callback=_start,
    help="How far back (15m, 2h, 3d), or a time in ISO 8601; UTC unless it names a zone.",
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
@click.option(
    "--account", metavar="ACCOUNT", help="Only decisions on findings of this account: its id or name."
)
@click.option(
    "--outcome",
    metavar="OUTCOME",
    type=click.Choice(OUTCOMES),
    help="Only decisions with this outcome: updated, unchanged, refused or failed.",
)
@rules_option
@click.option(
    "--titles",
    "with_titles",
    is_flag=True,
    help="Also show the title of each finding, as Security Hub has it.",
)
@click.option("--utc", is_flag=True, help="Show times in UTC, not in the zone of this machine.")
@click.option("--errors", is_flag=True, help="Only what failed or needs a person's attention.")
@click.option("--json", "as_json", is_flag=True, help="Print the lines of the log unchanged.")
def command(
    stack: str,
    since: float,
    follow: bool,
    rule: str | None,
    finding: str | None,
    product_arn: str | None,
    account: str | None,
    outcome: str | None,
    folder: Path,
    with_titles: bool,
    utc: bool,
    errors: bool,
    as_json: bool,
) -> None:
    """Show the decisions of the deployed stack.

    For each finding, it shows what changed, the rule that decided, and what was left to people. Times are
    local and show their distance from UTC. The account directory of --rules names accounts. The log holds no
    titles of findings: --titles asks Security Hub for them.

    Exit codes: 0; 1 the log cannot be read; 2 wrong usage, there is no such stack, or --finding fits several
    findings.
    """
    if product_arn is not None and finding is None:
        raise click.UsageError("--product-arn names the product of --finding; give both")
    if with_titles and as_json:
        raise click.UsageError("--json prints the lines of the log unchanged: leave out --titles")
    accounts = known_accounts(folder)
    wanted = None if account is None else _accounts_named(account, accounts)
    zone = UTC if utc else None
    group = outputs(stack)["LogGroupName"]
    titles = FindingTitles() if with_titles else None
    selection = _Selection(rule, wanted, outcome, is_serious_only=errors)
    found = False
    try:
        lines = _lines(client("logs"), group, since, follow=follow)
        if finding is not None:
            lines = _of_one_finding(lines, Wanted(finding, product_arn), follow=follow)
        for line, title in _titled(filter(selection.takes, lines), titles, follow=follow):
            if not (found or as_json):
                click.echo(click.style(TITLES, bold=True))
            if as_json:
                click.echo(line.message.rstrip())
            else:
                print_lines(text(line.record, zone, accounts, title))
            found = True
    except AWS_ERRORS as error:
        fail(str(error), "the command needs logs:FilterLogEvents on the log of the function")
    if not found:
        click.echo(NOTHING, err=True)


def _accounts_named(named: str, accounts: Accounts) -> Collection[str]:
    """Return the ids of the accounts with this id or name. Raises click.UsageError if there is none."""
    if re.fullmatch(r"\d{12}", named, re.ASCII):
        return [named]
    ids = [key for key, known in accounts.items() if known.get("name") == named]
    if not ids:
        raise click.UsageError(
            f"--account {quoted(named)}: no account has this name in the account directory; "
            "write its id of 12 digits, or name the folder of the directory with --rules"
        )
    return ids


def _titled(
    lines: Iterable[_Line], titles: FindingTitles | None, *, follow: bool
) -> Iterator[tuple[_Line, str]]:
    """Yield the lines, each with the title of its finding; empty if that is not known or not wanted.

    Security Hub is asked for many at a time. A line that is followed does not wait for the next ones.
    """
    if titles is None:
        yield from ((line, "") for line in lines)
        return
    remaining = iter(lines)
    while some := list(islice(remaining, 1 if follow else TITLES_OF_A_CALL)):
        known = titles.of(line.key for line in some if "finding_id" in line.record)
        yield from ((line, known.get(line.key, "")) for line in some)


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
    start = since
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
