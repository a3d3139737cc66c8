"""A backtest from start to end."""

from collections.abc import Callable, Iterable

from hubtriage.simulation.backtest.judge import Task
from hubtriage.simulation.backtest.processes import judged
from hubtriage.simulation.backtest.tally import Tally
from hubtriage.simulation.inputs.documents import Document


def backtest(
    documents: Iterable[Document],
    task: Task,
    *,
    processes: int | None = None,
    advance: Callable[[int], None] = lambda _count: None,
) -> Tally:
    """Judge the findings of all documents, and count.

    `advance` gets the number of findings judged since its last call.
    """
    tally = Tally(task)
    for results in judged(documents, task, processes):
        tally.add_all(results)
        advance(len(results))
    return tally
