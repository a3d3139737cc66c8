"""By what a rule fails, in a line or two."""

from typing import Any

import click
import pytest

from hubtriage.cli.views.conditions import all_conditions, first_failure
from hubtriage.engine.planning.plan import Settings
from hubtriage.engine.ruleset.ruleset import load_ruleset
from hubtriage.simulation.explain import explain

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


def lines(rule: dict[str, Any], *, every: bool = False) -> list[str]:
    raw = {"id": "r", "update": {"Confidence": 1}, **rule}
    ruleset = load_ruleset({"format": 1, "hash": "h", "rules": [raw]})
    (told,) = explain(FINDING, None, ruleset, NOW, Settings()).rules
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
        ["✗ any of these branches", '  ✗ Region: "x"; saw nothing', '  ✗ AwsAccountId: "2"; saw 1'],
        id="what each branch fails by",
    ),
]


@pytest.mark.parametrize(("rule", "told"), FAILURES)
def test_by_what_a_rule_fails(rule: dict[str, Any], told: list[str]) -> None:
    assert lines(rule) == told


def test_all_conditions_of_a_rule_that_holds_by_a_value_that_is_no_boolean() -> None:
    assert lines({"when": LABEL}, every=True) == ['✓ {"var": "Severity.Label"} is HIGH']
    assert lines({"when": True}, every=True) == ["✓ applies to every finding"]
