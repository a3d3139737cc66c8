"""What the ledger still holds of some fields: IAM may deny triage a field only once nothing is held there."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hubtriage.aws.ledger.calls import Answer, projection
from hubtriage.aws.ledger.forms.strict import EntryError
from hubtriage.aws.ledger.item import ENTRY, VERSION, Item, entry_of
from hubtriage.engine.planning.entry import Claim, Entry


@dataclass(slots=True)
class Held:
    """Findings by field: `wanted` by a rule; `following`: taken back, and as its provider says since.

    An open intent counts as if it had happened. `damaged` are entries that cannot be read. `is_whole`: the
    whole table was read.
    """

    wanted: Counter[str] = field(default_factory=Counter)
    following: Counter[str] = field(default_factory=Counter)
    damaged: int = 0
    is_whole: bool = True


def held(
    scan: Callable[..., Answer], table: str, fields: Collection[str], may_go_on: Callable[[], bool]
) -> Held:
    """Return what the ledger holds in these fields, and is not a person's. Raises botocore's errors.

    The service filters, so hardly any entry is sent; it reads the whole table. `may_go_on` is asked before
    each page but the first. AWS: a page is 1 MB, about a thousand entries.
    """
    found = Held()
    if fields:
        found.is_whole = _read(scan, _request(table, fields), fields, found, may_go_on)
    return found


def _read(
    scan: Callable[..., Answer],
    request: dict[str, Any],
    fields: Collection[str],
    found: Held,
    may_go_on: Callable[[], bool],
) -> bool:
    """Count page by page; say whether there was time for all of them."""
    while True:
        page = scan(**request)
        for item in page["Items"]:
            _count(item, fields, found)
        if not page.get("LastEvaluatedKey"):
            return True
        if not may_go_on():
            return False
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _request(table: str, fields: Iterable[str]) -> dict[str, Any]:
    names = {f":f{number}": {"S": f'"{name}"'} for number, name in enumerate(sorted(fields))}
    return {
        "TableName": table,
        "ConsistentRead": True,
        "FilterExpression": " OR ".join(f"contains(#{ENTRY}, {name})" for name in names),
        "ExpressionAttributeValues": names,
        **projection(ENTRY, VERSION),
    }


def _count(item: Item, fields: Collection[str], found: Held) -> None:
    try:
        entry = entry_of(item)
    except EntryError:
        found.damaged += 1
        return
    for name in fields:
        claims = [claim for claim in _claims_of(entry, name) if not claim.person]
        if claims:
            (found.wanted if any(claim.rule for claim in claims) else found.following)[name] += 1


def _claims_of(entry: Entry, name: str) -> Iterator[Claim]:
    """Yield the claim of a field, and that of an open intent."""
    known: tuple[Mapping[str, Claim], ...] = (entry.claims, entry.intent.claims if entry.intent else {})
    return (claims[name] for claims in known if name in claims)
