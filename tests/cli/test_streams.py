"""Streams of any kind: poor encodings, pipes that are closed, full disks, no streams at all."""

import json
import shlex
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

from tests.support.terminals import HUBTRIAGE, environment, in_streams

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the shell is a POSIX one")
TITLE = "日本 é “x” → …"
RULES = "rules:\n  - id: a\n    match: {Title: [{prefix: 日}]}\n    update: {Confidence: 50}\n"
FINDING = {"Id": f"id {TITLE}", "ProductArn": "arn", "Title": TITLE, "Severity": {"Label": "HIGH"}}
HEAVY = ["lint rules", "explain found.json", "backtest found.json", "plan found.json", "test", "lint bad"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("rules", RULES), ("bad", RULES.replace("prefix", "prefx"))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "found.json").write_text(json.dumps(FINDING) + "\n")
    return tmp_path


def shell(line: str, folder: Path, **others: str) -> subprocess.CompletedProcess[str]:
    """Run a line of the shell in which `hubtriage` is the command; the exit code is that of hubtriage."""
    hubtriage = f'hubtriage() {{ {shlex.join(HUBTRIAGE)} "$@"; }}; '
    return subprocess.run(
        ["bash", "-c", hubtriage + line],
        cwd=folder,
        env=environment(**others),
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("arguments", "encoding"),
    [
        *product(HEAVY, ["cp1252", "ascii"]),
        ("lint bad", "latin-1"),
        ("lint bad", "cp932"),
        ("plan found.json", "utf-16"),
    ],
)
def test_an_encoding_may_lack_characters(folder: Path, arguments: str, encoding: str) -> None:
    done = in_streams(*arguments.split(), folder=folder, PYTHONIOENCODING=encoding)
    assert b"Traceback" not in done.stderr
    assert done.returncode == (1 if arguments == "lint bad" else 0), done.stderr


def test_what_is_missing_has_a_plainer_character_or_its_number(folder: Path) -> None:
    done = in_streams("plan", "found.json", folder=folder, PYTHONIOENCODING="latin-1")
    assert done.stdout.decode("latin-1").splitlines()[0] == 'id \\u65e5\\u672c é "x" -> ...'


def test_documents_are_utf_8_whatever_the_encoding(folder: Path) -> None:
    done = in_streams("build", "-o", "-", folder=folder, PYTHONIOENCODING="latin-1")
    assert "日" in json.loads(done.stdout.decode("utf-8"))["rules"][0]["match"]["Title"][0]["prefix"]


@pytest.mark.parametrize(
    "arguments", ["--help", "lint --help", "explain found.json", "schema", "lint bad", "completion bash"]
)
def test_a_closed_pipe_ends_in_silence(folder: Path, arguments: str) -> None:
    done = shell(f"hubtriage {arguments} | true; exit ${{PIPESTATUS[0]}}", folder)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize("arguments", ["--help", "lint rules", "explain found.json", "schema", "build -o -"])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_named(folder: Path, arguments: str) -> None:
    done = shell(f"hubtriage {arguments} > /dev/full", folder)
    assert (done.returncode, done.stderr) == (2, "Error: output: no space is left on the disk\n")


@pytest.mark.parametrize(
    ("redirection", "arguments", "exit_code"),
    [
        (">&-", "lint rules", 0),
        (">&-", "explain found.json", 0),
        ("2>&-", "plan nowhere.json", 2),
        (">&- 2>&-", "build", 0),
        ("<&-", "plan -", 2),
        ("2>/dev/full", "plan nowhere.json", 2),
        ("<&- >&- 2>&-", "backtest found.json --html page.html", 0),
    ],
)
def test_streams_may_be_closed(folder: Path, redirection: str, arguments: str, exit_code: int) -> None:
    done = shell(f"hubtriage {arguments} {redirection}", folder)
    assert done.returncode == exit_code
    assert "Traceback" not in done.stderr
    for written in ("build/ruleset.json", "page.html"):
        if (folder / written).exists():
            assert (folder / written).read_text(encoding="utf-8")[0] in "{<", (
                "a stream was written into a file"
            )


def test_quiet_leaves_results_and_errors(folder: Path) -> None:
    said = {
        name: in_streams(*name.split(), "-q", folder=folder) for name in ("plan found.json", "lint rules")
    }
    assert [done.stderr for done in said.values()] == [b"", b""]
    assert said["plan found.json"].stdout.startswith("id 日本".encode())
    assert b"W312" in said["lint rules"].stdout
    assert b"1 rule in" not in said["lint rules"].stdout
    done = in_streams("lint", "bad", "-q", folder=folder)
    assert b"E201" in done.stdout


def test_the_version_and_the_module(folder: Path) -> None:
    for arguments in (["-V"], ["--version"]):
        done = in_streams(*arguments, folder=folder)
        assert done.stdout.decode().startswith("hubtriage, version ")
    assert in_streams("lint", "--help", folder=folder).stdout.startswith(b"Usage: hubtriage lint ")
