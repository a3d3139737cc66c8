"""What the checks of `hubtriage doctor` make of what AWS answers."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from hubtriage.doctor.checks.account import aggregation, quotas
from hubtriage.doctor.checks.rules import udf
from hubtriage.doctor.checks.runtime import alarms, bus, function, notices, queues, sweeps
from hubtriage.doctor.iam_simulator import Denied
from hubtriage.doctor.refusal import refused
from hubtriage.doctor.verdict import Status, UncheckedError, worst

HERE = "eu-central-1"


def linked(home: str, mode: str, *regions: str) -> dict[str, Any]:
    return {"FindingAggregationRegion": home, "RegionLinkingMode": mode, "Regions": list(regions)}


@pytest.mark.parametrize(
    ("aggregator", "status", "words"),
    [
        pytest.param(None, "ok", "only findings of eu-central-1", id="without aggregation"),
        pytest.param(linked(HERE, "ALL_REGIONS"), "ok", "all others are linked", id="the home Region"),
        pytest.param(
            linked(HERE, "SPECIFIED_REGIONS", "eu-west-1"), "ok", "linked to it: eu-west-1", id="of some"
        ),
        pytest.param(
            linked(HERE, "ALL_REGIONS_EXCEPT_SPECIFIED", "eu-west-1"),
            "ok",
            "all others except eu-west-1",
            id="of most",
        ),
        pytest.param(linked(HERE, "NO_REGIONS"), "ok", "no other is linked", id="of none"),
        pytest.param(
            linked("eu-west-1", "ALL_REGIONS"), "problem", "arrive in eu-west-1", id="a linked Region"
        ),
        pytest.param(
            linked("eu-west-1", "SPECIFIED_REGIONS", HERE), "problem", "arrive in eu-west-1", id="named"
        ),
        pytest.param(
            linked("eu-west-1", "SPECIFIED_REGIONS", "us-east-1"), "warning", "not linked", id="not named"
        ),
        pytest.param(
            linked("eu-west-1", "ALL_REGIONS_EXCEPT_SPECIFIED", HERE), "warning", "not linked", id="left out"
        ),
        pytest.param(
            linked("eu-west-1", "ALL_REGIONS_EXCEPT_SPECIFIED"),
            "problem",
            "arrive in eu-west-1",
            id="not left out",
        ),
    ],
)
def test_aggregation(aggregator: dict[str, Any] | None, status: Status, words: str) -> None:
    verdict = aggregation.judge(HERE, aggregator)
    assert (verdict.status, words in verdict.seen) == (status, True), verdict


def alarm(name: str, state: str = "OK", **changes: Any) -> dict[str, Any]:
    return {"AlarmName": name, "StateValue": state, "AlarmDescription": f"Runbook of {name}", **changes}


@pytest.mark.parametrize(
    ("found", "told", "status", "words"),
    [
        pytest.param(
            [alarm("a")], ["arn:aws:sns:x"], "ok", "none of 1 is on, 1 would be notified", id="all quiet"
        ),
        pytest.param([alarm("a")], [], "warning", "no one is notified", id="without subscribers"),
        pytest.param(
            [alarm("a")], ["PendingConfirmation"], "warning", "no one has confirmed", id="unconfirmed"
        ),
        pytest.param([alarm("a", "ALARM"), alarm("b")], [], "problem", "1 of 2 are on", id="one is on"),
        pytest.param(
            [alarm("a", ActionsEnabled=False)],
            ["arn:aws:sns:x"],
            "warning",
            "switched off: a",
            id="switched off",
        ),
    ],
)
def test_alarms(found: list[dict[str, Any]], told: list[str], status: Status, words: str) -> None:
    verdict = alarms.judge(found, told, ["arn:aws:sns:x"])
    assert (verdict.status, words in verdict.seen) == (status, True), verdict
    assert all("Runbook" in detail for detail in verdict.details)


@pytest.mark.parametrize(
    ("told", "words", "advice"),
    [
        pytest.param([], "until tomorrow no one is notified", "set tomorrow-emails", id="nobody"),
        pytest.param(["PendingConfirmation"], "no one has confirmed yet", "confirm", id="not confirmed"),
    ],
)
def test_alarms_that_can_wait_reach_somebody_too(told: list[str], words: str, advice: str) -> None:
    verdict = alarms.judge([alarm("a")], ["arn:aws:sns:x"], told)
    assert verdict.status == "warning"
    assert words in verdict.seen
    assert advice in (verdict.advice or "")


@pytest.mark.parametrize(
    ("arns", "status", "words"),
    [
        pytest.param(
            ["arn:aws:sns:x", "arn:aws:sns:y"], "ok", "2 addresses are notified", id="all confirmed"
        ),
        pytest.param(
            ["arn:aws:sns:x", "PendingConfirmation"],
            "warning",
            "1 of 2 addresses have not confirmed: a1@x",
            id="one",
        ),
        pytest.param([], "warning", "no one is notified", id="no subscription"),
    ],
)
def test_notices(arns: list[str], status: Status, words: str) -> None:
    verdict = notices.judge(
        {"SubscriptionArn": arn, "Endpoint": f"a{number}@x"} for number, arn in enumerate(arns)
    )
    assert (verdict.status, words in verdict.seen) == (status, True), verdict


def test_notices_name_twenty_addresses_at_most() -> None:
    pending = [{"SubscriptionArn": "PendingConfirmation", "Endpoint": f"a{n:02}@x"} for n in range(30)]
    verdict = notices.judge(pending)
    assert "a19@x, …" in verdict.seen
    assert len(verdict.data["pending"]) == 30


@pytest.mark.parametrize(
    ("depths", "status"),
    [
        pytest.param(
            {"waiting": 12, "dead": 0, "undelivered": 0}, "ok", id="findings that wait are no fault"
        ),
        pytest.param({"waiting": 0, "dead": 1, "undelivered": 0}, "problem", id="a dead letter"),
        pytest.param({"waiting": 0, "dead": 0, "undelivered": 1}, "problem", id="an event not delivered"),
    ],
)
def test_queues(depths: dict[str, int], status: Status) -> None:
    assert queues.judge(depths).status == status


@pytest.mark.parametrize(
    ("reading", "setting", "status"),
    [
        pytest.param("replace", None, "ok", id="replace, nothing deployed"),
        pytest.param("merge", None, "ok", id="merge, nothing deployed"),
        pytest.param("replace", "replace", "ok", id="replace as set"),
        pytest.param("merge", "merge", "ok", id="merge as set"),
        pytest.param("merge", "replace", "ok", id="replace is safe where merge is true"),
        pytest.param("replace", "merge", "problem", id="merge loses keys where replace is true"),
    ],
)
def test_the_reading_of_user_defined_fields(reading: Any, setting: str | None, status: Status) -> None:
    verdict = udf.judge(reading, setting)
    assert verdict.status == status
    assert verdict.seen.startswith(reading)


def test_what_updates_do_to_user_defined_fields_hurts_nobody_while_no_rule_sets_any() -> None:
    verdict = udf.judge("replace", "merge", used=False)
    assert (verdict.status, "no rule sets such fields yet" in verdict.seen) == ("warning", True)
    assert udf.judge("replace", "replace", used=False).status == "ok"


def test_a_quota_is_tight_when_less_is_left_than_should_be() -> None:
    assert quotas.Quota("q", 81, 100, 20).is_tight
    assert not quotas.Quota("q", 80, 100, 20).is_tight


def test_what_the_function_is_denied_names_action_resource_and_cause() -> None:
    verdict = function.judge([Denied("securityhub:GetFindings", "arn:hub", "a policy denies it")])
    assert verdict.status == "problem"
    assert verdict.details == ("securityhub:GetFindings on arn:hub: a policy denies it",)
    assert function.judge([]).status == "ok"


@pytest.mark.parametrize(
    ("status", "hours", "verdict"),
    [
        pytest.param("SUCCEEDED", 25, "ok", id="a sweep of yesterday, a day of 25 hours ago"),
        pytest.param("SUCCEEDED", 27, "warning", id="none since the day before"),
        pytest.param("RUNNING", 40, "ok", id="a long one that is still at it"),
        pytest.param("FAILED", 1, "problem", id="one that failed"),
        pytest.param("TIMED_OUT", 40, "problem", id="one that took too long"),
    ],
)
def test_the_last_sweep(status: str, hours: int, verdict: Status) -> None:
    now = datetime(2027, 1, 15, 8, tzinfo=UTC)
    found = sweeps.judge({"status": status, "startDate": now - timedelta(hours=hours)}, now)
    assert found.status == verdict
    assert found.advice or verdict == "ok"


class SweepExecutions:
    """Step Functions and a stack that shows nothing else: how each sweep ended, by hours ago."""

    def __init__(self, now: datetime, ends: dict[int, str]) -> None:
        self.deployed, self.clock = self, self
        self._now, self._ends, self.described = now, ends, 0

    def output(self, name: str) -> str:
        return name

    def now(self) -> float:
        return self._now.timestamp()

    def client(self, _service: str) -> "SweepExecutions":
        return self

    def list_executions(self, **_request: Any) -> dict[str, Any]:
        return {"executions": [self._execution(hours, end) for hours, end in self._ends.items()]}

    def _execution(self, hours: int, end: str) -> dict[str, Any]:
        started = self._now - timedelta(hours=hours)
        names = {"executionArn": end, "name": end}  # such as `done`, or `some-done` of a narrow one
        if end in ("RUNNING", "FAILED"):
            return {**names, "status": end, "startDate": started}
        stopped = started + timedelta(hours=1)
        return {**names, "status": "SUCCEEDED", "startDate": started, "stopDate": stopped}

    def describe_execution(self, **request: Any) -> dict[str, Any]:
        self.described += 1
        end = request["executionArn"].removeprefix("some-")
        return {"output": json.dumps({"progress": {"status": end}})}


@pytest.mark.parametrize(
    ("ends", "status", "asked"),
    [
        pytest.param({8: "done", 32: "superseded", 56: "done"}, "ok", 2, id="the last one"),
        pytest.param({8: "superseded", 32: "done", 56: "superseded"}, "ok", 4, id="the one before"),
        pytest.param({8: "superseded", 32: "superseded", 56: "done"}, "problem", 2, id="each is superseded"),
        pytest.param({8: "RUNNING", 32: "superseded", 70: "done"}, "problem", 1, id="one of two days ago"),
        pytest.param({8: "intake closed", 32: "FAILED", 80: "done"}, "problem", 1, id="the intake is shut"),
        pytest.param({8: "superseded", 32: "superseded"}, "ok", 2, id="a new stack, of which nobody knows"),
    ],
)
def test_a_sweep_that_came_to_its_end(ends: dict[int, str], status: Status, asked: int) -> None:
    states: Any = SweepExecutions(datetime(2027, 1, 15, 8, tzinfo=UTC), ends)
    found = sweeps.look(states)
    assert found is not None
    assert (found.status, states.described) == (status, asked)
    assert ("none has finished for 50 hours" in found.seen) == (status == "problem")


@pytest.mark.parametrize(
    ("ends", "status", "seen"),
    [
        pytest.param({1: "skipped"}, "warning", "left out findings", id="findings were left out"),
        pytest.param({1: "withheld"}, "warning", "reached its limit", id="more is to be hidden"),
        pytest.param({1: "dead letters"}, "problem", "not everything", id="not all was taken back"),
        pytest.param({1: "some-done", 2: "some-waiting", 9: "done"}, "problem", "waits", id="one waits"),
        pytest.param(
            {1: "done", 2: "some-waiting"}, "ok", "succeeded", id="one of all findings made up for it"
        ),
        pytest.param(
            {1: "some-done", 40: "done"}, "warning", "none has started", id="only narrow ones start"
        ),
    ],
)
def test_what_a_sweep_left_to_be_done(ends: dict[int, str], status: Status, seen: str) -> None:
    found = sweeps.look(SweepExecutions(datetime(2027, 1, 15, 8, tzinfo=UTC), ends))  # type: ignore[arg-type]
    assert found is not None
    assert found.status == status
    assert seen in found.seen


def client_error(code: str, status: int = 403) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "ListMembers")


@pytest.mark.parametrize(
    ("error", "seen", "advice"),
    [
        pytest.param(
            client_error("AccessDeniedException"), "ListMembers: AccessDenied", "policy", id="denied"
        ),
        pytest.param(
            client_error("InvalidAccessException"), "InvalidAccess", "Security Hub is off", id="off"
        ),
        pytest.param(client_error("TooManyRequestsException", 429), "TooMany", "again", id="throttled"),
        pytest.param(
            EndpointConnectionError(endpoint_url="https://x"),
            "EndpointConnectionError",
            "again",
            id="no network",
        ),
        pytest.param(UncheckedError("no folder", "make one"), "no folder", "make one", id="our own reason"),
    ],
)
def test_what_cannot_be_checked_says_why_and_what_to_do(error: Exception, seen: str, advice: str) -> None:
    verdict = refused(error)
    assert verdict.status == "unchecked"
    assert seen in verdict.seen
    assert advice in verdict.advice


def test_what_is_wrong_counts_more_than_what_is_unchecked() -> None:
    assert worst("ok", "unchecked", "warning") == "warning"
    assert worst("warning", "problem") == "problem"
    assert worst("unchecked", "ok") == "unchecked"
    assert worst() == "ok"


READER = {
    "Effect": "Allow",
    "Action": ["events:PutRule"],
    "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
}


@pytest.mark.parametrize(
    ("statement", "rules", "status", "words"),
    [
        pytest.param(None, [], "ok", "no rule reads them", id="a bus that no one reads"),
        pytest.param(READER, [{"Name": "a", "State": "ENABLED"}], "ok", "1 rule reads them", id="one reader"),
        pytest.param(
            READER,
            [{"Name": "a", "State": "ENABLED"}, {"Name": "b", "State": "DISABLED"}],
            "warning",
            "1 of 2 rules of bus d are disabled: b",
            id="a rule that is off",
        ),
        pytest.param(
            READER | {"Action": "events:PutEvents"},
            [],
            "warning",
            "lets arn:aws:iam::111122223333:root put events that look like decisions",
            id="someone may forge decisions",
        ),
        pytest.param(
            {"Effect": "Allow", "Action": ["EVENTS:*"], "Principal": "*"},
            [],
            "warning",
            "lets * put",
            id="everyone",
        ),
        pytest.param(READER | {"Action": "*", "Effect": "Deny"}, [], "ok", "no rule reads", id="a denial"),
    ],
)
def test_the_bus_of_decision_events(
    statement: dict[str, Any] | None, rules: list[dict[str, str]], status: Status, words: str
) -> None:
    verdict = bus.judge("d", None if statement is None else json.dumps({"Statement": [statement]}), rules)
    assert (verdict.status, words in verdict.seen) == (status, True), verdict
