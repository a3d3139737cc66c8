"""Documents out of files of any size and shape, without holding more than one of them."""

import gzip
import io
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.simulation import json_scanner
from hubtriage.simulation.documents import UnreadableInputError, files_of, read_file, read_stream

ONE, TWO = {"Id": "1", "Title": "é ] } , [ {"}, {"Id": "2", "Nested": {"Findings": [1], "a": ["}"]}}
EVENT = {"detail-type": "Security Hub Findings - Imported", "detail": {"findings": [ONE]}}


def texts(data: str | bytes) -> list[Any]:
    raw = data.encode() if isinstance(data, str) else data
    return [document.broken or _parsed(document.text) for document in read_stream(io.BytesIO(raw), "input")]


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text.strip()


SHAPES = [
    pytest.param(json.dumps([ONE, TWO]), [ONE, TWO], id="a list on one line"),
    pytest.param(json.dumps([ONE, TWO]) + "\n", [[ONE, TWO]], id="a list on one whole line is one document"),
    pytest.param(json.dumps([ONE, TWO], indent=2), [ONE, TWO], id="a list over many lines"),
    pytest.param(f"[{json.dumps(ONE)},\n{json.dumps(TWO)}]", [ONE, TWO], id="a list with an element a line"),
    pytest.param(f"[\n{json.dumps(ONE)}\n]\n", [ONE], id="a list whose second line is whole JSON"),
    pytest.param("[]", [[]], id="an empty list is a document without findings"),
    pytest.param("[\n]\n", [[]], id="an empty list over two lines"),
    pytest.param('{\n"Findings": []\n}', [{"Findings": []}], id="an answer without findings stays whole"),
    pytest.param(f"{json.dumps(ONE)}\n\n{json.dumps(TWO)}\n", [ONE, TWO], id="JSON lines"),
    pytest.param(json.dumps(ONE), [ONE], id="one finding without an end of line"),
    pytest.param(json.dumps(ONE, indent=1), [ONE], id="one finding over many lines"),
    pytest.param(
        json.dumps({"Findings": [ONE, TWO], "NextToken": "t"}, indent=1),
        [ONE, TWO],
        id="an answer of GetFindings",
    ),
    pytest.param(
        json.dumps({"NextToken": "t", "Findings": [ONE]}, indent=1), [ONE], id="the list after other members"
    ),
    pytest.param(json.dumps(EVENT, indent=1), [EVENT], id="an event stays whole"),
    pytest.param(json.dumps([EVENT, EVENT], indent=1), [EVENT, EVENT], id="a list of events"),
    pytest.param(
        json.dumps(ONE, indent=1) + json.dumps(TWO, indent=1), [ONE, TWO], id="values one after another"
    ),
    pytest.param("\ufeff" + json.dumps([ONE]), [ONE], id="a byte order mark before a list"),
    pytest.param(
        "\ufeff" + json.dumps(ONE) + "\n" + json.dumps(TWO) + "\n", [ONE, TWO], id="one before lines"
    ),
    pytest.param(
        "{broken\n" + json.dumps(ONE) + "\n", ["{broken", ONE], id="a first line that is broken hides nothing"
    ),
    pytest.param(json.dumps(ONE) + "\nnope\n", [ONE, "nope"], id="a broken line stays in its place"),
    pytest.param(
        json.dumps(ONE).encode() + b'\n"\xff"\n',
        [ONE, "is not UTF-8: invalid start byte"],
        id="a line not in UTF-8",
    ),
]


@pytest.mark.parametrize(("data", "expected"), SHAPES)
@pytest.mark.parametrize("block", [1, 7, 2**18], ids="blocks of {} characters".format)
def test_every_shape(data: str | bytes, expected: list[Any], block: int, monkeypatch: Any) -> None:
    monkeypatch.setattr(json_scanner, "_BLOCK", block)
    assert texts(data) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.lists(st.dictionaries(st.text(), JSON, max_size=4), min_size=1, max_size=5),
    st.sampled_from([None, 0, 3]),
)
def test_the_elements_of_any_list_come_back(elements: list[Any], indent: int | None) -> None:
    text = json.dumps(elements, indent=indent, ensure_ascii=False)
    data = io.BytesIO(text.encode("utf-8", "replace"))
    expected = json.loads(text.encode("utf-8", "replace"))
    assert [json.loads(each.text) for each in read_stream(data, "input")] == expected


def test_a_list_that_is_cut_off_gives_what_is_there_and_says_so() -> None:
    found = texts(json.dumps([ONE, TWO])[:-20])
    assert found[0] == ONE
    assert "the rest is not JSON" in found[1]
    assert len(found) == 2


CUT_OFF = [
    pytest.param(json.dumps([ONE, TWO], indent=1)[:-20], "Expecting", 13, id="within an element"),
    pytest.param(f"[\n{json.dumps(ONE)}\n,\n\n{json.dumps(TWO)}\n", "',' expected", 6, id="between elements"),
    pytest.param(f"[\n{json.dumps(ONE)}\n]\n\nx", "neither an object nor a list", 5, id="after the list"),
]


@pytest.mark.parametrize(("data", "reason", "line"), CUT_OFF)
@pytest.mark.parametrize("block", [1, 7, 2**18], ids="blocks of {} characters".format)
def test_an_error_names_its_line_in_the_file(
    data: str, reason: str, line: int, block: int, monkeypatch: Any
) -> None:
    monkeypatch.setattr(json_scanner, "_BLOCK", block)
    last = texts(data)[-1]
    assert last.startswith(f"the rest is not JSON: {reason}")
    assert last.endswith(f" at line {line}")


def test_a_file_in_another_encoding_says_so() -> None:
    with pytest.raises(UnreadableInputError, match="input: line 2 is not UTF-8"):
        texts(b'[\n{"Id": "\xff"}\n]\n')


@pytest.mark.parametrize("data", ["", " \n", "no JSON at all\n", "\x00", "{broken", "[" * 100_000])
def test_input_without_any_json_is_unreadable(data: str) -> None:
    with pytest.raises(UnreadableInputError, match="no JSON in it"):
        texts(data)


def test_more_than_one_element_is_never_held(monkeypatch: Any) -> None:
    monkeypatch.setattr(json_scanner, "_BLOCK", 1_000)
    stream = io.BytesIO(json.dumps([{"Id": "x" * 200}] * 10_000).encode())
    read = 0
    for _document in read_stream(stream, "input"):
        assert stream.tell() - read < 3_000
        read += 213
    assert read > 2_000_000


def test_a_folder_gives_its_files_by_name_and_unpacks_them(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "a.jsonl.gz").write_bytes(gzip.compress(json.dumps(ONE).encode() + b"\n"))
    (tmp_path / "z.json").write_text(json.dumps([TWO]))
    (tmp_path / "notes.txt").write_text("none")
    files = files_of(tmp_path)
    assert [file.name for file in files] == ["a.jsonl.gz", "z.json"]
    advances: list[int] = []
    found = [json.loads(d.text) for file in files for d in read_file(file, advances.append)]
    assert found == [ONE, TWO]
    assert sum(advances) <= sum(file.stat().st_size for file in files)


UNREADABLE = [
    pytest.param("missing.json", None, id="a file that is not there"),
    pytest.param("a.json.gz", b"no gzip", id="a file that is not packed"),
    pytest.param("b.json.gz", gzip.compress(b"[1, 2]")[:-9], id="a packed file that is cut off"),
]


@pytest.mark.parametrize(("name", "data"), UNREADABLE)
def test_what_cannot_be_read_is_said(name: str, data: bytes | None, tmp_path: Path) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(UnreadableInputError, match=name):
        list(read_file(tmp_path / name))


def test_a_pipe_is_read_whatever_its_shape(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    text = json.dumps([ONE, TWO], indent=1)
    writer = threading.Thread(target=pipe.write_text, args=(text,))
    writer.start()
    found = [json.loads(document.text) for document in read_file(pipe)]
    writer.join()
    assert found == [ONE, TWO]


def test_a_stream_is_read_from_where_it_stands() -> None:
    stream = io.BytesIO(b"a heading\n" + json.dumps([ONE], indent=1).encode())
    stream.readline()
    assert [json.loads(document.text) for document in read_stream(stream, "input")] == [ONE]


def test_a_folder_without_findings_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInputError, match="no file of findings"):
        files_of(tmp_path)
