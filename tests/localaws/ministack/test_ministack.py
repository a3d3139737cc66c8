"""What is added to ministack, part by part; the process as a whole is tested from the outside in e2e."""

import io
import os
import subprocess
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from hubtriage.localaws.ministack import internals
from hubtriage.localaws.ministack.batches import LONGEST_WAIT, fitting, hand_out_again_soon
from hubtriage.localaws.ministack.code import share_code
from hubtriage.localaws.ministack.functions import FunctionOutput, keep_all_output


def test_the_installed_ministack_is_the_known_one() -> None:
    internals.check_ministack()


def test_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(internals, "MINISTACK", "0.0.1")
    with pytest.raises(internals.MinistackChangedError, match=r"ministack 0\.0\.1 is needed"):
        internals.check_ministack()


def test_an_internal_that_is_gone_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(internals._INTERNALS, "ministack.core.router", ("SERVICE_PATTERNS", "gone"))
    with pytest.raises(internals.MinistackChangedError, match=r"ministack\.core\.router has no gone"):
        internals.check_ministack()


_MB = 1024 * 1024


@pytest.mark.parametrize(
    ("sizes", "count"),
    [
        pytest.param([], 0, id="nothing waits"),
        pytest.param([1000] * 500, 500, id="small messages all fit"),
        pytest.param([3 * _MB, 3 * _MB, 1], 2, id="what would pass 6 MB waits"),
        pytest.param([7 * _MB, 1], 1, id="one message always goes"),
    ],
)
def test_a_batch_ends_at_6_mb(sizes: list[int], count: int) -> None:
    assert fitting(sizes) == count


@pytest.mark.parametrize(
    ("visibility", "wait"), [(2_000, LONGEST_WAIT), (5, 5)], ids=["half an hour is cut", "less stays"]
)
def test_what_a_function_failed_comes_again_soon(
    monkeypatch: pytest.MonkeyPatch, visibility: float, wait: float
) -> None:
    functions = internals.module("services.lambda_svc")
    handled: list[Any] = []
    monkeypatch.setattr(functions, "_run_sqs_batch", lambda *batch: handled.append(batch))
    monkeypatch.setattr(time, "time", lambda: 1_800_000_000.0)
    hand_out_again_soon()
    message = {"visible_at": time.time() + visibility}
    functions._run_sqs_batch("mapping", "function", "event", [message], "url", "queue")
    assert len(handled) == 1
    assert message["visible_at"] == time.time() + wait


ARN = "arn:aws:lambda:eu-west-1:111122223333:function:talkative"
TALKATIVE = b"""
import os
def handler(event, context):
    for number in range(event["lines"]):
        print(number, flush=True)
    if event["dies"]:
        os._exit(1)
"""


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Any:
    """ministack's own worker of a function that writes as many lines as it is told to."""
    runtime = internals.module("core.lambda_runtime")
    for name in ("_read_stderr", "_drain_stderr", "_drain_stderr_bounded"):
        monkeypatch.setattr(runtime.Worker, name, getattr(runtime.Worker, name))
    keep_all_output()
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("talkative.py", TALKATIVE)
    config = {"FunctionArn": ARN, "Handler": "talkative.handler", "Runtime": "python3.12", "Timeout": 60}
    made = runtime.Worker("talkative", config, package.getvalue())
    started: list[Any] = []
    monkeypatch.setattr(runtime.subprocess, "Popen", _remembering(started))
    yield made
    made.kill()
    for process in started:
        with process:
            pass  # closes its pipes, and waits for its end


def test_processes_of_the_same_code_share_what_is_unpacked(
    worker: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What Python compiles for the first is there for the next, and outlives it."""
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    runtime = internals.module("core.lambda_runtime")
    monkeypatch.setattr(runtime, "zipfile", runtime.zipfile)
    share_code(tmp_path / "code")
    ran = []
    for _ in range(2):
        assert worker.invoke({"lines": 1, "dies": False}, "request")["status"] == "ok"
        (compiled,) = tmp_path.glob("code/*/__pycache__/talkative.*.pyc")
        ran.append((compiled, compiled.stat().st_mtime_ns))
        worker.kill()
    assert ran[0] == ran[1]
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("talkative.py", TALKATIVE + b"\n")
    worker.code_zip = other.getvalue()
    assert worker.invoke({"lines": 1, "dies": False}, "request")["status"] == "ok"
    assert len(list((tmp_path / "code").iterdir())) == 2, "other code is apart"


def _remembering(started: list[Any]) -> Any:
    popen = subprocess.Popen

    def start(*args: Any, **options: Any) -> Any:
        started.append(popen(*args, **options))
        return started[-1]

    return start


@pytest.fixture
def busy() -> Iterator[None]:
    """Threads that leave others little of this process, as many requests at once do in the launcher."""
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            sum(range(1_000))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    yield
    over.set()
    for thread in threads:
        thread.join()


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("dies", [False, True], ids=["it answers", "it dies"])
def test_all_that_a_function_wrote_is_its_own_log(worker: Any, dies: bool) -> None:
    for lines in (5_000, 3):
        answer = worker.invoke({"lines": lines, "dies": dies}, "request")
        assert answer["log"].splitlines() == [str(number) for number in range(lines)]


def test_output_is_read_to_its_end_whoever_closes_the_pipe_meanwhile() -> None:
    for _ in range(200):
        ours, functions = os.pipe()
        lines: SimpleQueue[str] = SimpleQueue()
        output = FunctionOutput(ours, lines)
        reader = threading.Thread(target=output.read)
        reader.start()
        os.close(ours)
        os.write(functions, b"first\nlast")
        os.close(functions)
        reader.join()
        assert [lines.get_nowait(), lines.get_nowait()] == ["first", "last"]


def test_output_is_read_although_the_process_is_gone_before_the_reader_begins(worker: Any) -> None:
    process = subprocess.Popen(["sh", "-c", "echo last words >&2"], stderr=subprocess.PIPE)
    assert process.stderr is not None
    worker._proc = process
    read = worker._read_stderr
    worker._proc = None
    process.stderr.close()
    read()
    process.wait()
    assert worker._drain_stderr() == "last words"
