"""`hubtriage test`: the tests that stand in the rule files."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from hubtriage.authoring.loader import LoadResult, load_rules
from hubtriage.authoring.problems import RuleErrors
from hubtriage.authoring.ruletests import Verdict, run_tests
from hubtriage.cli.paths import folders_of, paths_argument


@click.command(name="test")
@paths_argument
@click.option("-k", "wanted", default="", metavar="TEXT", help="Only tests whose `rule: name` contains TEXT.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document: verdicts, rules without tests.")
def command(paths: tuple[Path, ...], wanted: str, as_json: bool) -> None:
    """Run the tests that stand in the rule files.

    Each test asks what its own rule does, alone, as if its mode were enforce. PATH is a folder of rule
    files, or a file in one; without any it is the folder `rules`.

    Exit codes: 0 all passed; 1 a test failed, or the rules have errors; 2 wrong usage.
    """
    try:
        verdicts, untested = run(paths, wanted)
    except RuleErrors as errors:
        click.echo(str(errors), err=True)
        raise SystemExit(1) from errors
    if wanted and not verdicts:
        raise click.UsageError(f"no test has {wanted!r} in its rule and name")
    told = (
        json.dumps(record(verdicts, untested), indent=2) if as_json else "\n".join(text(verdicts, untested))
    )
    click.echo(told)
    if not all(verdict.passed for verdict in verdicts):
        raise SystemExit(1)


def run(paths: Sequence[Path], wanted: str = "") -> tuple[list[Verdict], list[str]]:
    """The verdicts of some folders and files, and the rules that lack a test of either kind.

    Raises RuleErrors if a folder has errors.
    """
    verdicts: list[Verdict] = []
    untested: list[str] = []
    for folder, files in folders_of(paths).items():
        loaded = load_rules(folder)
        if loaded.errors:
            raise RuleErrors(loaded.errors)
        shown = {file.as_posix() for file in files}
        ran = [one for one in run_tests(loaded, wanted) if not shown or one.file in shown]
        verdicts += ran
        untested += _untested(loaded, ran, shown) if not wanted else []
    return verdicts, untested


def _untested(loaded: LoadResult, verdicts: Sequence[Verdict], shown: set[str]) -> list[str]:
    """Rules without a finding that they change, or without one that they leave alone."""
    changes = {verdict.rule for verdict in verdicts if verdict.expects_change}
    leaves = {verdict.rule for verdict in verdicts if not verdict.expects_change}
    rules = [rule for rule in loaded.rules if not shown or rule.document.file in shown]
    return [rule.id for rule in rules if not (rule.id in changes and rule.id in leaves)]


def record(verdicts: Sequence[Verdict], untested: Sequence[str]) -> dict[str, Any]:
    """The JSON document."""
    return {
        "tests": [verdict.as_record() for verdict in verdicts],
        "passed": sum(verdict.passed for verdict in verdicts),
        "failed": sum(not verdict.passed for verdict in verdicts),
        "without_both_kinds": list(untested),
    }


def text(verdicts: Sequence[Verdict], untested: Sequence[str]) -> Iterator[str]:
    """The failures as people read them, and the counts."""
    for verdict in verdicts:
        if not verdict.passed:
            yield from _failure(verdict)
    failed = sum(not verdict.passed for verdict in verdicts)
    if untested:
        yield f"without a test that changes and one that does not: {', '.join(untested)}"
    yield f"{len(verdicts) - failed} passed, {failed} failed"


def _failure(verdict: Verdict) -> Iterator[str]:
    yield f"{verdict.file}:{verdict.position.line}:{verdict.position.column}: {verdict.rule}: {verdict.name}"
    for difference in verdict.differences:
        yield f"  {difference.field}: expected {_shown(difference.expected)}, got {_shown(difference.actual)}"
    for reason in verdict.reasons:
        yield f"  {reason}"


def _shown(value: Any) -> str:
    return "nothing" if value is None else json.dumps(value)
