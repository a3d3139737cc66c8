import random
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError, ParamValidationError, ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.aws.securityhub.api import Key, identifier
from hubtriage.aws.securityhub.backoff import Backoff
from hubtriage.aws.securityhub.faults import HANDLING
from hubtriage.aws.securityhub.ratelimit import TokenBucket
from hubtriage.aws.securityhub.sending import HOPELESS, MOST_PARTS, Receipt, Sender, Traffic
from hubtriage.engine.planning.batches import Call
from tests.support.examples import examples
from tests.support.triage_world import FOREVER, NOW, SUPPRESS, TriageWorld, backoff, key

FINDING_CODES = sorted(HANDLING)


def ignore(_keys: Iterable[Key], _receipt: Receipt) -> None:
    pass


def sender(world: TriageWorld, rate: float = 1000.0) -> Sender:
    return Sender(world.api, TokenBucket(rate, max(1.0, rate), world.clock), backoff(), world.clock.monotonic)


def call(*numbers: int, payload: Mapping[str, Any] = SUPPRESS) -> Call:
    return Call(payload, tuple(identifier(key(number)) for number in numbers))


def send(
    world: TriageWorld, *calls: Call, deadline: float = FOREVER, rate: float = 1000.0
) -> tuple[Mapping[Key, Receipt], Traffic]:
    return sender(world, rate).send(calls, deadline, ignore)


def fates(receipts: Mapping[Key, Receipt]) -> dict[str, tuple[str, str]]:
    return {finding_id: (receipt.status, receipt.code) for (_, finding_id), receipt in receipts.items()}


def test_a_call_that_works_gives_every_finding_its_request_id() -> None:
    world = TriageWorld(3)
    receipts, traffic = send(world, call(0, 1, 2))
    assert {receipt.status for receipt in receipts.values()} == {"sent"}
    assert {receipt.call_id for receipt in receipts.values()} == {"request-1"}
    assert traffic.calls == [3]
    assert world.suppressed(range(3)) == [0, 1, 2]


def test_updated_findings_are_told_at_once_and_each_only_once() -> None:
    world = TriageWorld(4)
    world.fault(finding_error="InternalFailure", finding="finding-1")
    told: list[tuple[list[Key], float]] = []
    sender(world).send(
        [call(0, 1), call(2, 3, payload={"Confidence": 5})],
        FOREVER,
        lambda keys, _receipt: told.append((list(keys), world.clock.now())),
    )
    assert [keys for keys, _ in told] == [[key(0)], [key(2), key(3)], [key(1)]]
    assert told[0][1] == NOW


@pytest.mark.parametrize("code", ["ConcurrentUpdateError", "InternalFailure", "SomethingNew"])
def test_a_passing_failure_of_a_finding_is_tried_again_after_a_wait(code: str) -> None:
    world = TriageWorld(3)
    world.fault(finding_error=code, finding="finding-1", times=2)
    receipts, traffic = send(world, call(0, 1, 2))
    assert {receipt.status for receipt in receipts.values()} == {"sent"}
    assert traffic.calls == [3, 1, 1]
    assert traffic.unprocessed == {code: 2}
    assert world.clock.now() > NOW


@pytest.mark.parametrize("code", ["ConcurrentUpdateError", "InternalFailure", "SomethingNew"])
def test_a_failure_that_does_not_pass_ends_for_this_delivery(code: str) -> None:
    world = TriageWorld(2)
    world.fault(finding_error=code, finding="finding-1", times=1000)
    receipts, traffic = send(world, call(0, 1))
    assert fates(receipts) == {"finding-0": ("sent", ""), "finding-1": ("unsent", code)}
    assert traffic.calls == [2, 1, 1, 1]


@pytest.mark.parametrize(
    ("code", "fate"),
    [
        ("FindingNotFound", "not found"),
        ("FindingSizeExceeded", "too large"),
        ("InvalidInput", "poison"),
        ("DuplicatedFindingIdentifier", "poison"),
    ],
)
def test_a_failure_that_another_try_cannot_help_is_not_tried_again(code: str, fate: str) -> None:
    world = TriageWorld(2)
    world.fault(finding_error=code, finding="finding-1", times=1000)
    receipts, traffic = send(world, call(0, 1))
    assert fates(receipts) == {"finding-0": ("sent", ""), "finding-1": (fate, code)}
    assert traffic.calls == [2]


def test_no_call_starts_once_triage_is_switched_off() -> None:
    world = TriageWorld(4)
    answers = iter([True, True, False])
    budget = TokenBucket(1.0, 1.0, world.clock)
    stopping = Sender(world.api, budget, backoff(), world.clock.monotonic, lambda: next(answers))
    calls = [call(n, payload=SUPPRESS | {"Confidence": n}) for n in range(4)]
    receipts, traffic = stopping.send(calls, FOREVER, ignore)
    assert fates(receipts) == {
        "finding-0": ("sent", ""),
        "finding-1": ("sent", ""),
        "finding-2": ("unsent", "Stopped"),
        "finding-3": ("unsent", "Stopped"),
    }
    assert traffic.calls == [1, 1]
    assert world.clock.now() == NOW + 2, "who is off does not wait for the budget any more"


def test_what_failed_before_triage_was_switched_off_keeps_its_reason() -> None:
    world = TriageWorld(1)
    world.fault(finding_error="InternalFailure")
    answers = iter([True, False])
    budget = TokenBucket(1000, 1000, world.clock)
    stopping = Sender(world.api, budget, backoff(), world.clock.monotonic, lambda: next(answers))
    receipts, _traffic = stopping.send([call(0)], FOREVER, ignore)
    assert fates(receipts) == {"finding-0": ("unsent", "InternalFailure")}


def test_no_call_starts_late_because_asking_whether_it_may_took_long() -> None:
    world = TriageWorld(1)
    budget = TokenBucket(1000, 1000, world.clock)

    def slow() -> bool:
        world.clock.sleep(5)
        return True

    receipts, _traffic = Sender(world.api, budget, backoff(), world.clock.monotonic, slow).send(
        [call(0)], NOW + 4, ignore
    )
    assert fates(receipts) == {"finding-0": ("unsent", "Deadline")}


@pytest.mark.parametrize("code", ["LimitExceededException", "TooManyRequestsException"])
def test_throttling_makes_everybody_wait_and_passes(code: str) -> None:
    world = TriageWorld(2)
    world.fault(error=code, times=3)
    receipts, traffic = send(world, call(0), call(1, payload={"Confidence": 5}))
    assert {receipt.status for receipt in receipts.values()} == {"sent"}
    assert sum(traffic.faults.values()) == 3
    assert world.clock.now() > NOW + 0.3


def test_throttling_without_end_leaves_the_findings_for_another_delivery() -> None:
    world = TriageWorld(1)
    world.fault(error="TooManyRequestsException", times=1000)
    receipts, traffic = send(world, call(0))
    assert fates(receipts) == {"finding-0": ("unsent", "TooManyRequestsException")}
    assert len(traffic.calls) == backoff().tries_of_throttling


def test_an_internal_exception_is_tried_again() -> None:
    world = TriageWorld(1)
    world.fault(error="InternalException", times=2)
    receipts, _ = send(world, call(0))
    assert fates(receipts) == {"finding-0": ("sent", "")}


@pytest.mark.parametrize("code", ["AccessDeniedException", "InvalidAccessException"])
def test_a_call_that_is_denied_fails_alone_and_at_once(code: str) -> None:
    world = TriageWorld(2)
    world.fault(error=code)
    receipts, traffic = send(world, call(0), call(1, payload={"Confidence": 5}))
    assert fates(receipts) == {"finding-0": ("unsent", code), "finding-1": ("sent", "")}
    assert traffic.calls == [1, 1]


def test_an_answer_that_is_lost_after_the_update_is_asked_for_again() -> None:
    world = TriageWorld(1)
    world.fault(lose_answer=True)
    receipts, traffic = send(world, call(0))
    assert fates(receipts) == {"finding-0": ("sent", "")}
    assert traffic.calls == [1, 1]
    assert world.calls("BatchUpdateFindings") == 2


class Scripted:
    """Answers that the hub never gives: what botocore makes of a broken connection or a cut-off body."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.requests: list[Any] = []

    def batch_update_findings(self, **request: Any) -> Mapping[str, Any]:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def get_findings(self, **request: Any) -> Mapping[str, Any]:
        raise AssertionError(request)


def half() -> float:
    return 0.5


def send_scripted(api: Scripted, *calls: Call, chance: Callable[[], float] = half) -> Mapping[Key, Receipt]:
    clock = TriageWorld().clock
    budget = TokenBucket(1000, 1000, clock)
    return Sender(api, budget, Backoff(chance), clock.monotonic).send(calls, FOREVER, ignore)[0]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({}, id="an answer without members"),
        pytest.param({"ProcessedFindings": None, "UnprocessedFindings": "x"}, id="members of other types"),
        pytest.param({"ProcessedFindings": [None, {"Id": "finding-0"}]}, id="half an identifier"),
        pytest.param({"UnprocessedFindings": [{"ErrorCode": "InvalidInput"}]}, id="an error of nobody"),
        pytest.param({"ProcessedFindings": [identifier(key(7))]}, id="only a finding that was not asked for"),
    ],
)
def test_a_finding_that_the_answer_does_not_mention_is_not_taken_as_updated(answer: Any) -> None:
    api = Scripted(answer)
    assert fates(send_scripted(api, call(0))) == {"finding-0": ("unsent", "Unmentioned")}
    assert len(api.requests) == backoff().tries_of_failures


def test_a_finding_both_processed_and_unprocessed_is_taken_as_unprocessed() -> None:
    both = {
        "ProcessedFindings": [identifier(key(0))],
        "UnprocessedFindings": [
            {"FindingIdentifier": identifier(key(0)), "ErrorCode": "InvalidInput", "ErrorMessage": ""}
        ],
    }
    assert fates(send_scripted(Scripted(both), call(0))) == {"finding-0": ("poison", "InvalidInput")}


def client_error(code: str, status: int) -> ClientError:
    return ClientError(
        {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "BatchUpdateFindings"
    )


@pytest.mark.parametrize(
    ("error", "fate", "attempts"),
    [
        pytest.param(ReadTimeoutError(endpoint_url="x"), "unsent", 4, id="a timeout is tried again"),
        pytest.param(client_error("ServiceUnavailable", 503), "unsent", 4, id="a 503 is tried again"),
        pytest.param(client_error("Unheard", 418), "unsent", 4, id="an unknown error is tried again"),
        pytest.param(client_error("SlowDown", 429), "unsent", 8, id="a 429 of any name is throttling"),
        pytest.param(client_error("ThrottlingException", 400), "unsent", 8, id="a 400 may be throttling"),
        pytest.param(client_error("RequestTimeout", 400), "unsent", 4, id="a 400 may be a timeout"),
        pytest.param(client_error("ExpiredTokenException", 400), "unsent", 1, id="a 400 may be a denial"),
        pytest.param(client_error("ExpiredToken", 403), "unsent", 1, id="a 403 of any name is a denial"),
        pytest.param(client_error("", 401), "unsent", 1, id="a 401 without a name is a denial"),
        pytest.param(NoCredentialsError(), "unsent", 1, id="no credentials are a denial"),
        pytest.param(client_error("Unheard", 400), "poison", 1, id="a 400 of any name refuses the finding"),
        pytest.param(client_error("RequestEntityTooLarge", 413), "poison", 1, id="a 413 refuses the finding"),
        pytest.param(ParamValidationError(report="x"), "poison", 1, id="botocore's own check refuses it too"),
    ],
)
def test_an_error_ends_a_single_finding(error: Exception, fate: str, attempts: int) -> None:
    api = Scripted(error)
    (receipt,) = send_scripted(api, call(0)).values()
    assert (receipt.status, len(api.requests)) == (fate, attempts)


class RefusingService(Scripted):
    """A service that refuses whole calls because of single findings, or always."""

    def __init__(self, *bad: int, code: str = "InvalidInputException", status: int = 400) -> None:
        super().__init__({})
        self.bad = {f"finding-{number}" for number in bad}
        self.error = client_error(code, status)

    def batch_update_findings(self, **request: Any) -> Mapping[str, Any]:
        self.requests.append(request)
        names = {found["Id"] for found in request["FindingIdentifiers"]}
        if self.bad & names or not self.bad:
            raise self.error
        return {"ProcessedFindings": request["FindingIdentifiers"], "UnprocessedFindings": []}


@pytest.mark.parametrize("bad", [[0], [99], [3, 4], [0, 50, 99]], ids=str)
def test_bad_findings_do_not_hold_back_the_others_of_a_refused_call(bad: list[int]) -> None:
    api = RefusingService(*bad)
    receipts = send_scripted(api, call(*range(100)))
    assert {n for n in range(100) if receipts[key(n)].status == "poison"} == set(bad)
    assert {receipt.status for receipt in receipts.values()} == {"sent", "poison"}
    assert len(api.requests) <= 1 + 14 * len(bad)


def denying(*bad: int) -> RefusingService:
    return RefusingService(*bad, code="AccessDeniedException", status=403)


@pytest.mark.parametrize("bad", [[0], [99], [3, 4], [0, 50, 99]], ids=str)
def test_a_finding_that_is_denied_does_not_hold_back_the_others_of_its_call(bad: list[int]) -> None:
    api = denying(*bad)
    receipts = send_scripted(api, call(*range(100)))
    assert {n for n in range(100) if receipts[key(n)].status == "unsent"} == set(bad)
    assert {receipts[key(n)].code for n in bad} == {"AccessDeniedException"}
    assert len(api.requests) <= 1 + 14 * len(bad)


@pytest.mark.parametrize("share", [3, 4, 5, 10])
def test_many_findings_that_are_denied_do_not_hold_back_the_others_for_ever(share: int) -> None:
    """A quarter of a message may be of an account that has left: all of it comes again, in the same order."""
    bad = {n for n in range(100) if n % share == 0}
    left, chance = set(range(100)) - bad, random.Random(share)  # noqa: S311 - repeatable, not secret
    for _delivery in range(9):
        api = denying(*bad)
        receipts = send_scripted(api, call(*sorted(bad | left)), chance=chance.random)
        assert len(api.requests) <= 1 + MOST_PARTS
        left -= {n for n in left if receipts[key(n)].status == "sent"}
    assert left == set()


@pytest.mark.parametrize("many", [1, 20])
def test_where_a_permission_is_missing_calls_are_not_multiplied(many: int) -> None:
    api = denying()
    calls = [call(*range(100 * n, 100 * n + 100), payload={"Confidence": n}) for n in range(many)]
    receipts = send_scripted(api, *calls)
    assert {(each.status, each.code) for each in receipts.values()} == {("unsent", "AccessDeniedException")}
    assert len(receipts) == 100 * many
    assert len(api.requests) <= many + HOPELESS


def test_a_missing_permission_does_not_hide_a_finding_that_is_denied_alone() -> None:
    """One payload is denied for all of its findings, of another a single finding is."""
    api = denying(*range(100), 150)
    receipts = send_scripted(api, call(*range(100)), call(*range(100, 200), payload={"Confidence": 5}))
    assert {n for n in range(200) if receipts[key(n)].status != "sent"} == {*range(100), 150}
    assert len(api.requests) <= 2 + HOPELESS + 14


@examples(100)
@given(
    bad=st.sets(st.integers(0, 99), min_size=1, max_size=100),
    code=st.sampled_from([("InvalidInputException", 400), ("AccessDeniedException", 403)]),
)
def test_bisecting_is_bounded_and_few_bad_findings_are_always_found(
    bad: set[int], code: tuple[str, int]
) -> None:
    api = RefusingService(*bad, code=code[0], status=code[1])
    receipts = send_scripted(api, call(*range(100)))
    assert len(api.requests) <= 1 + min(MOST_PARTS, 14 * len(bad))
    unsent = {n for n in range(100) if receipts[key(n)].status != "sent"}
    assert unsent >= bad
    if len(bad) <= 4:
        assert unsent == bad
    assert {receipts[key(n)].code for n in unsent} == {code[0]}


def test_what_bisecting_did_not_reach_is_sent_on_later_deliveries() -> None:
    waiting, deliveries = set(range(100)), 0
    while waiting > (bad := set(range(0, 100, 20))):
        receipts = send_scripted(denying(*bad), call(*sorted(waiting)))
        waiting = {n for n in waiting if receipts[key(n)].status != "sent"}
        deliveries += 1
    assert deliveries <= 3


def test_an_update_that_is_outdated_is_not_sent_and_costs_no_budget() -> None:
    world = TriageWorld(3)
    outdated = {key(0), key(2)}
    calls = [call(n, payload={"Confidence": n}) for n in range(3)]
    receipts, traffic = sender(world, 0.1).send(calls, NOW + 5, ignore, outdated.__contains__)
    assert fates(receipts) == {
        "finding-0": ("outdated", "Outdated"),
        "finding-1": ("sent", ""),
        "finding-2": ("unsent", "Deadline"),
    }
    assert traffic.calls == [1]


def test_an_update_that_becomes_outdated_between_two_tries_is_not_tried_again() -> None:
    world = TriageWorld(2)
    world.fault(error="TooManyRequestsException", times=1000)
    receipts, traffic = sender(world).send(
        [call(0, 1)], FOREVER, ignore, lambda one: one == key(0) and world.clock.now() > NOW + 1
    )
    assert fates(receipts) == {
        "finding-0": ("outdated", "Outdated"),
        "finding-1": ("unsent", "TooManyRequestsException"),
    }
    assert traffic.calls[:4] == [2, 2, 2, 2]
    assert traffic.calls[-1] == 1


def test_a_payload_that_is_refused_for_everybody_does_not_eat_the_budget() -> None:
    api = RefusingService()
    receipts = send_scripted(api, call(*range(100)), call(*range(100, 200)))
    assert {receipt.status for receipt in receipts.values()} == {"poison"}
    assert {receipt.code for receipt in receipts.values()} == {"InvalidInputException"}
    assert len(api.requests) == HOPELESS


def test_another_payload_is_not_blamed_for_a_refused_one() -> None:
    api = RefusingService(*range(100))
    receipts = send_scripted(api, call(*range(100)), call(*range(100, 200), payload={"Confidence": 5}))
    assert {receipts[key(n)].status for n in range(100)} == {"poison"}
    assert {receipts[key(n)].status for n in range(100, 200)} == {"sent"}


def test_nothing_is_sent_after_the_deadline() -> None:
    world = TriageWorld(5)
    receipts, traffic = send(
        world, *(call(n, payload={"Confidence": n}) for n in range(5)), deadline=NOW + 1.2, rate=2.0
    )
    assert [receipts[key(n)].status for n in range(5)] == ["sent", "sent", "sent", "sent", "unsent"]
    assert receipts[key(4)].code == "Deadline"
    assert len(traffic.calls) == 4
    assert world.clock.now() <= NOW + 1.2


def test_a_deadline_that_has_passed_sends_nothing() -> None:
    world = TriageWorld(1)
    receipts, traffic = send(world, call(0), deadline=NOW - 1)
    assert fates(receipts) == {"finding-0": ("unsent", "Deadline")}
    assert traffic.calls == []


def test_out_of_time_the_reason_is_still_the_error_that_came_before() -> None:
    world = TriageWorld(1)
    world.fault(error="TooManyRequestsException", times=1000)
    receipts, _ = send(world, call(0), deadline=NOW + 0.01)
    assert fates(receipts) == {"finding-0": ("unsent", "TooManyRequestsException")}


def test_retries_keep_to_the_rate_too() -> None:
    world = TriageWorld(1)
    world.fault(finding_error="InternalFailure", times=3)
    send(world, call(0), rate=0.1)
    times = [update.time for update in world.hub.call_log.updates]
    assert [later - earlier for earlier, later in pairwise(times)] == pytest.approx([10] * 3)


FAULTS = st.one_of(
    st.builds(
        dict,
        error=st.sampled_from(
            [
                "InternalException",
                "TooManyRequestsException",
                "AccessDeniedException",
                "InvalidInputException",
                "LimitExceededException",
                "InvalidAccessException",
            ]
        ),
    ),
    st.builds(
        dict,
        finding_error=st.sampled_from([*FINDING_CODES, "Unheard"]),
        finding=st.one_of(st.none(), st.integers(0, 9).map("finding-{}".format)),
    ),
    st.builds(dict, lose_answer=st.just(True)),
    st.builds(dict, delay=st.floats(0.1, 30)),
)


@examples(150)
@given(
    faults=st.lists(st.tuples(FAULTS, st.integers(1, 5), st.integers(0, 4)), max_size=6),
    cuts=st.lists(st.integers(0, 3), min_size=10, max_size=10),
    seconds=st.floats(0, 20),
)
def test_whatever_goes_wrong_each_finding_has_one_fate_and_it_is_true(
    faults: list[tuple[dict[str, Any], int, int]], cuts: list[int], seconds: float
) -> None:
    world = TriageWorld(10)
    for effect, times, skip in faults:
        world.fault(**effect, times=times, skip=skip)
    groups = {cut: [n for n in range(10) if cuts[n] == cut] for cut in set(cuts)}
    calls = [call(*numbers, payload=SUPPRESS | {"Confidence": cut}) for cut, numbers in groups.items()]
    told: list[Key] = []
    receipts, traffic = sender(world, 4.0).send(calls, NOW + seconds, lambda keys, _: told.extend(keys))
    assert set(receipts) == {key(n) for n in range(10)}
    assert sorted(told) == sorted(k for k, receipt in receipts.items() if receipt.status == "sent")
    assert set(told) <= {key(n) for n in world.suppressed(range(10))}
    assert len(traffic.calls) == world.calls("BatchUpdateFindings")
