"""Findings in whatever AWS has wrapped them: the same findings come back, or a reason."""

import base64
import gzip
import io
import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.simulation.inputs import json_texts, unpacking
from hubtriage.simulation.inputs.documents import read_stream
from hubtriage.simulation.inputs.envelopes import MOST_ENVELOPES
from hubtriage.simulation.inputs.findings import Item, Unusable, items_of
from tests.simulation.inputs.forms import ENVELOPES, FORMS, coded, event, log_data, packed
from tests.simulation.inputs.test_json_texts import JSON, OBJECTS

TWO: list[dict[str, Any]] = [
    {"Id": "1", "ProductArn": "p", "Title": 'é "} ] \\ \n'},
    {"Id": "2", "ProductArn": "p", "Resources": [{"Id": "r", "Tags": {"Findings": "[]"}}]},
]


def items(data: str | bytes) -> list[Item]:
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    return [item for document in read_stream(io.BytesIO(raw), "input") for item in items_of(document)]


def findings(found: Iterable[Item]) -> list[Any]:
    """The findings, and the reasons of what is none."""
    return [item.reason if isinstance(item, Unusable) else item.finding for item in found]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("pack", [False, True], ids=["as it is", "packed"])
def test_every_form(form: str, pack: bool) -> None:
    data = FORMS[form](TWO).encode()
    assert findings(items(gzip.compress(data) if pack else data)) == TWO


@pytest.mark.parametrize("outer", ["", *ENVELOPES])
@pytest.mark.parametrize("inner", ENVELOPES)
def test_every_envelope_in_every_envelope(inner: str, outer: str) -> None:
    wrapped = ENVELOPES[inner](json.dumps(event(TWO)))
    if outer:
        wrapped = ENVELOPES[outer](json.dumps(wrapped))
    assert findings(items(json.dumps(wrapped))) == TWO


@pytest.mark.parametrize("envelope", ENVELOPES)
def test_envelopes_stand_one_after_another(envelope: str) -> None:
    texts = [json.dumps(ENVELOPES[envelope](json.dumps(event([one])))) for one in TWO]
    for between in ("", "\n"):
        assert findings(items(between.join(texts))) == TWO


EXACT = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
NAME = st.sampled_from(["Title", "detail", "Records", "Findings", "Body", "finding"]) | st.text()
FINDING = st.builds(
    lambda members, identity: members | identity,
    st.dictionaries(
        st.sampled_from(["Title", "detail", "Records", "Findings", "Body", "finding"]) | st.text(), EXACT
    ),
    st.fixed_dictionaries({"Id": st.text("ab", min_size=1), "ProductArn": st.just("p"), "Title": st.text()}),
)


@given(
    st.lists(FINDING, min_size=1, max_size=3),
    st.sampled_from(sorted(FORMS)),
    st.lists(st.sampled_from(sorted(ENVELOPES)), max_size=3),
    st.sampled_from([None, 2]),
    st.booleans(),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_wrapping_findings_gives_the_same_findings_back(
    many: list[Any], form: str, envelopes: list[str], indent: int | None, pack: bool, encoding: str
) -> None:
    """A finding may have members that look like an envelope: what has an Id and a ProductArn is a finding."""
    text = FORMS[form](many)
    for envelope in envelopes:
        text = json.dumps(ENVELOPES[envelope](text), indent=indent)
    data = text.encode(encoding)
    assert findings(items(gzip.compress(data) if pack else data)) == many


@given(JSON | OBJECTS, st.lists(st.sampled_from(sorted(ENVELOPES)), max_size=3))
def test_any_json_in_any_envelope_gives_findings_or_a_reason(value: Any, envelopes: list[str]) -> None:
    text = json.dumps(value)
    for envelope in envelopes:
        text = json.dumps(ENVELOPES[envelope](text))
    found = items(text)
    assert found or _is_empty(value)
    assert all(item.reason for item in found if isinstance(item, Unusable))


HIDDEN = {"Id": "part", "ProductArn": "p"}
REAL = [{"Id": str(number), "ProductArn": "p", "RelatedFindings": [HIDDEN]} for number in range(3)]
DAMAGE = st.sampled_from([b"", *(bytes([byte]) for byte in b'{}[]",:\n\\\xff\x0ca')])
CUT = st.tuples(st.floats(0, 1), st.integers(0, 25), DAMAGE)


@given(
    st.sampled_from(sorted(set(FORMS) - {"our own export"})),
    st.sampled_from([None, *sorted(ENVELOPES)]),
    st.sampled_from([None, 0, 2]),
    st.lists(CUT, min_size=1, max_size=2),
)
def test_damage_is_told_and_no_part_of_a_finding_passes_for_one(
    form: str, envelope: str | None, indent: int | None, cuts: list[tuple[float, int, bytes]]
) -> None:
    text = FORMS[form](REAL)
    data = (json.dumps(ENVELOPES[envelope](text), indent=indent) if envelope else text).encode()
    for where, length, instead in cuts:
        start = int(where * len(data))
        data = data[:start] + instead + data[start + length :]
    found = items(data)
    assert found or data.strip() == b"[]"
    assert HIDDEN["Id"] not in [item.finding["Id"] for item in found if not isinstance(item, Unusable)]


def _is_empty(value: Any) -> bool:
    """Whether a value is nothing but lists: then there is no record in it."""
    return isinstance(value, list) and all(map(_is_empty, value))


@given(
    st.dictionaries(st.sampled_from(["Records", "Sns", "Body", "body", "data", "awslogs", "detail"]), JSON)
)
def test_what_only_looks_like_an_envelope_does_no_harm(value: dict[str, Any]) -> None:
    assert all(item.reason for item in items(json.dumps(value)) if isinstance(item, Unusable))


EMPTY = [
    pytest.param("[]", id="a list"),
    pytest.param('{"Findings": []}', id="an answer"),
    pytest.param('{"Messages": []}', id="no messages"),
    pytest.param('{"hubtriage-export": 1}\n', id="an export"),
    pytest.param(
        '{"messageType": "CONTROL_MESSAGE", "logEvents": []}', id="CloudWatch Logs tries its subscriber"
    ),
]


@pytest.mark.parametrize("data", EMPTY)
def test_what_says_that_there_are_no_findings_is_no_fault(data: str) -> None:
    assert items(data) == []


PLACES = [
    pytest.param(
        json.dumps(ENVELOPES["SQS for Lambda"](json.dumps(event([{"Id": "x"}])))),
        "Records[0].body.detail.findings[0]: not a finding in ASFF: ProductArn is missing or no text",
        id="a finding without ProductArn",
    ),
    pytest.param(
        json.dumps(ENVELOPES["a message received from SQS"]("hello")),
        "Messages[0].Body: not JSON: Expecting value at character 1",
        id="a body that is not JSON",
    ),
    pytest.param(json.dumps([[{"Findings": [5]}]]), "[0][0].Findings[0]: not a finding", id="a 5"),
    pytest.param(
        '{"records": [{"recordId": "1", "data": "%%%"}]}',
        "records[0].data: its data is not base64",
        id="no base64",
    ),
    pytest.param(
        json.dumps({"awslogs": {"data": base64.b64encode(gzip.compress(b"[]")[:-9]).decode()}}),
        "awslogs.data: its data is packed, and damaged",
        id="data that is cut off",
    ),
    pytest.param(
        json.dumps({"data": base64.b64encode(b"\xf3\x89\x9a\xc2" * 9).decode()}),
        "data: its data is not text",
        id="records that the Kinesis library has joined",
    ),
    pytest.param(
        json.dumps(TWO[0]) + '{"Id": "x"}\n',
        f"character {len(json.dumps(TWO[0])) + 1}: not a finding in ASFF: ProductArn is missing or no text",
        id="the second value of a line",
    ),
    pytest.param('{"Id":"1","ProductArn":"p","Id":"2"}', '"Id" appears twice in one object', id="twice"),
    pytest.param('{"a": NaN}', "is not JSON: NaN is no number of JSON", id="NaN"),
    pytest.param('{"a": -Infinity}', "is not JSON: -Infinity is no number of JSON", id="Infinity"),
    pytest.param('{"a": ' + "9" * 5_000 + "}", "a number of more than 4,300 digits", id="digits"),
    pytest.param('{"a": ' + "[" * 90_000 + "]" * 90_000 + "}\n", "is not JSON: nested too deep", id="a bomb"),
    pytest.param("[" * 50 + "]" * 49 + ',{"x": 1}]', "in more than 16 envelopes", id="lists in lists"),
    pytest.param(
        '{"a\\u001b[2J": 1, "b": 2}',
        'not a finding, nor anything known that holds findings: its members are "a\\u001b[2J", b',
        id="an object that nobody knows",
    ),
    pytest.param("{}", "holds findings: its members are none", id="nothing"),
]


@pytest.mark.parametrize(("data", "reason"), PLACES)
def test_what_is_unusable_has_its_place_and_a_reason(data: str, reason: str) -> None:
    unusable = [item for item in items(data) if isinstance(item, Unusable)]
    assert unusable
    assert reason in unusable[0].reason


def test_a_record_that_is_damaged_hides_no_other() -> None:
    records = [{"body": text, "messageId": "m"} for text in ("{", json.dumps(event(TWO)), "5")]
    first, *others, last = findings(items(json.dumps({"Records": records})))
    assert first.startswith("Records[0].body: not JSON")
    assert others == TWO
    assert last.startswith("Records[2].body: not a finding")


def test_a_record_may_hold_several_values() -> None:
    """Firehose joins records; a function in between may have joined them before."""
    for between in ("", "\n", "\r\n "):
        text = between.join(json.dumps(one) for one in TWO)
        assert findings(items(json.dumps({"records": [{"data": coded(text)}]}))) == TWO


def test_the_data_of_a_record_unpacks_to_so_much_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "MOST_OF_A_RECORD", 2**20)
    for layers in (1, 2):
        data = b" " * 2**24
        for _ in range(layers):
            data = gzip.compress(data)
        (found,) = findings(items(json.dumps({"data": base64.b64encode(data).decode()})))
        assert found == "data: its data unpacks to more than 1 MiB"


def test_envelopes_in_envelopes_end_somewhere() -> None:
    text = json.dumps(TWO[0])
    for _ in range(MOST_ENVELOPES // 2):
        text = json.dumps({"data": coded(text)})
    assert findings(items(text)) == TWO[:1]
    for _ in range(MOST_ENVELOPES):
        text = json.dumps({"data": coded(text)})
    assert findings(items(text))[0].endswith(f"in more than {MOST_ENVELOPES} envelopes")


def test_lines_of_a_log_begin_with_their_time() -> None:
    stamps = ("2027-01-15T08:00:00.000Z ", "2027-01-15T08:00:00.000000+00:00 the-stream ")
    for stamp in stamps:
        assert findings(items("".join(f"{stamp}{json.dumps(event([one]))}\n" for one in TWO))) == TWO


def test_log_data_comes_packed_in_records_and_joined_in_objects() -> None:
    texts = [log_data(*(json.dumps(event([one])) for one in TWO)) for _ in range(2)]
    joined = gzip.compress(texts[0].encode()) + gzip.compress(texts[1].encode())
    assert findings(items(joined)) == TWO * 2
    assert findings(items(json.dumps({"records": [{"data": packed(text)} for text in texts]}))) == TWO * 2


def test_half_of_a_surrogate_pair_comes_as_it_is() -> None:
    (found,) = items('{"Id": "x\\ud800", "ProductArn": "p", "Title": "t"}')
    assert findings([found]) == [{"Id": "x\ud800", "ProductArn": "p", "Title": "t"}]


def test_the_findings_of_a_long_answer_come_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_texts, "LONGEST_LINE", 100)
    for form in FORMS:
        assert findings(items(FORMS[form](TWO))) == TWO, form


BESIDE = [
    pytest.param("NaN", "[1]: is not JSON: NaN", id="NaN"),
    pytest.param('{"a": {"b": [Infinity]}}', "[1]: is not JSON: Infinity", id="Infinity"),
    pytest.param('{"Id": "a", "Id": "b"}', '[1]: is not JSON: "Id" appears twice', id="a name twice"),
    pytest.param('{"a": ' + "9" * 5_000 + "}", "[1]: is not JSON: a number of more", id="too many digits"),
    pytest.param("[[NaN], 5]", "[1]: [0]: [0]: is not JSON: NaN", id="NaN in lists"),
]


@pytest.mark.parametrize(("flawed", "reason"), BESIDE)
@pytest.mark.parametrize(
    "around", ["[{0}, {1}, {2}]", '{{"Findings": [{0}, {1}, {2}]}}', '{{"Records":[{0},{1},{2}]}}']
)
def test_what_json_cannot_say_hides_no_neighbour(flawed: str, reason: str, around: str) -> None:
    data = around.format(json.dumps(TWO[0]), flawed, json.dumps(TWO[1]))
    first, *told, last = findings(items(data))
    assert [first, last] == TWO
    assert reason in told[0]
    before, first, *told, last = findings(items(json.dumps(TWO[0]) + data + "\n"))
    assert [before, first, last] == [TWO[0], *TWO]
    assert reason in told[0]


@pytest.mark.parametrize("between", ["", "\n"])
def test_an_event_with_a_flaw_hides_no_other(between: str) -> None:
    good, bad = json.dumps(event(TWO)), json.dumps(event(TWO)).replace('"p"', "NaN")
    found = findings(items(between.join((good, bad, good, bad, good)) + "\n"))
    assert [each for each in found if not isinstance(each, str)] == TWO * 3
    assert [each for each in found if isinstance(each, str)] == ["is not JSON: NaN is no number of JSON"] * 2


def test_a_flaw_deep_in_lists_costs_no_more_than_a_few_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    monkeypatch.setattr(
        "hubtriage.simulation.inputs.findings.apart", lambda text: looks.append(1) or json_texts.apart(text)
    )
    (found,) = findings(items("[" * 300 + "NaN" + "]" * 300 + "\n"))
    assert found.endswith("is not JSON: NaN is no number of JSON")
    assert len(looks) < 6


def test_what_another_tool_calls_a_finding_is_looked_into() -> None:
    (found,) = findings(items(json.dumps({"finding": {"configurationItem": {}}})))
    assert found == "finding: a record of AWS Config"
