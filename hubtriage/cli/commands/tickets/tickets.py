"""`hubtriage tickets`: the tickets of groups of findings, as a deployed stack keeps them."""

import click

from hubtriage.cli.commands.tickets import check, listing, propose, retry


@click.group(name="tickets")
def command() -> None:
    """List tickets, check queues, retry, or propose an exception.

    Rules with `open-ticket` ask for tickets. docs/tickets.md explains how hubtriage keeps them.
    """


for each in (
    listing.all_tickets,
    listing.open_tickets,
    listing.failed_tickets,
    listing.accepted_tickets,
    check.command,
    retry.command,
    propose.command,
):
    command.add_command(each)
