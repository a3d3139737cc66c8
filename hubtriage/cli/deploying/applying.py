"""A stack built by CDK, and deployed by it, with a line for each resource that is done."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hubtriage.cli.deploying.deployed import NEEDED
from hubtriage.cli.deploying.formation import StackEvents
from hubtriage.cli.deploying.planning import PlannedStack, RulesToDeploy
from hubtriage.cli.deploying.tools import Cdk
from hubtriage.cli.failure import complain, fail
from hubtriage.cli.progress import progress_bar
from hubtriage.cli.stack import AWS_ERRORS, client
from hubtriage.cli.terminal import is_animated, note
from hubtriage.cli.text import escaped
from hubtriage.settings.configuration import Configuration
from hubtriage.settings.replacing import KEY

LATEST_LINES = 20
"""Lines of what CDK said that are shown if it failed."""


def build(cdk: Cdk, given: RulesToDeploy, assembly: Path, *, replace: bool) -> None:
    """Write the cloud assembly; end with 1 if CDK cannot, or if it is of other rules than were shown."""
    said_once = ["-c", f"{KEY}=true"] if replace else []
    with progress_bar("deploy") as bar:
        bar.show("building the stack")
        code, said = cdk.run(["synth", "--quiet", "--output", str(assembly), *said_once])
    if code:
        complain(escaped(_end_of(said)))
        fail("the stack could not be built: nothing was deployed", "see above what CDK said")
    for place in given.config.places:
        path = assembly / f"{_construct(given.config, place)}.template.json"
        template = json.loads(path.read_text(encoding="utf-8"))
        if template["Outputs"]["RulesHash"]["Value"] != given.ruleset["hash"]:
            fail("the rules have changed meanwhile: nothing was deployed", "run it again")


def apply(cdk: Cdk, config: Configuration, plan: PlannedStack, assembly: Path) -> None:
    """Have CDK deploy a stack of the assembly; end with 1 and CloudFormation's reasons if it fails."""
    name = _construct(config, plan.region)
    arguments = ["deploy", name, "--app", str(assembly), "--require-approval", "never"]
    with _shown_events(plan) as events:
        code, said = cdk.run(arguments, events.look)
        events.look()
    if code:
        complain(escaped("\n".join(f"  {reason}" for reason in events.reasons) or _end_of(said)))
        fail(
            f"the deployment of {plan.stack} to {plan.region} failed",
            "CloudFormation restores what it had changed; hubtriage doctor shows whether it has",
        )
    if events.trouble:
        note(f"not every resource could be shown: {escaped(events.trouble)}")
    note(
        f"{plan.region}: {'deployed' if events.events else 'nothing to deploy: the stack is as it should be'}"
    )


def _construct(config: Configuration, region: str | None) -> str:
    """Return what CDK calls the stack of a Region."""
    return config.stack_name if len(config.places) == 1 else f"{config.stack_name}-{region}"


@contextmanager
def _shown_events(plan: PlannedStack) -> Iterator[StackEvents]:
    """Yield what shows the resources of a stack: live on a terminal, else a line for each."""
    try:
        with progress_bar(f"deploy {plan.region}") as bar:
            show = bar.show if is_animated(sys.stderr) else note
            events = StackEvents(client("cloudformation"), plan.stack, show)
            events.begin()
            yield events
    except AWS_ERRORS as error:
        fail(f"stack {plan.stack}: {error}", NEEDED)
    except KeyboardInterrupt:
        how = f"aws cloudformation describe-stack-events --region {plan.region} --stack-name {plan.stack}"
        raise KeyboardInterrupt(f"CloudFormation goes on with what it has begun: {how}") from None


def _end_of(said: str) -> str:
    return "\n".join(said.rstrip().splitlines()[-LATEST_LINES:])
