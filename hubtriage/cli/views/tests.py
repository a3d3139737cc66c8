"""Results of rule tests as text, JSON and a JUnit report."""

import json
from collections.abc import Iterator, Sequence
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

import click

from hubtriage.cli.terminal import is_quiet, is_verbose
from hubtriage.cli.text import counted
from hubtriage.cli.views.explain import field_lines, rule_lines
from hubtriage.simulation.coverage import Coverage
from hubtriage.simulation.ruletests import RuleTestResult

UNTESTED = "rules without a test of a finding that they change, or of one that they leave alone"


def record(
    results: Sequence[RuleTestResult], untested: Sequence[str], coverage: Sequence[Coverage] | None
) -> dict[str, Any]:
    """Return the JSON document."""
    shown = {} if coverage is None else {"coverage": [one.as_record() for one in coverage]}
    return {
        "tests": [result.as_record() for result in results],
        "passed": sum(result.passed for result in results),
        "failed": sum(not result.passed for result in results),
        "without_both_kinds": list(untested),
        **shown,
    }


def text(
    results: Sequence[RuleTestResult], untested: Sequence[str], coverage: Sequence[Coverage] | None
) -> Iterator[str]:
    """Yield the failures as people read them, what no test shows, and the counts."""
    for result in results:
        if not result.passed:
            yield from _failure(result)
        elif is_verbose():
            yield f"{_name(result)}: {click.style('passed', fg='green')}"
    failed = sum(not result.passed for result in results)
    if coverage is not None:
        yield from _coverage(coverage)
    if is_quiet():
        return
    if untested:
        yield f"{UNTESTED}: {', '.join(untested)}"
    yield _total(len(results) - failed, failed)


def _total(passed: int, failed: int) -> str:
    colour = "red" if failed else "green"
    return click.style(f"{passed:,} passed, {failed:,} failed", fg=colour, bold=True)


def _failure(result: RuleTestResult) -> Iterator[str]:
    yield _name(result)
    yield from (f"  {line}" for line in _details(result))


def _name(result: RuleTestResult) -> str:
    place = f"{result.file}:{result.position.line}:{result.position.column}"
    return f"{click.style(place, bold=True)}: {result.rule}: {result.name}"


def _details(result: RuleTestResult) -> Iterator[str]:
    """Yield what is not as expected, and the reasoning behind it."""
    yield from _differences(result)
    yield from rule_lines(result.explained)
    if result.explained.fields:
        yield from field_lines(result.explained)


def _differences(result: RuleTestResult) -> Iterator[str]:
    for one in result.differences:
        yield f"{one.field}: expected {_shown(one.expected)}, got {_shown(one.actual)}"
    yield from result.reasons


def _coverage(coverage: Sequence[Coverage]) -> Iterator[str]:
    for one in coverage:
        if one.missing:
            yield f"{one.file}: {one.rule}: {one.covered} of {one.total} outcomes"
            yield from (f"  {missing}" for missing in one.missing)
        if one.funnel and not one.funnel[-1].left:
            tests = counted(one.tests, "test")
            yield f"{one.file}: {one.rule}: matches no finding of its {tests}; findings left by"
            yield from (f"  {stage.left:>5,}  {stage.condition}" for stage in one.funnel)
    covered, total = sum(one.covered for one in coverage), sum(one.total for one in coverage)
    share = 100 * covered // total if total else 100
    yield f"coverage: {covered} of {total} outcomes of conditions ({share} %)"


def junit(results: Sequence[RuleTestResult]) -> str:
    """Return a report as most CI systems read it: a suite for each file, a case for each test."""
    root = Element("testsuites", name="hubtriage test")
    for file in dict.fromkeys(result.file for result in results):
        cases = [result for result in results if result.file == file]
        failures = sum(not result.passed for result in cases)
        suite = SubElement(root, "testsuite", name=file, tests=str(len(cases)), failures=str(failures))
        for result in cases:
            line = str(result.position.line)
            case = SubElement(
                suite, "testcase", classname=result.rule, name=result.name, file=file, line=line
            )
            if not result.passed:
                first = next(_differences(result))
                failure = SubElement(case, "failure", message=_printable(first))
                failure.text = _printable(click.unstyle("\n".join(_details(result))))
    report: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return report.decode() + "\n"


def _printable(value: str) -> str:
    """Replace control characters, which XML cannot hold, not even escaped."""
    return "".join(char if char.isprintable() or char in "\n\t" else "\ufffd" for char in value)


def _shown(value: Any) -> str:
    return "nothing" if value is None else json.dumps(value)
