"""Example findings of a backtest: what happens to each, by which rules, on which conditions."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from hubtriage.engine.fields import Finding, Value, read
from hubtriage.engine.ruleset.ruleset import Ruleset, load_ruleset
from hubtriage.engine.trace import TracedCondition, TracedOperation
from hubtriage.simulation.backtest.facts import cut, facts_of
from hubtriage.simulation.backtest.judge import Judged, Task
from hubtriage.simulation.backtest.outcome import FindingOutcome, key_text
from hubtriage.simulation.backtest.report import Record
from hubtriage.simulation.backtest.tally import Tally
from hubtriage.simulation.explain import Explanation, RuleExplanation, explain
from hubtriage.simulation.field_explanations import FieldExplanation
from hubtriage.simulation.signals import sighting_of

MOST_VALUES = 5


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
        "key": key_text(judged.outcome.key),
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
        **facts_of(finding)._asdict(),
        "account": cut(account),
        "account_name": name,
        "product": cut(finding.get("ProductName") or finding.get("ProductArn")),
        "severity": read(finding, "Severity.Label"),
        "hub": sighting_of(finding).hub,
    }


def _field(field: FieldExplanation) -> Record:
    return {
        "field": field.field,
        "from": cut(field.value),
        "to": cut(field.becomes),
        "wanted": cut(field.wanted),
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
            "why": cut(rule.why),
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
        "text": cut(f"{condition.path}: {condition.test}"),
        "saw": [cut(value) for value in condition.values[:MOST_VALUES]],
        "more": max(0, len(condition.values) - MOST_VALUES),
        "finding": _found(condition.found),
        "holds": condition.holds,
        "below": [_condition(one) for branch in condition.branches for one in branch],
    }


def _node(node: TracedOperation) -> Record:
    """Return an operation of a `when`; `saw` is its result."""
    return {
        "text": cut(node.expression),
        "saw": [cut(f"error: {node.error}" if node.error else node.value)],
        "more": 0,
        "finding": _found(node.found),
        "holds": node.value if isinstance(node.value, bool) else None,
        "below": [_node(child) for child in node.children],
    }


def _found(values: Sequence[Value] | None) -> list[Any] | None:
    """Return what the finding as it came has, if a condition saw something else."""
    return None if values is None else [cut(value) for value in values[:MOST_VALUES]]
