"""Example findings of a backtest: what happens to each, by which rules, on which conditions."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from hubtriage.engine.fields import Finding, Value, member, read
from hubtriage.engine.ruleset.ruleset import Ruleset, load_ruleset
from hubtriage.engine.trace import TracedCondition, TracedOperation
from hubtriage.simulation.backtest.judge import Judged, Task
from hubtriage.simulation.backtest.outcome import FindingOutcome
from hubtriage.simulation.backtest.report import Record
from hubtriage.simulation.backtest.tally import Tally
from hubtriage.simulation.explain import Explanation, RuleExplanation, explain
from hubtriage.simulation.field_explanations import FieldExplanation

LONGEST_TEXT = 400
MOST_VALUES = 5
MOST_RESOURCES = 5


def examples_of(tally: Tally) -> list[Record]:
    """Return each example of a tally as JSON-ready data, in the order of the input, with long texts cut."""
    whole = load_ruleset(tally.task.ruleset)
    return [_example(judged, tally.task, whole) for judged in tally.examples.values()]


def _example(judged: Judged, task: Task, whole: Ruleset) -> Record:
    finding = json.loads(judged.finding or "{}")
    explanation = explain(
        finding, judged.entry, _concerned(judged.outcome, task, whole), task.now, task.settings
    )
    return {
        **_about(finding, whole),
        "verdict": judged.outcome.verdict,
        "hides": judged.outcome.hides,
        "refused": judged.outcome.refused,
        "roles": sorted(set(judged.outcome.roles)),
        "fields": [_field(field) for field in explanation.fields],
        "rules": list(_rules(explanation)),
    }


def _concerned(outcome: FindingOutcome, task: Task, whole: Ruleset) -> Ruleset:
    """Return the rule set without the rules that do not match: they change nothing, and are many."""
    failed = (rule for rule, _message in outcome.errors)
    concerned = {*outcome.rules, *outcome.watched, *outcome.above_ceiling, *failed}
    rules = [rule for rule in task.ruleset["rules"] if rule["id"] in concerned]
    concerned_alone = load_ruleset({**task.ruleset, "rules": rules})
    return replace(concerned_alone, by_id=whole.by_id, may_hide=whole.may_hide)


def _about(finding: Finding, ruleset: Ruleset) -> Record:
    account = finding.get("AwsAccountId")
    name = ruleset.accounts.get(account, {}).get("name") if isinstance(account, str) else None
    return {
        "id": _cut(finding.get("Id")),
        "title": _cut(finding.get("Title")),
        "account": _cut(account),
        "account_name": name,
        "region": _cut(finding.get("Region")),
        "product": _cut(finding.get("ProductName") or finding.get("ProductArn")),
        "control": _cut(member(finding.get("Compliance"), "SecurityControlId")),
        "severity": read(finding, "Severity.Label"),
        "workflow": _cut(read(finding, "Workflow.Status")),
        "resources": list(_resources(finding.get("Resources"))),
    }


def _resources(resources: object) -> Iterator[Any]:
    listed = resources if isinstance(resources, list) else [resources]
    for resource in listed[:MOST_RESOURCES]:
        if member(resource, "Id") is not None:
            yield _cut(member(resource, "Id"))


def _field(field: FieldExplanation) -> Record:
    return {
        "field": field.field,
        "from": _cut(field.value),
        "to": _cut(field.becomes),
        "wanted": _cut(field.wanted),
        "rule": field.rule,
        "outcome": field.outcome,
        "why": field.why,
        "holder": field.holder,
    }


def _rules(explanation: Explanation) -> Iterator[Record]:
    for rule in explanation.rules:
        yield {
            "rule": rule.id,
            "order": rule.order,
            "verdict": rule.verdict,
            "why": _cut(rule.why),
            "conditions": _conditions(rule),
        }


def _conditions(rule: RuleExplanation) -> list[Record]:
    logic = [] if rule.when is None else [_node(rule.when)]
    return [*map(_condition, rule.match), *logic]


def _condition(condition: TracedCondition) -> Record:
    """Return a condition of a pattern; `below` are the branches of an `$or`, one after another.

    `finding` is what the finding as it came has there, null if that is what the condition saw.
    """
    return {
        "text": _cut(f"{condition.path}: {condition.test}"),
        "saw": [_cut(value) for value in condition.values[:MOST_VALUES]],
        "more": max(0, len(condition.values) - MOST_VALUES),
        "finding": _found(condition.found),
        "holds": condition.holds,
        "below": [_condition(one) for branch in condition.branches for one in branch],
    }


def _node(node: TracedOperation) -> Record:
    """Return an operation of a `when`; `saw` is its result."""
    return {
        "text": _cut(node.expression),
        "saw": [_cut(f"error: {node.error}" if node.error else node.value)],
        "more": 0,
        "finding": _found(node.found),
        "holds": node.value if isinstance(node.value, bool) else None,
        "below": [_node(child) for child in node.children],
    }


def _found(values: Sequence[Value] | None) -> list[Any] | None:
    """Return what the finding as it came has, if a condition saw something else."""
    return None if values is None else [_cut(value) for value in values[:MOST_VALUES]]


def _cut(value: Value) -> Any:
    """Make a value small: cut a long text, and turn nested values into text."""
    if isinstance(value, Mapping | list | tuple):
        value = json.dumps(value, default=str)
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        return value[: LONGEST_TEXT - 1] + "…"
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
