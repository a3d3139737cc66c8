"""Which notice is due, what it says, and that what rules say stays data."""

import json
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hubtriage.aws.sweep.notices.announcing import Announcer
from hubtriage.aws.sweep.notices.due import SweepFacts, due, notices_of
from hubtriage.aws.sweep.notices.given import MOST_GIVEN, GivenNotice, ProcessNotices, packed, unpacked
from hubtriage.aws.sweep.notices.tally import MOST_GROUPS, OTHER_OWNERS, EndingTally, together
from hubtriage.aws.sweep.notices.text import LONGEST_SUBJECT, body, one_line, subject
from tests.support.sweep_site import TOPIC, RecordedTopic
from tests.support.sweep_world import rules, suppress
from tests.support.triage_world import NOW

DAY = 86_400.0
AROUND = SweepFacts(NOW, "enforce", "schedule-1", "hash", "0123456")


def rule_of(**members: Any) -> Any:
    (rule,) = rules(suppress("rule-a", "control-a", **{"ends": NOW + 7 * DAY, **members})).rules
    return rule


def tally_of(
    findings: int = 1, unknown: int = 0, owner: str | None = None, rule: str = "rule-a"
) -> EndingTally:
    tally = EndingTally()
    for _finding in range(findings):
        tally.count(rule, owner, "HIGH", "111122223333")
    for _finding in range(unknown):
        tally.count_unknown(rule, owner)
    return tally


@pytest.mark.parametrize(
    ("days_left", "told", "days"),
    [
        pytest.param(30.01, (), None, id="too early"),
        pytest.param(30.0, (), 30, id="thirty days ahead"),
        pytest.param(12.0, (), 30, id="late, but not a week ahead"),
        pytest.param(12.0, (30,), None, id="told already"),
        pytest.param(7.0, (30,), 7, id="a week ahead"),
        pytest.param(5.0, (), 7, id="first deployed five days ahead: one notice, not both"),
        pytest.param(5.0, (7,), None, id="five days ahead, and told"),
        pytest.param(0.0, (), None, id="it has ended"),
    ],
)
def test_the_nearest_notice_is_due_unless_it_was_given(days_left: float, told: Any, days: int | None) -> None:
    ends = NOW + days_left * DAY
    given = {GivenNotice(ends, "rule-a", each) for each in told} | {GivenNotice(ends + DAY, "rule-a", 7)}
    found = list(due([rule_of(ends=ends)], tally_of(), (30, 7), given, NOW))
    assert [each.days for each in found] == ([] if days is None else [days])


@pytest.mark.parametrize(
    ("tally", "is_due"),
    [
        pytest.param(tally_of(0), False, id="nothing would show again"),
        pytest.param(tally_of(0, 1), True, id="it is not known whether something would"),
        pytest.param(EndingTally(uncounted=1), True, id="findings are counted nowhere"),
        pytest.param(tally_of(rule="rule-b"), False, id="another rule's"),
    ],
)
def test_a_notice_is_due_if_something_may_show_again(tally: EndingTally, is_due: bool) -> None:
    assert bool(list(due([rule_of()], tally, (30, 7), (), NOW))) is is_due


def text_of(tally: EndingTally, around: SweepFacts = AROUND, **members: Any) -> tuple[str, str]:
    (notice,) = notices_of(rule_of(**members), 7, tally, around)
    return subject(notice), body(notice)


def test_a_notice_reads_so() -> None:
    members = {"expires": "2027-01-21", "ticket": "SEC-1", "description": "No data.", "owner": "cloud"}
    title, text = text_of(tally_of(1204, owner="cloud"), **members)
    assert title == "1,204 findings reopen after 2027-01-21"
    assert text == (
        "The exception rule-a ends after 2027-01-21: 7 days are left.\n"
        "Description: No data.\n"
        "Ticket: SEC-1\n"
        "Owner: cloud\n"
        "\n"
        "1,204 findings reopen then.\n"
        "By severity: HIGH 1,204.\n"
        "Accounts: 1.\n"
        "\n"
        "If the exception is to end, there is nothing to do.\n"
        "If it is to go on: hubtriage renew rule-a --until DATE --ticket SEC-1\n"
        "Then commit the change, have it approved, and deploy the rules.\n"
        "Counted by the sweep schedule-1, rules of revision 0123456."
    )


def test_findings_above_every_ceiling_are_counted_and_named_first() -> None:
    tally = tally_of(2)
    tally.count("rule-a", None, "UNRANKED", "111122223333")
    tally.count("rule-a", None, "CRITICAL", "111122223333")
    assert "By severity: UNRANKED 1, CRITICAL 1, HIGH 2.\n" in text_of(tally)[1]


def test_an_end_at_an_hour_is_said_with_its_hour() -> None:
    assert text_of(tally_of(), expires="2027-01-22T10:00:00+02:00")[0] == (
        "1 finding reopens on 2027-01-22 at 08:00 UTC"
    )


def test_what_is_not_known_is_never_said_as_nothing() -> None:
    assert text_of(tally_of(0, 3))[0].startswith("An unknown number of findings reopens")
    said = text_of(EndingTally(uncounted=2))
    assert said[0].startswith("An unknown number of findings reopens")
    assert "not all findings were counted" in said[1]
    assert "Accounts" not in said[1]


@pytest.mark.parametrize("word", ["ticket", "description", "owner"])
def test_what_a_rule_says_is_one_short_line_of_data(word: str) -> None:
    evil = "x\r\nBcc: a@example.com\x1b[31m\u202e" + "y" * 5000 + " `rm -rf /`"
    said = text_of(tally_of(owner=evil), **{word: evil})
    assert len(said[0]) <= LONGEST_SUBJECT
    assert len(said[1]) < 3000
    assert all(letter == "\n" or letter.isprintable() for letter in said[1])
    assert "\nBcc" not in said[1]
    assert "rm -rf" not in said[1].split("hubtriage renew")[1]


def test_a_ticket_that_a_shell_would_read_is_not_put_into_the_command() -> None:
    assert "--ticket TICKET\n" in text_of(tally_of(), ticket="$(reboot)")[1]


def test_a_text_is_cut_and_stays_on_one_line() -> None:
    assert one_line(" a\tb\u2028c\ud800 ", 5) == "a b c"
    assert one_line("abcdef", 5) == "abcd…"


def test_what_was_told_is_read_as_it_was_written() -> None:
    told = frozenset({GivenNotice(NOW + 0.5, "rule-a", 7), GivenNotice(NOW, "rule-b", 30)})
    assert unpacked(packed(told)) == told
    assert [unpacked(text) for text in (b"", packed([])[:-3], b"x")] == [frozenset()] * 3


def test_ten_thousand_notices_fit_into_an_item() -> None:
    names = (f"team-{number % 70}-accepts-{number:06}-in-sandbox" for number in range(12_000))
    told = [GivenNotice(NOW + number, name, 30) for number, name in enumerate(names)]
    stored = packed(told)
    assert len(stored) < 300_000
    assert len(unpacked(stored)) == MOST_GIVEN


def test_what_was_told_of_rules_that_ended_is_forgotten_once_something_is_told() -> None:
    memory = ProcessNotices()
    memory.write({GivenNotice(NOW, "old", 7), GivenNotice(NOW + DAY, "young", 7)})
    topic, lines = RecordedTopic(), list[Any]()
    announcer = Announcer(memory, topic, TOPIC, (), lambda *line: lines.append(line), lambda *_: None)
    announcer.announce({"rule-a": rule_of()}, tally_of(), (7,), AROUND)
    assert {told.rule for told in memory.given} == {"young", "rule-a"}
    assert len(lines) == 1


@pytest.mark.parametrize(
    ("owner", "subscribed", "expected"),
    [
        pytest.param("team-a", ("team-a",), ("team-a", "yes"), id="by name"),
        pytest.param("team-a", ("team-*",), ("team-a", "yes"), id="by the beginning of the name"),
        pytest.param("team-a", ("team", "a"), ("team-a", "no"), id="other names"),
        pytest.param(None, ("team-a",), ("(none)", "no"), id="no owner"),
        pytest.param("", ("*",), ("(none)", "yes"), id="anyone"),
        pytest.param("\u200b\x07", (), ("(none)", "no"), id="a name that no one sees"),
    ],
)
def test_subscriptions_can_filter_by_owner_and_by_whether_the_owner_has_one(
    owner: str | None, subscribed: tuple[str, ...], expected: tuple[str, str]
) -> None:
    topic = RecordedTopic()
    announcer = Announcer(ProcessNotices(), topic, TOPIC, subscribed, lambda *_: None, lambda *_: None)
    announcer.announce({"rule-a": rule_of()}, tally_of(owner=owner), (7,), AROUND)
    (message,) = topic.messages
    sent = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert sent == {"owner": expected[0], "subscribed": expected[1], "rule": "rule-a", "days": "7"}
    assert message["TopicArn"] == TOPIC


def test_without_a_topic_the_log_has_it_all_the_same() -> None:
    topic, lines, memory = RecordedTopic(), list[Any](), ProcessNotices()
    announcer = Announcer(memory, topic, "", (), lambda *line: lines.append(line), lambda *_: None)
    given = announcer.announce({"rule-a": rule_of()}, tally_of(), (7,), AROUND)
    assert (given.notices, given.failed, topic.messages, len(lines), len(memory.given)) == (1, 0, [], 1, 1)


class RefusingTopic(RecordedTopic):
    """A topic that refuses the messages of one rule as AWS does; or all, for another reason."""

    def __init__(self, code: str) -> None:
        super().__init__()
        self.code = code

    def publish(self, **request: Any) -> Any:
        if request["MessageAttributes"]["rule"]["StringValue"] == "rule-a":
            raise ClientError({"Error": {"Code": self.code, "Message": "no"}}, "Publish")
        return super().publish(**request)


@pytest.mark.parametrize(
    ("code", "given", "failed"),
    [
        pytest.param("InvalidParameterValue", 1, 1, id="this message is refused: the others are sent"),
        pytest.param("AuthorizationError", 0, 2, id="no message is taken: the others wait"),
    ],
)
def test_a_message_that_is_refused_for_ever_keeps_no_other_back(code: str, given: int, failed: int) -> None:
    topic, memory, warnings = RefusingTopic(code), ProcessNotices(), list[Any]()
    announcer = Announcer(memory, topic, TOPIC, (), lambda *_: None, lambda *line: warnings.append(line))
    two = {
        "rule-a": rule_of(),
        "rule-b": rules(suppress("rule-b", "control-b", ends=NOW + 7 * DAY)).rules[0],
    }
    tally = tally_of()
    tally.count("rule-b", None, "HIGH", "111122223333")
    announced = announcer.announce(two, tally, (7,), AROUND)
    assert (announced.notices, announced.failed, len(warnings)) == (given, failed, 1)
    assert {one.rule for one in memory.given} == ({"rule-b"} if given else set())


DIRECTORY = {f"{number:012}": {"team": f"team-{number:03}"} for number in range(1, 301)}
AMONG_MANY = replace(AROUND, accounts=DIRECTORY)


def test_a_rule_of_one_owner_is_announced_to_that_owner_however_many_rules_end() -> None:
    tally = EndingTally()
    for number in range(MOST_GROUPS):
        tally.count(f"another-{number}", "x", "LOW", "111122223333")
    tally.count("rule-a", "cloud", "HIGH", "111122223333")
    early = EndingTally()
    early.count("rule-a", "cloud", "LOW", "111122223333")
    (notice,) = notices_of(rule_of(owner="cloud"), 7, together([tally, early]), AMONG_MANY)
    assert (notice["owner"], notice["findings"], notice["accounts"]) == ("cloud", 2, 1)
    assert "other_owners" not in notice


@pytest.mark.parametrize(
    "uncounted", [pytest.param(False, id="counted together"), pytest.param(True, id="counted nowhere")]
)
def test_owners_that_are_not_counted_apart_get_the_notice_of_all_others(uncounted: bool) -> None:
    tally = EndingTally(uncounted=int(uncounted))
    for account, known in DIRECTORY.items() if not uncounted else ():
        tally.count("rule-a", known["team"], "HIGH", account)
    topic, subscribed = RecordedTopic(), ("team-*",)
    announcer = Announcer(ProcessNotices(), topic, TOPIC, subscribed, lambda *_: None, lambda *_: None)
    announcer.announce({"rule-a": rule_of(owner={"account": "team"})}, tally, (7,), AMONG_MANY)
    told = set[str]()
    for message in topic.messages:
        owner = message["MessageAttributes"]["owner"]
        several = owner["DataType"] == "String.Array"
        told.update(json.loads(owner["StringValue"]) if several else [owner["StringValue"]])
        assert ("several owners together" in message["Message"]) is several
        assert (message["MessageAttributes"]["subscribed"]["StringValue"] == "no") is several
    assert told == {known["team"] for known in DIRECTORY.values()} | {OTHER_OWNERS}
    assert len(topic.messages) == (1 if uncounted else MOST_GROUPS + 1)


def test_the_names_of_all_others_fit_into_a_message() -> None:
    accounts = {f"{number:012}": {"team": f"{number:05}" + "\U0001f680" * 90} for number in range(3000)}
    around = replace(AROUND, accounts=accounts)
    notices = notices_of(rule_of(owner={"account": "team"}), 7, EndingTally(uncounted=1), around)
    assert 0 < len(json.dumps(notices)) < 60_000
