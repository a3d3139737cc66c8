"""`hubtriage ledger export`: all entries, in a file."""

import json
import time
from pathlib import Path

import click

from hubtriage.aws.ledger.ledger import LedgerError, LedgerFault
from hubtriage.cli.account_options import deployed_option
from hubtriage.cli.failure import fail_on
from hubtriage.cli.inputs.deployed_ledger import DeployedLedger, deployed_ledger, fail_at, json_option
from hubtriage.cli.locations import Location
from hubtriage.cli.output import demand_absent
from hubtriage.cli.progress import progress_bar
from hubtriage.cli.text import quoted
from hubtriage.cli.views.ledger import entries_text
from hubtriage.recovery.document import Header, new_name
from hubtriage.recovery.exporting import ExportReport, export

BACKUP = "stack {stack} is in {mode}: this is a backup. To move the ledger, export it again in observe"


@click.command(name="export")
@click.argument("file", type=Location(path_type=Path, dir_okay=False))
@deployed_option
@json_option
def command(file: Path, stack: str, as_json: bool) -> None:
    """Write all entries into FILE, as a backup or to move them.

    The file is JSON with one entry on each line, compressed if its name ends in .gz. It appears when it is
    complete. Only you can read it, because it holds what people had set before a rule overrode them.

    Exit codes: 0; 1 entries are damaged and left out, or the ledger cannot be read; 2 FILE exists already,
    or cannot be written.
    """
    demand_absent(file, "give another name, or move it away")
    found = deployed_ledger(stack)
    exported = _export(found, file)
    for fault in exported.damaged:
        click.echo(quoted(fault.message), err=True)
    if found.mode != "observe":
        click.echo(BACKUP.format(stack=stack, mode=found.mode), err=True)
    damaged = len(exported.damaged)
    report = {"file": str(file), "entries": exported.entries, "damaged": damaged, "mode": found.mode}
    left_out = f", {damaged:,} damaged left out" if damaged else ""
    click.echo(json.dumps(report) if as_json else f"{entries_text(exported.entries)} in {file}{left_out}")
    if exported.damaged:
        raise SystemExit(1)


def _export(found: DeployedLedger, file: Path) -> ExportReport:
    try:
        with progress_bar("export") as shown:
            return export(
                found.ledger, _header(found), file, lambda count: shown.show(f"{count:,} entries written")
            )
    except LedgerError as error:
        fail_at(error.fault)
    except OSError as error:
        fail_on(file, error, "nothing was exported")


def _header(found: DeployedLedger) -> Header:
    known = found.ledger.former_roles.read()
    if isinstance(known, LedgerFault):
        fail_at(known)
    return Header(
        export=new_name(),
        at=time.time(),
        stack=found.stack,
        account=found.account,
        region=found.region,
        table=found.table,
        role=found.role,
        mode=found.mode,
        former_roles=known.roles,
    )
