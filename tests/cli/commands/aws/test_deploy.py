"""`hubtriage deploy`: what ends it before anything is deployed, its order, and what it says at the end."""

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner, Result

from hubtriage.authoring.compiler import compile_ruleset
from hubtriage.aws.deployment.objections import Deployed, NoIdentity
from hubtriage.cli.commands.aws import deploy
from hubtriage.cli.deploying import applying, deployed, planning, tools
from hubtriage.cli.deploying.changes import Holdings
from hubtriage.cli.deploying.deployed import DeployedRuleset
from hubtriage.cli.main import cli
from hubtriage.doctor.verdict import CheckResult, Verdict
from hubtriage.settings.origin import rules_identity
from tests.aws.deployment.test_identity import identity
from tests.cli.commands.aws.test_sweep import execution
from tests.cli.deploying.test_formation import Formation
from tests.cli.deploying.test_tools import program

RULES = """\
rules:
  - id: kept
    match: {ProductName: [Macie]}
    update: {Criticality: 50}
    tests:
      - {name: macie, finding: {ProductName: Macie}, expect: {Criticality: 50}}
"""
MORE = """\
  - {id: ended, match: {ProductName: [Macie]}, update: {Criticality: 40}}
"""
CDK = """\
import json, pathlib, sys
calls = pathlib.Path("calls.jsonl").open("a")
print(json.dumps(sys.argv[1:]), file=calls, flush=True)
if sys.argv[1] == "synth":
    out = pathlib.Path(sys.argv[sys.argv.index("--output") + 1])
    out.mkdir()
    hash = pathlib.Path("hash").read_text()
    for name in pathlib.Path("names").read_text().split():
        (out / f"{name}.template.json").write_text(json.dumps({"Outputs": {"RulesHash": {"Value": hash}}}))
elif pathlib.Path("fails").exists():
    print("something that CDK says")
    sys.exit(1)
"""


class Account:
    """An account in which everything that the command asks for is known."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.deployed: DeployedRuleset | None = None
        self.formation = Formation()
        self.verdict = Verdict("ok", "fine")
        self.meanwhile: Deployed | None = None
        self.started: list[str] = []
        monkeypatch.setattr(planning, "account_of_credentials", lambda: "111122223333")
        monkeypatch.setattr(planning, "read_deployed", lambda _stack: self.deployed)
        monkeypatch.setattr(planning, "holdings_of", lambda _outputs, _rules: Holdings())
        monkeypatch.setattr(applying, "client", lambda _service: self.formation)
        monkeypatch.setattr(deploy, "outputs", lambda _stack: {"SweepArn": "arn:sweep"})
        monkeypatch.setattr(deploy, "client", lambda _service: self)
        monkeypatch.setattr(deployed, "client", lambda _service: self)
        self.sweeps: list[str] = []
        monkeypatch.setattr(deploy.Examination, "run", lambda _self, _stack: self._examined())
        monkeypatch.setattr(tools, "POLL", 0.05)

    @property
    def meta(self) -> Any:
        return SimpleNamespace(region_name=os.environ["AWS_DEFAULT_REGION"])

    def get_parameter(self, **request: Any) -> dict[str, Any]:
        assert self.deployed is not None
        identity = self.meanwhile or self.deployed.identity
        if isinstance(identity, NoIdentity):
            if request["Name"].endswith("/rules"):
                raise ClientError({"Error": {"Code": "ParameterNotFound", "Message": "none"}}, "GetParameter")
            return {"Parameter": {"Value": "enforce"}}
        return {"Parameter": {"Value": identity.as_record()}}

    def list_executions(self, **_request: Any) -> dict[str, Any]:
        new = self.started if any(call[0] == "deploy" for call in self.calls()) else []
        listed = [*new, *self.sweeps]
        return {"executions": [{"name": name, "executionArn": f"arn:{name}"} for name in listed]}

    def describe_execution(self, **_request: Any) -> dict[str, Any]:
        return execution("done")

    def _examined(self) -> tuple[list[CheckResult], dict[str, Any]]:
        return [CheckResult("hub", "Hub", self.verdict)], {"checks": []}

    def has(self, rules: str, found: Deployed | None = None) -> None:
        """Let these rules be deployed."""
        before = self.folder / "before"
        before.mkdir()
        (before / "rules.yaml").write_text(rules)
        document = compile_ruleset(before, revision=None)
        # The same name of a folder without git: neither repository is known.
        identity = found or rules_identity(self.folder / "rules", document)
        self.sweeps = ["changed-deploy-before", "whole-schedule"]
        self.deployed = DeployedRuleset({"FunctionName": "f"}, identity, document)

    def calls(self) -> list[list[str]]:
        """What CDK was called with."""
        path = self.folder / "calls.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Account:
    """A repository that can be deployed, and an account to deploy to."""
    folder = tmp_path / "triage"
    (folder / "rules").mkdir(parents=True)
    (folder / "rules" / "rules.yaml").write_text(RULES)
    (folder / "cdk.json").write_text("{}")
    (folder / "names").write_text("hubtriage")
    (folder / "hash").write_text(compile_ruleset(folder / "rules", revision=None)["hash"])
    program(folder / "node_modules" / ".bin", CDK)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    return Account(folder, monkeypatch)


def run(*options: str) -> Result:
    return CliRunner().invoke(cli, ["deploy", *options])


def test_where_no_one_can_be_asked_it_needs_yes(account: Account) -> None:
    done = run()
    assert (done.exit_code, account.calls()) == (2, [])
    assert "there is no terminal to ask in" in done.stderr
    assert "give --yes" in done.stderr


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        pytest.param(RULES.replace("match", "mtch"), "1 error in 1 file", id="an error"),
        pytest.param(RULES.replace("Criticality: 50}}", "Criticality: 7}}"), "1 test failed", id="a test"),
    ],
)
def test_rules_that_are_not_in_order_end_it(account: Account, rules: str, words: str) -> None:
    (account.folder / "rules" / "rules.yaml").write_text(rules)
    done = run("--yes")
    assert (done.exit_code, account.calls()) == (1, [])
    assert words in done.stderr


def test_a_first_deployment(account: Account) -> None:
    done = run("--yes")
    assert done.exit_code == 0, done.output
    assert "deployed: nothing; this is the first deployment" in done.stdout
    assert "lint: 1 rule without errors" in done.stderr
    assert "test: 1 test passed" in done.stderr
    [synth, applied] = account.calls()
    assert synth[:2] == ["synth", "--quiet"]
    assert "-c" not in synth
    assert applied[:2] == ["deploy", "hubtriage"]
    assert "no sweep was started" in done.stdout


def test_a_rule_that_ends_is_named_and_nothing_is_deployed_to_show_it(account: Account) -> None:
    account.has(RULES + MORE)
    done = run("--dry-run")
    assert (done.exit_code, account.calls()) == (0, [])
    assert "rules: 1 ended; those that end hide 0 findings now" in done.stdout
    assert "ended  ended" in done.stdout
    document = json.loads(run("--dry-run", "--json").stdout)
    assert document["dry_run"] is True
    assert document["stacks"][0]["rules"] == [{"rule": "ended", "change": "ended", "held": 0, "hidden": 0}]


@pytest.mark.parametrize("options", [("--yes",), ("--dry-run",), ("--yes", "--json")])
def test_what_may_not_be_replaced_is_refused(account: Account, options: tuple[str, ...]) -> None:
    account.has(RULES + MORE, identity(range(5)))
    done = run(*options)
    assert (done.exit_code, account.calls()) == (1, [])
    assert "refused: they are of triage (no git remote)" in done.stderr
    assert "`hubtriage deploy --replace`" in done.stderr


def test_what_is_meant_to_be_replaced_is_said_to_the_stack(account: Account) -> None:
    account.has(RULES + MORE, identity(range(5)))
    assert run("--yes", "--replace").exit_code == 0
    [synth, _deployed] = account.calls()
    assert synth[-2:] == ["-c", "hubtriage:replace=true"]


def test_rules_of_an_earlier_version_of_hubtriage_are_named_as_such(account: Account) -> None:
    account.has(RULES + MORE, NoIdentity.UNKNOWN)
    done = run("--dry-run")
    assert done.exit_code == 0
    assert "deployed: rules of which nothing is known" in done.stdout


def test_rules_that_change_meanwhile_are_not_deployed(account: Account) -> None:
    (account.folder / "hash").write_text("f" * 16)
    done = run("--yes")
    assert done.exit_code == 1
    assert "the rules have changed meanwhile: nothing was deployed" in done.stderr
    assert [call[0] for call in account.calls()] == ["synth"]


def test_a_deployment_that_fails_says_why(account: Account) -> None:
    (account.folder / "fails").touch()
    done = run("--yes")
    assert done.exit_code == 1
    assert "something that CDK says" in done.stderr
    assert "the deployment of hubtriage to eu-central-1 failed" in done.stderr


def test_ctrl_c_says_that_cloudformation_goes_on(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_self: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(applying.StackEvents, "look", interrupted)
    done = run("--yes")
    assert done.exit_code == 130
    assert "CloudFormation goes on with what it has begun: aws cloudformation describe-stack-events" in (
        done.stderr
    )


def test_the_sweep_that_it_started_is_the_one_that_was_not_there_before(account: Account) -> None:
    account.has(RULES + MORE.replace("ended", "kept-too"))
    account.started = ["changed-deploy-new"]
    done = run("--yes", "--json")
    assert done.exit_code == 0, done.output
    [stack] = json.loads(done.stdout)["stacks"]
    assert (stack["sweep"]["execution"], stack["sweep"]["status"]) == ("arn:changed-deploy-new", "done")
    (account.folder / "calls.jsonl").unlink()
    assert "arn:changed-deploy-new" in run("--yes", "--no-follow").stdout


def test_what_another_person_has_deployed_meanwhile_is_not_replaced_unseen(account: Account) -> None:
    account.has(RULES + MORE)
    account.meanwhile = identity(range(3))
    done = run("--yes")
    assert done.exit_code == 1
    assert "was deployed by another person meanwhile: nothing was deployed" in done.stderr
    assert [call[0] for call in account.calls()] == ["synth"]


def test_a_problem_afterwards_is_one_of_the_deployment(account: Account) -> None:
    account.verdict = Verdict("problem", "broken")
    assert run("--yes").exit_code == 1


def test_each_region_is_shown_first_and_then_deployed_in_turn(account: Account) -> None:
    (account.folder / "hubtriage.toml").write_text('regions = ["eu-central-1", "us-east-1"]\n')
    (account.folder / "names").write_text("hubtriage-eu-central-1 hubtriage-us-east-1")
    done = run("--yes", "--json")
    assert done.exit_code == 0, done.output
    stacks = json.loads(done.stdout)["stacks"]
    assert [stack["region"] for stack in stacks] == ["eu-central-1", "us-east-1"]
    assert [call[:2] for call in account.calls()][1:] == [
        ["deploy", "hubtriage-eu-central-1"],
        ["deploy", "hubtriage-us-east-1"],
    ]
    (account.folder / "calls.jsonl").unlink()
    assert run("--yes", "--region", "us-east-1").exit_code == 0
    assert [call[1] for call in account.calls()][1:] == ["hubtriage-us-east-1"]
    refused = run("--yes", "--region", "eu-west-1")
    assert (refused.exit_code, "no stack in eu-west-1" in refused.stderr) == (2, True)


def test_credentials_of_another_account_end_it(account: Account) -> None:
    (account.folder / "hubtriage.toml").write_text('account = "444455556666"\n')
    done = run("--yes")
    assert (done.exit_code, account.calls()) == (2, [])
    assert "account 444455556666, and these AWS credentials are of account 111122223333" in done.stderr


def test_a_file_that_says_replace_for_good_is_refused(account: Account) -> None:
    (account.folder / "cdk.json").write_text('{"context": {"hubtriage:replace": "true"}}')
    done = run("--yes")
    assert (done.exit_code, account.calls()) == (2, [])
    assert "hubtriage deploy --replace" in done.stderr
