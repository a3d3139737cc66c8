"""The derived EventBridge pattern is a superset, and fits."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.authoring.event_pattern import LONGEST_PATTERN, event_pattern
from hubtriage.engine.pattern import compile_pattern
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.ruleset import load_ruleset
from hubtriage.localaws.findings import generate
from tests.support.examples import examples

UPDATE = {"Workflow": {"Status": "SUPPRESSED"}}
SUPERSET = 200


def rule(number: int = 0, **keys: Any) -> dict[str, Any]:
    return {"id": f"rule-{number}", "update": UPDATE, **keys}


def lets_in(pattern: dict[str, Any], finding: dict[str, Any]) -> bool:
    return "detail" not in pattern or compile_pattern(pattern["detail"]["findings"])(finding)


def size(pattern: dict[str, Any]) -> int:
    return len(json.dumps(pattern, separators=(",", ":")))


STATUSES = st.sampled_from(["NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED"])
ACCOUNTS = st.sampled_from([f"{number:012}" for number in range(40)])
LABELS = st.sampled_from(["LOW", "MEDIUM", "HIGH"])


def values(source: st.SearchStrategy[str]) -> st.SearchStrategy[list[Any]]:
    operators = st.one_of(
        source,
        source.map(lambda value: {"prefix": value[:3]}),
        source.map(lambda value: {"anything-but": value}),
        source.map(lambda value: {"equals-ignore-case": value.lower()}),
        st.sampled_from([{"exists": True}, {"exists": False}]),
    )
    return st.lists(operators, min_size=1, max_size=3, unique_by=json.dumps)


PLAIN = st.fixed_dictionaries(
    {},
    optional={
        "AwsAccountId": values(ACCOUNTS),
        "Workflow": st.fixed_dictionaries({"Status": values(STATUSES)}),
        "VerificationState": values(st.sampled_from(["UNKNOWN", "TRUE_POSITIVE"])),
        "Severity": st.fixed_dictionaries(
            {},
            optional={
                "Label": values(LABELS),
                "Normalized": st.sampled_from([[{"numeric": [">=", 70]}], [40], [{"exists": False}]]),
                "Product": st.sampled_from([[{"exists": False}], [8]]),
            },
        ).filter(bool),
        "Resources": st.fixed_dictionaries(
            {"Type": values(st.sampled_from(["AwsS3Bucket", "AwsEc2Instance"]))},
            optional={"Tags": st.fixed_dictionaries({"a.b": values(st.just("x"))})},
        ),
        "UserDefinedFields": st.fixed_dictionaries(
            {}, optional={"hubtriage/memo": values(st.just("1")), "team": values(st.just("net"))}
        ).filter(bool),
    },
).filter(bool)
MATCHES = st.one_of(PLAIN, st.lists(PLAIN, min_size=2, max_size=3).map(lambda branches: {"$or": branches}))
RULES = st.lists(
    st.one_of(MATCHES.map(lambda match: {"match": match}), st.just({"when": True})), max_size=60
).map(lambda conditions: [rule(number, **condition) for number, condition in enumerate(conditions)])
FINDINGS = st.fixed_dictionaries(
    {"Id": st.just("f"), "ProductArn": st.just("p"), "AwsAccountId": ACCOUNTS},
    optional={
        "Workflow": st.fixed_dictionaries({"Status": STATUSES}),
        "VerificationState": st.sampled_from(["UNKNOWN", "TRUE_POSITIVE"]),
        "Severity": st.fixed_dictionaries(
            {}, optional={"Label": LABELS, "Normalized": st.sampled_from([30, 75]), "Product": st.just(8)}
        ),
        "Resources": st.lists(
            st.fixed_dictionaries(
                {"Type": st.sampled_from(["AwsS3Bucket", "AwsEc2Instance"])},
                optional={"Tags": st.just({"a.b": "x"})},
            ),
            max_size=3,
        ),
        "UserDefinedFields": st.fixed_dictionaries(
            {},
            optional={
                "team": st.just("net"),
                "hubtriage/managed": st.sampled_from(["hubtriage", "other"]),
                "hubtriage/memo": st.sampled_from(["1", "1 WS.abcdef", "damaged"]),
            },
        ),
    },
)


@examples(SUPERSET)
@given(RULES, st.lists(FINDINGS, min_size=1, max_size=8))
def test_whatever_a_rule_could_match_or_has_a_memo_comes_in(
    rules: list[dict[str, Any]], findings: list[dict[str, Any]]
) -> None:
    pattern = event_pattern(rules)
    assert size(pattern) <= LONGEST_PATTERN
    ruleset = load_ruleset({"format": 1, "hash": "0", "rules": rules})
    for finding in findings:
        decision = decide(finding, ruleset, 0.0, Settings())
        if decision.rules or decision.update or "hubtriage/memo" in finding.get("UserDefinedFields", {}):
            assert lets_in(pattern, finding)


COARSENED = [
    pytest.param(
        [rule(n, match={"AwsAccountId": [f"{n:012}"], "Severity": {"Label": ["LOW"]}}) for n in range(20)],
        ["AwsAccountId", "Severity"],
        id="rules over the same fields are joined value by value",
    ),
    pytest.param(
        [rule(n, match={"AwsAccountId": [f"{n:012}"], "Severity": {"Label": ["LOW"]}}) for n in range(200)],
        ["Severity"],
        id="a field with too many values is dropped",
    ),
    pytest.param(
        [
            rule(n, match={"ProductFields": {f"field-{n}": ["x" * 30]}, "RecordState": ["ACTIVE"]})
            for n in range(60)
        ],
        ["RecordState"],
        id="fields of their own are dropped before the coarse ones",
    ),
]


@pytest.mark.parametrize(("rules", "fields"), COARSENED)
def test_a_pattern_that_is_too_long_gets_coarser(rules: list[dict[str, Any]], fields: list[str]) -> None:
    pattern = event_pattern(rules)
    assert size(pattern) <= LONGEST_PATTERN
    branch = pattern["detail"]["findings"]["$or"][0]
    assert sorted(branch) == fields


def test_a_rule_without_match_needs_every_finding() -> None:
    assert "detail" not in event_pattern([rule(when=True), rule(1, match={"RecordState": ["ACTIVE"]})])


def test_a_condition_that_asks_for_null_is_left_out_because_a_template_cannot_say_it() -> None:
    pattern = event_pattern([rule(match={"Region": [None, "eu-west-1"], "RecordState": ["ACTIVE"]})])
    assert pattern["detail"]["findings"]["$or"][0] == {"RecordState": ["ACTIVE"]}
    assert "null" not in json.dumps(pattern)


def test_without_rules_only_findings_with_a_memo_come_in() -> None:
    pattern = event_pattern([])
    assert lets_in(pattern, {"UserDefinedFields": {"hubtriage/memo": "1"}})
    assert not lets_in(pattern, {"UserDefinedFields": {"team": "net"}})


def test_the_pattern_keeps_most_findings_out_that_no_rule_wants() -> None:
    rules = [rule(match={"ProductArn": [{"suffix": ":product/aws/guardduty"}]})]
    findings = list(generate(500))
    let_in = [finding for finding in findings if lets_in(event_pattern(rules), finding)]
    assert 0 < len(let_in) < 200
