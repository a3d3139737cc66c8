"""Laws of a hand-back, whatever a finding shows, whatever triage remembers, and whatever rules there are."""

from collections.abc import Mapping

from hypothesis import given

from hubtriage.engine.planning.entry import Entry, LastChange
from tests.laws.checks import changed, is_text
from tests.laws.deciders import Engine, Naive, Verdict
from tests.laws.findings import Finding
from tests.laws.oracle.entries import engine_entry, engine_name, remembered
from tests.laws.oracle.fields import FIELDS, HIDING, PROVIDED, below, held, is_a_persons, passed, providers
from tests.laws.oracle.rules import could_set
from tests.laws.test_planning import Situation, situations
from tests.support.examples import examples

NO_RECORD: Mapping[str, LastChange | None] = {"Workflow": None, "Severity": None}


def handed_back(situation: Situation, finding: Finding, entry: Entry) -> Verdict:
    """Decide on a finding that people hand back now; its history has no record."""
    engine = Engine(situation.udf)
    engine.use(situation.rules)
    return engine.decide(finding, entry, situation.now, NO_RECORD, handed_back=situation.now)


@examples(200)
@given(situations())
def test_engine_and_oracle_do_the_same(situation: Situation) -> None:
    ours = handed_back(situation, situation.finding, engine_entry(situation.memory))
    oracle = Naive(situation.udf)
    oracle.use(situation.rules)
    theirs = oracle.decide(situation.finding, situation.memory, situation.now, NO_RECORD, situation.now)
    assert (ours.payload is None) == (theirs.payload is None)
    assert changed(situation.after(ours), situation.after(theirs)) == []
    assert remembered(ours.entry, situation.now) == remembered(theirs.entry, situation.now)
    assert ours.questions == theirs.questions


@examples(200)
@given(situations())
def test_it_leaves_nothing_to_do(situation: Situation) -> None:
    """Fixpoint: neither a look without it, nor another hand-back, finds anything to set."""
    verdict = handed_back(situation, situation.finding, engine_entry(situation.memory))
    after = situation.after(verdict)
    assert situation.of(after, verdict.entry).payload is None
    again = handed_back(situation, after, verdict.entry)
    assert again.payload is None


@examples(200)
@given(situations())
def test_people_hold_no_field_that_is_no_text(situation: Situation) -> None:
    """Of what a rule could not set, the provider or the service decides; what cannot be emptied stays."""
    verdict = handed_back(situation, situation.finding, engine_entry(situation.memory))
    after = situation.after(verdict)
    theirs = {name for name, claim in verdict.entry.claims.items() if claim.person}
    assert not theirs & {engine_name(key) for key in FIELDS if key != "Note"}
    if verdict.refused:
        return
    for key in FIELDS:
        free = not any(key in could_set(rule) or rule.get("mode") == "hold" for rule in situation.enforced())
        emptied = key not in PROVIDED or providers(after, key) is not None
        is_open = key == "Workflow" and passed(after) and held(after, key) not in HIDING
        if free and emptied and key != "Note" and not is_open:
            assert not is_a_persons(after, key), f"{key} is {held(after, key)!r}"


@examples(200)
@given(situations())
def test_it_hides_nothing_that_rules_do_not_hide(situation: Situation) -> None:
    """Where no rule could set the status or lower the severity, what is open stays open."""
    before = situation.finding
    after = situation.after(handed_back(situation, before, engine_entry(situation.memory)))
    if not situation.setting("Workflow"):
        opened = held(before, "Workflow") not in HIDING
        assert not (opened and held(after, "Workflow") in HIDING)
        assert (
            held(after, "Workflow") not in HIDING
            or held(after, "Workflow") == held(before, "Workflow")
            or passed(after)
        )
    if not situation.setting("Severity") and changed(before, after).count("Severity"):
        assert not below(held(after, "Severity"), providers(after, "Severity"))


@examples(200)
@given(situations())
def test_a_text_is_lost_only_to_a_rule(situation: Situation) -> None:
    entry = engine_entry(situation.memory)
    after = situation.after(handed_back(situation, situation.finding, entry))
    for key in changed(situation.finding, after):
        claim = situation.memory.claims.get(key)
        theirs = claim.person if claim else is_a_persons(situation.finding, key)
        if theirs and is_text(key):
            assert situation.setting(key), f"{key} was {held(situation.finding, key)!r}"
