"""`hubtriage hand-back`: let the rules decide again on findings that people have changed."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import botocore.session
import click

from hubtriage.aws.hand_back.order import digest_of
from hubtriage.aws.hand_back.proof import ProofError, prove
from hubtriage.aws.securityhub.api import Key, identifier
from hubtriage.cli.account_options import deployed_option
from hubtriage.cli.failure import fail
from hubtriage.cli.inputs.deployed_ledger import table_of
from hubtriage.cli.inputs.handed_back import HeldFinding, found_findings, ids_of
from hubtriage.cli.inputs.rules import compiled
from hubtriage.cli.locations import Location
from hubtriage.cli.options import rules_option, settings_options
from hubtriage.cli.stack import AWS_ERRORS, client, mode_parameter, outputs
from hubtriage.cli.text import counted, quoted
from hubtriage.cli.views.plan import handed_back_lines, handed_back_record
from hubtriage.engine.fields import SEVERITY, WORKFLOW
from hubtriage.engine.planning.decision import Decision
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.ruleset import Ruleset

NO_ANSWERS = {WORKFLOW: None, SEVERITY: None}
"""What the history says is not asked here: triage does."""
ASKED = "Forget what people set on {count} and let the rules decide?"
NEEDED = "docs/operating.md lists the permissions of the command"


@click.command(name="hand-back")
@click.argument("finding_ids", metavar="[FINDING-ID]...", nargs=-1)
@click.option(
    "--from",
    "file",
    type=Location(path_type=Path, dir_okay=False, allow_dash=True),
    help="A file with an Id on each line; - is standard input.",
)
@deployed_option
@click.option("--product-arn", help="The findings' product, if several products have a finding with an Id.")
@rules_option
@settings_options
@click.option("--yes", is_flag=True, help="Do not ask first.")
@click.option("--json", "as_json", is_flag=True, help="Print what was handed back as JSON.")
def command(
    finding_ids: tuple[str, ...],
    file: Path | None,
    stack: str,
    product_arn: str | None,
    folder: Path,
    settings: Settings,
    yes: bool,
    as_json: bool,
) -> None:
    """Let the rules decide again on findings that people have changed.

    Triage treats what people set as its own: the rules decide again, and a field that no rule wants returns
    to what the provider or Security Hub says. A note or a user-defined key changes only if a rule sets it.
    Ceilings, limits and the mode still apply; in observe nothing happens.

    FINDING-ID is a finding's Id, or the end of it if triage has ever changed the finding. The command shows
    what people hold and what the rules in --rules would do, then asks. The change takes effect after five
    minutes. The log names you: AWS confirms who signed the request.

    Exit codes: 0 all were handed back; 1 none was; 2 wrong usage, or no finding or several fit.
    """
    ids = ids_of(finding_ids, file)
    deployed = outputs(stack)
    if "HandBackFunctionArn" not in deployed:
        fail(f"stack {stack} cannot hand findings back", "deploy this version of hubtriage")
    _demand_no_observe(stack)
    found = found_findings(ids, product_arn, table_of(stack)[1])
    ruleset = compiled(folder) if folder.is_dir() else None
    decided = [(one, _decision(one, ruleset, settings)) for one in found]
    if ruleset is None:
        click.echo(f"there is no folder {folder} here: what the rules would do is not shown", err=True)
    if not as_json:
        click.echo(
            "\n".join(
                line for one, decision in decided for line in handed_back_lines(one.key, one.held, decision)
            )
        )
    if not yes:
        click.confirm(ASKED.format(count=counted(len(found), "finding")), abort=True, err=True)
    by = _hand_back(deployed["HandBackFunctionArn"], [one.key for one in found])
    if as_json:
        click.echo(
            json.dumps(
                {
                    "by": by,
                    "findings": [
                        handed_back_record(one.key, one.held, decision) for one, decision in decided
                    ],
                }
            )
        )
    else:
        click.echo(
            f"handed back {counted(len(found), 'finding')}, by {quoted(by)}; it takes effect in 5 minutes"
        )


def _demand_no_observe(stack: str) -> None:
    """End the command if the stack writes nothing. If that may not be read, say so and go on."""
    try:
        mode = mode_parameter(stack, client("ssm"))["Value"]
    except AWS_ERRORS as error:
        click.echo(f"whether the stack is in observe is not known: {error}", err=True)
        return
    if mode == "observe":
        fail(
            f"stack {stack} is in observe: it writes nothing, and would forget the hand-back",
            "hand back once it enforces again; see `hubtriage mode`",
        )


def _decision(one: HeldFinding, ruleset: Ruleset | None, settings: Settings) -> Decision | None:
    if ruleset is None:
        return None
    now = time.time()
    return decide(one.finding, one.entry, ruleset, now, settings, authors=NO_ANSWERS, handed_back=now)


def _hand_back(function: str, keys: Sequence[Key]) -> str:
    """Call the stack's function; return by whom the findings were handed back, as AWS says."""
    region = function.split(":")[3]
    try:
        proof = prove(botocore.session.get_session(), region, digest_of(function, keys))
        request = {"findings": [identifier(key) for key in keys], "proof": proof}
        answer = client("lambda").invoke(FunctionName=function, Payload=json.dumps(request).encode())
        said: dict[str, Any] = json.loads(answer["Payload"].read())
    except (ProofError, ValueError, *AWS_ERRORS) as error:
        fail(str(error), NEEDED)
    if "FunctionError" in answer:
        fail(
            f"the function failed: {quoted(str(said.get('errorMessage')))}",
            "some findings may be handed back; run it again, which does no harm",
        )
    if "refused" in said:
        fail(f"refused: {quoted(str(said['refused']))}", NEEDED)
    return str(said["by"])
