"""Which exceptions are recorded, and which are ours."""

import asyncio
import gc
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from hubtriage.localaws.crashes import Crash, CrashRecorder, recorded_crashes
from hubtriage.localaws.ministack.batches import fitting
from hubtriage.localaws.ministack.internals import module
from tests.support.paths import ROOT


@pytest.fixture
def recorder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CrashRecorder:
    """One that is installed, with what would report to pytest taken away."""
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)
    made = CrashRecorder(tmp_path)
    made.install()
    return made


def _only(folder: Path) -> Crash:
    (crash,) = recorded_crashes(folder)
    return crash


@pytest.mark.usefixtures("recorder")
@pytest.mark.parametrize(
    ("target", "ours"),
    [
        pytest.param(lambda: fitting("no sizes"), True, id="code of ours"),  # type: ignore[arg-type]
        pytest.param(lambda: module("core.arn").parse_arn({}), False, id="code of the emulator alone"),
        pytest.param(lambda: SimpleQueue().get_nowait(), False, id="code of Python alone"),
    ],
)
def test_what_ends_a_thread(tmp_path: Path, target: Any, ours: bool) -> None:
    thread = threading.Thread(target=target, name="it")
    thread.start()
    thread.join()
    assert (_only(tmp_path).where, _only(tmp_path).ours) == ("exception in thread it", ours)


@pytest.mark.usefixtures("recorder")
def test_what_is_raised_while_an_object_is_deleted(tmp_path: Path) -> None:
    class Grumpy:
        def __del__(self) -> None:
            fitting("no sizes")  # type: ignore[arg-type]

    Grumpy()
    gc.collect()
    assert "Grumpy.__del__" in _only(tmp_path).where
    assert _only(tmp_path).ours


def test_what_ends_a_task_that_is_not_waited_for(tmp_path: Path, recorder: CrashRecorder) -> None:
    async def fail() -> None:
        fitting("no sizes")  # type: ignore[arg-type]

    async def run() -> None:
        recorder.watch(asyncio.get_running_loop())
        task = asyncio.create_task(fail())
        await asyncio.sleep(0)
        del task
        gc.collect()

    asyncio.run(run())
    assert "never retrieved" in _only(tmp_path).where
    assert _only(tmp_path).ours


def test_where_nothing_crashed_there_is_nothing_to_report(tmp_path: Path, recorder: CrashRecorder) -> None:
    recorder.record("a callback without an exception", None)
    assert recorded_crashes(tmp_path) == []


_PROBES = {
    "a thread": """
        import threading

        def test_it():
            thread = threading.Thread(target=lambda: 1 / 0)
            thread.start()
            thread.join()
    """,
    "a deletion": """
        class Grumpy:
            def __del__(self):
                raise ValueError

        def test_it():
            Grumpy()
    """,
    "a file that is left open": """
        def test_it():
            open(__file__)
    """,
}


@pytest.mark.parametrize("probe", _PROBES)
def test_the_options_of_this_project_fail_a_test_in_which_it_crashes(tmp_path: Path, probe: str) -> None:
    (tmp_path / "test_probe.py").write_text(textwrap.dedent(_PROBES[probe]))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-c",
        str(ROOT / "pyproject.toml"),
        "-p",
        "no:cacheprovider",
    ]
    ran = subprocess.run(
        [*command, "--rootdir", str(tmp_path), "test_probe.py"], cwd=tmp_path, capture_output=True, text=True
    )
    assert ran.returncode == 1
    assert "1 failed" in ran.stdout
