"""Tables of tickets for tests: the one in memory, and that in the local AWS."""

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager

from hubtriage.aws.deliveries.items import GROUP, ITEM
from hubtriage.aws.deliveries.tickets.records.dynamodb import DynamoTickets
from hubtriage.aws.deliveries.tickets.records.item import DUE, DUE_INDEX, QUEUE
from hubtriage.aws.securityhub.backoff import Backoff
from hubtriage.localaws.cloud import LocalCloud
from hubtriage.localaws.securityhub.inprocess import ManualClock
from tests.support.ledgers import NOW, BrokenDynamo

_NUMBERS = itertools.count()


@contextmanager
def tickets_table(cloud: LocalCloud) -> Iterator[tuple[BrokenDynamo, str]]:
    """Make a table as the stack does, and remove it at the end; give a client to break, and its name."""
    client = cloud.client("dynamodb")
    name = f"tickets-{os.getpid()}-{next(_NUMBERS)}"
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": GROUP, "KeyType": "HASH"}, {"AttributeName": ITEM, "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": attribute, "AttributeType": kind}
            for attribute, kind in ((GROUP, "S"), (ITEM, "S"), (QUEUE, "S"), (DUE, "N"))
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": DUE_INDEX,
                "KeySchema": [
                    {"AttributeName": QUEUE, "KeyType": "HASH"},
                    {"AttributeName": DUE, "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    try:
        yield BrokenDynamo(client), name
    finally:
        client.delete_table(TableName=name)


def dynamo_tickets(client: BrokenDynamo, name: str, queue: str) -> DynamoTickets:
    """The items of a queue, with a clock that waits for nothing."""
    return DynamoTickets(client, name, queue, ManualClock(NOW), Backoff(lambda: 0.5, base=0.05))
