"""`hubtriage sweep`: bring the rules into force on existing findings."""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from botocore.exceptions import ClientError

from hubtriage.aws.clock import SystemClock
from hubtriage.aws.ledger.ledger import LedgerError
from hubtriage.aws.queue import QueueError
from hubtriage.aws.sweep.inprocess import LocalSweep
from hubtriage.aws.sweep.intake import IntakeRule
from hubtriage.aws.sweep.occasions.moments import ended_within
from hubtriage.aws.sweep.progress import Progress
from hubtriage.aws.sweep.report import DAY
from hubtriage.aws.sweep.request import MANAGED, SCOPES, SweepRequest, SweepRequestError
from hubtriage.aws.sweep.start import SweepExecution, last_unfinished, last_waiting, look, start_sweep
from hubtriage.aws.sweep.walk import SweepError
from hubtriage.aws.switch.mode import ModeUnreadableError, always_enforce
from hubtriage.aws.switch.parameters import ParameterError
from hubtriage.aws.triage.decision_log import Circumstances, DecisionLog
from hubtriage.aws.triage.results import Sink
from hubtriage.cli.account_options import deployed_option
from hubtriage.cli.failure import fail
from hubtriage.cli.inputs.ledger import services_from_here
from hubtriage.cli.inputs.rules import compiled
from hubtriage.cli.options import hubs_option, rules_option, settings_options
from hubtriage.cli.progress import progress_bar
from hubtriage.cli.stack import AWS_ERRORS, client, is_not_found, mode_parameter, outputs
from hubtriage.cli.views.sweep import as_record, progress_line, text
from hubtriage.engine.planning.plan import Settings
from hubtriage.engine.ruleset.ruleset import Ruleset

POLL = 2.0
HIDE_LIMIT = 10_000
"""What `sweep-hide-limit` is unless it is set."""
FROM_HERE = "This sweeps from here, with your credentials, and may {most} findings. Continue?"
FILTERS = {"account": "accounts", "product": "products", "control": "controls", "rule": "rules"}
SHUT = (
    "This closes the intake (no new finding is triaged), waits some minutes until that takes effect, "
    "and takes back all that the stack did. It hides nothing. Continue?"
)


@click.command(name="sweep")
@deployed_option
@click.option(
    "--scope",
    type=click.Choice([*SCOPES, "both"]),
    default="both",
    show_default=True,
    help="managed: findings that triage holds. active: findings that rules could change.",
)
@click.option(
    "--filter",
    "filters",
    metavar="KIND=VALUE",
    multiple=True,
    help="Only these findings: account=ID, product=NAME or ARN, control=ID, rule=ID. May be repeated.",
)
@click.option("--budget", type=click.IntRange(0), help="Stop before more findings than this change.")
@click.option(
    "--hide-limit",
    type=click.IntRange(0),
    help=f"With --local: hide no more findings than this. {HIDE_LIMIT:,} unless given; --budget replaces it.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Change nothing; show what would change, by rule, and how long it would take.",
)
@click.option("--take-back", is_flag=True, help="Undo all that the stack did, as before `cdk destroy`.")
@click.option("--confirm", is_flag=True, help="Start the sweep that waits for a person to agree.")
@click.option("--resume", is_flag=True, help="Continue the last sweep, which failed or was stopped.")
@click.option("--reopen", is_flag=True, help="Open the intake that --take-back has closed, then sweep.")
@click.option(
    "--local",
    "in_process",
    is_flag=True,
    help="Sweep and update from this machine, with the ledger of the stack.",
)
@click.option("--follow/--no-follow", default=True, help="Wait for the end and report, or only start it.")
@click.option("--yes", is_flag=True, help="Do not ask before --take-back and --local.")
@rules_option
@hubs_option
@settings_options
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def command(
    stack: str,
    scope: str,
    filters: tuple[str, ...],
    budget: int | None,
    hide_limit: int | None,
    dry_run: bool,
    take_back: bool,
    confirm: bool,
    resume: bool,
    reopen: bool,
    in_process: bool,
    follow: bool,
    yes: bool,
    folder: Path,
    hubs: tuple[str, ...],
    settings: Settings,
    as_json: bool,
) -> None:
    """Bring the rules into force on existing findings.

    The deployed stack does this every day, and after a deployment that changed a rule. Only one sweep of
    all findings runs at a time: a new one stops the previous one. --dry-run and --local use the rules in
    --rules and the ledger of --stack; otherwise the deployed rules decide. --local respects --hide-limit or
    --budget, asks before it begins, and writes nothing while the stack is in observe.

    A deployment that ends most rules, or would reopen many findings, waits for a person: --confirm.

    Exit codes: 0 the sweep finished; 1 it did not, or could not be started; 2 wrong usage, or there is no
    such stack.
    """
    request = _request(scope, filters, budget, take_back=take_back)
    _check(dry_run=dry_run, in_process=in_process, resume=resume, reopen=reopen, take_back=take_back)
    if confirm and (dry_run or in_process or resume or reopen or request != _request(scope="both")):
        raise click.UsageError("--confirm starts a sweep of the stack as it waits: give no other option")
    if hide_limit is not None and not in_process:
        raise click.UsageError("--hide-limit goes with --local: a stack has sweep-hide-limit")
    most_hidden = HIDE_LIMIT if hide_limit is None else hide_limit
    if take_back and not (yes or dry_run):
        click.confirm(SHUT, abort=True)
    if dry_run or in_process:
        ruleset = compiled(folder)
        if in_process and not yes:
            most = f"change up to {budget:,}" if budget is not None else f"hide up to {most_hidden:,}"
            click.confirm(FROM_HERE.format(most=most), abort=True, err=True)
        _from_here(stack, request, ruleset, settings, most_hidden, hubs, dry_run=dry_run, as_json=as_json)
        return
    deployed = outputs(stack)
    machine = deployed["SweepArn"]
    states = client("stepfunctions")
    try:
        if reopen:
            IntakeRule(client("events"), deployed["IntakeRuleName"]).open()
        execution = _start(states, machine, request, resume=resume, confirm=confirm)
        seen = follow_sweep(states, execution) if follow else look(states, execution)
    except AWS_ERRORS as error:
        fail(str(error), "docs/sweep.md lists the permissions of the command")
    _end(seen, as_json=as_json, follow=follow)


def _request(
    scope: str, filters: Iterable[str] = (), budget: int | None = None, *, take_back: bool = False
) -> SweepRequest:
    narrowed: dict[str, tuple[str, ...]] = {}
    for item in filters:
        kind, _, value = item.partition("=")
        if kind not in FILTERS or not value:
            raise click.UsageError(f"--filter {item}: write one of {', '.join(FILTERS)}, =, and a value")
        narrowed[FILTERS[kind]] = (*narrowed.get(FILTERS[kind], ()), value)
    scopes = (MANAGED,) if take_back else SCOPES if scope == "both" else (scope,)
    try:
        return SweepRequest(
            scopes=scopes,
            budget=budget,
            take_back=take_back,
            settle=False,  # a person waits for it
            reason="take-back" if take_back else "command",
            accounts=narrowed.get("accounts", ()),
            products=narrowed.get("products", ()),
            controls=narrowed.get("controls", ()),
            rules=narrowed.get("rules", ()),
        )
    except SweepRequestError as error:
        raise click.UsageError(str(error)) from error


def _check(*, dry_run: bool, in_process: bool, resume: bool, reopen: bool, take_back: bool) -> None:
    if dry_run and in_process:
        raise click.UsageError("--dry-run changes nothing, with and without a stack: leave out --local")
    if resume and (dry_run or in_process):
        raise click.UsageError("--resume continues a sweep of the stack")
    if reopen and (take_back or dry_run or in_process):
        raise click.UsageError("use --reopen for a sweep of the stack, without --take-back")
    if take_back and in_process:
        raise click.UsageError("--take-back needs the stack: it has to close the intake")


def _start(states: Any, machine: str, request: SweepRequest, *, resume: bool, confirm: bool) -> str:
    if confirm:
        waiting = last_waiting(states, machine)
        if waiting is None:
            fail("no sweep waits for a person", "a sweep that waits says so; see docs/sweep.md")
        confirmed = replace(waiting.request, confirmed=waiting.report["ruleset"], settle=False)
        return start_sweep(states, machine, confirmed)
    if not resume:
        return start_sweep(states, machine, request)
    last = last_unfinished(states, machine)
    if last is None:
        fail("there is no sweep to continue", "the last one finished, or is still running")
    return start_sweep(states, machine, last.request, last.progress)


def follow_sweep(states: Any, execution: str) -> SweepExecution:
    """Show the progress until the sweep is over; return its end."""
    with progress_bar("sweep") as shown:
        while (seen := look(states, execution)).is_running:
            shown.show(progress_line(seen.progress))
            time.sleep(POLL)
    return seen


def _end(seen: SweepExecution, *, as_json: bool, follow: bool) -> None:
    _print(record_of(seen), as_json=as_json)
    if follow and not has_finished(seen):
        raise SystemExit(1)


def record_of(seen: SweepExecution) -> dict[str, Any]:
    """Return the report of a sweep, JSON-ready."""
    ended = seen.report.get("rules_ended_today", ())
    record = {"execution": seen.execution, **as_record(seen.progress, ended)}
    return record | ({"cause": seen.cause} if seen.cause else {})


def has_finished(seen: SweepExecution) -> bool:
    """Say whether a sweep has done all that it was to do."""
    return seen.status == "SUCCEEDED" and seen.progress.status == "done"


def _from_here(
    stack: str,
    request: SweepRequest,
    ruleset: Ruleset,
    settings: Settings,
    hide_limit: int,
    hubs: tuple[str, ...],
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    failed = 0
    services = services_from_here(stack, writes=not dry_run)
    read_mode = always_enforce if dry_run else _mode_of(stack)
    try:
        sweep = LocalSweep(
            services,
            ruleset,
            settings,
            SystemClock(),
            hide_limit=None if dry_run else hide_limit,
            hubs=hubs,
            read_mode=read_mode,
        )
        with progress_bar("sweep") as shown:

            def watch(progress: Progress) -> None:
                shown.show(progress_line(progress))

            if dry_run:
                progress = sweep.dry_run(request, watch)
            else:
                mode = _shown_mode(stack, read_mode)
                progress, failed = sweep.run(request, watch, _log(ruleset, mode))
    except (ParameterError, ModeUnreadableError) as error:
        fail(str(error), "allow ssm:GetParameter: a stack in observe must not be overlooked")
    except (*AWS_ERRORS, LedgerError, SweepError, QueueError) as error:
        fail(str(error), "look at AWS_PROFILE and AWS_REGION; run it again: finished changes stay")
    now = progress.ended or time.time()
    ended = ended_within(ruleset, now - DAY, now)
    record = as_record(progress, ended, dry_run=dry_run) | ({"failed": failed} if failed else {})
    _print(record, as_json=as_json)
    if failed or progress.status != "done":
        raise SystemExit(1)


def _mode_of(stack: str) -> Callable[[], str]:
    """Return what reads the mode of the deployed stack: `enforce` where there is no such stack."""
    systems = client("ssm")

    def read() -> str:
        try:
            return str(mode_parameter(stack, systems)["Value"])
        except AWS_ERRORS as error:
            if isinstance(error, ClientError) and is_not_found(error):
                return always_enforce()
            raise ParameterError(f"the mode of the stack {stack} cannot be read: {error}") from error

    return read


def _shown_mode(stack: str, read_mode: Callable[[], str]) -> str:
    """Return the mode, and say so if nothing is written in it."""
    mode = read_mode()
    if mode == "observe":
        click.echo(f"the stack {stack} is in observe: nothing is written", err=True)
    return mode


def _log(ruleset: Ruleset, mode: str) -> Sink:
    """Return a decision log on standard error, in the form that a stack writes."""
    circumstances = Circumstances("hubtriage", ruleset.hash, ruleset.revision, mode, None)
    return DecisionLog(circumstances, 20, lambda lines: click.echo(lines, err=True, nl=False), time.time)


def _print(record: Mapping[str, Any], *, as_json: bool) -> None:
    click.echo(json.dumps(record) if as_json else "\n".join(text(record)))
