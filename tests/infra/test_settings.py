"""Each setting by itself: what of the template it changes, or why nothing."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest

from hubtriage.settings.configuration import setting_names
from hubtriage.settings.setting_types import Retention
from tests.infra.conftest import TemplateOf
from tests.infra.samples import DEFAULT, DEPLOYMENTS
from tests.infra.snapshots import differences, snapshot

KEY = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
BOUNDARY = "arn:aws:iam::111122223333:policy/boundary"

# A value of each, and what the line of a difference holds: where it arrives, and how.
CHANGES = {
    "stack-name": ("sec-triage", "/hubtriage/sec-triage/mode"),
    "account": ("111122223333", "arn:${AWS::Partition}:securityhub:${AWS::Region}:111122223333"),
    "home-region": ("eu-central-1", "securityhub:eu-central-1:"),
    "regions": ("us-east-1", "securityhub:us-east-1:"),
    "hubs": ("cspm,v2", 'HUBTRIAGE_HUBS: "cspm,v2"'),
    "udf": ("merge", 'HUBTRIAGE_UDF: "replace" -> "merge"'),
    "initial-mode": ("observe", 'InitialMode: "enforce" -> "observe"'),
    "ledger-table": ("restored", 'HUBTRIAGE_LEDGER_TABLE: "${LedgerTable9343E4AA}" -> "restored"'),
    "never": ("Confidence", 'HUBTRIAGE_NEVER: "" -> "Confidence"'),
    "hand-back-action": ("mine", ":action/custom/mine"),
    "architecture": ("x86_64", '"arm64" -> "x86_64"'),
    "memory-mb": (1024, "MemorySize: 512 -> 1024"),
    "batch-size": (200, "BatchSize: 1000 -> 200"),
    "batch-window-seconds": (9, "MaximumBatchingWindowInSeconds: 5 -> 9"),
    "maximum-concurrency": (3, "MaximumConcurrency: 2 -> 3"),
    "reserved-concurrency": (4, "ReservedConcurrentExecutions: 4"),
    "calls-per-second": (6, 'HUBTRIAGE_CALLS_PER_SECOND: "4" -> "3"'),
    "reads-per-second": (1, 'HUBTRIAGE_READS_PER_SECOND: "0.75" -> "0.5"'),
    "sweep-reads-per-second": (0.5, 'HUBTRIAGE_SWEEP_READS_PER_SECOND: "1.2" -> "0.5"'),
    "sweep-time": ("05:06", '"cron(10 0 * * ? *)" -> "cron(6 5 * * ? *)"'),
    "time-zone": ("Europe/Berlin", '-> "Europe/Berlin"'),
    "sweep-hide-limit": (7, 'HUBTRIAGE_SWEEP_HIDE_LIMIT: "10000" -> "7"'),
    "sweep-reopen-limit": (7, 'HUBTRIAGE_SWEEP_REOPEN_LIMIT: "1000" -> "7"'),
    "sweep-queue-limit": (7, 'HUBTRIAGE_SWEEP_QUEUE_LIMIT: "1000" -> "7"'),
    "sweep-wait-seconds": (7, 'HUBTRIAGE_SWEEP_WAIT_SECONDS: "30" -> "7"'),
    "refresh-age-seconds": (7, 'HUBTRIAGE_REFRESH_AGE_SECONDS: "30" -> "7"'),
    "timeout-seconds": (800, "-> 800"),
    "maximum-receives": (7, "maxReceiveCount: 10 -> 7"),
    "breaker-limit": (77, "Threshold: 2000 -> 77"),
    "log-level": ("DEBUG", 'ApplicationLogLevel: "INFO" -> "DEBUG"'),
    "log-retention-days": (731, "RetentionInDays: 365 -> 731"),
    "alarm-emails": ("soc@example.com", '"Endpoint": "soc@example.com"'),
    "tomorrow-emails": ("morning@example.com", '"Endpoint": "morning@example.com"'),
    "notice-days": ("60", 'HUBTRIAGE_NOTICE_DAYS: "30,7" -> "60"'),
    "owners": ("team-a=a@example.com", '"Endpoint": "a@example.com"'),
    "decision-events": (True, "AWS::Events::EventBus"),
    "runbook-url": ("https://example.com/alarms", "https://example.com/alarms"),
    "kms-keys": (KEY, f'KmsMasterKeyId: "{KEY}"'),
    "permission-boundary": (BOUNDARY, f'PermissionsBoundary: "{BOUNDARY}"'),
    "tags": ("team=security", "team=security"),
}
NO_CHANGE = {
    "event-readers": "who may read the bus of decision-events, which is not there by default; see golden",
    "linked-regions": "it only tells which other settings contradict it; no stack goes there",
    "rules": "which rules are compiled: they are given here",
    "only-rules-tagged": "which of them are compiled; test_app.py deploys a part",
    "without-rules-tagged": "which of them are not compiled",
    "allow-empty": "whether a rule set without rules is compiled",
    "channels": "alone they are refused: test_deliveries.py shows what they add with decision-events",
    "queues": "alone they are refused, like channels",
    "tickets-table": "without channels and queues nothing uses it; see test_deliveries.py",
    "routes": "alone they are refused; what they say is in the package: test_bundle.py",
}
Lines = Callable[..., list[str]]


@pytest.fixture(scope="module")
def changed(template_of: TemplateOf, packages_of_rules: Mapping[str, Path]) -> Lines:
    """A function: settings as they are written → what differs from the default template, by the line."""

    def synthesized(settings: Mapping[str, Any]) -> Any:
        return json.loads(json.dumps(snapshot(template_of(settings), packages_of_rules["triage"])))

    default = synthesized(DEPLOYMENTS[DEFAULT].settings)
    return lambda **settings: list(differences(default, synthesized(settings)))


@pytest.mark.parametrize("name", CHANGES)
def test_a_setting_arrives_in_the_template(changed: Lines, name: str) -> None:
    value, told = CHANGES[name]
    lines = changed(**{name: value})
    assert [line for line in lines if told in line], "\n".join(lines)


def test_a_level_above_info_arrives_at_the_functions_alone(changed: Lines) -> None:
    lines = changed(**{"log-level": "ERROR"})
    assert lines
    assert all('HUBTRIAGE_LOG_LEVEL: "INFO" -> "ERROR"' in line for line in lines)


def test_every_setting_changes_something_or_has_a_reason_why_not() -> None:
    assert {*CHANGES, *NO_CHANGE} == {*setting_names()}
    assert not CHANGES.keys() & NO_CHANGE.keys()


def test_the_retentions_to_choose_from_are_those_that_cdk_knows() -> None:
    import aws_cdk as cdk
    from aws_cdk import aws_logs as logs

    app = cdk.App(builtin_cloud_formation_validation=False)
    stack = cdk.Stack(app, "retentions")
    for retention in logs.RetentionDays:
        logs.LogGroup(stack, retention.name, retention=retention)
    resources = app.synth().get_stack_by_name("retentions").template["Resources"].values()
    days = {resource.get("Properties", {}).get("RetentionInDays") for resource in resources}
    assert {*get_args(Retention)} == days - {None}, "None keeps a log for ever, which cannot be chosen"
