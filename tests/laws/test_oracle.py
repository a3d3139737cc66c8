"""Engine and oracle decide alike, whatever a finding shows and whatever triage remembers of it."""

from collections.abc import Callable
from typing import Any

from hypothesis import given, note
from hypothesis import strategies as st

from hubtriage.engine.planning.entry import LastChange
from tests.laws.deciders import Engine, Naive, Payload, Verdict
from tests.laws.findings import START, Finding, imported, planted
from tests.laws.memories import last_changes, remembered_findings
from tests.laws.oracle.entries import OracleEntry, engine_entry, remembered
from tests.laws.oracle.fields import Key, held
from tests.laws.oracle.policy import Statements
from tests.laws.policies import POLICIES
from tests.laws.rules import DAY, Rule, rulesets
from tests.support.examples import examples

FINDINGS = st.one_of(imported(0), planted(1))
TIMES = st.sampled_from([START, START + 2 * DAY])
SOME_POLICIES = st.one_of(st.just([]), POLICIES)
NEVER = st.sampled_from(
    [
        frozenset[str](),
        frozenset({"Workflow"}),
        frozenset({"Severity"}),
        frozenset({"Workflow", "Confidence"}),
    ]
)


def comparable(payload: Payload | None) -> dict[str, Any]:
    """Return what a call writes, by field; lists have no order."""
    written = {key: held(dict(payload or {}), key) for key in (payload or {}) if key != "UserDefinedFields"}
    author = ((payload or {}).get("Note") or {}).get("UpdatedBy")
    return {**written, "by": author, "keys": (payload or {}).get("UserDefinedFields")}


def compare(engine: Verdict, oracle: Verdict, now: float) -> None:
    note(f"engine: {engine}")
    note(f"oracle: {oracle}")
    assert engine.outdated == oracle.outdated
    assert engine.questions == oracle.questions
    assert engine.optional_questions == oracle.optional_questions
    assert engine.outdated or engine.unrecorded == oracle.unrecorded
    assert comparable(engine.payload) == comparable(oracle.payload)
    assert (engine.hides, engine.reopens) == (oracle.hides, oracle.reopens)
    assert remembered(engine.entry, now) == remembered(oracle.entry, now)
    assert engine.refused == oracle.refused
    assert engine.outdated or engine.account == oracle.account
    assert engine.flapping >= oracle.flapping, "what is in doubt may be reported as either"


@examples(1500)
@given(st.data(), rulesets(), TIMES, NEVER, SOME_POLICIES)
def test_engine_and_oracle_decide_alike(
    data: st.DataObject, rules: list[Rule], now: float, never: frozenset[str], policy: Statements
) -> None:
    """In every mode: drawing takes longer than deciding."""
    finding, memory = data.draw(remembered_findings(FINDINGS, now))
    known: dict[Key, LastChange | None] = {}

    def answer(key: Key) -> LastChange | None:
        if key not in known:
            known[key] = data.draw(last_changes(finding, memory, key, now))
        return known[key]

    for udf in ("replace", "merge"):
        deciders = Engine(udf), Naive(udf)
        for each in deciders:
            each.use(rules, policy)
        for may_hide in (True, False):
            note(f"udf: {udf}, may hide: {may_hide}")
            for each in deciders:
                each.switch(may_hide=may_hide, never=never)
            decide_alike(deciders, finding, memory, now, answer)


def decide_alike(
    deciders: tuple[Engine, Naive],
    finding: Finding,
    memory: OracleEntry,
    now: float,
    answer: Callable[[Key], LastChange | None],
) -> None:
    """Let both decide, and decide again with what the history answers to the questions of before."""
    engine, oracle = deciders
    entry = engine_entry(memory)
    answers: dict[Key, LastChange | None] = {}
    for _ in range(3):
        expected = oracle.decide(finding, memory, now, answers)
        compare(engine.decide(finding, entry, now, answers), expected, now)
        open_questions = expected.questions | expected.optional_questions
        if expected.outdated or not open_questions:
            return
        answers |= {key: answer(key) for key in sorted(open_questions)}
