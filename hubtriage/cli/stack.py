"""The deployed stack that a command talks to: by name, in the account and Region of the AWS credentials."""

import json
from collections.abc import Mapping
from typing import Any, NoReturn

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from hubtriage.aws.switch.mode import parameter_name
from hubtriage.cli.failure import fail
from hubtriage.cli.text import quoted

AWS_ERRORS = (ClientError, BotoCoreError)
WHERE = "name another with --stack, or give its --profile and --region"


def client(service: str, config: Config | None = None) -> Any:
    """Return a client with the credentials and Region of the environment; end with 1 without them."""
    try:
        return boto3.client(service, config=config)
    except AWS_ERRORS as error:
        fail(f"{service}: {error}", "set AWS_REGION (or AWS_PROFILE) to where the stack is")


class _Outputs(dict[str, str]):
    """The outputs of a stack. To ask for one that it lacks ends the command with 2."""

    def __init__(self, stack: str, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self._stack = stack

    def __missing__(self, name: str) -> NoReturn:
        fail(
            f"stack {quoted(self._stack)} has no output {name}",
            "name the stack of hubtriage with --stack; if this is it, deploy this version",
            exit_code=2,
        )


def outputs(stack: str) -> Mapping[str, str]:
    """Return the outputs of the stack; end with 2 if there is none, with 1 if it cannot be looked at."""
    try:
        found = outputs_if_deployed(stack)
    except AWS_ERRORS as error:
        fail(f"stack {quoted(stack)}: {error}", WHERE)
    if found is None:
        no_stack(stack)
    return found


def outputs_if_deployed(stack: str) -> Mapping[str, str] | None:
    """Return the outputs of the stack; None if there is no such stack. Raises botocore's errors."""
    try:
        answer = client("cloudformation").describe_stacks(StackName=stack)
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    found = answer["Stacks"][0].get("Outputs", [])
    return _Outputs(stack, {output["OutputKey"]: output["OutputValue"] for output in found})


def ask_function(function: str, request: Mapping[str, Any], member: str, needed: str) -> Mapping[str, Any]:
    """Call a function of the stack; return its answer, which has this member. End with 1 if it has none.

    `needed` says what the caller has to be allowed.
    """
    try:
        answer = client("lambda").invoke(FunctionName=function, Payload=json.dumps(request).encode())
        said: Any = json.loads(answer["Payload"].read())
    except (ValueError, *AWS_ERRORS) as error:
        fail(str(error), needed)
    if "FunctionError" in answer:
        message = said.get("errorMessage") if isinstance(said, dict) else said
        fail(f"the function failed: {quoted(str(message))}", "deploy again, and look into its log")
    if not isinstance(said, dict) or member not in said:
        fail(f"{function} does not know what it is asked", "deploy this version of hubtriage")
    return said


def mode_parameter(stack: str, systems: Any) -> Mapping[str, Any]:
    """Return the parameter that switches a stack, as GetParameter shows it.

    Its name follows from the setting `stack-name`. CloudFormation may call the stack otherwise, as StackSets
    do; then the outputs name it. `systems` is a client of Systems Manager. Raises botocore's errors,
    ParameterNotFound among them.
    """
    try:
        parameter: Mapping[str, Any] = systems.get_parameter(Name=parameter_name(stack))["Parameter"]
    except ClientError as error:
        if not is_not_found(error):
            raise
        deployed = outputs_if_deployed(stack)
        if deployed is None or deployed["ModeParameterName"] == parameter_name(stack):
            raise
        parameter = systems.get_parameter(Name=deployed["ModeParameterName"])["Parameter"]
    return parameter


def is_not_found(error: ClientError) -> bool:
    """Say whether there is no parameter of the name."""
    return bool(error.response["Error"]["Code"] == "ParameterNotFound")


def no_stack(stack: str) -> NoReturn:
    """End with 2, because there is no such stack."""
    region = boto3.session.Session().region_name
    fail(f"there is no stack {quoted(stack)} in {region}", f"deploy it, or {WHERE}", exit_code=2)
