"""Rules for a command: compiled from a folder, or every error on stderr and exit code 1."""

from pathlib import Path

import click

from hubtriage.authoring.compiler import compile_ruleset, git_revision
from hubtriage.authoring.problems import RuleErrors
from hubtriage.engine.ruleset.ruleset import Ruleset, load_ruleset


def compiled(folder: Path) -> Ruleset:
    """The rule set of a folder; exits with 1 after printing every error of every file."""
    try:
        return load_ruleset(compile_ruleset(folder, revision=git_revision(folder)))
    except RuleErrors as errors:
        click.echo(str(errors), err=True)
        raise SystemExit(1) from errors
