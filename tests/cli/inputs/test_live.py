"""Reading all findings out of Security Hub: at which rate, and what a later run goes on from."""

import json
from pathlib import Path
from typing import Any

import pytest

from hubtriage.cli.inputs.live import ACTIVE, CALLS_PER_SECOND, Cache, LiveError, age_in_words, read_live
from hubtriage.localaws.securityhub.faults import ScriptedFault
from hubtriage.localaws.securityhub.hub import Hub
from hubtriage.localaws.securityhub.inprocess import InProcessSecurityHub, ManualClock
from hubtriage.localaws.securityhub.settings import HubSettings

PRODUCT = "arn:aws:securityhub:us-east-1::product/aws/guardduty"
COUNT = 950


class LiveSite:
    def __init__(self, folder: Path) -> None:
        self.hub = Hub(settings=HubSettings())
        self.clock = ManualClock()
        self.api = InProcessSecurityHub(self.hub, self.clock)
        self.cache = Cache(folder, ACTIVE)
        self.told: list[str] = []
        findings = [
            {
                "Id": f"f-{number}",
                "ProductArn": PRODUCT,
                "AwsAccountId": "111122223333",
                "RecordState": "ARCHIVED" if number >= COUNT else "ACTIVE",
                "UpdatedAt": "2026-10-01T00:00:00Z",
            }
            for number in range(COUNT + 50)
        ]
        for finding in findings:
            self.hub.plant(finding, self.clock.now())

    def read(self, **options: Any) -> Any:
        return read_live(self.cache, self.api, self.clock, self.told.append, **options)

    def ids(self) -> list[str]:
        files = self.cache.files(self.cache.standing(self.clock.now()))
        return [json.loads(line)["Id"] for file in files for line in file.read_text().splitlines()]

    @property
    def calls(self) -> int:
        return sum(count for (name, _), count in self.hub.call_log.counts.items() if name == "GetFindings")


@pytest.fixture
def world(tmp_path: Path) -> LiveSite:
    return LiveSite(tmp_path / "cache")


def test_every_active_finding_is_read_once_within_the_rate(world: LiveSite) -> None:
    begun = world.clock.now()
    standing = world.read()
    assert (standing.complete, standing.findings) == (True, COUNT)
    assert sorted(world.ids()) == sorted(f"f-{number}" for number in range(COUNT))
    assert world.calls == 10
    assert world.clock.now() - begun >= (10 - 2) / CALLS_PER_SECOND
    assert world.told[-1] == "950 findings read"


def test_what_was_read_whole_is_not_read_again_unless_asked(world: LiveSite) -> None:
    world.read()
    assert world.read().findings == COUNT
    assert world.calls == 10
    world.read(fresh=True)
    assert world.calls == 20
    assert len(world.ids()) == COUNT


def test_a_run_goes_on_where_an_earlier_one_stopped(world: LiveSite) -> None:
    world.hub.faults.add(ScriptedFault(operation="GetFindings", error="AccessDeniedException", skip=4))
    with pytest.raises(LiveError, match="after 400 findings: AccessDeniedException"):
        world.read()
    assert len(world.ids()) == 400
    assert world.read().findings == COUNT
    assert sorted(world.ids()) == sorted(f"f-{number}" for number in range(COUNT))
    assert world.calls == 11


def test_throttling_is_waited_out(world: LiveSite) -> None:
    world.hub.faults.add(ScriptedFault(operation="GetFindings", error="TooManyRequestsException", times=3))
    assert world.read().findings == COUNT


def _damage(world: LiveSite, **changes: Any) -> None:
    state = world.cache.folder / "state.json"
    state.write_text(json.dumps({**json.loads(state.read_text()), **changes}))


STALE = [
    pytest.param({"token": "too old", "complete": False}, id="a token that is too old"),
    pytest.param({"complete": False, "filters": {}}, id="another query"),
    pytest.param({"pages": 12}, id="pages that are not there"),
    pytest.param({"surprise": 1}, id="a state of another version"),
]


@pytest.mark.parametrize("changes", STALE)
def test_what_cannot_be_gone_on_from_is_begun_anew(changes: dict[str, Any], world: LiveSite) -> None:
    world.read()
    _damage(world, **changes)
    assert world.read().findings == COUNT
    assert len(world.ids()) == len(set(world.ids())) == COUNT


def test_filters_that_are_refused_are_not_tried_for_ever(world: LiveSite) -> None:
    world.hub.faults.add(ScriptedFault(operation="GetFindings", error="InvalidInputException", times=50))
    with pytest.raises(LiveError, match="InvalidInputException"):
        world.read()
    assert world.calls == 1


def test_nobody_else_may_read_what_was_read(world: LiveSite) -> None:
    world.read()
    assert world.cache.folder.stat().st_mode & 0o077 == 0
    assert [file.name for file in world.cache.folder.iterdir() if file.stat().st_mode & 0o077] == []


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(3, "just now"), (90 * 60, "90 minutes ago"), (5 * 3600, "5 hours ago")],
)
def test_how_long_ago_is_told_in_the_unit_that_fits(seconds: float, told: str) -> None:
    assert age_in_words(seconds) == told
