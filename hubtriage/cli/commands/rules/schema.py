"""`hubtriage schema`: the JSON Schemas of rule files and of the account directory, for editors."""

import json
from pathlib import Path

import click

from hubtriage.authoring.editor.accounts_schema import accounts_schema
from hubtriage.authoring.editor.json_schema import rules_schema
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
def command(output: Path, accounts: bool) -> None:
    """Print the JSON Schema of rule files, for editors.

    It provides completion and errors. Editors with the YAML language server read it from the first line of
    a rule file: `# yaml-language-server: $schema=../schema/rules.schema.json`

    Exit codes: 0; 2 wrong usage.
    """
    schema = accounts_schema() if accounts else rules_schema()
    content = json.dumps(schema, separators=(",", ":"), ensure_ascii=False) + "\n"
    if str(output) == "-":
        print_document(content)
        return
    write_file(output, content)
    note(f"schema written to {output}")
