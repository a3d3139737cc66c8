"""The deployed stack that a command talks to: by name, in the account and Region of the AWS credentials."""

from collections.abc import Mapping
from typing import Any

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError

from hubtriage.cli.failure import fail

AWS_ERRORS = (ClientError, BotoCoreError)

deployed_option = click.option(
    "--stack", default="hubtriage", show_default=True, help="Name of the deployed stack."
)


def client(service: str) -> Any:
    """Return a client with the credentials and Region of the environment; end with 1 without them."""
    try:
        return boto3.client(service)
    except AWS_ERRORS as error:
        fail(f"{service}: {error}", "set AWS_REGION (or AWS_PROFILE) to where the stack is")


def outputs(stack: str) -> Mapping[str, str]:
    """Return the outputs of the stack; end with 1 and the reason if they cannot be read."""
    try:
        answer = client("cloudformation").describe_stacks(StackName=stack)
    except AWS_ERRORS as error:
        fail(f"stack {stack}: {error}", "name another with --stack, or look at AWS_PROFILE and AWS_REGION")
    return {output["OutputKey"]: output["OutputValue"] for output in answer["Stacks"][0].get("Outputs", [])}
