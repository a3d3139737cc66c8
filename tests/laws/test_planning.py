"""Laws of a single decision, whatever a finding shows and whatever triage remembers of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from hubtriage.engine.planning.decision import Decision
from hubtriage.engine.planning.entry import NO_ENTRY, Entry
from hubtriage.engine.planning.plan import decide
from hubtriage.localaws.securityhub.asff.fields import customer_update
from tests.laws.checks import changed
from tests.laws.deciders import Engine, Verdict
from tests.laws.findings import LABELS, START, Finding, imported, planted
from tests.laws.memories import remembered_findings
from tests.laws.oracle.entries import OracleEntry, engine_entry
from tests.laws.oracle.fields import HIDING, below, held, is_a_persons, on_record, passed, providers
from tests.laws.oracle.rules import DEFAULT_CEILING, ceiling_of, could_set
from tests.laws.rules import DAY, Rule, rules, rulesets
from tests.laws.test_oracle import NEVER
from tests.support.examples import examples

FINDINGS = st.one_of(imported(0), planted(1))
TIMES = st.sampled_from([START, START + 2 * DAY])
READINGS = st.sampled_from(["replace", "merge"])


@dataclass(frozen=True)
class Situation:
    """A finding, what triage remembers of it, the rules and the time."""

    finding: Finding
    memory: OracleEntry
    rules: list[Rule]
    now: float
    udf: str

    def decided(self, *, may_hide: bool = True, never: frozenset[str] = frozenset()) -> Verdict:
        return self.of(self.finding, engine_entry(self.memory), may_hide=may_hide, never=never)

    def of(
        self, finding: Finding, entry: Entry, *, may_hide: bool = True, never: frozenset[str] = frozenset()
    ) -> Verdict:
        engine = Engine(self.udf)
        engine.use(self.rules)
        engine.switch(may_hide=may_hide, never=never)
        return engine.decide(finding, entry, self.now, {})

    def after(self, verdict: Verdict) -> Finding:
        """Return the finding as the service makes it of a call."""
        if verdict.payload is None:
            return self.finding
        return customer_update(self.finding, verdict.payload, self.udf, self.now)  # type: ignore[arg-type]

    def enforced(self) -> list[Rule]:
        in_force = (r for r in self.rules if r.get("starts", 0) <= self.now < r.get("ends", self.now + 1))
        return [rule for rule in in_force if rule.get("mode") not in ("off", "observe")]

    def setting(self, key: str) -> list[Rule]:
        return [rule for rule in self.enforced() if key in could_set(rule)]


@st.composite
def situations(draw: st.DrawFn, fewest: int = 0) -> Situation:
    now, rules = draw(TIMES), draw(rulesets(fewest=fewest))
    finding, memory = draw(remembered_findings(FINDINGS, now))
    return Situation(finding, memory, rules, now, draw(READINGS))


def is_sure(verdict: Verdict) -> bool:
    """Say whether nothing has to be asked first."""
    return not (verdict.questions or verdict.optional_questions)


@examples(300)
@given(situations())
def test_what_has_been_done_leaves_nothing_to_do(situation: Situation) -> None:
    """Fixpoint: decide on the finding as the update made it."""
    verdict = situation.decided()
    assume(not verdict.questions)
    after = situation.after(verdict)
    again = situation.of(after, verdict.entry)
    assert again.payload is None
    keys_left_out = any(claim.left_out for claim in verdict.entry.claims.values())
    assert not again.learned or keys_left_out, "the claim of a key ends once it is seen to be gone"
    assert not situation.of(after, again.entry).learned


@examples(300)
@given(situations(), st.booleans(), NEVER)
def test_only_a_rule_in_force_hides(situation: Situation, may_hide: bool, never: frozenset[str]) -> None:
    """Nothing that is written on a finding, and nothing that is remembered of it, does."""
    verdict = situation.decided(may_hide=may_hide, never=never)
    before, after = situation.finding, situation.after(verdict)
    hides = any(_could_hide(rule) for rule in situation.enforced()) and may_hide
    status, severity = held(after, "Workflow"), held(after, "Severity")
    if status != held(before, "Workflow") and status in HIDING and not hides:
        assert (held(before, "Workflow"), status) == ("SUPPRESSED", "RESOLVED")
        assert passed(after)
    if below(severity, held(before, "Severity")) and not hides and on_record(before, "Severity"):
        assert not below(severity, providers(before, "Severity"))


def _could_hide(rule: Rule) -> bool:
    update = rule["update"]
    return update.get("Workflow", {}).get("Status") in HIDING or "Severity" in update


@examples(300)
@given(situations())
def test_what_is_a_persons_stays(situation: Situation) -> None:
    """Human wins: an override alone takes over what somebody set, and never a note."""
    verdict = situation.decided()
    for key in changed(situation.finding, situation.after(verdict)):
        claim = situation.memory.claims.get(key)
        theirs = claim.person if claim else is_a_persons(situation.finding, key)
        if theirs:
            assert key != "Note"
            assert any(rule.get("override") for rule in situation.setting(key))
            assert claim is None or claim.overruled < 3


@examples(300)
@given(situations(fewest=1), st.booleans(), NEVER, st.none() | LABELS)
def test_what_is_above_every_ceiling_does_not_stay_hidden(
    situation: Situation, may_hide: bool, never: frozenset[str], label: str | None
) -> None:
    """No hidden escalation: not by a failed rule, a stopped hiding or a status in `never` either."""
    if label is not None and isinstance(situation.finding.get("FindingProviderFields"), dict):
        situation.finding["FindingProviderFields"] = {
            **situation.finding["FindingProviderFields"],
            "Severity": {"Label": label},
        }
    verdict = situation.decided(may_hide=may_hide, never=never)
    assume(not verdict.questions and on_record(situation.finding, "Severity"))
    after, severity = situation.after(verdict), providers(situation.finding, "Severity")
    hidden: dict[str, Callable[[], bool]] = {
        "Workflow": lambda: held(after, "Workflow") in HIDING and not passed(after),
        "Severity": lambda: below(held(after, "Severity"), severity) and "Severity" not in never,
    }
    for key, is_hidden in hidden.items():
        claim = situation.memory.claims.get(key)
        ours = claim is not None and not claim.person and claim.value == held(situation.finding, key)
        rules = [r for r in situation.enforced() if key in could_set(r) or r.get("mode") == "hold"]
        ceilings = [DEFAULT_CEILING, *map(ceiling_of, rules)]
        if ours and all(below(ceiling, severity) for ceiling in ceilings):
            assert not is_hidden(), f"{severity} stays hidden by {key}"


@examples(300)
@given(situations(), st.sampled_from(["hubtriage", "hubtriage/accept", "hubtriage-oncall"]))
def test_what_old_versions_kept_on_a_finding_means_nothing(situation: Situation, author: str) -> None:
    """A forged memo or a note in our name changes nothing that the same from another tool would not."""
    fields = dict(situation.finding.get("UserDefinedFields") or {})
    assume(len(fields) < 40)
    note = {"Text": "hubtriage: accept no longer applies.", "UpdatedAt": "2026-10-31T00:00:00Z"}
    forged = {"managed": "hubtriage", "rules": "accept", "memo": "1 WS.k3Jd9x SL.k3Jd9x<%22LOW%22"}
    ours, theirs = (
        {
            **situation.finding,
            "Note": {**note, "UpdatedBy": by},
            "UserDefinedFields": {**fields, **{prefix + name: value for name, value in forged.items()}},
        }
        for by, prefix in ((author, "hubtriage/"), ("jo", "jotriage/"))
    )
    entry = engine_entry(situation.memory)
    verdicts = [situation.of(finding, entry) for finding in (ours, theirs)]
    updates = [_without_forged(verdict.payload) for verdict in verdicts]
    assert updates[0] == updates[1]
    assert verdicts[0].entry == verdicts[1].entry


def _without_forged(payload: Any) -> Any:
    fields = (payload or {}).get("UserDefinedFields")
    kept = {k: v for k, v in (fields or {}).items() if not k.startswith(("hubtriage/", "jotriage/"))}
    return payload and {**payload, "UserDefinedFields": None if fields is None else kept}


@examples(300)
@given(situations(fewest=1), rulesets(), st.none() | LABELS)
def test_in_reopen_nothing_is_hidden_and_taking_back_is_the_same(
    situation: Situation, before: list[Rule], escalated: str | None
) -> None:
    """Of a finding that some rules have triaged, which other rules triage now."""
    earlier = Situation(situation.finding, OracleEntry(), before, START, situation.udf)
    hidden = earlier.decided()
    found = earlier.after(hidden)
    if escalated is not None:
        provided = {**found.get("FindingProviderFields", {}), "Severity": {"Label": escalated}}
        found = {**found, "FindingProviderFields": provided}
    now = Situation(found, OracleEntry(), situation.rules, situation.now, situation.udf)
    enforced = now.of(found, hidden.entry)
    reopened = now.of(found, hidden.entry, may_hide=False)
    after = now.after(reopened)
    if held(after, "Workflow") != held(found, "Workflow"):
        assert held(after, "Workflow") not in HIDING or passed(after)
    if below(held(after, "Severity"), held(found, "Severity")) and on_record(found, "Severity"):
        assert not below(held(after, "Severity"), providers(found, "Severity"))
    assert undone(now, reopened, hidden.entry) >= undone(now, enforced, hidden.entry)


@examples(300)
@given(FINDINGS, rules("accept"), READINGS)
def test_a_rule_in_observe_announces_what_it_will_do(finding: Finding, rule: Rule, udf: str) -> None:
    """Of a finding that triage has not touched, and with no other rule."""
    observing, enforcing = (
        decision_by({**rule, "mode": mode}, finding, udf) for mode in ("observe", "enforce")
    )
    assert observing.update is None
    assume(enforcing.refused is None)
    announced = {(each.field, each.old, each.new) for each in observing.observed}
    assert announced == {(each.field, each.old, each.new) for each in enforcing.changes}


def decision_by(rule: Rule, finding: Finding, udf: str) -> Decision:
    """Return what the engine decides by one rule on a finding that it has not touched."""
    engine = Engine(udf)
    engine.use([rule])
    return decide(finding, NO_ENTRY, engine.ruleset, START, engine.settings)


def undone(situation: Situation, verdict: Verdict, entry: Entry) -> set[str]:
    """Return the fields that a decision takes back."""
    return {name for name, claim in entry.claims.items() if claim.rule and _is_undone(name, verdict)}


def _is_undone(name: str, verdict: Verdict) -> bool:
    claim = verdict.entry.claims.get(name)
    return claim is None or claim.rule is None
