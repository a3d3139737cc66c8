"""The DynamoDB client of a Lambda: one attempt a call, and bounded waiting."""

import json
from typing import Any, cast

from botocore.config import Config
from botocore.parsers import ResponseParserError
from botocore.session import Session, get_session

from hubtriage.aws.ledger.calls import DynamoApi

CONNECT_TIMEOUT = 1.1
"""Seconds for each address of the service. AWS: what its SDKs take for calls within a Region."""
READ_TIMEOUT = 5.0


def dynamodb(session: Session | None = None, **options: Any) -> DynamoApi:
    """Return a client for the environment's Region, credentials and endpoint; `options` of `create_client`.

    Clients of one session are made in half the time: what botocore knows of AWS is read once.

    It makes one attempt a call: retries are ours, because each must keep to the deadline. A connection that
    idles is kept alive, for a container may wait for minutes between two batches. botocore does not compare
    requests and items with its model: that would double the CPU time of a recall.
    """
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 1},
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=READ_TIMEOUT,
        tcp_keepalive=True,
        parameter_validation=False,
    )
    client = (session or get_session()).create_client("dynamodb", config=config, **options)
    for operation in ("BatchGetItem", "Scan"):
        client.meta.events.register(f"before-parse.dynamodb.{operation}", parse_items)
    return cast("DynamoApi", client)


def parse_items(
    response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_event: Any
) -> None:
    """Parse an answer with items here, once. Texts and numbers look the same in it as botocore gives them."""
    if response_dict["status_code"] != 200:
        return
    try:
        answer = json.loads(response_dict["body"])
    except (ValueError, RecursionError) as error:
        raise ResponseParserError(f"DynamoDB: {error}") from error
    if not isinstance(answer, dict):
        raise ResponseParserError(f"DynamoDB: a JSON {type(answer).__name__}")
    response_dict["body"] = b"{}"
    customized_response_dict.update(answer)
