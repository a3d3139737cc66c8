"""`hubtriage schema`: the JSON Schemas of rule files, account directory and policy, for editors."""

import json
from pathlib import Path

import click

from hubtriage.authoring.editor.accounts_schema import accounts_schema
from hubtriage.authoring.editor.json_schema import rules_schema
from hubtriage.authoring.editor.policy_schema import policy_schema
from hubtriage.cli.locations import Location
from hubtriage.cli.output import print_document, write_file
from hubtriage.cli.terminal import note


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
def command(output: Path, accounts: bool, policy: bool) -> None:
    """Print the JSON Schema of rule files, for editors.

    It provides completion and errors. Editors with the YAML language server read it from the first line of
    a rule file: `# yaml-language-server: $schema=../schema/rules.schema.json`

    Exit codes: 0; 2 wrong usage.
    """
    if accounts and policy:
        raise click.UsageError("--accounts and --policy are two schemas: choose one")
    schema = accounts_schema() if accounts else policy_schema() if policy else rules_schema()
    content = json.dumps(schema, separators=(",", ":"), ensure_ascii=False) + "\n"
    if str(output) == "-":
        print_document(content)
        return
    write_file(output, content)
    note(f"schema written to {output}")
