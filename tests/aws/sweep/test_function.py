"""The sweep function, its turn among others, the queue it fills, and its start after a deployment."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from hubtriage.aws.custom_resource import CustomResources
from hubtriage.aws.environment import ConfigError
from hubtriage.aws.queue import MessageQueue, QueueError
from hubtriage.aws.sweep.bundles import LARGEST_BUNDLE, Bundle, Bundles
from hubtriage.aws.sweep.config import SweepConfig
from hubtriage.aws.sweep.deployed import StartAfterDeploy
from hubtriage.aws.sweep.destination import QueueDestination, event
from hubtriage.aws.sweep.progress import Progress, ProgressError
from hubtriage.aws.sweep.request import ACTIVE, MANAGED, SweepRequest, SweepRequestError
from hubtriage.aws.sweep.run_lock import RunLock
from hubtriage.aws.sweep.start import last_unfinished, look, start_sweep
from hubtriage.aws.switch.mode import FRESH
from hubtriage.aws.triage.events import SweepOrder, parse_event
from hubtriage.localaws.securityhub.inprocess import ManualClock
from tests.support.sweep_site import (
    MACHINE,
    ME,
    TAKE_BACK,
    RecordedQueue,
    States,
    StubbedRule,
    SweepSite,
    refusal,
)
from tests.support.sweep_world import suppress
from tests.support.triage_world import NOW, backoff, finding


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(row) for row in capsys.readouterr().out.splitlines()]


def test_a_step_reads_decides_and_fills_the_queue(capsys):
    site = SweepSite()
    state = site({"request": {"reason": "deploy"}})
    progress = state["progress"]
    assert (progress["status"], progress["read"], progress["changed"]) == ("done", 250, 250)
    assert state["request"] == {"reason": "deploy"}
    sent = parse_event(
        {"Records": [{"messageId": str(n), "body": body} for n, body in enumerate(site.sqs.bodies)]}
    )
    assert [len(json.loads(body)["detail"]["findings"]) for body in site.sqs.bodies] == [100, 100, 50]
    assert {event.order for event in sent.finding_events} == {SweepOrder("me", hides=True)}
    assert all(event.event_at == pytest.approx(NOW, abs=60) for event in sent.finding_events)
    told = lines(capsys)
    (report,) = [line for line in told if line.get("message") == "sweep ended"]
    assert (report["level"], report["status"], report["changed_by_rule"]) == ("INFO", "done", {"rule-a": 250})
    *_reserving, metrics = [line for line in told if "SweepFindingsRead" in line]
    assert (metrics["SweepFindingsRead"], metrics["SweepsDone"]) == ([250.0], [1.0])


def test_the_queue_is_not_filled_while_it_is_deep():
    site = SweepSite()
    site.sqs.waiting = 1000
    progress = site({})["progress"]
    assert (progress["status"], progress["wait"], progress["read"]) == ("more", 30, 0)


def test_the_newest_of_two_sweeps_goes_on_and_the_other_ends():
    newer = SweepSite(states=States(me=2.0, other=1.0))
    waiting = newer({})
    assert (waiting["progress"]["status"], waiting["progress"]["read"]) == ("more", 0)
    older = SweepSite(states=States(me=1.0, other=2.0))
    assert older({})["progress"]["status"] == "superseded"
    assert older.sqs.bodies == []
    newer.states.running.pop(ME.replace("me", "other"))
    assert newer(waiting)["progress"]["status"] == "done"


def test_nothing_is_swept_while_the_intake_is_shut():
    site = SweepSite(rule=StubbedRule("DISABLED"))
    assert site({})["progress"]["status"] == "intake closed"
    assert site.sqs.bodies == []


def test_taking_back_shuts_the_intake_and_waits_until_what_came_in_is_triaged():
    site = SweepSite()
    site.sqs.waiting = 3
    request = {"request": {"scopes": ["managed"], "take_back": True}}
    waiting = site(request)
    assert (site.rule.state, waiting["progress"]["status"], waiting["progress"]["pages"]) == (
        "DISABLED",
        "more",
        0,
    )
    site.sqs.waiting = 0
    assert site(waiting)["progress"]["status"] == "done"


def test_a_daily_sweep_does_not_end_the_taking_back_and_does_nothing_itself():
    taking = SweepSite(states=States(me=1.0, schedule=2.0))
    state = {"request": {"scopes": ["managed"], "take_back": True}}
    assert taking(state)["progress"]["status"] == "done"
    daily = SweepSite(states=States(**{"take-back": 1.0, "me": 2.0}), rule=taking.rule)
    assert daily({"request": {"reason": "schedule"}})["progress"]["status"] == "intake closed"


def test_taking_back_is_done_only_when_what_it_sent_is_triaged():
    site = SweepSite(count=250, quiet=60.0)
    site.hide(250)
    state = site({"request": TAKE_BACK})
    assert (state["progress"]["status"], state["progress"]["read"], site.hidden) == ("more", 250, 250)
    state = site(state)
    assert (state["progress"]["status"], len(site.sqs.bodies)) == ("more", 3)
    site.work_off()
    for waited in (0, 59):
        site.world.clock.sleep(waited)
        state = site(state)
        assert state["progress"]["status"] == "more", "AWS: the count may be a minute old"
        assert 0 < state["progress"]["wait"] <= 5
    site.world.clock.sleep(1)
    state = site(state)
    assert (state["progress"]["status"], site.hidden) == ("done", 0)
    assert (state["report"]["taken_back"], state["report"]["pages"]) == (250, 13)


def test_what_the_shut_intake_still_lets_in_is_taken_back_too():
    """AWS: a rule that is disabled takes a short time to act."""
    site = SweepSite(count=40, settle=300.0)
    state = site({"request": TAKE_BACK})
    assert (site.rule.state, state["progress"]["pages"]) == ("DISABLED", 0)
    for late in (60, 200):
        site.world.clock.sleep(late)
        site.sqs.waiting = 1
        state = site(state)
        assert state["progress"]["pages"] == 0
        site.hide(late // 5)
        site.sqs.waiting = 0
    assert site.hidden == 40
    began = site.world.clock.now()
    ended = site.sweep(state)
    assert (ended["progress"]["status"], ended["report"]["taken_back"], site.hidden) == ("done", 40, 0)
    assert ended["progress"]["started"] - began >= 300, "as long as the last of them may take to show"


def test_what_was_hidden_last_is_taken_back_although_readers_are_behind():
    site = SweepSite(count=250, settle=300.0, visible_after=120.0)
    site.world.clock.sleep(200)
    site.hide(250)
    site.world.clock.sleep(20)
    seen = site.world.api.get_findings(Filters=SweepRequest().filters())["Findings"]
    assert {found["Workflow"]["Status"] for found in seen} == {"NEW"}, "readers are behind"
    ended = site.sweep({"request": TAKE_BACK})
    assert (ended["progress"]["status"], ended["report"]["taken_back"], site.hidden) == ("done", 250, 0)


def test_what_a_deleted_rule_hid_last_is_taken_back_by_the_sweep_of_the_deployment():
    site = SweepSite(count=5, settle=300.0, visible_after=120.0)
    site.world.clock.sleep(200)
    site.hide(5)
    site.world.clock.sleep(20)
    site.deploy(suppress("rule-b", "control-b"))
    state = site({"request": {"settle": True, "reason": "deploy"}})
    assert (state["progress"]["pages"], state["progress"]["wait"], site.rule.state) == (0, 5, "ENABLED")
    ended = site.sweep(state)
    assert (ended["progress"]["status"], ended["report"]["taken_back"], ended["report"]["read"]) == (
        "done",
        5,
        5,
    )
    assert ended["progress"]["started"] == NOW + 220 + 300


def test_a_sweep_that_settles_does_not_wait_for_an_empty_queue_and_no_longer_than_it_has_to():
    site = SweepSite(count=5, settle=12.5)
    site.sqs.waiting = 3
    state: dict[str, Any] = {"request": {"settle": True}}
    waits = []
    while "report" not in state:
        state = site(state)
        waits.append(state["progress"]["wait"])
        site.world.clock.sleep(state["progress"]["wait"])
    assert (state["progress"]["status"], waits) == ("done", [5, 5, 3, 0])


def test_a_sweep_that_is_asked_for_begins_at_once():
    assert SweepSite(count=5, settle=300.0)({"request": {"reason": "command"}})["progress"]["read"] == 5


def test_a_sweep_that_waits_to_begin_makes_room_for_a_newer_one():
    site = SweepSite(count=1, settle=300.0)
    state = site({"request": TAKE_BACK})
    site.states.running[ME.replace("me", "take-back-newer")] = 2.0
    assert site(state)["progress"]["status"] == "superseded"


def test_the_queue_has_to_stay_empty():
    site = SweepSite(count=1, quiet=60.0)
    site.hide(1)
    state = site({"request": TAKE_BACK})
    site.work_off()
    state = site(state)
    site.world.clock.sleep(59)
    site.sqs.waiting = 1
    state = site(state)
    site.world.clock.sleep(1)
    site.sqs.waiting = 0
    assert site(state)["progress"]["status"] == "more"


def test_taking_back_tells_of_what_could_not_be_triaged(capsys):
    site = SweepSite(count=250)
    site.hide(250)
    state = site({"request": TAKE_BACK})
    site.sqs.bodies, site.sqs.dead = [], 3
    ended = site(state)
    assert (ended["progress"]["status"], ended["report"]["dead_letters"]) == ("dead letters", 3)
    assert [line["level"] for line in lines(capsys) if line.get("message") == "sweep ended"] == ["ERROR"]


def test_nothing_is_taken_back_in_observe_and_the_intake_stays_open(capsys):
    site = SweepSite(count=5)
    site.hide(5)
    site.mode = "observe"
    ended = site({"request": TAKE_BACK})
    assert (ended["progress"]["status"], ended["report"]["read"], site.rule.state) == (
        "observe",
        0,
        "ENABLED",
    )
    assert site.sqs.bodies == []
    assert [line["level"] for line in lines(capsys) if line.get("message") == "sweep ended"] == ["ERROR"]


def test_taking_back_ends_when_triage_stops_writing_and_can_be_begun_again():
    site = SweepSite(count=5)
    site.hide(5)
    state = site({"request": TAKE_BACK})
    state = site(state)
    site.mode = "observe"
    site.work_off("observe")
    site.world.clock.sleep(FRESH)
    assert (site(state)["progress"]["status"], site.hidden) == ("observe", 5)
    site.mode = "enforce"
    state = site({"request": TAKE_BACK})
    assert len(site.sqs.bodies) == 1
    site.work_off()
    assert (site(state)["progress"]["status"], site.hidden) == ("done", 0)


def test_a_step_of_taking_back_ends_between_pages_when_triage_stops_writing():
    site = SweepSite(count=450, reads=0.1)
    site.hide(450)
    read = site.world.api.get_findings

    def stopping(**request: Any) -> Mapping[str, Any]:
        site.mode = "observe"
        return read(**request)

    site.world.api.get_findings = stopping  # type: ignore[method-assign]
    ended = site({"request": TAKE_BACK})["progress"]
    assert (ended["status"], ended["pages"]) == ("observe", 2)


def test_other_sweeps_count_in_observe_as_before():
    site = SweepSite(count=5)
    site.mode = "observe"
    progress = site({})["progress"]
    assert (progress["status"], progress["changed"]) == ("done", 5)


def test_taking_back_that_waits_for_its_end_makes_room_for_a_newer_one():
    site = SweepSite(count=1)
    site.hide(1)
    state = site({"request": TAKE_BACK})
    site.states.running[ME.replace("me", "take-back-newer")] = 2.0
    assert site(state)["progress"]["status"] == "superseded"


@pytest.mark.parametrize("started", [None, NOW], ids=["while it waits", "later"])
def test_taking_back_ends_when_somebody_opens_the_intake_again(started):
    site = SweepSite(count=0)
    progress = Progress(started=started, shut=True).as_json()
    ended = site({"request": {"scopes": ["managed"], "take_back": True}, "progress": progress})
    assert (ended["progress"]["status"], site.rule.state) == ("superseded", "ENABLED")


def test_taking_back_is_not_resumed_but_begun_again():
    states = States()
    request = SweepRequest((MANAGED,), take_back=True, reason="whatever")
    start_sweep(states, MACHINE, request, Progress(pages=7, shut=True))
    (started,) = states.started
    assert json.loads(started["input"]) == {"request": request.as_json()}
    assert started["name"].startswith("take-back-")


def test_a_sweep_without_a_budget_hides_no_more_than_is_set(capsys):
    site = SweepSite(hide_limit=120)
    progress = site({})["progress"]
    assert (progress["status"], progress["read"]) == ("withheld", 250)
    assert (progress["hidden"], progress["withheld"]) == (120, 130)
    told = lines(capsys)
    (report,) = [line for line in told if line.get("message") == "sweep ended"]
    assert (report["level"], report["hidden"], report["withheld"]) == ("ERROR", 120, 130)
    *_reserving, metrics = [line for line in told if "SweepFindingsWithheld" in line]
    assert (metrics["SweepFindingsWithheld"], metrics["SweepsStopped"]) == ([130.0], [1.0])


def test_the_report_names_the_rules_whose_time_ended_or_began_today():
    site = SweepSite(count=1)
    hour = 3600.0
    site.deploy(
        suppress("a", "x", ends=NOW - hour),
        suppress("b", "x", ends=NOW - 25 * hour),
        suppress("c", "x", ends=NOW + hour),
        suppress("d", "x", starts=NOW - hour),
        suppress("e", "x", starts=NOW - 25 * hour),
    )
    told = site({})["report"]
    assert (told["rules_ended_today"], told["rules_begun_today"]) == (["a"], ["d"])
    seen = look(Told("SUCCEEDED", output=json.dumps({"request": {}, "progress": {}, "report": told})), ME)
    assert seen.report["rules_ended_today"] == ["a"]


def test_a_budget_of_its_own_counts_instead():
    site = SweepSite(hide_limit=0)
    progress = site({"request": {"budget": 250}})["progress"]
    assert (progress["status"], progress["hidden"]) == ("done", 250)


def destination(sqs: Any) -> QueueDestination:
    return QueueDestination(MessageQueue(sqs, "url", backoff(), ManualClock()), SweepOrder("s"))


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param([refusal("ThrottlingException")] * 3, id="throttled"),
        pytest.param([refusal("InternalError", 500)], id="an error of SQS"),
        pytest.param([4, 2], id="single messages refused"),
    ],
)
def test_messages_that_the_queue_does_not_take_at_once_are_sent_again(trouble):
    sqs = RecordedQueue(*trouble)
    queue = destination(sqs)
    queue.send([Bundle(NOW, [finding(number)]) for number in range(23)])
    sent = [json.loads(body)["detail"]["findings"][0]["Id"] for body in sqs.bodies]
    assert sorted(sent) == sorted(f"finding-{number}" for number in range(23))


def test_a_queue_that_takes_nothing_fails_the_step():
    for trouble in ([refusal("AccessDenied", 403)], [1] * 4):
        queue = destination(RecordedQueue(*trouble))
        with pytest.raises(QueueError):
            queue.send([Bundle(NOW, [finding()])])


def test_large_findings_are_cut_into_messages_that_the_queue_takes():
    bundles, sqs = Bundles(), RecordedQueue()
    large = [finding(number, Description="x" * 200_000) for number in range(9)]
    ready = [bundle for found in large for bundle in bundles.add("update", found, NOW)]
    ready += bundles.take()
    assert [len(bundle.findings) for bundle in ready] == [4, 4, 1]
    assert all(bundle.size <= LARGEST_BUNDLE for bundle in ready)
    destination(sqs).send(ready)
    assert len(sqs.bodies) == 3


def test_what_came_through_the_rule_cannot_order_anything():
    forged = event(Bundle(NOW, [finding()], hides=True), SweepOrder("x", take_back=True))
    forged["source"] = "aws.securityhub"
    (only,) = parse_event(forged).finding_events
    assert only.order is None
    spoofed = finding(sweep={"take_back": True, "hides": True}, source="hubtriage.sweep")
    inside = event(Bundle(NOW, [spoofed]), SweepOrder("x"))
    (trusted,) = parse_event(inside).finding_events
    assert trusted.order == SweepOrder("x")


@pytest.mark.parametrize(
    "document",
    [
        pytest.param([], id="no object"),
        pytest.param({"scopes": []}, id="no scope"),
        pytest.param({"scopes": ["everything"]}, id="an unknown scope"),
        pytest.param({"scope": "active"}, id="an unknown member"),
        pytest.param({"accounts": "111122223333"}, id="text for a list"),
        pytest.param({"budget": -1}, id="a budget below zero"),
        pytest.param({"budget": True}, id="a budget that is no number"),
        pytest.param({"take_back": "yes"}, id="text for a boolean"),
        pytest.param({"take_back": True}, id="taking back what is not held"),
        pytest.param({"controls": [f"S3.{n}" for n in range(21)]}, id="more values than AWS takes"),
    ],
)
def test_a_request_that_cannot_be_carried_out_is_refused(document):
    with pytest.raises(SweepRequestError):
        SweepRequest.from_json(document)


def test_a_request_is_read_as_it_was_written():
    request = SweepRequest((ACTIVE,), ("111122223333",), rules=("a",), budget=7, settle=True, reason="r")
    assert SweepRequest.from_json(json.loads(json.dumps(request.as_json()))) == request
    assert SweepRequest().as_json() == {}


def test_filters_are_in_the_shape_of_get_findings():
    request = SweepRequest(products=("arn:p", "Macie"), controls=("S3.2", "S3.3"))
    assert set(request.filters()) == {
        "RecordState", "ProductArn", "ProductName", "ComplianceSecurityControlId"
    }  # fmt: skip
    assert request.filters()["ProductArn"] == [{"Value": "arn:p", "Comparison": "EQUALS"}]


def test_something_else_is_no_progress():
    for document in (None, {"page": 1}):
        with pytest.raises(ProgressError):
            Progress.from_json(document)


@pytest.mark.parametrize(
    ("kind", "started"),
    [("Create", 1), ("Update", 1), ("Delete", 0)],
)
def test_a_deployment_starts_a_sweep_and_cloudformation_is_told(kind, started):
    states, told = States(), []
    call = CustomResources(
        {"Custom::HubtriageSweep": StartAfterDeploy(states, MACHINE)},
        lambda url, body: told.append((url, json.loads(body))),
    )
    call(deployment(kind), None)
    assert len(states.started) == started
    ((url, answer),) = told
    assert url == "https://answer"
    assert (answer["Status"], answer["RequestId"], answer["StackId"]) == ("SUCCESS", "r", "s")
    for request in states.started:
        assert json.loads(request["input"]) == {
            "request": {"changed": True, "settle": True, "reason": "deploy"}
        }
        assert request["name"].startswith("some-deploy-")


def test_a_sweep_that_cannot_be_started_fails_the_deployment():
    class RefusingStates(States):
        def start_execution(self, **request: Any) -> Mapping[str, Any]:
            raise refusal(f"AccessDeniedException on {request['stateMachineArn']}")

    told: list[Any] = []
    CustomResources(
        {"Custom::HubtriageSweep": StartAfterDeploy(RefusingStates(), MACHINE)},
        lambda _url, body: told.append(json.loads(body)),
    )(deployment("Update"), None)
    assert told[0]["Status"] == "FAILED"
    assert "AccessDeniedException" in told[0]["Reason"]


def deployment(kind: str) -> dict[str, Any]:
    return {
        "RequestType": kind,
        "ResourceType": "Custom::HubtriageSweep",
        "ResponseURL": "https://answer",
        "StackId": "s",
        "RequestId": "r",
        "LogicalResourceId": "l",
    }


class Told(States):
    """One execution with a history."""

    def __init__(self, status: str, *events: Mapping[str, Any], output: str | None = None) -> None:
        super().__init__(me=1.0)
        self.status, self.events, self.output = status, events, output

    def describe_execution(self, **_request: Any) -> Mapping[str, Any]:
        told = {"status": self.status, "input": '{"request": {"reason": "x"}}', "error": "E", "cause": "why"}
        return told | ({"output": self.output} if self.output else {})

    def get_execution_history(self, **_request: Any) -> Mapping[str, Any]:
        return {"events": list(self.events)}


def test_a_sweep_is_seen_by_its_last_step_and_can_go_on_from_there():
    step = {"request": {"reason": "x"}, "progress": Progress(read=500, token="t").as_json()}
    events = [{"type": "WaitStateEntered"}, {"stateExitedEventDetails": {"output": json.dumps(step)}}]
    failed = Told("FAILED", *events)
    seen = last_unfinished(failed, MACHINE)
    assert seen is not None
    assert (seen.progress.read, seen.progress.token, seen.cause) == (500, "t", "E why")
    start_sweep(failed, MACHINE, seen.request, seen.progress)
    assert json.loads(failed.started[0]["input"])["progress"]["token"] == "t"
    assert last_unfinished(Told("SUCCEEDED", output=json.dumps(step)), MACHINE) is None
    assert look(Told("RUNNING"), ME).progress == Progress()


def test_settings_that_are_missing_or_impossible_are_told_by_name():
    good = {
        "HUBTRIAGE_QUEUE_URL": "u",
        "HUBTRIAGE_DEAD_LETTER_QUEUE_URL": "d",
        "HUBTRIAGE_INTAKE_RULE": "r",
    }
    assert SweepConfig.from_environment(good).reads_per_second == 1.2
    for bad in (
        {},
        good | {"HUBTRIAGE_SWEEP_QUEUE_LIMIT": "none"},
        good | {"HUBTRIAGE_SWEEP_STEP_SECONDS": "0"},
    ):
        with pytest.raises(ConfigError):
            SweepConfig.from_environment(bad)


def test_a_sweep_that_was_stopped_by_hand_notices_and_one_that_is_not_listed_yet_goes_on():
    clock = ManualClock()
    states = States()
    turn = RunLock(states, MACHINE, ME, clock, every=5.0)
    assert turn.stop_reason() is None, "AWS: lists lag"
    states.running[ME] = 1.0
    clock.sleep(5)
    assert turn.stop_reason() is None
    states.running.clear()
    assert turn.stop_reason() is None, "AWS is not asked before each page"
    clock.sleep(5)
    assert turn.stop_reason() == "superseded"
