"""What an entry looks like in the ledger: each form is pinned, every entry survives, damage is refused."""

import json
import os
from dataclasses import fields, replace

import pytest
from hypothesis import given

from hubtriage.aws.ledger.entry_format import (
    _CLAIM,
    _ENTRY,
    _INTENT,
    read_entry,
    write_entry,
)
from hubtriage.aws.ledger.forms.strict import EntryError
from hubtriage.engine.planning.entry import NO_ENTRY, Claim, Entry, Intent, stored
from hubtriage.engine.planning.news import Delivered, News, Reported
from tests.support.entries import ENTRIES, HIDDEN, ORDINARY, RULE, WRITTEN
from tests.support.examples import examples
from tests.support.paths import TESTS

GOLDEN = TESTS / "golden" / "ledger" / "entries.txt"
"""One line for each entry: its name, and its text. HUBTRIAGE_GOLDEN=write makes it anew."""

OPEN = Intent(
    HIDDEN, WRITTEN, {"Workflow.Status": "NEW", "Severity.Label": "LOW", "Note.Text": None}, 1790000000.5
)
NEWS = News(
    "hidden",
    1790000000.25,
    1790000000250,
    RULE,
    (RULE, "other"),
    (
        {"field": "Workflow.Status", "from": "NEW", "to": "SUPPRESSED", "rule": RULE, "why": "rule"},
        {
            "field": "Types",
            "from": stored(("b",)),
            "to": None,
            "rule": None,
            "why": "taken back",
            "cause": "expired",
        },
    ),
    ("Severity.Label",),
    (
        Delivered("cloud", "ticket", RULE, "111122223333", "account", "done", "suppressed"),
        Delivered("other", "ticket", "other", "other", "rule", "open"),
        Delivered("sec-chat", "message", RULE, "111122223333"),
    ),
)
KEPT = {
    "nothing": NO_ENTRY,
    "ordinary": ORDINARY,
    "first intent": Entry(version=1, intent=OPEN, about=ORDINARY.about),
    "taking back": replace(
        ORDINARY,
        intent=Intent(
            {}, {"Workflow.Status": "NEW"}, {"Workflow.Status": "SUPPRESSED"}, 1790086400.0, ORDINARY.sets
        ),
    ),
    "every member of a claim": Entry(
        {
            "Workflow.Status": Claim("NOTIFIED", RULE, "NEW", 2),
            "Severity.Label": Claim("LOW", None, provided="HIGH"),
            "Confidence": Claim(50, RULE, before=0),
            "Criticality": Claim(0, RULE, provided=0),
            "VerificationState": Claim("UNKNOWN", RULE, overruled=1, person=True),
            "Types": Claim(
                stored(("b", "a", "a")), RULE, before=("Effects/Data Exposure", "x/y"), provided=("z",)
            ),
            "RelatedFindings": Claim(stored((("arn", "id"),)), RULE, before=(("arn", "id"), ("arn2", "id2"))),
            "Note.Text": Claim(stored("x" * 41), RULE),
            "UserDefinedFields.ticket": Claim("SEC-1", RULE, before="SEC-0"),
            "UserDefinedFields.owner": Claim(None, None, left_out=True),
        },
        version=7,
        started=1.0,
        ended=2.5,
    ),
    "odd characters": Entry(
        {'UserDefinedFields."\\\n\ud800é漢😀': Claim("\udfff\x00é", "r", before="\ud83d \ude00")},
        about={"": "\u2028"},
    ),
    "asked": Entry(asked={"Workflow.Status": "SUPPRESSED", "Severity.Label": None}),
    "gone": replace(ORDINARY, gone=1790600000.0),
    "gone when time began": Entry(gone=0.0),
    "told to other systems": replace(
        ORDINARY,
        told=NEWS.sequence,
        news=(NEWS,),
        reported={RULE: Reported("cloud", "account", "111122223333")},
    ),
    "to be told": Entry(version=1, intent=replace(OPEN, news=NEWS)),
    "a finding that a ticket is done with": Entry(
        told=8, reported={"r": Reported("cloud", "rule", "r", is_open=False)}
    ),
}
"""The entries whose texts are pinned."""


def test_each_stored_form_is_pinned() -> None:
    """A text that changes makes every entry in the field unreadable, or means something else there."""
    written = "".join(f"{name}: {write_entry(entry)}\n" for name, entry in KEPT.items())
    if os.environ.get("HUBTRIAGE_GOLDEN") == "write":
        GOLDEN.write_text(written, encoding="ascii")
    assert written == GOLDEN.read_text(encoding="ascii")


@pytest.mark.parametrize("line", GOLDEN.read_text(encoding="ascii").splitlines())
def test_each_pinned_text_is_read(line: str) -> None:
    name, _, text = line.partition(": ")
    assert read_entry(text, KEPT[name].version) == KEPT[name]


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        pytest.param(None, None, id="no value"),
        pytest.param(0, 0, id="a number"),
        pytest.param("SUPPRESSED", "SUPPRESSED", id="a short text"),
        pytest.param("x" * 40, "x" * 40, id="the longest text that is kept as it is"),
        pytest.param("x" * 41, "sha256:TCBLvG_VMEyL8XXKeUwRkg", id="a longer one"),
        pytest.param("x" * 40 + "y", "sha256:ozdENdUGGuLGO3H6F3q3uA", id="the same beginning, another end"),
        pytest.param("", "", id="an empty text"),
        pytest.param("sha256:x", "sha256:GUCW1Vyfl2KVurjn73Caow", id="a text that looks like a digest"),
        pytest.param("\ud800" * 41, "sha256:I7pPCNBqJRtKolf3ZKmOZA", id="half surrogate pairs"),
        pytest.param(("a",), "sha256:DrW41vgbxnfaighWfMT6mg", id="a list of one"),
        pytest.param(("b", "a", "b"), "sha256:NVTSuKHjQJkFOGXehXbRRg", id="a list counts as a set"),
        pytest.param(("a", "b"), "sha256:NVTSuKHjQJkFOGXehXbRRg", id="the same set"),
        pytest.param((("arn", "id"),), "sha256:ixOXadLXm9IRjYdHcCnPgQ", id="pairs"),
    ],
)
def test_what_is_kept_of_a_value_is_pinned(value: object, kept: object) -> None:
    """One bit more or less makes every claim on a long value in the field a person's."""
    assert stored(value) == kept


@pytest.mark.parametrize(
    ("kind", "members"), [(Claim, _CLAIM), (Intent, _INTENT), (Entry, _ENTRY - {"format"} | {"version"})]
)
def test_every_member_has_its_place_in_the_text(kind: type, members: frozenset[str]) -> None:
    """A new one that is not written would be forgotten without a sound."""
    assert {each.name for each in fields(kind)} == members


def test_values_that_differ_late_are_kept_apart() -> None:
    kept = {stored("x" * 500 + str(number)) for number in range(1000)}
    assert len(kept) == 1000


@given(ENTRIES)
@examples(300)
def test_what_is_written_is_read(entry: Entry) -> None:
    text = write_entry(entry)
    assert text.isascii()
    assert "\n" not in text
    assert read_entry(text, entry.version) == entry


def test_an_ordinary_entry_is_well_under_a_write_unit() -> None:
    """AWS: a write unit is 1 KB. The item around it holds the key, product and id, which take 250 to 350."""
    assert len(write_entry(ORDINARY)) < 650
    assert len(write_entry(replace(ORDINARY, intent=OPEN))) < 1300


CLAIM = {"value": "NEW", "rule": "r"}


@pytest.mark.parametrize(
    ("document", "wrong"),
    [
        pytest.param({"format": 2}, "format 2 is not 1", id="a later format"),
        pytest.param({"format": True}, "format True is not 1", id="true is no format"),
        pytest.param({}, "format None is not 1", id="no format"),
        pytest.param([], "a JSON object was expected, not a list", id="a list"),
        pytest.param({"format": 1, "v": 1}, "entry: no member is called 'v'", id="an unknown member"),
        pytest.param(
            {"format": 1, "claims": {"workflow": CLAIM}},
            "claims: no field is called 'workflow'",
            id="no field",
        ),
        pytest.param(
            {"format": 1, "claims": {"Workflow.Status": {"rule": "r"}}},
            "claims.Workflow.Status: value is missing",
            id="a claim of nothing",
        ),
        pytest.param(
            {"format": 1, "claims": {"Workflow.Status": "NEW"}},
            "claims.Workflow.Status: a JSON object was expected, not a text",
            id="a claim that is a text",
        ),
        pytest.param(
            {"format": 1, "claims": {"Workflow.Status": {**CLAIM, "code": "S"}}},
            "claims.Workflow.Status: no member is called 'code'",
            id="an unknown member of a claim",
        ),
        pytest.param(
            {"format": 1, "claims": {"Workflow.Status": {"value": "x" * 41}}},
            "claims.Workflow.Status.value: a text is not what a stored value looks like",
            id="a long value that is no digest",
        ),
        pytest.param(
            {"format": 1, "claims": {"Workflow.Status": {"value": "sha256:x"}}},
            "claims.Workflow.Status.value: a text is not what a stored value looks like",
            id="a digest that is cut off",
        ),
        pytest.param(
            {"format": 1, "claims": {"Workflow.Status": {"value": 1.5}}},
            "claims.Workflow.Status.value: a number is not what a stored value looks like",
            id="a broken number",
        ),
        pytest.param(
            {"format": 1, "claims": {"Workflow.Status": {"value": True}}},
            "claims.Workflow.Status.value: true or false is not what a stored value looks like",
            id="true is no value",
        ),
        pytest.param(
            {"format": 1, "claims": {"Workflow.Status": {**CLAIM, "rule": ""}}},
            "claims.Workflow.Status.rule: '' is no rule's id",
            id="an empty rule",
        ),
        pytest.param(
            {"format": 1, "claims": {"Workflow.Status": {**CLAIM, "rule": None}}},
            "claims.Workflow.Status.rule: None is no rule's id",
            id="a rule that is null is left out",
        ),
        pytest.param(
            {"format": 1, "claims": {"Workflow.Status": {**CLAIM, "overruled": 0}}},
            "claims.Workflow.Status.overruled: 0 is no count",
            id="no overruling is left out",
        ),
        pytest.param(
            {"format": 1, "claims": {"Workflow.Status": {**CLAIM, "person": 1}}},
            "claims.Workflow.Status.person: 1 is not true, and otherwise it is left out",
            id="one is not true",
        ),
        pytest.param(
            {"format": 1, "claims": {"Confidence": {"value": 1, "before": 101}}},
            "claims.Confidence.before: 101 is no whole number from 0 to 100",
            id="a score beyond its scale",
        ),
        pytest.param(
            {"format": 1, "claims": {"Types": {"value": None, "before": "a"}}},
            "claims.Types.before: a list was expected, not a text",
            id="Types are a list",
        ),
        pytest.param(
            {"format": 1, "claims": {"RelatedFindings": {"value": None, "before": [["arn"]]}}},
            "claims.RelatedFindings.before: a list of ProductArn and Id was expected, not a list",
            id="half a related finding",
        ),
        pytest.param(
            {"format": 1, "claims": {"Note.Text": {"value": None, "before": 5}}},
            "claims.Note.Text.before: a text was expected, not a number",
            id="a note is a text",
        ),
        pytest.param(
            {"format": 1, "started": -1}, "started: -1 is no time in seconds", id="a time before 1970"
        ),
        pytest.param(
            {"format": 1, "ended": 1790000000000},
            "ended: 1790000000000 is no time in seconds",
            id="milliseconds",
        ),
        pytest.param(
            {"format": 1, "gone": None}, "gone: None is no time in seconds", id="no time is left out"
        ),
        pytest.param(
            {"format": 1, "gone": False}, "gone: False is no time in seconds", id="false is no time"
        ),
        pytest.param(
            {"format": 1, "sets": {"Types": 5}}, "sets.Types: a list of times was expected", id="no list"
        ),
        pytest.param(
            {"format": 1, "intent": {}},
            "intent.time: None is no time in seconds",
            id="an intent without time",
        ),
        pytest.param(
            {"format": 1, "intent": {"time": 1, "claims": {"Types": {}}}},
            "intent.claims.Types: value is missing",
            id="inside an intent",
        ),
        pytest.param(
            {"format": 1, "intent": None}, "intent: a JSON object was expected, not null", id="intent null"
        ),
        pytest.param(
            {"format": 1, "about": {"account": 1}},
            "about.account: a text was expected",
            id="an account number",
        ),
    ],
)
def test_what_is_not_an_entry_is_refused_with_its_place(document: object, wrong: str) -> None:
    with pytest.raises(EntryError) as refusal:
        read_entry(json.dumps(document), 1)
    assert str(refusal.value).startswith(wrong)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        pytest.param("", "no JSON: ", id="nothing"),
        pytest.param('{"format":1', "no JSON: ", id="cut off"),
        pytest.param('{"format":1,"ended":NaN}', "NaN is no number of JSON", id="NaN"),
        pytest.param(
            '{"format":1,"ended":1e999}', "ended: inf is no time in seconds", id="beyond any number"
        ),
        pytest.param('{"format":1,"format":1}', "a member stands there twice: format", id="twice"),
        pytest.param(
            '{"format":1,"claims":{"Types":{"value":1},"Types":{"value":2}}}',
            "a member stands there twice: Types",
            id="a field is claimed twice",
        ),
        pytest.param('{"format":1,"about":' + "[" * 200_000, "nested too deep", id="deep"),
    ],
)
def test_a_text_that_is_no_plain_json_is_refused(text: str, wrong: str) -> None:
    with pytest.raises(EntryError) as refusal:
        read_entry(text, 1)
    assert str(refusal.value).startswith(wrong)
