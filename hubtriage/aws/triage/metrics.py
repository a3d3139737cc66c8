"""The metrics of a batch, in CloudWatch's embedded format."""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit, single_metric

from hubtriage.aws.decision_events.variables import NOT_PUT_METRIC
from hubtriage.aws.securityhub.api import Key
from hubtriage.aws.securityhub.faults import Fault
from hubtriage.aws.triage.results import (
    CONFLICT,
    EVENT_NOT_PUT,
    HIDING_STOPPED,
    LEDGER_UNREADABLE,
    LEDGER_UNWRITTEN,
    OBSERVE,
    Outcome,
    Report,
    ResultStatus,
)

MOST_VALUES = 100  # CloudWatch: values of one metric in one embedded document
ERROR_CODE_LENGTH = 64
PERIOD = 10.0
"""Seconds between two reports on a batch. A batch may take minutes, and the breaker sees only reports."""
GONE = "(gone)"
"""Stands for rules that are not in the rule set any more.

AWS: each new value of a dimension is a metric of its own, which costs.
"""
LEDGER_FAILED = (LEDGER_UNREADABLE, LEDGER_UNWRITTEN)


@dataclass(frozen=True, slots=True)
class BatchTally:
    """A batch in numbers. `counts` by metric; `ages` in seconds; `calls`: findings of each call."""

    counts: Mapping[str, int]
    ages: tuple[float, ...]
    calls: tuple[int, ...]
    changes_by_rule: Mapping[str, int]
    unprocessed_by_code: Mapping[str, int]


def tally(report: Report, rules: Container[str], unknown_outcomes: Container[Key] = ()) -> BatchTally:
    """Count a batch. A metric that is zero is left out, except those that say that triage is alive.

    `rules` are the ids of the rule set. `unknown_outcomes` are the findings of updates that may have worked.
    What these hide and take back counts as done: when the events come again, nothing is left to count. A
    finding whose event could not be put was received once, and has ended twice.
    """
    updated = [outcome for outcome in report.outcomes if outcome.result.status == "updated"]
    always = {
        "FindingsReceived": len(report.outcomes) - _with_code(report, EVENT_NOT_PUT),
        "FindingsChanged": len(updated),
        "FindingsUnchanged": _ended(report, "unchanged"),
        "FindingsRefused": _ended(report, "refused"),
        "FindingsFailed": _ended(report, "failed"),
        "ApiCalls": len(report.traffic.calls),
    }
    return BatchTally(
        counts=always | {name: count for name, count in _rare(report, unknown_outcomes).items() if count},
        ages=tuple(sorted(outcome.age for outcome in report.outcomes if outcome.age is not None)),
        calls=tuple(report.traffic.calls),
        changes_by_rule=_changes_by_rule(updated, rules),
        unprocessed_by_code=_unprocessed_by_code(report),
    )


class Meter:
    """Flush outcomes every PERIOD seconds and at the end; count each once.

    `report` is given a part of the batch's report. The numbers of all parts add up to those of the batch.
    """

    def __init__(self, report: Callable[[Report], None], monotonic: Callable[[], float]) -> None:
        self._report = report
        self._monotonic = monotonic
        self._waiting: list[Outcome] = []
        self._reported_at = monotonic()

    def __call__(self, outcomes: Sequence[Outcome]) -> None:
        """Take in what has just been done."""
        self._waiting += outcomes
        now = self._monotonic()
        if now - self._reported_at >= PERIOD:
            self._report(Report((), (), self._waiting))
            self._waiting, self._reported_at = [], now

    def close(self, report: Report) -> None:
        """Report the rest of the batch: its calls, and the outcomes that are still to be reported."""
        self._report(replace(report, outcomes=self._waiting))


def emit(numbers: BatchTally, namespace: str, service: str) -> None:
    """Write a tally to standard output; the dimension of all is `service`, of some also rule or code.

    The counts come last: Powertools writes a document by itself when a metric has 100 values, and
    warns when there is nothing left to write at the end.
    """
    metrics = EphemeralMetrics(namespace=namespace, service=service)
    for size in numbers.calls:
        metrics.add_metric("FindingsPerCall", MetricUnit.Count, size)
    for age in spread(numbers.ages):
        metrics.add_metric("EventAge", MetricUnit.Seconds, age)
    for name, count in numbers.counts.items():
        metrics.add_metric(name, MetricUnit.Count, count)
    metrics.flush_metrics()
    for rule, count in numbers.changes_by_rule.items():
        _emit_one("Changes", count, namespace, {"service": service, "rule": rule})
    for code, count in numbers.unprocessed_by_code.items():
        _emit_one("Unprocessed", count, namespace, {"service": service, "code": code})


def _emit_one(name: str, count: int, namespace: str, dimensions: dict[str, str]) -> None:
    with single_metric(name, MetricUnit.Count, count, namespace=namespace, default_dimensions=dimensions):
        pass


def spread(ordered: tuple[float, ...], most: int = MOST_VALUES) -> tuple[float, ...]:
    """Return at most so many of the values: evenly chosen, the first and the last included."""
    if len(ordered) <= most:
        return ordered
    return tuple(ordered[round(place * (len(ordered) - 1) / (most - 1))] for place in range(most))


def _ended(report: Report, status: ResultStatus) -> int:
    return sum(outcome.result.status == status for outcome in report.outcomes)


def _rare(report: Report, unknown_outcomes: Container[Key]) -> dict[str, int]:
    done = [
        outcome
        for outcome in report.outcomes
        if outcome.result.status == "updated" or outcome.seen.newest.key in unknown_outcomes
    ]
    made = [outcome.decision for outcome in done if outcome.decision is not None]
    decided = [outcome.decision for outcome in report.outcomes if outcome.decision is not None]
    faults = report.traffic.faults
    return {
        "Hidden": sum(decision.hides for decision in made),
        "TakenBack": sum(decision.takes_back for decision in made),
        "UnplannedHides": sum(map(_is_unplanned, done)) + _with_code(report, HIDING_STOPPED),
        "HidingStopped": _with_code(report, HIDING_STOPPED),
        "FieldsKept": sum(len(decision.kept) for decision in decided),
        "Overruled": sum(map(_overruled, report.outcomes)),
        "FindingsObserved": sum(bool(decision.observed) for decision in decided),
        "RuleErrors": sum(len(decision.errors) for decision in decided),
        "PolicyKept": sum(bool(decision.against_policy) for decision in decided),
        "LedgerFailed": _with_code(report, *LEDGER_FAILED),
        "Conflicts": _with_code(report, CONFLICT),
        "IntentsLeft": report.intents_left,
        "EventsUnusable": len(report.unusable),
        "DecisionEvents": report.events_put,
        NOT_PUT_METRIC: report.events_not_put.total(),
        "NeedsAttention": sum(outcome.result.final for outcome in report.outcomes),
        "Reads": report.reads,
        "Throttled": _of_kind(faults, Fault.THROTTLED),
        "Denied": _of_kind(faults, Fault.DENIED),
        "CallsFailed": _of_kind(faults, Fault.TRANSIENT) + _of_kind(faults, Fault.REFUSED),
    }


def _is_unplanned(outcome: Outcome) -> bool:
    """Say whether the breaker counts a finding: hidden without the announcement of a sweep.

    A sweep counts by itself what it hides. What is taken back hides nothing, however much it is.
    """
    decision, order = outcome.decision, outcome.seen.newest.order
    return decision is not None and decision.hides and not (order is not None and order.hides)


def _with_code(report: Report, *codes: str) -> int:
    """Return how many findings ended with one of these codes.

    The breaker counts also what the container did not hide because it had reached its limit: otherwise it
    would not trip where the container stops itself.
    """
    return sum(outcome.result.code in codes for outcome in report.outcomes)


def _overruled(outcome: Outcome) -> int:
    """Count the fields that the ledger knows from now on as a person's."""
    if outcome.decision is None or outcome.result.status == "failed" or outcome.result.code == OBSERVE:
        return 0
    return len(outcome.decision.overruled)


def _of_kind(faults: Mapping[tuple[Fault, str], int], kind: Fault) -> int:
    return sum(count for (fault, _code), count in faults.items() if fault is kind)


def _changes_by_rule(updated: Iterable[Outcome], rules: Container[str]) -> Counter[str]:
    """Count the changed findings of each rule that had a part in the change."""
    changed: Counter[str] = Counter()
    for outcome in updated:
        if outcome.decision is not None:
            named = {change.rule for change in outcome.decision.changes if change.rule}
            changed.update({name if name in rules else GONE for name in named})
    return changed


def _unprocessed_by_code(report: Report) -> Counter[str]:
    """Count unprocessed findings by the service's code; what does not look like a code counts as `Other`."""
    codes: Counter[str] = Counter()
    for code, count in report.traffic.unprocessed.items():
        usable = code.isascii() and code.isalnum() and len(code) <= ERROR_CODE_LENGTH
        codes[code if usable else "Other"] += count
    return codes
