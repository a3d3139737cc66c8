"""Records and members as items of the table.

- `group`, `item`: the key. A record is the item `ticket`, a member `finding#DIGEST`, and the marks of what
  the ticket has shown are `shown`. Proposals of a queue are under one key, so that they need no scan
- `ticket`, `member`, `proposal`: what is remembered, as JSON
- `version`, `wants`, `lease`, `due`: of a record, for conditions
- `queue`: with `due`, the key of the index `due`. It begins as all keys of the queue do
- `expires`: when AWS may delete a member that is done
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Literal, get_args, get_origin, get_type_hints

from hubtriage.aws.deliveries.items import GROUP, ITEM, key
from hubtriage.aws.deliveries.tickets.records.group import SEPARATOR, TicketGroup
from hubtriage.aws.deliveries.tickets.records.member import Member
from hubtriage.aws.deliveries.tickets.records.record import Saying, TicketRecord
from hubtriage.aws.deliveries.tickets.records.table import AcceptedTicket, DamagedItemError

DUE_INDEX = "due"
QUEUE, DUE, VERSION, WANTS, LEASE = "queue", "due", "version", "wants", "lease"
TICKET, MEMBER, SHOWN, PROPOSAL = "ticket", "member", "shown", "proposal"
MEMBER_BEGINS = "finding#"
DONE_IS_KEPT = 400 * 86_400
"""Seconds for which a finding that is done is remembered: longer than a bus keeps an event for a replay."""
_APART = ("group", "version", "wants", "lease", "due")
"""Members of a record that are attributes of their own."""
Item = Mapping[str, Mapping[str, Any]]


def item_key(group: TicketGroup, item: str) -> dict[str, dict[str, str]]:
    """Return the key of an item of a group."""
    return key(group.key, item)


def proposals_key(queue: str) -> str:
    """Return the key under which the proposals of a queue are. No rule has a slash in its id."""
    return f"{queue}{SEPARATOR}/proposals"


def index_key(queue: str) -> str:
    """Return the key of a queue in the index `due`."""
    return f"{queue}{SEPARATOR}/due"


def number(value: float) -> dict[str, str]:
    """Return a number as the low-level API takes it, to the millisecond."""
    return {"N": str(value) if isinstance(value, int) else f"{value:.3f}"}


def record_text(record: TicketRecord) -> str:
    """Return what a record's item says, without what is an attribute of its own."""
    values = asdict(record)
    for name in _APART:
        del values[name]
    return _json({name: value for name, value in values.items() if value is not None})


def record_of(item: Item) -> TicketRecord:
    """Return the record of an item; a group that was only asked for has none yet. Raises DamagedItemError."""
    values = _values(item, TICKET, optional=True)
    saying = values.pop("saying", None)
    known = _known(TicketRecord, values)
    try:
        group = TicketGroup.of(str(item[GROUP]["S"]))
        spoken = None if saying is None else _saying(saying)
        return TicketRecord(
            **known,
            group=group,
            saying=spoken,
            version=_int(item, VERSION),
            wants=_int(item, WANTS),
            lease=_float(item, LEASE),
            due=_float(item, DUE),
        )
    except (ValueError, TypeError, LookupError) as error:
        raise DamagedItemError(f"{_name(item)}: {error}") from error


def member_text(member: Member) -> str:
    """Return a member as JSON. The same member is always the same text: conditions compare it."""
    return _json({name: value for name, value in asdict(member).items() if value not in (None, "", ())})


def member_of(item: Item) -> Member:
    """Return the member of an item. Raises DamagedItemError."""
    values = _values(item, MEMBER)
    remarks = values.pop("remarks", ())
    try:
        return Member(**_known(Member, values), remarks=tuple(str(remark) for remark in remarks))
    except TypeError as error:
        raise DamagedItemError(f"{_name(item)}: {error}") from error


def proposal_text(proposal: AcceptedTicket) -> str:
    """Return a proposal as JSON."""
    return _json(asdict(proposal) | {"group": proposal.group.key})


def proposal_of(item: Item) -> AcceptedTicket:
    """Return the proposal of an item. Raises DamagedItemError."""
    values = _values(item, PROPOSAL)
    try:
        return AcceptedTicket(**values | {"group": TicketGroup.of(str(values["group"]))})
    except (ValueError, TypeError, LookupError) as error:
        raise DamagedItemError(f"{_name(item)}: {error}") from error


def _saying(raw: Mapping[str, Any]) -> Saying:
    remarks = tuple((str(digest), int(sequence)) for digest, sequence in raw.get("remarks", ()))
    return Saying(raw["what"], int(raw["number"]), remarks)


def _values(item: Item, name: str, *, optional: bool = False) -> dict[str, Any]:
    text = item.get(name, {}).get("S")
    if text is None and optional:
        return {}
    try:
        values = json.loads(text or "")
    except (ValueError, RecursionError) as error:
        raise DamagedItemError(f"{_name(item)}: {name} is not JSON") from error
    if not isinstance(values, dict):
        raise DamagedItemError(f"{_name(item)}: {name} is no object")
    return values


def _known(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that are fields of a dataclass, each of its type. Raises DamagedItemError."""
    hints = get_type_hints(kind)
    known = {name: value for name, value in values.items() if name in hints and name not in _APART}
    for name, value in known.items():
        if not _is(value, hints[name]):
            raise DamagedItemError(f"{name}: {value!r}")
    return known


def _is(value: object, hint: Any) -> bool:
    """Say whether a value of JSON is what a member of a dataclass may be."""
    if isinstance(hint, type):
        return isinstance(value, (int, float) if hint is float else hint)
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    return any(_is(value, each) for each in get_args(hint))


def _int(item: Item, name: str) -> int:
    return int(item.get(name, {}).get("N", 0))


def _float(item: Item, name: str) -> float | None:
    text = item.get(name, {}).get("N")
    return None if text is None else float(text)


def _name(item: Item) -> str:
    return " ".join(str(item.get(name, {}).get("S")) for name in (GROUP, ITEM))


def _json(values: Mapping[str, Any]) -> str:
    return json.dumps(values, separators=(",", ":"), sort_keys=True)
