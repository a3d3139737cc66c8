"""What `plan`, `explain` and `diff` show of messages and tickets."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hubtriage.asff.samples import sample
from hubtriage.cli.main import cli

SETTINGS = """\
decision-events = true
[channels.chat]
kind = "slack"
secret = "s"
[queues.cloud]
kind = "jira"
url = "https://acme.example"
secret = "s"
project = "SEC"
[queues.desk]
kind = "servicenow"
url = "https://acme.example"
secret = "s"
[routes.team]
by = "owner"
to = {payments = "desk"}
otherwise = "cloud"
"""
OLD = """\
rules:
  - id: severe
    owner: payments
    match: {Severity: {Label: [HIGH]}}
    update: {Workflow: {Status: NOTIFIED}}
"""
NEW = OLD + "    notify: chat\n    open-ticket: team\n"
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A function: a command, with rules and settings in the folder → its result."""
    monkeypatch.chdir(tmp_path)
    finding = sample("security-hub") | {"Severity": {"Label": "HIGH"}, "AwsAccountId": "111122223333"}
    Path("finding.json").write_text(json.dumps(finding), encoding="utf-8")

    def command(*arguments: str, rules: str = NEW, settings: str = SETTINGS) -> Result:
        Path("rules").mkdir(exist_ok=True)
        Path("rules/a.yaml").write_text(rules, encoding="utf-8")
        Path("hubtriage.toml").write_text(settings, encoding="utf-8")
        return CliRunner().invoke(cli, arguments)

    return command


def test_plan_shows_what_would_be_delivered_and_where(run: Run) -> None:
    result = run("plan", "finding.json")
    assert result.exit_code == 0, result.output
    assert "  ticket in desk per account 111122223333: open  severe\n" in result.output
    assert "  message to chat  severe\n" in result.output
    (line,) = run("plan", "finding.json", "--json").stdout.splitlines()
    delivered = json.loads(line)["would_deliver"]
    assert [(each["to"], each["as"]) for each in delivered] == [("desk", "ticket"), ("chat", "message")]


def test_what_a_rule_in_observe_would_deliver_is_shown_too(run: Run) -> None:
    result = run("plan", "finding.json", rules=NEW + "    mode: observe\n")
    assert "  ticket in desk per account 111122223333: open  severe\n" in result.output


def test_without_decision_events_no_delivery_is_shown(run: Run) -> None:
    result = run("plan", "finding.json", "--json", settings="")
    assert "would_deliver" not in json.loads(result.stdout)


def test_explain_shows_what_each_rule_asks_for_and_what_comes_of_it(run: Run) -> None:
    said = run("explain", "finding.json").output
    assert "notifies chat, opens tickets in team per account\n" in said
    assert "ticket in desk per account 111122223333: open  severe" in said.partition("DECISION")[2]
    (rule,) = json.loads(run("explain", "finding.json", "--json").output)["rules"]
    assert rule["deliveries"] == [
        {"to": "chat", "kind": "message", "per": "account"},
        {"to": "team", "kind": "ticket", "per": "account"},
    ]


def test_explain_shows_nothing_new_of_rules_that_ask_for_nothing(run: Run) -> None:
    (rule,) = json.loads(run("explain", "finding.json", "--json", rules=OLD).output)["rules"]
    assert "deliveries" not in rule


@pytest.mark.parametrize(
    ("old", "new", "row"),
    [
        pytest.param(
            OLD, NEW, "severe nothing notifies chat and opens tickets in team per account", id="new keys"
        ),
        pytest.param(
            NEW, OLD, "severe notifies chat and opens tickets in team per account nothing", id="gone"
        ),
        pytest.param(
            OLD + "    open-ticket: cloud\n",
            OLD + "    open-ticket: {queue: cloud, per: rule}\n",
            "severe opens tickets in cloud per account opens tickets in cloud per rule",
            id="another grouping",
        ),
        pytest.param(
            "rules: []\n",
            NEW,
            "severe nothing notifies chat and opens tickets in team per account",
            id="a new rule",
        ),
        pytest.param(
            NEW,
            "rules: []\n",
            "severe notifies chat and opens tickets in team per account nothing",
            id="a rule that is gone",
        ),
    ],
)
def test_a_change_of_deliveries_is_a_change_that_diff_shows(run: Run, old: str, new: str, row: str) -> None:
    Path("before").mkdir()
    Path("before/a.yaml").write_text(old, encoding="utf-8")
    result = run("diff", "before", "rules", rules=new)
    assert result.exit_code == 1, result.output
    lines = [" ".join(line.split()) for line in result.output.splitlines()]
    assert row in lines
    markdown = run("diff", "before", "rules", "--format", "markdown", rules=new).output
    assert "| rule | delivered | delivers |" in markdown
    (rule,) = json.loads(run("diff", "before", "rules", "--json", rules=new).output)["proof"]["rules"]
    assert set(rule["delivers"]) == {"before", "now"}
