from typing import Any

import pytest

from hubtriage.aws.securityhub.ratelimit import TokenBucket
from hubtriage.aws.securityhub.reading import Fresh, Reader
from tests.support.triage_world import FOREVER, MACIE, NOW, TriageWorld, backoff, finding, key

GUARDDUTY = MACIE.replace("macie", "guardduty")


def read(world: TriageWorld, *numbers: int, deadline: float = FOREVER, rate: float = 1000.0) -> Fresh:
    reader = Reader(
        world.api, TokenBucket(rate, max(1.0, rate), world.clock), backoff(), world.clock.monotonic
    )
    return reader.read([key(number) for number in numbers], deadline)


def test_findings_are_read_twenty_ids_a_call() -> None:
    world = TriageWorld(50)
    fresh = read(world, *range(45))
    assert set(fresh.found) == {key(n) for n in range(45)}
    assert fresh.calls == world.calls("GetFindings") == 3
    assert fresh.found[key(7)]["Id"] == "finding-7"


def test_a_finding_that_is_gone_is_missing() -> None:
    fresh = read(TriageWorld(1), 0, 7)
    assert (set(fresh.found), fresh.missing, fresh.unread) == ({key(0)}, {key(7)}, {})


def test_a_namesake_of_another_product_is_not_taken_for_the_finding() -> None:
    world = TriageWorld()
    world.hub.plant(finding(0, ProductArn=GUARDDUTY), NOW)
    world.hub.plant(finding(1), NOW)
    fresh = read(world, 0, 1)
    assert (set(fresh.found), fresh.missing) == ({key(1)}, {key(0)})


def test_more_namesakes_than_a_page_are_paged_through() -> None:
    world = TriageWorld()
    arns = [f"arn:aws:securityhub:eu-west-1::product/acme/scanner{number}" for number in range(20)]
    for arn in arns:
        for number in range(20):
            world.hub.plant(finding(number, ProductArn=arn), NOW)
    keys = [(arn, f"finding-{number}") for number, arn in enumerate(arns)]
    reader = Reader(world.api, TokenBucket(1000, 1000, world.clock), backoff(), world.clock.monotonic)
    fresh = reader.read(keys, FOREVER)
    assert set(fresh.found) == set(keys)
    assert 1 < fresh.calls <= 4


@pytest.mark.parametrize("code", ["TooManyRequestsException", "LimitExceededException", "InternalException"])
def test_a_passing_failure_is_tried_again(code: str) -> None:
    world = TriageWorld(1)
    world.fault(operation="GetFindings", error=code, times=2)
    assert set(read(world, 0).found) == {key(0)}
    assert world.clock.now() > NOW


def test_a_failure_that_does_not_pass_leaves_its_reason() -> None:
    world = TriageWorld(1)
    world.fault(operation="GetFindings", error="InternalException", times=1000)
    fresh = read(world, 0)
    assert fresh.unread[key(0)].code == "InternalException"
    assert fresh.calls == backoff().tries_of_failures


def test_a_denied_read_is_not_tried_again() -> None:
    world = TriageWorld(1)
    world.fault(operation="GetFindings", error="AccessDeniedException")
    fresh = read(world, 0)
    assert (fresh.unread[key(0)].code, fresh.calls) == ("AccessDeniedException", 1)
    assert sum(fresh.faults.values()) == 1


def test_a_read_that_is_lost_on_the_way_back_is_made_again() -> None:
    world = TriageWorld(1)
    world.fault(operation="GetFindings", lose_answer=True)
    assert set(read(world, 0).found) == {key(0)}


def test_out_of_time_what_was_read_is_kept_and_the_rest_says_why() -> None:
    world = TriageWorld(60)
    fresh = read(world, *range(60), deadline=NOW + 1.5, rate=1.0)
    assert len(fresh.found) == 40
    assert {fault.code for fault in fresh.unread.values()} == {"Deadline"}
    assert len(fresh.unread) == 20


class Odd:
    """Answers of GetFindings that the hub never gives."""

    def __init__(self, bad: str | None = None, answer: Any = None) -> None:
        self.bad, self.answer, self.calls = bad, answer, 0

    def batch_update_findings(self, **request: Any) -> Any:
        raise AssertionError(request)

    def get_findings(self, **request: Any) -> Any:
        from botocore.exceptions import ClientError

        self.calls += 1
        if self.answer is not None:
            return self.answer
        ids = [value["Value"] for value in request["Filters"]["Id"]]
        if self.bad in ids:
            response = {
                "Error": {"Code": "InvalidInputException"},
                "ResponseMetadata": {"HTTPStatusCode": 400},
            }
            raise ClientError(response, "GetFindings")
        return {"Findings": [{"Id": name, "ProductArn": MACIE} for name in ids]}


def read_odd(api: Odd, *numbers: int) -> Fresh:
    clock = TriageWorld().clock
    reader = Reader(api, TokenBucket(1000, 1000, clock), backoff(), clock.monotonic)
    return reader.read([key(number) for number in numbers], FOREVER)


def test_an_id_that_the_service_refuses_does_not_hold_back_the_others() -> None:
    fresh = read_odd(Odd(bad="finding-3"), *range(20))
    assert set(fresh.unread) == {key(3)}
    assert len(fresh.found) == 19


@pytest.mark.parametrize("answer", [{}, {"Findings": None}], ids=["no members", "findings that are null"])
def test_a_cut_off_answer_is_not_taken_for_a_finding_that_is_gone(answer: Any) -> None:
    fresh = read_odd(Odd(answer=answer), 0)
    assert not fresh.missing
    assert fresh.unread[key(0)].code == "Unmentioned"


def test_ids_that_thousands_share_do_not_hold_back_the_others() -> None:
    """A product that gives every account's findings the same Ids, in an organization of hundreds."""
    world = TriageWorld()
    for number in range(20):
        for account in range(210 if number < 10 else 1):
            world.hub.plant(finding(number, AwsAccountId=f"{account:012}"), NOW)
    clock = world.clock
    reader = Reader(world.api, TokenBucket(1e6, 1e6, clock), backoff(), clock.monotonic)
    fresh = reader.read([key(number) for number in range(20)], FOREVER)
    assert (len(fresh.found), fresh.unread, fresh.missing) == (20, {}, set())
    assert len(fresh.accounts) == 10
    assert fresh.calls < 60


def test_pages_without_end_end() -> None:
    api = Odd(answer={"Findings": [None, {"Id": "another"}], "NextToken": "again"})
    fresh = read_odd(api, 0)
    assert fresh.unread[key(0)].code == "TooManyPages"
    assert api.calls == 20
