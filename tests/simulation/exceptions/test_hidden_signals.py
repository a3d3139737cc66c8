"""What each hub hides balances by itself, and together; a signal that one hub alone hides is shown."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hubtriage.engine.ocsf.view import asff_view
from hubtriage.engine.planning.entry import Claim, Entry
from hubtriage.simulation.exceptions.holdings import MOST_EXAMPLES
from hubtriage.simulation.exported import ExportedFinding
from tests.support.registers import record
from tests.support.two_hubs import Signal, asff, ocsf

GROUPS = ("by_rules", "by_service", "by_others", "not_known")
HELD = Entry(claims={"Workflow.Status": Claim("SUPPRESSED", "sandbox")})


def cspm(number: int, status: str, entry: Entry | None, **more: Any) -> ExportedFinding:
    return ExportedFinding(asff(Signal("guardduty", number, status=status, **more)), entry)


def v2(number: int, status: str, entry: Entry | None, **more: Any) -> ExportedFinding:
    return ExportedFinding(asff_view(ocsf(Signal("guardduty", number, status=status, **more))), entry)


def hidden(*items: ExportedFinding) -> dict[str, Any]:
    told: dict[str, Any] = record(items=list(items))["hidden"]
    return told


FINDINGS = st.lists(
    st.builds(
        lambda make, number, status, entry, is_archived: make(number, status, entry, archived=is_archived),
        st.sampled_from([cspm, v2]),
        st.integers(1, 4),
        st.sampled_from(["NEW", "SUPPRESSED", "RESOLVED"]),
        st.sampled_from([None, Entry(), HELD]),
        st.booleans(),
    ),
    max_size=12,
)


@given(FINDINGS)
def test_both_hubs_balance_each_by_itself_and_together(items: list[ExportedFinding]) -> None:
    told = hidden(*items, v2(9, "NEW", Entry()))
    for counts in told["by_hub"].values():
        assert sum(counts[name] for name in GROUPS) == counts["hidden"]
    for name in ("findings_read", "hidden", *GROUPS):
        assert sum(counts[name] for counts in told["by_hub"].values()) == told[name]
    signals = told["signals"]
    kinds = [signals["hidden_in_both"], signals["hidden_in_one"], signals["alone"]]
    assert sum(kinds) == signals["hidden"] <= told["hidden"]


def test_a_signal_that_both_hubs_hide_counts_once() -> None:
    told = record(items=[cspm(1, "SUPPRESSED", HELD), v2(1, "SUPPRESSED", HELD), v2(2, "SUPPRESSED", HELD)])
    holds = next(row["holds"] for row in told["exceptions"] if row["rule"] == "sandbox")
    assert (holds["findings"], holds["signals"], holds["by_hub"]) == (3, 2, {"cspm": 1, "v2": 2})
    signals = told["hidden"]["signals"]
    assert (signals["hidden"], signals["hidden_in_both"], signals["alone"]) == (2, 1, 1)
    assert signals["examples"] == []


def test_a_signal_that_one_hub_alone_hides_is_shown_whichever_comes_first() -> None:
    pair = [cspm(1, "NEW", HELD), v2(1, "SUPPRESSED", HELD)]
    other = [v2(2, "NEW", Entry()), cspm(2, "SUPPRESSED", Entry())]
    signals = hidden(*pair, *other)["signals"]
    assert (signals["hidden"], signals["hidden_in_one"]) == (2, 2)
    first, second = signals["examples"]
    assert first["id"] == Signal("guardduty", 1).uid
    assert first["metadata_uid"] == Signal("guardduty", 1).metadata_uid
    assert (first["hidden_in"], first["visible_in"]) == ("v2", "cspm")
    assert first["hidden_by"] == {"Workflow.Status": "SUPPRESSED"}
    assert first["causes"] == {"Workflow.Status": "rule sandbox"}
    assert (second["hidden_in"], second["causes"]) == ("cspm", {"Workflow.Status": "others"})


def test_what_one_hub_archived_is_no_surprise() -> None:
    signals = hidden(cspm(1, "NEW", Entry(), archived=True), v2(1, "SUPPRESSED", HELD))["signals"]
    assert (signals["alone"], signals["hidden_in_one"]) == (1, 0)


def test_archived_findings_alone_are_of_a_hub_too() -> None:
    told = hidden(cspm(1, "SUPPRESSED", HELD), v2(2, "SUPPRESSED", HELD, archived=True))
    assert {hub: counts["findings_read"] for hub, counts in told["by_hub"].items()} == {"cspm": 1, "v2": 1}
    assert told["signals"]["hidden"] == 1


def test_there_are_so_many_examples_and_no_more() -> None:
    items = [make(number, status, HELD) for number in range(30) for make, status in
             ((cspm, "SUPPRESSED"), (v2, "NEW"))]  # fmt: skip
    signals = hidden(*items)["signals"]
    assert signals["hidden_in_one"] == 30
    assert len(signals["examples"]) == MOST_EXAMPLES


def test_each_example_names_its_hub() -> None:
    told = hidden(cspm(1, "SUPPRESSED", Entry()), v2(2, "SUPPRESSED", Entry()))
    first, second = told["others"]
    assert first["hub"] == "cspm"
    assert "metadata_uid" not in first
    assert (second["hub"], second["metadata_uid"]) == ("v2", Signal("guardduty", 2).metadata_uid)


def test_signals_of_macie_in_one_hub_each_are_in_doubt() -> None:
    only = asff(Signal("macie", 1, status="SUPPRESSED"))
    other = asff_view(ocsf(Signal("macie", 2, status="SUPPRESSED")))
    items = [ExportedFinding(one, Entry()) for one in (only, other)]
    assert hidden(*items)["signals"]["in_doubt"] == 2
    assert hidden(items[1])["signals"]["in_doubt"] == 0


def test_findings_of_the_other_hub_alone_are_told_as_ever() -> None:
    told = record(items=[cspm(1, "SUPPRESSED", HELD), cspm(2, "SUPPRESSED", Entry())])
    assert not {"by_hub", "signals"} & told["hidden"].keys()
    assert "hub" not in told["hidden"]["others"][0]
    assert not {"by_hub", "signals"} & told["exceptions"][0]["holds"].keys()
