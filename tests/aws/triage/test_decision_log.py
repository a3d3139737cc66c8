import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.aws.json_lines import LONGEST_LINE, json_line
from hubtriage.aws.ledger.entry_format import read_entry
from hubtriage.aws.triage.config import LEVELS
from hubtriage.aws.triage.decision_log import (
    LONGEST_ENTRY,
    Circumstances,
    DecisionLog,
    decision_record,
    level_of,
)
from hubtriage.aws.triage.deduplication import DeduplicatedFinding
from hubtriage.aws.triage.events import FindingEvent, Message
from hubtriage.aws.triage.results import Outcome, Result
from hubtriage.engine.planning.decision import Change, Decision, Kept, Observed
from hubtriage.engine.planning.entry import Claim, Entry
from hubtriage.engine.planning.news import Delivered, News
from hubtriage.engine.ruleset.policy import Forbidden
from hubtriage.engine.ruleset.ruleset import RuleError

ARN = "arn:aws:securityhub:eu-west-1::product/aws/macie"
CHANGE = Change("Workflow.Status", "NEW", "SUPPRESSED", "buckets", "rule")
KEPT = Kept("Note.Text", "mine", "Accepted.", "buckets", "a person's note is never replaced")
OBSERVED = Observed("Severity.Label", "HIGH", "LOW", "trial")
ERROR = RuleError("broken", "NaN is no date")


def outcome(
    ending: Result | None = None, decision: Decision | None = None, finding: Mapping[str, Any] | None = None
) -> Outcome:
    told = finding or {"AwsAccountId": "111122223333"}
    message = Message("m1", 1, 1_795_348_800.0)
    seen = DeduplicatedFinding(FindingEvent((ARN, "f1"), told, message, 1_795_348_800.0), (message,))
    return Outcome(seen, decision, ending or Result("unchanged"), 1.5)


def decided(**members: Any) -> Decision:
    return Decision("f1", ARN, **members)


def lines(outcomes: list[Outcome], level: str = "INFO") -> list[str]:
    written: list[str] = []
    circumstances = Circumstances("hubtriage", "0123456789abcdef", "abc+dirty", "enforce", "req-1", "1-2-3")
    log = DecisionLog(circumstances, LEVELS[level], written.append, lambda: 1_795_348_800.25)
    log(outcomes)
    return "".join(written).splitlines()


def test_a_line_says_everything_about_one_change() -> None:
    update = {"Workflow": {"Status": "SUPPRESSED"}}
    decision = decided(update=update, rules=("buckets",), changes=(CHANGE,), kept=(KEPT,), hides=True)
    (line,) = lines([outcome(Result("updated", call_id="call-1"), decision)])
    assert json.loads(line) == {
        "level": "INFO",
        "message": "finding updated",
        "timestamp": "2026-11-22T12:00:00.250+00:00",
        "service": "hubtriage",
        "function_request_id": "req-1",
        "xray_trace_id": "1-2-3",
        "ruleset": "0123456789abcdef",
        "revision": "abc+dirty",
        "mode": "enforce",
        "finding_id": "f1",
        "product_arn": ARN,
        "account": "111122223333",
        "outcome": "updated",
        "event_age_ms": 1500,
        "call_id": "call-1",
        "rules": ["buckets"],
        "changes": [
            {"field": "Workflow.Status", "from": "NEW", "to": "SUPPRESSED", "rule": "buckets", "why": "rule"}
        ],
        "kept": [
            {
                "field": "Note.Text",
                "value": "mine",
                "wanted": "Accepted.",
                "rule": "buckets",
                "why": "a person's note is never replaced",
            }
        ],
    }


def test_what_is_taken_back_tells_what_has_become_of_the_rule() -> None:
    undo = Change("Workflow.Status", "SUPPRESSED", "NEW", "buckets", "taken back", "expired")
    record = decision_record(outcome(Result("updated"), decided(update={}, changes=(undo,))))
    assert [change["cause"] for change in record["changes"]] == ["expired"]


def test_rare_members_appear_when_there_is_something_to_say() -> None:
    decision = decided(observed=(OBSERVED,), errors=(ERROR,), above_ceiling=("high",), overruled=("Types",))
    record = decision_record(
        outcome(Result("failed", "InternalFailure", "Internal service failure"), decision)
    )
    assert (record["code"], record["reason"]) == ("InternalFailure", "Internal service failure")
    assert record["observed"] == [{"field": "Severity.Label", "from": "HIGH", "to": "LOW", "rule": "trial"}]
    assert record["errors"] == [{"rule": "broken", "message": "NaN is no date"}]
    assert record["above_ceiling"] == ["high"]
    assert record["overruled"] == ["Types"]


def test_a_line_has_the_entry_that_was_written_from_which_a_lost_ledger_is_made_anew() -> None:
    entry = Entry({"Workflow.Status": Claim("SUPPRESSED", "buckets", before="\ud800")}, 3, 1.0, 2.0)
    written = replace(outcome(Result("updated"), decided()), entry=entry)
    (line,) = lines([written])
    told = json.dumps(json.loads(line)["entry"])
    assert read_entry(told, json.loads(line)["version"]) == entry
    (without,) = lines([outcome(Result("updated"), decided())])
    assert not {"entry", "version"} & json.loads(without).keys()


def test_an_entry_is_whole_in_the_log_however_long_the_line_is_otherwise() -> None:
    types = tuple(f"a/{number}" for number in range(50))
    entry = Entry({"Types": Claim("sha256:" + "x" * 22, "buckets", before=types)}, 3, 1.0, 2.0)
    long = decided(kept=(replace(KEPT, value="x" * LONGEST_LINE),))
    (line,) = lines([replace(outcome(Result("updated"), long), entry=entry)])
    assert len(line) < LONGEST_LINE
    assert read_entry(json.dumps(json.loads(line)["entry"]), 3) == entry


def test_an_entry_that_is_too_long_for_the_log_is_left_out_and_that_is_said() -> None:
    entry = Entry({"UserDefinedFields.a": Claim("x", "buckets", before="x" * LONGEST_ENTRY)}, 3)
    (line,) = lines([replace(outcome(Result("updated"), decided()), entry=entry)])
    assert (json.loads(line)["version"], json.loads(line)["entry"]) == (3, None)
    assert len(line) < LONGEST_LINE


def test_what_only_the_ledger_was_told_is_worth_a_line() -> None:
    told = replace(outcome(Result("unchanged"), decided()), entry=Entry(version=2))
    assert level_of(told) == "INFO"


@pytest.mark.parametrize(
    ("ending", "decision", "level"),
    [
        pytest.param(Result("unchanged"), decided(), "DEBUG", id="nothing to do is not worth a line"),
        pytest.param(Result("updated"), decided(update={}), "INFO", id="a change is"),
        pytest.param(Result("unchanged"), decided(kept=(KEPT,)), "INFO", id="a field kept is"),
        pytest.param(Result("unchanged"), decided(observed=(OBSERVED,)), "INFO", id="an observation is"),
        pytest.param(Result("unchanged"), decided(overruled=("Types",)), "INFO", id="an overruling is"),
        pytest.param(Result("refused", "CannotChange"), decided(), "INFO", id="a refusal is"),
        pytest.param(Result("failed", "InternalFailure"), decided(), "WARNING", id="a failure warns"),
        pytest.param(
            Result("failed", "InvalidInput", final=True), decided(), "ERROR", id="a final one is an error"
        ),
        pytest.param(Result("updated"), decided(errors=(ERROR,)), "ERROR", id="so is a rule that fails"),
        pytest.param(
            Result("unchanged"),
            decided(against_policy=(Forbidden("a", "Types", ("x",), "s"),)),
            "ERROR",
            id="so is what the policy forbids",
        ),
        pytest.param(Result("failed", "EngineError", final=True), None, "ERROR", id="so is our own bug"),
    ],
)
def test_the_level_says_who_must_look(ending: Result, decision: Decision | None, level: str) -> None:
    told = outcome(ending, decision)
    assert level_of(told) == level
    assert len(lines([told], level)) == 1
    higher = [name for name, number in LEVELS.items() if number > LEVELS[level]]
    assert all(not lines([told], name) for name in higher)


TO_CHAT = Delivered("sec-chat", "message", "buckets", "111122223333")


def test_a_line_says_what_is_announced() -> None:
    announced = decided(update={}, news=News("hidden", 0.0, 7, "buckets", deliver=(TO_CHAT,)))
    record = decision_record(outcome(Result("updated"), announced))
    assert record["event"] == {"kind": "hidden", "sequence": 7, "deliver": [TO_CHAT.as_record()]}
    assert "would_deliver" not in record


@pytest.mark.parametrize(
    ("mode", "count"),
    [
        pytest.param("enforce", 1, id="by a rule that only observes"),
        pytest.param("observe", 2, id="by all, where triage only observes"),
    ],
)
def test_a_line_says_what_would_be_delivered(mode: str, count: int) -> None:
    announced = decided(
        update={}, news=News("hidden", 0.0, 7, "buckets", deliver=(TO_CHAT,)), would_deliver=(TO_CHAT,)
    )
    record = decision_record(outcome(Result("unchanged"), announced), mode)
    assert record["would_deliver"] == [TO_CHAT.as_record()] * count
    assert ("event" in record) == (mode == "enforce")


def test_outcomes_of_one_call_are_written_at_once() -> None:
    written: list[str] = []
    log = DecisionLog(Circumstances("s", "r", None, "enforce", None), 20, written.append, lambda: 0.0)
    log([outcome(Result("updated"))] * 3)
    assert len(written) == 1
    assert written[0].count("\n") == 3


HOSTILE = [
    pytest.param('"}\n{"level":"INFO","message":"finding updated"', id="a line of its own"),
    pytest.param("\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029", id="every end of a line"),
    pytest.param("\x1b[2J\x1b]0;owned\x07\x7f\x9b31m", id="terminal control codes"),
    pytest.param("\ud800", id="half a surrogate pair"),
    pytest.param("\u202e\u200b\ufeff", id="invisible characters"),
    pytest.param("${jndi:ldap://x}" + "%s%n{0}", id="format and lookup syntax"),
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_finding_gets_out_of_its_json_string(text: str) -> None:
    change = Change("UserDefinedFields." + text, text, text, "buckets", "rule")
    message = Message(text)
    seen = DeduplicatedFinding(FindingEvent((text, text), {"AwsAccountId": text}, message, None), (message,))
    decision = decided(update={}, changes=(change,), kept=(Kept(text, text, text, text, text),))
    (line,) = lines([Outcome(seen, decision, Result("updated", text, text, text), None)])
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["finding_id"] == text


@given(st.dictionaries(st.text(), st.one_of(st.text(), st.floats(), st.lists(st.text())), max_size=5))
def test_any_record_is_one_printable_line_of_json(record: dict[str, Any]) -> None:
    line = json_line(record)
    assert line.isascii()
    assert line.isprintable()
    json.loads(line, parse_constant=pytest.fail)


@pytest.mark.parametrize(
    "account", [7, {"a": "b" * 100_000}, None, ["1"]], ids=["number", "object", "null", "list"]
)
def test_an_account_that_is_no_text_is_left_out(account: Any) -> None:
    assert decision_record(outcome(finding={"AwsAccountId": account}))["account"] is None
