"""The table of tickets in DynamoDB."""

from collections.abc import Callable, Collection, Iterator, Mapping
from math import inf
from typing import Any, Protocol

from hubtriage.aws.clock import Clock
from hubtriage.aws.deliveries.items import EXPIRES, GROUP, ITEM, key
from hubtriage.aws.deliveries.tickets.records.group import TicketGroup
from hubtriage.aws.deliveries.tickets.records.item import (
    DONE_IS_KEPT,
    DUE,
    DUE_INDEX,
    LEASE,
    MEMBER,
    MEMBER_BEGINS,
    PROPOSAL,
    QUEUE,
    SHOWN,
    TICKET,
    VERSION,
    WANTS,
    index_key,
    item_key,
    member_of,
    member_text,
    number,
    proposal_of,
    proposal_text,
    proposals_key,
    record_of,
    record_text,
)
from hubtriage.aws.deliveries.tickets.records.member import MARK_LENGTH, Member
from hubtriage.aws.deliveries.tickets.records.record import TicketRecord
from hubtriage.aws.deliveries.tickets.records.table import AcceptedTicket, MemberKey, TableError
from hubtriage.aws.ledger.calls import BACKOFF, Answer, Calls, DynamoApi, batches
from hubtriage.aws.ledger.ledger import LedgerFault, LedgerFaultKind
from hubtriage.aws.securityhub.backoff import Backoff

MOST_KEYS = 100  # AWS: keys of one BatchGetItem
MOST_MARKS = 60_000
"""AWS: an item has at most 400 KB. If a ticket shows more, each of its findings counts as news."""
_CONFLICT = "ConditionalCheckFailedException"


def _is_answer(answer: Answer) -> bool:
    """Say whether an answer is one. A put says nothing, and a get of an item that is not there neither."""
    return bool(answer)


class TicketsApi(DynamoApi, Protocol):
    """botocore's low-level client, as far as it is used here."""

    def get_item(self, **request: Any) -> Answer:
        """Read an item."""

    def put_item(self, **request: Any) -> Answer:
        """Write an item."""

    def update_item(self, **request: Any) -> Answer:
        """Change attributes of an item."""

    def query(self, **request: Any) -> Answer:
        """Read a page of the items of one key."""


class DynamoTickets:
    """The items of one queue in the table, through a client that makes one attempt a call."""

    def __init__(
        self, client: TicketsApi, table: str, queue: str, clock: Clock, backoff: Backoff | None = None
    ) -> None:
        self._client = client
        self._calls = Calls(client, table, clock, backoff or BACKOFF)
        self.name, self._queue = table, queue

    def read_members(self, keys: Collection[MemberKey]) -> Mapping[MemberKey, Member]:
        """Return these members, as far as they are known."""
        found: dict[MemberKey, Member] = {}
        for some in batches(dict.fromkeys(keys), MOST_KEYS):
            for item in self._batch(some):
                member = member_of(item)
                found[TicketGroup.of(item[GROUP]["S"]), member.digest] = member
        return found

    def _batch(self, keys: list[MemberKey]) -> Iterator[Mapping[str, Any]]:
        """Read up to 100 items. AWS: what a table cannot give at once it names as unprocessed."""
        waiting = [item_key(group, MEMBER_BEGINS + digest) for group, digest in keys]
        attempt = 1
        while waiting:
            request = {"RequestItems": {self.name: {"Keys": waiting, "ConsistentRead": True}}}
            answer = self._call(self._client.batch_get_item, request, lambda got: "Responses" in got)
            yield from answer["Responses"].get(self.name, ())
            waiting = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
            if waiting and not (attempt < BACKOFF.tries_of_throttling and self._calls.wait(attempt, inf)):
                raise TableError(f"table {self.name}: it leaves keys unprocessed, try after try")
            attempt += 1

    def write_member(self, group: TicketGroup, member: Member, over: Member | None) -> bool:
        """Write a member over what was read of it."""
        item = {**item_key(group, MEMBER_BEGINS + member.digest), MEMBER: {"S": member_text(member)}}
        if not member.is_open:
            item[EXPIRES] = number(int(member.at) + DONE_IS_KEPT)
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(#m)"}
        if over is not None:
            condition = {
                "ConditionExpression": "#m = :over",
                "ExpressionAttributeValues": {":over": {"S": member_text(over)}},
            }
        return self._put(item, {**condition, "ExpressionAttributeNames": {"#m": MEMBER}})

    def members(self, group: TicketGroup) -> tuple[Member, ...]:
        """Return all members of a group."""
        found = self._query(group.key, MEMBER_BEGINS)
        return tuple(member_of(item) for item in found)

    def ask(self, group: TicketGroup, now: float) -> TicketRecord:
        """Say that members of a group have changed, and then that it is due.

        The order matters. A worker that has not seen the change cannot settle the group after the first
        write, and what it wrote before that is made due by the second.
        """
        own = item_key(group, TICKET)
        values = {":one": number(1), ":queue": {"S": index_key(self._queue)}}
        asked = record_of(self._update(own, "SET #queue = :queue ADD #wants :one", {}, values) or {})
        due = max(now, asked.quiet_until, asked.wait_until)
        condition = {"ConditionExpression": "attribute_not_exists(#due) OR #due > :due"}
        self._update(own, "SET #due = :due", condition, {":due": number(due)})
        return asked

    def read(self, group: TicketGroup) -> TicketRecord | None:
        """Return the record of a group."""
        request = {"TableName": self.name, "Key": item_key(group, TICKET), "ConsistentRead": True}
        answer = self._call(self._client.get_item, request, _is_answer)
        return record_of(answer["Item"]) if "Item" in answer else None

    def write(self, record: TicketRecord, *, settled: bool = False) -> TicketRecord | None:
        """Write a record over its version."""
        values = {
            ":next": number(record.version + 1),
            ":ticket": {"S": record_text(record)},
            ":queue": {"S": index_key(self._queue)},
        }
        condition = "attribute_not_exists(#version)"
        if record.version:
            condition, values[":version"] = "#version = :version", number(record.version)
        if settled:
            condition, values[":wants"] = f"{condition} AND #wants = :wants", number(record.wants)
        sets, removes = ["#version = :next", "#ticket = :ticket", "#queue = :queue"], []
        for name, value in ((LEASE, record.lease), (DUE, record.due)):
            if value is None:
                removes.append(f"#{name}")
            else:
                sets.append(f"#{name} = :{name}")
                values[f":{name}"] = number(value)
        expression = f"SET {', '.join(sets)}" + (f" REMOVE {', '.join(removes)}" if removes else "")
        changed = self._update(
            item_key(record.group, TICKET), expression, {"ConditionExpression": condition}, values
        )
        if changed is None:
            return None
        return record_of({**changed, WANTS: number(record.wants)})

    def due(self, now: float, most: int) -> list[TicketGroup]:
        """Return groups that are due. AWS: an index is read eventually consistent."""
        request = {
            "TableName": self.name,
            "IndexName": DUE_INDEX,
            "KeyConditionExpression": "#queue = :queue AND #due <= :now",
            "ExpressionAttributeNames": {"#queue": QUEUE, "#due": DUE},
            "ExpressionAttributeValues": {":queue": {"S": index_key(self._queue)}, ":now": number(now)},
            "Limit": most,
        }
        answer = self._call(self._client.query, request, lambda got: "Items" in got)
        return [TicketGroup.of(item[GROUP]["S"]) for item in answer["Items"]]

    def write_shown(self, group: TicketGroup, marks: frozenset[bytes], version: int) -> None:
        """Remember the marks of what the ticket shows."""
        kept = b"".join(sorted(marks)) if len(marks) <= MOST_MARKS else b""
        item = {**item_key(group, SHOWN), SHOWN: {"B": kept}, VERSION: number(version)}
        self._put(
            item,
            {
                "ConditionExpression": "attribute_not_exists(#version) OR #version <= :version",
                "ExpressionAttributeNames": {"#version": VERSION},
                "ExpressionAttributeValues": {":version": number(version)},
            },
        )

    def shown(self, group: TicketGroup) -> frozenset[bytes]:
        """Return the marks of what the ticket has shown."""
        request = {"TableName": self.name, "Key": item_key(group, SHOWN), "ConsistentRead": True}
        answer = self._call(self._client.get_item, request, _is_answer)
        kept = answer.get("Item", {}).get(SHOWN, {}).get("B", b"")
        return frozenset(kept[at : at + MARK_LENGTH] for at in range(0, len(kept), MARK_LENGTH))

    def write_proposal(self, proposal: AcceptedTicket) -> None:
        """Remember that an exception may be proposed."""
        own = key(proposals_key(self._queue), proposal.ticket)
        self._put({**own, PROPOSAL: {"S": proposal_text(proposal)}}, {})

    def proposals(self) -> tuple[AcceptedTicket, ...]:
        """Return the proposals of the queue."""
        return tuple(proposal_of(item) for item in self._query(proposals_key(self._queue)))

    def _query(self, of: str, begins: str | None = None) -> Iterator[Mapping[str, Any]]:
        """Yield the items of a key, page by page."""
        condition, names, values = "#group = :group", {"#group": GROUP}, {":group": {"S": of}}
        if begins is not None:
            condition += " AND begins_with(#item, :begins)"
            names["#item"], values[":begins"] = ITEM, {"S": begins}
        request: dict[str, Any] = {
            "TableName": self.name,
            "ConsistentRead": True,
            "KeyConditionExpression": condition,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
        }
        while True:
            answer = self._call(self._client.query, request, lambda got: "Items" in got)
            yield from answer["Items"]
            if not answer.get("LastEvaluatedKey"):
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _put(self, item: Mapping[str, Any], condition: Mapping[str, Any]) -> bool:
        request = {"TableName": self.name, "Item": item, **condition}
        return self._changed(self._client.put_item, request) is not None

    def _update(
        self, own: Mapping[str, Any], expression: str, condition: Mapping[str, Any], values: Mapping[str, Any]
    ) -> Mapping[str, Any] | None:
        """Change an item; return it as it is then, or None if the condition does not hold."""
        named = expression + condition.get("ConditionExpression", "")
        request = {
            "TableName": self.name,
            "Key": own,
            "UpdateExpression": expression,
            **condition,
            "ExpressionAttributeNames": {f"#{name}": name for name in _ATTRIBUTES if f"#{name}" in named},
            "ExpressionAttributeValues": values,
            "ReturnValues": "ALL_NEW",
        }
        answer = self._changed(self._client.update_item, request, lambda got: "Attributes" in got)
        return None if answer is None else answer["Attributes"]

    def _changed(
        self,
        operation: Callable[..., Answer],
        request: Mapping[str, Any],
        is_whole: Callable[[Answer], bool] = _is_answer,
    ) -> Answer | None:
        """Call; return None if the condition does not hold.

        A write whose answer was lost conflicts with itself when it is made again. That counts as a conflict:
        the caller reads again, or leaves the group to the next worker.
        """
        answer = self._calls.call(operation, request, is_whole, inf)
        if isinstance(answer, LedgerFault) and answer.code == _CONFLICT:
            return None
        return self._sound(answer)

    def _call(
        self, operation: Callable[..., Answer], request: Mapping[str, Any], is_whole: Callable[[Answer], bool]
    ) -> Answer:
        return self._sound(self._calls.call(operation, request, is_whole, inf))

    def _sound(self, answer: Answer | LedgerFault) -> Answer:
        if isinstance(answer, LedgerFault):
            kind = "table" if answer.kind is not LedgerFaultKind.REFUSED else "request"
            raise TableError(f"{kind} refused: {answer.code}: {answer.message}")
        return answer


_ATTRIBUTES = (TICKET, QUEUE, DUE, VERSION, WANTS, LEASE)
