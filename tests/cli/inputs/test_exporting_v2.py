"""An export of both hubs has their findings with their entries, and every offline command decides on them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from hubtriage.aws.ledger.memory import MemoryLedger
from hubtriage.aws.securityhub.hub_v2 import HUB, BothHubs, V2Finding
from hubtriage.cli.inputs.exporting import Beginning, HubQuery, export_to
from hubtriage.cli.inputs.files.part_file import Cursor
from hubtriage.cli.inputs.hub import ExportError, HubReader, name_of
from hubtriage.cli.inputs.live_options import HubFilters, filters_of
from hubtriage.cli.main import cli
from hubtriage.engine.ocsf.view import HUB_V2
from hubtriage.engine.planning.entry import Claim, Entry
from hubtriage.localaws.securityhub.hub import Hub
from hubtriage.localaws.securityhub.inprocess import InProcessSecurityHub, ManualClock
from hubtriage.localaws.securityhub.settings import HubSettings
from hubtriage.simulation.exported import finding_line
from tests.support.two_hubs import Signal, asff, ocsf

BOTH = HubFilters(("cspm", "v2"))
HELD = Entry(claims={"Workflow.Status": Claim("SUPPRESSED", "accepted")})
RULES = """
rules:
  - id: accepted
    match: {AwsAccountId: ["111122223333"]}
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}
"""
COUNT = 130
"""Findings of each hub: two pages."""


class Site:
    """Both hubs and a ledger in memory, whose calls may fail from some call on."""

    def __init__(self, path: Path) -> None:
        self.path, self.clock, self.ledger = path, ManualClock(), MemoryLedger()
        self.hub = Hub(settings=HubSettings())
        self._api = BothHubs(InProcessSecurityHub(self.hub, self.clock))
        self.calls: list[str] = []
        self.deadly = -1

    def plant(self, signal: Signal, entry: Entry | None = None) -> None:
        """Plant a signal in both hubs; triage holds both findings if there is an entry."""
        self.hub.plant(asff(signal), self.clock.now())
        self.hub.v2.provide(ocsf(signal), self.clock.now(), self.hub.settings)
        if entry is not None:
            self.ledger.write({(HUB_V2, signal.metadata_uid): entry})
            self.ledger.write({(asff(signal)["ProductArn"], signal.uid): entry})

    def get_findings(self, **request: Any) -> Mapping[str, Any]:
        self.calls.append("v2" if HUB in request else "cspm")
        if len(self.calls) == self.deadly:
            raise KeyboardInterrupt
        return self._api.get_findings(**request)

    def export(self, filters: HubFilters = BOTH, how: Beginning = Beginning()) -> Cursor:  # noqa: B008
        reader = HubReader(self, self.ledger, self.clock, filters)  # type: ignore[arg-type]
        query = HubQuery("111122223333", "eu-west-1", filters, "hubtriage", "hubtriage-ledger")
        return export_to(self.path, reader, query, self.clock.now(), how, lambda _cursor: None)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.path.read_text().splitlines()]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.chdir(tmp_path)
    return Site(tmp_path / "findings.jsonl")


def names(lines: list[dict[str, Any]]) -> list[str]:
    """What each hub calls the findings of an export."""
    found = [line["finding"] for line in lines[1:]]
    return [one["metadata"]["uid"] if "metadata" in one else one["Id"] for one in found]


def test_findings_of_v2_follow_the_others_as_they_came_with_their_entries(site: Site) -> None:
    site.plant(Signal("guardduty", 1), HELD)
    site.plant(Signal("guardduty", 2))
    cursor = site.export()
    assert (cursor.findings, cursor.entries, site.calls) == (4, 2, ["cspm", "v2"])
    header, *lines = site.lines()
    assert (header["hubs"], header["filters_v2"]) == (["cspm", "v2"], dict(BOTH.v2))
    by_uid = {line["finding"]["metadata"]["uid"]: line for line in lines[2:]}
    first, second = (by_uid[Signal("guardduty", number).metadata_uid] for number in (1, 2))
    assert first["finding"]["class_uid"] == 2004
    assert first["entry"]["claims"]["Workflow.Status"]["rule"] == "accepted"
    assert second["entry"] is None


def test_closed_findings_of_v2_are_left_out(site: Site) -> None:
    site.plant(Signal("guardduty", 1))
    site.plant(Signal("guardduty", 2, archived=True))
    assert site.export().findings == 2


@pytest.mark.parametrize("hubs", [("cspm",), ("v2",)])
def test_one_hub_alone(hubs: tuple[str, ...], site: Site) -> None:
    site.plant(Signal("guardduty", 1))
    site.export(HubFilters(hubs))
    assert site.calls == list(hubs)
    assert ("hubs" in site.lines()[0]) == (hubs == ("v2",))


@pytest.mark.parametrize("deadly", [2, 3, 4])
def test_an_export_goes_on_in_the_hub_in_which_it_stopped(deadly: int, site: Site) -> None:
    for number in range(COUNT):
        site.plant(Signal("guardduty", number))
    site.deadly = deadly
    with pytest.raises(KeyboardInterrupt):
        site.export()
    site.deadly = -1
    cursor = site.export(how=Beginning(resume=True))
    assert site.calls == [
        *["cspm", "cspm", "v2", "v2"][:deadly],
        *["cspm", "cspm", "v2", "v2"][deadly - 1 :],
    ]
    assert cursor.findings == len(set(names(site.lines()))) == 2 * COUNT


def test_a_finding_of_v2_that_comes_twice_is_exported_once(site: Site) -> None:
    site.plant(Signal("guardduty", 1))
    whole = site.get_findings
    again = {"seen": False}

    def shifting(**request: Any) -> Mapping[str, Any]:
        token = request.pop("NextToken", None)
        answer = whole(**request)
        if HUB in request and not again["seen"]:
            again["seen"] = True
            return {**answer, "NextToken": "t"}
        assert token in (None, "t")
        return answer

    site.get_findings = shifting  # type: ignore[method-assign]
    assert site.export(HubFilters(("v2",))).findings == 1


def test_a_refusal_names_the_operation_and_the_option(site: Site) -> None:
    site.plant(Signal("guardduty", 1))
    with pytest.raises(ExportError) as caught:
        site.export(HubFilters(("v2",), v2={"Nonsense": []}))
    assert "securityhub:GetFindingsV2: " in str(caught.value)
    assert caught.value.hint("") == "look at --filters-v2"


def test_offline_commands_know_what_triage_did_in_both_hubs(site: Site, tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rules.yaml").write_text(RULES)
    site.plant(Signal("guardduty", 1, status="SUPPRESSED"), HELD)
    site.export()

    def run(*words: str) -> str:
        result = CliRunner().invoke(cli, [*words, "findings.jsonl"])
        assert result.exit_code == 0, result.output
        return result.stdout

    plans = [json.loads(line) for line in run("plan", "--json").splitlines()]
    assert [[change["field"] for change in plan["changes"]] for plan in plans] == [["Note.Text"]] * 2
    assert [plan["in_doubt"] for plan in plans] == [False, False]
    hubs = json.loads(run("backtest", "--json"))["hubs"]
    assert (hubs["signals"]["signals"], hubs["signals"]["in_both"], hubs["signals"]["kept"]) == (1, 1, 0)
    hidden = json.loads(run("exceptions", "--json"))["hidden"]
    assert {hub: counts["by_rules"] for hub, counts in hidden["by_hub"].items()} == {"cspm": 1, "v2": 1}
    assert "accepted" in run("explain", "--id", Signal("guardduty", 1).metadata_uid)


ASKED = [
    pytest.param((None, None, None), ("cspm",), id="what the settings say"),
    pytest.param((None, None, "both"), ("cspm", "v2"), id="both hubs"),
    pytest.param(("{}", None, "cspm"), ("cspm",), id="filters of CSPM"),
    pytest.param((None, "{}", "v2"), ("v2",), id="filters of V2"),
    pytest.param(("{}", "{}", "both"), ("cspm", "v2"), id="filters of each"),
]


@pytest.mark.parametrize(("given", "hubs"), ASKED)
def test_which_hubs_are_read(given: tuple[Any, Any, Any], hubs: tuple[str, ...], site: Site) -> None:
    assert filters_of(*given).hubs == hubs


REFUSED = [
    pytest.param(("{}", None, "both"), "--filters chooses nothing in the other hub, v2", id="V2 whole"),
    pytest.param((None, "{}", "both"), "give --filters too, or --hub v2", id="CSPM whole"),
    pytest.param(("{}", None, "v2"), "--filters chooses findings of a hub that is not read", id="not read"),
    pytest.param((None, "{}", None), "--filters-v2 chooses findings of a hub", id="V2 not in the settings"),
    pytest.param((None, "[]", "v2"), "--filters-v2 is not a JSON object", id="no object"),
]


@pytest.mark.parametrize(("given", "said"), REFUSED)
def test_filters_that_leave_a_hub_unfiltered_are_refused(
    given: tuple[Any, Any, Any], said: str, site: Site
) -> None:
    with pytest.raises(click.UsageError, match=said.replace("(", r"\(")):
        filters_of(*given)


def test_the_settings_say_which_hubs_are_read(site: Site, tmp_path: Path) -> None:
    (tmp_path / "hubtriage.toml").write_text('hubs = ["cspm", "v2"]\n')
    assert filters_of(None, None, None).hubs == ("cspm", "v2")


def test_what_is_nested_too_deep_in_ocsf_is_exported_as_rules_see_it() -> None:
    deep: Any = {}
    for _level in range(150):
        deep = {"a": deep}
    found = V2Finding({**ocsf(Signal("guardduty")), "unmapped": deep})
    text, is_undecidable = finding_line(found, None, 0.0, sent=found.ocsf)
    assert not is_undecidable
    assert json.loads(text)["finding"] == dict(found)
    whole, _is = finding_line(found, None, 0.0, sent=ocsf(Signal("guardduty")))
    assert json.loads(whole)["finding"] == ocsf(Signal("guardduty"))
    assert name_of(json.loads(text)["finding"]) == name_of(json.loads(whole)["finding"])


def test_findings_of_v2_without_a_name_are_not_taken_for_one() -> None:
    nameless = ocsf(Signal("guardduty"))
    del nameless["metadata"]["uid"]
    other = {**nameless, "severity_id": 5}
    assert name_of(nameless) != name_of(other)
