"""What a container remembers of findings: never less than it saw last, and never without bound."""

from hubtriage.aws.recent import MOST, Recent

A, B, C = (("arn", name) for name in "abc")


def test_an_event_is_overtaken_by_whatever_it_is_not_surely_after() -> None:
    recent = Recent()
    assert not recent.overtook(A, 0.0, None), "nothing is known of it"
    recent.saw(A, 10.0)
    assert recent.overtook(A, 9.0, None)
    assert recent.overtook(A, 10.0, None), "events of one second are in any order"
    assert not recent.overtook(A, 11.0, None)
    assert not recent.overtook(B, 9.0, None)


def test_what_is_known_does_not_get_older() -> None:
    recent = Recent()
    recent.saw(A, 10.0)
    recent.saw(A, 5.0)
    assert recent.overtook(A, 9.0, None)


def test_only_the_findings_seen_last_are_remembered() -> None:
    recent = Recent(most=2)
    for key in (A, B, A, C):
        recent.saw(key, 10.0)
    assert [recent.overtook(key, 9.0, None) for key in (A, B, C)] == [True, False, True]


def test_the_memory_stays_small() -> None:
    recent = Recent()
    for number in range(2 * MOST):
        recent.saw(("arn", str(number)), float(number))
    assert len(recent._known) == MOST
