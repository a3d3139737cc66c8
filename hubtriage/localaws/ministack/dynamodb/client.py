"""boto3's client of ministack's DynamoDB in this process: no HTTP, and tables that no one else sees."""

import asyncio
import itertools
from collections.abc import Iterator
from typing import Any, Protocol

import boto3
from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from hubtriage.localaws.ministack.dynamodb.handler import with_parts
from hubtriage.localaws.ministack.faults import Reply, ServiceFaults, operation_of, refused
from hubtriage.localaws.ministack.internals import module

_ACCOUNTS = itertools.count(100_000_000_000)
_REGION = "eu-west-1"
_ONE_ATTEMPT = Config(retries={"mode": "standard", "total_max_attempts": 1})


class Sleeper(Protocol):
    """A clock that tests set."""

    def sleep(self, seconds: float) -> None:
        """Let time pass."""


def in_process_dynamodb(
    faults: ServiceFaults | None = None, clock: Sleeper | None = None, *, config: Config = _ONE_ATTEMPT
) -> Any:
    """Return boto3's client of DynamoDB, in an account of its own; by default with one attempt a call.

    faults: what goes wrong; a late answer lets time pass on `clock`.
    """
    script, account = ServiceFaults() if faults is None else faults, str(next(_ACCOUNTS))
    handle = with_parts(module("services.dynamodb").handle_request, script)
    client = boto3.session.Session().client(
        "dynamodb",
        region_name=_REGION,
        endpoint_url="http://in-process.invalid",
        aws_access_key_id=account,
        aws_secret_access_key="local",  # noqa: S106 - no one looks at it
        config=config,
    )

    def answer(request: Any, **_: object) -> AWSResponse:
        headers = {name.lower(): _text(value) for name, value in request.headers.items()}
        fault = script.of_call("dynamodb", operation_of(headers))
        if fault is not None and fault.unreachable:
            raise EndpointConnectionError(endpoint_url=request.url)
        if fault is not None and fault.error:
            return _response(request.url, refused(fault))
        with module("core.responses").request_scope(account, _REGION):
            reply = asyncio.run(_reply(handle(request.method, "/", headers, request.body, {})))
        if fault is not None and fault.lose_answer:
            raise ReadTimeoutError(endpoint_url=request.url)
        if fault is not None and clock is not None:
            clock.sleep(fault.delay)
        return _response(request.url, reply)

    client.meta.events.register("before-send.dynamodb", answer)
    return client


async def _reply(awaited: Any) -> Reply:
    reply: Reply = await awaited
    return reply


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _response(url: str, reply: Reply) -> AWSResponse:
    status, headers, body = reply
    return AWSResponse(
        url, status, HeadersDict(headers), _Body(body.encode() if isinstance(body, str) else body)
    )


class _Body:
    """A body as urllib3 gives it, all at once."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        yield self._content
