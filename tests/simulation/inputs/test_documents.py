"""Documents out of files and folders: packed, in any encoding, hostile, or no files at all."""

import gzip
import io
import json
import os
import random
import threading
from pathlib import Path
from typing import Any

import pytest

from hubtriage.simulation.inputs import unpacking
from hubtriage.simulation.inputs.documents import Document, files_of, read_file, read_stream

ONE, TWO = {"Id": "1", "ProductArn": "p"}, {"Id": "2", "ProductArn": "p"}
LINES = f"{json.dumps(ONE)}\n{json.dumps(TWO)}\n".encode()


def documents(data: bytes) -> list[Document]:
    return list(read_stream(io.BytesIO(data), "input"))


def read(path: Path) -> list[Any]:
    """The JSON values of a file; the reason of what is broken."""
    return [each.broken or json.loads(each.text) for each in read_file(path)]


PACKED = [
    pytest.param(gzip.compress(LINES), [ONE, TWO], id="gzip"),
    pytest.param(
        gzip.compress(json.dumps(ONE).encode()) + gzip.compress(json.dumps(TWO).encode()),
        [ONE, TWO],
        id="two members, and nothing between the values in them",
    ),
    pytest.param(gzip.compress(gzip.compress(LINES)), [ONE, TWO], id="packed twice"),
    pytest.param(gzip.compress(LINES) + bytes(64), [ONE, TWO], id="zeros behind it"),
]


@pytest.mark.parametrize(("data", "expected"), PACKED)
@pytest.mark.parametrize("name", ["a.json.gz", "a.json", "stream-1-2027-01-15-08-00-00-0f1e"])
def test_gzip_is_known_by_its_first_bytes(
    data: bytes, expected: list[Any], name: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(data)
    parsed = [
        value for text in read_file(tmp_path / name) for value in text.text.replace("}{", "}\n{").split("\n")
    ]
    assert [json.loads(value) for value in parsed] == expected


def test_a_name_alone_makes_no_gzip(tmp_path: Path) -> None:
    """Browsers unpack what S3 says is packed, and keep the name."""
    (tmp_path / "a.json.gz").write_bytes(LINES)
    assert read(tmp_path / "a.json.gz") == [ONE, TWO]


def test_a_gzip_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "FREE", 1_000_000)
    bomb = gzip.compress(b'{"a": "' + bytes([32]) * 20_000_000 + b'"}')
    (found,) = documents(bomb)
    assert "unpacks to more than 200 times its size" in str(found.broken)
    assert found.is_rest
    (found,) = documents(gzip.compress(bomb))
    assert "200 times" in str(found.broken)


def test_findings_that_are_much_alike_are_no_bomb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "FREE", 0)
    made = random.Random(5)  # noqa: S311
    lines = (json.dumps(ONE | {"Id": f"{made.getrandbits(128):x}", "Title": "t" * 900}) for _ in range(2_000))
    assert not any(each.broken for each in documents(gzip.compress("\n".join(lines).encode())))


def test_what_is_read_before_a_fault_of_the_packing_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    made = random.Random(5)  # noqa: S311
    many = "\n".join(json.dumps(ONE | {"Id": f"{made.getrandbits(128):x}"}) for _ in range(20_000))
    *found, last = documents(gzip.compress(many.encode())[:-9])
    assert len(found) > 10_000
    assert "cannot be unpacked" in str(last.broken)
    assert last.is_rest


WITHOUT = [
    pytest.param(b"", "it is empty", id="nothing"),
    pytest.param(b" \n\xef\xbb\xbf\n", "it is empty", id="blanks"),
    pytest.param(b"no JSON at all\n", "no JSON in it", id="prose"),
    pytest.param(b"\x00", "no JSON in it", id="a zero"),
    pytest.param(b"x\n" * 5_000, "no JSON in it", id="many lines of prose"),
    pytest.param(b"{broken", "is not JSON", id="a broken value"),
    pytest.param(b"[" * 100_000, "nested too deep", id="a nesting bomb"),
    pytest.param(b"[" * 100_000 + b"]" * 100_000 + b"\n", "nested too deep", id="a bomb with its end"),
    pytest.param(gzip.compress(b""), "it is empty", id="nothing, packed"),
    pytest.param(gzip.compress(LINES)[:-9], "cannot be unpacked", id="gzip that is cut off"),
    pytest.param(b"\x1f\x8bno", "cannot be unpacked", id="gzip that is none"),
]


@pytest.mark.parametrize(("data", "reason"), WITHOUT)
def test_input_without_any_json_gives_one_reason(data: bytes, reason: str) -> None:
    (found,) = documents(data)
    assert reason in str(found.broken)


def test_lines_before_the_first_json_are_told(tmp_path: Path) -> None:
    found = documents(b"Reading findings:\n" + LINES)
    assert [each.text for each in found] == ["Reading findings:", json.dumps(ONE), json.dumps(TWO)]


def test_reading_tells_how_far_it_is(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(gzip.compress(LINES))
    advances: list[int] = []
    list(read_file(tmp_path / "a", advances.append))
    assert sum(advances) == (tmp_path / "a").stat().st_size


def test_a_folder_gives_all_its_files_whatever_their_names(tmp_path: Path) -> None:
    (tmp_path / "2027" / "01" / ".git").mkdir(parents=True)
    (tmp_path / "2027" / "01" / ".git" / "config").write_text("hidden")
    (tmp_path / "2027" / "01" / "stream-1-2027-01-15-08-00-00-0f1e").write_bytes(LINES)
    (tmp_path / "2027" / "a.jsonl.gz").write_bytes(gzip.compress(LINES))
    (tmp_path / ".DS_Store").write_text("hidden")
    (tmp_path / "README.md").write_text("none")
    sources = files_of(tmp_path)
    assert [file.name for file in sources.files] == [
        "stream-1-2027-01-15-08-00-00-0f1e",
        "a.jsonl.gz",
        "README.md",
    ]
    assert sources.left_out == ()
    assert [value for file in sources.files for value in read(file)] == [ONE, TWO, ONE, TWO, "no JSON in it"]


def test_what_is_no_file_in_a_folder_is_told_and_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "nowhere").symlink_to(tmp_path / "missing")
    (tmp_path / "itself").symlink_to(tmp_path / "itself")
    (tmp_path / "findings.jsonl.part").write_bytes(LINES)
    (tmp_path / "a.json").write_bytes(LINES)
    (tmp_path / "link.json").symlink_to(tmp_path / "a.json")
    sources = files_of(tmp_path)
    assert [file.name for file in sources.files] == ["a.json", "link.json"]
    assert {Path(each.source).name: each.broken for each in sources.left_out} == {
        "pipe": "a pipe or a device, not a file",
        "loop": "a link to a folder: it is not followed",
        "nowhere": "a link that leads nowhere",
        "itself": "a link that leads nowhere",
        "findings.jsonl.part": "an export that was interrupted: continue with `hubtriage findings --resume`",
    }


def test_a_folder_that_is_empty_says_so(tmp_path: Path) -> None:
    (only,) = files_of(tmp_path).left_out
    assert only.broken == "no file of findings in this folder"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_nobody_may_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(LINES)
    (tmp_path / "a.json").chmod(0)
    (found,) = read_file(tmp_path / "a.json")
    assert (found.broken, found.is_rest) == ("permission denied", True)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    (found,) = read_file(tmp_path / "missing.json")
    assert (found.broken, found.is_rest) == ("there is no such file or folder", True)


def test_a_pipe_is_read_if_it_is_what_was_given(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(LINES,))
    writer.start()
    found = read(pipe)
    writer.join()
    assert found == [ONE, TWO]
