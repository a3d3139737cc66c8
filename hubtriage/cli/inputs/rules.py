"""Rules for a command: compiled from a folder, or every error on standard error and an exit code."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from hubtriage.authoring.compiler import compile_ruleset, git_revision
from hubtriage.authoring.loaded import LoadResult
from hubtriage.authoring.loader import load_rules
from hubtriage.authoring.problems import RuleErrors
from hubtriage.engine.ruleset.ruleset import Ruleset, load_ruleset


@contextmanager
def rule_errors_shown(exit_code: int = 1) -> Iterator[None]:
    """Print every error of every file and end the command, if the block raises RuleErrors."""
    try:
        yield
    except RuleErrors as errors:
        click.echo(str(errors), err=True)
        raise SystemExit(exit_code) from errors


def loaded_rules(folder: Path) -> LoadResult:
    """Return the rules of a folder as its files have them; end with 1 after printing their errors."""
    loaded = load_rules(folder)
    if loaded.errors:
        click.echo(str(RuleErrors(loaded.errors)), err=True)
        raise SystemExit(1)
    return loaded


def compiled_document(folder: Path) -> dict[str, Any]:
    """Return the compiled rules of a folder; end with 1 after printing their errors."""
    with rule_errors_shown():
        return compile_ruleset(folder, revision=git_revision(folder))


def compiled(folder: Path) -> Ruleset:
    """Return the rule set of a folder; end with 1 after printing the errors of its rules."""
    return load_ruleset(compiled_document(folder))
