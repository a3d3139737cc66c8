"""`hubtriage tickets`: what people see of tickets, and may ask for; on the table of the local AWS."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from hubtriage.aws.clock import SystemClock
from hubtriage.aws.deliveries.tickets.records.dynamodb import DynamoTickets
from hubtriage.aws.deliveries.tickets.records.group import TicketGroup
from hubtriage.aws.deliveries.tickets.records.member import Member, marks_of
from hubtriage.aws.deliveries.tickets.records.record import TicketRecord
from hubtriage.aws.deliveries.tickets.records.table import AcceptedTicket
from hubtriage.cli.main import cli
from hubtriage.cli.ticketing import deployed as deployed_tickets
from hubtriage.localaws.cloud import LocalCloud
from tests.support.ledgers import raising
from tests.support.ticket_tables import dynamo_tickets, tickets_table

pytestmark = pytest.mark.e2e

QUEUE, RULE = "cloud", "public-buckets"
NOW = 1_796_000_000.0


class Site:
    """A table with some tickets, and the commands on it."""

    def __init__(self, table: DynamoTickets, client: Any) -> None:
        self.table, self.client = table, client

    def keep(self, account: str, **values: Any) -> TicketRecord:
        """Keep the ticket of an account; it shows everything unless `settled` says otherwise."""
        asked = self.table.ask(TicketGroup(QUEUE, RULE, account), NOW)
        kept = self.table.write(replace(asked, **{"settled": asked.wants, "due": None, **values}))
        assert kept is not None
        return kept

    def record(self, account: str) -> TicketRecord:
        found = self.table.read(TicketGroup(QUEUE, RULE, account))
        assert found is not None
        return found

    @staticmethod
    def run(*arguments: str) -> Result:
        return CliRunner().invoke(cli, ["tickets", *arguments])


@pytest.fixture
def site(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Site]:
    monkeypatch.chdir(tmp_path)
    with tickets_table(cloud) as (client, name):
        monkeypatch.setattr(deployed_tickets, "outputs", lambda _stack: {"TicketsTableName": name})
        monkeypatch.setattr(deployed_tickets, "dynamodb", lambda: client)
        yield Site(dynamo_tickets(client, name, QUEUE), client)


def test_tickets_are_listed_by_how_they_stand(site: Site) -> None:
    site.keep("111111111111", state="open", id="1", key="SEC-1", open_findings=3)
    site.keep("222222222222", state="closed", id="2", key="SEC-2", closed_by="person", resolution="Won't Do")
    site.keep("333333333333", failed=True, tries=2, last_error="HTTP 400", due=NOW + 9e9, settled=None)
    site.keep("444444444444", state="creating", settled=None)
    site.keep("555555555555")
    listed = site.run("list")
    assert (listed.exit_code, listed.stderr) == (0, "")
    lines = listed.stdout.splitlines()
    assert [" ".join(line.split()) for line in lines] == [
        "ticket stands open done queue rule group remark",
        "SEC-1 open 3 - cloud public-buckets 111111111111",
        "SEC-2 closed - - cloud public-buckets 222222222222 by a person as Won't Do",
        "- failed - - cloud public-buckets 333333333333 HTTP 400; again at 2312-02-11T16:53:20Z",
        "- waiting - - cloud public-buckets 444444444444 hubtriage looks whether it was created",
        "4 tickets: 1 open, 1 closed, 1 failed, 1 waiting",
    ]
    shown = json.loads(site.run("open", "--json").stdout)
    assert [(one["ticket"], one["standing"], one["open_findings"]) for one in shown] == [
        ("SEC-1", "open", 3), (None, "waiting", 0)
    ]  # fmt: skip
    failed = site.run("failed")
    assert failed.exit_code == 1
    assert "1 ticket: 1 failed" in failed.stdout
    assert site.run("list", "--queue", "other").stdout == "0 tickets\n"
    assert site.run("list", "--rule", RULE).stdout == listed.stdout


def test_that_none_failed_is_well(site: Site) -> None:
    site.keep("111111111111", state="open", id="1", key="SEC-1")
    assert (site.run("failed").exit_code, site.run("failed", "--json").stdout) == (0, "[]\n")


def test_what_failed_is_tried_again_now(site: Site) -> None:
    later = {"wait_until": NOW + 9e9, "due": NOW + 9e9, "tries": 4, "last_error": "HTTP 401"}
    site.keep("111111111111", failed=True, **later)
    site.keep("222222222222", **later)
    site.keep("333333333333", state="open", id="3", key="SEC-3")
    done = site.run("retry")
    assert (done.exit_code, done.stdout) == (0, "2 tickets due now; the next run is within five minutes\n")
    for account in ("111111111111", "222222222222"):
        record = site.record(account)
        assert (record.failed, record.tries, record.wait_until) == (False, 0, 0.0)
        assert record.due is not None
        assert record.due < NOW + 9e9
    assert site.record("333333333333").due is None
    assert site.run("retry", "sec-3").exit_code == 0
    assert site.record("333333333333").due is not None


def test_a_ticket_that_is_not_there_is_named(site: Site) -> None:
    site.keep("111111111111", state="open", id="1", key="SEC-1")
    for command in (["retry", "SEC-11"], ["propose", "SEC-11"]):
        refused = site.run(*command)
        assert refused.exit_code == 2
        assert "no ticket of this stack is SEC-11" in refused.stderr


def accepted(site: Site) -> Member:
    """Keep a ticket that a person closed as accepted; return its finding."""
    member = Member(
        "a" * 32, 1, NOW, "open", opened=1, opened_at=NOW, severity="HIGH", title="a bucket is public",
        account="111111111111", region="eu-central-1", resource="arn:aws:s3:::a", resource_type="AwsS3Bucket",
        control="S3.8", owner="cloud-platform",
    )  # fmt: skip
    record = site.keep(
        "111111111111", state="closed", id="1", key="SEC-1", closed_by="person", resolution="Won't Do",
        url="https://acme.atlassian.net/browse/SEC-1",
    )  # fmt: skip
    site.table.write_member(record.group, member, None)
    site.table.write_shown(record.group, marks_of([member]), record.version)
    site.table.write_proposal(AcceptedTicket(record.group, "SEC-1", record.url or "", "Won't Do", NOW))
    return member


def test_an_exception_is_proposed_as_a_file_that_passes_lint(site: Site, tmp_path: Path) -> None:
    accepted(site)
    printed = site.run("propose", "SEC-1", "--until", "2099-12-31")
    assert printed.exit_code == 0
    assert printed.stdout.startswith("# Proposed because SEC-1 was closed as Won't Do.\n")
    (rule,) = yaml.safe_load(printed.stdout)["rules"]
    assert (rule["ticket"], rule["owner"], rule["match"]["Resources"]) == (
        "SEC-1", "cloud-platform", {"Id": ["arn:aws:s3:::a"]}
    )  # fmt: skip
    written = site.run("propose", "SEC-1", "-o", "rules/accepted.yaml", "--owner", "me")
    assert (written.exit_code, written.stdout) == (0, "")
    assert CliRunner().invoke(cli, ["lint", str(tmp_path / "rules"), "--strict"]).exit_code == 0
    again = site.run("propose", "SEC-1", "-o", "rules/accepted.yaml")
    assert again.exit_code == 2
    assert "give another name" in again.stderr


def test_what_was_accepted_is_listed_until_it_is_closed_otherwise(site: Site) -> None:
    accepted(site)
    site.keep("222222222222", state="closed", id="2", key="SEC-2", closed_by="person", resolution="Won't Do")
    listed = site.run("accepted")
    assert listed.exit_code == 0
    assert "SEC-1" in listed.stdout
    assert listed.stdout.endswith("1 ticket: 1 closed\n")
    record = site.record("111111111111")
    assert site.table.write(replace(record, resolution="Done")) is not None
    assert site.run("accepted", "--json").stdout == "[]\n"
    refused = site.run("propose", "SEC-1")
    assert refused.exit_code == 1
    assert "SEC-1 is not accepted" in refused.stderr


def test_of_two_tickets_with_one_key_the_queue_says_which_is_meant(site: Site) -> None:
    accepted(site)
    other = DynamoTickets(site.client, site.table.name, "other-site", SystemClock())
    asked = other.ask(TicketGroup("other-site", RULE, "111111111111"), NOW)
    failed = replace(asked, state="open", id="1", key="SEC-1", last_error="HTTP 400", failed=True)
    assert other.write(failed) is not None
    for command in (["retry", "SEC-1"], ["propose", "SEC-1"]):
        refused = site.run(*command)
        assert refused.exit_code == 2
        assert "several queues have a ticket SEC-1" in refused.stderr
        assert "--queue with one of cloud, other-site" in refused.stderr
    assert site.run("propose", "SEC-1", "--queue", "cloud").exit_code == 0
    assert site.run("propose", "SEC-1", "--queue", "other-site").exit_code == 1
    assert site.run("retry", "SEC-1", "--queue", "other-site").exit_code == 0


def test_a_ticket_that_is_being_worked_on_is_left_to_its_worker(site: Site) -> None:
    site.keep("111111111111", state="creating", last_error="HTTP 500", lease=time.time() + 200)
    before = site.record("111111111111")
    retried = site.run("retry")
    assert retried.exit_code == 0
    assert "1 ticket changed meanwhile" in retried.stderr
    assert site.record("111111111111") == before


def test_nothing_is_proposed_for_what_no_one_accepted(site: Site) -> None:
    site.keep("222222222222", state="closed", id="2", key="SEC-2", closed_by="hubtriage")
    refused = site.run("propose", "SEC-2")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "SEC-2 is not accepted" in refused.stderr
    member = accepted(site)
    record = site.record("111111111111")
    site.table.write_shown(record.group, frozenset(), record.version)
    refused = site.run("propose", "SEC-1")
    assert refused.exit_code == 1
    assert "no finding of SEC-1 is open that it showed" in refused.stderr
    site.table.write_shown(record.group, marks_of([member]), record.version)
    assert site.run("propose", "SEC-1").exit_code == 0


@pytest.mark.parametrize(
    ("until", "said"),
    [("2020-01-01", "is over"), ("soon", "is not a date"), ("2099-12-31T10:00:00Z", "is not a date")],
)
def test_an_end_that_is_none_is_refused(site: Site, until: str, said: str) -> None:
    accepted(site)
    refused = site.run("propose", "SEC-1", "--until", until)
    assert refused.exit_code == 2
    assert said in refused.stderr


def test_a_table_that_cannot_be_read_is_not_an_empty_one(site: Site) -> None:
    site.client.always = raising("AccessDeniedException")
    refused = site.run("list")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "AccessDeniedException" in refused.stderr


def test_a_damaged_item_is_reported_and_the_others_are_shown(site: Site) -> None:
    kept = site.keep("111111111111", state="open", id="1", key="SEC-1")
    item = {
        "group": {"S": TicketGroup(QUEUE, RULE, "\x1b[2J").key},
        "item": {"S": "ticket"},
        "ticket": {"S": "["},
    }
    site.client.client.put_item(TableName=site.table.name, Item=item)
    listed = site.run("list")
    assert listed.exit_code == 0
    assert str(kept.key) in listed.stdout
    assert "damaged" in listed.stderr
    assert "\x1b" not in listed.stderr


def test_a_stack_without_queues_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deployed_tickets, "outputs", lambda _stack: {})
    refused = Site.run("list")
    assert refused.exit_code == 2
    assert "stack hubtriage opens no tickets" in refused.stderr
