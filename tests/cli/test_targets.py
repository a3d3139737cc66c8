"""Targets in commands: one is chosen for whatever acts on a hub, and no other hub is acted on."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import click
import pytest
from botocore.exceptions import ClientError, NoCredentialsError
from click.testing import CliRunner, Result

from hubtriage.cli import stack as deployed
from hubtriage.cli.commands.aws import doctor, mode
from hubtriage.cli.main import COMMANDS, cli
from hubtriage.doctor.examine import Check
from hubtriage.doctor.verdict import Verdict
from tests.cli.test_mistakes import AWS as COMMANDS_OF_AN_ACCOUNT

PROD, GOV = "111122223333", "444455556666"
TOML = f"""\
stack-name = "triage"
findings = "try.json"

[target.prod-eu]
account = "{PROD}"
home-region = "eu-central-1"
profile = "prod"

[target.govcloud]
account = "{GOV}"
regions = ["us-gov-west-1", "us-gov-east-1"]
rules = "gov"
never = ["Confidence"]
"""
RULE = "rules: [{id: a, match: {Title: [t]}, update: {Confidence: 5}}]\n"
FINDING = {"Id": "f", "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/guardduty", "Title": "t"}
OFFLINE = {"lint", "test", "plan", "explain", "build", "export", "settings", "demo"}
NO_SETTINGS = {"init", "schema", "import", "local", "completion"}


class Caller:
    """The account of the credentials in each Region, and where it was asked for."""

    def __init__(self, account: str | Exception) -> None:
        self.account = account
        self.asked: list[tuple[str | None, str | None]] = []

    def get_caller_identity(self) -> dict[str, str]:
        self.asked.append((os.environ.get("AWS_PROFILE"), os.environ.get("AWS_REGION")))
        if isinstance(self.account, Exception):
            raise self.account
        return {"Account": self.account, "Arn": f"arn:aws:iam::{self.account}:user/me"}

    def get_parameter(self, **_request: Any) -> dict[str, Any]:
        raise ClientError(
            {"Error": {"Code": "AccessDenied", "Message": "the switch was asked"}}, "GetParameter"
        )


@pytest.fixture
def caller(monkeypatch: pytest.MonkeyPatch) -> Caller:
    caller = Caller(PROD)
    for module in (deployed, mode):
        monkeypatch.setattr(module, "client", lambda _service: caller)
    return caller


@pytest.fixture(autouse=True)
def _in_a_repository_of_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("AWS_", "HUBTRIAGE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    Path("hubtriage.toml").write_text(TOML)
    Path("try.json").write_text(json.dumps([FINDING]))
    for folder in ("rules", "gov"):
        Path(folder).mkdir()
        Path(folder, f"{folder}.yaml").write_text(RULE)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def _commands(
    group: click.Group, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from _commands(command, (*path, name))
        else:
            yield (*path, name), command


def test_every_command_that_reads_settings_takes_a_target() -> None:
    taking = {
        path
        for path, command in _commands(cli)
        if any("--target" in option.opts for option in command.params)
    }
    assert {path for path, _command in _commands(cli)} - taking == {
        path for path, _command in _commands(cli) if path[0] in NO_SETTINGS
    }
    assert set(COMMANDS) >= NO_SETTINGS


# Commands that act on a hub


@pytest.mark.parametrize(
    "arguments",
    [
        *(each for each in COMMANDS_OF_AN_ACCOUNT.values() if not each.startswith("accounts")),
        "deploy --dry-run",
        "deploy --yes",
    ],
)
def test_without_a_choice_a_command_that_acts_on_a_hub_ends_with_the_list(
    arguments: str, caller: Caller
) -> None:
    rules = ["--rules", "rules"] if arguments.startswith(("backtest", "sweep", "why")) else []
    result = run(*arguments.split(), *rules)
    assert result.exit_code == 2
    assert "prod-eu, govcloud" in result.output
    assert caller.asked == []


def test_naming_everything_else_is_no_choice(caller: Caller) -> None:
    result = run("mode", "--stack", "triage", "--region", "eu-central-1", "--profile", "prod")
    assert (result.exit_code, "none is chosen: prod-eu, govcloud" in result.output) == (2, True)
    assert caller.asked == []


def test_it_acts_in_the_region_and_by_the_profile_of_the_target(caller: Caller) -> None:
    result = run("mode", "--target", "prod-eu")
    assert caller.asked == [("prod", "eu-central-1")]
    assert f"target prod-eu: account {PROD}, eu-central-1" in result.output
    assert "the switch was asked" in result.output


def test_a_region_that_is_left_in_the_environment_does_not_lead_elsewhere(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    run("mode", "--target", "prod-eu")
    assert caller.asked == [("prod", "eu-central-1")]


def test_another_region_is_refused(caller: Caller) -> None:
    result = run("mode", "--target", "prod-eu", "--region", "us-east-1")
    assert (result.exit_code, "target prod-eu has no stack in us-east-1" in result.output) == (2, True)
    assert caller.asked == []


def test_a_target_with_two_regions_needs_one_of_them(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    caller.account = GOV
    result = run("mode", "--target", "govcloud")
    assert (result.exit_code, "has several Regions: us-gov-west-1, us-gov-east-1" in result.output) == (
        2,
        True,
    )
    run("mode", "--target", "govcloud", "--region", "us-gov-east-1")
    monkeypatch.setenv("AWS_REGION", "us-gov-west-1")
    run("mode", "--target", "govcloud")
    assert [region for _profile, region in caller.asked] == ["us-gov-east-1", "us-gov-west-1"]


def test_credentials_of_another_account_are_refused(caller: Caller) -> None:
    caller.account = GOV
    result = run("mode", "observe", "--target", "prod-eu")
    assert result.exit_code == 2
    assert (
        f"target prod-eu is account {PROD}, and these AWS credentials are of account {GOV}" in result.output
    )
    assert "the switch was asked" not in result.output


def test_a_profile_that_is_left_in_the_environment_is_named_as_the_cause(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller.account = GOV
    monkeypatch.setenv("AWS_PROFILE", "of-the-shell")
    assert "hint: the environment counts more" in run("mode", "--target", "prod-eu").output
    monkeypatch.delenv("AWS_PROFILE")
    assert "hint: give the target a profile" in run("mode", "--target", "prod-eu").output


def test_the_environment_chooses_and_an_option_wins(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBTRIAGE_TARGET", "govcloud")
    run("mode", "--target", "prod-eu")
    assert caller.asked == [("prod", "eu-central-1")]


def test_a_name_that_no_target_has_says_what_was_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run("mode", "--target", "prod-e")
    assert (result.exit_code, "did you mean prod-eu?" in result.output) == (2, True)
    monkeypatch.setenv("HUBTRIAGE_TARGET", "gov-cloud")
    result = run("lint")
    assert (result.exit_code, "HUBTRIAGE_TARGET: 'gov-cloud'" in result.output) == (2, True)


def test_a_name_cannot_control_the_terminal() -> None:
    result = run("mode", "--target", "\x1b[2Jprod")
    assert (result.exit_code, "\x1b" in result.output) == (2, False)


def test_a_target_where_there_are_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("hubtriage.toml").write_text('stack-name = "triage"\n')
    assert run("lint", "--target", "prod-eu").exit_code == 2
    monkeypatch.setenv("HUBTRIAGE_TARGET", "prod-eu")
    result = run("lint")
    assert (result.exit_code, "leave HUBTRIAGE_TARGET out" in result.output) == (2, True)


def test_without_targets_nothing_is_asked_and_nothing_said(caller: Caller) -> None:
    Path("hubtriage.toml").write_text('stack-name = "triage"\naccount = "999999999999"\n')
    result = run("mode")
    assert caller.asked == []
    assert "target" not in result.output


# Commands without an account


def test_lint_and_test_without_a_choice_look_at_the_rules_of_all_targets() -> None:
    assert "2 rules in 2 files" in run("lint").output
    assert "1 rule in 1 file" in run("lint", "--target", "govcloud").output
    Path("gov/gov.yaml").write_text("rules: [{id: a}]")
    assert "gov/gov.yaml:1" in run("test").output
    assert run("test", "--target", "prod-eu").exit_code == 0


def test_a_file_is_checked_with_the_folder_of_its_target() -> None:
    Path("gov/below").mkdir()
    Path("gov/below/b.yaml").write_text(RULE.replace("id: a", "id: 0-b"))
    assert (
        "has no effect: on every finding that it acts on, a sets" in run("lint", "gov/below/b.yaml").output
    ), "a is in gov.yaml"


def test_offline_commands_decide_as_the_target_does() -> None:
    assert "Confidence: none -> 5" in run("plan", "--target", "prod-eu").output
    assert "Confidence: stays none, not 5" in run("plan", "--target", "govcloud").output


def test_where_targets_differ_an_offline_command_asks_which_one() -> None:
    result = run("plan")
    assert (result.exit_code, "differ in rules" in result.output) == (2, True)
    assert "prod-eu, govcloud" in result.output
    result = run("plan", "--rules", "rules")
    assert (result.exit_code, "differ in never" in result.output) == (2, True)
    Path("hubtriage.toml").write_text(TOML.replace('rules = "gov"\nnever = ["Confidence"]\n', ""))
    assert "Confidence: none -> 5" in run("plan").output, "they do not differ"


def test_commands_use_the_rules_that_the_target_takes() -> None:
    more = RULE.replace("id: a", "id: b, tags: [lab]").replace("Confidence: 5", "Criticality: 5")
    Path("rules/more.yaml").write_text(more)
    Path("hubtriage.toml").write_text(
        TOML.replace('rules = "gov"\nnever = ["Confidence"]\n', 'only-rules-tagged = ["lab"]\n')
    )
    assert "the targets differ in the tags of rules" in run("plan").output
    said = run("plan", "--target", "govcloud").output
    assert ("Criticality: none -> 5" in said, "Confidence" in said) == (True, False)
    run("build", "--target", "govcloud", "-o", "out.json")
    assert [rule["id"] for rule in json.loads(Path("out.json").read_text())["rules"]] == ["b"]
    assert "Confidence: none -> 5" in run("plan", "--target", "prod-eu").output
    assert "2 rules in 2 files" in run("lint", "--target", "govcloud").output, "all rules of the folder"
    Path("rules/more.yaml").write_text(more.replace("lab", "labs"))
    result = run("plan", "--target", "govcloud")
    assert (result.exit_code, "did you mean `labs`?" in result.output) == (2, True)


@pytest.mark.parametrize("command", sorted(OFFLINE - {"settings", "demo"}))
def test_help_and_completion_need_no_choice(command: str) -> None:
    assert run(command, "--help").exit_code == 0


# What is shown


def test_settings_say_in_which_table_each_stands() -> None:
    result = run("settings", "--target", "govcloud")
    shown = {
        line.split()[0]: line.partition(line.split()[1])[2].strip() for line in result.output.splitlines()
    }
    assert shown["stack-name"] == "hubtriage.toml:1"
    assert shown["rules"] == "hubtriage.toml:12 (target.govcloud)"
    assert shown["findings"] == "hubtriage.toml:2"
    del os.environ["HUBTRIAGE_TARGET"]  # options act as if the environment had them
    rows = json.loads(run("settings", "--json", "-c", "hubtriage:target=prod-eu").output)
    profile = next(row for row in rows if row["name"] == "profile")
    assert profile == {"name": "profile", "value": "prod", "source": "hubtriage.toml:7 (target.prod-eu)"}


def test_settings_without_a_choice_end_with_the_list() -> None:
    result = run("settings")
    assert (result.exit_code, "none is chosen: prod-eu, govcloud" in result.output) == (2, True)
    result = run("settings", "--target", "govcloud", "-c", "hubtriage:target=prod-eu")
    assert (result.exit_code, "names the target 'prod-eu'" in result.output) == (2, True)


# doctor --all


@pytest.fixture
def examined(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    """What a check has looked at: stack, rules and Region; it finds a problem in us-gov-east-1."""
    seen: list[tuple[str, str, str]] = []

    def look(account: Any) -> Verdict:
        region = os.environ["AWS_REGION"]
        seen.append((account.stack, account.rules.name, region))
        return Verdict("problem" if region == "us-gov-east-1" else "ok", "as it is")

    class Identity:
        account, partition, arn = PROD, "aws", "arn:aws:iam::1:user/me"

        @property
        def region(self) -> str:
            return os.environ["AWS_REGION"]

    monkeypatch.setattr(doctor, "CHECKS", (Check("hub", "Security Hub", look),))
    monkeypatch.setattr(doctor.Account, "identity", Identity())
    return seen


def test_the_doctor_goes_through_all_targets_and_the_worst_counts(
    examined: list[tuple[str, str, str]], caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caller, "get_caller_identity", lambda: {"Account": _account_here()})
    monkeypatch.setenv("HUBTRIAGE_TARGET", "prod-eu")
    monkeypatch.setenv("AWS_PROFILE", "of-the-shell")
    Path("config").write_text("[profile of-the-shell]\n[profile prod]\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", "config")
    result = run("doctor", "--all")
    assert examined == [
        ("triage", "rules", "eu-central-1"),
        ("triage", "gov", "us-gov-west-1"),
        ("triage", "gov", "us-gov-east-1"),
    ]
    assert result.exit_code == 1
    headings = [line for line in result.output.splitlines() if line.startswith("target ")]
    assert [heading.split(":")[0] for heading in headings] == ["target prod-eu", *["target govcloud"] * 2]
    assert os.environ["AWS_PROFILE"] == "of-the-shell", "what it was for the others"


def _account_here() -> str:
    """Return whose credentials there are: the profile of prod-eu is named in its table."""
    return PROD if os.environ.get("AWS_PROFILE") == "prod" else GOV


def test_a_target_that_cannot_be_reached_does_not_stop_the_rest(
    examined: list[tuple[str, str, str]], caller: Caller
) -> None:
    caller.account = GOV
    result = run("doctor", "--all")
    assert [region for _stack, _rules, region in examined] == ["us-gov-west-1", "us-gov-east-1"]
    assert result.exit_code == 2
    assert (
        f"target prod-eu is account {PROD}, and these AWS credentials are of account {GOV}" in result.output
    )
    caller.account = NoCredentialsError()
    result = run("doctor", "--all")
    assert (result.exit_code, result.output.count("there are no AWS credentials")) == (2, 3)


def test_the_doctor_says_all_of_it_in_one_document(
    examined: list[tuple[str, str, str]], caller: Caller
) -> None:
    caller.account = GOV
    result = CliRunner().invoke(cli, ["doctor", "--all", "--json"])
    first, second, third = json.loads(result.stdout)["targets"]
    assert first["target"] == "prod-eu"
    assert first["region"] == "eu-central-1"
    assert "these AWS credentials are of account" in first["error"]
    assert (second["target"], second["region"]) == ("govcloud", "us-gov-west-1")
    assert third["counts"]["problem"] == 1


def test_all_targets_are_none_where_there_are_none_and_options_are_of_one() -> None:
    for options in (["--target", "prod-eu"], ["--region", "x"], ["--stack", "x"], ["--profile", "x"]):
        result = run("doctor", "--all", *options)
        assert (result.exit_code, "is about one target" in result.output) == (2, True)
    Path("hubtriage.toml").write_text("")
    result = run("doctor", "--all")
    assert (result.exit_code, "there are no targets" in result.output) == (2, True)


# Completion


def test_names_of_targets_are_completed() -> None:
    from click.shell_completion import ShellComplete

    completion = ShellComplete(cli, {}, "hubtriage", "_HUBTRIAGE_COMPLETE")
    offered = completion.get_completions(["mode", "--target"], "p")
    assert [item.value for item in offered] == ["prod-eu"]
    assert [item.value for item in completion.get_completions(["mode"], "o")] == ["observe"]
    assert [item.value for item in completion.get_completions(["plan"], "--ca")] == ["--calls"]
