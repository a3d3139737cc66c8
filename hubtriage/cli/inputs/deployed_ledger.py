"""The ledger of a deployed stack: its table, who writes it, and how the stack's switch stands."""

from dataclasses import dataclass
from typing import NoReturn

import boto3
import click

from hubtriage.aws.clock import SystemClock
from hubtriage.aws.ledger.client import dynamodb
from hubtriage.aws.ledger.dynamodb import DynamoLedger
from hubtriage.aws.ledger.ledger import LedgerFault, LedgerFaultKind
from hubtriage.aws.switch.mode import ModeUnreadableError, checked
from hubtriage.aws.triage.config import TriageConfig
from hubtriage.cli.failure import fail
from hubtriage.cli.stack import AWS_ERRORS, client, mode_parameter, outputs

NEEDED = "docs/ledger.md lists the permissions of the command"
yes_option = click.option("--yes", is_flag=True, help="Do not ask before writing.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")


@dataclass(frozen=True, slots=True)
class DeployedLedger:
    """A ledger, and the stack that it is of.

    `role` is the ARN of the role by which triage writes, `mode` how the switch stands, `log_level` the least
    level of lines in the function's log `log_group`.
    """

    stack: str
    account: str
    region: str
    table: str
    ledger: DynamoLedger
    role: str
    mode: str
    log_group: str
    log_level: str


def table_of(stack: str) -> tuple[str, DynamoLedger]:
    """Return the name of a stack's table, and its entries; end with 1 without one."""
    deployed = outputs(stack)
    table = deployed["LedgerTableName"]
    return table, DynamoLedger(dynamodb(), table, SystemClock())


def deployed_ledger(stack: str) -> DeployedLedger:
    """Return the ledger of a stack; end with 1 if the stack cannot be looked at."""
    table, ledger = table_of(stack)
    deployed = outputs(stack)
    functions = client("lambda")
    try:
        function = functions.get_function_configuration(FunctionName=deployed["FunctionName"])
        variables = function.get("Environment", {}).get("Variables", {})
        return DeployedLedger(
            stack=stack,
            account=str(client("sts").get_caller_identity()["Account"]),
            region=str(functions.meta.region_name),
            table=table,
            ledger=ledger,
            role=str(function["Role"]),
            mode=mode_of(stack),
            log_group=deployed["LogGroupName"],
            log_level=variables.get("HUBTRIAGE_LOG_LEVEL", TriageConfig().log_level),
        )
    except AWS_ERRORS as error:
        fail(f"stack {stack}: {error}", NEEDED)


def mode_of(stack: str, region: str | None = None) -> str:
    """Return how the switch of a stack stands. Raises botocore's errors; ends with 1 if it is no mode."""
    systems = boto3.client("ssm", region_name=region)
    try:
        return checked(mode_parameter(stack, systems)["Value"])
    except ModeUnreadableError as error:
        fail(f"stack {stack}: {error}", "set it with hubtriage mode")


def refuse_enforce(found: DeployedLedger, why: str) -> None:
    """End with 1 while the stack is in `enforce`: it would hide, and judge people, by half a ledger."""
    if found.mode == "enforce":
        stack = "" if found.stack == "hubtriage" else f" --stack {found.stack}"
        fail(
            f"stack {found.stack} is in enforce: {why}", f"hubtriage mode reopen{stack}, then run this again"
        )


def fail_at(fault: LedgerFault) -> NoReturn:
    """End with 1 because of a fault of the table."""
    hint = "docs/ledger.md explains how to create a lost table again"
    fail(f"{fault.code}: {fault.message}", hint if fault.kind is LedgerFaultKind.MISSING else NEEDED)
