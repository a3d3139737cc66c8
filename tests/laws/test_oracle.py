"""Engine and oracle decide alike, whatever a finding shows and whatever triage remembers of it."""

from typing import Any

from hypothesis import given, note
from hypothesis import strategies as st

from hubtriage.engine.planning.entry import LastChange
from tests.laws.deciders import Engine, Naive, Payload, Verdict
from tests.laws.findings import START, imported, planted
from tests.laws.memories import last_changes, remembered_findings
from tests.laws.oracle.entries import engine_entry, remembered
from tests.laws.oracle.fields import Key, held
from tests.laws.rules import DAY, Rule, rulesets
from tests.support.examples import examples

FINDINGS = st.one_of(imported(0), planted(1))
TIMES = st.sampled_from([START, START + 2 * DAY])
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
    assert engine.flapping >= oracle.flapping, "what is in doubt may be reported as either"


@examples(1500)
@given(st.data(), rulesets(), TIMES, st.sampled_from(["replace", "merge"]), st.booleans(), NEVER)
def test_engine_and_oracle_decide_alike(
    data: st.DataObject,
    rules: list[Rule],
    now: float,
    udf: str,
    may_hide: bool,
    never: frozenset[str],
) -> None:
    engine, oracle = Engine(udf), Naive(udf)
    finding, memory = data.draw(remembered_findings(FINDINGS, now))
    entry = engine_entry(memory)
    for each in (engine, oracle):
        each.use(rules)
        each.switch(may_hide=may_hide, never=never)
    answers: dict[Key, LastChange | None] = {}
    for _ in range(3):
        verdicts = (
            engine.decide(finding, entry, now, answers),
            oracle.decide(finding, memory, now, answers),
        )
        compare(*verdicts, now)
        open_questions = sorted(verdicts[1].questions | verdicts[1].optional_questions)
        if verdicts[1].outdated or not open_questions:
            break
        for key in open_questions:
            answers[key] = data.draw(last_changes(finding, memory, key, now))
