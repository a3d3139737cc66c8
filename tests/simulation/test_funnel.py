"""Funnels: what each condition of a rule leaves, and that the last one leaves what the rule matches."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.engine.ruleset.ruleset import load_ruleset
from hubtriage.simulation.backtest.sample import LARGEST, FindingSample, sample_size
from hubtriage.simulation.funnel import funnels
from tests.laws.findings import imported
from tests.laws.rules import LOGIC, PATTERNS

DEV = {"Tags": {"env": "dev"}}
FINDINGS = [
    {"Region": "eu-west-1", "Resources": [{"Type": "AwsS3Bucket", **DEV}]},
    {"Region": "eu-west-1", "Resources": [{"Type": "AwsS3Bucket"}, {"Type": "AwsEc2Vpc", **DEV}]},
    {"Region": "us-east-1", "Resources": []},
]
BUCKET = {"Type": ["AwsS3Bucket"], "Tags": {"env": ["dev"]}}
FAILING = {"cat": [{"reduce": [{"var": "Resources"}, {"cat": ["x" * 100] * 9}, ""]}] * 9}


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        pytest.param(
            {"match": {"Region": ["eu-west-1"], "Resources": BUCKET}},
            [
                ('Region: "eu-west-1"', 2),
                ('Resources.Type: "AwsS3Bucket"', 2),
                ('Resources.Tags.env: "dev"', 1),
            ],
            id="conditions on one element are held together",
        ),
        pytest.param(
            {
                "match": {
                    "Region": [{"prefix": "eu-"}],
                    "$or": [{"Title": ["x"]}, {"Resources": {"Type": ["AwsS3Bucket"]}}],
                }
            },
            [('Region: prefix "eu-"', 2), ("one of several branches", 2)],
            id="branches are one condition",
        ),
        pytest.param(
            {"match": {"Region": ["us-east-1"]}, "when": {"and": [{"var": "Resources"}, {"var": "Region"}]}},
            [('Region: "us-east-1"', 1), ('{"var": "Resources"}', 0), ('{"var": "Region"}', 0)],
            id="the parts of and come one by one",
        ),
        pytest.param(
            {"when": {"and": [{"var": "Region"}, {"missing_some": [1, {"var": "no"}]}, False]}},
            [('{"var": "Region"}', 3), ('{"missing_some": [1, {"var": "no"}]}', 3), ("false", 3)],
            id="a rule that fails is not stopped by what comes after that",
        ),
        pytest.param({"when": True}, [("true", 3)], id="every finding"),
    ],
)
def test_each_condition_leaves(rule: Mapping[str, Any], found: list[tuple[str, int]]) -> None:
    (stages,) = funnels([rule], {}, FINDINGS, 0.0)
    assert [(stage.condition, stage.left) for stage in stages] == found


def test_a_long_condition_is_cut() -> None:
    ((stage,),) = funnels([{"when": FAILING}], {}, FINDINGS, 0.0)
    assert (len(stage.condition), stage.condition[-1]) == (160, "…")


CONDITIONS = st.one_of(
    st.fixed_dictionaries({"match": PATTERNS}),
    st.fixed_dictionaries({"when": LOGIC}),
    st.fixed_dictionaries(
        {"match": PATTERNS, "when": st.builds(lambda one, two: {"and": [one, two]}, LOGIC, LOGIC)}
    ),
)


@given(CONDITIONS, st.lists(imported(1), min_size=1, max_size=4))
def test_the_last_condition_leaves_what_the_rule_matches(condition: Any, findings: list[Any]) -> None:
    ruleset = load_ruleset({"format": 1, "hash": "", "rules": [{"id": "a", "update": {}, **condition}]})
    (stages,) = funnels([ruleset.rules[0].source], {}, findings, 0.0)
    left = [stage.left for stage in stages]
    assert left[-1] == sum(bool(ruleset.match(finding, 0.0)[0]) for finding in findings)
    assert left == sorted(left, reverse=True)


@given(st.lists(st.integers(0, 60), max_size=60), st.integers(0, 10), st.integers(1, 4))
def test_a_sample_is_the_same_however_many_processes_draw_it(keys: list[int], size: int, number: int) -> None:
    whole, parts = FindingSample(size), [FindingSample(size) for _ in range(number)]
    for key in keys:
        drawn = parts[key % number].take(key, {"key": key})
        if drawn is not None:
            whole.add(key, drawn)
    assert whole.texts() == [f'{{"key": {key}}}' for key in sorted(set(keys))[:size]]


def test_what_is_too_large_is_no_sample() -> None:
    assert FindingSample(5).take(1, {"text": "x" * LARGEST}) is None


def test_a_sample_is_large_for_few_rules_and_never_tiny() -> None:
    assert [sample_size(rules) for rules in (0, 1, 500, 1_000, 100_000)] == [5_000, 5_000, 1_000, 500, 200]
