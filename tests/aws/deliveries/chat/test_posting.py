"""Events become messages over real HTTP: told once where the answer came, none lost whatever goes wrong."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hubtriage.aws.decision_events.event import DecisionEvent, EventRefusal
from hubtriage.aws.deliveries.chat.memory import MemoryOfEvents
from hubtriage.aws.deliveries.http import Unknown
from hubtriage.aws.deliveries.limits import MemoryLimit
from hubtriage.localaws.peers.faults import PeerFault
from tests.support.chat_world import (
    PATHS,
    ChatWorld,
    Invocation,
    chat_world,
    decided,
    message,
    record,
)

KINDS = ("slack", "teams", "webhook")


class KilledError(BaseException):
    """The container is gone."""


@pytest.fixture(params=KINDS)
def world(request: pytest.FixtureRequest) -> Iterator[ChatWorld]:
    """Return a channel of each kind."""
    with chat_world(request.param) as world:
        yield world


@pytest.fixture
def slack() -> Iterator[ChatWorld]:
    """Return a channel in Slack."""
    with chat_world("slack") as world:
        yield world


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return the lines of the log so far."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_decision_is_shown_once(world: ChatWorld) -> None:
    assert world.tell(decided()) == []
    assert len(world.messages()) == 1
    assert world.tell(decided()) == []
    assert len(world.messages()) == 1


def test_what_is_alike_is_one_line(slack: ChatWorld) -> None:
    events = [decided(number, severity="HIGH" if number < 3 else "LOW") for number in range(41)]
    events += [decided(99, "reopened", "loud", severity="CRITICAL")]
    assert slack.tell(*events) == []
    [shown] = slack.messages()
    assert shown["title"] == "hubtriage: 1 shown again, 41 hidden"
    assert shown["texts"][2].splitlines() == [
        "Shown again, because rule loud no longer holds: 1 finding in account 111122223333, 1 CRITICAL",
        "• CRITICAL · Finding 99 · arn:aws:s3:::bucket-99 · 111122223333 · eu-central-1",
        "• Owner: soc",
    ]
    assert shown["texts"][4].splitlines() == [
        "Rule quiet-sandboxes hid 41 findings in account 111122223333, 3 HIGH, 38 LOW",
        "• HIGH · Finding 0 · arn:aws:s3:::bucket-0 · 111122223333 · eu-central-1",
        "• HIGH · Finding 1 · arn:aws:s3:::bucket-1 · 111122223333 · eu-central-1",
        "• HIGH · Finding 2 · arn:aws:s3:::bucket-2 · 111122223333 · eu-central-1",
        "• and 38 more",
        "• Reason: sandboxes are wiped",
        "• Ticket: SEC-1",
        "• Owner: cloud-platform",
    ]


def test_a_decision_is_its_own_rules_whichever_rule_asks_for_the_message(slack: ChatWorld) -> None:
    slack.tell(decided(ordered_by="loud"))
    [shown] = slack.messages()
    said = "\n".join(shown["texts"])
    assert "Rule quiet-sandboxes hid 1 finding in account 111122223333, 1 LOW" in said
    assert "Owner: cloud-platform" in said
    assert "Rule loud" not in said


def test_a_group_for_each_account_and_rule(slack: ChatWorld) -> None:
    slack.tell(decided(1, account="1" * 12), decided(2, account="2" * 12), decided(3, rule="loud"))
    [shown] = slack.messages()
    headlines = [text.splitlines()[0] for text in shown["texts"] if text.startswith("Rule")]
    assert headlines == [
        "Rule loud hid 1 finding in account 111122223333, 1 LOW",
        "Rule quiet-sandboxes hid 1 finding in account 111111111111, 1 LOW",
        "Rule quiet-sandboxes hid 1 finding in account 222222222222, 1 LOW",
    ]


@pytest.mark.parametrize(
    ("event", "headline"),
    [
        pytest.param(
            decided(kind="refused", refused=EventRefusal("FindingSizeExceeded", "too large")),
            "An update by rule quiet-sandboxes was refused for good: 1 finding in account 111122223333",
            id="refused",
        ),
        pytest.param(
            decided(kind="overruled", overruled=("Workflow.Status",)),
            "People overruled rule quiet-sandboxes on 1 finding in account 111122223333, 1 LOW",
            id="overruled",
        ),
        pytest.param(
            decided(kind="escalated"),
            "Shown again, because the severity is above the ceiling of rule quiet-sandboxes: "
            "1 finding in account 111122223333, 1 LOW",
            id="escalated",
        ),
        pytest.param(
            decided(kind="raised", rule=None, to=("sec-chat",)),
            "Triage raised the severity of 1 finding in account 111122223333, 1 LOW",
            id="by no rule",
        ),
    ],
)
def test_each_kind_has_words_of_its_own(slack: ChatWorld, event: DecisionEvent, headline: str) -> None:
    slack.tell(event)
    assert headline in slack.shown()


def test_why_an_update_was_refused_is_shown(slack: ChatWorld) -> None:
    slack.tell(decided(kind="refused", refused=EventRefusal("FindingSizeExceeded", "too large")))
    assert "· FindingSizeExceeded: too large" in slack.shown()


def test_fields_that_people_set_are_shown(slack: ChatWorld) -> None:
    slack.tell(decided(kind="overruled", overruled=("Workflow.Status", "Severity")))
    assert "· set by people: Workflow Status, Severity" in slack.shown()


def test_a_lone_finding_has_a_link_to_the_console(slack: ChatWorld) -> None:
    slack.tell(decided())
    [shown] = slack.messages()
    [(kind, value, _where)] = shown["live"]
    assert kind == "link"
    assert value.startswith("https://eu-central-1.console.aws.amazon.com/securityhub/home?region=")
    assert value.endswith("|Open in Security Hub")


def test_many_findings_become_few_messages_that_are_not_sent_at_once(slack: ChatWorld) -> None:
    events = [decided(number, account=f"{number:012}") for number in range(100)]
    assert slack.tell(*events) == []
    messages = slack.messages()
    assert 12 < len(messages) < 30
    assert slack.clock.slept.count(1.0) >= len(messages) - 1
    assert sum(text.startswith("Rule") for each in messages for text in each["texts"]) == 100


def test_events_of_others_are_left_out_and_logged(
    world: ChatWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    assert world.tell(decided(to=("other-chat",))) == []
    assert world.messages() == []
    assert "not meant for this channel" in capsys.readouterr().out


def test_a_channel_gets_the_kinds_that_it_is_about() -> None:
    with chat_world("slack", about=("reopened",)) as world:
        assert world.tell(decided(1, "reopened", to=()), decided(2, "hidden", to=())) == []
        assert "no longer holds: 1 finding" in world.shown()
        assert "hid" not in world.shown()


def test_what_an_archive_sends_again_is_not_sent_post(
    world: ChatWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    assert world.deliver(record(decided(), **{"replay-name": "again"})) == []
    assert world.messages() == []
    assert "replayed from an archive" in capsys.readouterr().out


def changed(**members: Any) -> str:
    """Return the body of a message whose envelope is as it should be but for some members."""
    return str(record(decided(), **members)["body"])


def with_detail(**members: Any) -> str:
    """Return the body of a message whose detail is as it should be but for some members."""
    return changed(detail={**json.loads(decided().detail), **members})


UNREADABLE = {
    "no JSON": "{",
    "a list": "[]",
    "another source": changed(source="aws.securityhub"),
    "another detail type": changed(**{"detail-type": "Triage Dance"}),
    "no detail": changed(detail=None),
    "another version": with_detail(version="2"),
    "no id": with_detail(id=None),
    "an id that is none": with_detail(id="a.b\r\nx: y"),
    "a long id": with_detail(id="a" * 65),
    "no kind": with_detail(kind=None),
    "deep nesting": "[" * 100_000,
    "no number": with_detail(sequence=float("nan")),
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_fails_alone(slack: ChatWorld, body: str) -> None:
    assert slack.deliver(message("bad", body), record(decided())) == ["bad"]
    assert len(slack.messages()) == 1


def test_an_invocation_without_messages_is_an_error(slack: ChatWorld) -> None:
    with pytest.raises(ValueError, match="no messages of a queue"):
        slack.function()({"detail": {}}, Invocation())


def test_a_duplicate_in_the_batch_is_told_once_and_fails_with_it(world: ChatWorld) -> None:
    world.site.control.fault(PeerFault("status", status=500))
    event = decided()
    both = [record(event), record(event, copy=1)]
    assert world.deliver(*both) == [f"{event.id}-0", f"{event.id}-1"]
    assert world.deliver(*both) == []
    assert len(world.messages()) == 1


BEFORE = [
    pytest.param(PeerFault("reset"), id="reset before"),
    pytest.param(PeerFault("status", status=500), id="error of the server"),
    pytest.param(PeerFault("status", status=503, retry_after=600), id="unavailable"),
    pytest.param(PeerFault("status", status=429, retry_after=600), id="too many"),
    pytest.param(PeerFault("status", status=400), id="refused"),
    pytest.param(PeerFault("status", status=302, headers=(("Location", "http://x"),)), id="redirect"),
]
AFTER = [
    pytest.param(PeerFault("reset", after=True), id="answer lost"),
    pytest.param(PeerFault("status", status=504, after=True), id="gateway's timeout"),
    pytest.param(PeerFault("delay", seconds=1.5), id="too late"),
]


@pytest.mark.parametrize("fault", BEFORE)
def test_what_was_not_sent_comes_again_and_is_told_then(world: ChatWorld, fault: PeerFault) -> None:
    world.site.control.fault(fault)
    event = decided()
    assert world.tell(event) == [f"{event.id}-0"]
    assert world.messages() == []
    assert world.tell(event, receives=2) == []
    assert len(world.messages()) == 1


@pytest.mark.parametrize("fault", AFTER)
def test_a_lost_answer_tells_twice_at_worst_and_never_not_at_all(world: ChatWorld, fault: PeerFault) -> None:
    world.site.control.fault(fault)
    event = decided()
    assert world.tell(event) == [f"{event.id}-0"]
    assert world.tell(event, receives=2) == []
    assert world.tell(event, receives=3) == []
    assert len(world.messages()) == 2


def test_a_webhook_keeps_its_id_over_all_attempts() -> None:
    with chat_world("webhook") as world:
        world.site.control.fault(PeerFault("reset", after=True))
        world.tell(decided())
        world.clock.sleep(60)
        world.tell(decided())
        first, second = world.messages()
        assert (first["id"], first["is_new"], second["is_new"]) == (second["id"], True, False)
        assert first["event"]["data"] == json.loads(decided().detail)
        assert first["event"]["type"] == "hubtriage.hidden"


def test_slack_answers_ok_or_it_did_not_answer(slack: ChatWorld) -> None:
    slack.site.control.fault(PeerFault("html"))
    assert slack.tell(decided()) != []
    slack.site.control.fault(PeerFault("truncated"))
    assert slack.tell(decided()) != []


def test_short_waits_are_waited_for(world: ChatWorld) -> None:
    world.site.control.fault(PeerFault("status", status=429, retry_after=7, times=2))
    assert world.tell(decided()) == []
    assert world.clock.slept[:2] == [7.0, 7.0]
    assert len(world.messages()) == 1


def test_after_a_long_wait_the_messages_come_again_and_no_other_is_tried(slack: ChatWorld) -> None:
    slack.site.control.fault(PeerFault("status", status=429, retry_after=1800))
    events = [decided(number, account=f"{number:012}") for number in range(30)]
    assert len(slack.tell(*events)) == 30
    assert len(slack.site.control.journal()) == 1
    assert len(slack.sqs.seconds) == 30
    assert set(slack.sqs.seconds) <= {1800, 1801}
    assert slack.clock.slept == []


def test_the_double_limits_the_rate_and_all_is_sent_post(slack: ChatWorld) -> None:
    slack.site.configure(burst=1)
    events = [decided(number, account=f"{number:012}") for number in range(60)]
    assert slack.tell(*events) == []
    assert sum(text.startswith("Rule") for each in slack.messages() for text in each["texts"]) == 60


def test_failures_put_messages_off_for_longer_each_time(slack: ChatWorld) -> None:
    slack.site.control.fault(PeerFault("status", status=500, times=9))
    for receives in (1, 2, 3, 9, 99):
        slack.tell(decided(), receives=receives)
    assert [round(seconds, -1) for seconds in slack.sqs.seconds] == [30, 60, 120, 3600, 3600]


def test_a_service_that_is_not_well_is_left_alone(slack: ChatWorld) -> None:
    slack.site.control.fault(PeerFault("status", status=500, times=99))
    events = [decided(number, account=f"{number:012}") for number in range(100)]
    assert len(slack.tell(*events)) == 100
    assert len(slack.site.control.journal()) == 3


def test_one_message_that_fails_does_not_keep_the_others_back(slack: ChatWorld) -> None:
    slack.site.control.fault(PeerFault("status", status=500))
    events = [decided(number, account=f"{number:012}") for number in range(100)]
    again = slack.tell(*events)
    assert 0 < len(again) < 20
    told = sum(text.startswith("Rule") for each in slack.messages() for text in each["texts"])
    assert told + len(again) == 100


def test_events_that_are_never_taken_keep_no_others_back(slack: ChatWorld) -> None:
    bad = [decided(number, account=f"{number:012}", Title="no one takes this") for number in range(6)]
    good = [decided(number, account=f"{number:012}") for number in range(6, 40)]
    send = slack.service.send

    def picky(post: Any) -> Any:
        if "no one takes this" in str(post.paragraphs):
            return Unknown("HTTP 500", status=500)
        return send(post)

    slack.service.send = picky  # type: ignore[method-assign]
    waiting = {f"{event.id}-0": event for event in (*bad, *good)}
    for receives in range(1, 11):
        again = slack.deliver(*(record(event, receives=receives) for event in waiting.values()))
        waiting = {name: waiting[name] for name in again}
    assert waiting.keys() == {f"{event.id}-0" for event in bad}


def test_a_group_that_is_refused_fails_alone(slack: ChatWorld) -> None:
    slack.site.control.fault(PeerFault("status", status=400, times=2))
    first, second = decided(1, account="1" * 12), decided(2, account="2" * 12)
    assert slack.tell(first, second) == [f"{first.id}-0"]
    assert "222222222222" in slack.shown()


@pytest.mark.parametrize(("act", "kind"), [("revoke", "slack"), ("archive", "slack"), ("prohibit", "slack")])
def test_a_dead_webhook_is_an_error_that_says_what_to_do(
    act: str, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with chat_world(kind) as world:
        world.site.act(act)
        events = [decided(number, account=f"{number:012}") for number in range(30)]
        assert len(world.tell(*events)) == 30
        assert len(world.site.control.journal()) == 1
        assert min(world.sqs.seconds) >= 3600
        lines = logged(capsys)
        assert any(line.get("message") == "channel refuses messages: renew its secret" for line in lines)
        assert any(line.get("DeliveryCredentialsRefused") == [1.0] for line in lines)


def test_a_renewed_secret_is_read_again_without_a_deployment(slack: ChatWorld) -> None:
    slack.tell(decided(1))
    slack.site.configure(path="/services/T00000000/B00000000/renewed")
    slack.site.secrets.value = {"url": f"{slack.site.url}/services/T00000000/B00000000/renewed"}
    slack.site.clock.ahead += 60
    assert slack.tell(decided(2)) == []
    assert len(slack.messages()) == 2


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException"])
def test_without_the_secret_all_comes_again(
    world: ChatWorld, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    world.site.secrets.error = code
    assert len(world.tell(decided())) == 1
    assert f"the secret hubtriage/peer cannot be read: {code}" in capsys.readouterr().out
    world.site.secrets.error = None
    assert world.tell(decided()) == []


def test_no_secret_is_written_anywhere(world: ChatWorld, capsys: pytest.CaptureFixture[str]) -> None:
    secret = world.site.secrets.value
    assert isinstance(secret, dict)
    for fault in (
        PeerFault("reset"),
        PeerFault("status", status=500),
        PeerFault("status", status=403),
        PeerFault("status", status=400),
        PeerFault("status", status=302, headers=(("Location", secret["url"]),)),
        PeerFault("delay", seconds=1.5),
        PeerFault("html"),
    ):
        world.site.control.fault(fault)
        world.tell(decided())
        world.site.control.clear_faults()
    written = capsys.readouterr()
    hidden = [secret["url"], PATHS[world.kind][-20:], *secret["signing_keys"]]
    assert [each for each in hidden if each in written.out + written.err] == []


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        pytest.param(["whsec_c2hvcnQ="], "signing key 1", id="too short"),
        pytest.param(["plain-text-that-is-no-key-at-all-and-long"], "signing key 1", id="no prefix"),
        pytest.param([], "no list of texts", id="none"),
    ],
)
def test_a_signing_key_that_is_none_is_not_quoted(
    keys: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with chat_world("webhook") as world:
        assert isinstance(world.site.secrets.value, dict)
        world.site.secrets.value["signing_keys"] = keys
        assert world.tell(decided()) != []
        written = capsys.readouterr().out
        assert said in written
        assert [key for key in keys if key in written] == []
        assert world.site.control.journal() == []


class Dying(MemoryOfEvents):
    """A memory in whose container the process dies at a step; what was written before stays."""

    def __init__(self, at: str, *, before: bool) -> None:
        super().__init__()
        self.at, self.before = at, before

    def _step(self, name: str, do: Callable[[], Any]) -> Any:
        if self.at == name and self.before:
            self.at = ""
            raise KilledError
        done = do()
        if self.at == name:
            self.at = ""
            raise KilledError
        return done

    def claim(self, event: str, holder: str, now: float, until: float) -> Any:
        return self._step("claim", lambda: MemoryOfEvents.claim(self, event, holder, now, until))

    def confirm(self, events: Any, ending: Any, now: float) -> None:
        self._step("confirm", lambda: MemoryOfEvents.confirm(self, events, ending, now))


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("at", ["claim", "confirm"])
def test_a_dead_container_loses_nothing(world: ChatWorld, at: str, before: bool) -> None:
    world.memory = Dying(at, before=before)
    event = decided()
    with pytest.raises(KilledError):
        world.tell(event)
    assert world.deliver(record(event, receives=2), context=Invocation("request-2")) in (
        [],
        [f"{event.id}-0"],
    )
    world.clock.sleep(300)
    assert world.deliver(record(event, receives=3), context=Invocation("request-3")) == []
    assert len(world.messages()) == (2 if (at, before) == ("confirm", True) else 1)


def test_a_container_that_dies_while_it_sends_loses_nothing(world: ChatWorld) -> None:
    event, send = decided(), world.service.send

    def die(_post: Any) -> Any:
        raise KilledError

    world.service.send = die  # type: ignore[method-assign]
    with pytest.raises(KilledError):
        world.tell(event)
    world.service.send = send  # type: ignore[method-assign]
    held = world.deliver(record(event, receives=2), context=Invocation("request-2"))
    assert held == [f"{event.id}-0"]
    world.clock.sleep(300)
    assert world.deliver(record(event, receives=3), context=Invocation("request-3")) == []
    assert len(world.messages()) == 1


def test_two_containers_with_one_event_tell_it_once(world: ChatWorld) -> None:
    event, send = decided(), world.service.send
    held: list[list[str]] = []

    def meanwhile(post: Any) -> Any:
        world.service.send = send  # type: ignore[method-assign]
        held.append(world.deliver(record(event, copy=1), context=Invocation("request-2")))
        return send(post)

    world.service.send = meanwhile  # type: ignore[method-assign]
    assert world.tell(event) == []
    assert held == [[f"{event.id}-1"]]
    assert world.deliver(record(event, copy=1)) == []
    assert len(world.messages()) == 1


class NoTable(MemoryOfEvents):
    """A table that refuses some operations."""

    def __init__(self, *denied: str) -> None:
        super().__init__()
        self.denied = set(denied)

    def _demand(self, name: str) -> None:
        if name in self.denied:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, name)

    def claim(self, event: str, holder: str, now: float, until: float) -> Any:
        self._demand("claim")
        return super().claim(event, holder, now, until)

    def confirm(self, events: Any, ending: Any, now: float) -> None:
        self._demand("confirm")
        super().confirm(events, ending, now)

    def release(self, events: Any, holder: str) -> None:
        self._demand("release")
        super().release(events, holder)


def test_without_the_table_nothing_is_told_and_all_comes_again(world: ChatWorld) -> None:
    world.memory = NoTable("claim", "release")
    assert len(world.tell(decided(1), decided(2))) == 2
    assert world.messages() == []
    world.memory.denied.clear()
    assert world.tell(decided(1), decided(2)) == []


class NoLimit(MemoryLimit):
    """A daily limit in a table that refuses one operation."""

    def __init__(self, most: int, denied: str) -> None:
        super().__init__(most)
        self.denied = denied

    def __getattribute__(self, name: str) -> Any:
        if name == object.__getattribute__(self, "__dict__").get("denied"):
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, name)
        return super().__getattribute__(name)


@pytest.mark.parametrize("denied", ["take", "claim_last_word", "release_last_word", "count_withheld"])
def test_without_the_count_of_the_day_nothing_is_lost(slack: ChatWorld, denied: str) -> None:
    slack.limit = NoLimit(1, denied)
    events = [decided(number, account=f"{number:012}") for number in range(20)]
    again = slack.tell(*events)
    shown = sum(text.startswith("Rule") for each in slack.messages() for text in each["texts"])
    assert shown + len(again) == 20
    assert again


def test_what_is_not_given_back_does_not_lose_the_message(slack: ChatWorld) -> None:
    slack.limit = NoLimit(9, "give_back")
    slack.site.control.fault(PeerFault("status", status=500))
    assert len(slack.tell(decided())) == 1
    assert slack.tell(decided()) == []
    assert len(slack.messages()) == 1


def test_what_was_told_and_not_remembered_does_not_come_again(
    world: ChatWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    world.memory = NoTable("confirm")
    assert world.tell(decided()) == []
    assert "sent, but not remembered" in capsys.readouterr().out


def test_without_time_nothing_is_begun(world: ChatWorld) -> None:
    assert len(world.deliver(record(decided()), context=Invocation(left=20.0))) == 1
    assert world.site.control.journal() == []
    assert world.deliver(record(decided())) == []


def test_the_daily_limit_ends_with_one_last_message(capsys: pytest.CaptureFixture[str]) -> None:
    with chat_world("slack", most=2) as world:
        for number in range(5):
            assert world.tell(decided(number)) == []
        titles = [each["title"] for each in world.messages()]
        assert titles == ["hubtriage: 1 hidden"] * 2 + ["hubtriage: daily limit reached"]
        last = world.messages()[-1]["texts"]
        assert last[2].startswith("The daily limit of 2 messages is reached. Nothing more is shown")
        assert last[3].splitlines() == [
            "Not shown:",
            "• Rule quiet-sandboxes hid 1 finding in account 111122223333, 1 LOW",
        ]
        lines = logged(capsys)
        withheld = [line for line in lines if line.get("message") == "not shown: daily limit reached"]
        assert [len(line["events"]) for line in withheld] == [1, 1, 1]
        assert sum(line.get("DeliveriesWithheld", [0])[0] for line in lines if "to" not in line) == 3.0
        assert world.limit.withheld(world.clock.now()) == 3
        assert world.tell(decided(4)) == []
        assert world.limit.withheld(world.clock.now()) == 3
        world.clock.ahead += 86_400
        assert world.tell(decided(9)) == []
        assert len(world.messages()) == 4


def test_a_last_message_that_fails_is_said_again() -> None:
    with chat_world("slack", most=1) as world:
        world.tell(decided(1))
        world.site.control.fault(PeerFault("status", status=500))
        assert len(world.tell(decided(2))) == 1
        assert world.tell(decided(2)) == []
        assert [each["title"] for each in world.messages()][1:] == ["hubtriage: daily limit reached"]


def test_failures_do_not_use_the_limit_up() -> None:
    with chat_world("slack", most=1) as world:
        world.site.control.fault(PeerFault("status", status=500, times=3))
        for _ in range(3):
            world.tell(decided())
        assert world.tell(decided()) == []
        assert world.shown().startswith("hubtriage: 1 hidden")


def test_lost_answers_use_the_limit_up() -> None:
    with chat_world("slack", most=2) as world:
        world.site.control.fault(PeerFault("reset", after=True, times=9))
        for _ in range(5):
            world.tell(decided())
        assert isinstance(world.limit, MemoryLimit)
        assert list(world.limit.used.values()) == [2]
