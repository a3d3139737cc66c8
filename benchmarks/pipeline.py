"""The triage function around the matcher: parse, recall, match, plan, group, record, send, log.

Security Hub and the ledger are stand-ins in this process, so no time goes into AWS's client.
"""

from __future__ import annotations

import contextlib
import io
import json
import statistics
from collections.abc import Iterator
from typing import Any

from benchmarks import batches
from benchmarks.engine import REFERENCE_PARSING
from benchmarks.measure import Figure, Scale, cpu_seconds, parsing_seconds
from hubtriage.engine.ruleset.ruleset import Ruleset

BATCH_LIMIT = 2.9
EVENT_LIMIT = 1e-3 / REFERENCE_PARSING


def figures(scale: Scale) -> Iterator[Figure]:
    """Measure whole batches in which a tenth of the findings changes, and a single event."""
    rules, messages = scale.batch
    ruleset = batches.load(rules)
    for known, limit in ((0.3, BATCH_LIMIT), (0.9, None)):
        mixed = batches.mostly_settled(ruleset, messages, known=known)
        event = batches.sqs_event(mixed.findings)
        parsing = parsing_seconds([record["body"] for record in event["Records"]], scale.rounds)
        metrics, calls = _reported(ruleset, event, mixed.items)
        seconds = _seconds(ruleset, event, mixed.items, scale.rounds) / messages
        changed = metrics["FindingsChanged"][0]
        shares = f"{changed:.0f} of {messages} changed in {calls} calls, {len(mixed.items)} known"
        name = f"batch, a tenth changes, {known:.0%} known"
        yield Figure(name, seconds / parsing, "x json.loads", limit, f"{1 / seconds:,.0f}/s, {shares}")
    single = statistics.median(
        _seconds(ruleset, batches.sqs_event([finding]), mixed.items, scale.rounds)
        for finding in mixed.findings[:: max(1, messages // 20)]
    )
    yield Figure("one event, warm", single / parsing, "x json.loads", EVENT_LIMIT, f"{single * 1e6:.0f} us")


def _seconds(ruleset: Ruleset, event: dict[str, Any], items: batches.Items, rounds: int) -> float:
    """Return the median CPU time of a warm function for an event that it has not seen before.

    One that comes again is read again from Security Hub: so every round has a function of its own, warmed by
    a batch without messages.
    """
    runs = [batches.function(ruleset, batches.AcceptingSecurityHub(), items) for _ in range(rounds)]
    with contextlib.redirect_stdout(io.StringIO()):
        for run in runs:
            run(batches.sqs_event([]), batches.CONTEXT)
        return statistics.median(cpu_seconds(lambda run=run: run(event, batches.CONTEXT)) for run in runs)


def _reported(ruleset: Ruleset, event: dict[str, Any], items: batches.Items) -> tuple[dict[str, Any], int]:
    """Handle an event once; return the batch's metrics, and how many calls it made."""
    api = batches.AcceptingSecurityHub()
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        answer = batches.function(ruleset, api, items)(event, batches.CONTEXT)
    assert answer == {"batchItemFailures": []}, answer
    lines = map(json.loads, output.getvalue().splitlines())
    return next(line for line in lines if "FindingsReceived" in line), api.calls
