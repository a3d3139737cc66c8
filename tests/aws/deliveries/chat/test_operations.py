"""What happens to the stack itself is shown in words of its own, in chat and by e-mail."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from hubtriage.aws.decision_events.event import DecisionEvent
from hubtriage.aws.decision_events.operations import expires_soon, mode_changed, sweep_finished
from hubtriage.aws.deliveries.chat.email import EmailChannel, body, subject
from hubtriage.aws.deliveries.chat.grouping import groups_of
from hubtriage.aws.deliveries.envelope import read_batch
from hubtriage.aws.deliveries.http import Done, NotDone, Unknown
from tests.support.chat_world import CHANNEL, STACK, ChatWorld, chat_world, decided, record

AT = 1_800_000_000.0
NOTICE = {
    "rule": "quiet-sandboxes",
    "owner": "cloud-platform",
    "description": "sandboxes are wiped each night",
    "ticket": "SEC-1",
    "expires": "2027-03-31",
    "ends": "2027-04-01T00:00:00Z",
    "days": 30,
    "days_left": 29,
    "findings": 1204,
    "by_severity": {"HIGH": 3, "LOW": 1201},
    "accounts": 12,
    "more_accounts": False,
    "not_known": 0,
    "uncounted": False,
    "left_out": 0,
    "mode": "enforce",
    "sweep": "s-1",
    "ruleset": "0" * 16,
    "revision": "main-7",
}
ENDS = "The exception quiet-sandboxes ends on 2027-03-31, in 29 days."
SWEEP = {"sweep": "s-1", "status": "done", "read": 5000, "changed": 41, "hidden": 41, "reopened": 0}


@pytest.fixture
def world() -> Iterator[ChatWorld]:
    """Return a channel that wants to know of everything."""
    about = ("expires-soon", "mode-changed", "sweep-finished")
    with chat_world("slack", about=about) as world:
        yield world


@pytest.mark.parametrize(
    ("event", "title", "lines"),
    [
        pytest.param(
            expires_soon(STACK, AT, NOTICE),
            "hubtriage: an exception ends soon",
            [
                f"{ENDS} 1,204 findings are shown again then.",
                "• Owner: cloud-platform",
                "• Description: sandboxes are wiped each night",
                "• Ticket: SEC-1",
                "• By severity: HIGH 3, LOW 1201",
                "• Accounts: 12",
                "• Mode: enforce",
                "• Sweep: s-1",
                "• Revision: main-7",
            ],
            id="an exception that ends",
        ),
        pytest.param(
            expires_soon(STACK, AT, {**NOTICE, "findings": 0, "not_known": 7, "by_severity": {}}),
            "hubtriage: an exception ends soon",
            [
                f"{ENDS} How many findings are shown again then is not known.",
            ],
            id="an exception of unknown findings",
        ),
        pytest.param(
            mode_changed(STACK, AT, ("enforce", "reopen"), "breaker", None, "2,001 findings", ("x",)),
            "hubtriage: the mode was changed",
            [
                "The mode is now reopen; it was enforce. The breaker switched it: too much was to be hidden.",
                "• Why: 2,001 findings",
            ],
            id="the breaker",
        ),
        pytest.param(
            mode_changed(STACK, AT, ("reopen", "enforce"), "person", "arn:aws:iam::1:user/x", None, ("x",)),
            "hubtriage: the mode was changed",
            [
                "The mode is now enforce; it was reopen. A person switched it.",
                "• Who: arn:aws:iam::1:user/x",
            ],
            id="a person",
        ),
        pytest.param(
            sweep_finished(STACK, AT, SWEEP, "enforce", None),
            "hubtriage: a sweep finished",
            [
                "A sweep finished: 5,000 read, 41 changed, 41 hidden.",
                "• Sweep: s-1",
                "• Mode: enforce",
            ],
            id="a sweep",
        ),
        pytest.param(
            sweep_finished(STACK, AT, SWEEP, "enforce", "States.Timeout"),
            "hubtriage: a sweep finished",
            ["A sweep ended as failed: 5,000 read, 41 changed, 41 hidden.", "• Error: States[.]Timeout"],
            id="a sweep that failed",
        ),
    ],
)
def test_an_operation_is_shown(world: ChatWorld, event: DecisionEvent, title: str, lines: list[str]) -> None:
    assert world.tell(event) == []
    [message] = world.messages()
    assert message["title"] == title
    shown = message["texts"][2].splitlines()
    assert shown[0] == lines[0]
    assert [line for line in lines if line not in shown] == []
    assert message["live"] == []


def test_an_operation_that_no_one_asked_for_is_left_out() -> None:
    with chat_world("slack") as world:
        assert world.tell(sweep_finished(STACK, AT, SWEEP, "enforce", None)) == []
        assert world.messages() == []


def test_what_is_urgent_comes_first(world: ChatWorld) -> None:
    events = [
        sweep_finished(STACK, AT, SWEEP, "enforce", None),
        decided(),
        decided(2, "escalated"),
        mode_changed(STACK, AT, ("enforce", "reopen"), "breaker", None, None, ("x",)),
    ]
    world.tell(*events)
    [message] = world.messages()
    expected = "hubtriage: the mode was changed, 1 shown again above a ceiling, 1 hidden, a sweep finished"
    assert message["title"] == expected


class Sns:
    """A topic; `error` is raised in place of an answer."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.sent: list[Mapping[str, Any]] = []

    def publish(self, **request: Any) -> Any:
        """Publish a message."""
        if self.error:
            raise self.error
        self.sent.append(request)
        return {"MessageId": "1"}


def mailed(sns: Sns, *events: DecisionEvent) -> list[Any]:
    """Send the events of a batch by e-mail; return the answers."""
    channel = EmailChannel(sns, "arn:topic", STACK)
    batch = read_batch({"Records": [record(event) for event in events]})
    return [channel.send(post) for post in channel.posts(groups_of(batch.events, CHANNEL))]


def test_an_e_mail_is_one_digest_of_a_batch() -> None:
    sns = Sns()
    events = [decided(number, account=f"{number:012}") for number in range(30)]
    assert mailed(sns, *events, decided(99, "reopened", "loud")) == [Done(200)]
    [sent] = sns.sent
    assert sent["Subject"] == "hubtriage: 1 shown again, 30 hidden"
    assert sent["Message"].count("Rule quiet-sandboxes hid 1 finding") == 30
    assert sent["Message"].startswith("Shown again, because rule loud no longer holds: 1 finding")
    assert "\n  https://eu-central-1.console.aws.amazon.com/securityhub/home" in sent["Message"]
    assert len(sent["Message"].encode()) < 256 * 1024


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        pytest.param(
            ClientError(
                {
                    "Error": {"Code": "AuthorizationErrorException"},
                    "ResponseMetadata": {"HTTPStatusCode": 403},
                },
                "Publish",
            ),
            NotDone("SNS: AuthorizationErrorException", is_final=True, status=403),
            id="denied",
        ),
        pytest.param(
            ClientError({"Error": {"Code": "ThrottledException"}}, "Publish"),
            NotDone("SNS: ThrottledException", status=429),
            id="throttled",
        ),
        pytest.param(
            ReadTimeoutError(endpoint_url="https://sns"), Unknown("SNS: ReadTimeoutError"), id="no answer"
        ),
    ],
)
def test_what_sns_answers_says_what_was_done(error: Exception, answer: Any) -> None:
    assert mailed(Sns(error), decided()) == [answer]


def test_the_largest_digest_is_within_the_limits() -> None:
    title = "\U0001f4a3" * 300
    batch = [
        decided(3 * number + each, account=f"{number:012}", Title=title)
        for number in range(100)
        for each in range(3)
    ]
    events = read_batch({"Records": [record(event) for event in batch]}).events
    for post in EmailChannel(Sns(), "arn:topic", STACK).posts(groups_of(events, CHANNEL)):
        assert len(body(post).encode()) < 256 * 1024
        assert len(subject(post)) < 100
