"""ministack's DynamoDB with batches that are judged statement by statement, key by key."""

import json
from collections.abc import Mapping

from hubtriage.localaws.ministack.dynamodb import parts
from hubtriage.localaws.ministack.dynamodb.parts import Json, Judge
from hubtriage.localaws.ministack.dynamodb.statements import flaw_of_batch, judge_of
from hubtriage.localaws.ministack.faults import Handler, Reply, ServiceFaults, operation_of
from hubtriage.localaws.ministack.internals import module


def with_parts(handler: Handler, faults: ServiceFaults) -> Handler:
    """Return ministack's handler of DynamoDB: parts may lack permission, or go wrong by the script."""

    async def handle(
        method: str, path: str, headers: Mapping[str, str], body: bytes, query: Mapping[str, list[str]]
    ) -> Reply:
        operation = operation_of(headers)
        if operation not in parts.OPERATIONS:
            return await handler(method, path, headers, body, query)
        request = json.loads(body)
        if operation == "BatchExecuteStatement" and (flaw := flaw_of_batch(request)):
            refusal: Reply = module("core.responses").error_response_json("ValidationException", flaw, 400)
            return refusal

        async def do(rest: Json) -> Reply:
            return await handler(method, path, headers, json.dumps(rest).encode(), query)

        return await parts.refusing(operation, request, _judge(operation, headers, query, faults), do)

    return handle


def _judge(
    operation: str, headers: Mapping[str, str], query: Mapping[str, list[str]], faults: ServiceFaults
) -> Judge:
    permitted = None
    if operation == "BatchExecuteStatement" and module("app").AUTH:
        permitted = judge_of(module("core.router").extract_access_key_id(headers, query))

    def judge(part: Mapping[str, object]) -> Json | None:
        denied = permitted(part) if permitted else None
        code = None if denied else faults.of_part("dynamodb", operation, part)
        return denied or ({"Code": code, "Message": f"{code} (scripted)"} if code else None)

    return judge
