"""Check whether channels and queues of tickets can deliver: each function says so, with its own rights."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from hubtriage.aws.deliveries.chat.trial import CHECK
from hubtriage.aws.deliveries.outputs import channel_functions, queue_functions
from hubtriage.aws.deliveries.tickets.products.examination import EXAMINE
from hubtriage.aws.deliveries.tickets.records.dynamodb import TicketsApi
from hubtriage.aws.deliveries.tickets.records.overview import TicketOverview
from hubtriage.aws.deliveries.tickets.records.record import TicketRecord
from hubtriage.aws.deliveries.tickets.records.table import TableError
from hubtriage.doctor.account import Account
from hubtriage.doctor.verdict import UncheckedError, Verdict, counted

TABLE_OUTPUT = "TicketsTableName"
QUEUES = {"given up": "DeliveryDeadLettersUrl", "not put into their queue": "DeliveryUndeliveredUrl"}
_WAITING = "ApproximateNumberOfMessages"
MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """What there is to see.

    `objections`: by channel or queue, what a person has to change; empty if it is ready. `waiting`: decisions
    that could not be delivered, by what happened to them. `failed`: keys of tickets that failed. `left`: keys
    of open tickets whose queue is not deployed any more. `tickets`: how many there are.
    """

    objections: Mapping[str, tuple[str, ...]]
    waiting: Mapping[str, int]
    failed: tuple[str, ...] = ()
    tickets: int = 0
    left: tuple[str, ...] = ()


def look(account: Account) -> Verdict | None:
    """Ask each function whether it could deliver; without channels and queues there is nothing to check.

    Nothing is sent, opened or changed by it. A function reads its secret, and says what is missing in it.
    """
    if account.deployed is None or TABLE_OUTPUT not in account.deployed.outputs:
        return None
    outputs = account.deployed.outputs
    asked = {name: (arn, {"notify": CHECK}) for name, arn in channel_functions(outputs).items()}
    queues = queue_functions(outputs)
    asked |= {name: (arn, {"tickets": EXAMINE}) for name, arn in queues.items()}
    functions = account.client("lambda")
    objections = {name: _asked(functions.invoke, arn, event) for name, (arn, event) in asked.items()}
    waiting = _waiting_decisions(account)
    if not queues:
        return judge(DeliveryState(objections, waiting))
    records = _tickets(account, outputs[TABLE_OUTPUT])
    failed = _keys(record for record in records if record.failed)
    left = _keys(record for record in records if record.state == "open" and record.group.queue not in queues)
    return judge(DeliveryState(objections, waiting, failed, len(records), left))


def judge(state: DeliveryState) -> Verdict:
    """Return the verdict on channels and queues."""
    data = {
        "objections": {name: list(found) for name, found in state.objections.items()},
        "waiting": dict(state.waiting),
        "failed": list(state.failed),
        "left": list(state.left),
        "tickets": state.tickets,
    }
    details = tuple(f"{name}: {each}" for name, found in state.objections.items() for each in found)
    unready = [name for name, found in state.objections.items() if found]
    seen = f"{', '.join(state.objections)}, {counted(state.tickets, 'ticket')}"
    if unready:
        advice = "see docs/tickets.md, Set it up; a secret that was mended needs no deployment"
        return Verdict("problem", f"{', '.join(unready)} cannot deliver", advice, details, data)
    if any(state.waiting.values()):
        found = ", ".join(f"{count:,} {what}" for what, count in state.waiting.items() if count)
        advice = "read the log of the function, remove the cause, then run hubtriage redrive --deliveries"
        return Verdict("problem", f"{seen}; decisions {found}", advice, data=data)
    if state.failed:
        advice = "see why with hubtriage tickets failed"
        return Verdict("warning", f"{seen}, not as they should be: {_some(state.failed)}", advice, data=data)
    if state.left:
        advice = "give the queue its old name again, or close these tickets yourself"
        return Verdict("warning", f"{seen}; the queue of {_some(state.left)} is gone", advice, data=data)
    return Verdict("ok", f"{seen}: ready", data=data)


def _asked(
    invoke: Callable[..., Mapping[str, Any]], function: str, event: Mapping[str, str]
) -> tuple[str, ...]:
    """Have a function examine itself; return what it objects to."""
    answer = invoke(FunctionName=function, Payload=json.dumps(event).encode())
    try:
        said = json.loads(answer["Payload"].read())
    except ValueError:
        said = None
    if "FunctionError" in answer:
        message = said.get("errorMessage") if isinstance(said, dict) else said
        return (f"its function fails: {message}",)
    if not isinstance(said, dict) or "ready" not in said:
        raise UncheckedError(f"{function} cannot examine itself", "deploy this version of hubtriage")
    return tuple(_objections(said))


def _objections(said: Mapping[str, Any]) -> Iterator[str]:
    yield from map(str, said["objections"])
    if said.get("refused"):
        yield str(said["refused"])


def _waiting_decisions(account: Account) -> dict[str, int]:
    """AWS: the numbers are approximate, and up to a minute old."""
    sqs, found = account.client("sqs"), {}
    for what, output in QUEUES.items():
        url = cast("Any", account.deployed).output(output)
        answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[_WAITING])
        found[what] = int(answer["Attributes"][_WAITING])
    return found


def _some(keys: tuple[str, ...]) -> str:
    return ", ".join(keys[:MOST_NAMED]) + (", …" if len(keys) > MOST_NAMED else "")


def _keys(records: Iterable[TicketRecord]) -> tuple[str, ...]:
    return tuple(sorted(record.key or record.group.key for record in records))


def _tickets(account: Account, table: str) -> list[TicketRecord]:
    """Return the tickets that there are, and those that could not be opened."""
    tickets = TicketOverview(cast("TicketsApi", account.client("dynamodb")), table, account.clock)
    try:
        return [record for record in tickets.records() if record.id is not None or record.failed]
    except TableError as error:
        raise UncheckedError(f"the table of tickets: {error}", "dynamodb:Scan is needed on it") from error
