"""`hubtriage build`: the rule set that is deployed."""

import json
from pathlib import Path

import click

from hubtriage.authoring.compiler import compile_ruleset, git_revision
from hubtriage.authoring.problems import RuleErrors


@click.command(name="build")
@click.argument("rules", default="rules", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    default="build/ruleset.json",
    show_default=True,
    help="File to write; - for standard output.",
)
@click.option("--allow-empty", is_flag=True, help="Also when no rule is in force: takes everything back.")
def command(rules: Path, output: Path, allow_empty: bool) -> None:
    """Compile the rule files of the folder RULES into one JSON document.

    The document names the git revision of the folder, and a hash of what it says.

    Exit codes: 0; 1 the rules have errors (nothing is written); 2 wrong usage.
    """
    try:
        document = compile_ruleset(rules, revision=git_revision(rules), allow_empty=allow_empty)
    except RuleErrors as errors:
        click.echo(str(errors), err=True)
        raise SystemExit(1) from errors
    content = json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"
    if str(output) == "-":
        click.echo(content, nl=False)
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(content, encoding="utf-8")
    count = len(document["rules"])
    click.echo(f"{count} {'rule' if count == 1 else 'rules'}, {document['hash']}, written to {output}")
