"""Judging on all cores, in bounded memory: a few chunks are under way at any time, results come in order."""

import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice

from hubtriage.simulation.backtest.judge import Judge, Judged, Task
from hubtriage.simulation.inputs.documents import Document
from hubtriage.simulation.inputs.problems import Rejected

CHUNK = 200  # documents that go to a process at once
CHUNK_SIZE = 2**20  # characters, so that large documents go in smaller numbers
WORTH_A_PROCESS = 1_500  # documents that are judged here before any process is started
_AHEAD = 3  # chunks that wait for each process

Results = list[Judged | Rejected]


class LostProcessError(RuntimeError):
    """A process that judges findings has died."""


def judged(documents: Iterable[Document], task: Task, processes: int | None = None) -> Iterator[Results]:
    """Yield the results of all documents in their order, chunk by chunk.

    `processes` are all cores by default; a small input, or 1, needs none but this one. Raises
    LostProcessError if one is killed, as when memory runs out.
    """
    source = iter(documents)
    few = list(islice(source, WORTH_A_PROCESS))
    number = processes or os.cpu_count() or 1
    if len(few) < WORTH_A_PROCESS or number == 1:
        judge = Judge(task)
        yield from (judge.judge(chunk) for chunk in chunks(few))
        yield from (judge.judge(chunk) for chunk in chunks(source))
        return
    rest = (document for part in (few, source) for document in part)
    yield from _on_processes(chunks(rest), task, number)


def chunks(documents: Iterable[Document]) -> Iterator[list[Document]]:
    """Yield lists of at most CHUNK documents, of about CHUNK_SIZE characters at most."""
    chunk: list[Document] = []
    size = 0
    for document in documents:
        chunk.append(document)
        size += len(document.text)
        if len(chunk) == CHUNK or size >= CHUNK_SIZE:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _on_processes(parts: Iterator[list[Document]], task: Task, number: int) -> Iterator[Results]:
    # Spawned, not forked: a progress display runs a thread in this process.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(number, context, initializer=_begin, initargs=(task,))
    waiting: deque[Future[Results]] = deque()
    try:
        for part in parts:
            with _interrupts_held():
                waiting.append(pool.submit(_judge, part))
            if len(waiting) >= number * _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise LostProcessError(f"a process that judges findings has died: {error}") from error
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back while processes start: they inherit that, and so leave it to this process to end.

    Else each of them would print what it was doing.
    """
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_judges: list[Judge] = []  # of this process: a compiled rule set cannot be sent to one


def _begin(task: Task) -> None:
    _judges[:] = [Judge(task)]


def _judge(documents: list[Document]) -> Results:
    return _judges[0].judge(documents)
