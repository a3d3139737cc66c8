"""`hubtriage redrive`: dead letters, and events that were never delivered, go into the queue again."""

from collections.abc import Mapping
from typing import Any

import boto3
import click

from hubtriage.aws.redrive import RedriveError, forward_undelivered, move_dead_letters, send_undelivered
from hubtriage.cli.account_options import deployed_option
from hubtriage.cli.failure import fail
from hubtriage.cli.stack import AWS_ERRORS, client, outputs

SESSION = "hubtriage-redrive"


@click.command(name="redrive")
@deployed_option
@click.option("--deliveries", is_flag=True, help="Bring back decisions for channels and tickets instead.")
def command(stack: str, deliveries: bool) -> None:
    """Triage dead letters again after you removed their cause.

    Moves the messages of the dead-letter queue back into the queue of findings, and forwards the events
    that EventBridge could not deliver. It assumes the stack's role RedriveRoleArn, because only that role
    may write to the queue. Old events are harmless: triage reads a finding again before it changes it.

    With --deliveries it brings back decisions that could not be delivered to channels and queues of tickets,
    with the role DeliveryRedriveRoleArn.

    Exit codes: 0; 1 AWS refused, or the role could not be assumed; 2 wrong usage, there is no such stack, or
    AWS cannot be reached.
    """
    deployed = outputs(stack)
    if deliveries:
        _redrive_deliveries(stack, deployed)
        return
    try:
        queues = _as_redriver(deployed["RedriveRoleArn"])
        moved = move_dead_letters(queues, deployed["DeadLetterQueueArn"])
        sent = send_undelivered(queues, deployed["UndeliveredQueueUrl"], deployed["QueueUrl"])
    except RedriveError as error:
        fail(str(error), "look at the dead-letter queue in the console, then run this again")
    except AWS_ERRORS as error:
        fail(str(error), f"sts:AssumeRole is needed on {deployed['RedriveRoleArn']}")
    click.echo(f"dead letters moved back: {moved}")
    click.echo(f"undelivered events forwarded: {sent}")


def _redrive_deliveries(stack: str, deployed: Mapping[str, str]) -> None:
    if "DeliveryRedriveRoleArn" not in deployed:
        fail(f"the stack {stack} delivers to no channel and no queue", "leave out --deliveries", exit_code=2)
    role = deployed["DeliveryRedriveRoleArn"]
    try:
        queues = _as_redriver(role)
        moved = move_dead_letters(queues, deployed["DeliveryDeadLettersArn"])
        forwarded = forward_undelivered(queues, deployed["DeliveryUndeliveredUrl"])
    except RedriveError as error:
        fail(str(error), "look at the dead-letter queue in the console, then run this again")
    except AWS_ERRORS as error:
        fail(str(error), f"sts:AssumeRole is needed on {role}")
    click.echo(f"dead letters moved back: {moved}")
    click.echo(f"undelivered decisions forwarded: {forwarded.sent}")
    if forwarded.left:
        click.echo(f"left, as they do not name their queue: {forwarded.left}")


def _as_redriver(role: str) -> Any:
    """Return a client of SQS with the credentials of the role."""
    keys: Mapping[str, str] = client("sts").assume_role(RoleArn=role, RoleSessionName=SESSION)["Credentials"]
    return boto3.client(
        "sqs",
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
