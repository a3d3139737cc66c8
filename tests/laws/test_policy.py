"""Laws of the house policy as planning enforces it, whatever the rules and the policy say."""

from typing import Any

from hypothesis import assume, given, note
from hypothesis import strategies as st

from hubtriage.engine.fields import SEVERITY, WORKFLOW
from hubtriage.engine.planning.plan import Reasoning, reason
from hubtriage.engine.ruleset.hiding import is_hiding
from tests.laws.deciders import Engine, Verdict
from tests.laws.oracle.entries import engine_entry
from tests.laws.oracle.fields import HIDING, below, held, passed, providers, untouched
from tests.laws.oracle.policy import Statements, concerns, shows_more
from tests.laws.policies import POLICIES
from tests.laws.rules import LOGIC, PATTERNS
from tests.laws.test_oracle import NEVER
from tests.laws.test_planning import Situation, situations
from tests.support.examples import examples

KEYS = {WORKFLOW: "Workflow", SEVERITY: "Severity"}
FINDINGS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({"when": True}),
    LOGIC.map(lambda logic: {"when": logic}),
    PATTERNS.map(lambda pattern: {"match": pattern}),
)


def engine(situation: Situation, policy: Statements) -> Engine:
    """Return the engine with the rules of a situation and a policy."""
    made = Engine(situation.udf)
    made.use(situation.rules, policy)
    return made


def decided(
    situation: Situation, policy: Statements, *, may_hide: bool = True, never: frozenset[str] = frozenset()
) -> Verdict:
    made = engine(situation, policy)
    made.switch(may_hide=may_hide, never=never)
    return made.decide(situation.finding, engine_entry(situation.memory), situation.now, {})


def reasoned(situation: Situation, policy: Statements) -> Reasoning:
    made = engine(situation, policy)
    entry = engine_entry(situation.memory)
    return reason(situation.finding, entry, made.ruleset, situation.now, made.settings)


@examples(400)
@given(situations(fewest=1), FINDINGS)
def test_what_no_rule_may_hide_is_hidden_by_none(situation: Situation, findings: dict[str, Any]) -> None:
    """No change hides it, and what a rule held hidden is taken back, unless it cannot be.

    A severity may rise all the same, and still be below the provider's.
    """
    statement = {"id": "s", "never": "hide", "findings": findings}
    steps = reasoned(situation, [statement])
    decision, base = steps.decision, steps.baseline
    assume(concerns(statement, dict(base.raw), situation.now))
    hiding = [each for each in decision.changes if each.why == "rule" and hides(each.field, each.new, steps)]
    assert hiding == []
    if decision.questions or decision.refused or decision.outdated or decision.errors:
        return
    holding = {rule["id"] for rule in situation.enforced()}
    for name, claim in decision.after.claims.items():
        if claim.rule in holding and not claim.person:
            assert not hides(name, claim.value, steps), f"{claim.rule} still hides by {name}"


def hides(name: str, value: object, steps: Reasoning) -> bool:
    """Say whether a value hides a finding, and is not more than rules saw."""
    base = steps.baseline
    rises = name in KEYS and shows_more(dict(base.raw), KEYS[name], value)
    return is_hiding(name, value, base) and not rises


@examples(400)
@given(situations(fewest=1), POLICIES, st.booleans(), NEVER)
def test_a_policy_hides_nothing_that_would_be_visible_without_it(
    situation: Situation, policy: Statements, may_hide: bool, never: frozenset[str]
) -> None:
    """Neither closed nor less severe; what reopens a finding is not kept from it."""
    without = decided(situation, [], may_hide=may_hide, never=never)
    with_it = decided(situation, policy, may_hide=may_hide, never=never)
    assume(not (without.questions or with_it.questions or without.refused or with_it.refused))
    note(f"without: {without}")
    note(f"with: {with_it}")
    before, after = situation.after(without), situation.after(with_it)
    if held(after, "Workflow") in HIDING:
        assert held(before, "Workflow") in HIDING or passed(after), "as the service itself does"
    severity = held(after, "Severity")
    if below(severity, provided_severity(situation)):
        assert not below(severity, held(before, "Severity"))


def provided_severity(situation: Situation) -> Any:
    """Return the provider's severity; where the finding lacks it, a claim may have kept it."""
    claim = situation.memory.claims.get("Severity")
    if claim is None:
        return providers(situation.finding, "Severity")
    return untouched(situation.finding, "Severity", claim.provided)


@examples(200)
@given(situations(fewest=1), POLICIES)
def test_a_policy_about_other_rules_changes_nothing(situation: Situation, policy: Statements) -> None:
    others = [{**{k: v for k, v in each.items() if k != "others"}, "rules": ["other"]} for each in policy]
    assert decided(situation, others) == decided(situation, [])


@examples(200)
@given(situations(fewest=1), POLICIES)
def test_what_was_done_under_a_policy_leaves_nothing_to_do(situation: Situation, policy: Statements) -> None:
    """Fixpoint."""
    verdict = decided(situation, policy)
    assume(not verdict.questions)
    after = situation.after(verdict)
    made = engine(situation, policy)
    again = made.decide(after, verdict.entry, situation.now, {})
    assert again.payload is None
