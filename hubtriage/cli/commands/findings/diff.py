"""`hubtriage diff`: which findings change outcome between two rule folders."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from hubtriage.authoring.compiler import compile_ruleset, git_revision
from hubtriage.cli.failure import fail
from hubtriage.cli.inputs.findings import end_if_cut_off
from hubtriage.cli.inputs.judging import Source, judge_all, named
from hubtriage.cli.inputs.live_options import LiveSource, live_options
from hubtriage.cli.inputs.rules import demand_folder, rule_errors_shown
from hubtriage.cli.options import now_option, processes_option, settings_options
from hubtriage.cli.project import rules_folder
from hubtriage.cli.views.diff import markdown, text
from hubtriage.engine.planning.plan import Settings
from hubtriage.simulation.backtest.judge import Task
from hubtriage.simulation.backtest.report import ReportSource
from hubtriage.simulation.diff import diff_of, examples_by_rule
from hubtriage.simulation.revisions import RevisionError, commit_of, folder_at

EXAMPLES = 3


@click.command(name="diff")
@click.argument("sources", metavar="[OLD] [NEW] [FINDINGS]", nargs=-1)
@click.option("--against", metavar="REV", help="Take OLD from git: NEW as it was at this revision.")
@live_options
@now_option
@settings_options
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
    live: LiveSource | None,
    now: float,
    settings: Settings,
    processes: int | None,
    shape: str,
    as_json: bool,
) -> None:
    """Show which findings change outcome between two rule folders.

    Nothing is sent. The command first applies OLD to each finding, then NEW to the result, and shows what NEW
    changes or takes back. FINDINGS is what `backtest` takes. With --against, OLD is left out,
    and NEW too if it is the folder `rules`.

    With --live, leave FINDINGS out: the command reads them from Security Hub, into the cache that `backtest`
    uses.

    Exit codes: 0 no finding changes; 1 some do; 2 wrong usage, rules with errors, or input as
    for `backtest`.
    """
    old, new, findings = _sources(sources, against, live)
    with _old_folder(old, new, against) as (folder, name, revision):
        old_document = _compiled(folder, lambda _folder: revision if against else git_revision(folder))
    task = Task(_compiled(new, git_revision), now, settings, old_document, EXAMPLES)
    tally = judge_all(findings, task, processes)
    source = ReportSource(named(findings), new.as_posix())
    report = diff_of(tally, source, name, examples_by_rule(tally, EXAMPLES))
    click.echo("\n".join(_RENDER["json" if as_json else shape](report)))
    end_if_cut_off(tally.problems)
    if report["differs"]:
        raise SystemExit(1)


def _json(report: Mapping[str, Any]) -> Iterator[str]:
    yield json.dumps(report, indent=2)


_RENDER: dict[str, Callable[[Mapping[str, Any]], Iterator[str]]] = {
    "text": text,
    "markdown": markdown,
    "json": _json,
}


_WANTED = "OLD, NEW and FINDINGS, or --against REV and FINDINGS"


def _sources(
    sources: tuple[str, ...], against: str | None, live: LiveSource | None
) -> tuple[Path | None, Path, Source]:
    """Return OLD, NEW and FINDINGS; OLD is None with --against."""
    if live is None and not sources:
        raise click.UsageError("give FINDINGS, or --live")
    folders, findings = (sources[:-1], sources[-1]) if live is None else (sources, live)
    if against is None:
        if len(folders) != 2:
            wanted = "OLD and NEW, or --against REV" if live else _WANTED
            raise click.UsageError(f"give {wanted}")
        return Path(folders[0]), Path(folders[1]), findings
    if len(folders) > 1:
        wanted = "NEW" if live else "NEW and FINDINGS, or FINDINGS alone"
        raise click.UsageError(f"with --against give {wanted}: OLD comes from git")
    return None, Path(folders[0]) if folders else rules_folder(), findings


@contextmanager
def _old_folder(old: Path | None, new: Path, against: str | None) -> Iterator[tuple[Path, str, str | None]]:
    """Yield the folder of the old rules, what to call it, and its revision."""
    if old is not None or against is None:
        yield old or new, (old or new).as_posix(), None
        return
    try:
        with folder_at(new, against) as folder:
            yield folder, f"{new.as_posix()} at {against}", commit_of(new, against)
    except RevisionError as error:
        fail(str(error), exit_code=2)


def _compiled(folder: Path, revision: Callable[[Path], str | None]) -> dict[str, Any]:
    """Return a rule set, also one without a rule in force: a diff shows what that takes back."""
    demand_folder(folder)
    with rule_errors_shown(exit_code=2):
        return compile_ruleset(folder, revision=revision(folder), allow_empty=True)
