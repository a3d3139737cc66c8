"""One rule that opens tickets, on the deployed stack with a double of Jira: from the first finding on."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from hubtriage.aws.deliveries.outputs import queue_functions
from hubtriage.cli.main import cli
from tests.support.delivering import DeliveringStack, built_delivering, delivering_stack

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

FINDINGS, ACCOUNTS = 500, 12
PRODUCT = "arn:aws:securityhub:eu-central-1::product/aws/securityhub"
FAR = datetime.now(UTC) + timedelta(days=200)


def account_of(number: int) -> str:
    return f"{100 + number % ACCOUNTS:012}"


def finding(number: int) -> dict[str, Any]:
    return {
        "SchemaVersion": "2018-10-08",
        "Id": f"finding-{number:05}",
        "ProductArn": PRODUCT,
        "ProductName": "Security Hub",
        "GeneratorId": "security-control/S3.8",
        "Compliance": {"Status": "FAILED", "SecurityControlId": "S3.8"},
        "AwsAccountId": account_of(number),
        "Region": "eu-central-1",
        "CreatedAt": "2026-10-01T00:00:00Z",
        "UpdatedAt": "2026-10-01T00:00:00Z",
        "Title": "A bucket is <!channel> public [here](https://evil.example) @all {code}",
        "Description": "A bucket is public",
        "Types": ["Software and Configuration Checks"],
        "Severity": {"Label": "MEDIUM" if number % 3 else "LOW"},
        "Resources": [{"Type": "AwsS3Bucket", "Id": f"arn:aws:s3:::bucket-{number}"}],
        "Workflow": {"Status": "NEW"},
        "RecordState": "ACTIVE",
    }


def write_rules(folder: Path, expires: datetime) -> Path:
    rule = {
        "id": "public-buckets",
        "owner": "cloud-platform",
        "description": "Buckets are closed within a week.",
        "expires": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "match": {"GeneratorId": ["security-control/S3.8"]},
        "update": {"Workflow": {"Status": "NOTIFIED"}},
        "open-ticket": {"queue": "cloud", "per": "account"},
        "notify": "sec-chat",
    }
    folder.mkdir(exist_ok=True)
    (folder / "rules.yaml").write_text(json.dumps({"rules": [rule]}))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tickets")


@pytest.fixture(scope="module")
def stack(folder: Path) -> Iterator[DeliveringStack]:
    with delivering_stack(folder, write_rules(folder / "rules", FAR)) as deployed:
        yield deployed


def deploy(stack: DeliveringStack, folder: Path, expires: datetime) -> None:
    rules = write_rules(folder / "rules", expires)
    again = built_delivering(rules, folder / f"again-{expires:%s}", f"{stack.peers.endpoint}/jira")
    stack.redeploy(again)
    stack.calm()


def states(stack: DeliveringStack) -> Counter[str]:
    return Counter(issue["category"] for issue in stack.issues().values())


def comments(issue: dict[str, Any]) -> list[str]:
    return [comment["shown"] for comment in issue["comments"]]


def shown(stack: DeliveringStack) -> dict[str, Any]:
    """What people see of each ticket."""
    return {
        key: (issue["summary"], issue["shown"], issue["category"], comments(issue))
        for key, issue in stack.issues().items()
    }


def account(issue: dict[str, Any]) -> str:
    """The account that a ticket is about."""
    (found,) = re.findall(r"\(account (\d{12})\)", issue["summary"])
    return str(found)


def person(stack: DeliveringStack, number: int, status: str) -> None:
    """A person sets the status of a finding."""
    key = [{"Id": f"finding-{number:05}", "ProductArn": PRODUCT}]
    stack.hub.batch_update_findings(FindingIdentifiers=key, Workflow={"Status": status})


# The tests tell one story, in this order.


def test_the_queue_says_whether_it_would_take_tickets(stack: DeliveringStack) -> None:
    function = queue_functions(stack.outputs)["cloud"]

    def examined() -> Any:
        answer = stack.cloud.client("lambda").invoke(FunctionName=function, Payload=b'{"tickets": "check"}')
        return json.loads(answer["Payload"].read())

    ready = {"queue": "cloud", "kind": "jira", "ready": True, "objections": [], "refused": None}
    assert examined() == ready
    stack.peers.configure("jira", permissions=["browse"])
    assert "create issues" in examined()["objections"][0]
    stack.peers.configure("jira", permissions=["browse", "create", "edit", "comment", "transition"])
    assert examined() == ready
    assert stack.issues() == {}


def test_500_findings_in_12_accounts_make_12_tickets_with_their_counts(stack: DeliveringStack) -> None:
    stack.cloud.control.plant([finding(number) for number in range(FINDINGS)])
    stack.calm(5)
    issues = stack.issues().values()
    counted = {
        account(issue): int(re.findall(r"(\d+) findings are open", issue["shown"])[0]) for issue in issues
    }
    assert counted == Counter(map(account_of, range(FINDINGS)))
    assert len(issues) == ACCOUNTS
    assert all("cloud-platform" in issue["shown"] and "public-buckets" in issue["shown"] for issue in issues)
    assert not any(comments(issue) for issue in issues), "growing is no reason for a comment"
    assert stack.failures() == []


def hubtriage(stack: DeliveringStack, *arguments: str) -> Result:
    """Run a command with the credentials of the local AWS."""
    return CliRunner(env=dict(stack.cloud.environment)).invoke(cli, arguments)


def test_the_commands_show_the_same(stack: DeliveringStack) -> None:
    listed = hubtriage(stack, "tickets", "open", "--json")
    shown = json.loads(listed.stdout)
    assert {one["ticket"] for one in shown} == set(stack.issues())
    assert {one["group"]: one["open_findings"] for one in shown} == Counter(map(account_of, range(FINDINGS)))
    assert f"{ACCOUNTS} tickets: {ACCOUNTS} open" in hubtriage(stack, "tickets", "list").stdout
    assert hubtriage(stack, "tickets", "failed").exit_code == 0


def test_no_text_of_a_finding_acts_in_a_ticket_or_a_message(stack: DeliveringStack) -> None:
    for issue in stack.issues().values():
        assert "<!channel>" in issue["summary"], "it is there, as text"
        links = [each for each in issue["live"] if "console.aws.amazon.com" not in str(each)]
        assert links == []
    messages = stack.peers.stored("slack")["messages"]
    assert messages
    assert [each for message in messages for each in message["live"] if "evil" in str(each)] == []
    assert not any(kind in ("mention", "broadcast") for message in messages for kind, *_ in message["live"])


def test_every_decision_is_on_the_bus_once_with_what_it_delivers(stack: DeliveringStack) -> None:
    details = stack.tap.details()
    decisions = [detail for detail in details if "finding" in detail]
    assert Counter(detail["finding"]["id"] for detail in decisions) == Counter(
        f"finding-{number:05}" for number in range(FINDINGS)
    )
    assert {detail["kind"] for detail in decisions} == {"changed"}
    for detail in decisions:
        wanted = [(each["to"], each["as"], each.get("state")) for each in detail["deliver"]]
        assert sorted(wanted) == [("cloud", "ticket", "open"), ("sec-chat", "message", None)]


def test_a_notified_that_the_service_resets_is_no_news(stack: DeliveringStack) -> None:
    before, told = len(stack.tap.details()), len(stack.peers.stored("slack")["messages"])
    writes = len(stack.peers.journal("jira"))
    stack.cloud.control.plant([finding(number) for number in range(20)])  # NEW again, as a provider makes it
    stack.calm()
    shown = [
        found["Workflow"]["Status"] for name, found in stack.findings().items() if name < "finding-00020"
    ]
    assert shown == ["NOTIFIED"] * 20, "triage has set it again"
    assert len(stack.tap.details()) == before
    assert len(stack.peers.stored("slack")["messages"]) == told
    changed = [
        entry for entry in stack.peers.journal("jira")[writes:] if entry["method"] in ("PUT", "DELETE")
    ]
    assert changed == []


def test_what_an_analyst_overrules_is_commented(stack: DeliveringStack) -> None:
    person(stack, 0, "SUPPRESSED")
    stack.calm()
    (issue,) = [issue for issue in stack.issues().values() if account(issue) == account_of(0)]
    (text,) = comments(issue)
    assert "a person has overruled hubtriage (Workflow.Status)" in text
    assert "bucket-0" in text
    assert "41 findings are open" in issue["shown"]
    assert sum(map(len, map(comments, stack.issues().values()))) == 1, "no other ticket is concerned"


def test_when_the_rule_ends_every_ticket_says_so_and_is_closed(stack: DeliveringStack, folder: Path) -> None:
    deploy(stack, folder, datetime.now(UTC) - timedelta(days=1))
    assert states(stack) == {"done": ACCOUNTS}
    for issue in stack.issues().values():
        assert any("no longer applies" in text for text in comments(issue)), comments(issue)
    assert stack.failures() == []


def test_when_it_comes_back_the_same_tickets_are_opened_again(stack: DeliveringStack, folder: Path) -> None:
    deploy(stack, folder, FAR)
    assert states(stack) == {"new": ACCOUNTS}
    assert len(stack.peers.stored("jira")["issues"]) == ACCOUNTS, "none is new"


def test_a_ticket_that_a_person_closes_stays_closed_until_a_finding_is_new(stack: DeliveringStack) -> None:
    (issue,) = [issue for issue in stack.issues().values() if account(issue) == account_of(1)]
    stack.peers.act("jira", "close", issue=issue["key"], resolution="Won't Do")
    stack.wait(3600)
    assert stack.issues()[issue["key"]]["category"] == "done"
    assert any("closed" in text for text in comments(stack.issues()[issue["key"]]))
    proposed = hubtriage(stack, "tickets", "propose", issue["key"])
    assert proposed.exit_code == 0, proposed.stderr
    (rule,) = yaml.safe_load(proposed.stdout)["rules"]
    assert (rule["ticket"], rule["match"]["AwsAccountId"]) == (issue["key"], [account_of(1)])
    hidden = [name for name, found in stack.findings().items() if found["Workflow"]["Status"] == "SUPPRESSED"]
    assert hidden == ["finding-00000"], "a proposal hides nothing"
    stack.cloud.control.plant([finding(FINDINGS * ACCOUNTS + 1)])
    stack.calm()
    assert stack.issues()[issue["key"]]["category"] == "new"


def test_events_that_come_again_in_any_order_change_nothing(stack: DeliveringStack) -> None:
    """SQS and EventBridge deliver more than once, and in no order; an archive replays days."""
    before, told = shown(stack), len(stack.peers.stored("slack")["messages"])
    for detail in reversed(stack.tap.details()):
        stack.send_again(detail)
    stack.calm()
    assert shown(stack) == before
    assert len(stack.peers.stored("slack")["messages"]) == told


def test_everything_that_was_put_was_taken(stack: DeliveringStack) -> None:
    depths = stack.cloud.queue_depths()
    assert {name: depth for name, depth in depths.items() if depth and "tap" not in name} == {}
    assert stack.failures() == []
