"""The client of EventBridge: what it sends again, and when it gives up."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from hubtriage.aws.decision_events.bus import LARGEST_CALL, EventBridgeBus, NotPut
from hubtriage.aws.decision_events.event import DecisionEvent, operation_event
from hubtriage.aws.securityhub.backoff import Backoff
from hubtriage.localaws.securityhub.inprocess import ManualClock
from tests.support.buses import NOW, events
from tests.support.ledgers import cut_off, losing_the_answer, plainly, raising, silent

Break = Callable[[Callable[..., Mapping[str, Any]], dict[str, Any]], Mapping[str, Any]]


class Service:
    """PutEvents: the next calls go as `script` says, and each later one well."""

    def __init__(self, *script: Break, always: Break = plainly) -> None:
        self.script = list(script)
        self.always = always
        self.calls: list[list[dict[str, Any]]] = []
        self.put: list[str] = []
        self.connections = 0
        self.clock = ManualClock(NOW)
        self.bus = EventBridgeBus(self.connect, "decisions", self.clock, Backoff(lambda: 0.5, base=1.0))

    def connect(self) -> "Service":
        self.connections += 1
        return self

    def put_events(self, **request: Any) -> Mapping[str, Any]:
        self.calls.append(request["Entries"])
        how = self.script.pop(0) if self.script else self.always
        return how(self._take, request)

    def _take(self, **request: Any) -> Mapping[str, Any]:
        self.put += [entry["Detail"] for entry in request["Entries"]]
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "e"} for _entry in request["Entries"]]}

    def run(self, made: list[DecisionEvent], seconds: float = 600.0) -> Mapping[str, NotPut]:
        return self.bus.put(made, self.clock.monotonic() + seconds)


def failing(code: str, *numbers: int) -> Break:
    """Some entries of a call fail with a code; the others are put."""

    def answer(call: Callable[..., Mapping[str, Any]], request: dict[str, Any]) -> Mapping[str, Any]:
        entries = request["Entries"]
        call(Entries=[entry for number, entry in enumerate(entries) if number not in numbers])
        failed = {"ErrorCode": code, "ErrorMessage": "so it is"}
        listed = [failed if number in numbers else {"EventId": "e"} for number in range(len(entries))]
        return {"FailedEntryCount": len(numbers), "Entries": listed}

    return answer


def without_credentials(_call: object, _request: object) -> Mapping[str, Any]:
    raise NoCredentialsError


def refusing_what_is_wrong(call: Callable[..., Mapping[str, Any]], request: dict[str, Any]) -> Any:
    """The service refuses a whole call because of one entry, and does not say which."""
    if any("finding-3" in entry["Detail"] for entry in request["Entries"]):
        raise ClientError({"Error": {"Code": "ValidationException", "Message": "no"}}, "PutEvents")
    return call(**request)


def test_a_request_has_what_eventbridge_asks_for() -> None:
    service = Service()
    (event,) = events(1)
    assert service.run([event]) == {}
    ((entry,),) = service.calls
    assert entry["Time"].timestamp() == NOW
    assert {name: value for name, value in entry.items() if name != "Time"} == {
        "EventBusName": "decisions",
        "Source": "hubtriage",
        "DetailType": "Triage Decision",
        "Detail": event.detail,
    }


def test_the_client_is_made_once_and_only_if_there_is_something_to_put() -> None:
    service = Service()
    service.run([])
    assert service.connections == 0
    for _time in range(2):
        service.run(events(1))
    assert service.connections == 1


def test_ten_are_in_a_call() -> None:
    service = Service()
    assert service.run(events(23)) == {}
    assert [len(call) for call in service.calls] == [10, 10, 3]


def test_only_what_failed_is_sent_again() -> None:
    service = Service(failing("InternalFailure", 1, 4), failing("InternalFailure", 0))
    made = events(6)
    assert service.run(made) == {}
    assert [len(call) for call in service.calls] == [6, 2, 1]
    assert sorted(service.put) == sorted(event.detail for event in made)


@pytest.mark.parametrize(
    ("how", "calls", "code", "is_final", "concerns_bus"),
    [
        pytest.param(failing("InternalFailure", 0), 4, "InternalFailure", False, True, id="its own failure"),
        pytest.param(failing("ThrottlingException", 0), 8, "ThrottlingException", False, True, id="slow"),
        pytest.param(failing("Unheard", 0), 4, "Unheard", False, True, id="a code that is not documented"),
        pytest.param(failing("MalformedDetail", 0), 1, "MalformedDetail", True, False, id="malformed"),
        pytest.param(
            failing("AccessDeniedException", 0), 1, "AccessDeniedException", True, True, id="an entry denied"
        ),
        pytest.param(raising("ThrottlingException"), 8, "ThrottlingException", False, True, id="all slow"),
        pytest.param(raising("AccessDeniedException"), 1, "AccessDeniedException", True, True, id="denied"),
        pytest.param(raising("ValidationException"), 1, "ValidationException", True, False, id="wrong"),
        pytest.param(raising("InternalException", 500), 4, "InternalException", False, True, id="500"),
        pytest.param(without_credentials, 1, "NoCredentialsError", True, True, id="no credentials"),
        pytest.param(silent, 4, "ReadTimeoutError", False, True, id="no answer"),
        pytest.param(losing_the_answer, 4, "ReadTimeoutError", False, True, id="the answer is lost"),
        pytest.param(cut_off, 4, "Unmentioned", False, True, id="the answer is cut off"),
        pytest.param(lambda *_: {"Entries": [{}]}, 4, "Unmentioned", False, True, id="an entry says nothing"),
    ],
)
def test_what_goes_wrong_is_tried_as_often_as_it_may_help(
    how: Break, calls: int, code: str, is_final: bool, concerns_bus: bool
) -> None:
    service = Service(always=how)
    (event,) = events(1)
    (why,) = service.run([event]).values()
    assert (len(service.calls), why.code, why.is_final, why.concerns_bus) == (
        calls, code, is_final, concerns_bus
    )  # fmt: skip
    assert why.message


def test_an_answer_for_fewer_events_than_were_sent_says_nothing_of_any() -> None:
    def short(call: Any, request: Any) -> Any:
        return {"Entries": [{"EventId": "e"}]}

    service = Service(always=short)
    made = events(2)
    assert set(service.run(made)) == {event.id for event in made}


def test_a_call_that_is_refused_is_halved_until_the_event_is_found() -> None:
    service = Service(always=refusing_what_is_wrong)
    made = events(10)
    assert set(service.run(made)) == {made[3].id}
    assert sorted(service.put) == sorted(event.detail for event in made if event is not made[3])


def test_a_bus_that_is_down_is_not_asked_again_for_every_ten() -> None:
    service = Service(always=silent)
    made = events(100)
    assert set(service.run(made)) == {event.id for event in made}
    assert len(service.calls) == 4


def test_while_it_is_down_each_batch_tries_once() -> None:
    service = Service(always=silent)
    tried = []
    for _ in range(3):
        service.run(events(20))
        tried.append(len(service.calls))
    assert tried == [4, 5, 6]
    service.always = plainly
    assert not service.run(events(1))
    service.script = [silent]
    assert not service.run(events(1))


@pytest.mark.parametrize("how", ["throttled", "late"])
def test_a_bus_that_is_busy_or_was_not_asked_is_not_down(how: str) -> None:
    service = Service(always=failing("ThrottlingException", 0))
    service.run(events(1), seconds=0.0 if how == "late" else 600.0)
    service.always, service.script = plainly, [silent]
    assert not service.run(events(1))


def test_events_that_are_wrong_by_themselves_do_not_stop_the_others() -> None:
    service = Service(failing("MalformedDetail", *range(10)))
    made = events(20)
    assert set(service.run(made)) == {event.id for event in made[:10]}


def test_no_call_starts_after_the_deadline() -> None:
    service = Service()
    not_put = service.run(events(2), seconds=0.0)
    assert ({why.code for why in not_put.values()}, service.calls) == ({"Deadline"}, [])


def test_a_wait_that_would_be_too_long_is_not_begun_and_the_reason_is_kept() -> None:
    service = Service(always=failing("InternalFailure", 0))
    (event,) = events(1)
    before = service.clock.monotonic()
    assert service.run([event], seconds=2.0)[event.id].code == "InternalFailure"
    assert service.clock.monotonic() - before < 2.0


def test_halves_keep_to_the_deadline_too() -> None:
    service = Service()

    def slow(_call: object, _request: object) -> Any:
        service.clock.sleep(10.0)
        raise ClientError({"Error": {"Code": "ValidationException", "Message": "no"}}, "PutEvents")

    service.always = slow
    not_put = service.run(events(10), seconds=15.0)
    assert (len(not_put), len(service.calls)) == (10, 2)


def test_a_bug_of_ours_is_not_taken_for_a_fault_of_the_service() -> None:
    def broken(_call: object, _request: object) -> Any:
        raise AssertionError("a bug")

    with pytest.raises(AssertionError, match="a bug"):
        Service(always=broken).run(events(1))


def test_an_event_that_no_call_takes_is_not_sent() -> None:
    service = Service()
    large = operation_event("sweep-finished", NOW, {"text": "x" * LARGEST_CALL}, ("large",), "s")
    not_put = service.run([large, *events(1)])
    assert {name: why.code for name, why in not_put.items()} == {large.id: "TooLarge"}
    assert [len(call) for call in service.calls] == [1]
