"""`hubtriage test`: the tests that stand in the rule files."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from hubtriage.authoring.loaded import LoadResult
from hubtriage.cli.common_options import verbose_option
from hubtriage.cli.inputs.paths import folders_of
from hubtriage.cli.inputs.rules import loaded_rules
from hubtriage.cli.locations import Location
from hubtriage.cli.options import paths_argument
from hubtriage.cli.output import write_file
from hubtriage.cli.progress import progress_bar
from hubtriage.cli.targets.option import target_option
from hubtriage.cli.terminal import print_lines
from hubtriage.cli.views.tests import junit, record, text
from hubtriage.simulation.coverage import Coverage, coverage_of
from hubtriage.simulation.ruletests import RuleTestResult, run_tests


@dataclass(slots=True)
class RuleTestRun:
    """Results of all tests, the rules that lack a test of either kind, and coverage by rule."""

    results: list[RuleTestResult] = field(default_factory=list)
    untested: list[str] = field(default_factory=list)
    coverage: list[Coverage] = field(default_factory=list)


@click.command(name="test")
@target_option
@paths_argument
@click.option(
    "-k",
    "wanted",
    default="",
    metavar="TEXT",
    help="Only tests whose `rule: name` contains TEXT, in any case.",
)
@click.option(
    "--coverage", is_flag=True, help="Show conditions that were never true, or never false, in a test."
)
@click.option(
    "--require-tests",
    is_flag=True,
    help="Also fail if a rule lacks a test of a finding that it changes or does not change.",
)
@click.option(
    "--junit", "report", type=Location(path_type=Path, dir_okay=False), help="Write a JUnit report here."
)
@verbose_option
@click.option("--json", "as_json", is_flag=True, help="One JSON document: verdicts, rules without tests.")
def command(
    paths: tuple[Path, ...],
    wanted: str,
    coverage: bool,
    require_tests: bool,
    report: Path | None,
    as_json: bool,
) -> None:
    """Run the tests in the rule files.

    Each test checks what its own rule does, alone, as if its mode were enforce. PATH is a folder of rule
    files, or a file in one; the default is the folder `rules`.

    Exit codes: 0 all passed; 1 a test failed, the rules have errors, or (with --require-tests) a rule lacks a
    test of either kind; 2 wrong usage.
    """
    run = run_all(paths, wanted)
    if wanted and not run.results:
        raise click.UsageError(f"no test has {wanted!r} in its rule and name")
    if report is not None:
        write_file(report, junit(run.results))
    shown = run.coverage if coverage else None
    if as_json:
        click.echo(json.dumps(record(run.results, run.untested, shown), indent=2))
    else:
        print_lines(text(run.results, run.untested, shown))
    if not all(result.passed for result in run.results) or (require_tests and run.untested):
        raise SystemExit(1)


def run_all(paths: Sequence[Path], wanted: str = "") -> RuleTestRun:
    """Run the tests of some folders and files; end with 1 if a folder has errors."""
    run = RuleTestRun()
    for folder, files in folders_of(paths).items():
        loaded = loaded_rules(folder)
        shown = {file.as_posix() for file in files}
        results = [one for one in _watched(run_tests(loaded, wanted)) if not shown or one.file in shown]
        run.results += results
        run.untested += _untested(loaded, results, shown) if not wanted else []
        run.coverage += (one for one in coverage_of(loaded, results) if not shown or one.file in shown)
    return run


def _watched(results: Iterator[RuleTestResult]) -> Iterator[RuleTestResult]:
    """Yield the same results; show on a terminal how many there are so far."""
    with progress_bar("testing") as progress:
        for count, result in enumerate(results, 1):
            progress.show(f"{count:,} tests")
            yield result


def _untested(loaded: LoadResult, results: Sequence[RuleTestResult], shown: set[str]) -> list[str]:
    """Return the rules without a finding that they change, or without one that they leave alone."""
    changes = {result.rule for result in results if result.expects_change}
    leaves = {result.rule for result in results if not result.expects_change}
    rules = [rule for rule in loaded.rules if not shown or rule.document.file in shown]
    return [rule.id for rule in rules if not (rule.id in changes and rule.id in leaves)]
