"""The doubles of Slack, Teams and a webhook refuse what their originals refuse, and say what became live."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

import pytest

from hubtriage.localaws.peers.peer import Peer, PeerAnswer, PeerError, PeerRequest
from hubtriage.localaws.peers.slack import SlackPeer, SlackSettings
from hubtriage.localaws.peers.teams import CARD, TeamsPeer, TeamsSettings
from hubtriage.localaws.peers.webhook import WebhookPeer, WebhookSettings

JSON = {"Content-Type": "application/json"}
NOW = 1_800_000_000.0


class Time:
    """A clock that a test sets ahead."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Time:
    """Return a clock."""
    return Time()


@pytest.fixture
def slack(clock: Time) -> SlackPeer:
    """Return a workspace."""
    return SlackPeer(clock)


@pytest.fixture
def teams(clock: Time) -> TeamsPeer:
    """Return a flow."""
    return TeamsPeer(clock)


@pytest.fixture
def webhook(clock: Time) -> WebhookPeer:
    """Return a receiver."""
    return WebhookPeer(clock)


def post(peer: Peer, path: str, body: object, headers: Mapping[str, str] = JSON) -> PeerAnswer:
    """Send a request."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return peer.answer(PeerRequest.of("POST", path, headers, text))


def section(kind: str, text: str, **more: Any) -> dict[str, Any]:
    """Return a block of Slack."""
    return {"type": "section", "text": {"type": kind, "text": text, **more}}


SLACK_PATH = SlackSettings().path


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        pytest.param(b"{", "invalid_payload", id="no JSON"),
        pytest.param([], "invalid_payload", id="a list"),
        pytest.param({}, "no_text", id="nothing"),
        pytest.param({"blocks": [{"type": "divider"}] * 51}, "invalid_blocks", id="too many blocks"),
        pytest.param({"blocks": [section("plain_text", "x" * 3001)]}, "invalid_blocks", id="a long section"),
        pytest.param({"blocks": [section("plain_text", "")]}, "invalid_blocks", id="an empty text"),
        pytest.param({"blocks": [section("html", "x")]}, "invalid_blocks", id="another kind of text"),
        pytest.param(
            {"blocks": [section("plain_text", "x", verbatim=True)]}, "invalid_blocks", id="a wrong member"
        ),
        pytest.param({"blocks": [{"type": "image"}]}, "invalid_blocks", id="another block"),
        pytest.param(
            {"blocks": [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}]},
            "invalid_blocks",
            id="a header with markup",
        ),
        pytest.param(
            {"blocks": [section("plain_text", "x" * 3000)] * 5}, "msg_blocks_too_long", id="too much in all"
        ),
        pytest.param(
            {"blocks": [{"type": "context", "elements": []}]}, "invalid_blocks", id="a context of nothing"
        ),
        pytest.param(
            {"blocks": [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 2001}]}]},
            "invalid_blocks",
            id="a long field",
        ),
    ],
)
def test_slack_refuses_a_message_as_a_whole(slack: SlackPeer, payload: object, code: str) -> None:
    answer = post(slack, SLACK_PATH, payload)
    assert (answer.status, answer.body.decode()) == (400, code)
    assert slack.messages == []


def test_slack_takes_json_alone(slack: SlackPeer) -> None:
    answer = post(slack, SLACK_PATH, {"text": "x"}, {"Content-Type": "text/plain"})
    assert (answer.status, answer.body) == (400, b"invalid_payload")


@pytest.mark.parametrize(
    ("act", "answer"),
    [
        ("revoke", (404, b"no_service")),
        ("archive", (410, b"channel_is_archived")),
        ("prohibit", (403, b"action_prohibited")),
    ],
)
def test_a_webhook_of_slack_may_be_dead(slack: SlackPeer, act: str, answer: tuple[int, bytes]) -> None:
    slack.act(act, {})
    dead = post(slack, SLACK_PATH, {"text": "x"})
    assert (dead.status, dead.body) == answer
    slack.act("revive", {})
    assert post(slack, SLACK_PATH, {"text": "x"}).body == b"ok"


def test_slack_knows_its_own_address_alone(slack: SlackPeer) -> None:
    assert post(slack, "/services/T1/B1/other", {"text": "x"}).status == 404
    assert slack.answer(PeerRequest.of("GET", SLACK_PATH, {}, b"")).status == 400


def test_slack_takes_a_message_a_second_after_a_burst(slack: SlackPeer, clock: Time) -> None:
    answers = [post(slack, SLACK_PATH, {"text": "x"}) for _ in range(7)]
    assert [answer.status for answer in answers] == [200] * 5 + [429] * 2
    assert answers[-1].headers["Retry-After"] == "1"
    clock.now += 1
    assert post(slack, SLACK_PATH, {"text": "x"}).status == 200


@pytest.mark.parametrize(
    ("payload", "live"),
    [
        pytest.param(
            {"text": "hi <!channel>"}, [("mention", "!channel", "text")], id="a mention in the text"
        ),
        pytest.param({"text": "<@U1>"}, [("mention", "@U1", "text")], id="a person"),
        pytest.param({"text": "<#C1>"}, [("mention", "#C1", "text")], id="a channel"),
        pytest.param(
            {"text": "<https://x.io|y>", "unfurl_links": False},
            [("link", "https://x.io|y", "text")],
            id="a link",
        ),
        pytest.param(
            {"text": "<https://x.io|y>"},
            [("link", "https://x.io|y", "text"), ("preview", "1", "text")],
            id="a link with its preview",
        ),
        pytest.param(
            {"text": "see evil.example now", "unfurl_links": False},
            [("link", "evil.example", "text")],
            id="a bare name",
        ),
        pytest.param({"text": "&lt;!channel&gt; &amp;"}, [], id="escaped"),
        pytest.param({"text": "*bold*"}, [("formatting", "*bold*", "text")], id="formatting"),
        pytest.param({"text": "*bold*", "mrkdwn": False}, [], id="formatting that is off"),
        pytest.param({"text": "@channel"}, [], id="a word"),
        pytest.param({"text": "@here", "link_names": 1}, [("mention", "here", "text")], id="a name"),
        pytest.param(
            {"blocks": [section("plain_text", "<!here> *b* http://x.io", emoji=False)]}, [], id="a plain text"
        ),
        pytest.param(
            {"blocks": [section("plain_text", ":bomb:")]}, [("emoji", ":bomb:", "blocks[0]")], id="an emoji"
        ),
        pytest.param(
            {"blocks": [section("mrkdwn", "http://x.io <!here>", verbatim=True)]},
            [("mention", "!here", "blocks[0]")],
            id="verbatim",
        ),
    ],
)
def test_slack_records_what_became_live(
    slack: SlackPeer, payload: dict[str, Any], live: list[tuple[str, str, str]]
) -> None:
    assert post(slack, SLACK_PATH, payload).status == 200
    assert slack.messages[0].live == live


def test_slacks_api_says_in_the_body_what_failed(slack: SlackPeer, clock: Time) -> None:
    token = {**JSON, "Authorization": f"Bearer {SlackSettings().token}"}
    path = "/api/chat.postMessage"
    answers = [
        post(slack, path, {"channel": "C1", "text": "x"}),
        post(slack, path, {"text": "x"}, token),
        post(slack, path, {"channel": "C1"}, token),
        post(slack, path, {"channel": "C1", "text": "x", "thread_ts": "1.0"}, token),
    ]
    assert [answer.status for answer in answers] == [200] * 4
    said = [json.loads(answer.body) for answer in answers]
    assert [each.get("error") for each in said] == ["invalid_auth", "channel_not_found", "no_text", None]
    assert said[3]["ts"] == slack.messages[0].ts
    assert slack.messages[0].thread_ts == "1.0"


TEAMS_PATH = TeamsSettings().path


def card(*body: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a message of Teams with one card."""
    content = {"type": "AdaptiveCard", "version": "1.2", "body": list(body), **more}
    return {"type": "message", "attachments": [{"contentType": CARD, "content": content}]}


def block(text: str) -> dict[str, Any]:
    """Return a text that is read as Markdown."""
    return {"type": "TextBlock", "text": text}


def run(text: str) -> dict[str, Any]:
    """Return a text that is shown as it is."""
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text}]}


@pytest.mark.parametrize(
    ("document", "why"),
    [
        pytest.param({"type": "message", "text": "x"}, "the flow's loop needs attachments", id="a text"),
        pytest.param({"text": "x"}, "the body is no message", id="no message"),
        pytest.param(card(block("x" * 30_000)), "the message is larger than 28 KB", id="too large"),
        pytest.param(card(), "an element of the card is not valid", id="an empty card"),
        pytest.param(
            card({"type": "Imaginary"}), "an element of the card is not valid", id="another element"
        ),
        pytest.param(
            card(block("x"), version="9"), "version 9 of Adaptive Cards is not supported", id="a version"
        ),
        pytest.param(
            card(block("x"), actions=[{"type": "Action.OpenUrl", "url": "javascript:1"}]),
            "an action of the card is not valid",
            id="an action",
        ),
        pytest.param(
            {"type": "message", "attachments": [{"contentType": "text/html"}]},
            "an attachment is no Adaptive Card",
            id="another attachment",
        ),
    ],
)
def test_teams_accepts_what_it_cannot_post(teams: TeamsPeer, document: object, why: str) -> None:
    assert post(teams, TEAMS_PATH, document).status == 202
    assert (teams.runs[0].posted, teams.runs[0].why) == (False, why)


@pytest.mark.parametrize(
    ("document", "live"),
    [
        pytest.param(card(run("[a](https://x.io) **b**")), [], id="runs are literal"),
        pytest.param(card(block("[a](https://x.io)")), [("link", "https://x.io")], id="a link"),
        pytest.param(card(block("https://x.io")), [("link", "https://x.io")], id="a bare link"),
        pytest.param(card(block("**b**")), [("formatting", "**b**")], id="formatting"),
        pytest.param(
            card(run("x"), actions=[{"type": "Action.OpenUrl", "title": "o", "url": "https://x.io"}]),
            [("action", "https://x.io")],
            id="an action",
        ),
        pytest.param(
            card(run("x"), msteams={"entities": [{"type": "mention", "text": "<at>a</at>"}]}),
            [("mention", "<at>a</at>")],
            id="a mention",
        ),
    ],
)
def test_teams_records_what_became_live(
    teams: TeamsPeer, document: object, live: list[tuple[str, str]]
) -> None:
    post(teams, TEAMS_PATH, document)
    assert (teams.runs[0].posted, teams.runs[0].live) == (True, live)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        pytest.param(TEAMS_PATH.replace("sig=", "sig=x"), {}, 401, id="a wrong signature"),
        pytest.param("/other", {}, 404, id="another address"),
        pytest.param(TEAMS_PATH, b"{", 400, id="no JSON"),
    ],
)
def test_teams_refuses_a_request(teams: TeamsPeer, path: str, body: object, status: int) -> None:
    assert post(teams, path, body).status == status
    assert teams.runs == []


def test_a_flow_can_be_off_and_limits_the_rate(teams: TeamsPeer, clock: Time) -> None:
    teams.act("off", {})
    assert post(teams, TEAMS_PATH, {}).status == 404
    teams.act("on", {})
    answers = [post(teams, TEAMS_PATH, {}) for _ in range(5)]
    assert [answer.status for answer in answers] == [202] * 4 + [429]
    assert answers[-1].headers["Retry-After"] == "1"
    clock.now += 1
    assert post(teams, TEAMS_PATH, {}).status == 202


def hook(webhook: WebhookPeer, body: bytes = b'{"a":1}', at: float = NOW, **changes: str) -> PeerAnswer:
    """Send a request that is signed with the receiver's key, with changes to its headers."""
    key = base64.b64decode(WebhookSettings().keys[0].removeprefix("whsec_"))
    time = f"{at:.0f}"
    content = b"id1." + time.encode() + b"." + body
    signature = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    headers = {
        **JSON,
        "webhook-id": "id1",
        "webhook-timestamp": time,
        "webhook-signature": f"v1,{signature}",
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }
    return post(webhook, WebhookSettings().path, body, headers)


def test_a_signed_request_is_taken_and_its_repetition_known(webhook: WebhookPeer) -> None:
    assert [hook(webhook).status, hook(webhook).status] == [204, 204]
    assert [each.is_new for each in webhook.deliveries] == [True, False]
    assert webhook.deliveries[0].event == {"a": 1}


@pytest.mark.parametrize(
    ("changes", "at"),
    [
        pytest.param({"webhook_signature": "v1,AAAA"}, NOW, id="another signature"),
        pytest.param({"webhook_signature": "v1a,AAAA"}, NOW, id="another version"),
        pytest.param({"webhook_id": "id2"}, NOW, id="another id"),
        pytest.param({"webhook_id": "i.d"}, NOW, id="an id with a dot"),
        pytest.param({"webhook_timestamp": f"{NOW + 1:.0f}"}, NOW, id="another time"),
        pytest.param({}, NOW - 301, id="too old"),
        pytest.param({}, NOW + 301, id="of the future"),
        pytest.param({"webhook_timestamp": ""}, NOW, id="no time"),
    ],
)
def test_what_does_not_fit_its_signature_is_refused(
    webhook: WebhookPeer, changes: dict[str, str], at: float
) -> None:
    assert hook(webhook, at=at, **changes).status == 401
    assert webhook.deliveries == []


def test_a_receiver_may_be_gone(webhook: WebhookPeer) -> None:
    webhook.act("remove", {})
    assert hook(webhook).status == 410
    webhook.act("restore", {})
    assert hook(webhook).status == 204
    assert post(webhook, "/other", {}).status == 404
    assert hook(webhook, b"{").status == 400


@pytest.mark.parametrize("peer", [SlackPeer, TeamsPeer, WebhookPeer])
def test_what_a_peer_cannot_do_is_an_error(peer: type[SlackPeer], clock: Time) -> None:
    with pytest.raises(PeerError):
        peer(clock).act("dance", {})
    with pytest.raises(PeerError):
        peer(clock).configure({"speed": 1})
