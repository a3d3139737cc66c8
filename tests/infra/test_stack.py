"""What the template says: who may do what, what fits what, and which events come in."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import pytest

from hubtriage.aws.deployment.identity import RulesIdentity, identity_of
from hubtriage.aws.ledger.never_resource import MOST_SECONDS
from hubtriage.aws.ledger.table import KEY, KEY_TYPE
from hubtriage.aws.triage.config import TriageConfig
from hubtriage.engine.pattern import compile_pattern
from hubtriage.settings.capacity import worst_case_seconds
from hubtriage.settings.configuration import Configuration
from tests.infra.samples import IDENTITY, RULESET

EVERYTHING = Configuration(
    stack_name="triage-eu",
    udf="merge",
    never=("Types", "Confidence"),
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


def _settings(template: Mapping[str, Any]) -> TriageConfig:
    """What the triage function reads, CloudFormation having put in the names of its resources."""
    variables = _one(template, "AWS::Lambda::Function", "Triage")["Environment"]["Variables"]
    return TriageConfig.from_environment(
        {name: value if isinstance(value, str) else json.dumps(value) for name, value in variables.items()}
    )


# Capacity


def test_a_batch_of_one_call_for_each_finding_ends_before_the_timeout(template):
    function = _one(template, "AWS::Lambda::Function", "Triage")
    mapping = _one(template, "AWS::Lambda::EventSourceMapping")
    settings = _settings(template)
    batch, timeout = mapping["BatchSize"], function["Timeout"]
    assert timeout * settings.calls_per_second >= batch
    assert timeout >= worst_case_seconds(batch, settings.calls_per_second, settings.reads_per_second)
    assert timeout - settings.margin >= batch / settings.calls_per_second


def test_all_invocations_together_stay_within_eight_of_the_ten_calls_that_aws_allows(template):
    mapping = _one(template, "AWS::Lambda::EventSourceMapping")
    settings = _settings(template)
    assert mapping["ScalingConfig"]["MaximumConcurrency"] * settings.calls_per_second <= 8
    sweep = _one(template, "AWS::Lambda::Function", "SweepStep")["Environment"]["Variables"]
    reads = mapping["ScalingConfig"]["MaximumConcurrency"] * settings.reads_per_second
    assert reads + float(sweep["HUBTRIAGE_SWEEP_READS_PER_SECOND"]) <= 2.7, "some of the 3 is left to others"


def test_a_message_comes_again_only_after_six_timeouts_and_the_window(template):
    mapping = _one(template, "AWS::Lambda::EventSourceMapping")
    least = (
        6 * _one(template, "AWS::Lambda::Function", "Triage")["Timeout"]
        + mapping["MaximumBatchingWindowInSeconds"]
    )
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
        name: (
            item["Effect"],
            (item["Action"],) if isinstance(item["Action"], str) else tuple(item["Action"]),
        )
        for name, item in _statements(role["Policies"][0]["PolicyDocument"]).items()
    }
    assert allowed == {
        "Triage": (
            "Allow",
            ("securityhub:BatchUpdateFindings", "securityhub:GetFindingHistory", "securityhub:GetFindings"),
        ),
        "UseLedger": ("Allow", ("dynamodb:BatchGetItem", "dynamodb:PartiQLInsert", "dynamodb:PartiQLUpdate")),
        "ReadMode": ("Allow", ("ssm:GetParameter",)),
        "ReadQueue": (
            "Allow",
            (
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:ReceiveMessage",
            ),
        ),
        "WriteLog": ("Allow", ("logs:CreateLogStream", "logs:PutLogEvents")),
        "Trace": ("Allow", ("xray:PutTelemetryRecords", "xray:PutTraceSegments")),
    }
    assert len(role["Policies"]) == 1
    assert "ManagedPolicyArns" not in role
    for policy in _all(template, "AWS::IAM::Policy").values():
        assert "TriageRole" not in json.dumps(policy["Roles"])


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
            {
                "aws:SourceArn": ["IntakeRule"],
                "aws:PrincipalArn": ["IntakeRedrive", "SweepStepRole", "HandBackRole"],
            },
            id="only the rule, the sweep, the redrive role and what hands back send to the queue",
        ),
        pytest.param(
            "IntakeUndelivered",
            {"aws:SourceArn": ["IntakeRule"]},
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
    for key, starts in exempt.items():
        found = senders[key] if isinstance(senders[key], list) else [senders[key]]
        assert len(found) == len(starts)
        for arn, start in zip(found, starts, strict=True):
            assert arn["Fn::GetAtt"][0].startswith(start)


def test_nobody_sends_dead_letters(template):
    document = _one(template, "AWS::SQS::QueuePolicy", "IntakeDeadLetters")["PolicyDocument"]
    refusal = _statements(document)["RefuseOtherSenders"]
    assert (refusal["Effect"], refusal["Action"], refusal["Principal"]) == (
        "Deny",
        "sqs:SendMessage",
        {"AWS": "*"},
    )
    assert "Condition" not in refusal


def test_no_other_queue_may_have_its_dead_letters_sent_on_as_events(template):
    undelivered = _one(template, "AWS::SQS::Queue", "IntakeUndelivered")
    assert undelivered["RedriveAllowPolicy"] == {"redrivePermission": "denyAll"}


def test_every_queue_and_topic_is_encrypted_and_refuses_plain_http(template):
    queues = _all(template, "AWS::SQS::Queue")
    policies = [json.dumps(item) for item in _all(template, "AWS::SQS::QueuePolicy").values()]
    assert len(queues) == 3
    assert all(queue["SqsManagedSseEnabled"] is True for queue in queues.values())
    for name in queues:
        (policy,) = [text for text in policies if f'"Queues": [{{"Ref": "{name}"}}]' in text]
        assert '{"Bool": {"aws:SecureTransport": "false"}}' in policy
    topics = _all(template, "AWS::SNS::Topic")
    policies = [json.dumps(item) for item in _all(template, "AWS::SNS::TopicPolicy").values()]
    assert len(topics) == 3
    assert all("KmsMasterKeyId" in topic for topic in topics.values())
    for name in topics:
        (policy,) = [text for text in policies if f'"Topics": [{{"Ref": "{name}"}}]' in text]
        assert '{"aws:SecureTransport": "false"}' in policy


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
        pytest.param(_event({"Sample": True}), True, id="a finding that a rule matches comes in"),
        pytest.param(_event({}), True, id="a finding that no rule matches comes in too"),
        pytest.param(
            _event({}, **{"detail-type": "Security Hub Findings - Custom Action"}),
            False,
            id="what a person sends to a custom action stays out",
        ),
        pytest.param(
            _event({}, **{"detail-type": "Security Hub Insight Results"}),
            False,
            id="results of an insight stay out",
        ),
        pytest.param(
            _event({}, **{"detail-type": "Findings Imported V2"}),
            False,
            id="findings of the newer format stay out",
        ),
        pytest.param(_event({}, source="my.tool"), False, id="events of other sources stay out"),
    ],
)
def test_pattern(template, event, comes_in):
    assert compile_pattern(_one(template, "AWS::Events::Rule", "Intake")["EventPattern"])(event) is comes_in


def test_events_that_cannot_be_delivered_are_kept(template):
    (target,) = _one(template, "AWS::Events::Rule", "Intake")["Targets"]
    assert target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0].startswith("IntakeUndelivered")
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}


# Function and alarms


def test_the_function_reads_the_settings_that_the_stack_writes():
    from infra.triage import triage_config

    settings = TriageConfig.from_environment(triage_config(EVERYTHING, "table").as_environment())
    assert settings.udf == "merge"
    assert settings.never == {"Types", "Confidence"}
    assert (settings.calls_per_second, settings.reads_per_second) == (1.5, 0.5)
    assert (settings.refresh_age, settings.log_level) == (7, "DEBUG")


def test_the_function_takes_messages_of_the_queue_that_it_reads_and_no_others(template):
    variables = _one(template, "AWS::Lambda::Function", "Triage")["Environment"]["Variables"]
    mapping = _one(template, "AWS::Lambda::EventSourceMapping")
    assert variables["HUBTRIAGE_QUEUE_ARN"] == mapping["EventSourceArn"]
    assert mapping["EventSourceArn"]["Fn::GetAtt"][0].startswith("IntakeQueue")


@pytest.mark.parametrize("level", get_args(Configuration.model_fields["log_level"].annotation))
def test_lambda_itself_drops_no_line_that_holds_metrics(level):
    from infra.function import lambda_log_level

    kept = lambda_log_level(Configuration(log_level=level)).value
    assert kept == ("DEBUG" if level == "DEBUG" else "INFO")


def test_the_function_knows_every_variable_that_the_stack_writes():
    from infra.triage import triage_config

    known = {item.metadata["variable"] for item in TriageConfig.__dataclass_fields__.values()}
    assert set(triage_config(EVERYTHING, "table").as_environment()) <= known


def test_the_log_is_json_kept_for_a_year_and_outlives_the_stack(template):
    (log,) = [
        item
        for name, item in template["Resources"].items()
        if item["Type"] == "AWS::Logs::LogGroup" and name.startswith("TriageLog")
    ]
    assert log["Properties"]["RetentionInDays"] == 365
    assert log["DeletionPolicy"] == "Retain"
    assert _one(template, "AWS::Lambda::Function", "Triage")["LoggingConfig"]["LogFormat"] == "JSON"


def test_the_breaker_is_called_when_its_alarm_goes_off_and_may_switch_nothing_else(template):
    alarms = _all(template, "AWS::CloudWatch::Alarm").values()
    (alarm,) = [alarm for alarm in alarms if len(alarm["AlarmActions"]) > 1]
    assert alarm["AlarmActions"][1]["Fn::GetAtt"][0].startswith("BreakerFunction")
    assert len(alarm["OKActions"]) == 1
    assert (alarm["MetricName"], alarm["Threshold"], alarm["Period"]) == ("UnplannedHides", 2000, 300)
    role = _one(template, "AWS::IAM::Role", "BreakerRole")
    statements = _statements(role["Policies"][0]["PolicyDocument"])
    assert statements["Switch"]["Action"] == ["ssm:GetParameter", "ssm:PutParameter"]
    assert ":parameter/hubtriage/hubtriage/mode" in json.dumps(statements["Switch"]["Resource"])
    permission = _one(template, "AWS::Lambda::Permission", "BreakerFunction")
    assert permission["Principal"] == "lambda.alarms.cloudwatch.amazonaws.com"


def test_the_switch_stands_at_enforce_and_takes_nothing_but_the_modes(template):
    switch = _one(template, "Custom::HubtriageMode")
    assert {name: switch[name] for name in ("Name", "InitialMode", "AllowedPattern")} == {
        "Name": "/hubtriage/hubtriage/mode",
        "InitialMode": "enforce",
        "AllowedPattern": "^(enforce|reopen|observe)$",
    }


def test_cloudformation_owns_no_switch_that_a_deployment_could_set_again(template, chosen):
    for each in (template, chosen):
        names = [item["Name"] for item in _all(each, "AWS::SSM::Parameter").values()]
        assert [name.rpartition("/")[2] for name in names] == ["rules", "clock"]
    statements = _statements(
        _one(template, "AWS::IAM::Role", "SweepDeployedRole")["Policies"][0]["PolicyDocument"]
    )
    assert set(statements["MakeSwitch"]["Action"]) == {"ssm:DeleteParameter", "ssm:PutParameter"}
    assert ":parameter/hubtriage/hubtriage/mode" in json.dumps(statements["MakeSwitch"]["Resource"])


def test_the_switch_is_there_before_triage_gets_anything(template):
    (batches,) = [
        item for item in template["Resources"].values() if item["Type"] == "AWS::Lambda::EventSourceMapping"
    ]
    waits_for = {template["Resources"][name]["Type"] for name in batches["DependsOn"]}
    assert "Custom::HubtriageMode" in waits_for


def test_both_dead_letter_queues_have_an_alarm_at_the_first_message(template):
    watched = {
        alarm["Dimensions"][0]["Value"]["Fn::GetAtt"][0][: len("IntakeDead")]
        for alarm in _all(template, "AWS::CloudWatch::Alarm").values()
        if alarm.get("MetricName") == "ApproximateNumberOfMessagesVisible" and alarm["Threshold"] == 0
    }
    assert watched == {"IntakeDead", "IntakeUnde"}


@pytest.fixture(scope="module")
def chosen(synthesize):
    """The template of a deployment that chose everything differently."""
    return synthesize(
        stack_name="triage-eu",
        account="111122223333",
        regions=("eu-central-1",),
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
        never=("Severity.Label", "Note.Text"),
        permission_boundary="arn:aws:iam::111122223333:policy/bound",
        tags=("team=security", "cost-center=42"),
        breaker_limit=77,
    )[1]


def test_every_role_is_bounded_and_everything_has_the_tags(chosen):
    roles = _all(chosen, "AWS::IAM::Role").values()
    assert {role["PermissionsBoundary"] for role in roles} == {"arn:aws:iam::111122223333:policy/bound"}
    tagged = [
        *roles,
        *_all(chosen, "AWS::SQS::Queue").values(),
        *_all(chosen, "AWS::Lambda::Function").values(),
    ]
    for item in tagged:
        tags = {tag["Key"]: tag["Value"] for tag in item["Tags"]}
        assert tags == {"application": "hubtriage", "team": "security", "cost-center": "42"}


def test_the_breaker_has_the_chosen_limit(chosen):
    alarms = _all(chosen, "AWS::CloudWatch::Alarm").values()
    assert [alarm["Threshold"] for alarm in alarms if alarm.get("MetricName") == "UnplannedHides"] == [77]


def test_fields_that_are_never_set_are_denied_and_known_to_the_function(chosen):
    role = _one(chosen, "AWS::IAM::Role", "TriageRole")
    statements = _statements(role["Policies"][0]["PolicyDocument"])
    for path in ("Severity.Label", "Severity.Normalized", "Severity.Product", "Note.Text"):
        assert statements[f"Never{path.replace('.', '')}"] == {
            "Sid": f"Never{path.replace('.', '')}",
            "Effect": "Deny",
            "Action": "securityhub:BatchUpdateFindings",
            "Resource": statements["Triage"]["Resource"],
            "Condition": {"Null": {f"securityhub:ASFFSyntaxPath/{path}": "false"}},
        }
    assert _settings(chosen).never == {"Severity.Label", "Note.Text"}


def test_what_the_ledger_holds_is_looked_at_before_the_role_is_changed(chosen, template):
    resources = chosen["Resources"]
    [role] = [item for name, item in resources.items() if name.startswith("TriageRole")]
    [looked] = [name for name in role["DependsOn"] if not name.startswith("Deployment")]
    assert resources[looked]["Type"] == "Custom::HubtriageNever"
    properties = resources[looked]["Properties"]
    assert properties["Fields"] == ["Note.Text", "Severity.Label"]
    statements = _statements(
        _one(chosen, "AWS::IAM::Role", "SweepDeployedRole")["Policies"][0]["PolicyDocument"]
    )
    assert statements["LookForHeld"]["Action"] == "dynamodb:Scan"
    function = _one(chosen, "AWS::Lambda::Function", "SweepDeployed")
    assert MOST_SECONDS < function["Timeout"] < int(properties["ServiceTimeout"])
    assert "Custom::HubtriageNever" not in json.dumps(template)
    assert "LookForHeld" not in json.dumps(template)


def test_choices_arrive_at_the_function(chosen):
    function = _one(chosen, "AWS::Lambda::Function", "Triage")
    assert function["Architectures"] == ["x86_64"]
    assert (function["MemorySize"], function["Timeout"]) == (1024, 300)
    assert function["ReservedConcurrentExecutions"] == 5
    assert function["Environment"]["Variables"]["HUBTRIAGE_LOG_LEVEL"] == "WARNING"
    assert _one(chosen, "AWS::Logs::LogGroup", "TriageLog")["RetentionInDays"] == 731


def test_choices_arrive_at_the_queue_and_its_batches(chosen):
    mapping = _one(chosen, "AWS::Lambda::EventSourceMapping")
    assert (mapping["BatchSize"], mapping["MaximumBatchingWindowInSeconds"]) == (100, 60)
    assert mapping["ScalingConfig"]["MaximumConcurrency"] == 5
    assert _queue(chosen)["VisibilityTimeout"] == 6 * 300 + 60
    assert _queue(chosen)["RedrivePolicy"]["maxReceiveCount"] == 7


def test_alarms_are_sent_to_the_addresses(chosen):
    subscriptions = _all(chosen, "AWS::SNS::Subscription").values()
    assert {(each["Protocol"], each["Endpoint"]) for each in subscriptions} == {("email", "soc@example.com")}
    assert len({each["TopicArn"]["Ref"] for each in subscriptions}) == 3


# The ledger


def _table(template: Mapping[str, Any]) -> Mapping[str, Any]:
    (table,) = [item for item in template["Resources"].values() if item["Type"] == "AWS::DynamoDB::Table"]
    return table


def test_the_ledger_survives_mistakes_and_the_stack(template):
    table = _table(template)
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert table["Properties"]["DeletionProtectionEnabled"] is True
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert "TimeToLiveSpecification" not in table["Properties"], "entries do not end by age"


def test_the_ledger_takes_any_load_and_has_the_key_that_the_functions_use(template):
    table = _table(template)["Properties"]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["KeySchema"] == [{"AttributeName": KEY, "KeyType": "HASH"}]
    assert table["AttributeDefinitions"] == [{"AttributeName": KEY, "AttributeType": KEY_TYPE}]
    assert not {"GlobalSecondaryIndexes", "LocalSecondaryIndexes", "StreamSpecification"} & set(table)


def test_a_second_stack_of_the_name_cannot_begin_with_an_empty_ledger_by_mistake(template):
    assert _table(template)["Properties"]["TableName"] == "hubtriage-ledger"


@pytest.fixture(scope="module")
def adopting(synthesize):
    """The template of a stack that uses a table of before."""
    return synthesize(ledger_table="restored")[1]


def _ledger_users(template: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """The variable and the resource of the permission, by function."""
    found = {}
    for name, role in (("Triage", "TriageRole"), ("SweepStep", "SweepStepRole")):
        variables = _one(template, "AWS::Lambda::Function", name)["Environment"]["Variables"]
        policy = _one(template, "AWS::IAM::Role", role)["Policies"][0]["PolicyDocument"]
        allowed = _statements(policy)["UseLedger"]["Resource"]
        found[name] = (json.dumps(variables["HUBTRIAGE_LEDGER_TABLE"]), json.dumps(allowed))
    return found


def test_the_functions_that_remember_use_the_table_that_the_outputs_name(template):
    (name,) = [name for name, item in template["Resources"].items() if item["Type"] == "AWS::DynamoDB::Table"]
    assert template["Outputs"]["LedgerTableName"]["Value"] == {"Ref": name}
    for variable, allowed in _ledger_users(template).values():
        assert (variable, allowed) == (json.dumps({"Ref": name}), json.dumps({"Fn::GetAtt": [name, "Arn"]}))


def test_a_table_of_before_is_used_and_no_other_is_made(adopting):
    assert not _all(adopting, "AWS::DynamoDB::Table")
    assert adopting["Outputs"]["LedgerTableName"]["Value"] == "restored"
    for variable, allowed in _ledger_users(adopting).values():
        assert variable == '"restored"'
        assert allowed.endswith('":table/restored"]]}')


def test_no_other_function_reaches_the_ledger(template):
    users = {"TriageRole", "SweepStepRole", "LedgerGuardRole"}
    for name, role in _all(template, "AWS::IAM::Role").items():
        if not any(name.startswith(user) for user in users):
            assert "dynamodb:" not in json.dumps(role)


def test_a_message_outlives_every_doubt_about_an_update(template):
    """AWS: a message goes to the dead letters when it was received so often, a visibility timeout apart."""
    lease = _settings(template).lease
    assert lease >= max(600, _one(template, "AWS::Lambda::Function", "Triage")["Timeout"] + 120)
    tries = _queue(template)["RedrivePolicy"]["maxReceiveCount"]
    assert (tries - 1) * _queue(template)["VisibilityTimeout"] >= 2 * (lease + 600)


# The guard of the ledger


def _guard(template: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return _statements(_one(template, "AWS::IAM::Role", "LedgerGuardRole")["Policies"][0]["PolicyDocument"])


def test_the_guard_may_try_a_write_that_changes_nothing_and_pause_one_mapping(template):
    statements = _guard(template)
    (mapping,) = _all(template, "AWS::Lambda::EventSourceMapping")
    assert set(statements) == {"TryLedger", "Pause", "Mark", "WriteLog", "Trace"}
    assert statements["TryLedger"]["Action"] == "dynamodb:PutItem"
    assert statements["TryLedger"]["Condition"] == {
        "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["probe"]}
    }
    assert set(statements["Pause"]["Action"]) == {
        "lambda:GetEventSourceMapping",
        "lambda:UpdateEventSourceMapping",
    }
    arn = statements["Pause"]["Resource"]["Fn::Join"][1]
    assert arn[-2:] == [":event-source-mapping:", {"Ref": mapping}]
    assert json.dumps(statements["Mark"]["Resource"]).endswith(':parameter/hubtriage/hubtriage/paused"]]}')


def test_the_guard_looks_after_the_mapping_and_the_table_of_the_stack_every_five_minutes(template):
    rule = _one(template, "AWS::Events::Rule", "LedgerGuard")
    assert rule["ScheduleExpression"] == "rate(5 minutes)"
    (mapping,) = _all(template, "AWS::Lambda::EventSourceMapping")
    (table,) = _all(template, "AWS::DynamoDB::Table")
    function = _one(template, "AWS::Lambda::Function", "LedgerGuard")
    assert rule["Targets"][0]["Arn"]["Fn::GetAtt"][0].startswith("LedgerGuardFunction")
    assert {
        name: function["Environment"]["Variables"][name]
        for name in ("HUBTRIAGE_MAPPING", "HUBTRIAGE_LEDGER_TABLE", "HUBTRIAGE_PAUSED_PARAMETER")
    } == {
        "HUBTRIAGE_MAPPING": {"Ref": mapping},
        "HUBTRIAGE_LEDGER_TABLE": {"Ref": table},
        "HUBTRIAGE_PAUSED_PARAMETER": "/hubtriage/hubtriage/paused",
    }


def test_a_message_outlives_the_time_until_the_guard_has_paused_the_intake(template):
    """The guard may have died once, and a mapping takes a minute to stop."""
    tries = _queue(template)["RedrivePolicy"]["maxReceiveCount"]
    assert (tries - 1) * _queue(template)["VisibilityTimeout"] >= 4 * (2 * 300 + 60)


# The sweep


def test_the_sweep_may_do_this_and_nothing_else(template):
    role = _one(template, "AWS::IAM::Role", "SweepStepRole")
    allowed = {
        name: tuple(sorted([item["Action"]] if isinstance(item["Action"], str) else item["Action"]))
        for name, item in _statements(role["Policies"][0]["PolicyDocument"]).items()
    }
    assert allowed == {
        "Read": ("securityhub:GetFindings",),
        "UseLedger": (
            "dynamodb:BatchGetItem",
            "dynamodb:PartiQLDelete",
            "dynamodb:PartiQLUpdate",
            "dynamodb:Scan",
        ),
        "RememberSwept": ("dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem"),
        "FillQueue": ("sqs:GetQueueAttributes", "sqs:SendMessage"),
        "CountDeadLetters": ("sqs:GetQueueAttributes",),
        "OneAtATime": ("states:ListExecutions", "states:StartExecution"),
        "ShutIntakeToTakeBack": ("events:DescribeRule", "events:DisableRule"),
        "ReadMode": ("ssm:GetParameter",),
        "GiveNotice": ("sns:Publish",),
        "EncryptNotices": ("kms:Decrypt", "kms:GenerateDataKey"),
        "WriteLog": ("logs:CreateLogStream", "logs:PutLogEvents"),
        "Trace": ("xray:PutTelemetryRecords", "xray:PutTraceSegments"),
    }
    assert "ManagedPolicyArns" not in role
    for policy in _all(template, "AWS::IAM::Policy").values():
        assert "SweepStepRole" not in json.dumps(policy["Roles"])


def test_the_sweep_starts_daily_at_ten_past_midnight_utc_over_everything(template):
    schedule = _one(template, "AWS::Scheduler::Schedule")
    assert schedule["ScheduleExpression"] == "cron(10 0 * * ? *)"
    assert (
        schedule["ScheduleExpressionTimezone"] == "Etc/UTC" or "UTC" in schedule["ScheduleExpressionTimezone"]
    )
    assert json.loads(schedule["Target"]["Input"]) == {"request": {"reason": "schedule", "settle": True}}


def test_a_deployment_starts_a_sweep_only_when_the_rules_changed(template):
    (resource,) = [
        item for item in template["Resources"].values() if item["Type"] == "Custom::HubtriageSweep"
    ]
    properties = resource["Properties"]
    assert set(properties) == {"ServiceToken", "ServiceTimeout", "RulesetHash", "Decides"}
    assert properties["RulesetHash"] == RULESET["hash"]
    waits_for = " ".join(resource["DependsOn"])
    assert all(name in waits_for for name in ("TriageFunction", "SweepMachine", "SweepStep"))


def test_the_clock_looks_every_four_minutes_and_may_start_a_sweep_and_remember_the_time(template):
    (tick,) = [item for name, item in _all(template, "AWS::Events::Rule").items() if "ClockTick" in name]
    assert tick["ScheduleExpression"] == "rate(4 minutes)"
    (target,) = tick["Targets"]
    assert target["Arn"]["Fn::GetAtt"][0].startswith("SweepClock")
    role = _one(template, "AWS::IAM::Role", "SweepClockRole")
    assert {
        name: item["Action"] for name, item in _statements(role["Policies"][0]["PolicyDocument"]).items()
    } == {
        "StartSweep": "states:StartExecution",
        "RememberTime": ["ssm:GetParameter", "ssm:PutParameter"],
        "ReadMode": "ssm:GetParameter",
        "WriteLog": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Trace": ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
    }


def test_a_step_that_fails_is_taken_again_for_a_quarter_of_an_hour(template):
    text = json.dumps(_one(template, "AWS::StepFunctions::StateMachine")["DefinitionString"])
    (retry,) = re.findall(r"States\.ALL.*?MaxAttempts[^0-9]*(\d+)", text)
    assert int(retry) >= 15


# Handing back


def test_what_hands_back_may_send_to_the_queue_and_nothing_else(template):
    role = _one(template, "AWS::IAM::Role", "HandBackRole")
    statements = _statements(role["Policies"][0]["PolicyDocument"])
    assert {name: item["Action"] for name, item in statements.items()} == {
        "Send": "sqs:SendMessage",
        "WriteLog": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Trace": ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
    }
    assert statements["Send"]["Resource"]["Fn::GetAtt"][0].startswith("IntakeQueue")
    assert "Custom::HubtriageHandBack" not in {item["Type"] for item in template["Resources"].values()}
    assert "ActionTarget" not in json.dumps(template)


def test_one_custom_action_comes_in_where_it_is_asked_for(synthesize):
    _folder, template = synthesize(hand_back_action="handback")
    patterns = [
        rule["EventPattern"]
        for rule in _all(template, "AWS::Events::Rule").values()
        if "EventPattern" in rule
    ]
    (ours,) = [pattern for pattern in patterns if "resources" in pattern]
    assert ours["detail-type"] == ["Security Hub Findings - Custom Action"]
    (arn,) = ours["resources"]
    made = _one(template, "Custom::HubtriageHandBack")
    assert arn == made["Arn"]
    assert json.dumps(arn).endswith(':action/custom/handback"]]}')
    settings = _one(template, "AWS::Lambda::Function", "Triage")["Environment"]["Variables"]
    assert settings["HUBTRIAGE_HAND_BACK_ACTION"] == arn
    document = _one(template, "AWS::SQS::QueuePolicy", "IntakeQueuePolicy")["PolicyDocument"]
    senders = _statements(document)["RefuseOtherSenders"]["Condition"]["ArnNotEquals"]["aws:SourceArn"]
    assert [re.sub(r"[0-9A-F]{8}$", "", each["Fn::GetAtt"][0]) for each in senders] == [
        "IntakeRule",
        "IntakeHandBackRule",
    ]


# The guard of deployments


def test_everything_waits_until_the_rules_have_been_compared_with_the_deployed_ones(template):
    resources = template["Resources"]
    [compared] = [name for name, item in resources.items() if item["Type"] == "Custom::HubtriageRules"]
    [record] = [name for name in resources if name.startswith("DeploymentRecord")]
    assert resources[record]["DependsOn"] == [compared]
    waiting = {name for name, item in resources.items() if record in item.get("DependsOn", ())}
    others = {name for name in resources if not name.startswith("Deployment")} - {"CDKMetadata"}
    assert waiting >= others
    needed = json.dumps([resources[name] for name in resources if name.startswith("DeploymentFunction")])
    assert not any(f'"{name}"' in needed for name in others), "what it needs would have to be there before"


def test_other_rules_are_another_resource_so_that_a_rollback_makes_none(packages, tmp_path):
    def compared(template):
        [found] = [
            (name, item["Properties"])
            for name, item in template["Resources"].items()
            if item["Type"] == "Custom::HubtriageRules"
        ]
        return found

    def synthesized_with(identity, folder, **options):
        app = cdk.App(outdir=str(tmp_path / folder), builtin_cloud_formation_validation=False)
        triage_stacks(app, Configuration(), packages, identity, **options)
        return json.loads((Path(app.synth().directory) / "hubtriage.template.json").read_text())

    import aws_cdk as cdk

    from infra.stack import triage_stacks

    name, properties = compared(synthesized_with(IDENTITY, "first"))
    assert RulesIdentity.from_properties(properties) == IDENTITY
    assert properties["Replace"] == "no"
    many = {**RULESET, "rules": [{"id": f"rule-{number}"} for number in range(10_000)]}
    large = identity_of(
        many, folder="rules", repository="x/y", is_known=True, committed=None, are_samples=False
    )
    other = synthesized_with(large, "other")
    assert compared(other)[0] != name
    assert len(json.dumps(other)) < 300_000, "AWS: a template has at most 1,000,000 bytes"
    [record] = [item for item in _all(other, "AWS::SSM::Parameter").values() if "rules" in item["Name"]]
    assert len(record["Value"]) <= 4096, "AWS: what a parameter holds"
    same, said = compared(synthesized_with(IDENTITY, "replacing", replace=True))
    assert (same, said["Replace"]) == (name, "yes")


def test_the_guard_of_deployments_reads_two_parameters_and_nothing_else(template):
    role = _one(template, "AWS::IAM::Role", "DeploymentRole")
    statements = _statements(role["Policies"][0]["PolicyDocument"])
    assert set(statements) == {"ReadDeployed", "WriteLog", "Trace"}
    assert statements["ReadDeployed"]["Action"] == "ssm:GetParameter"
    named = json.dumps(statements["ReadDeployed"]["Resource"])
    assert re.findall(r":parameter/(\S+?)\"", named) == [
        "hubtriage/hubtriage/mode",
        "hubtriage/hubtriage/rules",
    ]


def test_outputs_and_description_name_the_rules(template):
    outputs = {name: item["Value"] for name, item in template["Outputs"].items() if name.startswith("Rules")}
    assert outputs == {
        "RulesFolder": "rules",
        "RulesRepository": "git.example.com/sec/triage-rules",
        "RulesRevision": "0123456789ab",
        "RulesCount": "1",
        "RulesHash": "0123456789abcdef",
    }
    assert template["Description"] == f"Triages AWS Security Hub findings by {IDENTITY.text()}"


def test_the_longest_description_is_one_that_aws_takes():
    longest = identity_of(
        {**RULESET, "revision": "r" * 999}, folder="f" * 999, repository="ü" * 999, is_known=False,
        committed=1_800_000_000, are_samples=False,
    )  # fmt: skip
    assert len(longest.text()) < 900, "AWS: a description has at most 1,024 bytes"
