"""`hubtriage ledger rebuild`: the entries again, from the decision log."""

import json
import time

import click

from hubtriage.aws.clock import SystemClock
from hubtriage.aws.ledger.ledger import LedgerFault
from hubtriage.aws.triage.config import LEVELS
from hubtriage.cli.account_options import deployed_option
from hubtriage.cli.failure import fail
from hubtriage.cli.inputs.deployed_ledger import (
    NEEDED,
    DeployedLedger,
    deployed_ledger,
    fail_at,
    json_option,
    refuse_enforce,
    yes_option,
)
from hubtriage.cli.options import Timestamp
from hubtriage.cli.progress import progress_bar
from hubtriage.cli.stack import AWS_ERRORS, client
from hubtriage.cli.text import stamp
from hubtriage.cli.views.ledger import rebuilt_record, rebuilt_text
from hubtriage.recovery.log_reader import LogReader, NoLogGroupError, Span
from hubtriage.recovery.rebuilding import Rebuilding, Rebuilt

HALF = "it would decide with half a ledger, and treat missing entries as the work of people"
SILENT = "the function logs {level} and above only: what it changed meanwhile is not in the log"


@click.command(name="rebuild")
@deployed_option
@click.option("--from-log", "from_log", is_flag=True, help="From the decision log in CloudWatch Logs.")
@click.option(
    "--since",
    type=Timestamp(),
    help="Read the log from this time, such as the time of a restored table. The default is the whole log.",
)
@click.option("--dry-run", is_flag=True, help="Write nothing; show what would be written.")
@yes_option
@json_option
def command(stack: str, from_log: bool, since: float | None, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Write lost entries again, from the decision log.

    For a ledger whose table was lost, or restored to an earlier time. For each finding the newest line of
    the log counts. A newer entry in the table stays, so you can run this again, also while triage runs in
    reopen. The report shows what the log does not have.

    Exit codes: 0; 1 something could not be rebuilt, or it is refused in enforce; 2 wrong usage.
    """
    if not from_log:
        raise click.UsageError("choose what to rebuild from: --from-log")
    found = deployed_ledger(stack)
    refuse_enforce(found, HALF)
    known = found.ledger.former_roles.read()
    if isinstance(known, LedgerFault):
        fail_at(known)
    is_silent = LEVELS[found.log_level] > LEVELS["INFO"]
    if is_silent:
        click.echo(SILENT.format(level=found.log_level), err=True)
    rebuilt = _rebuild(found, since, dry_run=dry_run, yes=yes)
    report = rebuilt_record(rebuilt, dry_run=dry_run)
    click.echo(json.dumps(report) if as_json else "\n".join(rebuilt_text(rebuilt, dry_run=dry_run)))
    if is_silent or not rebuilt.is_whole:
        raise SystemExit(1)


def _rebuild(found: DeployedLedger, since: float | None, *, dry_run: bool, yes: bool) -> Rebuilt:
    clock = SystemClock()
    log = LogReader(client("logs"), found.log_group, clock)
    try:
        start = max(log.begin(), since or 0.0)
        if not (dry_run or yes):
            click.confirm(
                f"This reads the log {found.log_group} since {stamp(start)}, and writes into {found.table}. "
                "Continue?",
                abort=True,
                err=True,
            )
        rebuilding = Rebuilding(found.ledger, found.ledger.former_roles, log, found.stack, writes=not dry_run)
        with progress_bar("rebuild") as shown:

            def watch(span: Span, done: Rebuilt) -> None:
                day = stamp(span.start)
                shown.show(f"back to {day}: {done.lines:,} lines, {done.written:,} entries written")

            return rebuilding.run(start, time.time(), watch)
    except NoLogGroupError as error:
        fail(str(error), "it was deleted: nothing is left to rebuild from")
    except AWS_ERRORS as error:
        fail(f"log group {found.log_group}: {error}", f"{NEEDED}; run it again: what was written stays")
