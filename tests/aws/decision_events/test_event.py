"""What an event says: all members always, texts that deceive no one, and an id that a repetition has too."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.aws.decision_events.about import console_url
from hubtriage.aws.decision_events.bus import LARGEST_CALL
from hubtriage.aws.decision_events.cutting import LARGEST
from hubtriage.aws.decision_events.event import EventOrigin, EventRefusal, finding_event
from hubtriage.cli.inputs.console_url import id_in
from hubtriage.engine.ocsf.view import asff_view
from hubtriage.engine.planning.news import Delivered
from hubtriage.localaws.ocsf_findings import generate_ocsf
from tests.support.buses import HIDING, ORIGIN, RULES, detail_of, event_of, found, news_of

TICKET = Delivered("cloud-tickets", "ticket", "sandbox", "111122223333", "account", "open")
MESSAGE = Delivered("sec-chat", "message", "sandbox", "111122223333")


def test_an_event_reads_so() -> None:
    event = event_of(news_of(deliver=(TICKET, MESSAGE)))
    finding_id = found()["Id"]
    assert (event.detail_type, event.kind) == ("Triage Decision", "hidden")
    detail = detail_of(event)
    assert (detail.pop("id"), len(detail["finding"].pop("key"))) == (event.id, 32)
    assert detail == {
        "version": "1",
        "kind": "hidden",
        "time": "2026-09-21T14:13:20.000Z",
        "stack": "hubtriage",
        "hub": "cspm",
        "finding": {
            "id": finding_id,
            "product_arn": "arn:aws:securityhub:eu-central-1::product/aws/securityhub",
            "account": "111122223333",
            "region": "eu-west-1",
            "title": "S3 general purpose buckets should require requests to use SSL",
            "severity": "MEDIUM",
            "control": "S3.5",
            "type": None,
            "product": "Security Hub",
            "resources": [{"type": "AwsS3Bucket", "id": "arn:aws:s3:::logs"}],
            "url": console_url(finding_id, "eu-central-1"),
        },
        "sequence": 7,
        "rule": "sandbox",
        "rules": ["sandbox"],
        "owner": "cloud-platform",
        "ticket": "SEC-1",
        "reason": "risk-accepted",
        "changes": [HIDING | {"cause": None}],
        "overruled": [],
        "refused": None,
        "ruleset": "0123456789abcdef",
        "revision": "abc1234",
        "deliver": [
            {
                "to": "cloud-tickets", "as": "ticket", "rule": "sandbox", "per": "account",
                "group": "111122223333", "state": "open", "why": None,
            },
            {
                "to": "sec-chat", "as": "message", "rule": "sandbox", "per": None,
                "group": "111122223333", "state": None, "why": None,
            },
        ],
        "cut": [],
    }  # fmt: skip


def test_the_link_opens_the_finding() -> None:
    url = detail_of(event_of())["finding"]["url"]
    assert url.startswith(
        "https://eu-central-1.console.aws.amazon.com/securityhub/home?region=eu-central-1#/"
    )
    assert id_in(url) == found()["Id"]


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-central-1", "eu-central-1.console.aws.amazon.com"),
        ("cn-north-1", "console.amazonaws.cn"),
        ("us-gov-west-1", "console.amazonaws-us-gov.com"),
    ],
)
def test_each_partition_has_its_console(region: str, host: str) -> None:
    assert (console_url("x", region) or "").startswith(f"https://{host}/securityhub/home?region={region}#")


@pytest.mark.parametrize("text", ["a&b=c#d", 'x"><script>', "javascript:x", "a\nb", "é😀", "\ud800", "%2F"])
def test_a_link_has_only_what_an_address_may_have(text: str) -> None:
    url = console_url(text, "eu-central-1")
    assert url is not None
    assert url.isascii()
    assert (
        not set(url.partition("#/findings?search=Id%3D")[2])
        - set("%-._~")
        - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
    )


def test_an_id_that_is_too_long_for_an_address_has_no_link() -> None:
    assert console_url("漢" * 512, "eu-central-1") is None


def test_the_same_decision_has_the_same_id_and_no_other_has() -> None:
    first = event_of()
    again = event_of(replace(news_of(), at=1.8e9, changes=()), found(Title="other"))
    assert first.id == again.id
    others = [
        event_of(news_of("lowered")),
        event_of(news_of(sequence=8)),
        event_of(news_of(rule="other")),
        event_of(news_of(rule=None)),
        event_of(finding=found(Id="other")),
        event_of(finding=found(ProductArn="other")),
    ]
    assert len({first.id, *(event.id for event in others)}) == 7


def test_ids_that_run_together_the_same_are_told_apart() -> None:
    pairs = [("a,b", "c"), ("a", "b,c"), ('a","b', "c"), ("", "None"), ("None", "")]
    made = [event_of(finding=found(ProductArn=arn, Id=own)) for arn, own in pairs]
    assert len({event.id for event in made}) == len(pairs)
    assert len({detail_of(event)["finding"]["key"] for event in made}) == len(pairs)


def test_ids_that_are_cut_the_same_have_other_keys() -> None:
    one, other = (detail_of(event_of(finding=found(Id="x" * 600 + end)))["finding"] for end in ("1", "2"))
    assert one["id"] == other["id"]
    assert one["key"] != other["key"]


def test_the_severity_is_that_after_the_decision() -> None:
    change = {"field": "Severity.Label", "from": "MEDIUM", "to": "LOW", "rule": "sandbox", "why": "rule"}
    assert detail_of(event_of(news_of("lowered", changes=(change,))))["finding"]["severity"] == "LOW"


def test_a_rule_that_is_gone_has_no_texts() -> None:
    detail = detail_of(event_of(news_of("reopened", rule="gone", rules=())))
    assert [detail[name] for name in ("rule", "owner", "ticket", "reason")] == ["gone", None, None, None]


def test_a_refusal_says_why() -> None:
    refused = EventRefusal("CannotChange", "too large\x1b[31m")
    event = finding_event(news_of("refused", changes=()), found(), RULES, ORIGIN, refused)
    assert detail_of(event)["refused"] == {"code": "CannotChange", "reason": "too large\ufffd[31m"}


@pytest.mark.parametrize(
    "members",
    [
        {name: odd}
        for name in (
            "Title",
            "Severity",
            "Compliance",
            "Resources",
            "Types",
            "AwsAccountId",
            "Region",
            "Workflow",
        )
        for odd in (None, 7, True, [], {}, "", [7], {"a": [None]}, [[]], 1e999)
    ],
    ids=str,
)
def test_a_finding_of_any_shape_makes_an_event(members: dict[str, Any]) -> None:
    detail_of(event_of(finding=found(**members)))


def test_a_finding_of_v2_is_named_as_v2_names_it() -> None:
    raw = next(iter(generate_ocsf(1)))
    detail = detail_of(event_of(finding=asff_view(raw)))
    assert (detail["hub"], detail["finding"]["id"]) == ("v2", raw["metadata"]["uid"])
    assert detail["finding"]["url"] is None


def test_texts_are_on_one_line_and_seen_as_they_are() -> None:
    title = "a\nb\tc\u202ed\u200be\x00f\ud800g\U000e0041h\u2028i"
    shown = detail_of(event_of(finding=found(Title=title)))["finding"]["title"]
    assert shown == "a b c\ufffdd\ufffde\ufffdf\ufffdg\ufffdh i"


def test_letters_of_other_scripts_and_signs_of_several_parts_stay() -> None:
    title = "Größe 漢字 ‌نام 👩‍💻"
    assert detail_of(event_of(finding=found(Title=title)))["finding"]["title"] == title


wild = st.text(st.characters(), max_size=600)


@given(
    st.dictionaries(wild, wild, max_size=4),
    st.lists(st.tuples(wild, wild, wild), max_size=80),
    st.lists(wild, max_size=300),
)
def test_whatever_a_decision_has_the_event_is_small_and_fits_the_schema(
    members: dict[str, str], changes: list[tuple[str, str, str]], names: list[str]
) -> None:
    made = tuple(
        {"field": field, "from": old, "to": [new] * 50, "rule": None, "why": "rule"}
        for field, old, new in changes
    )
    event = event_of(news_of(changes=made, rules=tuple(names)), found(**members))
    detail_of(event)
    assert len(event.detail.encode()) <= LARGEST + 100


def test_the_largest_is_within_the_limit_and_says_what_it_lacks() -> None:
    long = "😀" * 5000
    change = {"field": f"UserDefinedFields.{long}", "from": long, "to": long, "rule": "r" * 63, "why": "rule"}
    finding = found(**dict.fromkeys(("Id", "ProductArn", "Title", "ProductName", "AwsAccountId"), long))
    finding["Resources"] = [{"Type": long, "Id": long}] * 9
    rules = tuple(f"{number:063}" for number in range(10_000))
    event = event_of(news_of(changes=(change,) * 500, rules=rules, overruled=(long,) * 500), finding)
    assert detail_of(event)["cut"] == ["rules", "changes", "overruled"]
    assert len(event.detail.encode()) < LARGEST


def test_refusals_for_other_reasons_have_other_ids() -> None:
    news, codes = news_of("refused", changes=()), ("InvalidInput", "CannotChange", "InvalidInput")
    ids = [finding_event(news, found(), RULES, ORIGIN, EventRefusal(code, "no")).id for code in codes]
    assert (ids[0] == ids[2], len(set(ids))) == (True, 2)


def test_an_event_says_that_its_news_lack_changes() -> None:
    made = event_of(news_of(is_cut=True), found())
    assert detail_of(made)["cut"] == ["changes"]


def test_deliveries_are_never_cut() -> None:
    many = tuple(replace(TICKET, rule=f"{number:063}") for number in range(500))
    event = event_of(news_of(deliver=many))
    assert len(detail_of(event)["deliver"]) == 500
    assert event.size < LARGEST_CALL


def test_the_size_is_as_aws_counts_it() -> None:
    event = event_of(finding=found(Title="漢"))
    assert event.size == 14 + len("hubtriage") + len("Triage Decision") + len(event.detail.encode())


def test_an_event_of_another_region_says_so() -> None:
    event = finding_event(news_of(), found(), RULES, EventOrigin("other", "us-east-1"))
    detail = json.loads(event.detail)
    assert (detail["stack"], "us-east-1" in detail["finding"]["url"]) == ("other", True)
