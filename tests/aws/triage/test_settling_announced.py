"""Whatever happens on the way: no decision without its event, and no event before the fact.

Histories as those of settling, of both hubs, with a bus that fails, and containers that die while they put.
"""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hubtriage.engine.planning.plan import decide
from tests.aws.triage.test_settling import (
    EDITS,
    FAULTS,
    NUMBERS,
    PAUSES,
    after_a_while,
    handled,
    histories,
    kinds_of_acts,
    meanwhile,
)
from tests.aws.triage.test_settling_v2 import FAULTS as FAULTS_OF_V2
from tests.aws.triage.test_settling_v2 import HUBS
from tests.laws.findings_v2 import SEVERITIES, UPDATES
from tests.support.announced import Announcements
from tests.support.examples import examples
from tests.support.settling_hubs import CSPM_HUB, HubOfHistory, Provide
from tests.support.settling_world import (
    FINDINGS,
    Amid,
    BreakBus,
    Deploy,
    Edit,
    Restore,
    Settling,
    live,
)
from tests.support.settling_world import (
    RULESETS as ORDINARY,
)

TICKETS: dict[str, Any] = {
    "id": "tickets",
    "match": {"Severity": {"Label": ["MEDIUM", "HIGH", "CRITICAL"]}},
    "update": {"Workflow": {"Status": "NOTIFIED"}},
    "open-ticket": {"queue": "cloud", "per": "account"},
    "notify": ["sec-chat"],
}
ELSEWHERE = {**TICKETS, "open-ticket": {"queue": "team", "per": "rule"}, "update": {"Confidence": 50}}
OBSERVED = {**TICKETS, "id": "watched", "mode": "observe"}
RULESETS = (
    (TICKETS,),
    (*ORDINARY[0], {**ELSEWHERE, "id": "others"}),
    (ELSEWHERE, OBSERVED),
    ({**TICKETS, "mode": "hold"}, *ORDINARY[1]),
    (),
)
"""Rules that hide, that ask for tickets, that move them, and that keep them."""
_CLOSED = st.booleans()
PROVIDED = st.builds(
    Provide,
    NUMBERS,
    st.sampled_from(["LOW", "MEDIUM", "HIGH", "CRITICAL"]),
    st.sampled_from([None, None, "PASSED", "FAILED"]),
    _CLOSED,
)
PROVIDED_IN_V2 = st.builds(
    Provide, NUMBERS, SEVERITIES, st.sampled_from([None, None, "PASSED", "FAILED"]), _CLOSED
)
EDITS_IN_V2 = st.builds(Edit, NUMBERS, UPDATES)
BROKEN_BUS = st.builds(BreakBus, st.booleans(), st.sampled_from([1, 2, 4]))
DEPLOYED = st.builds(Deploy, st.integers(0, len(RULESETS) - 1))


def acts(
    provided: st.SearchStrategy[Provide], edits: st.SearchStrategy[Edit], faults: st.SearchStrategy[Any]
) -> st.SearchStrategy[tuple[Any, float]]:
    amid = st.builds(Amid, st.integers(0, 9), st.booleans(), meanwhile(provided, edits), st.booleans())
    kinds = kinds_of_acts(provided, edits, handled(amid), faults, DEPLOYED)
    return after_a_while(PAUSES, *kinds, *3 * [BROKEN_BUS])


ACTS = acts(PROVIDED, EDITS, FAULTS)
ACTS_IN_V2 = acts(PROVIDED_IN_V2, EDITS_IN_V2, FAULTS_OF_V2)


@examples(150)
@given(histories(ACTS), st.integers(0, 1000))
def test_each_decision_has_its_event_once_it_has_happened(acts: list[tuple[Any, float]], seed: int) -> None:
    demand_all(live(acts, seed, CSPM_HUB, RULESETS, Announcements()))


@examples(100)
@given(histories(ACTS_IN_V2), HUBS, st.integers(0, 1000))
def test_in_security_hub_v2_too(acts: list[tuple[Any, float]], of: HubOfHistory, seed: int) -> None:
    demand_all(live(acts, seed, of, RULESETS, Announcements()))


@examples(40)
@given(histories(st.one_of(ACTS, st.tuples(st.just(Restore()), st.just(40.0)))), st.integers(0, 1000))
def test_where_the_table_is_restored_too(acts: list[tuple[Any, float]], seed: int) -> None:
    demand_all(live(acts, seed, CSPM_HUB, RULESETS, Announcements()), is_restored=True)


def demand_all(settling: Settling, *, is_restored: bool = False) -> None:
    """Let a history come to its end, and hold the laws on what it has announced."""
    announced = settling.announced
    assert announced is not None
    settling.settle()
    announced.demand_all(settling.world.ledger.items)
    for number in range(FINDINGS):
        if not is_restored:
            announced.demand_tickets(settling.world.ledger.items, settling.key(number))
        demand_standing(settling, number)
    settling.take_back()
    announced.demand_all(settling.world.ledger.items)
    for number in range(FINDINGS):
        assert not settling.entry(number).open_tickets


def demand_standing(settling: Settling, number: int) -> None:
    """A ticket has the finding if, and only if, its rule applies and the finding is open."""
    found, entry = settling.of.as_rules_see_it(settling.world.hub, number), settling.entry(number)
    decision = decide(
        found, entry, settling.ruleset, settling.clock.now(), settling.containers[0].bench.triage.settings
    )
    is_open = (
        found.get("RecordState") == "ACTIVE"
        and found.get("Compliance", {}).get("Status") != "PASSED"
        and found["Workflow"]["Status"] not in ("RESOLVED", "SUPPRESSED", "DELETED")
    )
    asking = {rule["id"] for rule in settling.rules if "open-ticket" in rule and rule.get("mode") is None}
    held = {rule["id"] for rule in settling.rules if rule.get("mode") == "hold"}
    wanted = asking.intersection(decision.rules) if is_open else set()
    assert wanted <= set(entry.open_tickets) <= wanted | (held if is_open else set())
