"""How `hubtriage why` shows what is held and what happened, word for word."""

import json
import os
from typing import Any

import click
import pytest

from hubtriage.aws.securityhub.authorship import HistoryRecord
from hubtriage.aws.securityhub.claim_history import claim_histories
from hubtriage.aws.securityhub.echoes import without_echoes
from hubtriage.aws.securityhub.finding_history import HistoryEvent
from hubtriage.cli.views.why import FindingStanding, event_lines, event_record, held_record, lines
from hubtriage.engine.planning.entry import NO_ENTRY, Claim, Entry, Intent, stored
from tests.support.paths import TESTS

GOLDEN = TESTS / "golden" / "why"
THEN = 1_790_000_000.0
DAY = 86_400.0
FINDING = "arn:aws:securityhub:eu-central-1:111122223333:security-control/S3.8/finding/0f6c5a53"
KEY = ("arn:aws:securityhub:eu-central-1::product/aws/securityhub", FINDING)
ANA = "arn:aws:sts::111122223333:assumed-role/Admin/ana"
NOTE = "Public buckets in sandbox accounts are accepted until the migration ends."


def decision(time: float, *changes: dict[str, Any], **members: Any) -> HistoryEvent:
    shared = {"revision": "abc1234", "ruleset": "h", "entry": {"started": time - 1, "ended": time - 0.5}}
    record = {"outcome": "updated", "changes": list(changes), "kept": [], **shared, **members}
    return HistoryEvent(time, "decision", record)


def change(field: str, old: Any, new: Any, **members: Any) -> dict[str, Any]:
    return {"field": field, "from": old, "to": new, "rule": "buckets", "why": "rule"} | members


def recorded(time: float, by: Any, who: str, field: str, old: str | None, new: str) -> HistoryEvent:
    update = {"UpdatedField": field, "OldValue": old, "NewValue": new}
    source = {"Type": "BATCH_UPDATE_FINDINGS", "Identity": who}
    raw = {"UpdateSource": source, "Updates": [update], "FindingCreated": False}
    return HistoryEvent(time, "change", raw, HistoryRecord(time, by, {field: new}))


HIDDEN = decision(
    THEN, change("Workflow.Status", "NEW", "SUPPRESSED"), change("Note.Text", None, NOTE), sweep="deploy-7"
)
OURS = recorded(THEN - 1, "triage", "arn:aws:sts::9:assumed-role/t/f", "Workflow.Status", "NEW", "SUPPRESSED")
REOPENED = recorded(THEN + DAY, "person", ANA, "Workflow.Status", "SUPPRESSED", "NEW")
LOWERED = decision(THEN - DAY, change("Severity.Label", "MEDIUM", "LOW", rule="low"), revision="0123456")
ABOUT = {"account": "111122223333", "region": "eu-central-1", "severity": "MEDIUM", "control": "S3.8"}
CLAIMS = {
    "Workflow.Status": Claim("SUPPRESSED", "buckets"),
    "Note.Text": Claim(stored(NOTE), "buckets"),
    "Severity.Label": Claim("LOW", "low"),
}
TIMES: dict[str, Any] = {
    "started": THEN - 1,
    "ended": THEN - 0.5,
    "written": {"Workflow.Status": "SUPPRESSED", "Note.Text": stored(NOTE)},
}
OVERRULED = CLAIMS | {"Workflow.Status": Claim("SUPPRESSED", "buckets", overruled=1, person=True)}
BEGUN = Intent({}, {"Workflow.Status": "SUPPRESSED"}, {"Workflow.Status": "NEW"}, THEN + DAY)
STANDINGS: dict[str, tuple[Entry | None, list[HistoryEvent]]] = {
    "held": (Entry(claims=CLAIMS, about=ABOUT, **TIMES), [LOWERED, HIDDEN, OURS]),
    "overruled": (Entry(claims=OVERRULED, about=ABOUT, **TIMES), [LOWERED, HIDDEN, OURS, REOPENED]),
    "as-security-hub-shows-it": (Entry(claims=OVERRULED, about=ABOUT, **TIMES), [HIDDEN, OURS, REOPENED]),
    "an-update-under-way": (Entry(intent=BEGUN, about=ABOUT), []),
    "older-than-the-log": (Entry(claims=CLAIMS, **TIMES), []),
    "never-touched": (NO_ENTRY, [REOPENED]),
    "the-ledger-cannot-be-read": (None, [HIDDEN, OURS]),
}


SHOWN = {
    "Id": FINDING,
    "Title": "S3 general purpose buckets should have server access logging",
    "AwsAccountId": "111122223333",
    "Resources": [{"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::logs"}],
    "Severity": {"Label": "LOW"},
    "FindingProviderFields": {"Severity": {"Label": "MEDIUM"}},
    "Workflow": {"Status": "NEW"},
    "Compliance": {"Status": "FAILED"},
}
ACCOUNTS = {"111122223333": {"name": "sandbox-data"}}
FINDINGS = {"as-security-hub-shows-it": SHOWN}


def standing(name: str) -> FindingStanding:
    entry, events = STANDINGS[name]
    merged = without_echoes(events, own_only=True)
    return FindingStanding(
        KEY, entry, claim_histories(entry or NO_ENTRY, merged), tuple(merged), FINDINGS.get(name)
    )


@pytest.mark.parametrize("name", STANDINGS)
def test_what_is_said_of_a_finding(name: str) -> None:
    said = click.unstyle("\n".join(lines(standing(name), THEN + 2 * DAY, ACCOUNTS))) + "\n"
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("HUBTRIAGE_GOLDEN") == "write":
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(said, encoding="utf-8")
    assert said == golden.read_text(encoding="utf-8")


def test_the_last_update_is_shown_once() -> None:
    """With the history if that has it, else with what is held."""
    entry = Entry(claims=CLAIMS, **TIMES)
    kept = decision(THEN + DAY, outcome="kept", entry={"started": THEN - 1, "ended": THEN - 0.5})
    for events, count in (([HIDDEN], 0), ([kept], 1), ([LOWERED], 1), ([], 1)):
        said = "\n".join(lines(FindingStanding(KEY, entry, {}, tuple(events)), THEN + DAY))
        assert said.count("last update: ") == count, events


def test_how_to_hand_back_comes_last() -> None:
    assert list(lines(standing("overruled"), THEN))[-1].endswith(f"hubtriage hand-back {FINDING}")
    assert "hand-back" not in "\n".join(lines(standing("held"), THEN))


def test_programs_get_what_is_held_first() -> None:
    held = held_record(standing("overruled"))
    assert (held["kind"], held["finding_id"], held["product_arn"]) == ("held", KEY[1], KEY[0])
    assert held["entry"]["claims"]["Workflow.Status"]["person"] is True
    assert held["claims"]["Workflow.Status"] == {
        "since": "2026-09-21T14:13:20Z",
        "revision": "abc1234",
        "was": "NEW",
        "overruled_at": "2026-09-22T14:13:20Z",
        "overruled_by": ANA,
    }
    assert held_record(standing("the-ledger-cannot-be-read"))["entry"] is None
    events = [event_record(event) for event in standing("overruled").events]
    assert [(each["kind"], each.get("in_history")) for each in events] == [
        ("decision", False),
        ("decision", True),
        ("change", None),
    ]
    json.dumps([held, events])


@pytest.mark.parametrize(
    ("finding_id", "pasted"),
    [
        pytest.param("detector/d/finding/f", "hubtriage hand-back detector/d/finding/f", id="a plain Id"),
        pytest.param("$(rm -rf ~)", "hubtriage hand-back FINDING-ID", id="what a shell would run"),
        pytest.param("--all", "hubtriage hand-back FINDING-ID", id="what a command would take for an option"),
        pytest.param("a\x1b[2Jb", "hubtriage hand-back FINDING-ID", id="what acts on the terminal"),
    ],
)
def test_what_is_to_be_pasted_does_no_harm(finding_id: str, pasted: str) -> None:
    entry = Entry(claims=OVERRULED)
    said = [*map(click.unstyle, lines(FindingStanding((KEY[0], finding_id), entry, {}, ()), THEN))]
    [line] = [line for line in said if "hand-back" in line]
    assert line.endswith(pasted)
    assert all(each.isprintable() for each in said)


# Events


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("NEW", "NEW"),
        ('{"ticket": "SEC-1", "owner": "a"}', '{"ticket": "SEC-1", "owner": "a"}'),
        ('{"a": "\\u001b[2J"}', '{"a": "\\u001b[2J"}'),
        ("{unfinished", '"{unfinished"'),
        ("12", "12"),
        (None, "none"),
    ],
)
def test_a_value_in_the_history_is_told_as_what_it_is(value: Any, told: str) -> None:
    update = {"UpdatedField": "Field", "OldValue": "OLD", "NewValue": value}
    (line,) = list(event_lines(HistoryEvent(0.0, "change", {"Updates": [update]})))[1:]
    assert line == f"    Field: OLD -> {told}"


@pytest.mark.parametrize(
    ("members", "told"),
    [
        pytest.param({"cause": "expired"}, "a (taken back: expired)", id="a line that tells the cause"),
        pytest.param({}, "a (taken back)", id="an older line without it"),
    ],
)
def test_what_is_taken_back_is_told_with_what_has_become_of_the_rule(
    members: dict[str, str], told: str
) -> None:
    change = {"field": "Types", "from": "x", "to": "y", "rule": "a", "why": "taken back", **members}
    line = list(event_lines(HistoryEvent(0.0, "decision", {"outcome": "updated", "changes": [change]})))[1]
    assert line == f"    Types: x -> y  {told}"
