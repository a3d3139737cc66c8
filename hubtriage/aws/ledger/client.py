"""The DynamoDB client of a Lambda: one attempt a call, and bounded waiting."""

from typing import Any, cast

import botocore.session
from botocore.config import Config

from hubtriage.aws.ledger.calls import DynamoApi

CONNECT_TIMEOUT = 1.1
"""Seconds for each address of the service. AWS: what its SDKs take for calls within a Region."""
READ_TIMEOUT = 5.0


def dynamodb(**options: Any) -> DynamoApi:
    """Return a client for the environment's Region, credentials and endpoint; `options` of `create_client`.

    It makes one attempt a call: retries are ours, because each must keep to the deadline. A connection that
    idles is kept alive: a container may wait for minutes between two batches.
    """
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 1},
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=READ_TIMEOUT,
        tcp_keepalive=True,
    )
    client = botocore.session.get_session().create_client("dynamodb", config=config, **options)
    return cast("DynamoApi", client)
