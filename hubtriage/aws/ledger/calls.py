"""Calls of DynamoDB: again where that may help, never after the deadline."""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Protocol, TypeVar

from hubtriage.aws.clock import Clock
from hubtriage.aws.ledger.faults import ledger_fault, tries_as
from hubtriage.aws.ledger.ledger import LedgerFault, LedgerFaultKind
from hubtriage.aws.securityhub.backoff import Backoff
from hubtriage.aws.securityhub.faults import API_ERRORS

Answer = Mapping[str, Any]
BACKOFF = Backoff(random.random, base=0.05, longest=2.0)
"""AWS: its SDKs begin with 50 ms at DynamoDB."""
_LATE = LedgerFault(LedgerFaultKind.LATE, "Deadline", "no time left to ask the ledger")
_T = TypeVar("_T")


class DynamoApi(Protocol):
    """botocore's low-level client, or anything that answers and fails in its shapes."""

    def batch_get_item(self, **request: Any) -> Answer:
        """Read up to 100 items."""

    def batch_execute_statement(self, **request: Any) -> Answer:
        """Run up to 25 PartiQL statements, each by itself."""

    def scan(self, **request: Any) -> Answer:
        """Read a page of items, at most 1 MB before the filter."""


class Calls:
    """Calls about one table. `client` makes one attempt a call: trying again is ours, within the deadline."""

    def __init__(self, client: DynamoApi, table: str, clock: Clock, backoff: Backoff) -> None:
        self.client, self.table = client, table
        self._clock, self._backoff = clock, backoff

    def call(
        self,
        operation: Callable[..., Answer],
        request: Mapping[str, Any],
        is_whole: Callable[[Answer], bool],
        deadline: float,
    ) -> Answer | LedgerFault:
        """Call until it is answered; return the last fault if another try would not help or would be late."""
        attempt = 1
        answer = self.once(operation, request, is_whole, deadline)
        while (
            isinstance(answer, LedgerFault) and self.may_try(answer, attempt) and self.wait(attempt, deadline)
        ):
            answer = self.once(operation, request, is_whole, deadline)
            attempt += 1
        return answer

    def once(
        self,
        operation: Callable[..., Answer],
        request: Mapping[str, Any],
        is_whole: Callable[[Answer], bool],
        deadline: float,
    ) -> Answer | LedgerFault:
        """Make one attempt. botocore gives a body that was cut off as an answer without members."""
        if self._clock.monotonic() >= deadline:
            return _LATE
        try:
            answer = operation(**request)
        except API_ERRORS as error:
            return ledger_fault(error, self.table)
        return answer if is_whole(answer) else self.fault("Unmentioned", "an answer without its members")

    def fault(self, code: str, message: str) -> LedgerFault:
        """Return the fault of an answer that says nothing."""
        return LedgerFault(LedgerFaultKind.UNREACHABLE, code, f"table {self.table}: {message}")

    def may_try(self, fault: LedgerFault, attempt: int) -> bool:
        """Say whether another try makes sense after the `attempt`-th one."""
        return attempt < self._backoff.tries(tries_as(fault.kind))

    def wait(self, attempt: int, deadline: float) -> bool:
        """Wait before the try after the `attempt`-th one; say whether there is time for it."""
        delay = self._backoff.delay(attempt)
        if self._clock.monotonic() + delay >= deadline:
            return False
        self._clock.sleep(delay)
        return True


def batches(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """Yield the items in lists of at most `size`."""
    left = iter(items)
    while some := list(islice(left, size)):
        yield some


def projection(*attributes: str) -> dict[str, Any]:
    """Return the members of a request that ask for these attributes only. AWS: some words are reserved."""
    names = {f"#{name}": name for name in attributes}
    return {"ProjectionExpression": ",".join(names), "ExpressionAttributeNames": names}
