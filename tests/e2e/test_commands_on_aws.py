"""Commands that talk to AWS, against the local one: sweeps from here, the story of a finding, accounts."""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hubtriage.aws.ledger.dynamodb import DynamoLedger
from hubtriage.aws.ledger.ledger import Ledger, LedgerFault, LedgerFaultKind, Recall
from hubtriage.aws.ledger.table import TABLE_VARIABLE
from hubtriage.cli.main import cli
from hubtriage.engine.planning.entry import Claim, Entry
from hubtriage.localaws.cloud import LocalCloud
from hubtriage.localaws.securityhub.faults import ScriptedFault
from tests.support.ledgers import DynamoBench, dynamo_bench

pytestmark = pytest.mark.e2e

PRODUCT = "arn:aws:securityhub:eu-central-1::product/aws/securityhub"
RULES = """
rules:
  - id: noisy
    match: {GeneratorId: [noisy]}
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}
  - id: shop
    match: {GeneratorId: [shop]}
    when: {"==": [{account: environment}, sandbox]}
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}
"""
ACCOUNTS = """# Ours.
accounts:
  "111122223333": {name: sandbox, environment: sandbox}
"""


def finding(number: int, generator: str) -> dict[str, Any]:
    return {
        "SchemaVersion": "2018-10-08",
        "Id": f"finding-{number}",
        "ProductArn": PRODUCT,
        "GeneratorId": generator,
        "AwsAccountId": "111122223333",
        "CreatedAt": "2026-10-01T00:00:00Z",
        "UpdatedAt": "2026-10-01T00:00:00Z",
        "Title": "T",
        "Description": "D",
        "Severity": {"Label": "LOW"},
        "Resources": [{"Type": "Other", "Id": "x"}],
        "Workflow": {"Status": "NEW"},
        "RecordState": "ACTIVE",
    }


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "accounts.yaml").write_text(ACCOUNTS)
    return tmp_path


@pytest.fixture
def aws(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalCloud]:
    """The local AWS, in the environment as any AWS tool reads it."""
    for name, value in cloud.environment.items():
        monkeypatch.setenv(name, value)
    return cloud


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def statuses(cloud: LocalCloud) -> dict[str, str]:
    return {found["Id"]: found["Workflow"]["Status"] for found in cloud.control.findings()}


def test_a_dry_run_says_what_would_change_and_changes_nothing(aws, rules):
    aws.control.plant([finding(n, ("noisy", "shop", "other")[n % 3]) for n in range(250)])
    done = run("sweep", "--dry-run", "--rules", rules, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["status"], told["read"], told["changed"]) == ("done", 250, 167)
    assert told["changed_by_rule"] == {"noisy": 84, "shop": 83}
    assert "there is no stack hubtriage" in done.stderr
    assert told["calls"] == 2
    assert 0 < told["hours"] < 0.01
    assert set(statuses(aws).values()) == {"NEW"}
    text = run("sweep", "--dry-run", "--rules", rules, "--filter", "rule=noisy").stdout
    assert "84 would change" in text
    assert "it would take 1 API calls" in text


@pytest.fixture
def ledger(aws: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    """A table that the environment names as the ledger."""
    with dynamo_bench(aws) as bench:
        monkeypatch.setenv(TABLE_VARIABLE, bench.table)
        yield bench.ledger


def test_a_sweep_from_here_needs_a_ledger(aws, rules):
    aws.control.plant([finding(n, "noisy") for n in range(5)])
    done = run("sweep", "--local", "--yes", "--rules", rules)
    assert done.exit_code == 1
    assert (
        f"stack hubtriage has no ledger\n  hint: deploy this version of hubtriage, or set {TABLE_VARIABLE}"
        in (done.output)
    )
    assert set(statuses(aws).values()) == {"NEW"}


def test_a_sweep_from_here_needs_no_stack_if_there_is_a_ledger(aws, ledger, rules):
    aws.control.plant([finding(n, ("noisy", "other")[n % 2]) for n in range(150)])
    done = run("sweep", "--local", "--yes", "--rules", rules, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["changed"] == 75
    assert list(statuses(aws).values()).count("SUPPRESSED") == 75
    decisions = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    assert {line["outcome"] for line in decisions} == {"updated"}
    again = run("sweep", "--local", "--yes", "--rules", rules, "--json")
    assert json.loads(again.stdout)["changed"] == 0
    (rules / "rules.yaml").write_text(RULES.replace("noisy", "another"))
    deleted = json.loads(run("sweep", "--local", "--yes", "--rules", rules, "--json").stdout)
    assert (deleted["changed"], deleted["taken_back"]) == (75, 75)
    assert set(statuses(aws).values()) == {"NEW"}


def test_a_budget_ends_a_sweep_from_here_with_1(aws, ledger, rules):
    aws.control.plant([finding(n, "noisy") for n in range(50)])
    done = run("sweep", "--local", "--yes", "--rules", rules, "--budget", 20, "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["status"] == "over budget"
    assert list(statuses(aws).values()).count("SUPPRESSED") == 20


def test_a_sweep_from_here_asks_first_keeps_to_the_hide_limit_and_to_the_mode_of_the_stack(
    aws, ledger, rules
):
    aws.control.plant([finding(n, "noisy") for n in range(50)])
    asked = run("sweep", "--local", "--rules", rules)
    assert "may hide up to 10,000 findings. Continue?" in asked.output
    assert "SUPPRESSED" not in statuses(aws).values()
    systems, name = aws.client("ssm"), "/hubtriage/hubtriage/mode"
    systems.put_parameter(Name=name, Value="observe", Type="String", Overwrite=True)
    try:
        observed = run("sweep", "--local", "--yes", "--rules", rules)
    finally:
        systems.delete_parameter(Name=name)
    assert "is in observe: nothing is written" in observed.output
    assert "SUPPRESSED" not in statuses(aws).values()
    limited = run("sweep", "--local", "--yes", "--rules", rules, "--hide-limit", 20, "--json")
    assert (limited.exit_code, json.loads(limited.stdout)["status"]) == (1, "withheld")
    assert list(statuses(aws).values()).count("SUPPRESSED") == 20


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--filter", "bucket=x"], "write one of account, product, control, rule"),
        (["--dry-run", "--local"], "leave out --local"),
        (["--take-back", "--local", "--yes"], "has to close the intake"),
        (["--resume", "--dry-run"], "--resume continues a sweep of the stack"),
        (["--scope", "all"], "Invalid value for '--scope'"),
    ],
)
def test_wrong_usage_is_told_with_2(arguments, message):
    done = run("sweep", *arguments)
    assert done.exit_code == 2
    assert message in done.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["sweep"],
        ["why", "finding-1"],
        ["logs"],
        ["mode"],
        ["mode", "reopen"],
        ["redrive"],
        ["ledger", "show", "finding-1"],
        ["ledger", "export", "never-written.jsonl"],
    ],
    ids=" ".join,
)
def test_before_deploying_each_command_says_the_same(aws, arguments):
    done = run(*arguments, "--stack", "nobody")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "Error: there is no stack nobody in eu-central-1",
        "  hint: deploy it, or name another with --stack, or give its --profile and --region",
    ]


# why

LOG = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/why/decisions"}}


@pytest.fixture
def told(aws: LocalCloud) -> Iterator[DynamoBench]:
    """A stack that has nothing but a decision log and a ledger."""
    formation, logs = aws.client("cloudformation"), aws.client("logs")
    with dynamo_bench(aws) as bench:
        outputs = {"LogGroupName": {"Value": {"Ref": "Log"}}, "LedgerTableName": {"Value": bench.table}}
        template = {"Resources": {"Log": LOG}, "Outputs": outputs}
        formation.create_stack(StackName="why", TemplateBody=json.dumps(template))
        deadline = time.monotonic() + 120
        while formation.describe_stacks(StackName="why")["Stacks"][0]["StackStatus"] != "CREATE_COMPLETE":
            assert time.monotonic() < deadline
            time.sleep(0.1)
        logs.create_log_stream(logGroupName="/why/decisions", logStreamName="s")
        yield bench
        formation.delete_stack(StackName="why")


def logged(cloud: LocalCloud, *lines: dict[str, Any]) -> None:
    now = int(time.time() * 1000)
    events = [{"timestamp": now + number, "message": json.dumps(line)} for number, line in enumerate(lines)]
    cloud.client("logs").put_log_events(logGroupName="/why/decisions", logStreamName="s", logEvents=events)


def decision(finding_id: str, **members: Any) -> dict[str, Any]:
    return {
        "level": "INFO",
        "message": "finding updated",
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000+00:00", time.gmtime()),
        "ruleset": "0123456789abcdef",
        "revision": "abc1234",
        "finding_id": finding_id,
        "product_arn": PRODUCT,
        "outcome": "updated",
        "changes": [
            {"field": "Workflow.Status", "from": "NEW", "to": "SUPPRESSED", "rule": "noisy", "why": "rule"}
        ],
        "kept": [],
    } | members


HELD = Entry(claims={"Workflow.Status": Claim("SUPPRESSED", "noisy")})
OVERRULED = Entry(claims={"Workflow.Status": Claim("SUPPRESSED", "noisy", overruled=1, person=True)})


def why(*arguments: str) -> Result:
    return run("why", *arguments, "--stack", "why")


def updated(cloud: LocalCloud, status: str) -> None:
    cloud.client("securityhub").batch_update_findings(
        FindingIdentifiers=[{"Id": "finding-1", "ProductArn": PRODUCT}], Workflow={"Status": status}
    )


def test_it_says_what_is_held_since_when_and_who_overruled_it_and_each_update_once(aws, told):
    aws.control.plant([finding(1, "noisy")])
    updated(aws, "SUPPRESSED")
    logged(aws, decision("finding-1"), decision("finding-10"))
    told.ledger.write({(PRODUCT, "finding-1"): HELD})
    said = why("finding-1").stdout
    assert re.search(
        r"Workflow.Status: SUPPRESSED  noisy; it was NEW before; since \S+Z \(rules abc1234\)", said
    )
    assert said.count("NEW -> SUPPRESSED") == 1
    assert "triage: updated (rules abc1234), and Security Hub has it on record" in said
    assert "made by the provider: " in said
    assert "hand-back" not in said
    updated(aws, "NOTIFIED")
    told.ledger.write({(PRODUCT, "finding-1"): replace(OVERRULED, version=1)})
    said = why("finding-1").stdout
    assert re.search(
        r"a person holds it; triage had set SUPPRESSED for noisy; overruled once, last by arn:aws:\S+ at ",
        said,
    )
    assert "hubtriage hand-back finding-1" in said
    assert "changed by an update: arn:aws:" in said


def test_a_decision_says_its_sweep_and_what_it_took_back(aws, told):
    back = {
        "field": "Workflow.Status",
        "from": "SUPPRESSED",
        "to": "NEW",
        "rule": "noisy",
        "why": "taken back",
    }
    logged(aws, decision("finding-1"), decision("finding-1", changes=[back], sweep="deploy-7"))
    done = why("finding-1")
    assert done.exit_code == 0, done.output
    assert "in the sweep deploy-7" in done.stdout
    assert "Workflow.Status: SUPPRESSED -> NEW  noisy (taken back)" in done.stdout
    lines = [json.loads(line) for line in why("finding-1", "--json").stdout.splitlines()]
    assert [line["kind"] for line in lines] == ["held", "decision", "decision"]
    assert {line["finding_id"] for line in lines} == {"finding-1"}


def test_a_finding_is_named_by_the_end_of_its_id_wherever_it_is_known(aws, told):
    aws.control.plant([finding(1, "noisy")])
    told.ledger.write({(PRODUCT, "held/2"): HELD, (PRODUCT, "held/12"): HELD})
    logged(aws, decision("logged/3"))
    said = why("finding-1").stdout
    assert said.startswith("FINDING  T\n  resource x\n  account sandbox-platform (111122223333)\n")
    assert "\n  finding-1\n" in said
    assert "FINDING  held/2" in why("held/2").stdout
    assert "FINDING  held/12" in why("12").stdout
    assert "FINDING  held/12" in why("ld/12").stdout
    assert "FINDING  held/12" in why("d/1").stdout
    told.ledger.write({(PRODUCT, "logged/3/held"): HELD})
    assert "FINDING  logged/3/held" in why("3/h").stdout
    assert "FINDING  logged/3\n" in why("logged/3").stdout, "an end in the log counts more than a part"
    assert "FINDING  logged/3\n" in why("3").stdout
    several = why("2")
    assert (several.exit_code, several.stdout) == (2, "")
    assert "2 findings fit; give more of the Id" in several.stderr
    assert {"  held/2", "  held/12"} <= set(several.stderr.splitlines())
    assert "SUPPRESSED" in run("ledger", "show", "12", "--stack", "why").stdout
    assert run("ledger", "show", "2", "--stack", "why").exit_code == 2


def test_of_two_products_with_one_id_the_product_says_which(aws, told):
    another = PRODUCT.replace("securityhub", "guardduty")
    told.ledger.write({(PRODUCT, "f"): HELD, (another, "f"): OVERRULED})
    several = why("f")
    assert several.exit_code == 2
    assert "2 findings fit; name its product with --product-arn" in several.stderr
    assert "a person holds it" in why("f", "--product-arn", another).stdout


def test_without_a_permission_the_rest_is_shown(aws, told, monkeypatch):
    logged(aws, decision("finding-1"))
    aws.control.fault(ScriptedFault(operation="GetFindingHistory", error="AccessDeniedException", times=5))
    monkeypatch.setattr(DynamoLedger, "read", lambda _self, keys: Recall(unread=dict.fromkeys(keys, DENIED)))
    done = why("finding-1")
    assert done.exit_code == 0, done.output
    assert "SUPPRESSED  noisy" in done.stdout
    assert "the ledger could not be read" in done.stdout
    assert "without the history of Security Hub" in done.stderr
    assert "without the ledger: AccessDeniedException: no" in done.stderr


DENIED = LedgerFault(LedgerFaultKind.DENIED, "AccessDeniedException", "no")


def test_control_characters_of_a_finding_do_not_reach_the_terminal(aws, told):
    change = {"field": "Note.Text", "from": None, "to": "\x1b[31mred", "rule": "noisy", "why": "rule"}
    logged(aws, decision("finding-1", changes=[change]))
    done = why("finding-1")
    assert "\x1b" not in done.output
    assert "red" in done.stdout


def test_a_finding_of_which_nothing_is_known_ends_with_2(told):
    done = why("finding-9")
    assert done.exit_code == 2
    assert "no finding has such an Id" in done.output


# logs


def test_titles_come_from_security_hub_and_only_for_findings_that_it_has(aws, told):
    aws.control.plant([finding(1, "noisy")])
    logged(aws, decision("finding-1"), decision("finding-9"))
    done = run("logs", "--titles", "--stack", "why")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.count("    title T\n") == 1
    aws.control.fault(ScriptedFault(operation="GetFindings", error="AccessDeniedException", times=5))
    done = run("logs", "--titles", "--stack", "why")
    assert (done.exit_code, done.stdout.count("    title ")) == (0, 0)
    assert done.stderr.startswith("without titles: ")


# accounts


@pytest.fixture
def organization(aws: LocalCloud) -> Iterator[dict[str, str]]:
    """An organization: two units, one in the other, and two accounts; ids by name."""
    api = aws.client("organizations")
    root = api.list_roots()["Roots"][0]["Id"]
    outer = api.create_organizational_unit(ParentId=root, Name="workloads")["OrganizationalUnit"]["Id"]
    inner = api.create_organizational_unit(ParentId=outer, Name="shop")["OrganizationalUnit"]["Id"]
    ids = {}
    for name, unit in (("shop-prod", inner), ("lone", None)):
        status = api.create_account(Email=f"{name}@example.com", AccountName=name)["CreateAccountStatus"]
        ids[name] = status["AccountId"]
        if unit:
            api.move_account(AccountId=ids[name], SourceParentId=root, DestinationParentId=unit)
    api.tag_resource(
        ResourceId=ids["shop-prod"],
        Tags=[{"Key": "environment", "Value": "prod"}, {"Key": "no", "Value": "1.10"}],
    )
    return ids


def test_accounts_are_brought_up_to_date_as_a_diff_and_rules_concerned_are_named(organization, rules):
    done = run("accounts", "sync", "--rules", rules, "--check")
    assert done.exit_code == 1, done.output
    assert (rules / "accounts.yaml").read_text() == ACCOUNTS
    done = run("accounts", "sync", "--rules", rules)
    assert done.exit_code == 0, done.output
    text = (rules / "accounts.yaml").read_text()
    prod = organization["shop-prod"]
    assert text.startswith("# Ours.\naccounts:\n")
    assert f'+  "{prod}": {{' in done.stdout
    assert '-  "111122223333": {name: sandbox, environment: sandbox}' in done.stdout
    assert "rules that use what changed: shop" in done.stderr
    from hubtriage.authoring.loader import load_rules

    loaded = load_rules(rules)
    assert loaded.errors == ()
    assert loaded.accounts[prod] == {
        "name": "shop-prod", "ou": "workloads/shop", "environment": "prod", "no": "1.10"
    }  # fmt: skip
    assert loaded.accounts[organization["lone"]] == {"name": "lone"}
    assert run("accounts", "sync", "--rules", rules, "--check").exit_code == 0
