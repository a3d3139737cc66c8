"""What a container remembers of findings: never less than it saw last, and never without bound."""

import pytest

from hubtriage.aws.triage.staleness import MOST, Recent

A, B, C = (("arn", name) for name in "abc")


def test_an_event_is_overtaken_by_whatever_it_is_not_surely_after() -> None:
    recent = Recent()
    assert not recent.overtook(A, 0.0, None), "nothing is known of it"
    recent.heard(A, 10.0)
    assert recent.overtook(A, 9.0, None)
    assert recent.overtook(A, 10.0, None), "events of one second are in any order"
    assert not recent.overtook(A, 11.0, None)
    assert not recent.overtook(B, 9.0, None)


def test_what_is_known_does_not_get_older() -> None:
    recent = Recent()
    recent.heard(A, 10.0)
    recent.heard(A, 5.0)
    assert recent.overtook(A, 9.0, None)


def test_only_the_findings_seen_last_are_remembered() -> None:
    recent = Recent(most=2)
    for key in (A, B, A, C):
        recent.heard(key, 10.0)
    assert [recent.overtook(key, 9.0, None) for key in (A, B, C)] == [True, False, True]


def test_the_memory_stays_small() -> None:
    recent = Recent()
    for number in range(2 * MOST):
        recent.heard(("arn", str(number)), float(number))
    assert len(recent._known) == MOST


@pytest.mark.parametrize(
    ("event_at", "superseded"),
    [
        pytest.param(9.0, True, id="is done with if it is from the second before"),
        pytest.param(10.0, False, id="may be news if it is from the same second"),
    ],
)
def test_an_event_from_before_another_one(event_at: float, superseded: bool) -> None:
    recent = Recent()
    recent.heard(A, 10.0)
    assert recent.superseded(A, event_at) is superseded
    assert not recent.superseded(B, event_at)


@pytest.mark.parametrize(
    ("event_at", "superseded"),
    [
        pytest.param(14.0, True, id="is done with if no clock can be so wrong"),
        pytest.param(15.0, False, id="may be news if a clock is a little ahead"),
    ],
)
def test_an_event_from_before_our_update(event_at: float, superseded: bool) -> None:
    recent = Recent()
    recent.wrote(A, 20.0, "memo")
    assert recent.superseded(A, event_at) is superseded


def test_our_echo_is_not_from_before_our_update_whatever_its_second() -> None:
    recent = Recent()
    recent.wrote(A, 10.9, "memo")
    assert not recent.overtook(A, 10.0, "memo")
    assert recent.overtook(A, 10.0, "another memo")
    assert recent.overtook(A, 10.0, None)
    recent.heard(A, 12.0)
    assert recent.overtook(A, 10.0, "memo"), "it comes after an event that was later"


def test_what_was_read_or_failed_makes_an_older_event_doubtful_and_not_superseded() -> None:
    recent = Recent()
    recent.doubted(A, 10.0)
    assert recent.overtook(A, 5.0, None)
    assert not recent.superseded(A, 5.0)
