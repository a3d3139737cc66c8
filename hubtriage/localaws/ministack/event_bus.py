"""EventBridge's own buses: entries of PutEvents that fail one by one, and policies in CloudFormation."""

import json
from collections.abc import Mapping
from typing import Any

from hubtriage.localaws.ministack.faults import Handler, Reply, ServiceFaults, operation_of
from hubtriage.localaws.ministack.internals import module

_MOST_BYTES = 1024 * 1024
"""AWS: of a request, all entries together."""
_NEEDED = ("Source", "DetailType", "Detail")

Entry = Mapping[str, Any]


def with_entries(handler: Handler, faults: ServiceFaults) -> Handler:
    """Return ministack's handler of EventBridge: entries are refused as by AWS, or go wrong by the script.

    ministack takes entries whose detail is no JSON, and requests of any size.
    """

    async def handle(
        method: str, path: str, headers: Mapping[str, str], body: bytes, query: Mapping[str, list[str]]
    ) -> Reply:
        if operation_of(headers) != "PutEvents":
            return await handler(method, path, headers, body, query)
        request = json.loads(body)
        entries: list[Entry] = request.get("Entries", [])
        if sum(map(size_of, entries)) >= _MOST_BYTES:
            return _refused("ValidationException", "Total size of the entries is over the limit.")
        refusals = [refusal_of(entry) or _scripted(faults, entry) for entry in entries]
        taken = [entry for entry, refusal in zip(entries, refusals, strict=True) if refusal is None]
        if not taken and entries:
            return _answer([each for each in refusals if each])
        rest = json.dumps(request | {"Entries": taken}).encode()
        status, sent, answer = await handler(method, path, headers, rest, query)
        if status != 200:
            return status, sent, answer
        answered = iter(json.loads(answer)["Entries"])
        return _answer([refusal or next(answered) for refusal in refusals])

    return handle


def size_of(entry: Entry) -> int:
    """Return the size of an entry as AWS counts it, bytes: 14 for a time, and the UTF-8 of the rest."""
    texts = [*(str(entry.get(name) or "") for name in _NEEDED), *map(str, entry.get("Resources") or ())]
    return sum(len(text.encode()) for text in texts) + (14 if entry.get("Time") else 0)


def refusal_of(entry: Entry) -> dict[str, str] | None:
    """Return AWS's answer for an entry that it does not take; None for one that it takes."""
    if missing := [name for name in _NEEDED if not entry.get(name)]:
        return {
            "ErrorCode": "InvalidArgument",
            "ErrorMessage": f"{missing[0]} is a required argument.",
        }
    try:
        detail = json.loads(entry["Detail"])
    except (ValueError, RecursionError):
        detail = None
    if not isinstance(detail, dict):
        return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    return None


def _scripted(faults: ServiceFaults, entry: Entry) -> dict[str, str] | None:
    code = faults.of_part("events", "PutEvents", entry)
    return {"ErrorCode": code, "ErrorMessage": f"{code} (scripted)"} if code else None


def _answer(entries: list[dict[str, str]]) -> Reply:
    failed = sum("ErrorCode" in entry for entry in entries)
    reply: Reply = module("core.responses").json_response({"FailedEntryCount": failed, "Entries": entries})
    return reply


def _refused(code: str, message: str) -> Reply:
    reply: Reply = module("core.responses").error_response_json(code, message, 400)
    return reply


def accept_bus_policies() -> None:
    """Accept the policies of event buses in CloudFormation: one statement each, as the template has it."""
    handlers = module("services.cloudformation.provisioners")._RESOURCE_HANDLERS
    handlers["AWS::Events::EventBusPolicy"] = {
        "create": _create_policy,
        "update": _update_policy,
        "delete": _delete_policy,
    }


def _create_policy(
    _logical_id: str, properties: Mapping[str, Any], _stack: str
) -> tuple[str, dict[str, Any]]:
    _put_statement(properties)
    return f"{_bus_of(properties)}|{properties['StatementId']}", {}


def _update_policy(
    name: str, old: Mapping[str, Any], new: Mapping[str, Any], *_place: Any
) -> tuple[str, dict[str, Any]]:
    _delete_policy(name, old)
    return _create_policy(name, new, "")


def _delete_policy(_name: str, properties: Mapping[str, Any]) -> None:
    request = {"EventBusName": _bus_of(properties), "StatementId": properties["StatementId"]}
    module("services.eventbridge")._remove_permission(request)


def _put_statement(properties: Mapping[str, Any]) -> None:
    bus = module("services.eventbridge")
    name = _bus_of(properties)
    if name not in bus._event_buses:
        raise ValueError(f"Event bus {name} does not exist.")
    statement = {**properties["Statement"], "Sid": properties["StatementId"]}
    policy = bus._event_bus_policies.setdefault(name, {"Version": "2012-10-17", "Statement": []})
    others = [each for each in policy["Statement"] if each.get("Sid") != statement["Sid"]]
    policy["Statement"] = [*others, statement]


def _bus_of(properties: Mapping[str, Any]) -> str:
    return str(properties.get("EventBusName") or "default").rpartition("/")[2]
