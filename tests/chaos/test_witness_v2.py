"""The look at Security Hub V2 notices what no rule hides, and comments that triage replaced."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.chaos.witness import Look, StackRules
from tests.chaos.witness_v2 import OVERTAKING, CommentsShown, OtherWriters, look_v2

UID = "a" * 64
SUPPRESSING = {
    "id": "quiet",
    "match": {"ProductName": ["P"], "Severity": {"Label": ["LOW", "MEDIUM"]}},
    "update": {"Workflow": {"Status": "SUPPRESSED"}},
}
LOWERING = {
    "id": "low",
    "match": {"ProductName": ["P"]},
    "ceiling": "CRITICAL",
    "update": {"Severity": {"AtMost": "LOW"}},
}


def finding(status: int = 3, severity: int = 2, vendor: int | None = None, **members: Any) -> dict[str, Any]:
    return {
        "metadata": {"uid": UID, "product": {"name": "P"}},
        "status_id": status,
        "severity_id": severity,
        "vendor_attributes": {"severity_id": severity if vendor is None else vendor},
        **members,
    }


def seen(shown: Mapping[str, Any], *others: Mapping[str, Any], rules: Any = (SUPPRESSING,)) -> Look:
    told, writers = Look(), OtherWriters()
    for fields in others:
        writers.note(UID, fields)
    look_v2([shown], writers, CommentsShown(), [StackRules("blue", rules)], told)
    return told


@pytest.mark.parametrize(
    ("shown", "others", "rules"),
    [
        pytest.param(finding(), [], [], id="the rule is gone"),
        pytest.param(finding(), [], [SUPPRESSING | {"mode": "observe"}], id="it only observes"),
        pytest.param(finding(), [], [SUPPRESSING | {"ceiling": "INFORMATIONAL"}], id="it is too severe"),
        pytest.param(finding(severity=0), [], [LOWERING, SUPPRESSING], id="how severe it is, is not known"),
        pytest.param(finding(status=4), [], [SUPPRESSING], id="the rule wants another status"),
        pytest.param(
            finding(), [{"StatusId": 3}, {"StatusId": 1}], [], id="a person has opened it again since"
        ),
        pytest.param(finding(1, 1, 5), [], [LOWERING], id="it is lower than the rule has it"),
        pytest.param(finding(1, 2, 99), [], [LOWERING], id="triage has ranked what is not known"),
    ],
)
def test_what_is_hidden_and_no_rule_hides_is_told(shown: Any, others: Any, rules: Any) -> None:
    told = seen(shown, *others, rules=rules)
    assert told.unexplained == 1
    assert len(told.problems) == 1


@pytest.mark.parametrize(
    ("shown", "others", "rules"),
    [
        pytest.param(finding(), [{"StatusId": 3}], [], id="a person suppressed it"),
        pytest.param(finding(status=1), [], [], id="it is not hidden"),
        pytest.param(finding(4, compliance={"status_id": 1}), [], [], id="it passes, and is resolved"),
        pytest.param(finding(1, 2, 5), [{"SeverityId": 2}], [], id="a person lowered it"),
    ],
)
def test_what_others_hide_is_no_matter_of_triage(shown: Any, others: Any, rules: Any) -> None:
    told = seen(shown, *others, rules=rules)
    assert (told.unexplained, told.hidden.total()) == (0, 0)


@pytest.mark.parametrize(
    ("shown", "rule"),
    [
        pytest.param(finding(), SUPPRESSING, id="it is suppressed"),
        pytest.param(finding(), SUPPRESSING | {"mode": "hold"}, id="the rule is on hold"),
        pytest.param(finding(1, 2, 6), LOWERING, id="Fatal counts as critical, and is lowered"),
    ],
)
def test_what_a_rule_hides_is_counted(shown: Any, rule: Any) -> None:
    told = seen(shown, rules=[rule])
    assert told.hidden == {f"blue in V2: {rule['id']}": 1}
    assert told.problems == []


@pytest.mark.parametrize(
    ("shown", "replaced"),
    [
        pytest.param({"comment": "Mine."}, 0, id="it is there"),
        pytest.param({"notes": [{"comment": "Old."}, {"comment": "Mine."}]}, 0, id="it is the newest note"),
        pytest.param({"comment": "Accepted."}, 1, id="another is there"),
        pytest.param({}, 1, id="none is there"),
    ],
)
def test_a_comment_that_triage_replaced_is_told(shown: Any, replaced: int) -> None:
    told = seen(finding(status=1, **shown), {"Comment": "Mine."})
    assert (told.comments_replaced, len(told.problems)) == (replaced, replaced)


def test_what_people_left_before_the_finding_came_is_theirs() -> None:
    told, writers = Look(), OtherWriters()
    writers.note_found(finding(comment="Mine."))
    look_v2([finding(comment="Accepted.")], writers, CommentsShown(), [], told)
    assert (told.unexplained, told.comments_replaced) == (0, 1)


@pytest.mark.parametrize(
    ("seconds", "counts"),
    [
        pytest.param(OVERTAKING - 1, (0, 1), id="triage could not know of it"),
        pytest.param(OVERTAKING + 1, (1, 0), id="it had stood there long enough"),
    ],
)
def test_a_comment_that_came_while_triage_wrote_is_counted_apart(
    seconds: float, counts: tuple[int, int]
) -> None:
    told, writers, shown = Look(), OtherWriters(), CommentsShown()
    writers.note(UID, {"Comment": "Mine."}, 1_000.0)
    held = finding(status=1, comment="Accepted.")
    shown.note(held, 900.0)
    shown.note(held, 1_000.0 + seconds + 50)
    shown.note(held, 1_000.0 + seconds)
    look_v2([held], writers, shown, [], told)
    assert (told.comments_replaced, told.comments_overtaken) == counts
