import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hubtriage.aws.triage.deduplication import newest
from hubtriage.aws.triage.events import SWEEP_SOURCE, ParsedEvent, SweepOrder, parse_event

GUARDDUTY = "arn:aws:securityhub:eu-west-1::product/aws/guardduty"
IMPORTED = "Security Hub Findings - Imported"


def finding(name: str = "f1", **members: Any) -> dict[str, Any]:
    return {"Id": name, "ProductArn": GUARDDUTY, **members}


def event(*findings: Any, time: Any = "2026-11-22T12:00:00Z", detail_type: Any = IMPORTED) -> dict[str, Any]:
    return {"detail-type": detail_type, "time": time, "detail": {"findings": list(findings)}}


def record(
    body: Any, message_id: str = "m1", sent: str = "1795348800000", receives: str = "1"
) -> dict[str, Any]:
    text = body if isinstance(body, str) else json.dumps(body)
    attributes = {"SentTimestamp": sent, "ApproximateReceiveCount": receives}
    return {"messageId": message_id, "body": text, "attributes": attributes, "eventSource": "aws:sqs"}


def intake(*records: Any) -> ParsedEvent:
    return parse_event({"Records": list(records)})


def names(taken: ParsedEvent) -> list[tuple[str | None, str]]:
    return [(event.message.id, event.key[1]) for event in taken.finding_events]


def test_an_imported_event_is_its_finding_with_unknown_members_kept() -> None:
    taken = intake(record(event(finding(RiskAssessment={"Score": 7})), receives="3"))
    (only,) = taken.finding_events
    assert only.finding["RiskAssessment"] == {"Score": 7}
    assert only.key == (GUARDDUTY, "f1")
    assert (only.message.id, only.message.receives) == ("m1", 3)
    assert only.message.sent_at == 1795348800.0
    assert only.event_at == 1795348800.0
    assert not taken.unusable


def test_several_findings_in_one_event_share_its_message() -> None:
    taken = intake(record(event(finding("a"), finding("b"))))
    assert names(taken) == [("m1", "a"), ("m1", "b")]


def test_an_event_handed_over_directly_has_no_message_id() -> None:
    taken = parse_event(event(finding()))
    assert names(taken) == [(None, "f1")]
    assert taken.messages[0].receives == 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param("", "not JSON", id="an empty body"),
        pytest.param("{'detail-type': 1}", "not JSON", id="text that is no JSON"),
        pytest.param('{"detail": NaN}', "not JSON", id="NaN, which Python reads and JSON does not know"),
        pytest.param("[" * 100_000, "not JSON", id="nesting without end"),
        pytest.param('{"n": ' + "9" * 5000 + "}", "not JSON", id="a number too long to convert"),
        pytest.param("[]", "not an event", id="a list"),
        pytest.param("null", "not an event", id="null"),
        pytest.param("{}", "not a findings event", id="an object that is no event"),
        pytest.param(
            event(finding(), detail_type=["x"]), "not a findings event", id="a detail-type that is a list"
        ),
        pytest.param(
            event(finding(), detail_type="Findings Imported V2"),
            "an event of a hub that is not triaged",
            id="OCSF where hubs does not name V2",
        ),
        pytest.param(
            event(detail_type="Security Hub Insight Results"),
            "not a findings event",
            id="results of an insight",
        ),
        pytest.param(
            event(finding(), detail_type="Security Hub Findings - Custom Action"),
            "not a findings event",
            id="a custom action",
        ),
        pytest.param({"detail-type": IMPORTED}, "no findings in the event", id="no detail"),
        pytest.param(
            {"detail-type": IMPORTED, "detail": []}, "no findings in the event", id="detail is a list"
        ),
        pytest.param(event(), "no findings in the event", id="no finding"),
        pytest.param(
            {"detail-type": IMPORTED, "detail": {"findings": finding()}},
            "no findings in the event",
            id="findings that are one object",
        ),
        pytest.param(event("f1"), "a finding that is no object", id="a finding that is a string"),
        pytest.param(event({"ProductArn": GUARDDUTY}), "a finding without Id", id="no Id"),
        pytest.param(event({"Id": "f1"}), "a finding without ProductArn", id="no ProductArn"),
        pytest.param(event(finding(Id=7)), "a finding without Id", id="an Id that is a number"),
        pytest.param(event(finding(Id=" \t")), "a finding without Id", id="a blank Id"),
        pytest.param(
            event(finding(Id="x" * 513)), "Id longer than 512 characters", id="an Id beyond the limit"
        ),
        pytest.param(
            event(finding(Id="a\ud800")), "Id that is no text", id="an Id with half a surrogate pair"
        ),
    ],
)
def test_what_cannot_be_used_fails_alone_with_its_reason(body: Any, reason: str) -> None:
    taken = intake(record(event(finding()), "good"), record(body, "bad"))
    assert names(taken) == [("good", "f1")]
    assert [(item.message.id, item.reason) for item in taken.unusable] == [("bad", reason)]


def test_one_bad_finding_leaves_the_others_of_its_event() -> None:
    taken = intake(record(event(finding("a"), 7, finding("b"))))
    assert [name for _, name in names(taken)] == ["a", "b"]
    assert [item.message.id for item in taken.unusable] == ["m1"]


def test_a_reason_quotes_little_of_a_foreign_text() -> None:
    (item,) = intake(record(event(detail_type="x" * 10_000))).unusable
    assert len(item.detail) == 100


@pytest.mark.parametrize(
    "given",
    [
        pytest.param("text", id="text"),
        pytest.param(None, id="nothing"),
        pytest.param([], id="a list"),
        pytest.param({}, id="an empty object"),
        pytest.param({"Records": [None]}, id="a record that is nothing"),
        pytest.param({"Records": [{"messageId": "m"}]}, id="a record without body"),
        pytest.param({"Records": [{"body": 7, "attributes": []}]}, id="a record of the wrong types"),
    ],
)
def test_any_invocation_is_accounted_for(given: object) -> None:
    taken = parse_event(given)
    assert len(taken.messages) == len(taken.unusable) == 1
    assert taken.unusable[0].reason in ("not JSON", "not an event", "not a findings event")


@pytest.mark.parametrize("count", ["", "two", "-1", "²", "9" * 30, None])
def test_an_odd_receive_count_reads_as_the_first_delivery(count: Any) -> None:
    assert intake(record(event(finding()), receives=count)).messages[0].receives == 1


def test_without_an_envelope_time_the_event_is_as_old_as_its_message() -> None:
    (only,) = intake(record(event(finding(), time=None), sent="1795000000500")).finding_events
    assert only.event_at == 1795000000.5


@pytest.mark.parametrize(
    ("records", "state"),
    [
        pytest.param(
            [("m1", "2026-11-22T12:00:01Z", "5"), ("m2", "2026-11-22T12:00:00Z", "9")],
            "m1",
            id="the later envelope wins although it was sent earlier",
        ),
        pytest.param(
            [("m1", "2026-11-22T12:00:00Z", "9"), ("m2", "2026-11-22T12:00:00Z", "5")],
            "m1",
            id="of equal envelopes the one sent later wins",
        ),
        pytest.param(
            [("m1", "2026-11-22T12:00:00Z", "5"), ("m2", "2026-11-22T12:00:00Z", "5")],
            "m2",
            id="of equals the last in the batch wins",
        ),
    ],
)
def test_of_several_events_of_one_finding_the_newest_counts(
    records: list[tuple[str, str, str]], state: str
) -> None:
    taken = intake(
        *(record(event(finding(Title=name), time=time), name, sent) for name, time, sent in records)
    )
    (seen,) = newest(taken.finding_events).values()
    assert seen.newest.finding["Title"] == state
    assert {message.id for message in seen.messages} == {"m1", "m2"}


FIRST_SECOND, NEXT_SECOND = "2026-11-22T12:00:00Z", "2026-11-22T12:00:01Z"


EARLY, LATE = "2026-11-22T12:00:00Z", "2026-11-22T12:00:02Z"


def swept(time: str, **order: Any) -> dict[str, Any]:
    """An event by which a sweep sends the finding."""
    made = event(finding(), time=time)
    made["detail"]["sweep"] = order
    return made | {"source": SWEEP_SOURCE}


@pytest.mark.parametrize(
    ("events", "order"),
    [
        pytest.param(
            [event(finding(), time=EARLY), event(finding(), time=LATE)],
            None,
            id="none where no sweep sent it",
        ),
        pytest.param(
            [swept(EARLY, id="a"), event(finding(), time=LATE)],
            SweepOrder("a"),
            id="a sweep's, though an event is newer",
        ),
        pytest.param(
            [event(finding(), time=LATE), swept(EARLY, id="a", take_back=True)],
            SweepOrder("a", take_back=True),
            id="to take it back, in whatever place it came",
        ),
        pytest.param(
            [swept(EARLY, id="a", hides=True), event(finding(), time=LATE)],
            SweepOrder("a", hides=True),
            id="what a sweep has counted for the breaker",
        ),
        pytest.param(
            [swept(LATE, id="b"), swept(EARLY, id="a")],
            SweepOrder("b"),
            id="of two sweeps the newer one's",
        ),
        pytest.param(
            [swept(EARLY, id="a", take_back=True, hides=True), swept(LATE, id="b")],
            SweepOrder("b"),
            id="no longer to take it back once another sweep has begun",
        ),
    ],
)
def test_the_order_of_a_finding_seen_more_than_once_is(
    events: list[dict[str, Any]], order: SweepOrder | None
) -> None:
    taken = intake(*(record(each, str(number)) for number, each in enumerate(events)))
    (seen,) = newest(taken.finding_events).values()
    assert seen.newest.order == order
    assert seen.newest.event_at == max(event.event_at or 0.0 for event in taken.finding_events)


FIRST_SECOND, NEXT_SECOND = "2026-11-22T12:00:00Z", "2026-11-22T12:00:01Z"


def shown(title: str, time: str, *, updated: str | None = None, by_sweep: bool = False) -> dict[str, Any]:
    """A record of an event that shows the finding with this title."""
    made = swept(time, id="s") if by_sweep else event(time=time)
    members = {} if updated is None else {"UpdatedAt": updated}
    return record(made | {"detail": {**made["detail"], "findings": [finding(Title=title, **members)]}})


@pytest.mark.parametrize(
    ("records", "titles"),
    [
        pytest.param(
            [shown("a", FIRST_SECOND), shown("b", FIRST_SECOND)], "b?a", id="unknown of two of one second"
        ),
        pytest.param(
            [shown("a", FIRST_SECOND), shown("a", FIRST_SECOND)], "a", id="known if both show the same"
        ),
        pytest.param([shown("a", FIRST_SECOND), shown("b", NEXT_SECOND)], "b", id="that of the next second"),
        pytest.param([shown("b", NEXT_SECOND), shown("a", FIRST_SECOND)], "b", id="so wherever it stands"),
        pytest.param(
            [shown("a", FIRST_SECOND), shown("b", NEXT_SECOND), shown("b", NEXT_SECOND)],
            "b",
            id="known of three if only an old one shows it otherwise",
        ),
        pytest.param(
            [
                shown("b", FIRST_SECOND, updated="2026-11-22T12:00:00.700Z"),
                shown("a", FIRST_SECOND, updated="2026-11-22T12:00:00.200Z"),
            ],
            "b",
            id="that which its provider updated last, of two of one second",
        ),
        pytest.param(
            [
                shown("b", FIRST_SECOND, updated=NEXT_SECOND),
                shown("a", "2026-11-22T12:05:00.300Z", updated=FIRST_SECOND, by_sweep=True),
            ],
            "b",
            id="the same where a sweep read it later, and reading lagged",
        ),
        pytest.param(
            [shown("a", FIRST_SECOND), shown("b", "2026-11-22T12:04:59.300Z", by_sweep=True)],
            "b?a",
            id="unknown if a sweep read it soon after: reading lags",
        ),
        pytest.param(
            [shown("a", FIRST_SECOND), shown("b", "2026-11-22T12:15:00.300Z", by_sweep=True)],
            "b",
            id="what a sweep read long after",
        ),
        pytest.param(
            [shown("a", "2026-11-22T12:00:00.300Z", by_sweep=True), shown("b", NEXT_SECOND)],
            "b",
            id="an event from after a sweep's reading",
        ),
    ],
)
def test_of_what_events_show_of_a_finding_the_newest_is(records: list[dict[str, Any]], titles: str) -> None:
    (seen,) = newest(intake(*records).finding_events).values()
    newest_title, _, others = titles.partition("?")
    assert seen.newest.finding["Title"] == newest_title
    assert [other["Title"] for other in seen.others] == list(others)


def test_findings_nested_deeper_than_can_be_compared_count_as_different() -> None:
    """How deep what JSON's reader lets through may be is another one with each Python."""

    def nested() -> list[Any]:
        value: list[Any] = []
        for _ in range(100_000):
            value = [value]
        return value

    (only,) = intake(record(event(finding()))).finding_events
    deep = [replace(only, finding=finding(Resources=nested())) for _ in range(2)]
    (seen,) = newest(deep).values()
    assert len(seen.others) == 1


def test_an_id_of_two_products_is_two_findings() -> None:
    other = finding() | {"ProductArn": GUARDDUTY.replace("guardduty", "macie")}
    assert len(newest(intake(record(event(finding(), other))).finding_events)) == 2


def test_a_finding_twice_in_one_event_names_its_message_once() -> None:
    (seen,) = newest(intake(record(event(finding(), finding()))).finding_events).values()
    assert [message.id for message in seen.messages] == ["m1"]


@pytest.mark.skipif("HUBTRIAGE_CORPUS" not in os.environ, reason="HUBTRIAGE_CORPUS is not set")
def test_corpus_events_are_all_read_or_fail_with_a_reason() -> None:
    lines = (Path(os.environ["HUBTRIAGE_CORPUS"]) / "events.jsonl").read_text().splitlines()
    taken = intake(*(record(line, str(number)) for number, line in enumerate(lines)))
    read = {event.message.id for event in taken.finding_events}
    failed = {item.message.id: item.reason for item in taken.unusable}
    assert len(taken.messages) == len(read) + len(failed) == len(lines)
    assert set(failed.values()) == {
        "not a findings event",
        "a finding without Id",
        "a finding without ProductArn",
        "an event of a hub that is not triaged",
    }
    imported = [line for line in lines if f'"detail-type": "{IMPORTED}"' in line]
    assert len(read) > len(imported) / 2 > 3


@pytest.mark.parametrize("said", ["no", "yes", "true", 1, {"x": 1}, None])
def test_nothing_but_true_is_an_order_to_take_back_or_counts_as_hiding(said: object) -> None:
    taken = intake(record(swept(EARLY, id="a", take_back=said, hides=said)))
    assert [each.order for each in taken.finding_events] == [SweepOrder("a")]
