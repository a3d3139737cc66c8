"""Check whether decision events have a bus, who else may put events on it, and whether someone reads them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from hubtriage.doctor.account import Account, Deployed
from hubtriage.doctor.verdict import Verdict

OUTPUT = "EventBusName"
_PUTTING = ("events:putevents", "events:put*", "events:*", "*")


def look(account: Account) -> Verdict | None:
    """Read the bus, its policy and its rules; without decision events there is nothing to check."""
    if account.deployed is None or OUTPUT not in account.deployed.outputs:
        return None
    name = account.deployed.output(OUTPUT)
    client = account.client("events")
    try:
        bus = client.describe_event_bus(Name=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        seen = f"there is no bus {name}: no decision event is put, and findings with news fail"
        return Verdict("problem", seen, "deploy again; a change by hand has removed it")
    pages = client.get_paginator("list_rules").paginate(EventBusName=name)
    return judge(name, bus.get("Policy"), [rule for page in pages for rule in page["Rules"]])


def putting(account: Account, deployed: Deployed) -> dict[str, tuple[str, ...]]:
    """Return what putting events on the bus of a stack needs, by resource; nothing if it has no bus."""
    if OUTPUT not in deployed.outputs:
        return {}
    who = account.identity
    name = deployed.output(OUTPUT)
    return {f"arn:{who.partition}:events:{who.region}:{who.account}:event-bus/{name}": ("events:PutEvents",)}


def judge(name: str, policy: str | None, rules: Sequence[Mapping[str, Any]]) -> Verdict:
    """Return the verdict on a bus that is there: its policy as JSON, if it has one, and its rules."""
    statements = json.loads(policy)["Statement"] if policy else []
    putting = sorted({who for each in statements if _lets_put(each) for who in _principals(each)})
    off = sorted(str(rule["Name"]) for rule in rules if rule.get("State") == "DISABLED")
    data = {"rules": len(rules), "disabled": off, "may_put": putting}
    if putting:
        seen = f"the policy of bus {name} lets {', '.join(putting)} put events that look like decisions"
        return Verdict("warning", seen, "take events:PutEvents out of the policy of the bus", data=data)
    if off:
        seen = f"{len(off)} of {len(rules)} rules of bus {name} are disabled: {', '.join(off[:20])}"
        return Verdict("warning", seen, "enable them, or delete those that no one needs", data=data)
    read = f"{len(rules)} {'rule reads' if len(rules) == 1 else 'rules read'}" if rules else "no rule reads"
    return Verdict("ok", f"bus {name} takes decision events, and {read} them", data=data)


def _lets_put(statement: Mapping[str, Any]) -> bool:
    if statement.get("Effect") != "Allow":
        return False
    return any(str(action).lower() in _PUTTING for action in _listed(statement.get("Action")))


def _principals(statement: Mapping[str, Any]) -> list[str]:
    principal = statement.get("Principal")
    named = principal.values() if isinstance(principal, Mapping) else [principal]
    return [str(who) for each in named for who in _listed(each)]


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else [value]
