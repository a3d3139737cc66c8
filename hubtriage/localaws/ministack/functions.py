"""Lambda functions at work: their whole output in the log, and what ends them while they run.

AWS: what a function writes is in its log whatever happens to the function.
"""

import fcntl
import logging
import os
import select
import struct
import termios
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from hubtriage.localaws.ministack.internals import module

_PATIENCE = 30.0
"""Seconds to wait for output that a function wrote before it answered or ended, and for batches to end."""
_TICK = 0.001
_LOG = logging.getLogger(__name__)


def keep_all_output() -> None:
    """Keep in an invocation's log all that the function wrote until it answered or died.

    ministack stops reading when no line has come for 5 ms. On a busy machine that is too early: the rest
    goes into the next invocation's log, and is lost if the process ends.
    """
    worker = module("core.lambda_runtime").Worker
    so_far, a_while = worker._drain_stderr, worker._drain_stderr_bounded

    def reader(self: Any) -> Callable[[], None]:
        # ministack looks this up while it starts a process, and calls the result in a thread. The process
        # may be gone when that thread runs, so the output is taken here.
        self.output = FunctionOutput(self._proc.stderr.fileno(), self._stderr_queue)
        read: Callable[[], None] = self.output.read
        return read

    def drain(self: Any, *waits: Any, **named: Any) -> str:
        output = getattr(self, "output", None)  # not in runtimes that ministack reads in another way
        if output is None:
            return str(a_while(self, *waits, **named))
        output.wait()
        return str(so_far(self))

    worker._read_stderr = property(reader)
    worker._drain_stderr = worker._drain_stderr_bounded = drain


class FunctionOutput:
    """What one process writes to its standard error, line by line.

    descriptor: the end of the pipe to read from. The caller may close it at any time: the output is read
        from a copy of its own, as a closed number may belong to another file a moment later.
    lines: gets each line.
    """

    def __init__(self, descriptor: int, lines: "SimpleQueue[str]") -> None:
        self._pipe = os.fdopen(os.dup(descriptor), "rb", buffering=0)
        self._lines = lines
        self._reading = threading.Lock()
        self._ended = False

    def read(self) -> None:
        """Read until the process has ended."""
        begun = b""
        with self._pipe:
            while not self._ended:
                select.select([self._pipe], [], [])
                with self._reading:
                    chunk = self._pipe.read(65_536)
                    *lines, begun = (begun + chunk).split(b"\n")
                    self._ended = not chunk
                    for line in [*lines, begun] if self._ended and begun else lines:
                        self._lines.put(line.decode(errors="replace"))

    def wait(self) -> None:
        """Wait until all is read that has been written so far."""
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            with self._reading:
                if self._ended or not _unread(self._pipe.fileno()):
                    return
            time.sleep(_TICK)
        _LOG.warning(
            "output of a function is still being read after %s s: its log may lack the end", _PATIENCE
        )


def _unread(descriptor: int) -> int:
    """Return how many bytes a pipe holds."""
    answer = fcntl.ioctl(descriptor, termios.FIONREAD, struct.pack("i", 0))
    count: int = struct.unpack("i", answer)[0]
    return count


def kill_functions() -> int:
    """Kill the Lambda functions that are at work, as the failure of their host would; how many there were."""
    runtime = module("core.lambda_runtime")
    with runtime._lock:
        busy = [worker._proc for pool in runtime._workers.values() for worker in pool if worker.in_use]
    killed = [process for process in busy if process is not None and process.poll() is None]
    for process in killed:
        process.kill()
    return len(killed)


def end_batches() -> None:
    """Kill functions until no batch of messages is being handled; none may be handed out any more."""
    functions = module("services.lambda_svc")
    deadline = time.monotonic() + _PATIENCE
    while functions._esm_inflight and time.monotonic() < deadline:
        kill_functions()
        time.sleep(_TICK)
    if functions._esm_inflight:
        _LOG.warning("batches are still handled after %s s: what is stored may be of two moments", _PATIENCE)
