"""`hubtriage completion`: a real bash completes commands, options and values."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from hubtriage.cli.main import cli
from tests.support.terminals import environment

SCRIPT = """\
eval "$(hubtriage completion bash)"
COMP_WORDS=({words}) COMP_CWORD={last}
_hubtriage_completion hubtriage
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a command `hubtriage`, as an installation has."""
    script = tmp_path / "bin" / "hubtriage"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m hubtriage "$@"\n')
    script.chmod(0o755)
    return tmp_path


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["hubtriage", "li"], {"lint"}),
        (["hubtriage", "ledger", "re"], {"rebuild"}),
        (["hubtriage", "lint", "--for"], {"--format"}),
        (["hubtriage", "lint", "--color", "a"], {"auto", "always"}),
        (["hubtriage", "mode", "o"], {"observe"}),
        (["hubtriage", "completion", ""], {"bash", "zsh", "fish"}),
        (["hubtriage", "plan", "--ca"], {"--calls"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bash_completes(folder: Path, words: list[str], offered: set[str]) -> None:
    quoted = " ".join(f"'{word}'" for word in words)
    path = f"{folder / 'bin'}:{environment()['PATH']}"
    done = subprocess.run(
        ["bash", "-c", SCRIPT.format(words=quoted, last=len(words) - 1)],
        cwd=folder,
        env=environment(PATH=path),
        capture_output=True,
        text=True,
    )
    assert (done.stderr, set(done.stdout.split())) == ("", offered)


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_what_is_wrong_with_the_settings_is_not_told_while_one_types(folder: Path) -> None:
    (folder / "hubtriage.toml").write_text("[")
    done = subprocess.run(
        ["bash", "-c", SCRIPT.format(words="hubtriage plan --c", last=2)],
        cwd=folder,
        env=environment(PATH=f"{folder / 'bin'}:{environment()['PATH']}"),
        capture_output=True,
        text=True,
    )
    assert (done.stderr, done.stdout.split()) == ("", [])


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_for_each_shell(shell: str) -> None:
    result = CliRunner().invoke(cli, ["completion", shell])
    assert result.exit_code == 0
    assert f"_HUBTRIAGE_COMPLETE={shell}_complete" in result.output


def test_another_shell_is_refused() -> None:
    result = CliRunner().invoke(cli, ["completion", "tcsh"])
    assert result.exit_code == 2
    assert "'bash', 'zsh', 'fish'" in result.stderr
