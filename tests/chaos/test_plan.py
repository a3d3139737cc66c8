"""A seed gives the same plan each time, in which everything goes wrong."""

import json
from collections import Counter

import pytest

from hubtriage.localaws.findings import PRODUCERS
from hubtriage.localaws.securityhub.asff.requests import SIZE_LIMIT, size
from hubtriage.localaws.securityhub.errors import FINDING_ERRORS_V2
from tests.chaos.plan import DEATHS, OTHERS, STORMS, coded_faults, draw_plan
from tests.chaos.plan_v2 import DEATHS_V2, FAULTS_V2, OTHERS_V2, STORMS_V2, coded_faults_v2
from tests.faults.cases import CODES, FOREVER


def test_a_seed_gives_the_same_plan_each_time() -> None:
    assert draw_plan(7, 50) == draw_plan(7, 50)
    assert draw_plan(7, 50).acts != draw_plan(8, 50).acts


@pytest.mark.parametrize("seed", range(20))
def test_whatever_can_go_wrong_does(seed: int) -> None:
    acts = draw_plan(seed, 20).acts
    kinds = [act.kind for act in acts]
    assert Counter(act.name for act in acts if act.kind == "storm") == dict.fromkeys(STORMS, 2)
    assert {act.name for act in acts if act.kind == "tamper"} == set(OTHERS)
    assert [kinds.count(kind) for kind in ("deploy", "restart", "sweep")] == [1, 1, 2]
    assert kinds.count("kill") == 3 + len(DEATHS)
    assert kinds.count("poison") == 8
    assert all(0 < act.at < 1 for act in acts)
    assert [act.at for act in acts] == sorted(act.at for act in acts)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_shut_is_opened_again(seed: int) -> None:
    acts = {act.name: act.at for act in draw_plan(seed, 20).acts}
    assert acts["queue refuses EventBridge"] < acts["queue takes events again"]
    assert acts["AWS's own quotas hold"] < acts["no quotas again"]
    assert acts["other rules deployed"] < acts["emulator restarted"]


@pytest.mark.parametrize("seed", range(20))
def test_no_sweep_mends_what_goes_wrong_in_the_second_half(seed: int) -> None:
    acts = draw_plan(seed, 20).acts
    last = max(act.at for act in acts if act.kind in ("sweep", "deploy"))
    later = [act for act in acts if act.at > last]
    assert {act.name for act in later if act.kind == "storm"} == set(STORMS)
    assert {"kill", "restart", "refuse"} <= {act.kind for act in later}


def test_the_findings_are_of_all_producers() -> None:
    products = {finding["ProductName"] for finding in draw_plan(1, 2_000).findings}
    assert len(products) == len(PRODUCERS)


def test_each_error_code_passes_and_lasts() -> None:
    plan = draw_plan(1, 100)
    faults = coded_faults(plan, list(plan.findings))
    assert {(fault.finding_error, fault.times) for fault in faults} == {
        (code, times) for code in CODES for times in (1, FOREVER)
    }
    assert len({fault.finding for fault in faults}) == len(faults)


def test_oversize_findings_are_just_below_the_limit() -> None:
    large = [act.detail["finding"] for act in draw_plan(1, 20).acts if act.kind == "oversize"]
    assert sorted(SIZE_LIMIT - size(finding) for finding in large) == [20, 200, 420, 2_000]


def test_poison_is_poison() -> None:
    for body in draw_plan(1, 20).poison.values():
        try:
            told = json.loads(body)
        except (ValueError, RecursionError):
            continue
        findings = told["detail"].get("findings", [])
        usable = [f for f in findings if isinstance(f, dict) and 0 < len(f.get("Id", "")) <= 512]
        assert not usable or told["detail-type"] != "Security Hub Findings - Imported"


# Both hubs


def test_what_v2_adds_leaves_the_plan_of_the_other_hub_as_it_is() -> None:
    alone, both = draw_plan(7, 50), draw_plan(7, 50, both=True)
    assert alone.findings == both.findings
    assert [act for act in both.acts if act in alone.acts] == list(alone.acts)
    assert (alone.hubs, both.hubs) == ("cspm", "cspm,v2")
    assert draw_plan(7, 50, both=True) == both


@pytest.mark.parametrize("seed", range(20))
def test_whatever_can_go_wrong_in_v2_does(seed: int) -> None:
    acts = draw_plan(seed, 20, both=True).acts
    names = Counter(act.name for act in acts)
    assert {name: names[name] for name in (*STORMS_V2, *FAULTS_V2)} == dict.fromkeys(
        (*STORMS_V2, *FAULTS_V2), 2
    )
    assert all(names[f"function killed {name}"] == 1 for name in DEATHS_V2)
    assert {act.name for act in acts if act.kind == "tamper V2"} == set(OTHERS_V2)
    assert names["automation rule that overwrites comments"] == 1
    assert sum(act.kind == "refresh V2" for act in acts) == 5
    assert sum(act.name.startswith("V2") and act.kind == "poison" for act in acts) == 3
    assert all(0 < act.at < 1 for act in acts)


def test_v2_behaves_in_every_way_that_aws_leaves_open() -> None:
    ways = [draw_plan(seed, 1, both=True).v2 for seed in range(40)]
    assert {way["comment_in"] for way in ways} == {"comment", "notes", "both"}
    for name in ("pins_severity", "events_when_unchanged", "resets_when_back"):
        assert {way[name] for way in ways} == {True, False}


def test_each_error_code_of_v2_passes_and_lasts() -> None:
    findings = draw_plan(1, 100, both=True).findings_v2
    faults = coded_faults_v2(1, findings)
    assert {(fault.finding_error, fault.times) for fault in faults} == {
        (code, times) for code in FINDING_ERRORS_V2 for times in (1, FOREVER)
    }
    assert len({fault.finding for fault in faults}) == len(faults)


def test_some_findings_of_v2_have_severities_that_are_not_known() -> None:
    severities = Counter(each["severity_id"] for each in draw_plan(1, 300, both=True).findings_v2)
    assert all(severities[number] for number in (0, 6, 99))
