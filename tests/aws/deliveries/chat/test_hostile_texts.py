"""Whatever a finding, a rule or a service says: no mention, no link, no markup, and nothing that deceives."""

import json
import re
from collections.abc import Iterator
from typing import Any
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.aws.decision_events.event import DecisionEvent, EventRefusal
from hubtriage.aws.deliveries.chat.email import EmailChannel, subject
from hubtriage.aws.deliveries.chat.email import body as mail
from hubtriage.aws.deliveries.chat.grouping import ORDER, groups_of
from hubtriage.aws.deliveries.chat.harmless import console_link, harmless
from hubtriage.aws.deliveries.chat.slack import SlackChannel
from hubtriage.aws.deliveries.chat.slack import render as slack
from hubtriage.aws.deliveries.chat.teams import render as teams
from hubtriage.aws.deliveries.envelope import read_batch
from tests.support.chat_world import CHANNEL, STACK, ChatWorld, chat_world, decided, message, record

HOSTILE = {
    "mentions": "<!channel> <!here|x> <@U12345678> <#C1|x> <!subteam^S1> @everyone <at>all</at>",
    "links": "<https://evil.example|click> [click](https://evil.example) https://evil.example/a?b=c",
    "bare names": "www.evil.example evil.example/x evil.co 1.2.3.4/x x@evil.example evil\u3002example",
    "schemes": "javascript:alert(1) mailto:x@evil.example tel:+123 HTTP://EVIL.EXAMPLE ftp://evil.example",
    "markup": "*bold* _it_ ~st~ `code` ```block``` **b** # head\n- item\n1. one > quote",
    "html": "<img src=x onerror=alert(1)><script>x</script><b>b</b>&lt;&amp;",
    "lines": "a\r\nSubject: x\n\nb\u2028c\u0085d\x0b",
    "controls": "a\x00b\x1b[31mred\x1b]8;;https://evil.example\x07c\x7f",
    "bidi": "\u202egnp.exe \u2066x\u2069 \u200f\u200e\u061c",
    "unseen": "a\u200b\u2060\ufeffb\U000e0041",
    "surrogates": "x\ud800y\udc00",
    "long": "x" * 5000,
    "long and wide": "\U0001f4a3" * 5000,
    "emoji": ":bomb: :skull:",
    "formula": '=HYPERLINK("https://evil.example","x") +1 -1 @SUM(1)',
    "format": "{rule} {0} %s %(x)s $x ${y}",
    "nothing": "",
}
CONSOLE = re.compile(r"https://eu-central-1\.console\.aws\.amazon\.com/securityhub/home\?[^\s|]*")
_LINKED = re.compile(r"https?://|www\.|\b[a-z0-9-]+\.(example|co)\b|mailto:|javascript:|ftp://", re.I)


def poisoned(text: str, kind: str = "hidden") -> DecisionEvent:
    """Return an event whose finding, and what was said of it, are all this text."""
    return decided(
        1,
        kind,
        refused=EventRefusal(text, text) if kind == "refused" else None,
        overruled=(text,) if kind == "overruled" else (),
        Title=text,
        ProductName=text,
        Region=text,
        Severity={"Label": text},
        Resources=[{"Type": text, "Id": text}],
        Id=text or "x",
    )


def deceiving(text: str) -> list[str]:
    """Return the characters of a text that are not seen, or change how others are seen."""
    return [
        letter for letter in text if category(letter) in ("Cc", "Cs") or letter in "\u202e\u2066\u200b\u200f"
    ]


@pytest.fixture(params=["slack", "teams"])
def world(request: pytest.FixtureRequest) -> Iterator[ChatWorld]:
    """Return a channel that people read."""
    with chat_world(request.param) as world:
        yield world


@pytest.mark.parametrize("kind", ["hidden", "refused", "overruled"])
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_nothing_of_a_finding_acts_in_chat(world: ChatWorld, text: str, kind: str) -> None:
    assert world.tell(poisoned(text, kind)) == []
    [message] = world.messages()
    for acting in message["live"]:
        assert acting[0] in ("link", "action")
        assert CONSOLE.match(acting[1])
    assert len(message["live"]) <= 1
    lines = [line for each in message["texts"] for line in each.split("\n")]
    assert [deceiving(line) for line in lines if deceiving(line)] == []
    assert [line for line in lines if _LINKED.search(CONSOLE.sub("", line))] == []


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_nothing_of_a_finding_acts_in_an_e_mail(text: str) -> None:
    events = read_batch({"Records": [record(poisoned(text, "refused"))]}).events
    [post] = EmailChannel(None, "topic", STACK).posts(groups_of(events, CHANNEL))  # type: ignore[arg-type]
    assert re.fullmatch(r"[ -~]{1,99}", subject(post))
    written = mail(post)
    assert deceiving(written.replace("\n", "")) == []
    assert _LINKED.search(CONSOLE.sub("", written)) is None


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_webhook_carries_a_finding_as_data(text: str) -> None:
    with chat_world("webhook") as world:
        assert world.tell(poisoned(text)) == []
        [delivery] = world.messages()
        assert delivery["event"]["data"] == json.loads(poisoned(text).detail)


@pytest.mark.parametrize(
    "detail",
    [
        pytest.param({"finding": None, "deliver": [{"to": CHANNEL, "as": "message"}]}, id="no finding"),
        pytest.param({"finding": [], "deliver": [None, {"to": CHANNEL, "as": "message"}]}, id="a list"),
        pytest.param(
            {
                "finding": {"severity": {}, "resources": [7], "account": [], "url": 7, "title": {}},
                "deliver": [{"to": CHANNEL, "as": "message", "rule": [], "group": {"a": 1}}],
                "reason": 7,
                "refused": [],
                "overruled": {},
            },
            id="other types",
        ),
    ],
)
@pytest.mark.parametrize("kind", ["hidden", "refused", "overruled", "dancing"])
def test_an_event_of_an_odd_shape_is_shown_all_the_same(
    world: ChatWorld, detail: dict[str, Any], kind: str
) -> None:
    event = decided()
    odd = record(event)
    whole = json.loads(odd["body"])
    whole["detail"] |= {**detail, "kind": kind}
    assert world.deliver({**odd, "body": json.dumps(whole)}) == []
    assert len(world.messages()) == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://evil.example/x", "https[:]//evil[.]example/x"),
        ("S3.1 and EC2.19", "S3.1 and EC2.19"),
        ("arn:aws:s3:::my-bucket", "arn:aws:s3:::my-bucket"),
        ("a  b\n\tc", "a b c"),
        ("x@evil.example", "x@evil[.]example"),
        ("mailto:x", "mailto[:]x"),
        ("\u2764.ws and x_.example...so", "\u2764[.]ws and x_[.]example...so"),
        ("12:30:45", "12:30:45"),
    ],
)
def test_addresses_are_shown_so_that_they_are_no_links(text: str, shown: str) -> None:
    assert harmless(text, 200) == shown


@given(st.text(max_size=300))
def test_no_text_keeps_an_address_or_a_control(text: str) -> None:
    shown = harmless(text, 100)
    assert len(shown) <= 100
    assert "://" not in shown
    assert deceiving(shown) == []
    assert re.search(r"[^\s.]\.[^\W\d_][^\W_]", shown) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "http://eu-central-1.console.aws.amazon.com/",
        "https://eu-central-1.console.aws.amazon.com.evil.example/",
        "https://x@console.aws.amazon.com/",
        "https://console.aws.amazon.com/|<!channel>",
        "https://console.aws.amazon.com/ x",
        "https://console.aws.amazon.com/\n",
        "https://console.aws.amazon.com/" + "x" * 3000,
        "javascript:alert(1)",
        None,
        7,
    ],
)
def test_only_the_console_is_linked_to(url: object) -> None:
    assert console_link(url) is None


def test_the_console_of_each_partition_is_linked_to() -> None:
    for host in (
        "eu-central-1.console.aws.amazon.com",
        "console.amazonaws.cn",
        "console.amazonaws-us-gov.com",
    ):
        assert console_link(f"https://{host}/securityhub/home?region=x#/findings?search=Id%3Dx")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_KINDS = st.sampled_from((*ORDER, "dancing"))
_MEMBERS = ("finding", "rule", "reason", "owner", "ticket", "overruled", "refused", "operation", "time")


@given(_KINDS, st.booleans(), st.fixed_dictionaries({}, optional=dict.fromkeys(_MEMBERS, _JSON)))
def test_no_event_of_whatever_shape_keeps_the_others_back(
    kind: str, is_operation: bool, members: dict[str, Any]
) -> None:
    detail = {"version": "1", "id": "0" * 32, "kind": kind, **members}
    detail["deliver"] = [{"to": CHANNEL, "as": "message", "rule": members.get("rule"), "group": "g"}]
    body = {"source": "hubtriage", "detail": detail}
    body["detail-type"] = "Triage Operation" if is_operation else "Triage Decision"
    batch = read_batch({"Records": [message("m", json.dumps(body))]})
    for post in SlackChannel(None, STACK).posts(groups_of(batch.events, CHANNEL)):  # type: ignore[arg-type]
        assert slack(post)["blocks"]
        assert teams(post)["attachments"]
        assert mail(post)
