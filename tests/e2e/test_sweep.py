"""The sweep of the deployed stack: rules that end take effect on 5,000 findings without a person's doing."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from click.testing import CliRunner

from hubtriage.aws.ledger.table import KEY
from hubtriage.aws.sweep.request import MANAGED, SweepRequest
from hubtriage.aws.sweep.start import SweepExecution, last_unfinished, look, start_sweep
from hubtriage.aws.switch.mode import parameter_name
from hubtriage.cli.main import cli
from hubtriage.localaws.cloud import LocalCloud
from hubtriage.localaws.securityhub.calls import ideal_calls
from hubtriage.localaws.securityhub.faults import ScriptedFault
from hubtriage.localaws.synth import synthesize
from tests.support.deployed_stack import function_named, log_lines, set_variables, tick

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

COUNT = 5000
FEW = 1500
PATIENT = Config(retries={"mode": "standard", "total_max_attempts": 10})
PRODUCT = "arn:aws:securityhub:eu-central-1::product/aws/securityhub"
GENERATORS = tuple(f"security-control/S3.{number}" for number in range(1, 11))
RULES = {
    "noisy": GENERATORS[:5],
    "accepted": GENERATORS[5:7],
    "trial": GENERATORS[7:9],
}


def rule(name: str, **members: Any) -> dict[str, Any]:
    return {
        "id": name,
        "match": {"GeneratorId": list(RULES[name])},
        "update": {
            "Workflow": {"Status": "SUPPRESSED"},
            "UserDefinedFields": {"rule": name},
            "Note": {"Text": f"Accepted by {name}."},
        },
    } | members


def finding(number: int) -> dict[str, Any]:
    return {
        "SchemaVersion": "2018-10-08",
        "Id": f"finding-{number:05}",
        "ProductArn": PRODUCT,
        "ProductName": "Security Hub",
        "GeneratorId": GENERATORS[number * 7919 % len(GENERATORS)],
        "AwsAccountId": "111122223333",
        "Region": "eu-central-1",
        "CreatedAt": "2026-10-01T00:00:00Z",
        "UpdatedAt": "2026-10-01T00:00:00Z",
        "Title": "A bucket is public",
        "Description": "A bucket is public",
        "Types": ["Software and Configuration Checks"],
        "Severity": {"Label": "MEDIUM", "Normalized": 40},
        "FindingProviderFields": {
            "Severity": {"Label": "MEDIUM"},
            "Types": ["Software and Configuration Checks"],
        },
        "Resources": [{"Type": "AwsS3Bucket", "Id": f"arn:aws:s3:::bucket-{number}"}],
        "Workflow": {"Status": "NEW"},
        "RecordState": "ACTIVE",
    }


class SweptStack:
    """The deployed stack, with rules that can be changed and deployed again."""

    def __init__(self, cloud: LocalCloud, folder: Path) -> None:
        self.cloud, self.folder = cloud, folder
        self.outputs: dict[str, str] = {}
        self.cycle = self.ends = 0.0
        self.reopen_limit = COUNT
        self._deployed_at = 0.0
        self.hub = cloud.client("securityhub", config=PATIENT)
        self.states = cloud.client("stepfunctions")

    def deploy(self, *rules: dict[str, Any]) -> None:
        self._deployed_at = time.time()
        source = self.folder / "rules"
        source.mkdir(exist_ok=True)
        (source / "rules.yaml").write_text(json.dumps({"rules": rules}))
        assembly = synthesize(
            source,
            self.folder / "cdk.out",
            batch_window_seconds=1,
            sweep_wait_seconds=1,
            reads_per_second=1.0,
            sweep_reads_per_second=1.9,
            sweep_reopen_limit=self.reopen_limit,
        )
        (self.outputs,) = self.cloud.deploy(assembly).values()

    @property
    def machine(self) -> str:
        return self.outputs["SweepArn"]

    @property
    def mode(self) -> str:
        parameter = self.cloud.client("ssm").get_parameter(Name=parameter_name("hubtriage"))
        return str(parameter["Parameter"]["Value"])

    def start_anew(self, count: int) -> None:
        """Other findings, which nobody has looked at, and no entry of those before."""
        self.cloud.control.reset()
        table, tables = self.outputs["LedgerTableName"], self.cloud.client("dynamodb")
        for page in tables.get_paginator("scan").paginate(TableName=table):
            for item in page["Items"]:
                if "finding" in item:
                    tables.delete_item(TableName=table, Key={KEY: item[KEY]})
        self.cloud.control.plant([finding(number) for number in range(count)])
        self.rest()

    def take_short_steps(self, seconds: int) -> None:
        step = function_named(self.cloud, "SweepStep")
        set_variables(self.cloud, step, HUBTRIAGE_SWEEP_STEP_SECONDS=str(seconds))

    def executions(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.states.list_executions(stateMachineArn=self.machine)["executions"]
        return found

    def last(self) -> SweepExecution:
        return look(self.states, self.executions()[0]["executionArn"])

    def sweep(self, request: SweepRequest) -> SweepExecution:
        execution = start_sweep(self.states, self.machine, request)
        self.rest()
        return look(self.states, execution)

    def rest(self) -> None:
        """Wait until no sweep runs and triage is at rest, with nothing in a dead-letter queue."""
        self.cloud.wait_until_idle(300)
        depths = self.cloud.queue_depths()
        dead = [self.outputs[name] for name in ("DeadLetterQueueUrl", "UndeliveredQueueUrl")]
        assert not any(depths[url.rpartition("/")[2]] for url in dead)
        if self._deployed_at:
            self.cycle, self._deployed_at = max(self.cycle, time.time() - self._deployed_at), 0.0

    def findings(self) -> dict[str, dict[str, Any]]:
        return {found["Id"]: found for found in self.cloud.control.findings()}

    def statuses(self) -> dict[str, str]:
        return {key: found["Workflow"]["Status"] for key, found in self.findings().items()}

    def by_generator(self, status: str) -> set[str]:
        found = self.findings().values()
        return {f["GeneratorId"] for f in found if f["Workflow"]["Status"] == status}

    def reads(self) -> dict[str, int]:
        calls: dict[str, int] = self.cloud.control.status()["calls"].get("GetFindings", {})
        return calls

    def reports(self) -> list[dict[str, Any]]:
        lines = log_lines(self.cloud, self.outputs["SweepLogGroupName"])
        return [line for line in lines if line.get("message") == "sweep ended"]


@dataclass
class Efficiency:
    """Calls made during a block, and the fewest that could have done the same in it."""

    calls: int = 0
    fewest: int = 0
    processed: int = 0


@contextmanager
def efficiency(world: SweptStack) -> Iterator[Efficiency]:
    seen = Efficiency()
    start = len(world.cloud.control.updates())
    yield seen
    updates = world.cloud.control.updates()[start:]
    seen.calls, seen.fewest = len(updates), ideal_calls(updates)
    seen.processed = sum(call.processed for call in updates)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SweptStack]:
    """5,000 findings that were there before the stack."""
    with LocalCloud(batching_window=1.0) as cloud:
        cloud.control.plant([finding(number) for number in range(COUNT)])
        yield SweptStack(cloud, tmp_path_factory.mktemp("sweep"))


def of_rule(name: str, count: int = COUNT) -> int:
    return sum(finding(number)["GeneratorId"] in RULES[name] for number in range(count))


# The tests tell one story, in this order.


def test_a_first_deployment_brings_the_rules_into_force_on_what_was_there(world):
    with efficiency(world) as seen:
        world.deploy(rule("noisy"), rule("accepted"), rule("trial", mode="observe"))
        world.rest()
    done = world.last()
    assert (done.status, done.progress.status) == ("SUCCEEDED", "done")
    assert (done.request.reason, done.progress.read) == ("deploy", COUNT)
    assert world.by_generator("SUPPRESSED") == {*RULES["noisy"], *RULES["accepted"]}
    assert seen.processed == of_rule("noisy") + of_rule("accepted") == done.progress.changed
    wholly_ideal = -(-of_rule("noisy") // 100) + -(-of_rule("accepted") // 100)
    assert wholly_ideal / seen.calls >= 0.9
    assert seen.fewest / seen.calls >= 0.9


def test_reading_stayed_within_its_quota(world):
    assert set(world.reads()) == {"ok"}, "AWS refused no call for coming too fast"


def test_a_deleted_rule_is_taken_back_by_the_deployment_alone(world):
    mine = next(f for f in world.findings().values() if f["GeneratorId"] == RULES["noisy"][0])
    other = next(f for f in world.findings().values() if f["GeneratorId"] == RULES["accepted"][0])
    for found in (mine, other):
        world.hub.batch_update_findings(
            FindingIdentifiers=[{"Id": found["Id"], "ProductArn": PRODUCT}], Workflow={"Status": "NOTIFIED"}
        )
    world.rest()
    with efficiency(world) as seen:
        world.deploy(rule("accepted"), rule("trial", mode="observe"))
        world.rest()
    statuses = world.statuses()
    assert (statuses.pop(mine["Id"]), statuses.pop(other["Id"])) == ("NOTIFIED", "NOTIFIED")
    done = world.last().progress
    # Of the one that a person holds now, the note is taken back: its status is not.
    assert (done.read, done.taken_back) == (of_rule("noisy"), of_rule("noisy"))
    assert done.calls == -(-of_rule("noisy") // 20), "nothing else was read"
    assert world.by_generator("SUPPRESSED") == set(RULES["accepted"])
    assert Counter(statuses.values())["SUPPRESSED"] == of_rule("accepted") - 1
    assert -(-of_rule("noisy") // 100) / seen.calls >= 0.9


def test_the_breaker_lets_a_reversal_at_scale_pass(world):
    assert of_rule("noisy") > 2000, "the breaker's limit, had events brought this about"
    assert world.mode == "enforce"


@pytest.fixture(scope="module")
def standing(world) -> list[dict[str, Any]]:
    """The rules from here on: one of them ends some time after it has left `observe`."""
    world.ends = time.time() + 2.0 * world.cycle + 20
    expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(world.ends))
    return [rule("accepted"), rule("trial", expires=expires)]


def test_leaving_observe_catches_up(world, standing):
    world.deploy(*standing)
    world.rest()
    assert time.time() < world.ends, "the machine is too slow for what this measures"
    assert world.by_generator("SUPPRESSED") == {*RULES["accepted"], *RULES["trial"]}
    assert world.last().progress.hidden == of_rule("trial")


def test_a_deployment_that_changes_no_rule_starts_no_sweep(world, standing):
    before = len(world.executions())
    world.deploy(*standing)
    assert len(world.executions()) == before


def test_a_rule_that_expires_is_taken_back_when_the_clock_looks_and_named(world, standing):
    time.sleep(max(0.0, world.ends + 1 - time.time()))
    before = len(world.executions())
    tick(world.cloud)
    world.rest()
    done = world.last()
    assert len(world.executions()) == before + 1
    assert (done.request.reason, done.request.rules) == ("rule ended", ("trial",))
    assert (done.progress.read, done.progress.taken_back) == (of_rule("trial"), of_rule("trial"))
    tick(world.cloud)
    assert len(world.executions()) == before + 1, "the clock remembers"
    assert world.by_generator("SUPPRESSED") == set(RULES["accepted"])
    assert done.report["rules_ended_today"] == world.reports()[-1]["rules_ended_today"] == ["trial"]


def test_a_newer_sweep_ends_the_older_one_and_one_of_some_findings_holds_it_up(world):
    older = start_sweep(world.states, world.machine, SweepRequest())
    time.sleep(3)
    newer = start_sweep(world.states, world.machine, SweepRequest())
    time.sleep(8)
    narrow = start_sweep(world.states, world.machine, SweepRequest(scopes=(MANAGED,), rules=("accepted",)))
    world.rest()
    assert look(world.states, older).progress.status == "superseded"
    (first, second) = (look(world.states, execution).progress for execution in (narrow, newer))
    assert (first.status, second.status) == ("done", "done")
    assert (first.ended or 0) < (second.ended or 0), "one of all findings waits for one of some"
    assert set(world.reads()) == {"ok"}


# From here on fewer findings will do: faults, and commands.


def test_a_sweep_survives_throttling_and_a_killed_function(world):
    world.start_anew(FEW)
    throttled = ScriptedFault(operation="GetFindings", error="TooManyRequestsException", times=12, skip=4)
    world.cloud.control.fault(throttled)
    execution = start_sweep(world.states, world.machine, SweepRequest())
    deadline = time.monotonic() + 60
    time.sleep(4)
    while not (killed := world.cloud.control.kill_functions()) and time.monotonic() < deadline:
        time.sleep(0.5)
    world.rest()
    done = look(world.states, execution)
    assert killed
    assert (done.status, done.progress.status) == ("SUCCEEDED", "done")
    assert world.reads()["TooManyRequestsException"] == throttled.times
    assert world.by_generator("SUPPRESSED") == set(RULES["accepted"])
    assert Counter(world.statuses().values())["SUPPRESSED"] == of_rule("accepted", FEW)


def test_a_sweep_that_was_stopped_goes_on_where_it_was(world, command):
    world.start_anew(FEW)
    world.take_short_steps(2)
    execution = start_sweep(world.states, world.machine, SweepRequest())
    deadline = time.monotonic() + 60
    while look(world.states, execution).progress.pages < 5 and time.monotonic() < deadline:
        time.sleep(0.3)
    world.states.stop_execution(executionArn=execution)
    unfinished = last_unfinished(world.states, world.machine)
    assert unfinished is not None
    assert unfinished.progress.token is not None
    code, told = command("--resume")
    assert (code, told["status"]) == (0, "done")
    assert unfinished.progress.read < told["read"] == FEW, "no finding was read twice"
    assert Counter(world.statuses().values())["SUPPRESSED"] == of_rule("accepted", FEW)


@pytest.fixture
def command(world, monkeypatch):
    """Run `hubtriage sweep` with the local AWS in the environment; its exit code and report."""
    for name, value in world.cloud.environment.items():
        monkeypatch.setenv(name, value)

    def run(*arguments):
        done = CliRunner().invoke(cli, ["sweep", "--json", *arguments])
        world.rest()
        assert done.stdout, done.stderr
        return done.exit_code, json.loads(done.stdout)

    return run


def test_a_deployment_from_the_wrong_branch_waits_until_it_is_confirmed(world, command, standing):
    world.reopen_limit = of_rule("accepted", FEW) - 1
    world.deploy(rule("noisy", mode="observe"), rule("trial", expires=standing[1]["expires"]))
    world.rest()
    waiting = world.last()
    assert (waiting.progress.status, waiting.progress.read) == ("waiting", 0)
    assert "sweep-reopen-limit" in waiting.report["objection"]
    assert world.by_generator("SUPPRESSED") == set(RULES["accepted"])
    code, told = command("--confirm")
    assert (code, told["status"], told["taken_back"]) == (0, "done", of_rule("accepted", FEW))
    assert world.by_generator("SUPPRESSED") == set()
    world.deploy(*standing)
    world.rest()
    assert world.by_generator("SUPPRESSED") == set(RULES["accepted"])


def test_everything_can_be_taken_back_and_stays_so(world, command):
    code, told = command("--take-back", "--yes")
    assert (code, told["status"], told["taken_back"]) == (0, "done", of_rule("accepted", FEW))
    assert world.by_generator("SUPPRESSED") == set()
    code, told = command()
    assert (code, told["status"]) == (1, "intake closed")
    assert world.by_generator("SUPPRESSED") == set()


def test_the_intake_can_be_opened_again(world, command):
    code, told = command("--reopen", "--scope", "active", "--filter", "control=none")
    assert (code, told["status"], told["read"]) == (0, "done", 0)
    code, told = command("--scope", "managed")
    assert (code, told["changed"], told["hidden"]) == (0, of_rule("accepted", FEW), of_rule("accepted", FEW))
    assert world.by_generator("SUPPRESSED") == set(RULES["accepted"])
