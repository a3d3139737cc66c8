"""Conditions mean to the engine what they plainly say."""

import contextlib
from copy import deepcopy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hubtriage.engine.errors import EvaluationError
from hubtriage.engine.jsonlogic.compiler import compile_logic, truthy
from hubtriage.engine.pattern import compile_pattern
from tests.laws.findings import START, Finding, imported, planted
from tests.laws.oracle.conditions import ACCOUNTS, NoAnswerError, answer, matches
from tests.laws.rules import DAY, LOGIC, PATTERNS
from tests.support.examples import examples

FINDINGS = st.one_of(imported(0), planted(1))
JOINED = st.one_of(PATTERNS, st.tuples(PATTERNS, PATTERNS).map(lambda both: {"$or": list(both)}))


@examples(300)
@given(JOINED, FINDINGS)
def test_a_pattern_matches_as_the_plain_reading_says(pattern: dict[str, Any], finding: Finding) -> None:
    assert compile_pattern(pattern)(finding) == matches(pattern, finding)


@examples(300)
@given(LOGIC, FINDINGS, st.sampled_from([START, START + DAY, START + 30 * DAY]))
def test_logic_answers_as_the_plain_reading_says(logic: Any, finding: Finding, now: float) -> None:
    run = compile_logic(logic, accounts=ACCOUNTS)
    try:
        expected: Any = bool(answer(logic, finding, now))
    except NoAnswerError:
        expected = "no answer"
    try:
        got: Any = truthy(run(finding, now))
    except EvaluationError:
        got = "no answer"
    assert got == expected


@examples(100)
@given(PATTERNS, LOGIC, FINDINGS)
def test_conditions_leave_the_finding_as_it_is(pattern: dict[str, Any], logic: Any, finding: Finding) -> None:
    before = deepcopy(finding)
    compile_pattern(pattern)(finding)
    with contextlib.suppress(EvaluationError):
        compile_logic(logic, accounts=ACCOUNTS)(finding, START)
    assert finding == before
