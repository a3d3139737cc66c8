"""What every bus does: the one in memory, which tests use, and one of the local AWS's EventBridge."""

from collections.abc import Iterator

import pytest

from hubtriage.aws.decision_events.bus import LARGEST_CALL
from hubtriage.aws.decision_events.event import OPERATION, DecisionEvent, operation_event
from tests.support.buses import (
    BusBench,
    MemoryBusBench,
    cloud_bus_bench,
    detail_of,
    event_of,
    events,
    found,
    news_of,
)


@pytest.fixture(params=["memory", pytest.param("eventbridge", marks=pytest.mark.e2e)])
def bench(request: pytest.FixtureRequest) -> Iterator[BusBench]:
    if request.param == "memory":
        yield MemoryBusBench()
    else:
        with cloud_bus_bench(request.getfixturevalue("cloud")) as made:
            yield made


def details(made: list[DecisionEvent]) -> list[str]:
    return sorted(event.detail for event in made)


def test_what_is_put_is_read(bench: BusBench) -> None:
    made = events(3)
    assert bench.bus.put(made, bench.late) == {}
    assert bench.seen() == details(made)


def test_more_than_a_call_takes(bench: BusBench) -> None:
    made = events(25)
    assert bench.bus.put(made, bench.late) == {}
    assert bench.seen() == details(made)


def test_more_bytes_than_a_call_takes(bench: BusBench) -> None:
    made = [
        operation_event("sweep-finished", 1.0, {"text": str(number) * 100_000}, (number,), "s")
        for number in range(5)
    ]
    assert bench.bus.put(made, bench.late) == {}
    assert bench.seen() == details(made)


def test_an_id_is_put_once_in_a_call(bench: BusBench) -> None:
    (event,) = events(1)
    assert bench.bus.put([event, event], bench.late) == {}
    assert bench.seen() == [event.detail]


def test_nothing_to_put_is_nothing_done(bench: BusBench) -> None:
    bench.break_down()
    assert bench.bus.put([], bench.late) == {}


def test_a_bus_that_is_down_has_none_of_them_and_says_so(bench: BusBench) -> None:
    made = events(12)
    bench.break_down()
    not_put = bench.bus.put(made, bench.late)
    assert set(not_put) == {event.id for event in made}
    assert {(why.is_final, why.concerns_bus) for why in not_put.values()} == {(False, True)}
    assert bench.seen() == []
    bench.mend()
    assert bench.bus.put(made, bench.late) == {}
    assert bench.seen() == details(made)


def test_a_lost_answer_counts_as_not_put_and_the_repetition_has_the_same_id(bench: BusBench) -> None:
    made = events(2)
    bench.lose_answers()
    assert set(bench.bus.put(made, bench.late)) == {event.id for event in made}
    first = bench.seen()
    assert set(first) == set(details(made))
    bench.mend()
    assert bench.bus.put(made, bench.late) == {}
    assert bench.seen() == details(made)


def test_an_event_that_is_refused_fails_alone(bench: BusBench) -> None:
    made = events(12)
    bench.refuse(made[3])
    not_put = bench.bus.put(made, bench.late)
    assert set(not_put) == {made[3].id}
    why = not_put[made[3].id]
    assert (why.code, why.is_final, why.concerns_bus) == ("MalformedDetail", True, False)
    assert bench.seen() == details([event for event in made if event is not made[3]])


def test_an_event_that_no_call_takes_fails_alone(bench: BusBench) -> None:
    large = operation_event("sweep-finished", 1.0, {"text": "x" * LARGEST_CALL}, ("large",), "s")
    (small,) = events(1)
    not_put = bench.bus.put([large, small], bench.late)
    assert {name: (why.code, why.is_final) for name, why in not_put.items()} == {large.id: ("TooLarge", True)}
    assert bench.seen() == [small.detail]


@pytest.mark.parametrize(
    "text",
    ['","id":"', "\x00\x1b[31m\u202e\ud800", "é漢😀", "\\u0000 {{x}} ${x} <!channel>", "\u2028\u2029\x7f"],
)
def test_what_a_finding_says_arrives_as_data(bench: BusBench, text: str) -> None:
    event = event_of(
        news_of(overruled=(text,)),
        found(Id=text, Title=text, ProductName=text, Resources=[{"Type": text, "Id": text}]),
    )
    assert detail_of(event)["finding"]["account"] == "111122223333"
    assert bench.bus.put([event], bench.late) == {}
    assert bench.seen() == [event.detail]


def test_both_types_of_event_are_put(bench: BusBench) -> None:
    event = operation_event("mode-changed", 1.0, {"to": "observe"}, (1,), "s")
    assert event.detail_type == OPERATION
    assert bench.bus.put([event, *events(1)], bench.late) == {}
    assert len(bench.seen()) == 2
