"""CDK's command line: what is missing for it is said first, and it ends when we do."""

import os
import sys
import time
from pathlib import Path

import pytest
from click.exceptions import ClickException

from hubtriage.cli.deploying import tools
from hubtriage.cli.deploying.tools import Cdk, find_cdk


def program(folder: Path, text: str, name: str = "cdk") -> Path:
    """A program that does what the lines of Python say."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!{sys.executable}\n{text}")
    path.chmod(0o755)
    return path


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with `cdk.json`, on a machine that has Node.js and nothing else."""
    program(tmp_path / "bin", "print('v22.1.0')", "node")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("JSII_NODE", raising=False)
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "cdk.json").write_text("{}")
    return folder


def missing(folder: Path) -> ClickException:
    with pytest.raises(ClickException) as error:
        find_cdk(folder)
    assert error.value.exit_code == 2
    return error.value


def test_it_is_found_in_the_folder_or_above_it(project: Path) -> None:
    assert "the command line of CDK is not installed" in missing(project).message
    above = program(project.parent / "node_modules" / ".bin", "")
    assert find_cdk(project).program == str(above)
    here = program(project / "node_modules" / ".bin", "")
    assert find_cdk(project).program == str(here)


def test_python3_of_the_app_is_the_python_that_runs_this(project: Path) -> None:
    program(project / "node_modules" / ".bin", "")
    assert find_cdk(project).environment["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)


def test_what_is_missing_is_said(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(project / "node_modules" / ".bin", "")
    (project / "cdk.json").unlink()
    assert "there is no" in missing(project).message
    monkeypatch.setenv("PATH", "")
    assert "Node.js is not installed" in missing(project).message
    monkeypatch.setattr("hubtriage.localaws.synth.find_spec", lambda _name: None)
    assert "pip install 'hubtriage[deploy]'" in missing(project).message


def test_a_command_gives_its_exit_code_and_what_it_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools, "POLL", 0.05)
    text = "import sys, time; print(sys.argv[1:]); print('x', file=sys.stderr); time.sleep(.2); sys.exit(3)"
    looks: list[int] = []
    cdk = Cdk(str(program(tmp_path, text)), tmp_path, dict(os.environ))
    code, said = cdk.run(["synth", "--quiet"], lambda: looks.append(1))
    assert (code, "['synth', '--quiet']" in said, "x\n" in said) == (3, True, True)
    assert len(looks) > 1


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_ctrl_c_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "POLL", 0.05)
    mark = tmp_path / "pid"
    child = f"import os, time; open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    text = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"  # as CDK runs the app
    cdk = Cdk(str(program(tmp_path, text)), tmp_path, dict(os.environ))

    def interrupted() -> None:
        if mark.exists() and mark.read_text():
            raise KeyboardInterrupt

    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        cdk.run([], interrupted)
    assert time.monotonic() - begun < 30
    deadline = time.monotonic() + 10
    while is_running(int(mark.read_text())):
        assert time.monotonic() < deadline
        time.sleep(0.05)
