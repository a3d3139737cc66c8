"""`hubtriage ledger import`: the entries of an export, into the ledger of another stack."""

import json
import random
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import click
from botocore.exceptions import ClientError

from hubtriage.aws.clock import SystemClock
from hubtriage.aws.ledger.former_roles import KnownRoles
from hubtriage.aws.ledger.lease import SKEW
from hubtriage.aws.ledger.ledger import LedgerFault
from hubtriage.aws.securityhub.backoff import Backoff
from hubtriage.aws.securityhub.client import security_hub
from hubtriage.aws.securityhub.ratelimit import TokenBucket
from hubtriage.aws.securityhub.reading import Reader
from hubtriage.cli.account_options import deployed_option
from hubtriage.cli.failure import fail
from hubtriage.cli.inputs.deployed_ledger import (
    NEEDED,
    DeployedLedger,
    deployed_ledger,
    fail_at,
    json_option,
    mode_of,
    refuse_enforce,
    yes_option,
)
from hubtriage.cli.inputs.files.whole_file import demand_file
from hubtriage.cli.locations import Location
from hubtriage.cli.progress import progress_bar
from hubtriage.cli.stack import AWS_ERRORS
from hubtriage.cli.text import quoted, stamp
from hubtriage.cli.views.ledger import comparison_record, entries_text, import_record, import_text
from hubtriage.recovery.document import CheckedExport, DocumentError, Header, check
from hubtriage.recovery.importing import (
    ROLES_LAST,
    Compared,
    ImportReport,
    add_roles,
    compare,
    import_entries,
    is_begun,
    sample,
)

MOST_ERRORS = 50
WITHOUT_ENTRIES = "what it had hidden would count as the work of people until all entries are there"
FOUND_AT_LEAST = 0.5
"""The part of the sampled findings that the hub has to show. Some are gone, but not most."""


@click.command(name="import")
@click.argument("file", type=Location(path_type=Path, exists=True, dir_okay=False))
@deployed_option
@click.option("--dry-run", is_flag=True, help="Write nothing; show what would be written.")
@click.option(
    "--source-stopped",
    is_flag=True,
    help="The source stack of FILE has stopped, although it still triaged at the time of the export.",
)
@yes_option
@json_option
def command(file: Path, stack: str, dry_run: bool, source_stopped: bool, yes: bool, as_json: bool) -> None:
    """Import the entries of FILE, an export of another stack.

    An entry is written only if the ledger has none for the finding, so you can run this again, also while
    triage runs. Updates that the role of the other stack made before the export count as triage's own. The
    whole file is checked before anything is written.

    Refused: a file with an error; entries that this ledger holds already; a source that still triages;
    findings that this account and Region do not show; a stack in enforce.

    Exit codes: 0; 1 it is refused, or entries could not be written; 2 FILE is not a complete export.
    """
    header = _checked(file)
    found = deployed_ledger(stack)
    refuse_enforce(found, WITHOUT_ENTRIES)
    _check_source(header, found, source_stopped=source_stopped)
    _check_hub(file, found)
    known = found.ledger.former_roles.read()
    if isinstance(known, LedgerFault):
        fail_at(known)
    compared = _compare(file, found, is_begun=is_begun(header, known))
    if dry_run:
        _end(comparison_record(compared), as_json=as_json)
        return
    if not yes:
        _ask(compared, header, found)
    _add_roles(header, found, known)
    _end(import_record(_import(file, found)), as_json=as_json)


def _ask(compared: Compared, header: Header, found: DeployedLedger) -> None:
    """Ask whether to write, and to believe the file whose updates were triage's."""
    for role in header.roles:
        click.echo(f"triage's own: updates by {quoted(role.role)} until {stamp(role.until)}", err=True)
    what = f"{entries_text(compared.absent)} into {found.table} of stack {found.stack}"
    click.confirm(f"This writes {what}. Continue?", abort=True, err=True)


def _checked(file: Path) -> Header:
    """Return the header of a file without an error; end with 2 and all errors otherwise."""
    demand_file(file)
    with progress_bar("import") as shown:
        shown.show("checking the file")
        document: CheckedExport = check(file)
    for error in document.errors[:MOST_ERRORS]:
        click.echo(f"{file}: {quoted(error)}", err=True)
    if len(document.errors) > MOST_ERRORS:
        click.echo(f"and {len(document.errors) - MOST_ERRORS:,} more errors", err=True)
    if document.errors or document.header is None:
        fail(f"{file} is not a complete export: nothing was imported", "export it again", exit_code=2)
    if document.header.at > time.time() + SKEW:
        fail(f"{file} has an export time in the future: {stamp(document.header.at)}", exit_code=2)
    if document.damaged:
        click.echo(f"{file} lacks {entries_text(document.damaged)}, damaged when it was exported", err=True)
    return document.header


def _check_source(header: Header, found: DeployedLedger, *, source_stopped: bool) -> None:
    """End with 1 if the stack that was exported triages the same findings still, or may."""
    if (header.stack, header.account, header.region) == (found.stack, found.account, found.region):
        return
    source = f"stack {quoted(header.stack)} in account {header.account}, {header.region},"
    if header.account == found.account and (mode := _live_mode(header)) is not None:
        if mode != "observe":
            fail(f"{source} is in {mode}: both stacks would hold the same findings", _switch(header))
    elif header.mode != "observe" and not source_stopped:
        fail(
            f"{source} was in {header.mode} when it was exported: it may have changed findings since",
            f"{_switch(header)}; if it has stopped: --source-stopped",
        )


def _switch(header: Header) -> str:
    return f"there: hubtriage mode observe --stack {quoted(header.stack)}, then export again"


def _live_mode(header: Header) -> str | None:
    """Return how the switch of the exported stack stands now; None if that stack is gone."""
    try:
        boto3.client("cloudformation", region_name=header.region).describe_stacks(StackName=header.stack)
        return mode_of(header.stack, header.region)
    except AWS_ERRORS as error:
        if isinstance(error, ClientError) and "does not exist" in str(error):
            return None
        fail(f"stack {quoted(header.stack)} in {quoted(header.region)}: {error}", NEEDED)


def _check_hub(file: Path, found: DeployedLedger) -> None:
    """End with 1 if this hub does not show the findings that the entries are about."""
    wanted = sample(file)
    clock = SystemClock()
    reader = Reader(security_hub(), TokenBucket(1.0, 2.0, clock), Backoff(random.random), clock.monotonic)
    with progress_bar("import") as shown:
        shown.show("looking for the findings in Security Hub")
        fresh = reader.read(wanted, float("inf"))
    for fault in fresh.unread.values():
        fail(f"GetFindings: {fault.code}: {fault.message}", NEEDED)
    if len(fresh.found) < FOUND_AT_LEAST * len(wanted):
        fail(
            f"Security Hub of account {found.account} in {found.region} shows {len(fresh.found)} of "
            f"{len(wanted)} findings of the file",
            "deploy where these findings are: the administrator's account, in its home Region",
        )


def _compare(file: Path, found: DeployedLedger, *, is_begun: bool) -> Compared:
    """Compare the file with the table; end with 1 if the table holds the same findings otherwise."""
    with progress_bar("import") as shown:
        compared = compare(found.ledger, file, lambda count: shown.show(f"{count:,} entries compared"))
    if compared.failed:
        fail(f"{quoted(compared.failed[0])}: nothing was imported", NEEDED)
    if compared.others and not is_begun:
        names = "".join(f"\n  {quoted(name)}" for name in compared.shown)
        fail(
            f"{found.table} has another entry for {compared.others:,} of these findings: nothing was imported"
            f"{names}",
            f"hubtriage ledger show FINDING-ID --stack {found.stack}",
        )
    return compared


def _add_roles(header: Header, found: DeployedLedger, known: KnownRoles) -> None:
    """Say whose updates are triage's own before there is an entry that depends on it."""
    if all(role in known.roles for role in header.roles):
        return
    fault = add_roles(found.ledger.former_roles, header, known)
    if fault is not None:
        fail_at(fault)
    if found.mode != "observe":
        with progress_bar("import") as shown:
            shown.show("waiting until triage knows the role of the other stack")
            time.sleep(ROLES_LAST)


def _import(file: Path, found: DeployedLedger) -> ImportReport:
    try:
        with progress_bar("import") as shown:
            return import_entries(found.ledger, file, lambda count: shown.show(f"{count:,} entries done"))
    except (DocumentError, OSError) as error:
        fail(f"{file} has changed meanwhile: {error}", "run this again: what was written stays")


def _end(record: Mapping[str, Any], *, as_json: bool) -> None:
    click.echo(json.dumps(record) if as_json else "\n".join(import_text(record)))
    if record["failed"]:
        raise SystemExit(1)
