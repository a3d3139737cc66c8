"""By what a rule fails, in a line or two."""

import json
import re
from collections.abc import Iterator
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.cli.views.conditions import MOST_CHARACTERS, all_conditions, first_failure
from hubtriage.engine.planning.plan import Settings
from hubtriage.engine.ruleset.ruleset import load_ruleset
from hubtriage.simulation.explain import explain
from tests.support.examples import examples

NOW = 1_790_000_000.0  # 2026-09-21T14:13:20Z
FINDING = {
    "Id": "f",
    "ProductArn": "p",
    "AwsAccountId": "1",
    "Title": "Port 22\x1b[2J",
    "Severity": {"Label": "HIGH"},
    "CreatedAt": "2026-06-23T15:13:20Z",  # 89.96 days before
    "Compliance": {"Status": "FAILED"},
}
LABEL, STATUS = {"var": "Severity.Label"}, {"var": "Compliance.Status"}
AGE = {"age_days": [{"var": "CreatedAt"}]}


def lines(rule: dict[str, Any], *, every: bool = False, finding: dict[str, Any] = FINDING) -> list[str]:
    raw = {"id": "r", "update": {"Confidence": 1}, **rule}
    ruleset = load_ruleset({"format": 1, "hash": "h", "rules": [raw]})
    (told,) = explain(finding, None, ruleset, NOW, Settings()).rules
    return [click.unstyle(line) for line in (all_conditions if every else first_failure)(told)]


FAILURES = [
    pytest.param(
        {"when": {"in": [LABEL, ["LOW", "INFORMATIONAL"]]}},
        ["✗ Severity.Label is HIGH, not in LOW, INFORMATIONAL"],
        id="in",
    ),
    pytest.param(
        {"when": {"and": [{"==": [STATUS, "FAILED"]}, {">": [AGE, 90]}, {"==": [LABEL, "LOW"]}]}},
        ["✗ age_days of CreatedAt is 89.9, not above 90"],
        id="the part of `and` that is false, days never rounded up to the bound",
    ),
    pytest.param(
        {"when": {"or": [{"==": [LABEL, "LOW"]}, {"starts_with": [STATUS, "PASS"]}]}},
        ["✗ Severity.Label is HIGH, not LOW, and Compliance.Status is FAILED, does not start with PASS"],
        id="every part of `or`",
    ),
    pytest.param(
        {"when": {"==": [LABEL, STATUS]}},
        ["✗ Severity.Label is HIGH, not Compliance.Status, which is FAILED"],
        id="two values of the finding",
    ),
    pytest.param(
        {"when": {"==": [{"var": "Title"}, "x"]}},
        ['✗ Title is "Port 22\\u001b[2J", not x'],
        id="a value that could control the terminal",
    ),
    pytest.param({"when": {"var": "Region"}}, ['✗ {"var": "Region"} is none'], id="nothing there is falsy"),
    pytest.param(
        {"when": {"!": [LABEL]}}, ['✗ {"!": [{"var": "Severity.Label"}]} is false'], id="any other operation"
    ),
    pytest.param({"when": False}, ["✗ applies to no finding"], id="a constant"),
    pytest.param(
        {"match": {"AwsAccountId": ["1"], "Region": ["eu-west-1"]}, "when": False},
        ['✗ Region: "eu-west-1"; saw nothing'],
        id="the first condition of the pattern",
    ),
    pytest.param(
        {"match": {"$or": [{"AwsAccountId": ["1"], "Region": ["x"]}, {"AwsAccountId": ["2"]}]}},
        ["✗ any of these branches", '  ✗ Region: "x"; saw nothing', '  ✗ AwsAccountId: "2"; saw "1"'],
        id="what each branch fails by",
    ),
]


@pytest.mark.parametrize(("rule", "told"), FAILURES)
def test_by_what_a_rule_fails(rule: dict[str, Any], told: list[str]) -> None:
    assert lines(rule) == told


def test_all_conditions_of_a_rule_that_holds_by_a_value_that_is_no_boolean() -> None:
    assert lines({"when": LABEL}, every=True) == ['✓ {"var": "Severity.Label"} is HIGH']
    assert lines({"when": True}, every=True) == ["✓ applies to every finding"]


LONG = "x" * 300
SEEN = [
    *((value, str(value)) for value in (31, 0, -7, 10**20, 1.5, 31.0)),
    *(
        (text, f'"{text}"')
        for text in (
            "31",
            "-7",
            "+1",
            "01",
            "1.",
            "1e3",
            "1.50",
            "111122223333",
            "true",
            "null",
            "none",
            "NaN",
        )
    ),
    (1e400, "Infinity"),
    (1e-7, "1e-07"),
    (True, "true"),
    (None, "none"),
    ("", '""'),
    ("a b", '"a b"'),
    ("é ü", '"é ü"'),
    ('say "x"', r'"say \"x\""'),
    ("two\nlines", r'"two\nlines"'),
    ("red \x1b[31m", r'"red \u001b[31m"'),
    ("é\u202etxt", r'"é\u202etxt"'),
    ("half \ud83d", r'"half \ud83d"'),
    ("10.0.0.1", "10.0.0.1"),
    ("2026-11-01T12:00:00Z", "2026-11-01T12:00:00Z"),
    (LONG, f"{'x' * MOST_CHARACTERS}…"),
    (f"a {LONG}", f'"a {"x" * (MOST_CHARACTERS - 2)}"…'),
    ("\x1b" * 300, '"' + r"\u001b" * MOST_CHARACTERS + '"…'),
]


@pytest.mark.parametrize(("value", "shown"), SEEN, ids=lambda one: repr(one)[:40])
def test_a_value_is_shown_as_the_finding_has_it(value: Any, shown: str) -> None:
    finding = {**FINDING, "ProductFields": {"a": value}, "Confidence": value}
    pattern = {"ProductFields": {"a": ["other"]}}
    assert lines({"match": pattern}, finding=finding) == [f'✗ ProductFields.a: "other"; saw {shown}']
    compared = {"==": [{"var": "ProductFields.a"}, "other"]}
    assert lines({"when": compared}, finding=finding) == [f"✗ ProductFields.a is {shown}, not other"]


@pytest.mark.parametrize(
    ("types", "shown"),
    [
        pytest.param(["a", "b"], "a, b", id="a list"),
        pytest.param([["a", ["b"]], [], "c"], "a, b, c", id="lists in it"),
        pytest.param([], "nothing (the finding has [])", id="an empty list"),
        pytest.param({"a": 1}, 'nothing (the finding has {"a": 1})', id="an object"),
        pytest.param([{"a": 1}, "b"], 'b (the finding has [{"a": 1}, "b"])', id="an object among values"),
        pytest.param([1, "1", True, None], '1, "1", true, none', id="values of all types"),
        pytest.param([str(at) for at in range(9)], '"0", "1", "2", "3", "4" …', id="more than are shown"),
    ],
)
def test_lists_are_shown_by_the_values_that_a_condition_looks_at(types: Any, shown: str) -> None:
    finding = {**FINDING, "Sources": types}
    assert lines({"match": {"Sources": ["x"]}}, finding=finding) == [f'✗ Sources: "x"; saw {shown}']


def test_the_value_for_which_a_condition_holds_is_shown_first() -> None:
    finding = {**FINDING, "Sources": [f"s{at}" for at in range(99)]}
    told = lines({"match": {"Sources": ["s50"]}}, every=True, finding=finding)
    assert told == ['✓ Sources: "s50"; saw s50, s0, s1, s2, s3 …']


@pytest.mark.parametrize(
    ("rule", "shown"),
    [
        pytest.param(
            {"match": {"Severity": {"Normalized": [{"numeric": [">", 30]}]}}},
            ["✗ Severity.Normalized: > 30; saw 1 (the finding has 31)"],
            id="a number inside the band of its label",
        ),
        pytest.param(
            {"when": {">": [{"var": "Severity.Normalized"}, 30]}},
            ["✗ Severity.Normalized is 1 (the finding has 31), not above 30"],
            id="compared in when",
        ),
        pytest.param(
            {"match": {"VerificationState": ["TRUE_POSITIVE"]}},
            ['✗ VerificationState: "TRUE_POSITIVE"; saw UNKNOWN (the finding has nothing)'],
            id="a value that Security Hub implies",
        ),
        pytest.param(
            {"when": {"==": [{"var": "Workflow.Status"}, "NOTIFIED"]}},
            ["✗ Workflow.Status is NEW (the finding has nothing), not NOTIFIED"],
            id="implied, in when",
        ),
        pytest.param(
            {"match": {"Types": ["x"]}}, ['✗ Types: "x"; saw TTPs'], id="a text where a list belongs"
        ),
    ],
)
def test_both_are_shown_where_a_rule_sees_something_else_than_the_finding_has(
    rule: dict[str, Any], shown: list[str]
) -> None:
    finding = {**FINDING, "Severity": {"Label": "LOW", "Normalized": 31}, "Types": "TTPs"}
    assert lines(rule, finding=finding) == shown


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=300)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
)
TESTS: list[Any] = [
    *("x", None, {"prefix": "x"}, {"suffix": "x"}, {"equals-ignore-case": "x"}, {"wildcard": "x*y"}),
    *(
        {"cidr": "10.0.0.0/8"},
        {"numeric": ["<", 5]},
        {"anything-but": "x"},
        {"exists": True},
        {"exists": False},
    ),
]


def scalars(value: Any) -> Iterator[Any]:
    """Everything that a condition on a value looks at: itself, or what is in its lists."""
    if isinstance(value, list):
        for one in value:
            yield from scalars(one)
    elif not isinstance(value, dict):
        yield value


@examples(300)
@given(VALUES, st.sampled_from(TESTS))
def test_what_is_shown_is_a_visible_rendering_of_a_value_of_the_finding(value: Any, test: Any) -> None:
    finding = {**FINDING, "ProductFields": {"a": value}}
    (line,) = lines({"match": {"ProductFields": {"a": [test]}}}, every=True, finding=finding)
    shown = line.rpartition("; saw ")[2] if "; saw " not in str(value) else line.partition("; saw ")[2]
    assert line.isprintable()
    seen_ones = list(scalars(value))
    assert not seen_ones or any(shown.startswith(rendered(one)) for one in seen_ones)
    assert seen_ones or shown.startswith("nothing")


def rendered(value: Any) -> str:
    """The beginning of what a value has to look like, by JSON's own rules."""
    if value is None:
        return "none"
    text = json.dumps(value, ensure_ascii=False)
    visible = "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in text)
    is_word = isinstance(value, str) and not shown_needs_quotes(value)
    return (visible[1:-1] if is_word else visible)[:MOST_CHARACTERS]


def shown_needs_quotes(text: str) -> bool:
    """Whether a text has characters beside those of words, or reads like another value."""
    like_another = r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?|true|false|null|none|nothing|NaN|-?Infinity"
    is_word = re.fullmatch(r"[A-Za-z0-9_:./@+*#-]+", text)
    return not is_word or re.fullmatch(like_another, text) is not None
