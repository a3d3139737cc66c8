"""`hubtriage notify list`: the channels of the deployed stack."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import click

from hubtriage.aws.deliveries.chat.config import CHANNEL_VARIABLE, ChannelSettings, channel_settings
from hubtriage.aws.deliveries.outputs import channel_functions
from hubtriage.aws.environment import ConfigError
from hubtriage.cli.account_options import deployed_option
from hubtriage.cli.failure import fail
from hubtriage.cli.stack import AWS_ERRORS, client, outputs
from hubtriage.cli.views.tables import table

NONE = "the stack has no channels: see channels in docs/deploying.md"
NEEDED = "the command needs lambda:GetFunctionConfiguration on the functions of channels"


@click.command(name="list")
@deployed_option
@click.option("--json", "as_json", is_flag=True, help="Print the channels as JSON.")
def command(stack: str, as_json: bool) -> None:
    """List the channels of the deployed stack.

    For each channel it shows the kind, the secret that holds its address, and the most messages in a day.
    It also shows the kinds of events that the channel gets although no rule asks for them.

    Exit codes: 0; 1 the functions cannot be read; 2 there is no such stack.
    """
    channels = [_settings(arn) for arn in channel_functions(outputs(stack)).values()]
    if as_json:
        click.echo(json.dumps([as_record(channel) for channel in channels], indent=2))
    elif channels:
        click.echo("\n".join(_text(channels)))
    else:
        click.echo(NONE)


def as_record(channel: ChannelSettings) -> dict[str, Any]:
    """Return a channel, JSON-ready."""
    return {
        "name": channel.name,
        "kind": channel.kind,
        "secret": channel.secret or None,
        "daily_limit": channel.daily_limit,
        "about": list(channel.about),
    }


def _text(channels: Iterable[ChannelSettings]) -> Iterator[str]:
    head = ("channel", "kind", "messages a day", "secret", "also about")
    rows = [
        (each.name, each.kind, each.daily_limit, each.secret or "none", ", ".join(each.about) or "nothing")
        for each in channels
    ]
    return table(head, rows, indent="")


def _settings(function: str) -> ChannelSettings:
    """Read what a function was deployed with."""
    try:
        answer: Mapping[str, Any] = client("lambda").get_function_configuration(FunctionName=function)
        return channel_settings(CHANNEL_VARIABLE, answer["Environment"]["Variables"][CHANNEL_VARIABLE])
    except AWS_ERRORS as error:
        fail(str(error), NEEDED)
    except (ConfigError, KeyError):
        fail(f"{function} is not a channel's function of this version", "deploy this version of hubtriage")
