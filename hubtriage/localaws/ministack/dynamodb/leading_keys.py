"""The condition key `dynamodb:LeadingKeys`: the partition keys that a request names.

AWS: requests that name none, such as a scan, do not have it.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from hubtriage.localaws.ministack.internals import module

NAME = "dynamodb:LeadingKeys"


def know_leading_keys() -> None:
    """Make `AUTH=true` know which items a request is about."""
    iam = module("core.iam_actions")
    context_of = iam.dynamodb_service_context

    def dynamodb_service_context(body: bytes) -> dict[str, Any]:
        context: dict[str, Any] = context_of(body)
        keys = list(_keys_of_request(body))
        return {**context, NAME: keys} if keys else context

    iam.dynamodb_service_context = dynamodb_service_context


def keys_of_statement(parsed: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the condition key of a PartiQL statement, as ministack parses it; none if it names no item."""
    name = _partition_key(parsed["table"])
    item = parsed.get("item") or {}
    item = item.get("M", item)
    named = [value for path, how, value in parsed.get("conditions") or () if (path, how) == (name, "=")]
    named += [item[name]] if name in item else []
    return {NAME: [_text(value) for value in named]} if named else {}


def _keys_of_request(body: bytes) -> Iterator[str]:
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return  # the service itself refuses it
    for table, item in _items(request):
        name = _partition_key(table)
        if name in item:
            yield _text(item[name])


def _items(request: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield (table, item or key) of what a request names."""
    for item in (request.get("Key"), request.get("Item")):
        if item:
            yield str(request.get("TableName")), item
    for table, asked in (request.get("RequestItems") or {}).items():
        items = asked.get("Keys", ()) if isinstance(asked, dict) else map(_written, asked)
        yield from ((table, item) for item in items)


def _written(write: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the item or key of a member of BatchWriteItem."""
    put, delete = write.get("PutRequest", {}), write.get("DeleteRequest", {})
    item: Mapping[str, Any] = put.get("Item") or delete.get("Key", {})
    return item


def _partition_key(table: str) -> str:
    """Return the name of a table's partition key; empty where there is no such table."""
    found = module("services.dynamodb")._tables.get(table.rpartition("/")[2]) or {}
    return str(found.get("pk_name", ""))


def _text(value: Mapping[str, Any]) -> str:
    """Return an attribute's value without its type."""
    return str(next(iter(value.values()), ""))
