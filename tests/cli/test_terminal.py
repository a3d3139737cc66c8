"""What a person sees in a terminal: colours, widths, progress, and what Ctrl-C leaves."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len

from hubtriage.cli.terminal import at_words
from tests.support.terminals import ESCAPES, in_streams, in_terminal

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
LONG = f"match: {{Title: [日本語のタイトル, {'x' * 70}, {{prefx: y}}, {'z' * 50}]}}"
RULES = f"rules:\n  - id: a\n    {LONG}\n    update: {{Confidence: 50}}\n"
FINE = "rules:\n  - id: a\n    match: {Title: [x]}\n    update: {Confidence: 50}\n"
MOVES = re.compile(r"\x1b\[[0-9;?]*[A-HJKhl]")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.yaml").write_text(RULES, encoding="utf-8")
    (tmp_path / "fine").mkdir()
    (tmp_path / "fine" / "a.yaml").write_text(FINE)
    (tmp_path / "found.json").write_text('{"Id": "f", "ProductArn": "arn", "Title": "x"}\n')
    return tmp_path


COLOURED = [
    pytest.param({}, [], True, id="a terminal"),
    pytest.param({"NO_COLOR": "1"}, [], False, id="NO_COLOR"),
    pytest.param({"NO_COLOR": ""}, [], True, id="NO_COLOR without a value says nothing"),
    pytest.param({"NO_COLOR": "1", "FORCE_COLOR": "1"}, [], False, id="NO_COLOR counts more"),
    pytest.param({"NO_COLOR": "1"}, ["--color", "always"], True, id="what is asked for counts most"),
    pytest.param({}, ["--color", "never"], False, id="--color never"),
    pytest.param({"TERM": "dumb"}, [], False, id="a dumb terminal"),
]


@pytest.mark.parametrize(("others", "arguments", "coloured"), COLOURED)
def test_colours_in_a_terminal(
    folder: Path, others: dict[str, str], arguments: list[str], coloured: bool
) -> None:
    seen = in_terminal("lint", *arguments, folder=folder, others=others)
    assert (seen.exit_code, "\x1b[31m" in seen.output) == (1, coloured)
    assert coloured or "\x1b" not in seen.output


@pytest.mark.parametrize(
    ("others", "arguments", "coloured"),
    [
        pytest.param({}, [], False, id="a pipe"),
        pytest.param({"FORCE_COLOR": "1"}, [], True, id="FORCE_COLOR"),
        pytest.param({"FORCE_COLOR": "1"}, ["--color", "auto"], True, id="auto heeds it"),
        pytest.param({}, ["--color", "always"], True, id="--color always"),
        pytest.param({"FORCE_COLOR": "1"}, ["--color", "never"], False, id="--color never"),
        pytest.param({"FORCE_COLOR": "1"}, ["--json"], False, id="JSON never"),
    ],
)
def test_colours_in_a_pipe(
    folder: Path, others: dict[str, str], arguments: list[str], coloured: bool
) -> None:
    done = in_streams("lint", *arguments, folder=folder, **others)
    assert (done.returncode, b"\x1b[31m" in done.stdout) == (1, coloured)


def test_errors_have_colours_of_their_own(folder: Path) -> None:
    for arguments in (["plan", "nowhere", "--rules", "fine"], ["plan", "--bogus"], ["plan", "found.json"]):
        seen = in_terminal(*arguments, folder=folder)
        assert "\x1b[31m" in seen.output
        assert "\x1b" not in in_terminal(*arguments, folder=folder, others={"NO_COLOR": "1"}).output


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
def test_a_source_line_and_its_caret_fit(folder: Path, columns: int) -> None:
    lines = in_terminal("lint", folder=folder, columns=columns).lines
    problem = next(number for number, line in enumerate(lines) if "E201" in line)
    caret = next(number for number in range(problem, len(lines)) if lines[number].strip() == "^")
    source = lines[caret - 1]
    assert max(cell_len(source), cell_len(lines[caret])) <= columns
    below = source[_characters(source, cell_len(lines[caret]) - 1) :]
    assert below.startswith("{prefx:")


@pytest.mark.parametrize("arguments", ["plan found.json --rules fine", "explain found.json --rules fine"])
def test_texts_are_broken_at_words(folder: Path, arguments: str) -> None:
    lines = in_terminal(*arguments.split(), folder=folder, columns=36).lines
    piped = in_streams(*arguments.split(), folder=folder)
    assert max(map(cell_len, lines)) <= 36
    words = (piped.stdout + piped.stderr).decode().split()
    assert " ".join(lines).split() == words


@pytest.mark.parametrize(
    ("line", "broken"),
    [
        pytest.param("ab cd ef", "ab cd\n  ef", id="at a blank"),
        pytest.param("abc de fg", "abc de\n  fg", id="where a word ends with the line"),
        pytest.param("  ab cd ef", "  ab\n   cd\n   ef", id="the rest is indented more"),
        pytest.param("a bcdefghij kl", "a bcdefghij\n  kl", id="what is too long stays"),
        pytest.param("\x1b[1mab\x1b[0m cd ef", "\x1b[1mab\x1b[0m cd\n  ef", id="colours take no columns"),
        pytest.param("日本 日", "日本\n  日", id="wide characters take two"),
    ],
)
def test_a_line_is_broken_at_words(line: str, broken: str) -> None:
    assert at_words(line, 6) == broken


def _characters(text: str, cells: int) -> int:
    return next(number for number in range(len(text)) if cell_len(text[:number]) == cells)


def test_what_a_program_reads_has_the_same_lines_whatever_the_width(folder: Path) -> None:
    outputs = {in_streams("lint", folder=folder, COLUMNS=columns).stdout for columns in ("20", "300")}
    assert len(outputs) == 1


def test_in_a_pipe_nothing_moves(folder: Path) -> None:
    done = in_streams("backtest", "found.json", "--rules", "fine", folder=folder, FORCE_COLOR="1")
    assert (done.returncode, done.stderr) == (0, b"")
    assert not MOVES.search(done.stdout.decode())


@pytest.mark.parametrize(
    ("arguments", "others", "moves"),
    [([], {}, True), (["-q"], {}, False), ([], {"TERM": "dumb"}, False)],
    ids=["a terminal", "quiet", "a dumb terminal"],
)
def test_progress_is_for_those_who_look(
    folder: Path, arguments: list[str], others: dict[str, str], moves: bool
) -> None:
    _many(folder)
    seen = in_terminal(
        "backtest",
        "many.jsonl",
        "--rules",
        "fine",
        "--processes",
        "1",
        *arguments,
        folder=folder,
        others=others,
    )
    assert seen.exit_code == 0
    assert ("judging" in ESCAPES.sub("", seen.output)) == moves


def _many(folder: Path, count: int = 20_000) -> None:
    finding = {
        "ProductArn": "arn",
        "Title": "x",
        "Severity": {"Label": "HIGH"},
        "AwsAccountId": "111122223333",
    }
    lines = (json.dumps({"Id": f"f{number}", **finding}) for number in range(count))
    (folder / "many.jsonl").write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("number", "exit_code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143)],
    ids=["Ctrl-C", "SIGTERM"],
)
def test_a_stopped_command_says_so_in_one_line(folder: Path, number: signal.Signals, exit_code: int) -> None:
    _many(folder, 200_000)
    sent: list[int] = []

    def stop(process: subprocess.Popen[bytes], seen: str) -> None:
        if "findings" in seen and not sent:
            sent.append(number)
            os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)

    arguments = ("backtest", "many.jsonl", "--rules", "fine", "--processes", "2")
    seen = in_terminal(*arguments, folder=folder, meanwhile=stop)
    assert seen.exit_code == exit_code
    rest = seen.output.rpartition("\x1b[?25h")
    assert rest[1], "the cursor is not shown again"
    assert [line for line in ESCAPES.sub("", rest[2]).split() if line] == ["stopped"]


def test_the_terminal_is_told_when_a_question_is_not_answered(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hubtriage", "sweep", "--local", "--rules", "fine"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    error = "Error: the question got no answer\n  hint: answer in a terminal, or give --yes\n"
    assert (done.returncode, done.stderr.endswith(error)) == (2, True)
