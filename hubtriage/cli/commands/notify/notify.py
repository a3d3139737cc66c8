"""`hubtriage notify`: the channels to which a deployed stack sends its decisions."""

import click

from hubtriage.cli.commands.notify import list_, test


@click.group(name="notify")
def command() -> None:
    """List and test the channels that decisions are sent to.

    A channel is a place in Slack, in Microsoft Teams or behind a webhook, or e-mail addresses. Rules name it
    in `notify`, and hubtriage.toml says what it is.
    """


for each in (list_, test):
    command.add_command(each.command)
