"""The rules that are proposed for what a ticket accepted: they are exact, and pass lint and their tests."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hubtriage.aws.deliveries.tickets.proposal import ProposedRules, propose
from hubtriage.aws.deliveries.tickets.records.group import TicketGroup
from hubtriage.aws.deliveries.tickets.records.member import Member, marks_of
from hubtriage.aws.deliveries.tickets.records.record import TicketRecord
from hubtriage.cli.main import cli
from hubtriage.interop.importers.render import render

RECORD = TicketRecord(
    TicketGroup("cloud", "public-buckets", "111122223333"),
    state="closed",
    closed_by="person",
    key="SEC-12",
    url="https://acme.atlassian.net/browse/SEC-12",
    resolution="Won't Do",
)
PRODUCT = "arn:aws:securityhub:eu-central-1::product/aws/securityhub"
HOSTILE = "x: [y] {rule.owner}\n# a' \" *&!|> @everyone <script>\u202e\x1b[2J${jndi} =cmd() ---"


def member(name: str, **values: Any) -> Member:
    given = {
        "digest": f"{abs(hash(name)):032x}"[:32], "sequence": 1, "at": 1.0, "state": "open", "opened": 1,
        "severity": "HIGH", "title": "S3 buckets should block public access", "account": "111122223333",
        "region": "eu-central-1", "resource": f"arn:aws:s3:::{name}", "resource_type": "AwsS3Bucket",
        "control": "S3.8", "product_arn": PRODUCT, "finding": f"{PRODUCT}/{name}", "owner": "cloud-platform",
    } | values  # fmt: skip
    return Member(**given)


def proposed(*members: Member, expires: str = "2027-05-30") -> ProposedRules:
    return propose(RECORD, members, marks_of(members), None, expires)


def checked(tmp_path: Path, rules: ProposedRules) -> list[dict[str, Any]]:
    """The problems that lint finds; the rules' own tests have to pass."""
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "accepted.yaml").write_text(render(rules.rules, ["a heading"]), encoding="utf-8")
    now = ["--now", "2026-12-01T00:00:00Z"]
    linted = CliRunner().invoke(cli, ["lint", str(folder), "--strict", "--json", *now])
    tested = CliRunner().invoke(cli, ["test", str(folder)])
    assert tested.exit_code == 0, tested.output
    found: list[dict[str, Any]] = json.loads(linted.stdout)["problems"]
    return found


def test_a_proposal_passes_lint_and_its_own_tests(tmp_path: Path) -> None:
    rules = proposed(member("a"), member("b"), member("c", control="S3.5", severity="MEDIUM"))
    assert [rule["id"] for rule in rules.rules] == ["accepted-sec-12-s3-5", "accepted-sec-12-s3-8"]
    assert checked(tmp_path, rules) == []


def test_a_finding_of_no_control_is_named_by_its_id(tmp_path: Path) -> None:
    product = "arn:aws:securityhub:eu-central-1::product/aws/macie"
    rules = proposed(member("a", control=None, product_arn=product))
    (rule,) = rules.rules
    assert rule["match"] == {
        "AwsAccountId": ["111122223333"], "ProductArn": [product], "Id": [f"{PRODUCT}/a"]
    }  # fmt: skip
    assert checked(tmp_path, rules) == []


def test_no_rule_accepts_more_than_was_shown() -> None:
    rules = proposed(member("a"), member("b", account="222233334444"), member("c", control="S3.5"))
    assert [rule["match"] for rule in rules.rules] == [
        {
            "AwsAccountId": [account],
            "Region": ["eu-central-1"],
            "Compliance": {"SecurityControlId": [control]},
            "Resources": {"Id": [f"arn:aws:s3:::{name}"]},
        }
        for name, account, control in (
            ("c", "111122223333", "S3.5"),
            ("a", "111122223333", "S3.8"),
            ("b", "222233334444", "S3.8"),
        )
    ]


def test_what_has_the_same_name_in_another_region_is_not_accepted() -> None:
    account = {"resource": "AWS::::Account:111122223333", "control": "EC2.7"}
    shown, other = member("a", **account), member("b", **account, region="us-east-1")
    rules = propose(RECORD, [shown, other], marks_of([shown]), None, "2027-05-30")
    (rule,) = rules.rules
    assert rule["match"]["Region"] == ["eu-central-1"]
    regions = [rule["match"]["Region"] for rule in proposed(shown, other).rules]
    assert regions == [["eu-central-1"], ["us-east-1"]]


def test_what_was_not_shown_or_is_done_is_not_accepted() -> None:
    seen, late, done = member("a"), member("b"), replace(member("c"), state="done", why="passed")
    rules = propose(RECORD, [seen, late, done], marks_of([seen, done]), None, "2027-05-30")
    (rule,) = rules.rules
    assert rule["match"]["Resources"] == {"Id": ["arn:aws:s3:::a"]}


@pytest.mark.parametrize(
    "values",
    [
        {"resource": "arn:aws:s3:::" + "a" * 498 + "…"},
        {"resource": "arn:aws:s3:::\ufffd"},
        {"resource": ""},
        {"region": ""},
        {"resource": "arn:aws:s3:::*"},
        {"control": None, "finding": "a\u202eb"},
        {"account": "all"},
    ],
)
def test_a_finding_that_cannot_be_named_exactly_is_left_out(values: dict[str, str]) -> None:
    rules = proposed(member("a"), member("b", title="the other", **values))
    assert rules.left_out == ("the other",)
    assert len(rules.rules) == 1


def test_texts_of_findings_and_tickets_are_data(tmp_path: Path) -> None:
    record = replace(RECORD, key="SEC-1: {x}", resolution=HOSTILE)
    resource = "".join(letter for letter in HOSTILE if letter.isprintable() and letter not in "*?")
    members = [member("a", title=HOSTILE, owner=HOSTILE, resource=resource)]
    rules = propose(record, members, marks_of(members), None, "2027-05-30")
    codes = {problem["code"] for problem in checked(tmp_path, rules)}
    assert not {code for code in codes if code.startswith("E")}


def test_rules_of_one_control_in_several_accounts_have_names_of_their_own() -> None:
    many = [member(f"b{number}", account=f"{number:012}") for number in range(1, 13)]
    rules = proposed(*many)
    names = [rule["id"] for rule in rules.rules]
    assert len(set(names)) == 12
    assert names[1] == "accepted-sec-12-s3-8-2"
