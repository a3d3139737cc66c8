"""All tickets of a table, of every queue, for people who ask."""

from collections.abc import Iterator
from dataclasses import replace
from math import inf
from typing import Any

from hubtriage.aws.clock import Clock
from hubtriage.aws.deliveries.items import GROUP, ITEM
from hubtriage.aws.deliveries.tickets.records.dynamodb import DynamoTickets, TicketsApi
from hubtriage.aws.deliveries.tickets.records.item import TICKET, record_of
from hubtriage.aws.deliveries.tickets.records.record import TicketRecord
from hubtriage.aws.deliveries.tickets.records.table import DamagedItemError, TableError
from hubtriage.aws.ledger.calls import BACKOFF, Calls
from hubtriage.aws.ledger.ledger import LedgerFault
from hubtriage.aws.securityhub.backoff import Backoff


class TicketOverview:
    """Reads a whole table, and has single tickets tried again.

    `damaged`: what is wrong with items that could not be read so far.
    """

    def __init__(self, client: TicketsApi, table: str, clock: Clock, backoff: Backoff | None = None) -> None:
        self._client, self._table, self._clock = client, table, clock
        self._calls = Calls(client, table, clock, backoff or BACKOFF)
        self.damaged: list[str] = []

    def records(self) -> Iterator[TicketRecord]:
        """Yield the record of each group. Raises TableError.

        AWS: a scan reads every item, those of findings too, and leaves these out afterwards.
        """
        request: dict[str, Any] = {
            "TableName": self._table,
            "ConsistentRead": True,
            "FilterExpression": "#item = :ticket",
            "ExpressionAttributeNames": {"#item": ITEM},
            "ExpressionAttributeValues": {":ticket": {"S": TICKET}},
        }
        while True:
            answer = self._calls.call(self._client.scan, request, lambda got: "Items" in got, inf)
            if isinstance(answer, LedgerFault):
                raise TableError(f"{answer.code}: {answer.message}")
            for item in answer["Items"]:
                try:
                    yield record_of(item)
                except DamagedItemError as error:
                    self.damaged.append(f"{item.get(GROUP, {}).get('S')}: {error}")
            if not answer.get("LastEvaluatedKey"):
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def queue(self, name: str) -> DynamoTickets:
        """Return the items of one queue."""
        return DynamoTickets(self._client, self._table, name, self._clock)

    def retry(self, record: TicketRecord) -> bool:
        """Make a group due now, whatever it waits for; return False if a worker has it, or has changed it.

        How often it failed in a row is forgotten, and so is that another try hardly helps.
        """
        now = self._clock.now()
        if record.lease is not None and record.lease > now:
            return False
        again = replace(record, wait_until=0.0, tries=0, failed=False, due=now)
        return self.queue(record.group.queue).write(again) is not None
