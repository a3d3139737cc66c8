"""Where a rule asks its decisions to be delivered: `notify` and `open-ticket` in rule files."""

from typing import Annotated, Any

from pydantic import AfterValidator, Discriminator, Field, Tag

from hubtriage.authoring.schema.limits import DELIVERY_NAME
from hubtriage.authoring.schema.types import LIST, MAPPING, WORD, StrictModel, distinct, refused
from hubtriage.engine.ruleset.delivery import DEFAULT_PER, NOWHERE, Per

MOST_CHANNELS = 10
_HINT = "1 to 40 of a-z, 0-9 and '-', not starting with '-'"


def _name(text: str) -> str:
    if text == NOWHERE:
        hint = "write it alone, without a list or a mapping"
        raise refused("E106", f"{NOWHERE} stands for no delivery, and is not a name", hint)
    return _name_or_nowhere(text)


def _name_or_nowhere(text: str) -> str:
    if not DELIVERY_NAME.fullmatch(text):
        raise refused("E106", f"{text!r} is not the name of a channel, a queue or a route", _HINT)
    return text


DeliveryName = Annotated[str, AfterValidator(_name)]
NameOrNowhere = Annotated[str, AfterValidator(_name_or_nowhere)]
"""A name; or `none`, which takes a default of the file away."""


class OpenTicket(StrictModel):
    """The queue in which tickets are opened, and what the findings of one ticket have in common."""

    queue: DeliveryName
    per: Per = DEFAULT_PER


def _channels_form(value: object) -> str:
    return LIST if isinstance(value, list) else WORD


def _ticket_form(value: object) -> str:
    return MAPPING if isinstance(value, dict | OpenTicket) else WORD


_Channels = Annotated[
    list[DeliveryName], Field(min_length=1, max_length=MOST_CHANNELS), AfterValidator(distinct)
]
Notify = Annotated[
    Annotated[NameOrNowhere, Tag(WORD)] | Annotated[_Channels, Tag(LIST)], Discriminator(_channels_form)
]
TicketWish = Annotated[
    Annotated[NameOrNowhere, Tag(WORD)] | Annotated[OpenTicket, Tag(MAPPING)], Discriminator(_ticket_form)
]


def notified(notify: Any) -> tuple[str, ...]:
    """Return the names that a value of `notify` asks for."""
    if isinstance(notify, list):
        return tuple(notify)
    return (notify,) if notify not in (None, NOWHERE) else ()


def ticket_wish(wish: Any) -> OpenTicket | None:
    """Return what a value of `open-ticket` asks for; None if that is nothing."""
    if isinstance(wish, OpenTicket):
        return wish
    return OpenTicket(queue=wish) if wish not in (None, NOWHERE) else None
