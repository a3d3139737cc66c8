"""A ledger that is lost, restored or moved: afterwards nothing changes, and people keep what they decided.

Each story is told of a few findings here, and of thousands where it is marked slow.
"""

import gzip
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hubtriage.aws.ledger.entry_format import read_entry
from hubtriage.aws.switch.mode import FRESH
from hubtriage.engine.planning.entry import Entry
from hubtriage.localaws.cloud import LocalCloud
from hubtriage.localaws.findings import generate
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.support.deployed_stack import DeployedStack, built_stack
from tests.support.paths import ROOT

pytestmark = pytest.mark.e2e

STAYING = """\
rules:
  - id: buckets
    match: {ProductName: [Macie]}
    update: {Criticality: 50}
  - id: entrances
    match: {ProductName: [IAM Access Analyzer]}
    update: {Criticality: 50}
"""
"""More than half of the rules stay: a deployment that ends so many waits for a person."""
FIRST = f"""{STAYING}\
  - id: accepted
    match: {{ProductName: [GuardDuty]}}
    ceiling: CRITICAL
    update:
      Workflow: {{Status: SUPPRESSED}}
      Note: {{Text: "Accepted by the risk owner until the migration of all sandboxes has ended."}}
  - id: tagged
    match: {{ProductName: [Inspector]}}
    update: {{UserDefinedFields: {{team: platform}}, VerificationState: TRUE_POSITIVE}}
"""
SECOND = f"""{STAYING}\
  - id: accepted
    match: {{ProductName: [GuardDuty]}}
    ceiling: CRITICAL
    update:
      Workflow: {{Status: SUPPRESSED}}
      Note: {{Text: "Accepted anew."}}
  - id: weighed
    match: {{ProductName: [Inspector]}}
    update: {{Confidence: 20}}
"""
"""The rules of the lost hour: one note changes, one rule goes, another comes."""
COMMAND = Path(sys.executable).with_name("hubtriage")
TABLE, RESTORED = "hubtriage-ledger", "hubtriage-ledger-2"
SIZES = [pytest.param(220, id="hundreds"), pytest.param(5_500, id="thousands", marks=pytest.mark.slow)]
PATIENCE = 900.0


class Site:
    """A deployed stack, and the commands that a person types."""

    def __init__(self, cloud: LocalCloud, assembly: Path, name: str = "hubtriage") -> None:
        self.cloud, self.name = cloud, name
        self.stack = self._deployed(assembly)

    def _deployed(self, assembly: Path) -> DeployedStack:
        (outputs,) = self.cloud.deploy(assembly).values()
        stack = DeployedStack(self.cloud, outputs)
        stack.rest(PATIENCE)
        return stack

    def redeploy(self, assembly: Path) -> None:
        self.stack = self._deployed(assembly)

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run a command of hubtriage; return all that it prints."""
        done = self._run(*arguments, code=code)
        return done.stdout + done.stderr

    def report(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._run(*arguments, "--json", code=code).stdout)
        return found

    def _run(self, *arguments: str, code: int) -> subprocess.CompletedProcess[str]:
        command = [str(COMMAND), *arguments, "--stack", self.name]
        done = subprocess.run(
            command, cwd=ROOT, env=self.cloud.environment, capture_output=True, text=True, timeout=PATIENCE
        )
        assert done.returncode == code, f"{arguments}: {done.stdout}{done.stderr}"
        return done

    def enforce(self) -> None:
        """Resume, and wait for the end of the sweep that this starts."""
        self.run("mode", "enforce")
        self.stack.rest(PATIENCE)

    def entries(self, table: str = TABLE) -> dict[str, Entry]:
        """The entries of a table by the Id of their finding, in whatever version."""
        client = self.cloud.client("dynamodb")
        pages = client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        items = [item for page in pages for item in page["Items"] if "finding" in item]
        return {json.loads(item["finding"]["S"])[1]: read_entry(item["entry"]["S"], 1) for item in items}

    def state(self) -> dict[str, dict[str, Any]]:
        """What people and triage have set on each finding."""
        names = ("Workflow", "Note", "Criticality", "Confidence", "VerificationState", "UserDefinedFields")
        return {
            found["Id"]: {name: found.get(name) for name in names} for found in self.cloud.control.findings()
        }

    def updates(self) -> int:
        return len(self.cloud.control.updates())

    def of(self, product: str) -> list[dict[str, Any]]:
        found = self.cloud.control.findings()
        return sorted((f for f in found if f["ProductName"] == product), key=lambda f: str(f["Id"]))

    def decide(self, findings: list[dict[str, Any]], **update: Any) -> None:
        """A person changes findings."""
        for start in range(0, len(findings), 100):
            named = [{"Id": f["Id"], "ProductArn": f["ProductArn"]} for f in findings[start : start + 100]]
            self.stack.hub.batch_update_findings(FindingIdentifiers=named, **update)


@contextmanager
def site(folder: Path, rules: str = FIRST, **settings: Any) -> Iterator[Site]:
    with LocalCloud(replace(HubSettings.still(), quotas=False)) as cloud:
        yield Site(cloud, assembly(folder, "first", rules, **settings))


def assembly(folder: Path, name: str, rules: str, **settings: Any) -> Path:
    (folder / name).mkdir()
    (folder / name / "rules.yaml").write_text(rules)
    chosen = {"sweep_wait_seconds": 1, "sweep_reopen_limit": 100_000} | settings
    return built_stack(folder / name, folder / f"{name}.out", **chosen)


def findings(count: int, seed: int = 1) -> list[dict[str, Any]]:
    found = generate(count, seed=seed, producers=("guardduty", "inspector"), touched=0)
    return [{**each, "RecordState": "ACTIVE"} for each in found]


def filled(it: Site, count: int) -> None:
    """Import findings, and have people decide otherwise on some of them."""
    it.stack.import_findings(findings(count))
    it.stack.rest(PATIENCE)
    assert {f["Workflow"]["Status"] for f in it.of("GuardDuty")} == {"SUPPRESSED"}
    it.decide(it.of("GuardDuty")[:7], Workflow={"Status": "NEW"})
    it.decide(it.of("Inspector")[:7], VerificationState="FALSE_POSITIVE")
    it.stack.rest(PATIENCE)


def lose_table(it: Site) -> None:
    """Delete the ledger, whatever protects it, and make an empty table of its name."""
    tables = it.cloud.client("dynamodb")
    tables.update_table(TableName=TABLE, DeletionProtectionEnabled=False)
    tables.delete_table(TableName=TABLE)
    tables.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


@pytest.mark.parametrize("count", SIZES)
def test_a_lost_ledger_is_rebuilt_and_nothing_changes(tmp_path: Path, count: int) -> None:
    with site(tmp_path) as it:
        filled(it, count)
        before, held = it.state(), it.entries()
        assert len(held) == count

        refused = it.run("ledger", "rebuild", "--from-log", "--yes", code=1)
        assert "is in enforce" in refused
        assert "hubtriage mode reopen" in refused
        it.run("mode", "reopen")
        lose_table(it)
        assert it.report("ledger", "rebuild", "--from-log", "--dry-run")["added"] == count
        assert it.entries() == {}
        rebuilt = it.report("ledger", "rebuild", "--from-log", "--yes")
        assert (rebuilt["added"], rebuilt["failed"], rebuilt["unusable"]) == (count, [], {})
        assert it.entries() == held, "the log has all that the table had"
        again = it.report("ledger", "rebuild", "--from-log", "--yes")
        assert (again["added"], again["replaced"], again["same"]) == (0, 0, count)

        updates = it.updates()
        it.enforce()
        assert it.updates() == updates, "the sweep sends nothing"
        assert it.state() == before
        assert it.entries() == held

        it.redeploy(assembly(tmp_path, "second", STAYING))
        assert {f["Workflow"]["Status"] for f in it.of("GuardDuty")} == {"NEW"}, "nothing stays hidden"
        assert {f["VerificationState"] for f in it.of("Inspector")[:7]} == {"FALSE_POSITIVE"}


@pytest.mark.slow
def test_without_rebuilding_what_was_hidden_would_stay_hidden(tmp_path: Path) -> None:
    """The witness for the story before: it can fail. Notes are not asked about in any history."""
    with site(tmp_path) as it:
        filled(it, 40)
        it.run("mode", "reopen")
        lose_table(it)
        it.enforce()
        it.redeploy(assembly(tmp_path, "second", STAYING))
        it.stack.rest(PATIENCE)
        notes = {f.get("Note", {}).get("Text") for f in it.of("GuardDuty")}
        assert "Accepted by the risk owner until the migration of all sandboxes has ended." in notes


@pytest.mark.parametrize("count", SIZES)
def test_a_restored_ledger_gets_back_what_came_after(tmp_path: Path, count: int) -> None:
    with site(tmp_path) as it:
        filled(it, count)
        moment = time.time()
        time.sleep(2)
        it.redeploy(assembly(tmp_path, "second", SECOND))  # in the hour that is lost then
        it.stack.import_findings(findings(60, seed=2))
        it.stack.rest(PATIENCE)
        it.decide(it.of("GuardDuty")[-9:-2], Workflow={"Status": "NEW"})
        it.decide(it.of("Inspector")[-9:-2], Confidence=77)
        it.stack.rest(PATIENCE)
        before, held = it.state(), it.entries()

        it.run("mode", "reopen")
        it.cloud.client("dynamodb").restore_table_to_point_in_time(
            SourceTableName=TABLE, TargetTableName=RESTORED, RestoreDateTime=moment
        )
        assert len(it.entries(RESTORED)) == count
        third = assembly(tmp_path, "third", SECOND, ledger_table=RESTORED)
        it.redeploy(third)
        rebuilt = it.report("ledger", "rebuild", "--from-log", "--since", stamp(moment - 60), "--yes")
        assert rebuilt["failed"] == []
        assert rebuilt["replaced"] >= count // 2
        assert it.entries(RESTORED) == held

        updates = it.updates()
        it.enforce()
        assert it.updates() == updates
        assert it.state() == before
        assert it.entries(RESTORED) == held


def stamp(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


MEMBER = "111122223333"


def test_a_ledger_is_moved_to_another_name_and_account_without_an_update(tmp_path: Path) -> None:
    """From a member, which triaged its own findings, to the administrator, who has them all.

    One entry of the export is lost on the way: its finding's history names the member's role, and what that
    role has hidden is taken for triage's own.
    """
    with LocalCloud(replace(HubSettings.still(), quotas=False, gathers=True)) as cloud:
        member = cloud.seen_from(account=MEMBER)
        member.client("securityhub").enable_security_hub()
        old = Site(member, assembly(tmp_path, "first", FIRST))
        mine = [{**each, "AwsAccountId": MEMBER} for each in findings(120)]
        old.stack.import_findings(mine)
        old.stack.rest(PATIENCE)
        old.decide(old.of("GuardDuty")[:7], Workflow={"Status": "NEW"})
        old.stack.rest(PATIENCE)
        assert "is in enforce" in old.run("ledger", "export", str(tmp_path / "backup.jsonl"))
        old.run("mode", "observe")
        time.sleep(FRESH)  # until a function that runs already asks again
        old.decide(
            old.of("GuardDuty")[7:9], Workflow={"Status": "NOTIFIED"}
        )  # which the old stack never sees
        before, held = old.state(), old.entries()
        file = tmp_path / "moved.jsonl.gz"
        assert old.report("ledger", "export", str(file))["entries"] == len(held) == 120
        lost = old.of("GuardDuty")[-1]["Id"]
        shorter = without(file, lost, tmp_path / "shorter.jsonl")
        del held[lost]

        new = Site(
            cloud, assembly(tmp_path, "second", FIRST, stack_name="moved", initial_mode="observe"), "moved"
        )
        assert "was in enforce" in new.run(
            "ledger", "import", str(tmp_path / "backup.jsonl"), "--yes", code=1
        )
        planned = new.report("ledger", "import", str(shorter), "--dry-run")
        assert (planned["written"], planned["dry_run"]) == (119, True)
        assert new.entries("moved-ledger") == {}
        assert new.report("ledger", "import", str(shorter), "--yes")["written"] == 119
        again = new.report("ledger", "import", str(shorter), "--yes")
        assert (again["written"], again["already_there"]) == (0, 119)
        assert new.entries("moved-ledger") == held

        new.enforce()
        assert new.updates() == 0, "counted at the administrator's hub"
        assert new.state() == before
        new.stack.import_findings([each for each in mine if each["Id"] == lost])
        new.stack.rest(PATIENCE)
        (finding,) = [each for each in new.of("GuardDuty") if each["Id"] == lost]
        assert finding["Workflow"]["Status"] == "SUPPRESSED"
        entry = new.entries("moved-ledger")[lost]
        assert entry.claims["Workflow.Status"].value == "SUPPRESSED"
        assert not entry.claims["Workflow.Status"].person, "the member's role was triage"
        people = [new.entries("moved-ledger")[each["Id"]] for each in new.of("GuardDuty")[7:9]]
        assert all(entry.claims["Workflow.Status"].person for entry in people)

        new.redeploy(assembly(tmp_path, "third", STAYING, stack_name="moved"))
        statuses = [each["Workflow"]["Status"] for each in new.of("GuardDuty")]
        assert statuses[7:9] == ["NOTIFIED"] * 2
        assert {*statuses[:7], *statuses[9:]} == {"NEW"}, "the new stack takes back what the old one did"


def without(export: Path, finding_id: str, target: Path) -> Path:
    """The export with one entry less."""
    lines = gzip.decompress(export.read_bytes()).decode().splitlines()
    kept = [line for line in lines[:-1] if json.loads(line).get("finding_id") != finding_id]
    end = json.dumps({"end": True, "entries": len(kept) - 1, "damaged": 0}, separators=(",", ":"))
    target.write_text("".join(f"{line}\n" for line in [*kept, end]))
    return target


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A stack with some entries, in `reopen`."""
    with site(tmp_path_factory.mktemp("small")) as it:
        some = findings(12)
        it.stack.import_findings([{**f, "Id": f"{f['Id']}/{n % 2}"} for n, f in enumerate(some)])
        it.stack.rest(PATIENCE)
        it.run("mode", "reopen")
        yield it


def test_an_entry_is_shown_by_its_finding_or_the_end_of_its_id(small: Site) -> None:
    finding = small.of("GuardDuty")[0]
    whole = small.run("ledger", "show", finding["Id"])
    assert whole.splitlines()[:2] == [finding["Id"], finding["ProductArn"]]
    assert "  Note.Text: a longer value  accepted; since " in whole
    assert "  Workflow.Status: SUPPRESSED  accepted; since " in whole
    end = finding["Id"][-20:]
    for arguments in ([end], [end, "--product-arn", finding["ProductArn"]]):
        again = small.run("ledger", "show", *arguments)
        assert set(again.splitlines()) ^ set(whole.splitlines()) <= {*_ago(again), *_ago(whole)}
    shown = small.report("ledger", "show", finding["Id"])
    assert (shown["finding_id"], shown["version"]) == (finding["Id"], 2)
    assert read_entry(json.dumps(shown["entry"]), 1) == small.entries()[finding["Id"]]
    assert f"no entry of {end}x" in small.run("ledger", "show", f"{end}x", code=1)
    assert "no entry of" in small.run(
        "ledger", "show", finding["Id"], "--product-arn", "arn:aws:other", code=1
    )
    several = small.run("ledger", "show", "/1", code=2)
    assert "6 findings fit" in several
    assert several.count("/1\n") == 6
    assert "must not be empty" in small.run("ledger", "show", "", code=2)


def _ago(shown: str) -> list[str]:
    """The line that says how long ago something was."""
    return [line for line in shown.splitlines() if line.endswith(" ago")]


def test_what_an_import_refuses_leaves_the_table_as_it_was(small: Site, tmp_path: Path) -> None:
    good, broken = tmp_path / "good.jsonl", tmp_path / "broken.jsonl"
    assert "12 entries in" in small.run("ledger", "export", str(good))
    assert "is there already" in small.run("ledger", "export", str(good), code=2)
    before = small.entries()
    assert small.report("ledger", "import", str(good), "--yes")["already_there"] == 12
    header, *lines, end = good.read_text().splitlines(keepends=True)

    broken.write_text("".join([header, "nonsense\n", *lines[1:], lines[1]]))
    refused = small.run("ledger", "import", str(broken), "--yes", code=2)
    assert [line.partition(": ")[2][:14] for line in refused.splitlines()[:-2]] == [
        "line 2: not JS", "line 14: [\"arn", "after line 14:",
    ]  # fmt: skip
    assert "is not a complete export: nothing was imported" in refused

    changed = [line.replace('"version":', '"version":1') for line in lines]
    changed[0] = changed[0].replace('"SUPPRESSED"', '"RESOLVED"').replace('"TRUE_POSITIVE"', '"UNKNOWN"')
    broken.write_text("".join([header.replace('"export":"', '"export":"x'), *changed, end]))
    refused = small.run("ledger", "import", str(broken), "--yes", code=1)
    assert "hubtriage-ledger has another entry for 1 of these findings: nothing was imported" in refused

    strange = [line.replace('"finding_id":"', '"finding_id":"x') for line in lines]
    broken.write_text("".join([header, *strange, end]))
    assert "shows 0 of 12 findings of the file" in small.run("ledger", "import", str(broken), "--yes", code=1)

    other = json.loads(header) | {"account": "111122223333", "mode": "reopen"}
    broken.write_text("".join([json.dumps(other) + "\n", *lines, end]))
    refused = small.run("ledger", "import", str(broken), "--yes", code=1)
    assert "was in reopen when it was exported" in refused
    assert "--source-stopped" in refused
    assert small.report("ledger", "import", str(broken), "--yes", "--source-stopped")["already_there"] == 12

    future = json.loads(header) | {"at": time.time() + 3600}
    broken.write_text("".join([json.dumps(future) + "\n", *lines, end]))
    assert "export time in the future" in small.run("ledger", "import", str(broken), "--yes", code=2)
    assert small.entries() == before


def test_a_missing_table_or_stack_is_said_in_a_line(small: Site, tmp_path: Path) -> None:
    elsewhere = Site.__new__(Site)
    elsewhere.cloud, elsewhere.name = small.cloud, "nothing"
    said = elsewhere.run("ledger", "show", "x", code=2)
    assert said.startswith("Error: there is no stack nothing in ")
    tables = small.cloud.client("dynamodb")
    tables.update_table(TableName=TABLE, DeletionProtectionEnabled=False)
    tables.delete_table(TableName=TABLE)
    for arguments in (
        ("show", "x"),
        ("export", str(tmp_path / "x.jsonl")),
        ("rebuild", "--from-log", "--yes"),
    ):
        said = small.run("ledger", *arguments, code=1)
        assert said.startswith("Error: ResourceNotFoundException: table hubtriage-ledger"), said
        assert len(said.splitlines()) == 2, said
        assert "docs/ledger.md" in said
    assert list(tmp_path.iterdir()) == []
    assert "choose what to rebuild from: --from-log" in small.run("ledger", "rebuild", code=2)
