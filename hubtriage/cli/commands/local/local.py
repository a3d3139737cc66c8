"""`hubtriage local`: the local AWS, for use by hand."""

import signal
import threading

import click

from hubtriage.localaws.cloud import ACCOUNT, REGION, LocalCloud
from hubtriage.localaws.securityhub.settings import HubSettings


@click.group()
def command() -> None:
    """Start the local AWS for use by hand."""


@command.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=4566,
    show_default=True,
    help="Port on loopback; 0 for any free port.",
)
@click.option("--account", default=ACCOUNT, show_default=True, help="Account of the hub and of deployments.")
@click.option("--region", default=REGION, show_default=True, help="Region of the hub and of deployments.")
@click.option(
    "--udf",
    type=click.Choice(["replace", "merge"]),
    default="replace",
    show_default=True,
    help="What an update does to user-defined fields that it does not name.",
)
@click.option("--no-quotas", is_flag=True, help="Answer any number of calls a second.")
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Seed of delays and duplicates of events."
)
def up(port: int, account: str, region: str, udf: str, no_quotas: bool, seed: int) -> None:
    """Start the local AWS and keep it until Ctrl-C.

    It has an administrator account with member accounts, Security Hub and Security Hub V2 enabled, and no
    findings. It prints variables that point `aws`, `npx cdk` and all commands of hubtriage at it. Only this
    machine can reach it. It keeps nothing when it ends.
    """
    settings = HubSettings.from_json({"udf": udf, "quotas": not no_quotas, "seed": seed})
    with LocalCloud(settings, account=account, region=region, port=port) as cloud:
        ended = _asked_to_end()
        click.echo(f"The local AWS is ready at {cloud.endpoint}. In another terminal:\n")
        click.echo("  unset AWS_PROFILE AWS_SESSION_TOKEN")
        for name, value in cloud.environment.items():
            click.echo(f"  export {name}={value}")
        click.echo("\n  aws securityhub get-findings\n  npx cdk bootstrap && npx cdk deploy\n")
        click.echo(f"Calls, events and faults: {cloud.endpoint}/_hubtriage/status\nCtrl-C ends it.")
        ended.wait()
    click.echo("The local AWS has ended.")


def _asked_to_end() -> threading.Event:
    """Return an event that is set when Ctrl-C or SIGTERM comes."""
    asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked.set())
    return asked
