"""The function of one queue: it keeps what events say of findings, and works on the tickets that are due.

A message is done as soon as the table has what it says, whatever the ticket service does. So a service that
fails loses nothing, and no message comes again because of it. What is due is worked on at once, and again by
the schedule.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from aws_lambda_powertools.logging import Logger

from hubtriage.aws.deliveries.envelope import DeliveryBatch, failures, read_batch
from hubtriage.aws.deliveries.numbers import FAILED, UNREADABLE
from hubtriage.aws.deliveries.tickets.desk import Desk
from hubtriage.aws.deliveries.tickets.held import DeskReport
from hubtriage.aws.deliveries.tickets.intake import Intake
from hubtriage.aws.deliveries.tickets.polling import is_over, work_on_due
from hubtriage.aws.deliveries.tickets.products.examination import is_examination
from hubtriage.aws.deliveries.tickets.records.group import TicketGroup
from hubtriage.aws.deliveries.tickets.records.table import TableError

SPARE = 30.0
"""Seconds at the end of an invocation in which nothing is begun: most answers come within them. A function
that ends in the middle of a step does no harm; the group is worked on when its lease has ended."""

Emit = Callable[[Mapping[str, int]], None]


class TicketInvocation(Protocol):
    """What is used of Lambda's context."""

    def get_remaining_time_in_millis(self) -> int:
        """Return how much time is left."""


class TicketFunction:
    """What Lambda calls: with the messages of the queue, or by the schedule.

    `emit` writes the counts of an invocation as metrics. `examine` says what keeps tickets from being opened.
    """

    def __init__(
        self,
        intake: Intake,
        desk: Desk,
        emit: Emit,
        logger: Logger,
        examine: Callable[[], dict[str, Any]] | None = None,
    ) -> None:
        self._intake, self._desk, self._emit, self._logger = intake, desk, emit, logger
        self._examine = examine
        self._alone_until = 0.0

    def __call__(self, event: Any, context: TicketInvocation) -> dict[str, Any]:
        """Return SQS's partial batch response, nothing for the schedule, or what an examination finds.

        Raises TableError if the schedule cannot read the table, and NotABatchError for messages without id.
        """
        if is_examination(event) and self._examine is not None:
            return self._examine()
        deadline = self._desk.clock.monotonic() + context.get_remaining_time_in_millis() / 1000 - SPARE
        if not (isinstance(event, dict) and "Records" in event):
            self._work(lambda report: work_on_due(self._desk, report, deadline), Counter())
            return {}
        return self._take(read_batch(event), deadline)

    def _take(self, batch: DeliveryBatch, deadline: float) -> dict[str, Any]:
        taken = self._intake.take(batch.events)
        for unreadable in batch.unreadable:
            taken.failed[unreadable.message] = unreadable.reason
            taken.counts[UNREADABLE] += 1
        for message, reason in taken.failed.items():
            self._logger.error("message failed", extra={"message_id": message.id, "reason": reason})
        try:
            self._work(lambda report: self._work_on(taken.due, report, deadline), taken.counts)
        except TableError as error:  # the messages are in the table, and the groups are due
            self._logger.error("the table of tickets does not answer", extra={"reason": str(error)})
        return failures(list(taken.failed))

    def _work_on(self, groups: list[TicketGroup], report: DeskReport, deadline: float) -> None:
        for group in groups:
            if is_over(self._desk, report, deadline):
                return
            self._desk.work(group, report, deadline)

    def _work(self, work: Callable[[DeskReport], None], counts: Counter[str]) -> None:
        """Work, unless the service wants to be left alone; write the metrics in any case.

        That it is left alone counts as a failure too: a service may ask for a day, and no alarm would tell.
        """
        report = DeskReport(counts)
        try:
            if self._desk.clock.now() >= self._alone_until:
                work(report)
            else:
                report.counts[FAILED] += 1
        except TableError:
            report.counts[FAILED] += 1
            raise
        finally:
            if report.pause is not None:
                self._alone_until = self._desk.clock.now() + report.pause
            self._emit(report.counts)
