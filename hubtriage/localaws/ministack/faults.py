"""Faults of any service that ministack serves: throttled, out of reach, slow, or its answer is lost."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hubtriage.localaws.ministack.internals import module
from hubtriage.localaws.script import Script

Reply = tuple[int, dict[str, str], Any]
Handler = Callable[[str, str, Mapping[str, str], bytes, Mapping[str, list[str]]], Awaitable[Reply]]
"""ministack's own: method, path, headers, body and query in; status, headers and body out."""

_STATUS = {"InternalServerError": 500, "InternalFailure": 500, "ServiceUnavailable": 503}


@dataclass(frozen=True, slots=True)
class ServiceFault:
    """What goes wrong, where and how often. Exactly one of the five effects is given.

    service: "dynamodb", "sqs", "ssm" and so on. operation: its AWS name; None: any of the service.
    error: the call is refused with this code ("ThrottlingException"), and nothing is done.
    unreachable: the connection breaks before anything is done.
    lose_answer: the call takes effect, and its answer never arrives.
    delay: the answer arrives so many seconds late.
    part_error: DynamoDB: statements of BatchExecuteStatement are answered with this code and not executed;
        keys of BatchGetItem are not read. EventBridge: entries of PutEvents are answered with it and not
        put. Only those whose JSON holds the text `part`, if that is given.

    The first `skip` occasions pass, the next `times` go wrong. An occasion is a call; with `part_error` it is
    a statement, a key or an entry in a call.
    """

    service: str
    operation: str | None = None
    error: str | None = None
    unreachable: bool = False
    lose_answer: bool = False
    delay: float = 0.0
    part_error: str | None = None
    part: str | None = None
    times: int = 1
    skip: int = 0

    def __post_init__(self) -> None:
        effects = [self.error is not None, self.unreachable, self.lose_answer, self.delay > 0]
        if sum([*effects, self.part_error is not None]) != 1:
            raise ValueError("a fault has one effect: error, unreachable, lose_answer, delay or part_error")
        if self.part is not None and self.part_error is None:
            raise ValueError("`part` goes with `part_error`")
        if self.times < 1 or self.skip < 0:
            raise ValueError("times is at least 1 and skip at least 0")

    @property
    def status(self) -> int:
        """The HTTP status of the error."""
        return _STATUS.get(self.error or "", 400)

    def concerns(self, service: str, operation: str | None) -> bool:
        """Say whether it is about calls of an operation."""
        return self.service == service and self.operation in (None, operation)


class ServiceFaults(Script[ServiceFault]):
    """Faults that wait for their occasion, in the order in which they were written."""

    def of_call(self, service: str, operation: str | None) -> ServiceFault | None:
        """Return the fault of a call, if it goes wrong; each waiting fault counts the call."""
        return self.strike(lambda fault: fault.part_error is None and fault.concerns(service, operation))

    def of_part(self, service: str, operation: str, part: Mapping[str, Any]) -> str | None:
        """Return the code of a statement or key, if it goes wrong."""
        text = json.dumps(part, ensure_ascii=False) if len(self) else ""
        fault = self.strike(
            lambda fault: (
                fault.part_error is not None
                and fault.concerns(service, operation)
                and (fault.part is None or fault.part in text)
            )
        )
        return fault.part_error if fault else None

    def around(self, service: str, handler: Handler) -> Handler:
        """Return ministack's handler of a service, with calls that go wrong."""

        async def handle(
            method: str, path: str, headers: Mapping[str, str], body: bytes, query: Mapping[str, list[str]]
        ) -> Reply:
            fault = self.of_call(service, operation_of(headers))
            if fault is not None and fault.error:
                return refused(fault)
            if fault is not None and fault.unreachable:
                return 200, {"Content-Length": "1"}, broken_off(b"")
            status, sent, answer = await handler(method, path, headers, body, query)
            if fault is None:
                return status, sent, answer
            if fault.delay:
                await asyncio.sleep(fault.delay)
                return status, sent, answer
            whole = answer.encode() if isinstance(answer, str) else answer
            return status, {**sent, "Content-Length": str(len(whole))}, broken_off(whole[: len(whole) // 2])

        return handle


def operation_of(headers: Mapping[str, str]) -> str | None:
    """Return the operation of a request in one of AWS's JSON protocols; None for the others."""
    _, dot, operation = headers.get("x-amz-target", "").rpartition(".")
    return operation if dot else None


def refused(fault: ServiceFault) -> Reply:
    """Return the answer of a call that is refused."""
    reply: Reply = module("core.responses").error_response_json(
        fault.error, f"{fault.error} (scripted)", fault.status
    )
    return reply


def broken_off(begun: bytes) -> Any:
    """Return a response that ends the connection after what has been sent of it."""

    async def run(send: Any, _receive: object) -> None:
        await send({"type": "http.response.body", "body": begun, "more_body": True})

    return module("core.responses").StreamingResponse(run)
