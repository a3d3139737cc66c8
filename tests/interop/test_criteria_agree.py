"""Filters as `match` and `when` hold for the findings for which the local Security Hub's evaluation holds."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.engine.ruleset.ruleset import load_ruleset
from hubtriage.interop.criteria.attributes import ATTRIBUTES
from hubtriage.interop.criteria.from_match import criteria_from_match
from hubtriage.interop.criteria.from_when import criteria_from_when
from hubtriage.interop.criteria.input import Refused
from hubtriage.interop.criteria.merging import merged, united
from hubtriage.interop.criteria.parse_filters import parse_filters
from hubtriage.interop.criteria.to_filters import to_filters
from hubtriage.interop.criteria.to_rule import rule_conditions
from hubtriage.localaws.securityhub.asff import attributes
from hubtriage.localaws.securityhub.asff.filters import automation_criteria, finding_filter
from tests.support.examples import examples
from tests.support.filter_cases import NOW, random_filters, random_finding


def conditions_of(written: dict[str, Any]) -> dict[str, Any] | None:
    """`match` and `when` of filters; None for those that no finding can satisfy."""
    try:
        return rule_conditions(parse_filters(written, ("Criteria",)))
    except Refused as error:
        if error.reason != "no value can satisfy this":
            raise
        return None


Condition = Callable[[dict[str, Any]], bool]
seeds = given(st.integers(0, 2**32).map(Random))


def compiled(condition: dict[str, Any] | None) -> Condition:
    """Whether a rule with the condition matches, as the engine tells."""
    if condition is None:
        return lambda _finding: False
    rule = {"id": "rule", "update": {"Confidence": 1}, **condition}
    ruleset = load_ruleset({"format": 1, "hash": "", "rules": [rule]})

    def holds(finding: dict[str, Any]) -> bool:
        matching, errors = ruleset.match(finding, NOW)
        assert not errors
        return bool(matching)

    return holds


def assert_agree(written: dict[str, Any], ours: Condition, theirs: Condition, random: Random) -> None:
    for _ in range(30):
        finding = random_finding(random)
        assert ours(finding) == theirs(finding), (written, finding)


@examples(100)
@seeds
def test_the_criteria_of_an_automation_rule_hold_for_the_same_findings(random: Random) -> None:
    criteria = random_filters(random)
    theirs = automation_criteria(criteria)
    assert_agree(criteria, compiled(conditions_of(criteria)), lambda one: theirs(one, NOW), random)


@examples(50)
@seeds
def test_the_filters_of_get_findings_hold_for_the_same_findings(random: Random) -> None:
    written = random_filters(random, contains=False)
    theirs = finding_filter(written)
    assert_agree(written, compiled(conditions_of(written)), lambda one: theirs(one, NOW), random)


@examples(100)
@seeds
def test_criteria_read_back_from_their_conditions_hold_for_the_same_findings(random: Random) -> None:
    criteria = random_filters(random)
    condition = conditions_of(criteria)
    if condition is None:
        return
    branches = criteria_from_match(condition["match"]) if "match" in condition else [[]]
    of_when = criteria_from_when(condition["when"]) if "when" in condition else [[]]
    whole = [merged([*branch, *other], ()) for branch in branches for other in of_when]
    again = [to_filters(one.values(), ()) for one in united(one for one in whole if one is not None)]
    ours = [automation_criteria(one) for one in again]
    theirs = automation_criteria(criteria)
    assert_agree(
        criteria, lambda one: any(each(one, NOW) for each in ours), lambda one: theirs(one, NOW), random
    )


KINDS = {
    "string": "text",
    "number": "number",
    "date": "date",
    "map": "map",
    "ip": "address",
    "boolean": "flag",
}


@pytest.mark.parametrize("name", sorted({*attributes.FINDING_ATTRIBUTES, *ATTRIBUTES} - {"Keyword"}))
def test_an_attribute_is_where_the_local_security_hub_looks_for_it(name: str) -> None:
    theirs = attributes.FINDING_ATTRIBUTES.get(name) or attributes.AUTOMATION_ATTRIBUTES[name]
    ours = ATTRIBUTES[name]
    assert ours.kind == KINDS[theirs.kind]
    if name in ("ProductName", "CompanyName"):  # GetFindings looks them up in ProductFields
        theirs = attributes.AUTOMATION_ATTRIBUTES[name]
    assert ours.names == theirs.path


def test_the_attributes_of_automation_rules_are_those_of_the_local_security_hub() -> None:
    ours = {name: one.most for name, one in ATTRIBUTES.items() if one.most}
    theirs = {name: attributes.AUTOMATION_VALUES.get(name, 20) for name in attributes.AUTOMATION_ATTRIBUTES}
    assert ours == theirs
