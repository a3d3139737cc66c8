"""Problems of rule files as text, JSON, annotations of GitHub, and SARIF."""

import difflib
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from hubtriage.authoring.checks import pages
from hubtriage.authoring.excerpt import printable
from hubtriage.authoring.fixing import FixedFile
from hubtriage.authoring.problems import CODES, Fix, Problem, Severity
from hubtriage.cli.problems import problem_lines
from hubtriage.cli.terminal import is_quiet
from hubtriage.cli.text import counted, quoted

_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


@dataclass(frozen=True, slots=True)
class LintReport:
    """The problems, by place, and how many rules and files were read."""

    problems: tuple[Problem, ...]
    rules: int
    files: int

    def without_fixes(self, *, unsafe: bool) -> "LintReport":
        """Return the report after fixing: what is left of these fixes does not do what it says."""
        left = (
            replace(one, fix=None) if one.fix and (unsafe or not one.fix.unsafe) else one
            for one in self.problems
        )
        return replace(self, problems=tuple(left))


def text(report: LintReport) -> str:
    """Return the problems as people read them, each with its page, and how many there are in how much."""
    lines = [line for problem in report.problems for line in _problem(problem)]
    return "\n".join(lines if is_quiet() else [*lines, _total(report), *_fixable(report)])


def _problem(problem: Problem) -> Iterator[str]:
    yield from problem_lines(problem, sys.stdout)
    if problem.fix:
        yield f"  {click.style(f'{_kind_of(problem.fix)}:', fg='cyan')} {printable(problem.fix.words)}"
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


def _kind_of(fix: Fix) -> str:
    return "unsafe fix" if fix.unsafe else "fix"


def _fixable(report: LintReport) -> Iterator[str]:
    """Yield a line that says how many of the problems commands can fix, if any."""
    fixes = [problem.fix for problem in report.problems if problem.fix]
    unsafe = sum(fix.unsafe for fix in fixes)
    with_safe = f"{len(fixes) - unsafe} with --fix" if len(fixes) > unsafe else ""
    with_unsafe = f"{unsafe} with --fix --unsafe-fixes" if unsafe else ""
    if fixes:
        yield f"fixable: {', '.join(filter(None, (with_safe, with_unsafe)))}"


def as_json(report: LintReport) -> str:
    """Return one JSON document: problems and counts."""
    records = [{**problem.as_record(), "page": pages.link(problem.code)} for problem in report.problems]
    counts = {**_counts(report.problems), "rules": report.rules, "files": report.files}
    return json.dumps({"problems": records, **counts}, indent=2)


def github(report: LintReport) -> str:
    """Return workflow commands: GitHub Actions shows them next to the lines of a pull request."""
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
    result: dict[str, Any] = {
        "ruleId": problem.code,
        "ruleIndex": index,
        "level": problem.severity.value,
        "message": {"text": words},
        "locations": [{"physicalLocation": location}],
    }
    if problem.fix:
        result["fixes"] = [_sarif_fix(problem.file, problem.fix)]
    return result


def _sarif_fix(file: str, fix: Fix) -> dict[str, Any]:
    region = {
        "startLine": fix.start.line,
        "startColumn": fix.start.column,
        "endLine": fix.end.line,
        "endColumn": fix.end.column,
    }
    replacement = {"deletedRegion": region, "insertedContent": {"text": fix.replacement}}
    change = {"artifactLocation": {"uri": _uri(file)}, "replacements": [replacement]}
    return {"description": {"text": f"{_kind_of(fix)}: {fix.words}"}, "artifactChanges": [change]}


def _uri(file: str) -> str:
    """Return a reference as RFC 3986 writes it; SARIF wants it relative to the checkout."""
    return Path(file).as_uri() if Path(file).is_absolute() else quote(file)


def _counts(problems: Iterable[Problem]) -> dict[str, int]:
    severities = [problem.severity for problem in problems]
    return {"errors": severities.count(Severity.ERROR), "warnings": severities.count(Severity.WARNING)}


_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def fix_diff(files: Iterable[FixedFile]) -> Iterator[str]:
    """Yield the lines of a unified diff of what fixes change, with colours for a terminal."""
    for file in files:
        name = file.path.as_posix()
        before, after = (content.decode("utf-8-sig").splitlines() for content in (file.before, file.after))
        for line in difflib.unified_diff(before, after, name, name, lineterm=""):
            yield click.style(quoted(line), fg=_COLOURS.get(line[:1]))


def counted_fixes(files: Sequence[FixedFile]) -> str:
    """Return how many problems in how many files fixes mend."""
    return f"{counted(sum(len(file.fixes) for file in files), 'problem')} in {counted(len(files), 'file')}"


FORMATS: Mapping[str, Callable[[LintReport], str]] = {
    "text": text,
    "json": as_json,
    "github": github,
    "sarif": sarif,
}
