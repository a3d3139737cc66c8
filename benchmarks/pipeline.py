"""The triage function around the matcher: parse, match, plan, group, send (to nobody), log."""

from __future__ import annotations

import contextlib
import io
import json
import statistics
from collections.abc import Iterator
from typing import Any

from benchmarks import batches
from benchmarks.engine import REFERENCE_PARSING
from benchmarks.measure import Row, cpu_seconds, parsing_seconds

RULES = 1_000
MESSAGES = 1_000
ROUNDS = 9
BATCH_LIMIT = 1 / 20_000 / REFERENCE_PARSING
EVENT_LIMIT = 1e-3 / REFERENCE_PARSING


def rows() -> Iterator[Row]:
    """Measure a whole batch in which a tenth of the findings changes, and a single event."""
    ruleset = batches.load(RULES)
    findings = batches.mostly_settled(ruleset, MESSAGES)
    event = batches.sqs_event(findings)
    parsing = parsing_seconds([record["body"] for record in event["Records"]])
    api = batches.AcceptingSecurityHub()
    run = batches.function(ruleset, api)
    told = _quietly(run, event)
    calls = api.calls
    seconds = _seconds(run, event) / MESSAGES
    note = f"{1 / seconds:,.0f}/s, {told['FindingsChanged'][0]:.0f} of {MESSAGES} changed, {calls} calls"
    yield Row("batch, a tenth changes", seconds / parsing, "x json.loads", BATCH_LIMIT, note)
    single = statistics.median(
        _seconds(run, batches.sqs_event([finding])) for finding in findings[:: MESSAGES // 20]
    )
    yield Row("one event, warm", single / parsing, "x json.loads", EVENT_LIMIT, f"{single * 1e6:.0f} us")


def _seconds(run: Any, event: dict[str, Any]) -> float:
    with contextlib.redirect_stdout(io.StringIO()):
        return statistics.median(cpu_seconds(lambda: run(event, batches.CONTEXT)) for _ in range(ROUNDS))


def _quietly(run: Any, event: dict[str, Any]) -> dict[str, Any]:
    """Run once and return the batch's metrics."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        answer = run(event, batches.CONTEXT)
    assert answer == {"batchItemFailures": []}, answer
    lines = map(json.loads, output.getvalue().splitlines())
    return next(line for line in lines if "FindingsReceived" in line)
