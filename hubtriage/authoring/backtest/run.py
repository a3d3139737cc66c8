"""A backtest from start to end."""

from collections.abc import Callable, Iterable

from hubtriage.authoring.backtest.documents import Document
from hubtriage.authoring.backtest.judge import Task
from hubtriage.authoring.backtest.processes import judged
from hubtriage.authoring.backtest.tally import Tally


def backtest(
    documents: Iterable[Document],
    task: Task,
    *,
    processes: int | None = None,
    advance: Callable[[int], None] = lambda _count: None,
) -> Tally:
    """Judge the findings of all documents and count; `advance` is told how many findings are new."""
    tally = Tally(task)
    for results in judged(documents, task, processes):
        tally.add_all(results)
        advance(len(results))
    return tally
