"""The mode `reopen`: no decision hides, and what is taken back is the same as in `enforce`."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hubtriage.engine.planning.decision import Change, Decision
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.ruleset import load_ruleset
from tests.laws.findings import LABELS, START, Finding, imported, planted
from tests.laws.oracle.conditions import ACCOUNTS
from tests.laws.oracle.fields import HIDING, below, held
from tests.laws.rules import DAY, Rule, rulesets
from tests.support.examples import examples

FINDINGS = st.one_of(imported(0), planted(1))
TIMES = st.sampled_from([START, START + 2 * DAY])


def decided(finding: Finding, rules: list[Rule], now: float, *, may_hide: bool) -> Decision:
    compiled = [rule for rule in rules if rule.get("mode") != "off"]
    document = {"format": 1, "hash": "0" * 16, "rules": compiled, "accounts": ACCOUNTS}
    return decide(finding, load_ruleset(document), now, Settings(may_hide=may_hide))


def applied(finding: Finding, decision: Decision) -> Finding:
    return {**finding, **(decision.update or {})}


def undone(decision: Decision) -> set[Change]:
    return {change for change in decision.changes if change.why == "taken back"}


@examples(300)
@given(
    FINDINGS, rulesets(fewest=1), st.none() | LABELS, rulesets(), st.sampled_from([START, START + 2 * DAY])
)
def test_in_reopen_nothing_is_hidden_and_taking_back_is_the_same(
    finding: Finding, before: list[Rule], escalated: str | None, rules: list[Rule], now: float
) -> None:
    """Of a finding that some rules have triaged, which other rules triage now."""
    held_by_us = applied(finding, decided(finding, before, START, may_hide=True))
    if escalated is not None:
        provided: dict[str, Any] = {**held_by_us.get("FindingProviderFields", {})}
        held_by_us = {**held_by_us, "FindingProviderFields": {**provided, "Severity": {"Label": escalated}}}
    enforced = decided(held_by_us, rules, now, may_hide=True)
    reopened = decided(held_by_us, rules, now, may_hide=False)
    after = applied(held_by_us, reopened)
    assert not reopened.hides
    if held(after, "Workflow") != held(held_by_us, "Workflow"):
        assert held(after, "Workflow") not in HIDING
    provider = held(held_by_us.get("FindingProviderFields", {}), "Severity")
    if below(held(after, "Severity"), held(held_by_us, "Severity")):
        assert not below(held(after, "Severity"), provider)
    assert undone(reopened) >= undone(enforced)
    if enforced.refused is None:
        assert undone(reopened) == undone(enforced)
