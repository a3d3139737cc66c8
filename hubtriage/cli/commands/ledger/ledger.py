"""`hubtriage ledger`: what triage did to each finding, in the table of a deployed stack."""

import click

from hubtriage.cli.commands.ledger import export, import_, rebuild, show


@click.group(name="ledger")
def command() -> None:
    """Show, export, import or rebuild the ledger.

    The ledger remembers what triage did to each finding. docs/ledger.md explains how to back it up, move
    it, and restore it after a loss.
    """


for each in (show, export, import_, rebuild):
    command.add_command(each.command)
