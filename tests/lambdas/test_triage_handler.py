import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hubtriage.aws.environment import ConfigError
from hubtriage.aws.securityhub.client import IN_REGION
from hubtriage.aws.switch.mode import FRESH
from hubtriage.aws.triage.function import ForeignEventError, NotTriagedError, TriageFunction
from hubtriage.aws.triage.metrics import PERIOD
from hubtriage.localaws.findings import generate
from hubtriage.localaws.securityhub.faults import ScriptedFault
from hubtriage.localaws.securityhub.hub import Hub
from hubtriage.localaws.securityhub.inprocess import ManualClock
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.support.broken import Bomb
from tests.support.function_world import NotedQueue, function

RULES = {
    "format": 1,
    "hash": "0123456789abcdef",
    "revision": "abc1234",
    "rules": [
        {
            "id": "low-noise",
            "match": {"Severity": {"Label": ["LOW", "INFORMATIONAL"]}},
            "update": {"Workflow": {"Status": "SUPPRESSED"}, "UserDefinedFields": {"why": "noise"}},
        },
        {
            "id": "inspector-trial",
            "mode": "observe",
            "match": {"ProductName": ["Inspector"]},
            "update": {"VerificationState": "TRUE_POSITIVE"},
        },
    ],
}
IMPORTED = "Security Hub Findings - Imported"
TIME = "2027-01-15T08:00:00Z"
CONTEXT = SimpleNamespace(aws_request_id="request-7", get_remaining_time_in_millis=lambda: 120_000)


def make(
    hub: Hub, clock: ManualClock, read_mode: Callable[[], str] | None = None, **options: Any
) -> TriageFunction:
    return function(hub, clock, RULES, read_mode, **options)


def records(events: list[dict[str, Any]], receives: int = 1) -> dict[str, Any]:
    """The SQS event that Lambda makes of events on the bus."""
    return {
        "Records": [
            {
                "messageId": f"message-{number}",
                "body": json.dumps(event),
                "receiptHandle": f"handle-{number}",
                "attributes": {
                    "ApproximateReceiveCount": str(receives),
                    "SentTimestamp": "1793534400000",
                },
                "eventSource": "aws:sqs",
            }
            for number, event in enumerate(events)
        ]
    }


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def test_generated_findings_are_triaged_and_their_echoes_settle_at_once(
    capsys: pytest.CaptureFixture[str], clock: ManualClock
) -> None:
    hub = Hub(settings=HubSettings.still())
    for finding in generate(400, seed=7, now=clock.now()):
        hub.plant(finding, clock.now())
    handler = make(hub, clock)

    assert handler(records(hub.take_events(clock.now())), CONTEXT) == {"batchItemFailures": []}
    lines = logged(capsys)
    changed = [line for line in lines if line.get("message") == "finding updated"]
    noise = [f for f in hub.findings() if f.get("UserDefinedFields", {}).get("why") == "noise"]
    assert {line["finding_id"] for line in changed} == {finding["Id"] for finding in noise}
    assert len(changed) > 40
    assert {line["function_request_id"] for line in changed} == {"request-7"}
    (numbers,) = [line for line in lines if "FindingsReceived" in line]
    assert numbers["FindingsReceived"] == [400]
    assert numbers["FindingsChanged"] == [len(changed)]
    assert numbers["ApiCalls"] == [len(hub.call_log.updates)]

    calls = len(hub.call_log.updates)
    assert handler(records(hub.take_events(clock.now())), CONTEXT) == {"batchItemFailures": []}
    assert len(hub.call_log.updates) == calls
    assert not [line for line in logged(capsys) if line.get("message") == "finding updated"]


def event(number: int = 0, **members: Any) -> dict[str, Any]:
    (finding,) = list(generate(number + 1, seed=1, producers=("guardduty",), touched=0))[-1:]
    return {
        "detail-type": IMPORTED,
        "time": TIME,
        "detail": {
            "findings": [finding | {"Severity": {"Label": "LOW"}, "FindingProviderFields": {}} | members]
        },
    }


def planted(clock: ManualClock, *events: dict[str, Any]) -> Hub:
    hub = Hub(settings=HubSettings.still())
    for each in events:
        hub.plant(each["detail"]["findings"][0], clock.now())
    return hub


def test_what_failed_is_reported_by_message_and_explained(
    capsys: pytest.CaptureFixture[str], clock: ManualClock
) -> None:
    good, bad = event(0), event(1)
    hub = planted(clock, good, bad)
    hub.faults.add(
        ScriptedFault(finding_error="InvalidInput", finding=bad["detail"]["findings"][0]["Id"], times=99),
    )
    answer = make(hub, clock)(records([good, bad, {"detail-type": "x\n\u2028"}]), CONTEXT)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "message-1"}, {"itemIdentifier": "message-2"}]}
    lines = logged(capsys)
    (unusable,) = [line for line in lines if line.get("message") == "event unusable"]
    assert (unusable["message_id"], unusable["reason"]) == ("message-2", "not a findings event")
    assert (unusable["level"], unusable["function_request_id"]) == ("ERROR", "request-7")
    (failed,) = [line for line in lines if line.get("message") == "finding failed"]
    assert (failed["level"], failed["code"]) == ("ERROR", "InvalidInput")
    (by_code,) = [line for line in lines if "Unprocessed" in line]
    assert (by_code["code"], by_code["Unprocessed"]) == ("InvalidInput", [1])


@pytest.mark.parametrize(
    ("error", "level"), [("AccessDeniedException", "ERROR"), ("TooManyRequestsException", "WARNING")]
)
def test_calls_that_fail_are_logged_by_kind(
    error: str, level: str, capsys: pytest.CaptureFixture[str], clock: ManualClock
) -> None:
    given = event()
    hub = planted(clock, given)
    hub.faults.add(ScriptedFault(error=error, times=99))
    make(hub, clock)(records([given]), CONTEXT)
    (line,) = [line for line in logged(capsys) if line.get("message") == "calls failed"]
    assert (line["code"], line["level"]) == (error, level)


def test_an_event_handed_over_directly_works_or_raises(clock: ManualClock) -> None:
    given = event()
    handler = make(planted(clock, given), clock)
    assert handler(given, CONTEXT) == {"batchItemFailures": []}
    with pytest.raises(NotTriagedError, match="not a findings event"):
        handler({"detail-type": "Security Hub Insight Results"}, CONTEXT)
    with pytest.raises(NotTriagedError, match="FindingNotFound"):
        make(Hub(settings=HubSettings.still()), clock)(given, CONTEXT)


HIDE = {"Workflow": {"Status": "SUPPRESSED"}, "Note": {"Text": "noise", "UpdatedBy": "hubtriage/low-noise"}}
REFUSAL = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ChangeMessageVisibilityBatch")
FAILED = {"Failed": [{"Id": "0", "Code": "ReceiptHandleIsInvalid"}]}
QUEUE = "arn:aws:sqs:eu-west-1:111122223333:findings"


def sent_by(*queues: str | None) -> dict[str, Any]:
    """A batch whose messages came from these queues."""
    batch = records([event(number) for number in range(len(queues))])
    for message, queue in zip(batch["Records"], queues, strict=True):
        message |= {} if queue is None else {"eventSourceARN": queue}
    return batch


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(event(), id="an event handed over directly"),
        pytest.param(sent_by(f"{QUEUE}-2"), id="a message of another queue"),
        pytest.param(sent_by(QUEUE, f"{QUEUE}-2"), id="one of another queue among its own"),
        pytest.param(sent_by(None), id="a message of no queue"),
        pytest.param({"Records": [None]}, id="a record that is nothing"),
        pytest.param({"Records": {}}, id="records that are no list"),
        pytest.param([], id="no object"),
    ],
)
def test_a_function_that_has_a_queue_refuses(given: Any, clock: ManualClock) -> None:
    hub = planted(clock, event(0), event(1))
    with pytest.raises(ForeignEventError, match=QUEUE):
        make(hub, clock, queue=QUEUE)(given, CONTEXT)
    assert not hub.call_log.counts


def test_a_function_that_has_a_queue_takes_its_messages(clock: ManualClock) -> None:
    hub = planted(clock, event(0), event(1))
    handler = make(hub, clock, queue=QUEUE)
    assert handler(sent_by(QUEUE, QUEUE), CONTEXT) == {"batchItemFailures": []}
    assert len(hub.call_log.updates) == 1


def test_an_empty_batch_is_no_failure(clock: ManualClock) -> None:
    assert make(planted(clock), clock)({"Records": []}, CONTEXT) == {"batchItemFailures": []}


def test_in_observe_the_log_says_what_would_be_done_and_nothing_is(
    capsys: pytest.CaptureFixture[str], clock: ManualClock
) -> None:
    given = event()
    hub = planted(clock, given)
    make(hub, clock, read_mode=lambda: "observe")(records([given]), CONTEXT)
    lines = logged(capsys)
    (told,) = [line for line in lines if "finding_id" in line]
    assert (told["mode"], told["code"]) == ("observe", "Observe")
    assert [change["field"] for change in told["changes"]] == ["Workflow.Status", "UserDefinedFields.why"]
    assert not hub.call_log.updates
    assert not [line for line in lines if "Hidden" in line]


def test_in_reopen_nothing_is_hidden_and_the_log_says_why(
    capsys: pytest.CaptureFixture[str], clock: ManualClock
) -> None:
    given = event()
    hub = planted(clock, given)
    make(hub, clock, read_mode=lambda: "reopen")(records([given]), CONTEXT)
    lines = logged(capsys)
    (told,) = [line for line in lines if "finding_id" in line]
    assert (told["mode"], told["outcome"]) == ("reopen", "unchanged")
    assert {kept["why"] for kept in told["kept"]} == {"its rule hides, and nothing new is hidden now"}
    assert not hub.call_log.updates
    assert not [line for line in lines if "Hidden" in line]


def test_a_container_that_has_reached_its_limit_says_so_in_log_and_metrics(
    capsys: pytest.CaptureFixture[str], clock: ManualClock
) -> None:
    given = [event(number) for number in range(3)]
    hub = planted(clock, *given)
    make(hub, clock, hide_limit=1)(records(given), CONTEXT)
    lines = logged(capsys)
    (stopped,) = [line for line in lines if line.get("message") == "hiding stopped"]
    assert (stopped["level"], stopped["findings"], stopped["limit"]) == ("ERROR", 2, 1)
    (counted,) = [line for line in lines if "HidingStopped" in line]
    assert (counted["Hidden"], counted["HidingStopped"], counted["UnplannedHides"]) == ([1], [2], [3])


LONG_RULES = RULES | {
    "rules": [
        {
            "id": "each-its-own",
            "when": True,
            "ceiling": "HIGH",
            "update": {"Workflow": {"Status": "SUPPRESSED"}, "UserDefinedFields": {"id": "{finding.Id}"}},
        }
    ]
}
"""Every finding needs a call of its own, so that a batch takes long."""


def long_batch(
    clock: ManualClock, count: int, read_mode: Callable[[], str]
) -> tuple[Hub, Callable[[], dict[str, Any]]]:
    """A hub, and what triages so many of its findings in one batch, one call a second."""
    hub = Hub(settings=HubSettings.still())
    for finding in generate(count, seed=3, producers=("guardduty",), touched=0):
        hub.plant(finding, clock.now())
    handler = function(hub, clock, LONG_RULES, read_mode, calls_per_second=1.0)
    batch = records(hub.take_events(clock.now()))
    return hub, lambda: handler(batch, CONTEXT)


def test_a_batch_under_way_stops_within_ten_seconds_of_the_switch(
    capsys: pytest.CaptureFixture[str], clock: ManualClock
) -> None:
    began, reads = clock.now(), list[float]()

    def read_mode() -> str:
        reads.append(clock.now() - began)
        return "enforce" if clock.now() < began + 21 else "observe"

    hub, triage = long_batch(clock, 60, read_mode)
    answer = triage()
    written = [call.time - began for call in hub.call_log.updates]
    assert 21 < max(written) < 21 + FRESH
    assert len(answer["batchItemFailures"]) == 60 - len(written) > 20
    assert len(reads) == 4, "as seldom as at the start of a batch, and not again once it is off"
    lines = logged(capsys)
    stopped = [line for line in lines if line.get("code") == "Stopped"]
    assert {(line["outcome"], line["level"]) for line in stopped} == {("failed", "WARNING")}
    assert len(stopped) == len(answer["batchItemFailures"])
    assert not [line for line in lines if "NeedsAttention" in line], "nobody has to look"


def test_a_long_batch_tells_the_breaker_of_its_changes_as_it_makes_them(
    capsys: pytest.CaptureFixture[str], clock: ManualClock
) -> None:
    hub, triage = long_batch(clock, 60, lambda: "enforce")
    began = clock.now()
    triage()
    told = [line for line in logged(capsys) if "FindingsReceived" in line]
    assert clock.now() > began + 55
    assert len(told) == 6
    assert max(sum(line["UnplannedHides"]) for line in told) <= PERIOD + 1
    for name in ("FindingsReceived", "FindingsChanged", "Hidden", "UnplannedHides"):
        assert sum(sum(line[name]) for line in told) == 60
    assert sum(sum(line["ApiCalls"]) for line in told) == len(hub.call_log.updates) == 60


LOSES = ScriptedFault(lose_answer=True, times=4)


@pytest.mark.parametrize(
    ("faults", "endings"),
    [
        pytest.param([LOSES], ["failed", "unchanged"], id="every answer is lost"),
        pytest.param(
            [ScriptedFault(lose_answer=True), ScriptedFault(error="TooManyRequestsException", times=99)],
            ["failed", "unchanged"],
            id="one is lost, and then all is throttled",
        ),
        pytest.param(
            [ScriptedFault(lose_answer=True)], ["updated"], id="one is lost, and the next try is answered"
        ),
        pytest.param(
            [ScriptedFault(error="TooManyRequestsException", times=99)],
            ["failed", "updated"],
            id="none is lost",
        ),
    ],
)
def test_what_is_hidden_is_counted_once_by_the_breaker_if(
    faults: list[ScriptedFault], endings: list[str], capsys: pytest.CaptureFixture[str], clock: ManualClock
) -> None:
    given = event()
    hub = planted(clock, given)
    for fault in faults:
        hub.faults.add(fault)
    handler, receives = make(hub, clock), 1
    while handler(records([given], receives), CONTEXT)["batchItemFailures"]:
        hub.faults.clear()
        clock.sleep(3600)
        receives += 1
    lines = logged(capsys)
    outcomes = [line["outcome"] for line in lines if "finding_id" in line]
    assert outcomes == endings, "what is unchanged has a line, because an intent was settled"
    assert sum(
        line["FindingsUnchanged"][0] for line in lines if "FindingsUnchanged" in line
    ) == endings.count("unchanged")
    for name in ("Hidden", "UnplannedHides"):
        assert sum(line[name][0] for line in lines if name in line) == 1
    (finding,) = hub.findings()
    assert finding["Workflow"]["Status"] == "SUPPRESSED"


def test_the_function_s_client_gives_up_soon_where_nobody_answers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ruleset = tmp_path / "ruleset.json"
    ruleset.write_text(json.dumps(RULES))
    made: list[float] = []
    monkeypatch.setattr(
        "hubtriage.aws.triage.function.security_hub", lambda patience, _session: made.append(patience)
    )
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    given = {"HUBTRIAGE_RULESET": str(ruleset), "HUBTRIAGE_LEDGER_TABLE": "ledger"}
    TriageFunction.from_environment(given)
    assert made == [IN_REGION]


UNDECIDED = {"Severity": {"Label": "CRITICAL"}, "Note": {"Text": "look", "UpdatedBy": "ann"}}
"""What a person and the provider do to a finding, seconds after triage has hidden it."""


@pytest.mark.parametrize("answer", [None, REFUSAL, FAILED], ids=["", "unless refused", "unless it fails"])
def test_what_is_hidden_above_every_ceiling_comes_again_as_soon_as_it_can_be_decided(
    answer: Any, capsys: pytest.CaptureFixture[str], clock: ManualClock
) -> None:
    rules = RULES | {"rules": [RULES["rules"][0] | {"update": HIDE}]}
    hub, sqs = planted(clock, event()), NotedQueue(answer)
    handler = function(hub, clock, rules, sqs=sqs, queue=QUEUE)
    handler(delivered(hub.take_events(clock.now())), CONTEXT)
    clock.sleep(10)
    (hidden,) = hub.findings()
    hub.plant(hidden | UNDECIDED, clock.now())
    *_echo, escalated = hub.take_events(clock.now())
    answered = handler(delivered([escalated]), CONTEXT)
    assert answered == {"batchItemFailures": [{"itemIdentifier": "message-0"}]}
    (asked,) = sqs.requests
    assert asked["QueueUrl"] == "https://sqs.eu-west-1.amazonaws.com/111122223333/findings"
    (entry,) = asked["Entries"]
    assert entry["ReceiptHandle"] == "handle-0"
    assert 290 <= entry["VisibilityTimeout"] <= 292
    warned = [line for line in logged(capsys) if line.get("message") == "visibility not changed"]
    assert len(warned) == (answer is not None)


def delivered(events: list[dict[str, Any]]) -> dict[str, Any]:
    """A batch of the function's own queue."""
    batch = records(events)
    for message in batch["Records"]:
        message["eventSourceARN"] = QUEUE
    return batch


def test_no_call_starts_within_the_margin(clock: ManualClock) -> None:
    given = event()
    hub = planted(clock, given)
    short = SimpleNamespace(aws_request_id="r", get_remaining_time_in_millis=lambda: 14_000)
    answer = make(hub, clock, margin=15.0)(records([given]), short)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "message-0"}]}
    assert not hub.call_log.counts


def test_a_bug_of_ours_is_logged_with_its_trace_and_the_finding(
    capsys: pytest.CaptureFixture[str], clock: ManualClock
) -> None:
    given = event()
    bomb = given | {
        "detail": {"findings": [Bomb(given["detail"]["findings"][0], error=RuntimeError("boom\n\u2028"))]}
    }
    with pytest.raises(NotTriagedError, match="EngineError"):
        make(planted(clock), clock)(bomb, CONTEXT)
    lines = logged(capsys)
    (told,) = [line for line in lines if line.get("message") == "finding not decided"]
    assert told["finding_id"] == given["detail"]["findings"][0]["Id"]
    assert told["exception_name"] == "RuntimeError"
    assert "boom" in told["exception"]
    (numbers,) = [line for line in lines if "NeedsAttention" in line]
    assert numbers["NeedsAttention"] == [1]


@pytest.mark.skipif("HUBTRIAGE_CORPUS" not in os.environ, reason="HUBTRIAGE_CORPUS is not set")
def test_corpus_findings_all_end_and_settle(capsys: pytest.CaptureFixture[str], clock: ManualClock) -> None:
    """Findings that other people published, with everything that is odd in them."""
    lines = (Path(os.environ["HUBTRIAGE_CORPUS"]) / "findings.jsonl").read_text().splitlines()
    findings = [json.loads(line) for line in lines]
    names = [(f.get("ProductArn"), f.get("Id")) for f in findings]
    odd = [
        f for f, name in zip(findings, names, strict=True) if not all(isinstance(part, str) for part in name)
    ]
    # Of those with one name the last: in one second nobody could put them in order.
    named = [f for name, f in dict(zip(names, findings, strict=True)).items() if f not in odd]
    hub = Hub(settings=HubSettings.still())
    for finding in named:
        hub.plant(finding, clock.now())
    handler = make(hub, clock)

    hub.take_events(clock.now())
    events = [{"detail-type": IMPORTED, "time": TIME, "detail": {"findings": [f]}} for f in [*odd, *named]]
    answer = handler(records(events), CONTEXT)
    unusable = [line for line in logged(capsys) if line.get("message") == "event unusable"]
    assert len(answer["batchItemFailures"]) == len(unusable) == len(odd) > 0
    assert hub.call_log.updates

    handler(records(hub.take_events(clock.now())), CONTEXT)
    assert not [line for line in logged(capsys) if line.get("outcome") not in (None, "unchanged")]


@pytest.fixture
def deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Imports the entry point as Lambda does, with the environment given."""

    def load(**environment: str) -> Any:
        path = tmp_path / "ruleset.json"
        path.write_text(json.dumps(RULES))
        defaults = {
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "HUBTRIAGE_RULESET": str(path),
            "HUBTRIAGE_LEDGER_TABLE": "ledger",
        }
        for name, value in (defaults | environment).items():
            monkeypatch.setenv(name, value)
        monkeypatch.delitem(sys.modules, "lambdas.triage.handler", raising=False)
        return importlib.import_module("lambdas.triage.handler").handler

    return load


def test_the_entry_point_reads_its_environment_and_handles_an_event(deployed: Callable[..., Any]) -> None:
    handler = deployed()
    assert handler(records([]), CONTEXT) == {"batchItemFailures": []}


def test_a_container_without_a_ledger_does_not_start(deployed: Callable[..., Any]) -> None:
    with pytest.raises(ConfigError, match="HUBTRIAGE_LEDGER_TABLE"):
        deployed(HUBTRIAGE_LEDGER_TABLE="")


def test_a_setting_that_cannot_be_used_stops_the_container_at_once(deployed: Callable[..., Any]) -> None:
    with pytest.raises(ConfigError, match="HUBTRIAGE_UDF='both'"):
        deployed(HUBTRIAGE_UDF="both")


def test_the_function_starts_without_what_only_authors_need() -> None:
    """A cold start pays for every import; what is not in the package would fail there."""
    script = (
        "import sys, hubtriage.aws.triage.function\n"
        "unwanted = {'boto3', 'pydantic', 'yaml', 'click', 'rich', 're2', 'hubtriage.authoring'}\n"
        "print(sorted((unwanted | {'hubtriage.local'}) & set(sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=240
    )
    assert run.stdout.strip() == "[]"
