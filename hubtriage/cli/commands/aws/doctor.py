"""`hubtriage doctor`: an account checked before and after deploying."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import click

from hubtriage.aws.clock import SystemClock
from hubtriage.aws.securityhub.client import security_hub
from hubtriage.cli.account_options import deployed_option
from hubtriage.cli.failure import fail
from hubtriage.cli.options import rules_option
from hubtriage.cli.progress import progress_bar
from hubtriage.cli.stack import AWS_ERRORS
from hubtriage.cli.terminal import is_quiet
from hubtriage.cli.views.doctor import as_record, heading, summary, text
from hubtriage.doctor.account import Account
from hubtriage.doctor.checks.rules import udf
from hubtriage.doctor.examine import CHECKS, Check, examine
from hubtriage.doctor.sample import MOST_ENTRIES
from hubtriage.doctor.verdict import CheckResult

PATIENCE = 300.0
PROBE = Check("udf", "User-defined fields", partial(udf.look, patience=PATIENCE))


@click.command(name="doctor")
@deployed_option
@rules_option
@click.option(
    "--findings",
    "most_findings",
    default=2000,
    show_default=True,
    type=click.IntRange(0),
    help="How many of the newest active findings to look at.",
)
@click.option(
    "--all",
    "every_entry",
    is_flag=True,
    help=f"Look at all entries of the ledger and their findings, not at {MOST_ENTRIES:,} of them.",
)
@click.option(
    "--probe-udf",
    "probe",
    is_flag=True,
    help="Also test what updates do to user-defined fields, on a test finding that is archived at the end.",
)
@click.option(
    "--patience",
    default=PATIENCE,
    show_default=True,
    type=click.FloatRange(1, 3600),
    help="With --probe-udf: how many seconds to wait until an update is visible.",
)
@click.option(
    "--strict", is_flag=True, help="Also exit with 1 for warnings and for what could not be checked."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(
    stack: str,
    folder: Path,
    most_findings: int,
    every_entry: bool,
    probe: bool,
    patience: float,
    strict: bool,
    as_json: bool,
) -> None:
    """Check an account before and after deploying.

    Checks Security Hub, its administrator and home Region, quotas and permissions, and automation rules
    that set the same fields as your rules. If the stack is deployed, checks it and its ledger too. It
    changes nothing, except with --probe-udf. If you lack permission for a check, it is reported, and the
    rest is checked.

    Exit codes: 0 no problems; 1 a problem; 2 wrong usage, or AWS cannot be reached.
    """
    account = _account(stack, folder, most_findings, None if every_entry else MOST_ENTRIES)
    checks = (*CHECKS, replace(PROBE, look=partial(udf.look, patience=patience))) if probe else CHECKS
    results = (_print_json if as_json else _print_text)(account, checks)
    bad = ("problem", "warning", "unchecked") if strict else ("problem",)
    if any(result.verdict.status in bad for result in results):
        raise SystemExit(1)


def _account(stack: str, folder: Path, most_findings: int, most_entries: int | None) -> Account:
    """Return the account of the present credentials; end with 1 without usable ones."""
    try:
        account = Account(
            _client,
            security_hub(),
            SystemClock(),
            stack=stack,
            rules=folder,
            most_findings=most_findings,
            most_entries=most_entries,
        )
        _ = account.identity
    except AWS_ERRORS as error:
        fail(f"AWS: {error}", "look at AWS_PROFILE and AWS_REGION")
    return account


def _client(service: str, region: str | None = None) -> Any:
    return boto3.client(service, region_name=region)


def _print_text(account: Account, checks: Iterable[Check]) -> list[CheckResult]:
    """Print each result as it comes, since some take their time; return them all."""
    results = []
    if not is_quiet():
        click.echo(heading(account.identity, account.stack))
    for result in _watched(account, checks):
        results.append(result)
        if result.verdict.status != "ok" or not is_quiet():
            click.echo("\n".join(text(result)))
    if not is_quiet():
        click.echo(summary(results))
    return results


def _print_json(account: Account, checks: Iterable[Check]) -> list[CheckResult]:
    """Print the results as one JSON document; return them."""
    results = list(_watched(account, checks))
    click.echo(json.dumps(as_record(account.identity, account.stack, results), indent=2))
    return results


def _watched(account: Account, checks: Iterable[Check]) -> Iterator[CheckResult]:
    """Make the checks; show how far each has come until its result is there."""
    results = examine(account, checks)
    while True:
        with progress_bar("doctor") as progress:
            progress.show("looking at the account")
            account.report = progress.show
            result = next(results, None)
        if result is None:
            return
        yield result
