"""`hubtriage lint`: every problem of rule files at once."""

import gc
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import click

from hubtriage.authoring.checks import pages
from hubtriage.authoring.checks.registry import warnings
from hubtriage.authoring.compiler import is_any_in_force, no_rule_in_force, policy_problems
from hubtriage.authoring.fixing import FixedFile, fixed_files
from hubtriage.authoring.loader import load_rules
from hubtriage.authoring.problems import CODES, Problem, Severity, in_order
from hubtriage.authoring.yaml.tree import YamlDocument, member
from hubtriage.cli import project
from hubtriage.cli.failure import UNUSABLE, fail
from hubtriage.cli.inputs import deliveries
from hubtriage.cli.inputs.findings import read_findings
from hubtriage.cli.inputs.paths import folders_of
from hubtriage.cli.options import hubs_option_of, now_option, paths_argument
from hubtriage.cli.output import NotWrittenError, Replacement, replace_files
from hubtriage.cli.targets.option import target_option
from hubtriage.cli.terminal import note
from hubtriage.cli.views.lint import FORMATS, LintReport, counted_fixes, fix_diff
from hubtriage.simulation.inputs.documents import UnreadableInputError
from hubtriage.simulation.inputs.findings import Unusable
from hubtriage.simulation.inputs.problems import Problems

_MOST_FINDINGS = 1_000  # of those beside the rules; more would make lint wait


def _show_page(context: click.Context, _parameter: click.Parameter, code: str | None) -> None:
    """Print the page of a code and end."""
    if code is not None:
        click.echo(pages.text(code).rstrip("\n"))
        context.exit()


@click.command(name="lint")
@target_option
@paths_argument
@click.option("--strict", is_flag=True, help="Count warnings as errors.")
@click.option(
    "--format",
    "shape",
    type=click.Choice(sorted(FORMATS)),
    default="text",
    show_default=True,
    help="github: annotations on a pull request; sarif: for code scanning.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--fix", is_flag=True, help="Fix what has only one possible fix, show it, report the rest.")
@click.option("--diff", is_flag=True, help="Only show what --fix would change.")
@click.option(
    "--unsafe-fixes",
    "unsafe",
    is_flag=True,
    help="With --fix or --diff: also fixes that let a rule match more findings.",
)
@hubs_option_of("The hub that the rules are for: v2 and both also report what they cannot see or set there.")
@now_option
@click.option(
    "--page",
    metavar="CODE",
    type=click.Choice(sorted(CODES)),
    callback=_show_page,
    is_eager=True,
    expose_value=False,
    help="Show what a code means, with examples, and exit.",
)
def command(
    paths: tuple[Path, ...],
    strict: bool,
    shape: str,
    as_json: bool,
    fix: bool,
    diff: bool,
    unsafe: bool,
    hubs: tuple[str, ...],
    now: float,
) -> None:
    """Check rule files: all errors and warnings at once.

    PATH is a folder of rule files, or a file in one; the default is the folder `rules`. A file is checked
    with the lists, rules and accounts of its folder, and only its own problems are shown.

    --fix corrects quotes, brackets, `and` and names if only one correction is possible. It keeps comments
    and the rest of the file. Unsafe fixes turn a value with a star into a wildcard.

    Exit codes: 0 clean, or nothing to change with --diff; 1 errors, warnings with --strict, or changes with
    --diff; 2 wrong usage, or a file cannot be written.
    """
    shape = "json" if as_json else shape
    _refuse_contradictions(shape, fix=fix, diff=diff, unsafe=unsafe)
    if diff:
        _show_fixes(paths, unsafe=unsafe)
        return
    if fix:
        _write_fixes(paths, unsafe=unsafe, is_shown=shape == "text")
    report = lint(paths, now, hubs)
    if fix:
        report = report.without_fixes(unsafe=unsafe)
    if said := FORMATS[shape](report):
        click.echo(said)
    if any(strict or problem.severity is Severity.ERROR for problem in report.problems):
        raise SystemExit(1)


def _refuse_contradictions(shape: str, *, fix: bool, diff: bool, unsafe: bool) -> None:
    if fix and diff:
        raise click.UsageError("--fix writes and --diff does not: choose one")
    if unsafe and not fix and not diff:
        raise click.UsageError("--unsafe-fixes goes with --fix or --diff")
    if diff and shape != "text":
        raise click.UsageError(f"a diff is text: leave out --format {shape}, which lists the fixes itself")


def _show_fixes(paths: Sequence[Path], *, unsafe: bool) -> None:
    """Print what would change; exit with 1 if anything would."""
    files = [file for _folder, some in _fixes(paths, unsafe=unsafe) for file in some]
    for line in fix_diff(files):
        click.echo(line)
    note(f"would fix {counted_fixes(files)}" if files else "nothing to fix")
    if files:
        raise SystemExit(1)


def _write_fixes(paths: Sequence[Path], *, unsafe: bool, is_shown: bool) -> None:
    """Write what can be mended, after showing it: all files, or none if one cannot be written."""
    found = [(folder, file) for folder, files in _fixes(paths, unsafe=unsafe) for file in files]
    files = [file for _folder, file in found]
    for line in fix_diff(files) if is_shown else ():
        click.echo(line)
    try:
        replace_files([Replacement(file.path, folder, file.before, file.after) for folder, file in found])
    except NotWrittenError as error:
        fail(str(error), "no file was changed", exit_code=UNUSABLE)
    if files:
        note(f"fixed {counted_fixes(files)}")


def _fixes(paths: Sequence[Path], *, unsafe: bool) -> Iterator[tuple[Path, tuple[FixedFile, ...]]]:
    for folder, files in folders_of(paths).items():
        yield folder, fixed_files(folder, frozenset(file.as_posix() for file in files), unsafe=unsafe)


def lint(paths: Sequence[Path], now: float, hubs: Container[str]) -> LintReport:
    """Check some folders and files at a time (epoch seconds), for one hub or both."""
    found: list[Problem] = []
    rules = files_read = 0
    with _without_collecting():
        for folder, files in folders_of(paths).items():
            shown = {file.as_posix() for file in files}
            loaded = load_rules(folder)
            every = (
                *loaded.problems,
                *policy_problems(loaded, now),
                *deliveries.problems(loaded),
                *warnings(
                    loaded,
                    now,
                    _findings_beside(folder),
                    project.notified_owners(),
                    hubs,
                    deliveries.routes(),
                ),
            )
            found += (problem for problem in every if not shown or problem.file in shown)
            if not loaded.problems and not shown and not is_any_in_force(loaded):
                found.append(no_rule_in_force(folder))
            if not shown:
                found += deliveries.problems_of_routes(folder, loaded)
            read = [document for document in loaded.documents if not shown or document.file in shown]
            files_read += len(read)
            rules += sum(map(_rules_in, read))
    return LintReport(in_order(found), rules, files_read)


def _findings_beside(folder: Path) -> Callable[[], Sequence[Mapping[str, Any]]]:
    """Return a function for the findings in the folder `findings` next to the rules; few rules want them."""

    @cache
    def read() -> Sequence[Mapping[str, Any]]:
        beside = folder.absolute().parent / "findings"
        try:
            found = read_findings(str(beside), Problems()) if beside.is_dir() else ()
            items = list(islice(found, _MOST_FINDINGS))
        except UnreadableInputError:
            return ()
        return [item.finding for item in items if not isinstance(item, Unusable)]

    return read


def _rules_in(document: YamlDocument) -> int:
    rules = member(document.value, "rules")
    return len(rules) if isinstance(rules, list) else 0


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Stop the search for cycles: files make many objects and none, and it takes a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
