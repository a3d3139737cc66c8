"""JsonLogic answers as json-logic-js 2.0.5 does."""

import json
import os
import random
import shutil
from pathlib import Path

import pytest

from tests.conformance.fuzz_logic import differences, draw_cases
from tests.conformance.logic_grammar import grammars, rules
from tests.conformance.logic_oracle import our_answer, same

HERE = Path(__file__).parent
ANSWERS = HERE / "logic_answers.jsonl"
REFERENCE = HERE.parent.parent / "node_modules" / "json-logic-js"

needs_node = pytest.mark.skipif(
    not shutil.which("node") or not REFERENCE.exists(), reason="needs node and json-logic-js (`make setup`)"
)


def answered_cases():
    documents, *rows = map(json.loads, ANSWERS.read_text().splitlines())
    return [(logic, documents[number], answer) for logic, number, answer in rows]


def test_recorded_answers_of_json_logic_js_are_ours():
    cases = answered_cases()
    assert len(cases) >= 3_000
    wrong = [case for case in cases if not same(our_answer(case[0], case[1]), case[2])]
    assert wrong == []


def test_recorded_answers_tell_right_from_wrong():
    answers = [json.dumps(answer) for _logic, _data, answer in answered_cases()]
    assert all(answers.count(text) > 100 for text in ("true", "false", "null", "[]", '{"$": "NaN"}'))
    assert len(set(answers)) > 200


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param(True, 1, id="true is not 1"),
        pytest.param({"$": "-0"}, 0, id="-0 is not 0"),
        pytest.param([1], [1, 2], id="lists of different length"),
        pytest.param({"a": 1}, {"a": True}, id="objects with different members"),
        pytest.param("1", 1, id="a text is not a number"),
        pytest.param(None, False, id="null is not false"),
    ],
)
def test_comparison_of_answers_sees_a_difference(left, right):
    assert not same(left, right)


@needs_node
@pytest.mark.parametrize("grammar", sorted(grammars(0)))
def test_fresh_random_cases_get_the_same_answer_from_node(grammar):
    assert differences(draw_cases(grammar, 400, seed=20_261_101)) == []


@needs_node
@pytest.mark.skipif("HUBTRIAGE_CORPUS" not in os.environ, reason="needs the folder of public findings")
def test_conditions_on_findings_of_other_people_get_the_same_answer_from_node():
    lines = Path(os.environ["HUBTRIAGE_CORPUS"], "findings.jsonl").read_text().splitlines()
    draw_rule = rules([json.loads(line) for line in lines])
    draw = random.Random(312)
    assert differences([draw_rule(draw) for _ in range(2_000)]) == []
