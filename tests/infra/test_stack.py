"""What the template says: who may do what, what fits what, and which events come in."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from hubtriage.aws.config import Config
from hubtriage.engine.pattern import compile_pattern
from infra.config import Configuration
from infra.functions import environment
from infra.sizes import worst_case_seconds

EVERYTHING = Configuration(
    stack_name="triage-eu",
    udf="merge",
    known_stacks=("a", "b"),
    refresh_age_seconds=7,
    calls_per_second=3,
    reads_per_second=1,
    log_level="DEBUG",
)


def _all(template: Mapping[str, Any], kind: str) -> dict[str, Mapping[str, Any]]:
    """Properties of all resources of a type, by logical id."""
    resources = template["Resources"].items()
    return {name: item["Properties"] for name, item in resources if item["Type"] == kind}


def _one(template: Mapping[str, Any], kind: str, name: str = "") -> Mapping[str, Any]:
    (found,) = [item for key, item in _all(template, kind).items() if key.startswith(name)]
    return found


def _statements(policy: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {item.get("Sid", str(index)): item for index, item in enumerate(policy["Statement"])}


def _queue(template: Mapping[str, Any]) -> Mapping[str, Any]:
    return _one(template, "AWS::SQS::Queue", "IntakeQueue")


# Sizes


def test_a_batch_of_one_call_for_each_finding_ends_before_the_timeout(template):
    function = _one(template, "AWS::Lambda::Function")
    mapping = _one(template, "AWS::Lambda::EventSourceMapping")
    settings = Config.from_environment(function["Environment"]["Variables"])
    batch, timeout = mapping["BatchSize"], function["Timeout"]
    assert timeout * settings.calls_per_second >= batch
    assert timeout >= worst_case_seconds(batch, settings.calls_per_second, settings.reads_per_second)
    assert timeout - settings.margin >= batch / settings.calls_per_second


def test_all_invocations_together_stay_within_eight_of_the_ten_calls_that_aws_allows(template):
    mapping = _one(template, "AWS::Lambda::EventSourceMapping")
    settings = Config.from_environment(_one(template, "AWS::Lambda::Function")["Environment"]["Variables"])
    assert mapping["ScalingConfig"]["MaximumConcurrency"] * settings.calls_per_second <= 8
    assert mapping["ScalingConfig"]["MaximumConcurrency"] * settings.reads_per_second <= 3


def test_a_message_comes_again_only_after_six_timeouts_and_the_window(template):
    mapping = _one(template, "AWS::Lambda::EventSourceMapping")
    least = 6 * _one(template, "AWS::Lambda::Function")["Timeout"] + mapping["MaximumBatchingWindowInSeconds"]
    assert _queue(template)["VisibilityTimeout"] >= least


def test_a_message_is_tried_often_enough_and_kept_as_long_as_possible(template):
    assert _queue(template)["RedrivePolicy"]["maxReceiveCount"] >= 5
    assert {queue["MessageRetentionPeriod"] for queue in _all(template, "AWS::SQS::Queue").values()} == {
        14 * 24 * 3600
    }


def test_batches_are_large_and_fail_one_message_at_a_time(template):
    mapping = _one(template, "AWS::Lambda::EventSourceMapping")
    assert mapping["BatchSize"] >= 100
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


# Access


def test_the_function_may_do_this_and_nothing_else(template):
    role = _one(template, "AWS::IAM::Role", "TriageRole")
    allowed = {
        name: (item["Effect"], tuple(item["Action"]))
        for name, item in _statements(role["Policies"][0]["PolicyDocument"]).items()
    }
    assert allowed == {
        "Triage": ("Allow", ("securityhub:BatchUpdateFindings", "securityhub:GetFindings")),
        "ReadQueue": ("Allow", ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")),
        "WriteLog": ("Allow", ("logs:CreateLogStream", "logs:PutLogEvents")),
        "Trace": ("Allow", ("xray:PutTelemetryRecords", "xray:PutTraceSegments")),
    }
    assert len(role["Policies"]) == 1
    assert "ManagedPolicyArns" not in role
    assert _all(template, "AWS::IAM::Policy") == {}


def test_the_function_reaches_one_hub_one_queue_and_one_log(template):
    role = _one(template, "AWS::IAM::Role", "TriageRole")
    statements = _statements(role["Policies"][0]["PolicyDocument"])
    hub = "".join(
        part if isinstance(part, str) else f"<{part['Ref']}>"
        for part in statements["Triage"]["Resource"]["Fn::Join"][1]
    )
    assert hub == "arn:<AWS::Partition>:securityhub:<AWS::Region>:<AWS::AccountId>:hub/default"
    assert statements["ReadQueue"]["Resource"]["Fn::GetAtt"][0].startswith("IntakeQueue")
    assert statements["WriteLog"]["Resource"]["Fn::GetAtt"][0].startswith("TriageLog")


@pytest.mark.parametrize(
    ("policy", "exempt"),
    [
        pytest.param(
            "IntakeQueuePolicy",
            {"aws:SourceArn": "IntakeRule", "aws:PrincipalArn": "IntakeRedrive"},
            id="only the rule and the redrive role send to the queue",
        ),
        pytest.param(
            "IntakeUndelivered",
            {"aws:SourceArn": "IntakeRule"},
            id="only the rule sends to its own dead letters",
        ),
    ],
)
def test_other_senders_are_refused(template, policy, exempt):
    document = _one(template, "AWS::SQS::QueuePolicy", policy)["PolicyDocument"]
    refusal = _statements(document)["RefuseOtherSenders"]
    assert (refusal["Effect"], refusal["Action"], refusal["Principal"]) == (
        "Deny",
        "sqs:SendMessage",
        {"AWS": "*"},
    )
    assert set(refusal["Condition"]) == {"ArnNotEquals"}
    senders = refusal["Condition"]["ArnNotEquals"]
    assert set(senders) == set(exempt)
    for key, start in exempt.items():
        assert senders[key]["Fn::GetAtt"][0].startswith(start)


def test_every_queue_and_topic_is_encrypted_and_refuses_plain_http(template):
    queues = _all(template, "AWS::SQS::Queue")
    policies = [json.dumps(item) for item in _all(template, "AWS::SQS::QueuePolicy").values()]
    assert len(queues) == 3
    assert all(queue["SqsManagedSseEnabled"] is True for queue in queues.values())
    for name in queues:
        (policy,) = [text for text in policies if f'"Queues": [{{"Ref": "{name}"}}]' in text]
        assert '{"Bool": {"aws:SecureTransport": "false"}}' in policy
    assert "KmsMasterKeyId" in _one(template, "AWS::SNS::Topic")
    assert '{"aws:SecureTransport": "false"}' in json.dumps(_one(template, "AWS::SNS::TopicPolicy"))


# Events


def _event(finding: Mapping[str, Any], **envelope: Any) -> Mapping[str, Any]:
    return {
        "source": "aws.securityhub",
        "detail-type": "Security Hub Findings - Imported",
        "detail": {"findings": [finding]},
        **envelope,
    }


@pytest.mark.parametrize(
    ("event", "comes_in"),
    [
        pytest.param(_event({"RecordState": "ACTIVE"}), True, id="an active finding comes in"),
        pytest.param(_event({"Id": "x"}), True, id="a finding without a record state comes in"),
        pytest.param(
            _event({"RecordState": "ACTIVE", "Workflow": {"Status": "SUPPRESSED"}}),
            True,
            id="a suppressed finding comes in, since it may have to be taken back",
        ),
        pytest.param(_event({"RecordState": "ARCHIVED"}), False, id="an archived finding stays out"),
        pytest.param(
            _event({"RecordState": "ARCHIVED", "UserDefinedFields": {"hubtriage/memo": "1"}}),
            True,
            id="an archived finding that carries a memo comes in",
        ),
        pytest.param(
            _event({"RecordState": "ARCHIVED", "UserDefinedFields": {"memo": "1"}}),
            False,
            id="an archived finding with other user fields stays out",
        ),
        pytest.param(
            _event({"RecordState": "ACTIVE"}, **{"detail-type": "Findings Imported V2"}),
            False,
            id="findings of the newer format stay out",
        ),
        pytest.param(
            _event({"RecordState": "ACTIVE"}, source="my.tool"), False, id="events of other sources stay out"
        ),
    ],
)
def test_pattern(template, event, comes_in):
    assert compile_pattern(_one(template, "AWS::Events::Rule")["EventPattern"])(event) is comes_in


def test_the_pattern_is_within_the_length_that_eventbridge_allows(template):
    pattern = _one(template, "AWS::Events::Rule")["EventPattern"]
    assert len(json.dumps(pattern, separators=(",", ":"))) <= 2048


def test_events_that_cannot_be_delivered_are_kept(template):
    (target,) = _one(template, "AWS::Events::Rule")["Targets"]
    assert target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0].startswith("IntakeUndelivered")
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}


# Function and alarms


def test_the_function_reads_the_settings_that_the_stack_writes():
    settings = Config.from_environment(environment(EVERYTHING))
    assert (settings.stack, settings.udf, settings.known_stacks) == ("triage-eu", "merge", {"a", "b"})
    assert (settings.calls_per_second, settings.reads_per_second) == (1.5, 0.5)
    assert (settings.refresh_age, settings.log_level) == (7, "DEBUG")


def test_the_function_knows_every_variable_that_the_stack_writes():
    known = {item.metadata["variable"] for item in Config.__dataclass_fields__.values()}
    assert set(environment(EVERYTHING)) <= known


def test_the_log_is_json_kept_for_a_year_and_outlives_the_stack(template):
    (log,) = [item for item in template["Resources"].values() if item["Type"] == "AWS::Logs::LogGroup"]
    assert log["Properties"]["RetentionInDays"] == 365
    assert log["DeletionPolicy"] == "Retain"
    assert _one(template, "AWS::Lambda::Function")["LoggingConfig"]["LogFormat"] == "JSON"


def test_every_alarm_reaches_the_topic_when_it_goes_off_and_when_it_is_over(template):
    alarms = _all(template, "AWS::CloudWatch::Alarm")
    assert len(alarms) >= 5
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == alarm["OKActions"]
        assert alarm["AlarmActions"][0]["Ref"].startswith("WatchAlarms")


def test_both_dead_letter_queues_have_an_alarm_at_the_first_message(template):
    watched = {
        alarm["Dimensions"][0]["Value"]["Fn::GetAtt"][0][: len("IntakeDead")]
        for alarm in _all(template, "AWS::CloudWatch::Alarm").values()
        if alarm["MetricName"] == "ApproximateNumberOfMessagesVisible" and alarm["Threshold"] == 0
    }
    assert watched == {"IntakeDead", "IntakeUnde"}


@pytest.fixture(scope="module")
def chosen(synthesize):
    """The template of a deployment that chose everything differently."""
    return synthesize(
        stack_name="triage-eu",
        account="111122223333",
        region="eu-central-1",
        architecture="x86_64",
        memory_mb=1024,
        batch_size=100,
        batch_window_seconds=60,
        maximum_concurrency=5,
        reserved_concurrency=5,
        timeout_seconds=300,
        maximum_receives=7,
        log_retention_days=731,
        log_level="WARNING",
        alarm_emails=("soc@example.com",),
    )[1]


def test_choices_arrive_at_the_function(chosen):
    function = _one(chosen, "AWS::Lambda::Function")
    assert function["Architectures"] == ["x86_64"]
    assert (function["MemorySize"], function["Timeout"]) == (1024, 300)
    assert function["ReservedConcurrentExecutions"] == 5
    assert function["LoggingConfig"]["ApplicationLogLevel"] == "WARN"
    assert _one(chosen, "AWS::Logs::LogGroup")["RetentionInDays"] == 731


def test_choices_arrive_at_the_queue_and_its_batches(chosen):
    mapping = _one(chosen, "AWS::Lambda::EventSourceMapping")
    assert (mapping["BatchSize"], mapping["MaximumBatchingWindowInSeconds"]) == (100, 60)
    assert mapping["ScalingConfig"]["MaximumConcurrency"] == 5
    assert _queue(chosen)["VisibilityTimeout"] == 6 * 300 + 60
    assert _queue(chosen)["RedrivePolicy"]["maxReceiveCount"] == 7


def test_alarms_are_sent_to_the_addresses(chosen):
    subscription = _one(chosen, "AWS::SNS::Subscription")
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "soc@example.com")
