"""The trace of a condition tells what each part saw, and never another outcome than the compiled one."""

import random

import pytest

from hubtriage.engine.jsonlogic.compiler import EvaluationError, compile_logic
from hubtriage.engine.pattern import compile_pattern
from hubtriage.engine.trace import (
    MAX_NODES,
    SAME_ELEMENT,
    TracedCondition,
    describe,
    trace_logic,
    trace_pattern,
)

FINDING = {
    "Title": "Open port",
    "Resources": [{"Type": "A", "Tags": {"env": "dev"}}, {"Type": "B", "Tags": {"env": "prod"}}],
    "CreatedAt": "2026-01-01T00:00:00Z",
}


def test_each_condition_of_a_pattern_tells_the_values_it_saw():
    pattern = {
        "Title": [{"prefix": "Open"}],
        "Resources": {"Type": ["C"]},
        "Note": {"Text": [{"exists": False}]},
    }
    assert trace_pattern(pattern, FINDING) == (
        TracedCondition("Title", 'prefix "Open"', ("Open port",), True),
        TracedCondition("Resources.Type", '"C"', ("A", "B"), False),
        TracedCondition("Note.Text", "does not exist", (), True),
    )


def test_what_the_finding_as_it_came_has_is_told_where_a_condition_saw_something_else():
    seen = {"Severity": {"Label": "LOW", "Normalized": 1}, "Title": "x"}
    came = {"Severity": {"Normalized": 31}, "Title": "x"}
    pattern = {"Severity": {"Label": ["LOW"], "Normalized": [1]}, "Title": ["x"]}
    assert [one.found for one in trace_pattern(pattern, seen, came)] == [(), (31,), None]
    logic = {"and": [{"var": one} for one in ("Severity.Label", "Severity.Normalized", "Title", "Title")]}
    root = trace_logic(logic, seen, original=came)
    assert [one.found for one in root.children] == [(None,), (31,), None, None]


def test_a_calculated_path_is_traced_once():
    seen, came = {"a": 1, "p": "a"}, {"a": 2, "p": "a"}
    root = trace_logic({"!": [{"var": {"var": "p"}}]}, seen, original=came)
    (outer,) = root.children
    assert (outer.value, outer.found) == (1, (2,))
    assert [one.expression for one in outer.children] == ['{"var": "p"}']


def test_conditions_that_hold_in_different_elements_only_are_told():
    *conditions, last = trace_pattern({"Resources": {"Type": ["A"], "Tags": {"env": ["prod"]}}}, FINDING)
    assert [condition.holds for condition in conditions] == [True, True]
    assert last == TracedCondition("Resources", SAME_ELEMENT, (), False)


def test_an_absence_that_one_element_has_holds_beside_a_value_of_it():
    pattern = {"Resources": {"Type": ["A"], "Tags": {"env": [{"exists": False}]}}}
    conditions = trace_pattern(pattern, {"Resources": [{"Type": "A"}, {"Type": "B", "Tags": {"env": "dev"}}]})
    assert conditions[1] == TracedCondition("Resources.Tags.env", "does not exist", ("dev",), True)
    alone = trace_pattern({"Resources": {"Tags": {"env": [{"exists": False}]}}}, FINDING)
    assert [condition.holds for condition in alone] == [False]


def test_branches_of_or_are_told_one_by_one():
    (either,) = trace_pattern({"$or": [{"Title": ["x"]}, {"Resources": {"Type": ["B"]}}]}, FINDING)
    assert either.holds
    assert [[part.holds for part in branch] for branch in either.branches] == [[False], [True]]


@pytest.mark.parametrize(
    ("alternatives", "text"),
    [
        pytest.param(["a", None, 5], '"a" or null or 5', id="literals"),
        pytest.param([{"numeric": [">", 0, "<=", 5]}], "> 0 and <= 5", id="a range"),
        pytest.param([{"anything-but": ["a", "b"]}], 'anything but any of "a" or "b"', id="exclusions"),
        pytest.param([{"anything-but": {"prefix": "a"}}], 'anything but prefix "a"', id="an excluded prefix"),
        pytest.param([{"exists": True}], "exists", id="existence"),
        pytest.param(
            [{"prefix": {"equals-ignore-case": "a"}}], 'prefix equals ignore case "a"', id="a prefix"
        ),
        pytest.param(
            [str(at) for at in range(9)], '"0" or "1" or "2" or "3" or "4" or "5" or 3 more', id="many"
        ),
    ],
)
def test_tests_are_put_in_words(alternatives, text):
    assert describe(alternatives) == text


def test_each_operation_tells_what_it_gave():
    logic = {"and": [{"in": ["port", {"var": "Title"}]}, {"<": [{"age_days": {"var": "CreatedAt"}}, 1]}]}
    root = trace_logic(logic, FINDING, now=1_767_312_000.0)
    assert (root.operator, root.value) == ("and", False)
    assert [(node.operator, node.value) for node in root.children] == [("in", True), ("<", False)]
    assert root.children[1].children[0].value == 1.0


def test_operations_that_were_not_reached_are_left_out():
    root = trace_logic({"or": [{"==": [1, 1]}, {"==": [1, 2]}]}, {})
    assert len(root.children) == 1


def test_an_operation_inside_some_is_told_for_each_element():
    root = trace_logic({"some": [{"var": "Resources"}, {"==": [{"var": "Type"}, "B"]}]}, FINDING)
    assert [node.value for node in root.children if node.operator == "=="] == [False, True]


def test_an_error_is_told_where_it_happened():
    root = trace_logic({"!": [{"age_days": [{"var": "CreatedAt"}]}]}, FINDING)
    assert root.error
    assert root.children[0].error
    assert root.children[0].children[0].value == FINDING["CreatedAt"]


def test_long_traces_are_cut_and_say_so():
    root = trace_logic({"map": [{"var": "l"}, {"!": [{"var": ""}]}]}, {"l": [1] * 5_000})
    assert len(root.value) == 5_000
    assert root.omitted > 0
    assert 1 + len(root.children) + sum(len(child.children) for child in root.children) <= MAX_NODES


@pytest.mark.parametrize(
    ("logic", "value"),
    [pytest.param(5, 5, id="a scalar"), pytest.param([{"var": "a"}, 1], [2, 1], id="a list")],
)
def test_what_is_no_operation_is_told_too(logic, value):
    assert trace_logic(logic, {"a": 2}).value == value


@pytest.fixture
def grammars():
    """The seeded grammars of the conformance tests."""
    from tests.conformance import logic_grammar, pattern_grammar

    return logic_grammar, pattern_grammar


def outcome(logic, data):
    """The value of an expression, or the error."""
    try:
        return repr(compile_logic(logic)(data)), None
    except EvaluationError as error:
        return "None", str(error)


def test_traced_and_compiled_expressions_agree(grammars):
    draw = random.Random(4)
    for _ in range(1_500):
        logic, data = grammars[0].everything(draw)
        node = trace_logic(logic, data)
        assert (repr(node.value), node.error) == outcome(logic, data)


def test_traced_and_compiled_patterns_agree(grammars):
    draw = random.Random(4)
    matched = 0
    for _ in range(3_000):
        finding = grammars[1].document(draw)
        pattern = (
            grammars[1].pattern_about(draw, finding) if draw.random() < 0.7 else grammars[1].pattern(draw)
        )
        holds = all(condition.holds for condition in trace_pattern(pattern, finding))
        assert holds is compile_pattern(pattern)(finding)
        matched += holds
    assert 300 < matched < 2_700
