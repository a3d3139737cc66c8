"""The look at the hub notices what no rule hides, whatever the engine and the ledger say."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.chaos.witness import FieldChange, Look, StackRules, changes_of, look

ROLE, PERSON = "arn:aws:sts::1:assumed-role/blue-Triage-X/f", "arn:aws:iam::1:root"
SUPPRESSING = {
    "id": "quiet",
    "match": {"ProductName": ["P"], "Severity": {"Label": ["LOW", "MEDIUM"]}},
    "update": {"Workflow": {"Status": "SUPPRESSED"}},
}
LOWERING = {
    "id": "low",
    "match": {"ProductName": ["P"]},
    "ceiling": "CRITICAL",
    "update": {"Severity": {"AtMost": "LOW"}, "UserDefinedFields": {"team": "x"}},
}


def finding(
    status: str = "SUPPRESSED", label: str = "LOW", provided: str = "", **members: Any
) -> dict[str, Any]:
    return {
        "Id": "f",
        "ProductArn": "p",
        "ProductName": "P",
        "Workflow": {"Status": status},
        "Severity": {"Label": label},
        "FindingProviderFields": {"Severity": {"Label": provided or label}},
        **members,
    }


def seen(
    shown: Mapping[str, Any], *changes: FieldChange, rules: Any = (SUPPRESSING,), **earlier: Any
) -> Look:
    return look([shown], lambda _: changes, [StackRules("blue", rules, **earlier)])


def status(new: str, by: str = ROLE) -> FieldChange:
    return FieldChange("Workflow.Status", "NEW", new, by)


def label(new: str, by: str = ROLE) -> FieldChange:
    return FieldChange("Severity.Label", "CRITICAL", new, by)


HIDDEN = status("SUPPRESSED")


@pytest.mark.parametrize(
    ("shown", "changes", "rules"),
    [
        pytest.param(finding(), [HIDDEN], [], id="the rule is gone"),
        pytest.param(finding(), [HIDDEN], [SUPPRESSING | {"mode": "observe"}], id="it only observes"),
        pytest.param(finding(), [HIDDEN], [SUPPRESSING | {"mode": "off"}], id="it is off"),
        pytest.param(finding(ProductName="Q"), [HIDDEN], [SUPPRESSING], id="it does not match"),
        pytest.param(finding(label="HIGH"), [HIDDEN], [SUPPRESSING], id="it does not match the severity"),
        pytest.param(
            finding(label="LOW", provided="CRITICAL"),
            [HIDDEN, label("LOW", PERSON)],
            [SUPPRESSING],
            id="the provider is above its ceiling",
        ),
        pytest.param(
            finding(label="LOW", provided="CRITICAL"),
            [HIDDEN, label("LOW")],
            [SUPPRESSING, LOWERING],
            id="it does not match what the provider says",
        ),
        pytest.param(finding("RESOLVED"), [status("RESOLVED")], [SUPPRESSING], id="it wants another"),
        pytest.param(finding("NEW", "LOW", "HIGH"), [label("LOW")], [SUPPRESSING], id="none lowers"),
        pytest.param(
            finding("NEW", "INFORMATIONAL", "HIGH"), [label("INFORMATIONAL")], [LOWERING], id="so far"
        ),
    ],
)
def test_what_a_stack_hides_and_no_rule_of_it_is_told(shown: Any, changes: Any, rules: Any) -> None:
    told = seen(shown, *changes, rules=rules)
    assert (told.unexplained, len(told.problems)) == (1, 1)


@pytest.mark.parametrize(
    ("shown", "changes", "hidden"),
    [
        pytest.param(finding(), [HIDDEN], 1, id="by its rule"),
        pytest.param(finding(), [status("SUPPRESSED", PERSON), HIDDEN], 0, id="by a person, after a stack"),
        pytest.param(finding(), [], 0, id="as it came"),
        pytest.param(
            finding("RESOLVED", Compliance={"Status": "PASSED"}), [status("RESOLVED")], 0, id="it passed"
        ),
        pytest.param(finding("NEW", "LOW", "CRITICAL"), [label("LOW", PERSON)], 0, id="lowered by a person"),
        pytest.param(finding("NEW", "LOW", "CRITICAL"), [label("LOW")], 1, id="lowered by its rule"),
    ],
)
def test_what_a_rule_hides_or_no_stack_is_explained(shown: Any, changes: Any, hidden: int) -> None:
    told = seen(shown, *changes, rules=[SUPPRESSING, LOWERING])
    assert (told.unexplained, told.problems, told.hidden.total()) == (0, [], hidden)


def fields(old: str, new: str, by: str = ROLE) -> FieldChange:
    return FieldChange("UserDefinedFields", old, new, by)


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        pytest.param([fields("", '{"hubtriage/memo":"1"}')], 1, id="a memory"),
        pytest.param([fields("", '{"a":"1"}'), fields('{"hubtriage/memo":"1"}', "")], 0, id="not there"),
        pytest.param([fields("", '{"hubtriage/memo":"1"}', PERSON)], 0, id="forged by another"),
        pytest.param(
            [fields('{"hubtriage/memo":"1"}', '{"hubtriage/memo":"1","team":"x"}'),
             fields("", '{"hubtriage/memo":"1"}', PERSON)],
            0,
            id="forged by another, and sent again with what a rule sets",
        ),
    ],
)  # fmt: skip
def test_user_fields_that_triage_adds_for_itself_are_told(changes: Any, count: int) -> None:
    shown = finding("NEW", UserDefinedFields={"hubtriage/memo": "1"})
    assert seen(shown, *changes, rules=[LOWERING]).keys_of_ours == count


@pytest.mark.parametrize(("before", "count"), [([LOWERING], 0), ([], 1)])
def test_a_user_field_of_a_rule_is_the_rules(before: Any, count: int) -> None:
    shown = finding("NEW", UserDefinedFields={"team": "x"})
    assert seen(shown, fields("", '{"team":"x"}'), rules=[SUPPRESSING], earlier=before).keys_of_ours == count


def test_changes_are_read_from_the_pages_of_a_history() -> None:
    update = {"UpdatedField": "Workflow.Status", "OldValue": "NEW", "NewValue": "SUPPRESSED"}
    record = {"UpdateSource": {"Identity": ROLE}, "Updates": [update]}
    assert list(changes_of([{"Records": [record]}, {"Records": []}])) == [HIDDEN]
