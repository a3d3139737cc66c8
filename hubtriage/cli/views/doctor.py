"""Results of `hubtriage doctor` as people and programs read them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import click

from hubtriage.cli.text import quoted
from hubtriage.doctor.account import Identity
from hubtriage.doctor.verdict import STATUSES, CheckResult, counted

_COLOURS = {"ok": "green", "warning": "yellow", "problem": "red", "unchecked": "cyan"}
_STATUS_WIDTH = max(map(len, STATUSES)) + 2
_TITLE_WIDTH = 20
_INDENT = " " * (_STATUS_WIDTH + _TITLE_WIDTH)


def heading(identity: Identity, stack: str, target: str | None = None) -> str:
    """Return where the examination takes place; `target` is the name of one among several."""
    place = f"account {identity.account}, {identity.region}, stack {stack}"
    return click.style(place if target is None else f"target {target}: {place}", bold=True)


def text(result: CheckResult) -> Iterator[str]:
    """Yield a result for people: what was seen, details, and what to do."""
    verdict = result.verdict
    status = click.style(f"{verdict.status:<{_STATUS_WIDTH}}", fg=_COLOURS[verdict.status])
    yield f"{status}{result.title:<{_TITLE_WIDTH}}{quoted(verdict.seen)}"
    for detail in verdict.details:
        yield f"{_INDENT}- {quoted(detail)}"
    if verdict.advice:
        yield f"{_INDENT}do: {quoted(verdict.advice)}"


def summary(results: Sequence[CheckResult]) -> str:
    """Return how many results of each status there are."""
    counts = _counts(results)
    return "\n" + ", ".join(_number(count, status) for status, count in counts.items() if count)


def _number(count: int, status: str) -> str:
    return counted(count, status) if status in ("warning", "problem") else f"{count} {status}"


def as_record(identity: Identity, stack: str, results: Sequence[CheckResult]) -> dict[str, Any]:
    """Return the whole examination, JSON-ready."""
    return {
        "account": identity.account,
        "region": identity.region,
        "caller": identity.arn,
        "stack": stack,
        "checks": [result.as_record() for result in results],
        "counts": _counts(results),
    }


def _counts(results: Sequence[CheckResult]) -> dict[str, int]:
    counted = Counter(result.verdict.status for result in results)
    return {status: counted[status] for status in STATUSES}  # type: ignore[index]
