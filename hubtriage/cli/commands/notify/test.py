"""`hubtriage notify test`: send a test message the way that decisions go."""

import json
from collections.abc import Mapping
from typing import Any

import click

from hubtriage.aws.deliveries.chat.trial import TRIAL
from hubtriage.aws.deliveries.outputs import channel_functions
from hubtriage.cli.account_options import deployed_option
from hubtriage.cli.failure import UNUSABLE, CommandError, fail
from hubtriage.cli.stack import ask_function, outputs
from hubtriage.cli.text import quoted
from hubtriage.engine.text.suggestions import did_you_mean

NEEDED = "the command needs lambda:InvokeFunction on the functions of channels"
_STEPS = {
    "table": "the function cannot use the table of deliveries",
    "secret": "the secret of the channel is of no use",
    "message": "the message was not sent",
}


@click.command(name="test")
@click.argument("channel")
@deployed_option
@click.option("--json", "as_json", is_flag=True, help="Print how it went as JSON.")
def command(channel: str, stack: str, as_json: bool) -> None:
    """Send a test message to a channel.

    The deployed function of CHANNEL sends it, with its own rights, secret and network. So the test shows
    what a decision would meet. Only the way from triage to the function is not part of it. The message counts
    toward the daily limit, and is sent even if that limit is reached.

    Exit codes: 0 the service accepted the message; 1 it did not, or that is not known; 2 wrong usage, or
    there is no such channel or stack.
    """
    functions = channel_functions(outputs(stack))
    if channel not in functions:
        known = did_you_mean(channel, functions) or "hubtriage.toml defines channels; deploy it first"
        fail(f"stack {quoted(stack)} has no channel {quoted(channel)}", known, exit_code=UNUSABLE)
    said = ask_function(functions[channel], {"notify": TRIAL}, "sent", NEEDED)
    if as_json:
        click.echo(json.dumps(said, indent=2))
        if not said["sent"]:
            raise click.exceptions.Exit(1)
        return
    if not said["sent"]:
        raise _failure(said)
    click.echo(f"{channel}: {said['kind']} accepted a test message")
    if said["note"]:
        click.echo(f"  {quoted(said['note'])}")


def _failure(said: Mapping[str, Any]) -> CommandError:
    what = _STEPS.get(str(said["failed"]), str(said["failed"]))
    if said["sent"] is None:
        what = "it is not known whether the message was sent"
    return CommandError(f"{said['channel']}: {what}: {quoted(str(said['reason']))}", str(said["hint"]))
