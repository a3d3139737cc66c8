"""`hubtriage tickets list`, `open`, `failed` and `accepted`: the tickets of a stack, all or some."""

import json
import time
from collections.abc import Collection

import click

from hubtriage.aws.deliveries.tickets.records.record import TicketRecord
from hubtriage.cli.account_options import deployed_option
from hubtriage.cli.ticketing.deployed import (
    accepted_of,
    deployed_tickets,
    queue_option,
    records_of,
    rule_option,
)
from hubtriage.cli.ticketing.views import Standing, standing, ticket_lines, ticket_record

WITH_A_TICKET: tuple[Standing, ...] = ("open", "closed", "failed", "waiting")
OPEN: tuple[Standing, ...] = ("open", "waiting")
FAILED: tuple[Standing, ...] = ("failed",)
json_option = click.option("--json", "as_json", is_flag=True, help="Print the tickets as JSON.")


@click.command(name="list")
@deployed_option
@queue_option
@rule_option
@json_option
def all_tickets(stack: str, queue: str | None, rule: str | None, as_json: bool) -> None:
    """List all tickets, closed ones too.

    The list is what hubtriage knows: what people did to a ticket appears after it has looked, which it does
    every 15 minutes.

    Exit codes: 0; 1 the table cannot be read; 2 wrong usage, or the stack opens no tickets.
    """
    _show(stack, queue, rule, WITH_A_TICKET, as_json=as_json)


@click.command(name="open")
@deployed_option
@queue_option
@rule_option
@json_option
def open_tickets(stack: str, queue: str | None, rule: str | None, as_json: bool) -> None:
    """List the tickets that are open, or about to be.

    Exit codes: 0; 1 the table cannot be read; 2 wrong usage, or the stack opens no tickets.
    """
    _show(stack, queue, rule, OPEN, as_json=as_json)


@click.command(name="failed")
@deployed_option
@queue_option
@rule_option
@json_option
def failed_tickets(stack: str, queue: str | None, rule: str | None, as_json: bool) -> None:
    """List the tickets that are not as they should be, with the reason.

    A ticket that failed is tried again after an hour, and then less and less often.

    Exit codes: 0 no ticket failed; 1 some did, or the table cannot be read; 2 wrong usage, or the stack
    opens no tickets.
    """
    if _show(stack, queue, rule, FAILED, as_json=as_json):
        raise SystemExit(1)


@click.command(name="accepted")
@deployed_option
@queue_option
@rule_option
@json_option
def accepted_tickets(stack: str, queue: str | None, rule: str | None, as_json: bool) -> None:
    """List the tickets that a person closed as accepted.

    `hubtriage tickets propose` writes a rule file for each, for review. Nothing is hidden until then.

    Exit codes: 0; 1 the table cannot be read; 2 wrong usage, or the stack opens no tickets.
    """
    tickets = deployed_tickets(stack)
    _print(accepted_of(tickets, records_of(tickets, queue, rule)), as_json=as_json)


def _show(
    stack: str, queue: str | None, rule: str | None, wanted: Collection[Standing], *, as_json: bool
) -> list[TicketRecord]:
    records = records_of(deployed_tickets(stack), queue, rule)
    shown = [record for record in records if standing(record) in wanted]
    _print(shown, as_json=as_json)
    return shown


def _print(shown: list[TicketRecord], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([ticket_record(record) for record in shown], indent=2))
    else:
        click.echo("\n".join(ticket_lines(shown, time.time())))
