"""A backtest of both hubs counts findings of each, and signals once."""

from typing import Any

from hubtriage.localaws.findings import NOW
from hubtriage.simulation.backtest.examples import examples_of
from hubtriage.simulation.backtest.html import page
from hubtriage.simulation.backtest.judge import Task
from hubtriage.simulation.backtest.report import ReportSource, report_of
from hubtriage.simulation.backtest.run import backtest
from tests.simulation.backtest.test_backtest import SETTINGS, document, documents, report, row
from tests.support.two_hubs import Signal, asff, ocsf

HIDE = {"Workflow": {"Status": "SUPPRESSED"}}
RULES: list[dict[str, Any]] = [
    {"id": "all", "ceiling": "HIGH", "match": {"AwsAccountId": ["111122223333"]}, "update": HIDE},
    {"id": "v2-alone", "order": 900, "match": {"Types": ["Threats"]},
     "update": {"Workflow": {"Status": "NOTIFIED"}}},
]  # fmt: skip
FIRST, SECOND, THIRD = Signal("guardduty", 1), Signal("guardduty", 2), Signal("exposure", 3)
FINDINGS = [asff(FIRST), ocsf(FIRST), ocsf(SECOND), asff(SECOND), ocsf(THIRD)]


def test_findings_are_counted_in_each_hub_and_signals_once() -> None:
    told = report(FINDINGS, RULES)
    hubs = told["hubs"]
    assert told["totals"]["findings"] == 5
    assert {hub: counts["findings"] for hub, counts in hubs["findings"].items()} == {"cspm": 2, "v2": 3}
    assert (hubs["signals"]["signals"], hubs["signals"]["in_both"], hubs["signals"]["in_doubt"]) == (3, 2, 0)
    for name in ("changed", "hidden", "taken_back", "kept"):
        assert sum(counts[name] for counts in hubs["findings"].values()) == told["totals"][name]
    hidden = {hub: counts["hidden"] for hub, counts in hubs["findings"].items()}
    assert (hidden, hubs["signals"]["hidden"]) == ({"cspm": 2, "v2": 1}, 3)


def test_what_a_rule_does_is_counted_in_both() -> None:
    told = report(FINDINGS, RULES)
    of_all = row(told, "all")
    assert of_all["matched"] == 5
    assert {hub: counts["matched"] for hub, counts in of_all["hubs"].items()} == {"cspm": 2, "v2": 3}
    assert of_all["signals"]["matched"] == of_all["signals"]["hidden"] == 3
    of_one = row(told, "v2-alone")
    assert (of_one["matched"], of_one["signals"]["matched"], of_one["hubs"]["cspm"]["matched"]) == (2, 2, 0)


def test_a_finding_that_comes_again_is_counted_once_in_its_hub() -> None:
    again = report([*FINDINGS, *FINDINGS], RULES)
    assert again["totals"]["repeated"] == 5
    assert again["hubs"] == report(FINDINGS, RULES)["hubs"]


def test_findings_of_cspm_alone_are_told_as_ever() -> None:
    told = report([asff(FIRST), asff(SECOND)], RULES)
    assert "hubs" not in told
    assert not {"hubs", "signals"} & row(told, "all").keys()


def test_the_page_names_the_hub_of_each_finding() -> None:
    task = Task(document(RULES), NOW, SETTINGS, examples=5, listed=10)
    tally = backtest(documents(FINDINGS), task, processes=1)
    assert [one["hub"] for one in examples_of(tally)] == ["cspm", "v2", "v2", "cspm", "v2"]
    (touched, _unchanged) = tally.listing.as_record()["tables"]
    (hub,) = touched["columns"]["hub"] if "columns" in touched else touched["hub"]
    assert [hub["values"][at] for at in hub["at"]] == ["cspm", "v2", "v2", "cspm", "v2"]
    assert "Hubs and signals" in page(report_of(tally, ReportSource("input", "rules")), tally)
