"""The tickets of a deployed stack: its table, and the records that a person names."""

from collections.abc import Collection
from typing import NoReturn, cast

import click

from hubtriage.aws.clock import SystemClock
from hubtriage.aws.deliveries.tickets.records.dynamodb import TicketsApi
from hubtriage.aws.deliveries.tickets.records.overview import TicketOverview
from hubtriage.aws.deliveries.tickets.records.record import TicketRecord
from hubtriage.aws.deliveries.tickets.records.table import AcceptedTicket, TableError
from hubtriage.aws.ledger.client import dynamodb
from hubtriage.cli.failure import UNUSABLE, complain, fail
from hubtriage.cli.stack import outputs
from hubtriage.cli.text import quoted
from hubtriage.engine.text.suggestions import did_you_mean

TABLE_OUTPUT = "TicketsTableName"
NEEDED = "docs/tickets.md lists the permissions of the command"
queue_option = click.option("--queue", metavar="NAME", help="Only tickets of this queue.")
rule_option = click.option("--rule", metavar="ID", help="Only tickets of this rule.")


def deployed_tickets(stack: str) -> TicketOverview:
    """Return the tickets of a stack; end with 2 if it opens none."""
    deployed = outputs(stack)
    if TABLE_OUTPUT not in deployed:
        hint = "add [queues.NAME] and decision-events = true to hubtriage.toml, and deploy"
        fail(f"stack {quoted(stack)} opens no tickets", hint, exit_code=UNUSABLE)
    return TicketOverview(cast("TicketsApi", dynamodb()), deployed[TABLE_OUTPUT], SystemClock())


def records_of(tickets: TicketOverview, queue: str | None, rule: str | None) -> list[TicketRecord]:
    """Return all records, or those of a queue or rule, in order; end with 1 if they cannot be read."""
    try:
        found = sorted(tickets.records(), key=lambda record: record.group)
    except TableError as error:
        fail_at(error)
    for reason in tickets.damaged:
        complain(quoted(f"damaged: {reason}"))
    return [
        record
        for record in found
        if queue in (None, record.group.queue) and rule in (None, record.group.rule)
    ]


def named(records: Collection[TicketRecord], key: str) -> TicketRecord:
    """Return the record of the ticket with a key; end with 2 if there is none, or one in several queues."""
    wanted = key.casefold()
    found = [record for record in records if (record.key or "").casefold() == wanted]
    if not found:
        known = [record.key for record in records if record.key]
        fail(f"no ticket of this stack is {quoted(key)}", did_you_mean(key, known), exit_code=UNUSABLE)
    queues = sorted({record.group.queue for record in found})
    if len(queues) > 1:
        hint = f"give --queue with one of {', '.join(queues)}"
        fail(f"several queues have a ticket {quoted(key)}", hint, exit_code=UNUSABLE)
    return max(found, key=lambda record: record.version)


def is_accepted(record: TicketRecord, accepted: Collection[AcceptedTicket]) -> bool:
    """Say whether a person has closed a ticket as accepted, and it is closed so still."""
    is_a_persons = record.state == "closed" and record.closed_by == "person"
    return is_a_persons and any(
        (one.group, one.ticket, one.resolution) == (record.group, record.key, record.resolution)
        for one in accepted
    )


def accepted_of(tickets: TicketOverview, records: Collection[TicketRecord]) -> list[TicketRecord]:
    """Return the records that a person has closed as accepted; end with 1 if that cannot be read."""
    queues = sorted({record.group.queue for record in records})
    try:
        accepted = [one for queue in queues for one in tickets.queue(queue).proposals()]
    except TableError as error:
        fail_at(error)
    return [record for record in records if is_accepted(record, accepted)]


def fail_at(error: TableError) -> NoReturn:
    """End with 1, because the table cannot be used."""
    fail(f"the table of tickets: {quoted(str(error))}", NEEDED)
