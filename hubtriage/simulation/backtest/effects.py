"""What happens to a finding, by rule: a report counts these, and its page finds findings by them."""

from collections.abc import Iterator
from typing import Literal, NamedTuple, get_args

from hubtriage.simulation.backtest.outcome import FindingOutcome

PROVIDER = "(follows the provider)"
NO_RULE = "(no rule)"

RuleEffect = Literal[
    "matched",
    "changed",
    "hidden",
    "taken_back",
    "kept",
    "observed",
    "above_ceiling",
    "stopped",
    "failed",
    "held",
]
RULE_EFFECTS: tuple[RuleEffect, ...] = get_args(RuleEffect)


class Effect(NamedTuple):
    """Something that happens to a finding; `rule` is None for what is said of the finding as a whole.

    For a rule `what` is a RuleEffect; without one it is a verdict, `hidden`, `taken_back` or `kept`.
    """

    what: str
    rule: str | None


def rule_named(rule: str | None, why: str) -> str:
    """Return the rule that made a change, or the name for its cause."""
    if why == "follows provider":
        return PROVIDER
    return rule or NO_RULE


def effects_of(outcome: FindingOutcome) -> frozenset[Effect]:
    """Return each effect once."""
    return frozenset((*_of_finding(outcome), *_of_rules(outcome), *_of_changes(outcome)))


def _of_finding(outcome: FindingOutcome) -> Iterator[Effect]:
    yield Effect(outcome.verdict, None)
    if outcome.hides:
        yield Effect("hidden", None)
    if outcome.takes_back:
        yield Effect("taken_back", None)
    if outcome.kept:
        yield Effect("kept", None)


def _of_rules(outcome: FindingOutcome) -> Iterator[Effect]:
    yield from (Effect("matched", rule) for rule in outcome.rules)
    yield from (Effect("matched", rule) for rule in outcome.watched)
    yield from (Effect("matched", rule) for rule in outcome.above_ceiling)
    yield from (Effect("above_ceiling", rule) for rule in outcome.above_ceiling)
    yield from (Effect("stopped", rule) for rule in outcome.stopped)
    yield from (Effect("failed", rule) for rule, _message in outcome.errors)
    yield from (Effect("kept", left.rule or NO_RULE) for left in outcome.kept)
    yield from (Effect("observed", rule) for _transition, rule in outcome.observed)
    yield from (Effect("held", rule) for rule in outcome.holders)


def _of_changes(outcome: FindingOutcome) -> Iterator[Effect]:
    for moved in outcome.changes:
        name = rule_named(moved.rule, moved.why)
        yield Effect("changed", name)
        if moved.why == "taken back":
            yield Effect("taken_back", name)
        elif outcome.hides and moved.transition.hides:
            yield Effect("hidden", name)
