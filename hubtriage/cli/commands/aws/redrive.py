"""`hubtriage redrive`: dead letters, and events that were never delivered, go into the queue again."""

from collections.abc import Mapping
from typing import Any

import boto3
import click

from hubtriage.aws.redrive import RedriveError, move_dead_letters, send_undelivered
from hubtriage.cli.account_options import deployed_option
from hubtriage.cli.failure import fail
from hubtriage.cli.stack import AWS_ERRORS, client, outputs

SESSION = "hubtriage-redrive"


@click.command(name="redrive")
@deployed_option
def command(stack: str) -> None:
    """Triage dead letters again after you removed their cause.

    Moves the messages of the dead-letter queue back into the queue of findings, and forwards the events
    that EventBridge could not deliver. It assumes the stack's role RedriveRoleArn, because only that role
    may write to the queue. Old events are harmless: triage reads a finding again before it changes it.

    Exit codes: 0; 1 AWS refused, or the role could not be assumed; 2 wrong usage, there is no such stack, or
    AWS cannot be reached.
    """
    deployed = outputs(stack)
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


def _as_redriver(role: str) -> Any:
    """Return a client of SQS with the credentials of the role."""
    keys: Mapping[str, str] = client("sts").assume_role(RoleArn=role, RoleSessionName=SESSION)["Credentials"]
    return boto3.client(
        "sqs",
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
