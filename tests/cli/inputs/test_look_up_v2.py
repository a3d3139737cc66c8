"""What commands show of single findings of Security Hub V2, and that exports say what they leave out."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from hubtriage.aws.ledger.dynamodb import DynamoLedger
from hubtriage.aws.ledger.memory import MemoryLedger
from hubtriage.aws.securityhub.api import key_of
from hubtriage.cli.inputs import handed_back, look_up
from hubtriage.cli.subject import title_of
from hubtriage.engine.planning.entry import Claim, Entry
from tests.support.hub_v2_world import finding_info
from tests.support.triage_world import FOREVER, finding, key
from tests.support.v2_triage_world import V2TriageWorld, v2_key


class Client:
    """boto3's client over both hubs in memory."""

    def __init__(self, world: V2TriageWorld) -> None:
        self._api = world.inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._api, name)

    def get_paginator(self, _name: str) -> Any:
        return self

    def paginate(self, **request: Any) -> list[Any]:
        return [self._api.get_findings(**request)]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> V2TriageWorld:
    made = V2TriageWorld(1, v2=(1,))
    monkeypatch.setattr(look_up, "client", lambda _service: Client(made))
    return made


def test_a_finding_is_shown_as_rules_see_it(world: V2TriageWorld) -> None:
    shown = look_up.shown_finding(v2_key(1))
    assert shown is not None
    assert (key_of(shown), shown["Id"]) == (v2_key(1), finding_info(1)["uid"])
    assert look_up.shown_finding(v2_key(9)) is None
    assert look_up.shown_finding(key(0)) is not None


def test_titles_are_asked_of_the_hub_of_each_finding(world: V2TriageWorld) -> None:
    titles = look_up.FindingTitles().of([v2_key(1), key(0), v2_key(9), key(9)])
    assert titles == {
        v2_key(1): title_of({"Title": finding_info(1)["title"]}),
        key(0): title_of(finding(0)),
        v2_key(9): "",
        key(9): "",
    }
    assert (world.calls("GetFindings"), world.calls("GetFindingsV2")) == (1, 1)


class FoundLedger(MemoryLedger):
    """A ledger in memory that also finds entries by a part of their names."""

    def find(self, part: str, _token: str | None) -> Any:
        page = self.scan(None, None, FOREVER)
        found = [(at, entry) for at, entry in page.entries if part in at[1]]
        return SimpleNamespace(entries=found, unread=[], token=None, read=len(page.entries))


def test_a_finding_is_handed_back_by_its_uid_or_the_end_of_it(
    world: V2TriageWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handed_back, "client", lambda _service: Client(world))
    world.person_sets(1, StatusId=3)
    ledger = FoundLedger()
    ledger.write(
        {v2_key(1): Entry(claims={"Workflow.Status": Claim("SUPPRESSED", "r", person=True)})}, FOREVER
    )
    for name in (v2_key(1)[1], v2_key(1)[1][-8:]):
        (found,) = handed_back.found_findings([name], None, cast("DynamoLedger", ledger))
        assert (found.key, found.held) == (v2_key(1), {"Workflow.Status": "SUPPRESSED"})
