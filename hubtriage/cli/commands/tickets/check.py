"""`hubtriage tickets check`: whether a queue could open tickets, asked of its service without opening one."""

import json

import click

from hubtriage.aws.deliveries.outputs import queue_functions
from hubtriage.aws.deliveries.tickets.products.examination import EXAMINE
from hubtriage.cli.account_options import deployed_option
from hubtriage.cli.failure import UNUSABLE, fail
from hubtriage.cli.stack import ask_function, outputs
from hubtriage.cli.text import quoted
from hubtriage.engine.text.suggestions import did_you_mean

NEEDED = "the command needs lambda:InvokeFunction on the functions of queues"


@click.command(name="check")
@click.argument("queue")
@deployed_option
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def command(queue: str, stack: str, as_json: bool) -> None:
    """Ask the service of a queue whether it would take tickets.

    The deployed function of QUEUE asks, with its own secret and network, and opens no ticket. In Jira it
    looks at the token, the project, the issue type, the fields of its screen, and permissions. In ServiceNow
    it looks at the credentials, and whether the table can be searched. It does not see how a workflow closes
    tickets, and which fields ServiceNow lets the account write.

    Exit codes: 0 the queue would take tickets; 1 it would not, or the service cannot be asked; 2 wrong usage,
    or there is no such queue or stack.
    """
    functions = queue_functions(outputs(stack))
    if queue not in functions:
        known = did_you_mean(queue, functions) or "hubtriage.toml defines queues; deploy it first"
        fail(f"stack {quoted(stack)} has no queue {quoted(queue)}", known, exit_code=UNUSABLE)
    found = ask_function(functions[queue], {"tickets": EXAMINE}, "ready", NEEDED)
    if as_json:
        click.echo(json.dumps(found, indent=2))
    elif found["refused"]:
        fail(
            f"{queue}: {found['kind']} does not say: {quoted(found['refused'])}",
            "docs/tickets.md says how to set it up",
        )
    else:
        for objection in found["objections"]:
            click.echo(f"{queue}: {quoted(objection)}", err=True)
    if not found["ready"]:
        raise click.exceptions.Exit(1)
    if not as_json:
        click.echo(f"{queue}: {found['kind']} would take tickets, as far as that shows without one")
