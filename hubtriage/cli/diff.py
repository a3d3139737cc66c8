"""`hubtriage diff`: which findings change outcome between two rule folders."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import click

from hubtriage.authoring.backtest.judge import Task
from hubtriage.authoring.backtest.report import Origin
from hubtriage.authoring.compiler import compile_ruleset, git_revision
from hubtriage.authoring.diff import diff_of, examples_by_rule
from hubtriage.authoring.problems import RuleErrors
from hubtriage.authoring.revisions import RevisionError, commit_of, folder_at
from hubtriage.cli.backtest import exit_with_2, processes_option, run
from hubtriage.cli.diff_view import markdown, text
from hubtriage.cli.plan import now_option, stack_option, udf_option
from hubtriage.engine.plan import Settings

EXAMPLES = 3
DEFAULT_FOLDER = Path("rules")


@click.command(name="diff")
@click.argument("sources", metavar="[OLD] [NEW] FINDINGS", nargs=-1, required=True)
@click.option("--against", metavar="REV", help="Take OLD from git: NEW as it was at this revision.")
@now_option
@udf_option
@stack_option
@processes_option
@click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="Markdown is for a comment on a pull request.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
def command(
    sources: tuple[str, ...],
    against: str | None,
    now: float,
    udf: Literal["replace", "merge"],
    stack: str,
    processes: int | None,
    shape: str,
    as_json: bool,
) -> None:
    """Say which of some FINDINGS change outcome between the rule folders OLD and NEW. Nothing is sent.

    Each finding is first brought to where OLD leaves it; what NEW makes of it from there is the change, also
    what NEW takes back. With --against, OLD is left out, and NEW too if it is the folder `rules`.

    Exit codes: 0 no finding changes; 1 some do; 2 wrong usage, rules with errors, or unreadable input.
    """
    old, new, findings = _sources(sources, against)
    with _old_folder(old, new, against) as (folder, told, revision):
        old_document = _compiled(folder, lambda _folder: revision if against else git_revision(folder))
    task = Task(_compiled(new, git_revision), now, Settings(stack=stack, udf=udf), old_document, EXAMPLES)
    tally = run(findings, task, processes)
    report = diff_of(tally, Origin(findings, new.as_posix()), told, examples_by_rule(tally, EXAMPLES))
    click.echo("\n".join(_RENDER["json" if as_json else shape](report)))
    if report["differs"]:
        raise SystemExit(1)


def _json(report: Mapping[str, Any]) -> Iterator[str]:
    yield json.dumps(report, indent=2)


_RENDER: dict[str, Callable[[Mapping[str, Any]], Iterator[str]]] = {
    "text": text,
    "markdown": markdown,
    "json": _json,
}


def _sources(sources: tuple[str, ...], against: str | None) -> tuple[Path | None, Path, str]:
    """(OLD, NEW, FINDINGS) of the arguments."""
    if against is None:
        if len(sources) != 3:
            raise click.UsageError("give OLD, NEW and FINDINGS, or --against REV and FINDINGS")
        return Path(sources[0]), Path(sources[1]), sources[2]
    if len(sources) > 2:
        raise click.UsageError("with --against give NEW and FINDINGS, or FINDINGS alone: OLD comes from git")
    return None, Path(sources[0]) if len(sources) == 2 else DEFAULT_FOLDER, sources[-1]


@contextmanager
def _old_folder(old: Path | None, new: Path, against: str | None) -> Iterator[tuple[Path, str, str | None]]:
    """(the folder of the old rules, what to call it, its revision)."""
    if old is not None or against is None:
        yield old or new, (old or new).as_posix(), None
        return
    try:
        with folder_at(new, against) as folder:
            yield folder, f"{new.as_posix()} at {against}", commit_of(new, against)
    except RevisionError as error:
        raise exit_with_2(str(error)) from error


def _compiled(folder: Path, revision: Callable[[Path], str | None]) -> dict[str, Any]:
    """A rule set, also one in which no rule is in force: what it takes back is what a diff is for."""
    try:
        return compile_ruleset(folder, revision=revision(folder), allow_empty=True)
    except RuleErrors as errors:
        click.echo(str(errors), err=True)
        raise SystemExit(2) from errors
