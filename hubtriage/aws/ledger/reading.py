"""Reading items of the ledger's table: by key, and page by page."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hubtriage.aws.ledger.calls import Answer, Calls, batches, projection
from hubtriage.aws.ledger.forms.strict import EntryError
from hubtriage.aws.ledger.item import (
    ENTRY,
    FINDING,
    RULES,
    VERSION,
    Item,
    damaged,
    entry_of,
    hash_of,
    key_of_item,
    text_part,
)
from hubtriage.aws.ledger.ledger import LedgerError, LedgerFault, LedgerFaultKind, Page
from hubtriage.aws.ledger.table import KEY, NO_ENTRY_BEGINS
from hubtriage.aws.securityhub.api import Key
from hubtriage.engine.planning.entry import Entry

MOST_KEYS = 100  # AWS: keys of one BatchGetItem
MOST_RULES = 100  # AWS: an expression has at most 4 KB
_UNPROCESSED = LedgerFault(
    LedgerFaultKind.THROTTLED, "UnprocessedKeys", "the table gave nothing, try after try"
)


@dataclass(slots=True)
class Items:
    """The items of some keys. A key that is in neither has none."""

    found: dict[Key, Item] = field(default_factory=dict)
    unread: dict[Key, LedgerFault] = field(default_factory=dict)


def read_items(calls: Calls, keys: Iterable[Key], deadline: float) -> Items:
    """Read the items of these keys, strongly consistent. After a fault of the table nothing more is tried."""
    items, fault = Items(), None
    for some in batches(dict.fromkeys(keys), MOST_KEYS):
        fault = fault or _read_some(calls, some, deadline, items)
        if fault is not None:
            items.unread.update((key, fault) for key in some if key not in items.found)
    return items


def _read_some(calls: Calls, keys: list[Key], deadline: float, items: Items) -> LedgerFault | None:
    """Read up to 100 items; return the fault that ended it.

    AWS: an answer has at most 16 MB, and what a table cannot give at once it names as unprocessed.
    """
    waiting = {hash_of(key): key for key in keys}
    attempt = 0
    while True:
        answer = calls.call(
            calls.client.batch_get_item, _request(calls, waiting), _has(calls.table), deadline
        )
        if isinstance(answer, LedgerFault):
            return answer
        asked = len(waiting)
        waiting = _take(answer, calls.table, waiting, items)
        if not waiting:
            return None
        attempt = attempt + 1 if len(waiting) == asked else 1
        if not (calls.may_try(_UNPROCESSED, attempt) and calls.wait(attempt, deadline)):
            return _UNPROCESSED


def _request(calls: Calls, hashes: Iterable[str]) -> dict[str, Any]:
    wanted = {
        "Keys": [{KEY: {"S": hashed}} for hashed in hashes],
        "ConsistentRead": True,
        **projection(KEY, VERSION, ENTRY),
    }
    return {"RequestItems": {calls.table: wanted}}


def _has(table: str) -> Callable[[Answer], bool]:
    """Return a check that an answer says something of the table: silence would be taken for no entries."""
    return lambda answer: table in answer.get("Responses", ()) or table in answer.get("UnprocessedKeys", ())


def _take(answer: Answer, table: str, waiting: Mapping[str, Key], items: Items) -> dict[str, Key]:
    """Keep the items of an answer; return what it left unprocessed."""
    for item in answer.get("Responses", {}).get(table, ()):
        items.found[waiting[item[KEY]["S"]]] = item
    left = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", ())
    return {key[KEY]["S"]: waiting[key[KEY]["S"]] for key in left}


def read_page(
    calls: Calls, rules: Collection[str] | None, token: str | None, most: int | None, deadline: float
) -> Page:
    """Return a page of entries, of at most `most` items before the filter. Raises LedgerError.

    The service leaves out the entries that name none of the rules. If there are more rules than an expression
    can name, it gives all entries, and the others are left out here.
    """
    if rules is not None and not rules:
        return Page([], None, 0)
    request = _page_request(calls, token, most)
    if rules is not None and len(rules) <= MOST_RULES:
        _filter(request, rules)
    return page_of(_scanned(calls, request, deadline), rules)


def find_page(calls: Calls, part: str, token: str | None, most: int | None, deadline: float) -> Page:
    """Return a page of the entries whose finding has `part` in its name. Raises LedgerError."""
    request = _page_request(calls, token, most)
    request["ExpressionAttributeNames"] |= {"#finding": FINDING}
    request["ExpressionAttributeValues"] = {":part": {"S": text_part(part)}}
    request["FilterExpression"] = "contains(#finding,:part)"
    return page_of(_scanned(calls, request, deadline), None)


def _page_request(calls: Calls, token: str | None, most: int | None) -> dict[str, Any]:
    request: dict[str, Any] = {
        "TableName": calls.table,
        "ConsistentRead": True,
        **projection(KEY, FINDING, VERSION, ENTRY),
    }
    if most is not None:
        request["Limit"] = most
    if token is not None:
        request["ExclusiveStartKey"] = {KEY: {"S": token}}
    return request


def _scanned(calls: Calls, request: Mapping[str, Any], deadline: float) -> Answer:
    answer = calls.call(calls.client.scan, request, _is_page, deadline)
    if isinstance(answer, LedgerFault):
        raise LedgerError(answer)
    return answer


def _filter(request: dict[str, Any], rules: Collection[str]) -> None:
    values = {f":r{number}": {"S": rule} for number, rule in enumerate(rules)}
    request["ExpressionAttributeNames"] |= {"#rules": RULES}
    request["ExpressionAttributeValues"] = values
    request["FilterExpression"] = " OR ".join(f"contains(#rules,{value})" for value in values)


def _is_page(answer: Answer) -> bool:
    return "Items" in answer and "ScannedCount" in answer


def page_of(answer: Answer, rules: Collection[str] | None) -> Page:
    """Return the entries of an answer to Scan, those that name one of the rules if these are given."""
    entries: list[tuple[Key, Entry]] = []
    unread = []
    for item in answer["Items"]:
        if str(item.get(KEY, {}).get("S")).startswith(NO_ENTRY_BEGINS):
            continue
        try:
            entries.append((key_of_item(item), entry_of(item)))
        except EntryError as error:
            unread.append(damaged(error, _name(item)))
    if rules is not None:
        named = set(rules)
        entries = [(key, entry) for key, entry in entries if not named.isdisjoint(entry.rules)]
    last = answer.get("LastEvaluatedKey")
    return Page(entries, last[KEY]["S"] if last else None, answer["ScannedCount"], unread)


def _name(item: Item) -> str:
    """Return how people find a damaged item."""
    return str(item.get(FINDING, item.get(KEY, {})).get("S"))
