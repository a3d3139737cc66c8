"""Filters of V2 as `match` and `when` hold for a view as the local Security Hub's hold for its finding."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.asff.fields import UnknownPath, look_up
from hubtriage.engine.ocsf.blind import SOMETIMES, is_blind
from hubtriage.engine.ocsf.view import asff_view
from hubtriage.engine.ruleset.ruleset import load_ruleset
from hubtriage.interop.criteria.input import Refused
from hubtriage.interop.ocsf_criteria.fields import (
    AUTOMATION_RULES_V2,
    CLOUDFORMATION_TYPES,
    CODES,
    DATES,
    FLAGS,
    MAPS,
    NUMBERS,
    REFUSED,
    TEXTS,
)
from hubtriage.interop.ocsf_criteria.parse_filters import ALWAYS_HOLDS, NEVER_HOLDS, parse_ocsf_filters
from hubtriage.interop.ocsf_criteria.to_rule import joined_conditions
from hubtriage.localaws.securityhub.v2.filters import finding_filter
from hubtriage.localaws.securityhub.v2.members import MEMBERS, values
from tests.support import ocsf_cases
from tests.support.examples import examples
from tests.support.filter_cases import NOW

Condition = Callable[[dict[str, Any]], bool]
seeds = given(st.integers(0, 2**32).map(Random))
EVERY_FIELD = [(kind, field) for kind, fields in ocsf_cases.FIELDS.items() for field in fields]


def compiled(criteria: dict[str, Any]) -> Condition:
    """Whether a rule with what the criteria become matches a view. Raises Refused."""
    conditions = joined_conditions(parse_ocsf_filters(criteria, ()))
    rule = {"id": "rule", "update": {"Confidence": 1}, **conditions}
    ruleset = load_ruleset({"format": 1, "hash": "", "rules": [rule]})

    def holds(view: dict[str, Any]) -> bool:
        matching, errors = ruleset.match(view, NOW)
        assert not errors
        return bool(matching)

    return holds


def of_one(kind: str, one: dict[str, Any]) -> dict[str, Any]:
    return {"CompositeFilters": [{kind: [one]}]}


@pytest.mark.parametrize(("kind", "field"), EVERY_FIELD, ids=[field for _kind, field in EVERY_FIELD])
def test_a_filter_holds_for_the_same_findings(kind: str, field: str) -> None:
    random = Random(field)  # noqa: S311 - not a secret
    answers = []
    for _ in range(60):
        criteria = of_one(kind, ocsf_cases.random_filter(random, kind, field))
        theirs = finding_filter(criteria, is_rule=True)
        findings = [ocsf_cases.random_ocsf(random) for _ in range(10)]
        try:
            ours = compiled(criteria)
        except Refused as error:
            if error.reason == NEVER_HOLDS:
                assert not any(theirs(one, NOW) for one in findings)
            if error.reason == ALWAYS_HOLDS:
                assert all(theirs(one, NOW) for one in findings)
            continue
        answers += [theirs(one, NOW) for one in findings]
        for one in findings:
            assert ours(asff_view(one)) == theirs(one, NOW), (criteria, one)
    assert set(answers) == {True, False} or field in ("status", "status_id")


@examples(150)
@seeds
def test_joined_and_nested_filters_hold_for_the_same_findings(random: Random) -> None:
    criteria = ocsf_cases.random_criteria(random)
    theirs = finding_filter(criteria, is_rule=True)
    try:
        ours = compiled(criteria)
    except Refused:
        return
    for _ in range(20):
        finding = ocsf_cases.random_ocsf(random)
        assert ours(asff_view(finding)) == theirs(finding, NOW), (criteria, finding)


def test_most_random_criteria_are_not_refused() -> None:
    random, taken = Random(1), 0  # noqa: S311 - not a secret
    for _ in range(200):
        try:
            compiled(ocsf_cases.random_criteria(random))
        except Refused:
            continue
        taken += 1
    assert taken > 40


def live_findings() -> list[dict[str, Any]]:
    """Findings that AWS has sent, in the corpus of findings if it is there."""
    path = Path(os.environ.get("HUBTRIAGE_CORPUS", "/nowhere")) / "ocsf" / "findings.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    found = [line.get("finding", line) for line in map(json.loads, lines)]
    return [finding for finding in found if "vendor_attributes" in finding]


@pytest.mark.skipif(not live_findings(), reason="needs findings that AWS has sent")
@pytest.mark.parametrize("field", ocsf_cases.STRINGS)
def test_a_filter_on_what_a_live_finding_has_holds_for_the_same_ones(field: str) -> None:
    findings = live_findings()
    for value in {value for finding in findings for value in values(finding, field)}:
        for comparison in ("EQUALS", "NOT_EQUALS"):
            wanted = {"Value": value, "Comparison": comparison}
            criteria = of_one("StringFilters", {"FieldName": field, "Filter": wanted})
            theirs = finding_filter(criteria, is_rule=True)
            try:
                ours = compiled(criteria)
            except Refused:
                continue
            for finding in findings:
                assert ours(asff_view(finding)) == theirs(finding, NOW), (criteria, finding)


# -- the table ------------------------------------------------------------------------------------

_EXACT = {
    "String": {*TEXTS, *(code.word for code in CODES)},
    "Number": {*NUMBERS, *(code.number for code in CODES)},
    "Date": set(DATES),
    "Boolean": set(FLAGS),
    "Map": set(MAPS),
    "Ip": set[str](),
}


@pytest.mark.parametrize("kind", MEMBERS)
def test_every_field_that_is_exact_is_one_of_awss(kind: Any) -> None:
    assert _EXACT[kind] <= MEMBERS[kind]
    assert {field for name, field in EVERY_FIELD if name == f"{kind}Filters"} <= _EXACT[kind]


OTHERS = [
    (kind, field) for kind, fields in MEMBERS.items() for field in sorted(fields) if field not in _EXACT[kind]
]


@pytest.mark.parametrize(("kind", "field"), OTHERS, ids=[field for _kind, field in OTHERS])
def test_every_other_field_is_refused_by_its_name_with_what_to_write(kind: str, field: str) -> None:
    with pytest.raises(Refused) as error:
        compiled(of_one(f"{kind}Filters", {"FieldName": field, "Filter": {"Value": "x"}}))
    assert field in error.value.reason
    assert error.value.hint


def test_reasons_are_for_fields_of_aws() -> None:
    of_templates_only = {"metadata.product.feature.uid"}  # AWS: the API's model does not have it
    assert set(REFUSED) - of_templates_only <= {field for fields in MEMBERS.values() for field in fields}


@pytest.mark.parametrize("attribute", AUTOMATION_RULES_V2.attributes, ids=lambda one: one.path)
def test_an_attribute_is_seen_on_v2_and_known_to_asff(attribute: Any) -> None:
    assert not is_blind(attribute.names)
    assert attribute.names[0] not in SOMETIMES
    assert not isinstance(look_up(attribute.names), UnknownPath)


def test_the_names_of_resource_types_are_asffs() -> None:
    """AWS: the members of Details are named like the types, except those that have no details."""
    without_details = {"AwsAccount", "AwsIamGroup"}
    for name in CLOUDFORMATION_TYPES:
        is_known = not isinstance(look_up(("Resources", "Details", name)), UnknownPath)
        assert is_known or name in without_details, name
