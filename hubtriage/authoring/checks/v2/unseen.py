"""E217 and W206: a condition that reads what findings of Security Hub V2 do not have."""

from collections.abc import Iterator

from hubtriage.authoring.checks.linted_rule import LintedRule, dotted
from hubtriage.authoring.problems import Problem
from hubtriage.authoring.yaml.tree import YamlPath
from hubtriage.engine.ocsf.blind import blind_paths, is_blind, on_v2

NEGATED, UNSEEN = "E217", "W206"
_NEGATIONS = frozenset(("!", "!=", "!==", "none", "missing", "missing_some"))


def check_negation(rule: LintedRule) -> Iterator[Problem]:
    """Report negations of what V2 does not show: they would hold there because nothing is seen."""
    for name, place in dict(_negated(rule)).items():
        message = f"negates {name}, which Security Hub V2 does not show: the rule cannot apply by it there"
        hint = "ask for what V2 shows, such as a tag of the resource, or leave the negation out"
        yield rule.problem(NEGATED, place, message, hint, key=True)


def _negated(rule: LintedRule) -> Iterator[tuple[str, YamlPath]]:
    """Yield each path that is negated and its last place."""
    for field in rule.match_fields:
        is_negation = any(
            operator == "anything-but" or (operator == "exists" and operand is False)
            for operator, operand, _place in field.operators
        )
        if is_negation and is_blind(field.keys):
            yield dotted(field.keys), field.place
    negations = {one.place for one in rule.operations if one.name in _NEGATIONS}
    for keys, place, is_key in rule.paths:
        is_below = any(place[:length] in negations for length in range(1, len(place) + 1))
        if not is_key and is_below and is_blind(keys):
            yield dotted(keys), place


def check_unseen(rule: LintedRule) -> Iterator[Problem]:
    """Report a rule that applies less often on V2, or never, because V2 does not show all that it reads."""
    conditions = rule.loaded.conditions
    effect = on_v2(conditions).effect
    if effect == "as elsewhere":
        return
    blind = {name: blind_paths({name: condition}) for name, condition in conditions.items()}
    place = next(name for name, paths in blind.items() if paths)
    paths = " and ".join(map(_named, dict.fromkeys(path for paths in blind.values() for path in paths)))
    how = "never applies" if effect == "never" else f"applies {effect}"
    stops = ", and rules after it hide no more than it would" if rule.model.terminal else ""
    message = f"{how} on Security Hub V2, which does not show {paths}{stops}"
    hint = "say in lint: ignore that it is for the other hub, or ask for what V2 shows"
    yield rule.problem(UNSEEN, (place,), message, hint, key=True)


def _named(path: str) -> str:
    return "what a calculated path leads to" if path == "?" else path
