"""Laws of how rules relate: what lint says of two rules is so on every finding of a possible shape."""

import random
from itertools import product
from types import SimpleNamespace

import pytest

from hubtriage.asff.fields import AsffField, look_up
from hubtriage.authoring.checks.constraints import constraint_of, constraints_of
from hubtriage.authoring.checks.linted_rule import LintedRule
from hubtriage.authoring.checks.relations.overlap import RuleOverlaps, implies
from hubtriage.authoring.checks.set_relations import can_meet, is_everything
from hubtriage.authoring.conditions.reader import Origins
from hubtriage.engine.index.dnf import conjunctions_of
from hubtriage.engine.jsonlogic.compiler import EvaluationError, compile_logic, truthy
from hubtriage.engine.pattern import compile_pattern
from tests.conformance import rule_grammar

RULES, FINDINGS = 60, 150


def linted(raw, number):
    """What the overlaps look at: a rule's conditions and when it acts."""
    model = SimpleNamespace(mode="enforce", order=500, starts=None, expires=None, windows=())
    loaded = SimpleNamespace(id=f"r{number:03}", match=raw.get("match"), when=raw.get("when"))
    return SimpleNamespace(
        id=loaded.id, loaded=loaded, model=model, conjunctions=conjunctions_of(raw), match_fields=()
    )


def is_possible(value, keys=()):
    """Whether a finding, or a part of it, has the shape that AWS documents."""
    if isinstance(value, dict):
        return all(is_possible(inner, (*keys, name)) for name, inner in value.items())
    if isinstance(value, list):
        field = look_up(keys)
        is_list = isinstance(field, AsffField) and field.in_list
        return is_list and all(not isinstance(item, list) and is_possible(item, keys) for item in value)
    field = look_up(keys) if keys else None
    return isinstance(field, AsffField) and field.kind != "object"


def of_its_kind(value, keys=()):
    """The part of a finding in which every value is of the kind and on the scale that AWS documents."""
    if isinstance(value, dict):
        inner = {name: of_its_kind(one, (*keys, name)) for name, one in value.items()}
        return {name: one for name, one in inner.items() if one is not None}
    if isinstance(value, list):
        return [of_its_kind(one, keys) for one in value]
    fits = isinstance(value, KINDS.get(look_up(keys).kind, object)) and not isinstance(value, bool)
    return value if fits and (not isinstance(value, int | float) or 0 <= value <= 100) else None


KINDS = {"text": str, "number": int | float}


def matches(raw, finding):
    if "match" in raw and not compile_pattern(raw["match"])(finding):
        return False
    try:
        logic = compile_logic(raw["when"], accounts=rule_grammar.ACCOUNTS) if "when" in raw else None
        return logic is None or truthy(logic(finding, rule_grammar.NOW))
    except EvaluationError:
        return True


@pytest.mark.parametrize("seed", range(6))
def test_rules_that_match_one_finding_are_known_to_be_able_to_and_a_narrower_rule_is_narrower(seed):
    draw = random.Random(seed)  # noqa: S311 - not for secrets
    rules = [rule_grammar.rule(draw) for _ in range(RULES)]
    linted_rules = [linted(raw, number) for number, raw in enumerate(rules)]
    overlaps = RuleOverlaps(linted_rules)
    later = [{id(other) for other in overlaps.later(one)} for one in linted_rules]
    narrower = [[implies(one, other) for other in linted_rules] for one in linted_rules]
    drawn = (rule_grammar.finding(draw) for _ in range(FINDINGS * 20))
    findings = [finding for finding in drawn if is_possible(finding)][:FINDINGS]
    assert len(findings) > FINDINGS // 3
    for finding in findings:
        hits = [matches(raw, finding) for raw in rules]
        for one in range(RULES):
            for other in range(RULES):
                if one < other and hits[one] and hits[other]:
                    assert id(linted_rules[other]) in later[one], (rules[one], rules[other], finding)
                if narrower[one][other] and hits[one]:
                    assert hits[other], (rules[one], rules[other], finding)


def asked_by(raw):
    """What the conditions of a rule ask of single values."""
    rule = SimpleNamespace(
        match=raw.get("match"), when=raw.get("when"), has_when="when" in raw, match_origins=Origins()
    )
    rule.model, rule.path = None, ()
    rule.document = SimpleNamespace(node=lambda _path: SimpleNamespace(value=None))
    return constraints_of(LintedRule(rule, {}, 0.0))


@pytest.mark.parametrize("seed", range(3))
def test_conditions_that_exclude_each_other_never_hold_together(seed):
    draw = random.Random(100 + seed)  # noqa: S311 - not for secrets
    asked = [(raw, asked_by(raw)) for raw in (rule_grammar.rule(draw) for _ in range(RULES * 2))]
    apart = [
        (raw, other)
        for raw, mine in asked
        for other, theirs in asked
        for one, two in product(mine, theirs)
        if one.source == two.source and not can_meet(one.values, two.values)
    ]
    logic = [(raw, constraint_of(raw["when"])) for raw, _mine in asked if list(raw) == ["when"]]
    always = [raw for raw, one in logic if one is not None and one.exact and is_everything(one.values)]
    assert len(apart) > 10
    drawn = (rule_grammar.finding(draw) for _ in range(FINDINGS * 20))
    for finding in [of_its_kind(finding) for finding in drawn if is_possible(finding)][:FINDINGS]:
        hits = {id(raw) for raw, _mine in asked if matches(raw, finding)}
        assert [pair for pair in apart if all(id(raw) in hits for raw in pair)] == []
        assert [raw for raw in always if id(raw) not in hits] == []
