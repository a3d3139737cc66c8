"""`hubtriage test`: the tests that stand in the rule files."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from hubtriage.authoring.loader import LoadResult, load_rules
from hubtriage.authoring.problems import RuleErrors
from hubtriage.cli.inputs.paths import folders_of
from hubtriage.cli.inputs.stream import progress_bar
from hubtriage.cli.options import paths_argument
from hubtriage.cli.views.tests import junit, record, text
from hubtriage.simulation.coverage import Coverage, coverage_of
from hubtriage.simulation.ruletests import RuleTestResult, run_tests


@dataclass(slots=True)
class Outcome:
    """What came of all tests: verdicts, the rules that lack a test of either kind, coverage by rule."""

    verdicts: list[RuleTestResult] = field(default_factory=list)
    untested: list[str] = field(default_factory=list)
    coverage: list[Coverage] = field(default_factory=list)


@click.command(name="test")
@paths_argument
@click.option(
    "-k",
    "wanted",
    default="",
    metavar="TEXT",
    help="Only tests whose `rule: name` contains TEXT, in any case.",
)
@click.option("--coverage", is_flag=True, help="Show which conditions no test has seen hold, or fail.")
@click.option("--require-tests", is_flag=True, help="Fail too if a rule lacks a test of either kind.")
@click.option(
    "--junit", "report", type=click.Path(path_type=Path, dir_okay=False), help="Write a JUnit report here."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document: verdicts, rules without tests.")
def command(
    paths: tuple[Path, ...],
    wanted: str,
    coverage: bool,
    require_tests: bool,
    report: Path | None,
    as_json: bool,
) -> None:
    """Run the tests that stand in the rule files.

    Each test asks what its own rule does, alone, as if its mode were enforce. PATH is a folder of rule
    files, or a file in one; without any it is the folder `rules`.

    Exit codes: 0 all passed; 1 a test failed, the rules have errors, or (with --require-tests) a rule lacks a
    finding that it changes or one that it leaves alone; 2 wrong usage.
    """
    try:
        outcome = run(paths, wanted)
    except RuleErrors as errors:
        click.echo(str(errors), err=True)
        raise SystemExit(1) from errors
    if wanted and not outcome.verdicts:
        raise click.UsageError(f"no test has {wanted!r} in its rule and name")
    if report is not None:
        report.write_text(junit(outcome.verdicts), encoding="utf-8")
    shown = outcome.coverage if coverage else None
    if as_json:
        click.echo(json.dumps(record(outcome.verdicts, outcome.untested, shown), indent=2))
    else:
        click.echo("\n".join(text(outcome.verdicts, outcome.untested, shown)))
    if not all(verdict.passed for verdict in outcome.verdicts) or (require_tests and outcome.untested):
        raise SystemExit(1)


def run(paths: Sequence[Path], wanted: str = "") -> Outcome:
    """Run the tests of some folders and files. Raises RuleErrors if a folder has errors."""
    outcome = Outcome()
    for folder, files in folders_of(paths).items():
        loaded = load_rules(folder)
        if loaded.errors:
            raise RuleErrors(loaded.errors)
        shown = {file.as_posix() for file in files}
        ran = [one for one in _watched(run_tests(loaded, wanted)) if not shown or one.file in shown]
        outcome.verdicts += ran
        outcome.untested += _untested(loaded, ran, shown) if not wanted else []
        outcome.coverage += (one for one in coverage_of(loaded, ran) if not shown or one.file in shown)
    return outcome


def _watched(verdicts: Iterator[RuleTestResult]) -> Iterator[RuleTestResult]:
    """The same verdicts; on a terminal it shows how many there are so far."""
    with progress_bar("testing") as progress:
        for count, verdict in enumerate(verdicts, 1):
            progress.show(f"{count:,} tests")
            yield verdict


def _untested(loaded: LoadResult, verdicts: Sequence[RuleTestResult], shown: set[str]) -> list[str]:
    """Rules without a finding that they change, or without one that they leave alone."""
    changes = {verdict.rule for verdict in verdicts if verdict.expects_change}
    leaves = {verdict.rule for verdict in verdicts if not verdict.expects_change}
    rules = [rule for rule in loaded.rules if not shown or rule.document.file in shown]
    return [rule.id for rule in rules if not (rule.id in changes and rule.id in leaves)]
