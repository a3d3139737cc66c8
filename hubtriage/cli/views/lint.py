"""Problems of rule files as text, JSON, annotations of GitHub, and SARIF."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from hubtriage.authoring.checks import pages
from hubtriage.authoring.problems import CODES, Problem, Severity
from hubtriage.cli.terminal import is_quiet
from hubtriage.cli.text import counted
from hubtriage.cli.views.problems import problem_lines

_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


@dataclass(frozen=True, slots=True)
class LintReport:
    """The problems, by place, and how many rules and files were read."""

    problems: tuple[Problem, ...]
    rules: int
    files: int


def text(report: LintReport) -> str:
    """Return the problems as people read them, each with its page, and how many there are in how much."""
    lines = [line for problem in report.problems for line in _problem(problem)]
    return "\n".join(lines if is_quiet() else [*lines, _total(report)])


def _problem(problem: Problem) -> Iterator[str]:
    yield from problem_lines(problem, sys.stdout)
    yield f"  {click.style('page:', fg='cyan')} {pages.command(problem.code)}"


def _total(report: LintReport) -> str:
    counts, colours = _counts(report.problems), {"errors": "red", "warnings": "yellow"}
    found = [
        click.style(counted(counts[name], name[:-1]), fg=colour, bold=True)
        for name, colour in colours.items()
        if counts[name]
    ]
    read = f"{counted(report.rules, 'rule')} in {counted(report.files, 'file')}"
    return f"{read}: {', '.join(found) or click.style('no problems', fg='green', bold=True)}"


def as_json(report: LintReport) -> str:
    """Return one JSON document: problems and counts."""
    records = [{**problem.as_record(), "page": pages.link(problem.code)} for problem in report.problems]
    counts = {**_counts(report.problems), "rules": report.rules, "files": report.files}
    return json.dumps({"problems": records, **counts}, indent=2)


def github(report: LintReport) -> str:
    """Return workflow commands: GitHub Actions shows them beside the lines of a pull request."""
    return "\n".join(map(_annotation, report.problems))


def _annotation(problem: Problem) -> str:
    place = problem.position
    properties = {
        "file": problem.file,
        "line": str(place.line),
        "col": str(place.column),
        "title": f"{problem.code} {problem.name}",
    }
    pairs = ",".join(f"{name}={_escaped(value, ':,')}" for name, value in properties.items())
    hint = f"\nhint: {problem.hint}" if problem.hint else ""
    words = f"{problem.message}{hint}\npage: {pages.command(problem.code)}"
    return f"::{problem.severity} {pairs}::{_escaped(words)}"


def _escaped(value: str, others: str = "") -> str:
    """Write %, line ends and, in properties, colons and commas as %XX, as GitHub wants it."""
    for char in "%\r\n" + others:
        value = value.replace(char, f"%{ord(char):02X}")
    return value


def sarif(report: LintReport) -> str:
    """Return a SARIF 2.1.0 log, which code scanning services read."""
    problems = report.problems
    codes = sorted({problem.code for problem in problems})
    driver = {"name": "hubtriage", "version": version("hubtriage"), "rules": [_rule(code) for code in codes]}
    results = [_result(problem, codes.index(problem.code)) for problem in problems]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(code: str) -> dict[str, Any]:
    page = pages.text(code)
    return {
        "id": code,
        "name": CODES[code],
        "shortDescription": {"text": CODES[code].replace("-", " ")},
        "help": {"text": page, "markdown": page},
    }


def _result(problem: Problem, index: int) -> dict[str, Any]:
    region = {"startLine": problem.position.line, "startColumn": problem.position.column}
    words = problem.message + (f" (hint: {problem.hint})" if problem.hint else "")
    location = {"artifactLocation": {"uri": _uri(problem.file)}, "region": region}
    return {
        "ruleId": problem.code,
        "ruleIndex": index,
        "level": problem.severity.value,
        "message": {"text": words},
        "locations": [{"physicalLocation": location}],
    }


def _uri(file: str) -> str:
    """Return a reference as RFC 3986 writes it; SARIF wants it relative to the checkout."""
    return Path(file).as_uri() if Path(file).is_absolute() else quote(file)


def _counts(problems: Iterable[Problem]) -> dict[str, int]:
    severities = [problem.severity for problem in problems]
    return {"errors": severities.count(Severity.ERROR), "warnings": severities.count(Severity.WARNING)}


FORMATS: Mapping[str, Callable[[LintReport], str]] = {
    "text": text,
    "json": as_json,
    "github": github,
    "sarif": sarif,
}
