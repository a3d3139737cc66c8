"""`hubtriage lint`: every problem of rule files at once."""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import click

from hubtriage.authoring.checks import pages
from hubtriage.authoring.checks.registry import warnings
from hubtriage.authoring.compiler import is_any_in_force, no_rule_in_force
from hubtriage.authoring.loader import load_rules
from hubtriage.authoring.problems import CODES, Problem, Severity, in_order
from hubtriage.authoring.yaml.tree import YamlDocument, member
from hubtriage.cli.inputs.findings import read_findings
from hubtriage.cli.inputs.paths import folders_of
from hubtriage.cli.options import now_option, paths_argument
from hubtriage.cli.views.lint import FORMATS, LintReport
from hubtriage.simulation.documents import UnreadableInputError
from hubtriage.simulation.findings import Unusable

_MOST_FINDINGS = 1_000  # of those beside the rules; more would make lint wait


def _show_page(context: click.Context, _parameter: click.Parameter, code: str | None) -> None:
    """Print the page of a code and end."""
    if code is not None:
        click.echo(pages.text(code).rstrip("\n"))
        context.exit()


@click.command(name="lint")
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
@now_option
@click.option(
    "--page",
    metavar="CODE",
    type=click.Choice(sorted(CODES)),
    callback=_show_page,
    is_eager=True,
    expose_value=False,
    help="Show what a code means, with examples, and end.",
)
def command(paths: tuple[Path, ...], strict: bool, shape: str, as_json: bool, now: float) -> None:
    """Check rule files: all errors and warnings at once.

    PATH is a folder of rule files, or a file in one; without any it is the folder `rules`. A file is checked
    with the lists, rules and accounts of its folder, and only its own problems are shown.

    Exit codes: 0 clean; 1 errors (with --strict also warnings); 2 wrong usage.
    """
    report = lint(paths, now)
    if said := FORMATS["json" if as_json else shape](report):
        click.echo(said)
    if any(strict or problem.severity is Severity.ERROR for problem in report.problems):
        raise SystemExit(1)


def lint(paths: Sequence[Path], now: float) -> LintReport:
    """Check some folders and files at a time (epoch seconds)."""
    found: list[Problem] = []
    rules = files_read = 0
    with _without_collecting():
        for folder, files in folders_of(paths).items():
            shown = {file.as_posix() for file in files}
            loaded = load_rules(folder)
            every = (*loaded.problems, *warnings(loaded, now, _findings_beside(folder)))
            found += (problem for problem in every if not shown or problem.file in shown)
            if not loaded.problems and not shown and not is_any_in_force(loaded):
                found.append(no_rule_in_force(folder))
            read = [document for document in loaded.documents if not shown or document.file in shown]
            files_read += len(read)
            rules += sum(map(_rules_in, read))
    return LintReport(in_order(found), rules, files_read)


def _findings_beside(folder: Path) -> Callable[[], Sequence[Mapping[str, Any]]]:
    """Return a function for the findings in the folder `findings` beside the rules; few rules want them."""

    @cache
    def read() -> Sequence[Mapping[str, Any]]:
        beside = folder.absolute().parent / "findings"
        try:
            items = list(islice(read_findings(str(beside)), _MOST_FINDINGS)) if beside.is_dir() else []
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
