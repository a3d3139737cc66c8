"""Which of two sweeps goes on, which waits, and which ends."""

from typing import Any

import pytest

from hubtriage.aws.sweep.request import SweepRequest
from hubtriage.aws.sweep.run_lock import NARROW, TAKE_BACK, WHOLE, RunLock
from hubtriage.aws.sweep.start import kind_of
from hubtriage.localaws.securityhub.inprocess import ManualClock
from tests.support.sweep_site import MACHINE, ME, States, SweepSite


def lock(kind: str, me: str, **running: float) -> RunLock:
    """The lock of the execution `me`, which began at 2.0, among others by name and time."""
    states = States()
    others = {name.replace("_", "-"): start for name, start in running.items()}
    states.running = {ME.replace("me", name): start for name, start in {me: 2.0, **others}.items()}
    return RunLock(states, MACHINE, ME.replace("me", me), ManualClock(), kind=kind)


@pytest.mark.parametrize(
    ("kind", "me", "newer", "reason"),
    [
        pytest.param(WHOLE, "schedule-1", "deploy-2", "superseded", id="one of all findings, by another"),
        pytest.param(WHOLE, "schedule-1", "some-rule-ended-2", "more", id="one of all waits for one of some"),
        pytest.param(WHOLE, "schedule-1", "take-back-2", "superseded", id="one of all, by taking back"),
        pytest.param(NARROW, "some-deploy-1", "schedule-2", "superseded", id="one of some, by one of all"),
        pytest.param(NARROW, "some-deploy-1", "some-rule-ended-2", "more", id="one of some, for another"),
        pytest.param(NARROW, "some-deploy-1", "take-back-2", "superseded", id="one of some, by taking back"),
        pytest.param(TAKE_BACK, "take-back-1", "schedule-2", None, id="taking back goes on"),
        pytest.param(TAKE_BACK, "take-back-1", "some-deploy-2", None, id="taking back does not wait"),
        pytest.param(TAKE_BACK, "take-back-1", "take-back-2", "superseded", id="taking back, by another"),
        pytest.param(WHOLE, "schedule-1", "deploy-0-part-2", None, id="a part of an older one is not newer"),
        pytest.param(WHOLE, "schedule-1", "some-deploy-0-part-2", "more", id="a part of a narrow one"),
    ],
)
def test_a_newer_sweep(kind: str, me: str, newer: str, reason: str | None) -> None:
    assert lock(kind, me, **{newer.replace("-", "_"): 3.0}).stop_reason() == reason


def test_an_older_sweep_is_known_until_it_has_ended_or_a_newer_one_is_there() -> None:
    assert lock(WHOLE, "schedule-1", deploy_0=1.0).has_older()
    assert not lock(WHOLE, "schedule-1").has_older()
    assert not lock(WHOLE, "schedule-1", deploy_0=1.0, deploy_2=3.0).has_older()


@pytest.mark.parametrize(
    ("request_", "waits"),
    [
        pytest.param({}, (5, 5, 5), id="one of all findings waits until the older one has ended"),
        pytest.param({"rules": ["rule-a"]}, (5, 5, 0), id="one of some, until the older one has noticed it"),
        pytest.param({"rules": ["rule-a"], "settle": True}, (5, 5, 5), id="or until updates show"),
    ],
)
def test_two_sweeps_do_not_read_at_a_time(request_: dict[str, Any], waits: tuple[int, ...]) -> None:
    site = SweepSite(states=States(me=2.0, other=1.0), count=5, settle=60.0)
    state: dict[str, Any] = {"request": request_}
    for wait in waits:
        state = site.step(state)
        assert (state["progress"]["wait"], state["progress"]["read"] > 0) == (wait, False)
        site.world.clock.sleep(5)


@pytest.mark.parametrize(
    ("request_", "kind"),
    [
        ({}, WHOLE),
        ({"budget": 7, "settle": True}, WHOLE),
        ({"changed": True}, NARROW),
        ({"scopes": ("managed",)}, NARROW),
        ({"rules": ("a",)}, NARROW),
        ({"scopes": ("managed",), "take_back": True}, TAKE_BACK),
    ],
    ids=["all", "all within a budget", "what changed", "one scope", "some rules", "taking back"],
)
def test_the_kind_of_a_request(request_: dict[str, Any], kind: str) -> None:
    assert kind_of(SweepRequest(**request_)) == kind
