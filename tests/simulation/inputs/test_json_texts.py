"""JSON values out of streams of any size and shape, without holding more than one of them."""

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.simulation.inputs import json_texts
from hubtriage.simulation.inputs.envelopes import values_in
from hubtriage.simulation.inputs.json_texts import Cut, cut

ONE, TWO = {"Id": "1", "Title": "é ] } , [ {"}, {"Id": "2", "Nested": {"Findings": [1], "a": ["}"]}}
EVENT = {"detail-type": "Security Hub Findings - Imported", "detail": {"findings": [ONE]}}
SMALL = 40
"""Characters of a value that is taken apart, in tests of that."""


def cuts(data: str | bytes) -> list[Cut]:
    return list(cut(io.BytesIO(data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data)))


def values(data: str | bytes) -> list[Any]:
    """The JSON values of all texts; the reason of a broken one."""
    return [value for each in cuts(data) for value in ([each.broken] if each.broken else _values(each.text))]


def _values(text: str) -> list[Any]:
    try:
        return [value for value, _, _ in values_in(text)]
    except ValueError:
        return [text]


SHAPES = [
    pytest.param(json.dumps([ONE, TWO]), [[ONE, TWO]], id="a list on one line"),
    pytest.param(json.dumps([ONE, TWO], indent=2), [[ONE, TWO]], id="a list over many lines"),
    pytest.param(f"[{json.dumps(ONE)},\n{json.dumps(TWO)}]", [[ONE, TWO]], id="a list, an element a line"),
    pytest.param(f"[\n{json.dumps(ONE)}\n]\n", [[ONE]], id="a list whose second line is whole JSON"),
    pytest.param('{"a": {"b": 1}\n, "c": 2}', [{"a": {"b": 1}, "c": 2}], id="a comma at the start of a line"),
    pytest.param("[]", [[]], id="an empty list"),
    pytest.param(f"{json.dumps(ONE)}\n\n{json.dumps(TWO)}\n", [ONE, TWO], id="JSON lines"),
    pytest.param(f"{json.dumps(ONE)}\r\n{json.dumps(TWO)}\r\n", [ONE, TWO], id="JSON lines of Windows"),
    pytest.param(json.dumps(ONE) + json.dumps(TWO), [ONE, TWO], id="nothing between two values"),
    pytest.param(
        json.dumps(ONE, indent=1) + json.dumps(TWO, indent=1), [ONE, TWO], id="nothing between two long ones"
    ),
    pytest.param(
        json.dumps(ONE) + "\n" + json.dumps(TWO, indent=1) + "\n" + json.dumps(ONE) * 2 + "\n",
        [ONE, TWO, ONE, ONE],
        id="every layout in one file",
    ),
    pytest.param(json.dumps(EVENT, indent=1), [EVENT], id="an event"),
    pytest.param("\ufeff" + json.dumps([ONE]), [[ONE]], id="a byte order mark before a list"),
    pytest.param(
        f"\ufeff{json.dumps(ONE)}\n\ufeff{json.dumps(TWO)}\n", [ONE, TWO], id="marks where files were joined"
    ),
    pytest.param(json.dumps([ONE]).encode("utf-16"), [[ONE]], id="UTF-16, as PowerShell writes it"),
    pytest.param(json.dumps(ONE).encode("utf-16-le"), [ONE], id="UTF-16 without a mark"),
    pytest.param(json.dumps(ONE).encode("utf-32"), [ONE], id="UTF-32"),
    pytest.param(json.dumps(json.dumps(ONE)) + "\n", [json.dumps(ONE)], id="a text that holds JSON"),
    pytest.param("", [], id="nothing"),
    pytest.param(" \n\ufeff\n", [], id="blanks"),
]


@pytest.mark.parametrize(("data", "expected"), SHAPES)
@pytest.mark.parametrize("block", [4, 7, 2**18], ids="blocks of {} bytes".format)
def test_every_shape(data: str | bytes, expected: list[Any], block: int, monkeypatch: Any) -> None:
    monkeypatch.setattr(json_texts, "_BLOCK", block)
    assert values(data) == expected


LONG = [
    pytest.param(json.dumps([ONE, TWO], indent=1), [ONE, TWO], id="a list"),
    pytest.param(json.dumps({"Findings": [ONE, TWO], "NextToken": "t"}), [ONE, TWO], id="an answer"),
    pytest.param(
        json.dumps({"NextToken": "t", "Findings": [ONE]}, indent=1), [ONE], id="the list after other members"
    ),
    pytest.param(json.dumps({"Records": [ONE], "Messages": [TWO]}), [ONE, TWO], id="two lists"),
    pytest.param(json.dumps(EVENT), [EVENT], id="an event stays whole"),
    pytest.param(json.dumps(TWO | {"a": "x" * 50}), [TWO | {"a": "x" * 50}], id="an object without a list"),
    pytest.param(json.dumps(ONE) * 3, [ONE, ONE, ONE], id="a long line of values"),
]


@pytest.mark.parametrize(("data", "expected"), LONG)
@pytest.mark.parametrize("block", [4, 7, 2**18], ids="blocks of {} bytes".format)
def test_what_is_long_is_taken_apart(data: str, expected: list[Any], block: int, monkeypatch: Any) -> None:
    monkeypatch.setattr(json_texts, "_BLOCK", block)
    monkeypatch.setattr(json_texts, "LONGEST_LINE", SMALL)
    assert values(data) == expected


NESTED = '{"Id": oops,\n "RelatedFindings": [\n {"Id": "a", "ProductArn": "b"}\n ]}'
BROKEN = [
    pytest.param("{broken\n" + json.dumps(ONE), "line 1", "a name in double quotes", id="a first line"),
    pytest.param(json.dumps(ONE) + "\n{nope\n" + json.dumps(ONE), "line 2", "a name", id="a line between"),
    pytest.param('{"a": 1\n' + json.dumps(ONE), "line 1", "',' expected", id="a line that was cut off"),
    pytest.param(
        b'{"Id": "\xff"}\n' + json.dumps(ONE).encode() + b"\n",
        "line 1",
        "not UTF-8: byte 0xFF",
        id="bytes",
    ),
]


@pytest.mark.parametrize(("data", "place", "reason"), BROKEN)
def test_a_broken_line_fails_alone(data: str | bytes, place: str, reason: str) -> None:
    found = cuts(data)
    (broken,) = [each for each in found if each.broken]
    assert broken.position.startswith(place)
    assert reason in str(broken.broken)
    assert not broken.is_rest
    assert ONE in [value for each in found if not each.broken for value in _values(each.text)]


LOST = [
    pytest.param("[[" * 50_000 + "\n" + json.dumps(ONE), "nested too deep", 0, id="a nesting bomb"),
    pytest.param(json.dumps([ONE, TWO])[:-20], "there the text ends", 1, id="a list that is cut off"),
    pytest.param(json.dumps([ONE, TWO], indent=1)[:-20], "on line 13", 1, id="the same over several lines"),
    pytest.param(
        json.dumps({"Findings": [ONE]})[:-1], "there the text ends", 1, id="an answer without its end"
    ),
    pytest.param(f"[\n{json.dumps(ONE)}\n,\n\n{json.dumps(TWO)}\n", "on line 6", 2, id="no closing bracket"),
    pytest.param(f'{json.dumps(ONE)}\n{{"a": 1', "there the text ends", 1, id="a last line that is cut off"),
    pytest.param(NESTED, "nothing after it is read", 0, id="a finding that is broken in its first line"),
    pytest.param('"Id": "x",\n' + NESTED, "begins with neither", 0, id="a finding without its beginning"),
    pytest.param('ted": [\n{"Id": "a", "ProductArn": "b"}\n]}', "begins with neither", 0, id="or most of it"),
    pytest.param(
        '{"Id": oops, "Related": [\n{"Id": "a", "ProductArn": "b"}\n]}',
        "nothing after",
        0,
        id="a broken head",
    ),
    pytest.param(f"{json.dumps(ONE)},\n{json.dumps(TWO)}", "begins with neither", 1, id="a comma after one"),
    pytest.param(f"{json.dumps(ONE)}\n]\n{json.dumps(ONE)}", "neither", 1, id="a bracket too many"),
    pytest.param("[1, 2".encode("utf-16")[:-1], "not UTF-16", 1, id="half of a character"),
    pytest.param((json.dumps(ONE) + "\n").encode("utf-16") + b"x", "not UTF-16", 1, id="half of one more"),
    pytest.param(
        json.dumps(ONE).encode("utf-16-le") + b"\x00\xdc" + json.dumps(ONE).encode("utf-16-le"),
        "not UTF-16",
        1,
        id="half of a pair in UTF-16",
    ),
]


@pytest.mark.parametrize(("data", "reason", "usable"), LOST)
@pytest.mark.parametrize("block", [4, 7, 2**18], ids="blocks of {} bytes".format)
def test_the_rest_of_what_is_broken_over_several_lines_is_lost(
    data: str | bytes, reason: str, usable: int, block: int, monkeypatch: Any
) -> None:
    """Nobody can tell where the next value begins, and a part of one might pass for a finding."""
    monkeypatch.setattr(json_texts, "_BLOCK", block)
    *found, last = cuts(data)
    assert last.is_rest
    assert reason in str(last.broken)
    assert len(found) == usable
    assert not any(each.broken for each in found)


def test_one_value_has_a_greatest_length(monkeypatch: Any) -> None:
    monkeypatch.setattr(json_texts, "LONGEST_LINE", 40)
    monkeypatch.setattr(json_texts, "LONGEST_VALUE", 1_000)
    monkeypatch.setattr(json_texts, "_BLOCK", 100)
    (found,) = cuts('["' + "x" * 10_000 + '"]')
    assert "one value of more than" in str(found.broken)
    (found,) = cuts(json.dumps({str(number): "x" * 100 for number in range(100)}))
    assert "one value of more than" in str(found.broken)


def test_a_place_is_a_line_and_a_character_where_a_line_has_several(monkeypatch: Any) -> None:
    monkeypatch.setattr(json_texts, "LONGEST_LINE", SMALL)
    data = json.dumps(ONE) + "\n" + json.dumps(ONE) + " " + json.dumps(TWO) + json.dumps([ONE, TWO])
    second = len(json.dumps(ONE)) + 2
    third = second + len(json.dumps(TWO))
    assert [each.position for each in cuts(data)] == [
        "line 1",
        "line 2",
        f"line 2, character {second}",
        f"line 2, character {third}: [0]",
        f"line 2, character {third}: [1]",
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(), JSON, max_size=4)
LAYOUT = st.tuples(st.sampled_from([None, 0, 3]), st.sampled_from(["", " ", "\n", "\r\n\r\n", "\ufeff"]))


@given(st.lists(st.tuples(OBJECTS, LAYOUT), max_size=5), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_values_come_back_whatever_stands_between_them(
    parts: list[tuple[dict[str, Any], Any]], encoding: str
) -> None:
    text = "".join(
        json.dumps(value, indent=indent, ensure_ascii=False) + after for value, (indent, after) in parts
    )
    data = text.encode("utf-8", "replace").decode().encode(encoding)
    assert values(data) == [_replaced(value) for value, _ in parts]


def _replaced(value: Any) -> Any:
    return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


@pytest.mark.parametrize("blank", ["\x0c", "\x0b", "\u00a0", "\u2028"])
def test_blanks_of_other_texts_are_none_of_json(blank: str) -> None:
    first, second = cuts(f"{blank} \n{json.dumps(ONE)}\n")
    assert (first.text, second.text) == (blank, json.dumps(ONE))


@given(st.binary(max_size=200) | st.text('{}[]",:1\\ \n\ufeffa', max_size=80))
def test_anything_is_cut_without_an_error_and_nothing_is_lost_in_silence(data: str | bytes) -> None:
    found = cuts(data)
    assert all(each.text or each.broken for each in found)
    assert all(not each.is_rest for each in found[:-1])


def test_little_more_than_one_element_is_ever_held(monkeypatch: Any) -> None:
    monkeypatch.setattr(json_texts, "_BLOCK", 1_000)
    monkeypatch.setattr(json_texts, "LONGEST_LINE", 2_000)
    for between, around in ((", ", "[]"), ("", ("", "")), ("\n", ("", ""))):
        text = between.join([json.dumps({"Id": "x" * 200})] * 10_000)
        stream = io.BytesIO((around[0] + text + around[1]).encode())
        read = 0
        for document in cut(stream):
            read += len(document.text)
            assert stream.tell() - read < 30_000
        assert read > 2_000_000
