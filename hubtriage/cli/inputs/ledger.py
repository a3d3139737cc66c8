"""The ledger of a deployed stack, for a command that decides on findings as they are in Security Hub."""

import os
from collections.abc import Mapping
from typing import Any

import click

from hubtriage.aws.clock import SystemClock
from hubtriage.aws.decision_events.bus import EventBridgeBus, eventbridge
from hubtriage.aws.decision_events.event import EventOrigin
from hubtriage.aws.decision_events.outbox import Outbox
from hubtriage.aws.ledger.client import dynamodb
from hubtriage.aws.ledger.dynamodb import DynamoLedger
from hubtriage.aws.ledger.lease import LEAST_LEASE
from hubtriage.aws.ledger.memory import MemoryLedger
from hubtriage.aws.ledger.table import LEASE_VARIABLE, TABLE_VARIABLE
from hubtriage.aws.securityhub.client import security_hub
from hubtriage.aws.sweep.inprocess import LocalServices
from hubtriage.cli.failure import fail
from hubtriage.cli.project import announced_routes
from hubtriage.cli.stack import AWS_ERRORS, client, outputs_if_deployed

UNTOUCHED = "there is no stack {stack}: findings count as if triage had never touched them"


def services_from_here(stack: str, *, writes: bool) -> LocalServices:
    """Return what a command needs that decides on findings as the stack would; `writes`: or updates them.

    Without a stack there is no ledger. Then only a command that writes nothing may go on, and says so. Ends
    with 1 if stack or ledger cannot be reached.
    """
    try:
        outputs = outputs_if_deployed(stack) or {}
        table = os.environ.get(TABLE_VARIABLE) or outputs.get("LedgerTableName")
        if table is not None:
            ledger = DynamoLedger(dynamodb(), table, SystemClock())
            role, lease = _function(outputs.get("FunctionName")) if writes else (None, LEAST_LEASE)
            roles = (role,) if role else ()
            former = ledger.former_roles.read
            way = _outbox(stack, outputs.get("EventBusName"), writes=writes)
            return LocalServices(security_hub(), ledger, _caller, roles, lease, former, way)
    except AWS_ERRORS as error:
        fail(f"the ledger of stack {stack}: {error}", "docs/sweep.md lists the permissions of the command")
    if writes or outputs:
        fail(f"stack {stack} has no ledger", f"deploy this version of hubtriage, or set {TABLE_VARIABLE}")
    click.echo(UNTOUCHED.format(stack=stack), err=True)
    return LocalServices(security_hub(), MemoryLedger(), _caller)


def _outbox(stack: str, bus: str | None, *, writes: bool) -> Outbox | None:
    """Return the way to the bus of the stack; None if the stack announces no decisions."""
    routes = announced_routes()
    if bus is None or (routes is None and not writes):
        return None
    if routes is None:
        fail(
            f"stack {stack} announces decisions, and the settings here do not say where they go",
            "run it where hubtriage.toml has decision-events = true, and the routes of the stack",
        )
    events = client("events")
    origin = EventOrigin(stack, events.meta.region_name)
    return Outbox(EventBridgeBus(eventbridge, bus, SystemClock()), origin, routes)


def _function(name: str | None) -> tuple[str | None, float]:
    """Return the role of the triage function, and for how long an intent is left to it, seconds."""
    if name is None:
        return None, LEAST_LEASE
    found: Mapping[str, Any] = client("lambda").get_function_configuration(FunctionName=name)
    variables = found.get("Environment", {}).get("Variables", {})
    return str(found["Role"]), float(variables.get(LEASE_VARIABLE, LEAST_LEASE))


def _caller() -> str:
    return str(client("sts").get_caller_identity()["Arn"])
