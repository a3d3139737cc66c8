"""`hubtriage doctor`: an account checked before and after deploying."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import click

from hubtriage.authoring.compiler import every_rule
from hubtriage.aws.clock import SystemClock
from hubtriage.aws.securityhub.client import security_hub
from hubtriage.cli import project
from hubtriage.cli.account_options import account_options, stack_option
from hubtriage.cli.ending.one_line import failed
from hubtriage.cli.failure import CommandError, complain, fail
from hubtriage.cli.options import rules_option_of
from hubtriage.cli.progress import progress_bar
from hubtriage.cli.stack import AWS_ERRORS
from hubtriage.cli.targets.every import at_target, every_target, refuse_options_of_one
from hubtriage.cli.targets.option import go_to_target
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
@stack_option()
@account_options()
@rules_option_of(None)
@click.option(
    "--all", "every", is_flag=True, help="Check every target of hubtriage.toml, one after the other."
)
@click.option(
    "--findings",
    "most_findings",
    default=2000,
    show_default=True,
    type=click.IntRange(0),
    help="How many of the newest active findings to look at.",
)
@click.option(
    "--all-entries",
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
@click.pass_context
def command(
    context: click.Context,
    stack: str | None,
    folder: Path | None,
    every: bool,
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

    With --all, a target that cannot be checked does not stop the rest. The exit code is the highest.

    Exit codes: 0 no problems; 1 a problem; 2 wrong usage, or AWS cannot be reached.
    """
    checks = (*CHECKS, replace(PROBE, look=partial(udf.look, patience=patience))) if probe else CHECKS
    depth = Depth(most_findings, None if every_entry else MOST_ENTRIES)
    examination = Examination(folder, depth, checks, strict=strict, as_json=as_json)
    if every:
        refuse_options_of_one(context)
        raise SystemExit(_examine_all(examination))
    go_to_target(context)
    results, record = examination.run(stack)
    if as_json:
        _print_json(record)
    raise SystemExit(examination.exit_code(results))


@dataclass(frozen=True, slots=True)
class Depth:
    """How many of the newest findings, and how many entries of the ledger, are looked at; None is all."""

    findings: int
    entries: int | None


@dataclass(frozen=True, slots=True)
class Examination:
    """What is examined, wherever the present credentials are of; `folder` None is the project's."""

    folder: Path | None
    depth: Depth
    checks: tuple[Check, ...]
    strict: bool
    as_json: bool

    def run(self, stack: str | None, target: str | None = None) -> tuple[list[CheckResult], dict[str, Any]]:
        """Examine a stack, else the one of the settings; print each result as it comes, unless as JSON."""
        folder = self.folder or project.rules_folder()
        account = _account(stack or project.stack_name(), folder, self.depth)
        if self.as_json:
            results = list(_watched(account, self.checks))
        else:
            results = _print_text(account, self.checks, target)
        return results, as_record(account.identity, account.stack, results)

    def exit_code(self, results: Iterable[CheckResult]) -> int:
        """Return 1 if a result is bad, else 0."""
        bad = ("problem", "warning", "unchecked") if self.strict else ("problem",)
        return int(any(result.verdict.status in bad for result in results))


def _examine_all(examination: Examination) -> int:
    """Examine each target in each of its Regions; return the highest exit code."""
    codes, records = [0], []
    for name, region in every_target():
        record: dict[str, Any]
        try:
            with at_target(name, region):
                results, record = examination.run(None, name)
            codes.append(examination.exit_code(results))
        except CommandError as error:
            complain(click.style(f"target {name}, {region}:", bold=True))
            codes.append(failed(error))
            record = {"region": region, "error": str(error)}
        records.append({"target": name, **record})
        if not examination.as_json:
            click.echo("")
    if examination.as_json:
        _print_json({"targets": records})
    return max(codes)


def _account(stack: str, folder: Path, depth: Depth) -> Account:
    """Return the account of the present credentials; end with 1 without usable ones."""
    selection = project.rule_selection()
    try:
        account = Account(
            _client,
            security_hub(),
            SystemClock(),
            stack=stack,
            rules=folder,
            most_findings=depth.findings,
            most_entries=depth.entries,
            select=every_rule if selection is None else selection.select,
            hubs=project.hubs(),
        )
        _ = account.identity
    except AWS_ERRORS as error:
        fail(f"AWS: {error}", "look at AWS_PROFILE and AWS_REGION")
    return account


def _client(service: str, region: str | None = None) -> Any:
    return boto3.client(service, region_name=region)


def _print_text(account: Account, checks: Iterable[Check], target: str | None) -> list[CheckResult]:
    """Print each result as it comes, since some take their time; return them all."""
    results = []
    if target is not None or not is_quiet():
        click.echo(heading(account.identity, account.stack, target))
    for result in _watched(account, checks):
        results.append(result)
        if result.verdict.status != "ok" or not is_quiet():
            click.echo("\n".join(text(result)))
    if not is_quiet():
        click.echo(summary(results))
    return results


def _print_json(record: Mapping[str, Any]) -> None:
    click.echo(json.dumps(record, indent=2))


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
