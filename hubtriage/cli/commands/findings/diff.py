"""`hubtriage diff`: what changes between two rule folders, on findings and on all possible findings."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from hubtriage.authoring.compiler import compile_ruleset, git_revision
from hubtriage.authoring.loaded import LoadResult
from hubtriage.cli.failure import fail
from hubtriage.cli.inputs.findings import end_if_cut_off
from hubtriage.cli.inputs.judging import Source, judge_all, named
from hubtriage.cli.inputs.live_options import LiveSource, live_options
from hubtriage.cli.inputs.rules import demand_folder, rule_errors_shown, selected
from hubtriage.cli.options import now_option, processes_option, settings_options
from hubtriage.cli.project import rule_selection, rules_folder
from hubtriage.cli.views.diff.proof import changes_record
from hubtriage.cli.views.diff.report import markdown, text
from hubtriage.engine.planning.plan import Settings
from hubtriage.engine.ruleset.ruleset import load_ruleset
from hubtriage.proof.changes import RulesetChanges
from hubtriage.simulation.backtest.judge import Task
from hubtriage.simulation.backtest.report import ReportSource
from hubtriage.simulation.diff import diff_of, examples_by_rule
from hubtriage.simulation.inputs.problems import Problems
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
    """Prove and count what changes between two rule folders.

    Nothing is sent. For each edited rule, the command proves whether it acts on the same findings, on more,
    or on fewer. It shows a finding on which the two versions differ. It does so for what all rules together
    hide, too. With --against, OLD is left out, and NEW too if it is the folder `rules`.

    With FINDINGS, which is what `backtest` takes, the command also counts. It first applies OLD to each
    finding, then NEW to the result, and shows what NEW changes or takes back. With --live, leave FINDINGS
    out: the command reads them from Security Hub, into the cache that `backtest` uses.

    Exit codes: 0 nothing changes; 1 something does, or that it does not is not proved; 2 wrong usage, rules
    with errors, or input as for `backtest`.
    """
    old, new, findings = _sources(sources, against, live)
    with _old_folder(old, new, against) as (folder, name, revision):
        old_revision = revision if against else git_revision(folder)
        old_document = _compiled(folder, old_revision, _selected_of_old)
    new_document = _compiled(new, git_revision(new), selected)
    proof = changes_record(RulesetChanges(load_ruleset(old_document), load_ruleset(new_document), now))
    report: dict[str, Any] = {"proof": proof, "differs": proof["differs"]}
    problems = Problems()
    if findings is not None:
        tally = judge_all(findings, Task(new_document, now, settings, old_document, EXAMPLES), processes)
        source = ReportSource(named(findings), new.as_posix())
        counted = diff_of(tally, source, name, examples_by_rule(tally, EXAMPLES))
        report = {**counted, "proof": proof, "differs": counted["differs"] or proof["differs"]}
        problems = tally.problems
    click.echo("\n".join(_RENDER["json" if as_json else shape](report)))
    end_if_cut_off(problems)
    if report["differs"]:
        raise SystemExit(1)


def _json(report: Mapping[str, Any]) -> Iterator[str]:
    yield json.dumps(report, indent=2)


_RENDER: dict[str, Callable[[Mapping[str, Any]], Iterator[str]]] = {
    "text": text,
    "markdown": markdown,
    "json": _json,
}


_WANTED = "OLD and NEW, and perhaps FINDINGS, or --against REV"


def _sources(
    sources: tuple[str, ...], against: str | None, live: LiveSource | None
) -> tuple[Path | None, Path, Source | None]:
    """Return OLD, NEW and FINDINGS; OLD is None with --against, FINDINGS where none are given."""
    folders = 2 if against is None else 1
    given: tuple[tuple[str, ...], Source | None] = (sources, live)
    if live is None and len(sources) > (folders if against is None else 0):
        given = (sources[:-1], sources[-1])
    paths, findings = given
    if against is None:
        if len(paths) != folders:
            raise click.UsageError(f"give {'OLD and NEW, or --against REV' if live else _WANTED}")
        return Path(paths[0]), Path(paths[1]), findings
    if len(paths) > folders:
        wanted = "NEW" if live else "NEW and FINDINGS, FINDINGS alone, or nothing"
        raise click.UsageError(f"with --against give {wanted}: OLD comes from git")
    return None, Path(paths[0]) if paths else rules_folder(), findings


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


def _compiled(
    folder: Path, revision: str | None, select: Callable[[LoadResult], LoadResult]
) -> dict[str, Any]:
    """Return a rule set, also one without a rule in force: a diff shows what that takes back."""
    demand_folder(folder)
    with rule_errors_shown(exit_code=2):
        return compile_ruleset(folder, revision=revision, allow_empty=True, select=select, keeps_policy=False)


def _selected_of_old(loaded: LoadResult) -> LoadResult:
    """Return the rules that are deployed; the old ones may lack a tag that settings name."""
    selection = rule_selection()
    return loaded if selection is None else selection.select_known(loaded)
