"""Which lines of a log are believed, and that no finding can make one."""

import json
import os
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.aws.ledger.former_roles import MESSAGE, FormerRole
from hubtriage.aws.logger import logger
from hubtriage.aws.triage.decision_log import LONGEST_ENTRY, Circumstances, DecisionLog
from hubtriage.aws.triage.deduplication import DeduplicatedFinding
from hubtriage.aws.triage.events import FindingEvent, Message
from hubtriage.aws.triage.results import Outcome, Result
from hubtriage.engine.planning.decision import Change, Decision, Kept
from hubtriage.engine.planning.entry import Claim, Entry
from hubtriage.recovery.log_lines import LoggedEntry, LoggedRoles, UnusableLine, read_logged
from tests.support.entries import ENTRIES, golden_entries
from tests.support.examples import examples
from tests.support.paths import TESTS

GOLDEN = TESTS / "golden" / "ledger" / "log-lines.jsonl"
"""Lines of the decision log from which entries are made. HUBTRIAGE_GOLDEN=write makes them anew."""
SERVICE = "hubtriage"
ARN = "arn:aws:securityhub:eu-central-1::product/aws/macie"
CIRCUMSTANCES = Circumstances(SERVICE, "0123456789abcdef", "abc", "enforce", "request")
KEPT = Kept("Note.Text", "mine", "Accepted.", "buckets", "a person's note is never replaced")
CHANGE = Change("Workflow.Status", "NEW", "SUPPRESSED", "buckets", "rule")


def outcome(entry: Entry | None, finding_id: str = "f", **members: Any) -> Outcome:
    message = Message("m", 1, 1_795_348_800.0)
    event = FindingEvent((ARN, finding_id), {"AwsAccountId": "111122223333"}, message, 1_795_348_800.0)
    decision = Decision(finding_id, ARN, **members)
    return Outcome(DeduplicatedFinding(event, (message,)), decision, Result("updated"), 1.5, entry)


def logged(*outcomes: Outcome, circumstances: Circumstances = CIRCUMSTANCES) -> list[str]:
    written: list[str] = []
    DecisionLog(circumstances, 20, written.append, lambda: 1_795_348_800.25)(outcomes)
    return "".join(written).splitlines()


def test_the_lines_are_what_they_were_and_give_the_entries_back() -> None:
    """Lines are kept for a year and more: what a later version writes must not make these unreadable."""
    held = golden_entries()
    lines = logged(*(outcome(entry, name, changes=(CHANGE,)) for name, entry in held.items()))
    if os.environ.get("HUBTRIAGE_GOLDEN") == "write":
        GOLDEN.write_text("".join(f"{line}\n" for line in lines))
    kept = GOLDEN.read_text().splitlines()
    assert lines == kept
    assert [read_logged(line, SERVICE) for line in kept] == [
        LoggedEntry((ARN, name), entry) for name, entry in held.items()
    ]


def test_the_former_roles_are_read_as_the_function_logs_them(capsys: pytest.CaptureFixture[str]) -> None:
    role = FormerRole("arn:aws:iam::222233334444:role/old", 1.5, "old", "export")
    named = {"role": role.role, "until": role.until, "stack": role.stack, "export": role.export}
    capsys.readouterr()
    logger("roles-are-read", "INFO").info(MESSAGE, extra={"version": 3, "roles": [named]})
    line = capsys.readouterr().out
    assert read_logged(line, "roles-are-read") == LoggedRoles((role,), 3)
    assert read_logged(line, SERVICE) is None
    damaged = line.replace("role/old", "user/ann")
    assert isinstance(read_logged(damaged, "roles-are-read"), UnusableLine)


ENTRY = Entry({"Workflow.Status": Claim("SUPPRESSED", "buckets")}, 3, 1.0, 2.0)
(LINE,) = logged(outcome(ENTRY))


def changed(**members: Any) -> str:
    return json.dumps(json.loads(LINE) | members)


def without(member: str) -> str:
    return json.dumps({name: value for name, value in json.loads(LINE).items() if name != member})


@pytest.mark.parametrize(
    "message",
    [
        pytest.param("START RequestId: 1 Version: $LATEST", id="a line of Lambda's"),
        pytest.param(logged(outcome(None, kept=(KEPT,)))[0], id="a decision without an entry"),
        pytest.param(f"[ERROR] ValueError: \n{LINE}", id="the text of an exception that quotes a line"),
        pytest.param(f"[ERROR] {LINE}", id="something before it"),
        pytest.param(f"{LINE}\n{LINE}", id="two lines in one event"),
        pytest.param(f"{LINE} {LINE}", id="two objects"),
        pytest.param(LINE.replace('"finding_id":"f"', '"finding_id":"é"'), id="no ASCII"),
        pytest.param(LINE.replace('"finding_id":"f"', '"finding_id":"\x1b"'), id="a control character"),
        pytest.param(LINE.replace('"version"', '"version":1,"version"'), id="a member twice"),
        pytest.param(changed(service="other"), id="another stack's"),
        pytest.param(changed(message="finding forged"), id="another message"),
        pytest.param(changed(message="finding failed"), id="a message that the outcome belies"),
        pytest.param(changed(outcome="forged", message="finding forged"), id="another outcome"),
        pytest.param(changed(level="FATAL"), id="another level"),
        pytest.param(changed(version="3"), id="a version that is a text"),
        pytest.param(changed(version=True), id="a version that is true"),
        pytest.param(changed(version=0), id="no version"),
        pytest.param(changed(finding_id=7), id="an Id that is none"),
        pytest.param(without("product_arn"), id="no product"),
        pytest.param(without("entry"), id="no entry"),
        pytest.param("[" + LINE + "]", id="a list"),
        pytest.param('{"a":' * 100_000 + "}" * 100_000, id="nesting without end"),
    ],
)
def test_what_the_function_does_not_write_is_no_line(message: str) -> None:
    assert read_logged(message, SERVICE) is None


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        pytest.param({"format": 2}, "format 2 is not 1", id="a later format"),
        pytest.param({"format": 1, "more": 1}, "no member is called 'more'", id="another member"),
        pytest.param("text", "a JSON object was expected", id="a text"),
        pytest.param(None, "the entry was too long for the log", id="one that was too long"),
    ],
)
def test_an_entry_that_cannot_be_read_is_counted(entry: object, reason: str) -> None:
    read = read_logged(changed(entry=entry), SERVICE)
    assert isinstance(read, UnusableLine)
    assert reason in read.reason
    assert read.key == (ARN, "f")


def test_the_longest_line_with_an_entry_is_one_event() -> None:
    before = "x" * (LONGEST_ENTRY - 200)
    entry = Entry({"UserDefinedFields.a": Claim("x", "buckets", before=before)}, 3)
    (line,) = logged(outcome(entry, kept=(replace(KEPT, value="y" * 120_000),)))
    assert len(line) < 256 * 1024 - 26, "AWS: what CloudWatch Logs takes as one event"
    assert read_logged(line, SERVICE) == LoggedEntry((ARN, "f"), entry)


TEXTS = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [LINE, f"\n{LINE}", f'"}}\n{LINE}\n{{"a":"', '","version":9,"entry":{"format":1},"x":"', "\x7f"]
    ),
)


@given(entry=st.none() | ENTRIES, texts=st.lists(TEXTS, min_size=4, max_size=4))
@examples(200)
def test_no_finding_makes_a_line_or_changes_what_is_read_from_one(
    entry: Entry | None, texts: list[str]
) -> None:
    finding_id, value, wanted, rule = texts
    kept = (Kept(value, wanted, value, rule, wanted),)
    lines = logged(outcome(entry, finding_id, kept=kept, refused=value or None, rules=(rule,)))
    assert len(lines) == 1
    expected = None if entry is None else LoggedEntry((ARN, finding_id), entry)
    assert read_logged(lines[0], SERVICE) == expected
