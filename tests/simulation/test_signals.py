"""A signal that both hubs show counts once, in whichever order its findings come."""

from collections import Counter, defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.engine.ocsf.view import asff_view
from hubtriage.simulation.signals import HUBS, Sighting, Signals, sighting_of
from tests.support.two_hubs import IN_BOTH_HUBS, Signal, asff, ocsf

SIGNAL = Signal("guardduty")
VIEW = asff_view(ocsf(SIGNAL))


@pytest.mark.parametrize("product", IN_BOTH_HUBS)
def test_the_findings_of_a_signal_have_one_name_in_both_hubs(product: Any) -> None:
    cspm, v2 = sighting_of(asff(Signal(product))), sighting_of(asff_view(ocsf(Signal(product))))
    assert (cspm.hub, v2.hub) == HUBS
    assert cspm.signal == v2.signal
    assert cspm.in_doubt == v2.in_doubt == (product == "macie")


@pytest.mark.parametrize(
    "change", [{"account": "444455556666"}, {"region": "us-east-1"}, {"number": 2}, {"product": "inspector"}]
)
def test_another_account_region_id_or_product_is_another_signal(change: dict[str, Any]) -> None:
    same = {"ProductArn", "Id"} if change.keys() <= {"account", "region"} else set()
    other = {**asff(SIGNAL.changed(**change)), **{name: asff(SIGNAL)[name] for name in same}}
    assert sighting_of(other).signal != sighting_of(VIEW).signal


@pytest.mark.parametrize("name", ["ProductArn", "Id", "AwsAccountId", "Region"])
@pytest.mark.parametrize("value", [None, "", 7])
def test_a_finding_without_a_part_of_its_name_is_a_signal_by_itself(name: str, value: object) -> None:
    cspm, view = {**asff(SIGNAL), name: value}, {**VIEW, name: value}
    assert len({sighting_of(one).signal for one in (cspm, view, VIEW)}) == 3


FINDINGS = st.lists(
    st.tuples(
        st.builds(Sighting, st.sampled_from(HUBS), st.integers(1, 6), st.booleans()),
        st.frozensets(st.sampled_from("ab")),
    ),
    max_size=20,
)


@given(FINDINGS)
def test_counts_are_those_of_plain_sets(findings: list[tuple[Sighting, frozenset[str]]]) -> None:
    signals = Signals[str]()
    labels: defaultdict[int, dict[str, frozenset[str]]] = defaultdict(dict)
    doubts: defaultdict[int, bool] = defaultdict(bool)
    is_with_v2 = False
    for seen, said in findings:
        known = labels[seen.signal]
        is_with_v2 |= seen.hub == "v2"
        before = signals.add(seen, said)
        assert (before is not None) == (is_with_v2 and bool(known))
        assert before is None or (before.cspm, before.v2) == (known.get("cspm"), known.get("v2"))
        known[seen.hub] = known.get(seen.hub, frozenset()) | said
        doubts[seen.signal] |= seen.in_doubt
    counts = signals.counts()
    assert signals.has_v2 == is_with_v2
    assert counts.total == len(labels)
    assert counts.in_both == sum(len(known) == 2 for known in labels.values())
    assert counts.signals == Counter(
        one for known in labels.values() for one in frozenset[str]().union(*known.values())
    )
    assert counts.read == Counter(seen.hub for seen, _said in findings)
    assert counts.findings == Counter((seen.hub, one) for seen, said in findings for one in said)
    alone = [next(iter(known)) for signal, known in labels.items() if len(known) == 1 and doubts[signal]]
    assert counts.in_doubt == (len(alone) if len(set(alone)) == 2 else 0)


def test_findings_of_one_hub_cost_little() -> None:
    signals = Signals[str]()
    for number in range(1, 1_001):
        signals.add(Sighting("cspm", number), frozenset("a"))
    assert signals._known is None
    assert len(signals._stories) == 1
