"""`hubtriage mode`: whether triage writes and hides, and switching it."""

import click
from botocore.config import Config
from botocore.exceptions import ClientError

from hubtriage.aws.clock import SystemClock
from hubtriage.aws.decision_events.bus import EventBridgeBus
from hubtriage.aws.decision_events.operations import mode_changed
from hubtriage.aws.decision_events.variables import stack_of
from hubtriage.aws.sweep.request import SweepRequest
from hubtriage.aws.sweep.start import start_sweep
from hubtriage.aws.switch.mode import ALLOWED_PATTERN, MODES
from hubtriage.cli.account_options import deployed_option
from hubtriage.cli.failure import fail, print_error
from hubtriage.cli.stack import AWS_ERRORS, WHERE, client, is_not_found, mode_parameter, no_stack, outputs

MOST_SECONDS = 10.0
"""Seconds for the event of a switch."""
IMPATIENT = Config(retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=2, read_timeout=5)
"""A person who stops triage in a hurry must not wait for the event of it."""
MEANINGS = {
    "enforce": "triage writes what the rules say",
    "reopen": "triage hides nothing new, but still takes back and follows providers",
    "observe": "triage writes nothing, and logs what it would do",
}


@click.command(name="mode")
@click.argument("mode", required=False, type=click.Choice(MODES))
@deployed_option
@click.option(
    "--budget", type=click.IntRange(0), help="With enforce: the most findings that the sweep may change."
)
def command(mode: str | None, stack: str, budget: int | None) -> None:
    """Show whether the deployed stack writes, or switch it.

    reopen stops hiding within 10 seconds: nothing new is suppressed, resolved or lowered. Triage still
    takes back what no rule wants any more, and reopens what becomes too severe. The breaker switches to
    this mode.

    observe stops all writing: after at most 10 seconds no new call starts, and messages in progress go back
    to the queue.

    enforce resumes, and sweeps the findings that arrived in the meantime, even if it was enforce before.
    Leaving observe for reopen starts a sweep as well. The breaker does not count the changes of a sweep,
    which has limits of its own.

    With the setting decision-events, each switch puts an event on the bus of the stack.

    Exit codes: 0; 1 AWS refused, or the breaker has only just tripped; 2 wrong usage, there is no such stack,
    or AWS cannot be reached.
    """
    if budget is not None and mode != "enforce":
        raise click.UsageError("--budget limits the sweep that enforce starts")
    try:
        if mode is None:
            _show(stack)
        else:
            _switch(stack, mode, budget)
    except AWS_ERRORS as error:
        fail(str(error), WHERE)


def _show(stack: str) -> None:
    systems = client("ssm")
    try:
        parameter = mode_parameter(stack, systems)
    except ClientError as error:
        if not is_not_found(error):
            raise
        no_stack(stack)
    since = f"{parameter['LastModifiedDate']:%Y-%m-%d %H:%M:%S %Z}"
    click.echo(f"{parameter['Value']}: {MEANINGS.get(parameter['Value'], 'unknown')} (since {since})")


def _switch(stack: str, mode: str, budget: int | None) -> None:
    deployed = outputs(stack)
    if mode == "enforce":
        _check_breaker(deployed["BreakerAlarmName"])
    systems = client("ssm")
    parameter = mode_parameter(stack, systems)
    before = parameter["Value"]
    systems.put_parameter(
        Name=parameter["Name"], Value=mode, Type="String", AllowedPattern=ALLOWED_PATTERN, Overwrite=True
    )
    change = f"{before} -> {mode}" if before != mode else f"{mode}, as before"
    click.echo(f"{change}: {MEANINGS[mode]}")
    if before != mode and "EventBusName" in deployed:
        _put_event(deployed["EventBusName"], before, mode)
    if mode == "enforce" or (mode, before) == ("reopen", "observe"):
        _sweep(deployed["SweepArn"], SweepRequest(settle=True, reason="mode", budget=budget))


def _put_event(bus: str, before: str, mode: str) -> None:
    """Put the event of the switch; if that fails, say so: the mode is switched all the same."""
    clock = SystemClock()
    now = clock.now()
    try:
        who = str(client("sts", IMPATIENT).get_caller_identity()["Arn"])
    except AWS_ERRORS:
        who = None
    event = mode_changed(stack_of(bus), now, (before, mode), "person", who, None, (now, before, mode))
    decisions = EventBridgeBus(lambda: client("events", IMPATIENT), bus, clock)
    not_put = decisions.put([event], clock.monotonic() + MOST_SECONDS)
    for why in not_put.values():
        print_error(
            f"the mode is switched, but its event is not put: {why.code}: {why.message}",
            "readers of decision events do not know of the switch; it needs events:PutEvents on the bus",
        )


def _sweep(machine: str, request: SweepRequest) -> None:
    """Start a sweep; for enforce whatever the mode was before, as an earlier switch may have failed to."""
    try:
        execution = start_sweep(client("stepfunctions"), machine, request)
    except AWS_ERRORS as error:
        fail(
            f"triage writes again, but no sweep was started: {error}",
            "findings that arrived meanwhile wait for a sweep: run this again, or hubtriage sweep",
        )
    click.echo(f"started a sweep, which begins when AWS shows the last changes: {execution}")


def _check_breaker(alarm: str) -> None:
    """Refuse while the alarm is on: it would not fire again, however much triage changed."""
    found = client("cloudwatch").describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
    if found and found[0]["StateValue"] == "ALARM":
        fail(
            "the breaker has just tripped, and its alarm is still on",
            "wait until it is over, 5 minutes after the last change; see docs/operating.md",
        )
