"""`hubtriage schema`: the JSON Schemas of rule files, account directory, policy and decision events."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from hubtriage.authoring.editor.accounts_schema import accounts_schema
from hubtriage.authoring.editor.json_schema import rules_schema
from hubtriage.authoring.editor.policy_schema import policy_schema
from hubtriage.aws.decision_events.schema import event_schema
from hubtriage.cli.locations import Location
from hubtriage.cli.output import print_document, write_file
from hubtriage.cli.terminal import note

_SCHEMAS: Mapping[str, Callable[[], Mapping[str, object]]] = {
    "": rules_schema,
    "--accounts": accounts_schema,
    "--policy": policy_schema,
    "--events": event_schema,
}


@click.command(name="schema")
@click.option(
    "-o",
    "--output",
    type=Location(path_type=Path, dir_okay=False, allow_dash=True),
    default="-",
    show_default="standard output",
    help="File to write.",
)
@click.option(
    "--accounts", is_flag=True, help="Print the schema of accounts.yaml, the account directory, instead."
)
@click.option("--policy", is_flag=True, help="Print the schema of policy.yaml, the house policy, instead.")
@click.option(
    "--events", is_flag=True, help="Print the schema of decision events, for their readers, instead."
)
def command(output: Path, accounts: bool, policy: bool, events: bool) -> None:
    """Print the JSON Schema of rule files, for editors.

    It provides completion and errors. Editors with the YAML language server read it from the first line of
    a rule file: `# yaml-language-server: $schema=../schema/rules.schema.json`

    Exit codes: 0; 2 wrong usage.
    """
    chosen = {"--accounts": accounts, "--policy": policy, "--events": events}
    named = [name for name, is_chosen in chosen.items() if is_chosen]
    if len(named) > 1:
        raise click.UsageError(f"{' and '.join(named)} are {len(named)} schemas: choose one")
    schema = _SCHEMAS[named[0] if named else ""]()
    content = json.dumps(schema, separators=(",", ":"), ensure_ascii=False) + "\n"
    if str(output) == "-":
        print_document(content)
        return
    write_file(output, content)
    note(f"schema written to {output}")
