"""Twenty exceptions on the deployed stack: owners hear before two of them end, and the register balances."""

import json
import os
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hubtriage.aws.ledger.table import KEY
from hubtriage.aws.sweep.notices.given import NOTICES_KEY, unpacked
from hubtriage.aws.sweep.request import SweepRequest
from hubtriage.aws.sweep.start import SweepExecution, look, start_sweep
from hubtriage.cli.main import cli
from hubtriage.localaws.cloud import LocalCloud
from hubtriage.localaws.securityhub.settings import HubSettings
from hubtriage.localaws.synth import synthesize
from tests.support.deployed_stack import function_named, log_lines, set_variables, tick

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

COUNT = int(os.environ.get("HUBTRIAGE_NOTICES_FINDINGS", "4000"))
"""Findings; with 50,000 all of it was run once, too."""
RULES = 20
UNRULED = 5
"""Generators of which no rule says anything."""
ACCOUNTS = 7
PRODUCT = "arn:aws:securityhub:eu-central-1::product/aws/securityhub"
SOON, NOW = "exception-00", "exception-01"
"""The rules that end in less than a week, and within minutes."""
WEEK = timedelta(days=6, hours=12)
FAST = {"HUBTRIAGE_SWEEP_READS_PER_SECOND": "1000", "HUBTRIAGE_SWEEP_QUEUE_LIMIT": "5000"}


def generator(number: int) -> int:
    return number * 7919 % (RULES + UNRULED)


def finding(number: int) -> dict[str, Any]:
    passed = {"Compliance": {"Status": "PASSED"}, "Workflow": {"Status": "RESOLVED"}}
    return {
        "SchemaVersion": "2018-10-08",
        "Id": f"finding-{number:05}",
        "ProductArn": PRODUCT,
        "ProductName": "Security Hub",
        "GeneratorId": f"control-{generator(number):02}",
        "AwsAccountId": f"{number % ACCOUNTS:012}",
        "Region": "eu-central-1",
        "CreatedAt": "2026-10-01T00:00:00Z",
        "UpdatedAt": "2026-10-01T00:00:00Z",
        "Title": "A bucket is public",
        "Description": "A bucket is public",
        "Types": ["Software and Configuration Checks"],
        "Severity": {"Label": "MEDIUM" if number % 3 else "LOW"},
        "FindingProviderFields": {"Severity": {"Label": "MEDIUM" if number % 3 else "LOW"}},
        "Resources": [{"Type": "AwsS3Bucket", "Id": f"arn:aws:s3:::bucket-{number}"}],
        "Workflow": {"Status": "NEW"},
        "RecordState": "ARCHIVED" if number % 50 == 0 else "ACTIVE",
        **(passed if number % 41 == 0 and generator(number) >= RULES else {}),
    }


def rule(number: int, expires: str) -> dict[str, Any]:
    return {
        "id": f"exception-{number:02}",
        "owner": f"team-{number:02}",
        "ticket": f"SEC-{number}",
        "description": "Accepted until the migration ends.",
        "expires": expires,
        "match": {"GeneratorId": [f"control-{number:02}"]},
        "update": {"Workflow": {"Status": "SUPPRESSED"}, "Note": {"Text": "Accepted."}},
    }


def instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class Exceptions:
    """The deployed stack, with a queue for the messages of each of two owners and one for the others."""

    def __init__(self, cloud: LocalCloud, folder: Path) -> None:
        self.cloud, self.folder = cloud, folder
        self.rules = folder / "rules"
        self.rules.mkdir()
        self.states = cloud.client("stepfunctions")
        self.outputs: dict[str, str] = {}
        self.queues: dict[str, str] = {}
        self.ends = datetime.now(UTC)
        self.patience = 60.0 + COUNT / 60

    def deploy(self, ends: Mapping[str, str]) -> None:
        far = instant(datetime.now(UTC) + timedelta(days=200))
        made = [rule(number, ends.get(f"exception-{number:02}", far)) for number in range(RULES)]
        (self.rules / "rules.yaml").write_text(json.dumps({"rules": made}))
        owners = {"team-00": "zero@example.com", "team-1*": ["ones@example.com"]}
        assembly = synthesize(
            self.rules,
            self.folder / "cdk.out",
            batch_window_seconds=1,
            sweep_wait_seconds=1,
            sweep_hide_limit=1_000_000,
            breaker_limit=1_000_000,
            alarm_emails="soc@example.com",
            owners=owners,
        )
        (self.outputs,) = self.cloud.deploy(assembly).values()
        set_variables(self.cloud, function_named(self.cloud, "SweepStep"), **FAST)

    def subscribe(self, **policies: Mapping[str, Any]) -> None:
        """Let a queue get the messages that a filter policy lets through."""
        for name, policy in policies.items():
            url = self.cloud.client("sqs").create_queue(QueueName=f"notices-{name}")["QueueUrl"]
            asked = self.cloud.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
            self.cloud.client("sns").subscribe(
                TopicArn=self.outputs["NoticesTopicArn"],
                Protocol="sqs",
                Endpoint=asked["Attributes"]["QueueArn"],
                Attributes={"FilterPolicy": json.dumps(policy)},
            )
            self.queues[name] = url

    def messages(self, name: str) -> list[dict[str, Any]]:
        """Take the messages out of a queue."""
        found: list[dict[str, Any]] = []
        queues = self.cloud.client("sqs")
        while some := queues.receive_message(QueueUrl=self.queues[name], MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in some:
                found.append(json.loads(message["Body"]))
                queues.delete_message(QueueUrl=self.queues[name], ReceiptHandle=message["ReceiptHandle"])
        return found

    def rest(self) -> None:
        self.cloud.wait_until_idle(1500)
        depths = self.cloud.queue_depths()
        dead = [self.outputs[name] for name in ("DeadLetterQueueUrl", "UndeliveredQueueUrl")]
        assert not any(depths[url.rpartition("/")[2]] for url in dead)

    def sweep(self) -> SweepExecution:
        execution = start_sweep(self.states, self.outputs["SweepArn"], SweepRequest(reason="schedule"))
        self.rest()
        return look(self.states, execution)

    def last(self) -> SweepExecution:
        listed = self.states.list_executions(stateMachineArn=self.outputs["SweepArn"])["executions"]
        return look(self.states, listed[0]["executionArn"])

    def lines(self) -> list[dict[str, Any]]:
        lines = log_lines(self.cloud, self.outputs["SweepLogGroupName"])
        return [line for line in lines if line.get("message") == "exception ends soon"]

    def hidden(self) -> dict[str, str]:
        """Id to generator of each active finding that the hub shows as closed."""
        return {
            found["Id"]: found["GeneratorId"]
            for found in self.cloud.control.findings()
            if found["RecordState"] == "ACTIVE" and found["Workflow"]["Status"] in ("SUPPRESSED", "RESOLVED")
        }

    def of(self, name: str) -> list[dict[str, Any]]:
        """The active findings that a rule hides, as the hub has them."""
        number = name.removeprefix("exception-")
        shown = self.hidden()
        return [
            found
            for found in self.cloud.control.findings()
            if found["Id"] in shown and found["GeneratorId"] == f"control-{number}"
        ]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exceptions]:
    with LocalCloud(HubSettings.still(), batching_window=1.0) as cloud:
        for start in range(0, COUNT, 1000):
            cloud.control.plant([finding(number) for number in range(start, min(start + 1000, COUNT))])
        yield Exceptions(cloud, tmp_path_factory.mktemp("notices"))


# The tests tell one story, in this order.


def test_twenty_exceptions_hide_what_was_there(world):
    world.deploy({SOON: instant(datetime.now(UTC) + WEEK)})
    world.subscribe(zero={"owner": ["team-00"]}, one={"owner": ["team-01"]}, others={"subscribed": ["no"]})
    world.rest()
    hidden = world.hidden()
    ruled = [found for found in map(finding, range(COUNT)) if generator(int(found["Id"][-5:])) < RULES]
    active = [found["Id"] for found in ruled if found["RecordState"] == "ACTIVE"]
    assert set(active) <= set(hidden)
    assert len(hidden) > len(active), "the service has resolved some, too"


def test_people_hold_some_findings(world):
    hub = world.cloud.client("securityhub")
    mine = [found["Id"] for found in world.of(SOON)][:3]
    other = next(f"finding-{n:05}" for n in range(COUNT) if generator(n) == RULES and n % 50 and n % 41)
    for name, status in (*((name, "NOTIFIED") for name in mine), (other, "SUPPRESSED")):
        key = [{"Id": name, "ProductArn": PRODUCT}]
        hub.batch_update_findings(FindingIdentifiers=key, Workflow={"Status": status})
    world.rest()
    assert other in world.hidden()
    assert not set(mine) & set(world.hidden())


def test_the_owner_of_the_one_that_ends_in_a_week_is_notified_once(world):
    expected = world.of(SOON)
    done = world.sweep()
    assert (done.progress.status, done.report["notices"]) == ("done", 1)
    assert done.report["reopening_soon"] == len(expected)
    assert done.progress.ahead == []
    (message,) = world.messages("zero")
    assert message["Subject"].startswith(f"{len(expected):,} findings reopen on ")
    medium = sum(found["Severity"]["Label"] == "MEDIUM" for found in expected)
    assert f"By severity: MEDIUM {medium:,}, LOW {len(expected) - medium:,}." in message["Message"]
    assert f"Accounts: {len({found['AwsAccountId'] for found in expected})}." in message["Message"]
    assert "hubtriage renew exception-00 --until DATE --ticket SEC-0" in message["Message"]
    sent = {name: value["Value"] for name, value in message["MessageAttributes"].items()}
    assert sent == {"owner": "team-00", "rule": SOON, "days": "7", "subscribed": "yes"}
    (line,) = world.lines()
    assert (line["rule"], line["owner"], line["days_left"], line["findings"]) == (
        SOON,
        "team-00",
        7,
        len(expected),
    )
    assert (world.messages("one"), world.messages("others")) == ([], [])
    again = world.sweep()
    assert (again.report["notices"], again.report["reopening_soon"]) == (0, len(expected))
    assert (world.messages("zero"), len(world.lines())) == ([], 1)


def test_the_subscriptions_of_the_stack_filter_by_owner(world):
    listed = world.cloud.client("sns").list_subscriptions_by_topic(TopicArn=world.outputs["NoticesTopicArn"])
    emails = {each["Endpoint"] for each in listed["Subscriptions"] if each["Protocol"] == "email"}
    assert emails == {"zero@example.com", "ones@example.com", "soc@example.com"}


def test_what_was_given_is_one_item_that_no_command_takes_for_an_entry(world, command):
    tables, table = world.cloud.client("dynamodb"), world.outputs["LedgerTableName"]
    item = tables.get_item(TableName=table, Key={KEY: {"S": NOTICES_KEY}})["Item"]
    assert {(given.rule, given.days) for given in unpacked(item["notices"]["B"])} == {(SOON, 7)}
    exported = command("ledger", "export", str(world.folder / "ledger.jsonl.gz"))
    assert exported.exit_code == 0, exported.output
    assert NOTICES_KEY not in exported.output


def test_the_register_balances_with_the_service_to_the_finding(world, command):
    cache = str(world.folder / "cache")  # not that of another run
    done = command("exceptions", "--live", "--cache", cache, "--rules", str(world.rules), "--json")
    assert done.exit_code == 0, done.output
    register = json.loads(done.stdout)
    totals = register["hidden"]
    hidden = world.hidden()
    assert totals["hidden"] == len(hidden)
    assert totals["by_rules"] + totals["by_service"] + totals["by_others"] == len(hidden)
    assert (totals["not_known"], totals["by_others"]) == (0, 1)
    held = {row["rule"]: row["holds"]["findings"] for row in register["exceptions"]}
    assert held == {f"exception-{n:02}": len(world.of(f"exception-{n:02}")) for n in range(RULES)}


def test_one_that_ends_at_once_reopens_exactly_what_was_announced(world):
    world.ends = datetime.now(UTC) + timedelta(seconds=world.patience)
    world.deploy({SOON: instant(datetime.now(UTC) + WEEK), NOW: instant(world.ends)})
    world.rest()
    before = world.of(NOW)
    done = world.sweep()
    assert datetime.now(UTC) < world.ends, "the machine is too slow for what this measures"
    assert {line["rule"] for line in world.lines()} == {SOON, NOW}
    (message,) = world.messages("others")
    assert message["Subject"].startswith(f"{len(before):,} findings reopen on ")
    assert (done.report["notices"], len(world.messages("one"))) == (2, 1), "another end is another notice"
    time.sleep(max(0.0, (world.ends - datetime.now(UTC)).total_seconds() + 1))
    hidden = world.hidden()
    tick(world.cloud)
    world.rest()
    ended = world.last()
    assert (ended.request.reason, ended.request.rules) == ("rule ended", (NOW,))
    reopened = set(hidden) - set(world.hidden())
    assert reopened == {found["Id"] for found in before}
    archived = sum(generator(n) == 1 and n % 50 == 0 for n in range(COUNT))
    assert ended.progress.reopened == len(before) + archived


@pytest.fixture
def command(world, monkeypatch):
    """Run a command with the local AWS in the environment."""
    for name, value in world.cloud.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HUBTRIAGE_CONFIG", "")
    return lambda *arguments: CliRunner().invoke(cli, list(arguments))
