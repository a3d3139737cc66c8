"""`hubtriage tickets retry`: tickets that failed are tried again now."""

import json

import click

from hubtriage.aws.deliveries.tickets.records.table import TableError
from hubtriage.cli.account_options import deployed_option
from hubtriage.cli.text import counted
from hubtriage.cli.ticketing.deployed import (
    deployed_tickets,
    fail_at,
    named,
    queue_option,
    records_of,
    rule_option,
)
from hubtriage.cli.ticketing.views import ticket_record


@click.command(name="retry")
@click.argument("keys", metavar="[TICKET]...", nargs=-1)
@deployed_option
@queue_option
@rule_option
@click.option("--json", "as_json", is_flag=True, help="Print what is tried again as JSON.")
def command(keys: tuple[str, ...], stack: str, queue: str | None, rule: str | None, as_json: bool) -> None:
    """Try tickets again that failed, within five minutes.

    TICKET is the key of a ticket, such as SEC-12. Without one, all are tried again that failed or wait after
    a failure. Use it after you have changed what was wrong, for example the token or a required field.

    Exit codes: 0; 1 the table cannot be read or written; 2 wrong usage, or there is no such ticket.
    """
    tickets = deployed_tickets(stack)
    records = records_of(tickets, queue, rule)
    failed = [record for record in records if record.last_error is not None]
    chosen = [named(records, key) for key in keys] if keys else failed
    try:
        again = [record for record in chosen if tickets.retry(record)]
    except TableError as error:
        fail_at(error)
    busy = len(chosen) - len(again)
    if as_json:
        click.echo(json.dumps([ticket_record(record) for record in again], indent=2))
    else:
        click.echo(f"{counted(len(again), 'ticket')} due now; the next run is within five minutes")
    if busy:
        click.echo(f"{counted(busy, 'ticket')} changed meanwhile: hubtriage works on them", err=True)
