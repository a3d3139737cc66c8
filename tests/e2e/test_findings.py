"""`hubtriage findings` over HTTP, from a deployed stack that holds things, with IAM in force."""

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hubtriage.aws.clock import SystemClock
from hubtriage.aws.ledger.dynamodb import DynamoLedger
from hubtriage.cli.inputs.hub import WITHOUT
from hubtriage.engine.planning.entry import Claim, Entry, Intent
from hubtriage.engine.text.timestamps import parse_timestamp
from hubtriage.localaws.securityhub.faults import ScriptedFault
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.e2e.documented import commands, statements
from tests.support.acting import created_role, session_of
from tests.support.deployed_stack import DeployedStack, built_stack, deployed_stack

pytestmark = pytest.mark.e2e

HUBTRIAGE = str(Path(sys.executable).with_name("hubtriage"))
RULES = """\
rules:
  - id: accepted
    match: {GeneratorId: [accepted]}
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted until March.}}
  - id: watched
    match: {GeneratorId: [watched]}
    update: {UserDefinedFields: {team: platform}}
"""
FEWER = RULES.replace("[accepted]", "[nothing]")
HOUR = 3_600
TYPES = {"html": "text/html; charset=utf-8", "json": "application/json"}
ACCEPTED, WATCHED, OTHERS = 120, 60, 120
TAKEN_BACK = ACCEPTED - 2
"""With the rule gone: all but what a person holds, and what nobody can decide."""


class ExportedStack:
    """A stack that holds things, and the command line of somebody with these AWS credentials."""

    def __init__(self, stack: DeployedStack, folder: Path) -> None:
        self.stack, self.folder = stack, folder
        account = stack.cloud.account
        self.product = f"arn:aws:securityhub:{stack.cloud.region}:{account}:product/{account}/default"

    def command(self, *arguments: str, **environment: str) -> list[Any]:
        return [[HUBTRIAGE, *arguments], self._environment() | environment]

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command, variables = self.command(*arguments, **environment)
        return subprocess.run(
            command, cwd=self.folder, env=variables, capture_output=True, text=True, timeout=180, check=False
        )

    def json(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--json")
        assert done.returncode in (0, 1), done.stderr
        return json.loads(done.stdout)

    def ids(self, name: str) -> Counter[str]:
        _header, *lines = (self.folder / name).read_text().splitlines()
        return Counter(json.loads(line)["finding"]["Id"] for line in lines)

    def finding(self, number: int, generator: str, **members: Any) -> dict[str, Any]:
        return {
            "SchemaVersion": "2018-10-08",
            "Id": f"{generator}-{number}",
            "ProductArn": self.product,
            "GeneratorId": generator,
            "AwsAccountId": self.stack.cloud.account,
            "CreatedAt": "2026-10-01T00:00:00Z",
            "UpdatedAt": "2026-10-01T00:00:00Z",
            "Title": "T",
            "Description": "D",
            "Types": ["Software and Configuration Checks"],
            "Severity": {"Label": "LOW"},
            "Resources": [{"Type": "Other", "Id": "x"}],
            "RecordState": "ACTIVE",
            "Workflow": {"Status": "NEW"},
            **members,
        }

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        cache = {"XDG_CACHE_HOME": str(self.folder / "cache")}
        return kept | self.stack.cloud.environment | cache


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExportedStack]:
    """A stack with findings that rules hide, that a person reopened, and that old intents are about."""
    folder = tmp_path_factory.mktemp("exported")
    for name, rules in (("rules", RULES), ("fewer", FEWER)):
        (folder / name).mkdir()
        (folder / name / "rules.yaml").write_text(rules)
    assembly = built_stack(folder / "rules", folder / "out")
    with deployed_stack(assembly, HubSettings.still(), auth=True) as stack:
        made = ExportedStack(stack, folder)
        counts = {"accepted": ACCEPTED, "watched": WATCHED, "others": OTHERS}
        stack.import_findings(
            [made.finding(number, name) for name, count in counts.items() for number in range(count)]
        )
        stack.rest()
        _overrule(made, "accepted-0")
        _leave_open(made)
        yield made


def _overrule(site: ExportedStack, finding_id: str) -> None:
    site.stack.hub.batch_update_findings(
        FindingIdentifiers=[{"Id": finding_id, "ProductArn": site.product}],
        Workflow={"Status": "NEW"},
        Note={"Text": "Not this one.", "UpdatedBy": "ana"},
    )
    site.stack.rest()


def _leave_open(site: ExportedStack) -> None:
    """As if a function had died after its update of the one, and another before that of the other."""
    keys = {name: (site.product, name) for name in ("accepted-1", "accepted-2")}
    table = site.stack.outputs["LedgerTableName"]
    ledger = DynamoLedger(site.stack.cloud.client("dynamodb"), table, SystemClock())
    held = ledger.read(keys.values()).entries
    done, undone = (held[key] for key in keys.values())
    was = {"Workflow.Status": "NEW", "Note.Text": None}
    happened = Intent(done.claims, done.written, was, time.time() - HOUR)
    lowered = {"Severity.Label": "INFORMATIONAL"}
    claims = {**undone.claims, "Severity.Label": Claim("INFORMATIONAL", "accepted")}
    open_ = Intent(claims, lowered, {"Severity.Label": "LOW"}, time.time() - HOUR)
    changed = {
        keys["accepted-1"]: Entry(version=done.version, intent=happened),
        keys["accepted-2"]: replace(undone, started=1.0, ended=2.0, intent=open_),
    }
    assert set(ledger.write(changed).versions) == set(keys.values())


def test_offline_and_live_say_the_same_and_it_is_what_the_stack_would_do(site: ExportedStack) -> None:
    done = site.run("findings", "all.jsonl")
    assert done.returncode == 0, done.stderr
    total, held = ACCEPTED + WATCHED + OTHERS, ACCEPTED + WATCHED
    assert done.stderr == (f"{total} findings exported to all.jsonl, {held} with entries, 1 undecidable\n"), (
        "progress is for terminals alone"
    )
    assert set(site.ids("all.jsonl").values()) == {1}
    for rules in ("rules", "fewer"):
        offline = site.json("backtest", "all.jsonl", "--rules", rules)
        live = site.json("backtest", "--live", "--rules", rules)
        assert _less(live) == _less(offline)
        assert offline["totals"]["findings"] == total
        assert offline["totals"]["undecidable"] == 1
    assert offline["totals"]["taken_back"] == offline["totals"]["changed"] == TAKEN_BACK
    # A sweep counts by itself what has an open update: there the other hand decides, triage.
    dry = site.json("sweep", "--dry-run", "--rules", "fewer")
    assert (dry["changed_by_rule"], dry["doubtful"]) == ({"accepted": TAKEN_BACK - 1}, 2)


def test_the_register_of_exceptions_balances_with_the_service(site: ExportedStack) -> None:
    by_hand = {"Id": "others-0", "ProductArn": site.product}
    site.stack.hub.batch_update_findings(FindingIdentifiers=[by_hand], Workflow={"Status": "SUPPRESSED"})
    try:
        told = site.json("exceptions", "--live", "--fresh", "--rules", "rules")
        found = site.stack.findings().values()
        hidden = [one for one in found if one["Workflow"]["Status"] in ("SUPPRESSED", "RESOLVED")]
        assert told["hidden"]["hidden"] == len(hidden) == ACCEPTED
        assert (told["hidden"]["by_rules"], told["hidden"]["by_others"]) == (ACCEPTED - 1, 1)
        assert [one["id"] for one in told["hidden"]["others"]] == ["others-0"]
        _by_whom_it_is_hidden(site, told["hidden"])
        (row,) = told["exceptions"]
        assert (row["rule"], row["holds"]["findings"], row["holds"]["overruled"]) == (
            "accepted",
            ACCEPTED - 1,
            1,
        )
    finally:
        site.stack.hub.batch_update_findings(FindingIdentifiers=[by_hand], Workflow={"Status": "NEW"})
        site.stack.rest()


def _by_whom_it_is_hidden(site: ExportedStack, hidden: dict[str, Any]) -> None:
    """The history names the person; who may not read it hears so, and gets the rest of the register."""
    (example,), counts = hidden["others"], hidden["by_whom"]
    who = str(site.stack.cloud.client("sts").get_caller_identity()["Arn"])
    assert (counts["principals"], counts["no_record"]) == ({example["by"]: 1}, 0)
    assert example["by"] == who
    assert abs(parse_timestamp(example["at"]) - time.time()) < HOUR
    command = ("exceptions", "--live", "--rules", "rules", "--json")
    reading = statements("export", RIGHTS, site.stack.cloud.account)
    session = session_of(site.stack.cloud, created_role(site.stack.cloud, "no-history", *reading))
    denied = site.run(*command, **session)
    assert denied.returncode == 2
    assert "who hid 1 finding: AccessDenied" in denied.stderr
    assert "allow securityhub:GetFindingHistory" in denied.stderr
    told = json.loads(denied.stdout)["hidden"]
    assert (told["by_others"], told["by_whom"]["unread"]) == (1, 1)
    fault = ScriptedFault(operation="GetFindingHistory", error="LimitExceededException", times=2)
    site.stack.cloud.control.fault(fault)
    again = json.loads(site.run(*command).stdout)["hidden"]
    assert again["by_whom"] == counts, "it is tried again"


def test_the_register_is_published_with_the_documented_rights_and_no_others(site: ExportedStack) -> None:
    cloud = site.stack.cloud
    bucket = f"hubtriage-register-{cloud.account}"
    storage = cloud.client("s3")
    where = {"CreateBucketConfiguration": {"LocationConstraint": cloud.region}}
    storage.create_bucket(Bucket=bucket, **where)
    rights = statements("exceptions", "A snapshot each day", cloud.account)
    session = session_of(cloud, created_role(cloud, "register", *rights))
    command = ("exceptions", "--live", "--rules", "rules", "--publish")
    done = site.run(*command, f"s3://{bucket}/hub/", **session)
    assert done.returncode == 0, done.stderr
    objects = {one["Key"]: storage.get_object(Bucket=bucket, Key=one["Key"])
               for one in storage.list_objects_v2(Bucket=bucket)["Contents"]}  # fmt: skip
    bodies = {key.rpartition(".")[2]: [] for key in objects}
    for key, one in sorted(objects.items()):
        bodies[key.rpartition(".")[2]].append(one["Body"].read())
        assert one["ContentType"] == TYPES[key.rpartition(".")[2]]
        assert one["CacheControl"] == "no-cache"
    told = json.loads(bodies["json"][0])
    name = f"hub/register-{told['now'][:10]}-{told['ruleset'][:12]}"
    assert sorted(objects) == ["hub/latest.html", "hub/latest.json", f"{name}.html", f"{name}.json"]
    assert all(latest == dated for latest, dated in bodies.values())
    assert (told["hidden"]["by_rules"], told["source"]["name"]) == (ACCEPTED - 1, "Security Hub")
    said = [line for line in done.stderr.splitlines() if line.startswith("published")]
    assert said[0] == f"published s3://{bucket}/{name}.html"
    assert said[3] == f"published s3://{bucket}/hub/latest.json"
    for place, code, hint in (
        (f"s3://{bucket}/elsewhere", "AccessDenied", "lists the permissions"),
        (f"s3://{bucket}-2/hub", "NoSuchBucket", "create the bucket"),
    ):
        failed = site.run(*command, place, **(session if code == "AccessDenied" else {}))
        assert failed.returncode == 2
        assert f"Error: {place}/register-" in failed.stderr
        assert code in failed.stderr
        assert hint in failed.stderr


def _less(report: dict[str, Any]) -> dict[str, Any]:
    """The report without what differs between any two runs."""
    return {name: value for name, value in report.items() if name not in ("source", "now")}


def test_under_the_rules_of_the_stack_nothing_is_left_to_do(site: ExportedStack) -> None:
    site.run("findings", "all.jsonl")
    planned = site.run("plan", "all.jsonl", "--json").stdout.splitlines()
    lines = {line["finding_id"]: line for line in map(json.loads, planned)}
    assert [name for name, line in lines.items() if line["update"]] == []
    assert [kept["field"] for kept in lines["accepted-0"]["kept"]] == ["Workflow.Status", "Note.Text"]
    assert lines["accepted-2"]["undecidable"] == "an update was left open, and the finding does not show it"
    told = site.run("explain", "all.jsonl", "--id", "accepted-11").stdout
    assert "SUPPRESSED  held by triage: the field still has this value; set by accepted" in told


def test_without_entries_the_commands_say_what_is_missing(site: ExportedStack) -> None:
    done = site.run("findings", "raw.jsonl", "--without-entries")
    assert done.stderr.endswith(" findings exported to raw.jsonl, without entries\n")
    told = site.run("backtest", "raw.jsonl", "--rules", "fewer")
    assert f"{ACCEPTED - 1} findings have notes of triage but no entries" in told.stderr
    assert site.json("backtest", "raw.jsonl", "--rules", "fewer")["totals"]["taken_back"] == 0


def test_the_lines_are_printed_without_a_file(site: ExportedStack) -> None:
    high = json.dumps({"Id": [{"Value": "watched-", "Comparison": "PREFIX"}]})
    done = site.run("findings", "--filters", high)
    header, *lines = map(json.loads, done.stdout.splitlines())
    assert header["account"] == site.stack.cloud.account
    assert header["table"] == site.stack.outputs["LedgerTableName"]
    assert len(lines) == WATCHED
    piped = subprocess.run(
        [HUBTRIAGE, "plan", "-", "--json"],
        cwd=site.folder,
        input=done.stdout,
        capture_output=True,
        text=True,
        check=True,
    )
    assert [json.loads(line)["update"] for line in piped.stdout.splitlines()] == [None] * WATCHED


def test_ctrl_c_ends_it_and_the_same_command_goes_on(site: ExportedStack) -> None:
    name = "interrupted.jsonl.gz"
    site.stack.cloud.control.fault(ScriptedFault(operation="GetFindings", delay=8.0, skip=2))
    command, environment = site.command("findings", name)
    process = subprocess.Popen(
        command,
        cwd=site.folder,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_as_in_a_terminal,
    )
    _await_pages(site.folder / f"{name}.cursor", 2)
    process.send_signal(signal.SIGINT)
    _stdout, said = process.communicate(timeout=60)
    stopped = "stopped: the same command with --resume continues from there\n"
    assert (process.returncode, said) == (130, stopped)
    assert not (site.folder / name).exists()
    again = site.run("findings", name)
    assert (again.returncode, "continue with --resume, or start again with --fresh" in again.stderr) == (
        2,
        True,
    )
    done = site.run("findings", name, "--resume")
    assert done.returncode == 0, done.stderr
    assert sorted(file.name for file in site.folder.glob(f"{name}*")) == [name]
    wanted = site.json("backtest", "--live", "--rules", "fewer")
    assert _less(site.json("backtest", name, "--rules", "fewer")) == _less(wanted)


def _as_in_a_terminal() -> None:
    """Heed Ctrl-C also where the tests run in the background of a shell, which sets it aside."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _await_pages(cursor: Path, pages: int) -> None:
    deadline = time.monotonic() + 60
    while not cursor.exists() or json.loads(cursor.read_text())["findings"] < pages * 100:
        assert time.monotonic() < deadline
        time.sleep(0.05)


NUMBERS = itertools.count(1)
RIGHTS = "What it needs to be allowed"
MISSING = [
    pytest.param(
        "securityhub:GetFindings", "securityhub:GetFindings: AccessDenied", "docs/export.md", id="hub"
    ),
    pytest.param(
        "dynamodb:BatchGetItem", "dynamodb:BatchGetItem: AccessDenied", "--without-entries", id="table"
    ),
    pytest.param(
        "cloudformation:DescribeStacks",
        "cloudformation:DescribeStacks: An error occurred (AccessDenied)",
        "HUBTRIAGE_LEDGER_TABLE",
        id="stack",
    ),
]


def _session(site: ExportedStack, *without: str) -> dict[str, str]:
    """Credentials with the documented rights, less some."""
    rights = [
        each
        for each in statements("export", RIGHTS, site.stack.cloud.account)
        if each["Action"] not in without
    ]
    return session_of(site.stack.cloud, created_role(site.stack.cloud, f"export-{next(NUMBERS)}", *rights))


@pytest.mark.slow
@pytest.mark.parametrize(("action", "said", "hint"), MISSING)
def test_each_right_that_is_missing_is_named_in_one_line(
    action: str, said: str, hint: str, site: ExportedStack
) -> None:
    name = f"{action.partition(':')[0]}.jsonl"
    done = site.run("findings", name, **_session(site, action))
    assert done.returncode == 1
    problem, told = done.stderr.splitlines()
    assert problem.startswith(f"Error: {said}")
    assert hint in told
    assert not (site.folder / name).exists()
    live = site.run("backtest", "--live", "--fresh", **_session(site, action))
    assert (live.returncode, live.stdout) == (2, "")
    assert said in live.stderr


@pytest.mark.slow
def test_the_documented_rights_suffice_for_the_documented_commands(site: ExportedStack) -> None:
    session = _session(site)
    for heading, lines in commands("export").items():
        for line in lines:
            if "--against" in line or "--resume" in line:
                continue  # a repository is needed; and an interrupted export, see above
            done = subprocess.run(
                ["bash", "-c", line.replace("hubtriage ", f"{HUBTRIAGE} ", 1)],
                cwd=site.folder,
                env=site.command(**session)[1],
                capture_output=True,
                text=True,
                timeout=180,
                check=False,
            )
            assert done.returncode == 0, f"{heading}: {line}\n{done.stderr}"
    without = _session(site, "cloudformation:DescribeStacks")
    table = site.stack.outputs["LedgerTableName"]
    done = site.run("findings", "named.jsonl", HUBTRIAGE_LEDGER_TABLE=table, **without)
    assert done.returncode == 0, done.stderr


def test_a_stack_that_is_not_there_is_not_taken_for_one_without_entries(site: ExportedStack) -> None:
    done = site.run("findings", "none.jsonl", "--stack", "nothing")
    assert (done.returncode, done.stderr) == (
        1,
        f"Error: there is no stack nothing here\n  hint: name it with --stack, or {WITHOUT}\n",
    )
