"""`hubtriage tickets propose`: a rule file of an exception that a ticket accepted."""

import re
import time
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from hubtriage.authoring.schema.rule import RuleModel
from hubtriage.aws.deliveries.tickets.proposal import ProposedRules, propose
from hubtriage.aws.deliveries.tickets.records.record import TicketRecord
from hubtriage.aws.deliveries.tickets.records.table import AcceptedTicket, TableError
from hubtriage.cli.account_options import deployed_option
from hubtriage.cli.failure import UNUSABLE, fail
from hubtriage.cli.locations import Location
from hubtriage.cli.output import demand_absent, print_document, write_file
from hubtriage.cli.terminal import note
from hubtriage.cli.text import counted, quoted
from hubtriage.cli.ticketing.deployed import (
    deployed_tickets,
    fail_at,
    is_accepted,
    named,
    queue_option,
    records_of,
)
from hubtriage.interop.importers.render import render

DAYS = 180
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@click.command(name="propose")
@click.argument("key", metavar="TICKET")
@deployed_option
@queue_option
@click.option("-o", "--output", type=Location(path_type=Path, dir_okay=False), help="Rule file to write.")
@click.option("--owner", help="Who answers for the exception; the default is the owner of the findings.")
@click.option(
    "--until", metavar="DATE", show_default="in 180 days", help="The exception's last day in force (UTC)."
)
def command(
    key: str, stack: str, queue: str | None, output: Path | None, owner: str | None, until: str | None
) -> None:
    """Propose an exception for what a person accepted in a ticket.

    It prints a rule file, or writes it, on your machine. It hides nothing: review the file, run `hubtriage
    lint` and `hubtriage test`, and commit it for approval as every rule. The rules accept the findings that
    the ticket showed when it was closed, by control, account, Region and resource, and
    no others.

    TICKET is the key of a ticket that a person closed with a resolution that the queue has in `accepted`.

    Exit codes: 0; 1 nothing was accepted in the ticket, or the table cannot be read; 2 wrong usage, or the
    file cannot be written.
    """
    if output is not None:
        demand_absent(output, "give another name, or move it away")
    expires = _last_day(until)
    tickets = deployed_tickets(stack)
    record = named(records_of(tickets, queue, None), key)
    table = tickets.queue(record.group.queue)
    try:
        _demand_accepted(record, table.proposals())
        proposed = propose(record, table.members(record.group), table.shown(record.group), owner, expires)
    except TableError as error:
        fail_at(error)
    for title in proposed.left_out:
        click.echo(f"left out, because its name was cut: {quoted(title)}", err=True)
    if not proposed.rules:
        fail(f"no finding of {quoted(key)} is open that it showed", "there is nothing to accept any more")
    _write(record, proposed, output)


def _demand_accepted(record: TicketRecord, accepted: Collection[AcceptedTicket]) -> None:
    """End with 1 unless a person has closed the ticket as accepted, and it is closed so still."""
    if is_accepted(record, accepted):
        return
    hint = "a person has to close it with a resolution that the queue has in `accepted`"
    fail(f"{quoted(record.key or '')} is not accepted", hint)


def _last_day(until: str | None) -> str:
    """Return the last day of the exception; end with 2 if it is no day to come."""
    if until is None:
        return (datetime.now(UTC) + timedelta(days=DAYS)).date().isoformat()
    try:
        model = RuleModel.model_validate({"id": "r", "terminal": True, "expires": until})
    except ValueError:
        model = None
    if model is None or model.expires is None or not _DAY.fullmatch(until):
        fail(f"--until: {until!r} is not a date", "write a day such as 2027-03-31", exit_code=UNUSABLE)
    if model.expires.end <= time.time():
        fail(f"--until: {until} is over", "write a day to come", exit_code=UNUSABLE)
    return until


def _write(record: TicketRecord, proposed: ProposedRules, output: Path | None) -> None:
    heading = (
        f"Proposed because {record.key} was closed as {record.resolution}.",
        "Review it: a person who may close a ticket does not decide what is hidden.",
        *([record.url] if record.url else []),
    )
    content = render(proposed.rules, heading)
    if output is None:
        print_document(content)
    else:
        write_file(output, content)
    note(f"{counted(len(proposed.rules), 'rule')}; run hubtriage lint and hubtriage test before you commit")
