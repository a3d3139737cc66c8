"""`hubtriage lint`: every problem of rule files at once."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from hubtriage.authoring.loader import load_rules
from hubtriage.authoring.problems import Problem, Severity, in_order
from hubtriage.cli.paths import folders_of, paths_argument


@click.command(name="lint")
@paths_argument
@click.option("--strict", is_flag=True, help="Count warnings as errors.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document: problems and counts.")
def command(paths: tuple[Path, ...], strict: bool, as_json: bool) -> None:
    """Check rule files: all errors and warnings of all files at once.

    PATH is a folder of rule files, or a file in one; without any it is the folder `rules`. A file is checked
    with the lists and accounts of its folder, and only its own problems are shown.

    Exit codes: 0 clean; 1 errors (with --strict also warnings); 2 wrong usage.
    """
    problems = find_problems(paths)
    click.echo(json.dumps(record(problems), indent=2) if as_json else text(problems))
    if any(strict or problem.severity is Severity.ERROR for problem in problems):
        raise SystemExit(1)


def find_problems(paths: Sequence[Path]) -> tuple[Problem, ...]:
    """The problems of some folders and files, by place."""
    found: list[Problem] = []
    for folder, files in folders_of(paths).items():
        shown = {file.as_posix() for file in files}
        found += (problem for problem in load_rules(folder).problems if not shown or problem.file in shown)
    return in_order(found)


def record(problems: Sequence[Problem]) -> dict[str, object]:
    """The JSON document."""
    return {"problems": [problem.as_record() for problem in problems], **_counts(problems)}


def text(problems: Sequence[Problem]) -> str:
    """The problems as people read them, and how many there are."""
    counts = _counts(problems)
    told = ", ".join(_number(counts[name], name[:-1]) for name in ("errors", "warnings") if counts[name])
    return "\n".join([*(problem.render() for problem in problems), told or "no problems"])


def _counts(problems: Iterable[Problem]) -> dict[str, int]:
    severities = [problem.severity for problem in problems]
    return {"errors": severities.count(Severity.ERROR), "warnings": severities.count(Severity.WARNING)}


def _number(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
