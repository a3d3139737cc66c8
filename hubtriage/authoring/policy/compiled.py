"""The statements of the house policy that planning enforces, as they stand in `ruleset.json`."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from hubtriage.authoring.loaded import LoadedRule, LoadedStatement, LoadResult
from hubtriage.authoring.policy.selection import speaks_of
from hubtriage.engine.ruleset.ruleset import load_ruleset
from hubtriage.engine.shared_values import SharedValues, taken_out
from hubtriage.proof.rules import ProvenRule

Spoken = tuple[LoadedStatement, list[str]]
"""A statement, and the ids of the rules that it speaks of."""


def enforced_statements(
    loaded: LoadResult, rules: Sequence[LoadedRule], document: Mapping[str, Any]
) -> list[Spoken]:
    """Return the statements about what some of these rules do.

    What rules say of themselves is checked before. `rules` are those of `document`, a rule set without a
    policy.
    """
    may_hide = _hiding_rules(document)
    said = (
        (one, [rule.id for rule in rules if speaks_of(one, rule, loaded.accounts, may_hide)])
        for one in loaded.policy
        if one.model.require is None
    )
    return [(statement, spoken_of) for statement, spoken_of in said if spoken_of]


def compiled_policy(statements: Sequence[Spoken], rules: Sequence[LoadedRule]) -> list[dict[str, Any]]:
    """Return enforced statements, JSON-ready. `rules` are those of the rule set.

    A statement about all rules names the others: it also speaks of a rule that gets into the rule set in
    another way.
    """
    ids = [rule.id for rule in rules]
    return [_compiled(statement, spoken_of, ids) for statement, spoken_of in statements]


def _compiled(statement: LoadedStatement, spoken_of: list[str], rules: list[str]) -> dict[str, Any]:
    model = statement.model
    named: dict[str, SharedValues] = {}
    conditions = {name: taken_out(value, named) for name, value in statement.conditions.items()}
    compiled: dict[str, Any] = {"id": model.id}
    if model.only is None:
        compiled |= {"never": model.never, "findings": conditions}
    else:
        compiled["only"] = conditions
    if model.rules is not None:
        return {**compiled, "rules": sorted(spoken_of)}
    others = sorted(set(rules) - set(spoken_of))
    return {**compiled, "others": others} if others else compiled


def _hiding_rules(document: Mapping[str, Any]) -> Callable[[str], bool]:
    """Return a test of a rule's id: whether the rule can hide a finding. Few statements ask."""

    @cache
    def hiding() -> frozenset[str]:
        ruleset = load_ruleset(document)
        return frozenset(
            rule.id for rule in ruleset.rules if ProvenRule(rule, ruleset.accounts, 0.0).may_hide
        )

    return lambda rule: rule in hiding()
