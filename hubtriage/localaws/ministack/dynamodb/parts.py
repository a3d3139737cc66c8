"""DynamoDB calls of several parts: some are refused while the others are done.

AWS: BatchExecuteStatement answers each statement by itself; BatchGetItem names the keys that it did not read.
"""

import json
import zlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Json = dict[str, Any]
Reply = tuple[int, dict[str, str], Any]
Judge = Callable[[Mapping[str, Any]], Json | None]
"""Says why a statement or key is refused, as AWS's {Code, Message}; None if it is not."""
Do = Callable[[Json], Awaitable[Reply]]
"""Does the rest of a call: a request in, ministack's reply out."""

OPERATIONS = frozenset({"BatchExecuteStatement", "BatchGetItem"})


async def refusing(operation: str, request: Json, judge: Judge, do: Do) -> Reply:
    """Do what `judge` lets pass, and answer for all; `operation` is one of OPERATIONS."""
    if operation == "BatchGetItem":
        return await _keys(request, judge, do)
    return await _statements(request, judge, do)


async def _statements(request: Json, judge: Judge, do: Do) -> Reply:
    statements = request.get("Statements") or []
    errors = [judge(statement) for statement in statements]
    if not any(errors):
        return await do(request)
    rest = [statement for statement, error in zip(statements, errors, strict=True) if error is None]
    status, headers, body = await do({**request, "Statements": rest}) if rest else _reply({"Responses": []})
    if status != 200:
        return status, headers, body
    answer = json.loads(body)
    done = iter(answer["Responses"])
    answer["Responses"] = [{"Error": error} if error else next(done) for error in errors]
    return _reply(answer)


async def _keys(request: Json, judge: Judge, do: Do) -> Reply:
    asked: Mapping[str, Json] = request.get("RequestItems") or {}
    left_out = {
        table: [key for key in asks.get("Keys", ()) if judge(key) is not None]
        for table, asks in asked.items()
    }
    rest = {
        table: {**asks, "Keys": [key for key in asks.get("Keys", ()) if key not in left_out[table]]}
        for table, asks in asked.items()
    }
    rest = {table: asks for table, asks in rest.items() if asks["Keys"]}
    if not any(left_out.values()):
        return await do(request)
    empty: Json = {"Responses": {}, "UnprocessedKeys": {}}
    status, headers, body = await do({**request, "RequestItems": rest}) if rest else _reply(empty)
    if status != 200:
        return status, headers, body
    answer = json.loads(body)
    for table, keys in left_out.items():
        if keys:
            unread = answer["UnprocessedKeys"].setdefault(table, {**asked[table], "Keys": []})
            unread["Keys"] += keys
    return _reply(answer)


def _reply(answer: Json) -> Reply:
    """Return an answer as the service sends it. AWS: with its checksum, which clients verify."""
    body = json.dumps(answer, ensure_ascii=False).encode()
    return 200, {"Content-Type": "application/x-amz-json-1.0", "x-amz-crc32": str(zlib.crc32(body))}, body
