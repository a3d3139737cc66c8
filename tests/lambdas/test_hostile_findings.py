"""Findings that somebody wrote to do harm: each may change nothing but itself.

Every hostile event goes through the whole function between ordinary ones. What is logged of the ordinary
ones, and what Security Hub holds of them, must be what it is without their neighbour.
"""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.support.hostile_batch import ARN, QUIET, body, check, hostile, ordinary, raw, tagged


@pytest.fixture(scope="module")
def alone() -> dict[int, Any]:
    """What becomes of the ordinary findings without a neighbour; filled by the first who asks."""
    return {}


UPDATED, UNCHANGED = ("updated", ""), ("unchanged", "")
TEXTS = {
    "a format string": "{finding.__class__} {0} {rule.id} {finding.Title} %s %(x)s ${jndi:ldap://x} {{7*7}}",
    "a log line": '"}\n{"level":"INFO","finding_id":"ordinary-1","outcome":"updated","changes":[]}',
    "carriage returns and line separators": "a\r\nb\x85c\u2028d\u2029e\x0bf\x0cg",
    "terminal escapes": "\x1b[2J\x1b]0;owned\x07\x9b31m\x7f",
    "text that changes its direction": "abc\u202egnp.exe\u2066\u200f",
    "half of a surrogate pair": "\ud800 \udfff",
    "a zero byte": "a\x00b",
    "a spreadsheet formula": "=cmd|'/C calc'!A0",
    "markup": "</script><img src=x onerror=alert(1)> <!-- ]]> &lt;",
    "the work of a bad regular expression": "a" * 100_000 + "!",
    "the work of a bad wildcard": "tmp-" * 25_000,
    "a number of 100,000 digits as text": "7" * 100_000,
    "a hexadecimal number of 100,000 digits as text": "0x" + "f" * 100_000,
    "240 KB": "d" * 240_000,
    "240 KB of emoji": "\U0001f480" * 60_000,
    "nothing but blanks": " \u00a0\u3000",
}  # fmt: skip


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("place", ["Title", "Resources", "everything"])
def test_a_text_is_a_text(text: str, place: str, capsys: pytest.CaptureFixture[str], alone: Any) -> None:
    """Wherever it stands, it is not evaluated, ends no line, and costs no more than its length."""
    everything = dict.fromkeys(set(ordinary(0)) - {"Id", "ProductArn"}, text)
    everything |= {"UserDefinedFields": {text: text}, "Note": {"Text": text, "UpdatedBy": text}}
    members = {"Title": {"Title": text}, "Resources": tagged(text), "everything": everything}[place]
    outcome, code = check(body(hostile(**members)), capsys, alone).result
    assert outcome in ("updated", "unchanged", "refused")
    assert code in ("", "NoteLeftOut", "CannotChange")


@pytest.mark.parametrize("text", [each[:500] for each in TEXTS.values()], ids=TEXTS)
@pytest.mark.parametrize("receives", [1, 2], ids=["believed", "read again"])
def test_a_name_is_a_name(text: str, receives: int, capsys: pytest.CaptureFixture[str], alone: Any) -> None:
    """An Id goes into the calls that carry the ordinary findings too, and into the filters of GetFindings."""
    outcome, code = check(body(hostile(Id=text)), capsys, alone, receives).result
    assert (outcome, code) in {
        UPDATED,
        ("unusable", "Id that is no text"),
        ("unusable", "a finding without Id"),
    }


def test_a_value_with_a_placeholder_is_not_filled_in_again(
    capsys: pytest.CaptureFixture[str], alone: Any
) -> None:
    title = "{rule.ticket} {finding.AwsAccountId} {finding.__class__}"
    night = check(body(hostile(Title=title)), capsys, alone)
    stored = night.hub.finding(ARN, "hostile")
    assert stored is not None
    assert stored["UserDefinedFields"]["title"] == title


def deep(levels: int, opening: str = "[", closing: str = "]") -> str:
    return opening * levels + "1" + closing * levels


NOT_JSON = ("unusable", "not JSON")


def case(name: str, ending: tuple[str, str], text: str) -> Any:
    return pytest.param(text, ending, id=name)


def many(count: int, item: Any) -> str:
    return json.dumps([item(number) for number in range(count)])


MANY_PAIRS = json.dumps({f"k{number}": "v" for number in range(10_000)})
RAW = [
    case("a number too large for a double", UPDATED, raw(Confidence="1e400", Title="1e400")),
    case("a number below all doubles", UPDATED, raw(Confidence="-1e400", Severity='{"Normalized": -1e400}')),
    case("NaN, which is not JSON", NOT_JSON, raw(Confidence="NaN")),
    case("Infinity, which is not JSON", NOT_JSON, raw(Title="Infinity")),
    case("an integer of 4,000 digits", UPDATED, raw(Confidence="7" * 4000, Title="7" * 4000)),
    case("an integer that Python does not read", NOT_JSON, raw(Confidence="7" * 100_000)),
    case("minus zero", UPDATED, raw(Confidence="-0.0", Criticality="-0")),
    case("numbers that share a hash", UPDATED, raw(Resources=many(8000, lambda n: n * (2**61 - 1)))),
    case("a member twice", UPDATED, raw(Title='"first"', Severity="[]")),
    case("10,000 members", UPDATED, raw(**{f"m{number}": "1" for number in range(10_000)})),
    case("10,000 user-defined fields", UPDATED, raw(UserDefinedFields=MANY_PAIRS)),
    case("5,000 resources", UPDATED, raw(Resources=many(5000, lambda n: {"Tags": {"env": f"t-{n}"}}))),
    case("5,000 types", UPDATED, raw(Types=many(5000, lambda n: f"TTPs/{n}"))),
    *(case(f"lists {levels} deep", UPDATED, raw(Resources=deep(levels))) for levels in (100, 400)),
    case("objects 400 deep", UPDATED, raw(Resources=deep(400, '{"a":', "}"))),
    case("a note 400 deep", UPDATED, raw(Note=deep(400, '{"Text":', "}"))),
    case("lists deeper than Python reads", NOT_JSON, raw(Resources=deep(100_000))),
    case("a byte order mark", NOT_JSON, "\ufeff" + raw()),
    case("an event cut off in the middle", NOT_JSON, raw()[:-20]),
    case("two events in one body", NOT_JSON, raw() + raw()),
    case("nothing", NOT_JSON, ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "ending"), RAW)
def test_what_a_parser_could_choke_on_ends_as_its_own(
    text: str, ending: tuple[str, str], capsys: pytest.CaptureFixture[str], alone: Any
) -> None:
    assert check(text, capsys, alone).result == ending


@pytest.mark.parametrize("levels", range(600, 1000, 25))
@pytest.mark.parametrize("place", ["Resources", "Title", "Details"])
def test_what_python_can_hardly_follow_ends_as_its_own(
    place: str, levels: int, capsys: pytest.CaptureFixture[str], alone: Any
) -> None:
    """How deep that is depends on Python, and on who calls whom; the local Security Hub gives up first."""
    ending = check(raw(**{place: deep(levels)}), capsys, alone).result
    assert ending in (UPDATED, ("failed", "TooDeep"), ("failed", "FindingNotFound"), NOT_JSON)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"\ud800": "v"}, id="in a key"),
        pytest.param({"k": "\udfff"}, id="in a value"),
    ],
)
def test_a_foreign_user_field_that_is_no_text_is_not_sent_again(
    fields: dict[str, str], capsys: pytest.CaptureFixture[str], alone: Any
) -> None:
    night = check(body(hostile(UserDefinedFields=fields)), capsys, alone)
    assert night.result == UPDATED
    assert any("surrogate" in kept["why"] for kept in night.hostile["kept"])
    stored = night.hub.finding(ARN, "hostile")
    assert stored is not None
    assert stored["UserDefinedFields"] == fields


def test_a_line_of_the_log_stays_short_enough_to_be_kept_whole(
    capsys: pytest.CaptureFixture[str], alone: Any
) -> None:
    note = {"Text": "\U0001f480" * 20_000, "UpdatedBy": "ann"}
    night = check(body(hostile(Title="t", Note=note, AwsAccountId="9" * 90_000)), capsys, alone)
    assert night.result == UPDATED
    assert max(map(len, night.output.splitlines())) < 256 * 1024
    assert night.hostile["account"] == "9" * 199 + "…"
    (kept,) = [kept for kept in night.hostile["kept"] if kept["field"] == "Note.Text"]
    assert kept["value"] == "\U0001f480" * 199 + "…"


FORGED = {
    "hubtriage/managed": "hubtriage",
    "hubtriage/rules": "suppresses-temporary-ones",
    "hubtriage/memo": "1 WS.abcdef",
}
"""What looks like the memory of triage, where nothing of it ever stands."""


@pytest.mark.parametrize("status", ["NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED"])
def test_no_user_field_of_a_finding_is_taken_for_the_memory_of_triage(
    status: str, capsys: pytest.CaptureFixture[str], alone: Any
) -> None:
    given = {**QUIET, "Workflow": {"Status": status}, "UserDefinedFields": FORGED}
    night = check(body(hostile(**given)), capsys, alone)
    assert night.result == UNCHANGED
    stored = night.hub.finding(ARN, "hostile")
    assert stored is not None
    assert (stored["Workflow"], stored["UserDefinedFields"]) == ({"Status": status}, FORGED)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=8,
)
NAMES = sorted(
    {
        *set(ordinary(0)) - {"Id", "ProductArn"},
        "Note",
        "UserDefinedFields",
        "Confidence",
        "Criticality",
        "RelatedFindings",
    }
)


@examples(80, suppress=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(NAMES), JSON, max_size=6))
@example({"Types": ""})
@example({"FindingProviderFields": {"Confidence": 1e300, "Types": ["\ud800"]}, "Confidence": 7})
def test_any_finding_at_all_changes_nothing_but_itself(
    capsys: pytest.CaptureFixture[str], alone: dict[int, Any], members: Mapping[str, Any]
) -> None:
    outcome, _code = check(body(hostile(**members)), capsys, alone).result
    assert outcome in ("updated", "unchanged", "refused", "unusable")
