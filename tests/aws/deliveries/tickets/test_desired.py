"""What a ticket says: counts, at most 20 findings, texts as data; the same members always say the same."""

from typing import Any

import pytest

from hubtriage.aws.deliveries.tickets.desired import MOST_LISTED, SEVERITIES, comment, desire
from hubtriage.aws.deliveries.tickets.records.group import TicketGroup
from hubtriage.aws.deliveries.tickets.records.member import Member
from hubtriage.aws.deliveries.tickets.records.record import Saying
from hubtriage.aws.deliveries.tickets.service import Bullets, Link, Paragraph, plain

GROUP = TicketGroup("cloud", "public-buckets", "111122223333")
HOSTILE = [
    "a\r\nSubject: x",
    "\x1b[2J\x00\x07",
    "\u202egnp.exe\u2066",
    "half \ud800 pair",
    "{code}[~accountid:1]<!channel>@everyone",
    "=cmd|' /C calc'!A0",
    "x" * 5000,
    "\u2028\u2029\x85",
    "",
]


def member(number: int, **values: Any) -> Member:
    given = {
        "digest": f"{number:032}", "sequence": 1, "at": float(number), "state": "open", "severity": "HIGH",
        "title": "A bucket is public", "account": "111122223333", "region": "eu-central-1",
        "resource": f"arn:aws:s3:::{number}", "url": f"https://console/{number}", "per": "account",
        "owner": "cloud-platform", "reason": "risk-accepted",
    } | values  # fmt: skip
    return Member(**given)


def text(*members: Member) -> str:
    return plain(desire(GROUP, members).draft.text)


def test_no_address_in_a_finding_can_become_a_link() -> None:
    evil = "see https://evil.example/login"
    group = TicketGroup("cloud", "public-buckets", evil)
    texts = dict.fromkeys(("title", "resource", "finding", "region", "account"), evil)
    remark = "1 a person has overruled hubtriage (Workflow.Status)"
    hostile = member(1, **texts, per="resource", remarks=(remark,), reason="https://wiki/ok")
    desired = desire(group, [hostile, member(2, title="", finding=evil, url=None)])
    said = plain((*desired.draft.text, *comment(Saying("remarks", 1, ((hostile.digest, 1),)), desired)))
    shown = f"{desired.draft.summary} {said}"
    assert "https[:]//evil.example" in shown
    assert shown.replace("https://console/1", "").replace("https://wiki/ok", "").count("://") == 0


def test_a_ticket_says_what_is_open_and_why_the_rest_is_done() -> None:
    desired = desire(GROUP, [
        member(1),
        member(2, severity="CRITICAL"),
        member(3, state="done", why="archived"),
        member(4, state="done", why="moved"),
        member(5, state="done", why="a reason of tomorrow"),
    ])  # fmt: skip
    lines = plain(desired.draft.text).splitlines()
    done = "1 a reason of tomorrow, 1 archived by its provider, 1 now in another ticket"
    assert desired.draft.summary == "A bucket is public (account 111122223333)"
    assert desired.draft.severity == "CRITICAL"
    assert lines[:4] == [
        f"2 findings are open: 1 CRITICAL, 1 HIGH. 3 done: {done}.",
        "- CRITICAL: A bucket is public (https://console/2) - arn:aws:s3:::2, 111122223333, eu-central-1",
        "- HIGH: A bucket is public (https://console/1) - arn:aws:s3:::1, 111122223333, eu-central-1",
        "Rule: public-buckets. Owner: cloud-platform. Reason: risk-accepted",
    ]


def test_the_order_of_the_members_does_not_matter() -> None:
    members = [member(number, severity=SEVERITIES[number % 5]) for number in range(50)]
    assert desire(GROUP, members) == desire(GROUP, reversed(members)) == desire(GROUP, set(members))


def test_a_large_ticket_lists_the_worst_and_counts_all() -> None:
    members = [member(number, severity="LOW" if number else "CRITICAL") for number in range(20_000)]
    said = text(*members)
    assert said.startswith("20,000 findings are open: 1 CRITICAL, 19,999 LOW.\n- CRITICAL: ")
    assert said.count("\n- ") == MOST_LISTED
    assert "… and 19,980 more open findings." in said
    assert len(said) < 15_000


@pytest.mark.parametrize("hostile", HOSTILE)
def test_texts_of_findings_are_one_line_in_which_everything_shows(hostile: str) -> None:
    values = dict.fromkeys(("title", "resource", "account", "region", "owner", "reason", "finding"), hostile)
    done = member(2, state="done", why=hostile, severity=hostile, remarks=(f"1 {hostile}",), **values)
    desired = desire(TicketGroup("cloud", "r", hostile or "x"), [member(1, **values), done], hostile)
    said = [*desired.draft.text, *comment(Saying("remarks", 1, ((done.digest, 1),)), desired)]
    for block in said:
        for line in (block.spans,) if isinstance(block, Paragraph) else block.items:
            for span in line:
                shown = span.text if isinstance(span, Link) else span
                assert shown.isprintable()
                assert len(shown) < 1000
    assert desired.draft.summary.isprintable()
    assert len(desired.draft.summary) <= 200
    assert desired.draft.severity in SEVERITIES


@pytest.mark.parametrize("url", [None, "", "javascript:alert(1)", "http://evil.example", "//evil.example"])
def test_only_links_to_https_are_links(url: str | None) -> None:
    blocks = desire(GROUP, [member(1, url=url)]).draft.text
    spans = [span for block in blocks if isinstance(block, Bullets) for line in block.items for span in line]
    assert not any(isinstance(span, Link) for span in spans)


def test_a_comment_says_only_the_remarks_that_it_was_begun_for() -> None:
    desired = desire(GROUP, [member(1, remarks=("3 first", "9 later")), member(2, remarks=("4 other",))])
    said = comment(Saying("remarks", 1, ((member(1).digest, 5),)), desired)
    assert plain(said) == "- first: A bucket is public - arn:aws:s3:::1"
    assert comment(Saying("remarks", 1, ((member(1).digest, 2),)), desired) == ()
