"""`hubtriage build`: the rule set that is deployed, and the permissions that it needs."""

import json
from pathlib import Path
from typing import Any

import click

from hubtriage.authoring.compiler import compile_ruleset, git_revision
from hubtriage.authoring.deliveries import together
from hubtriage.authoring.permissions.iam import hub_statements, hub_v2_statements
from hubtriage.authoring.permissions.never import UnknownFieldError, check_names
from hubtriage.aws.securityhub.api import CSPM, V2
from hubtriage.cli.inputs.rules import demand_folder, rule_errors_shown, selected
from hubtriage.cli.locations import Location
from hubtriage.cli.options import hubs_option
from hubtriage.cli.output import print_document, write_file
from hubtriage.cli.project import known_deliveries, rules_folder
from hubtriage.cli.targets.option import target_option
from hubtriage.cli.terminal import note
from hubtriage.cli.text import counted


@click.command(name="build")
@target_option
@click.argument("rules", default=rules_folder, type=Location(path_type=Path, file_okay=False))
@click.option(
    "-o",
    "--output",
    type=Location(path_type=Path, dir_okay=False, allow_dash=True),
    default="build/ruleset.json",
    show_default=True,
    help="File to write; - for standard output.",
)
@click.option(
    "--allow-empty",
    is_flag=True,
    help="Build even if no rule is in force; the stack then takes everything back.",
)
@click.option(
    "--never",
    metavar="FIELD",
    multiple=True,
    help="A field that no rule may set, such as Severity.Label, like the setting never.",
)
@hubs_option
@click.option(
    "--show",
    type=click.Choice(["policy"]),
    help="Write no file; show the function's permissions in Security Hub, which follow from the rules.",
)
def command(
    rules: Path,
    output: Path,
    allow_empty: bool,
    never: tuple[str, ...],
    hubs: tuple[str, ...],
    show: str | None,
) -> None:
    """Compile the rules into ruleset.json.

    RULES is the folder with the rule files. The document contains the git revision of the folder and a hash
    of the rules.

    Exit codes: 0; 1 the rules have errors (nothing is written); 2 wrong usage.
    """
    document = _compiled(rules, allow_empty, never)
    if show:
        of_hub = {CSPM: hub_statements, V2: hub_v2_statements}
        statements = [each for hub in dict.fromkeys(hubs) for each in of_hub[hub](document["rules"], never)]
        policy = {"Version": "2012-10-17", "Statement": statements}
        click.echo(json.dumps(policy, indent=2))
        return
    content = json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"
    if str(output) == "-":
        print_document(content)
        return
    write_file(output, content)
    count = len(document["rules"])
    note(f"{counted(count, 'rule')}, {document['hash']}, written to {output}")


def _compiled(rules: Path, allow_empty: bool, never: tuple[str, ...]) -> dict[str, Any]:
    try:
        fields = check_names(never)
    except UnknownFieldError as error:
        raise click.BadParameter(str(error), param_hint="'--never'") from error
    demand_folder(rules)
    with rule_errors_shown():
        return compile_ruleset(
            rules,
            revision=git_revision(rules),
            allow_empty=allow_empty,
            never=fields,
            select=selected,
            deliveries=together(known_deliveries()),
        )
