"""News and tickets of an entry as JSON, read as strictly as the entry itself."""

from collections.abc import Mapping
from typing import Any, cast, get_args

from hubtriage.aws.ledger.forms.strict import (
    EntryError,
    kind,
    list_of,
    members_of,
    only,
    text_of,
    time,
    word_of,
    yes,
)
from hubtriage.engine.planning.decision import Cause, Why
from hubtriage.engine.planning.entry import Stored
from hubtriage.engine.planning.news import KINDS, WHYS_DONE, Delivered, Kind, News, Reported

_NEWS = frozenset({"kind", "at", "sequence", "rule", "rules", "changes", "overruled", "deliver", "cut"})
_CHANGE = frozenset({"field", "from", "to", "rule", "why", "cause"})
_DELIVERED = frozenset({"to", "as", "rule", "group", "per", "state", "why"})
_TICKET = frozenset({"to", "per", "group", "done"})


def news_object(news: News) -> dict[str, Any]:
    """Return news as the entry has them."""
    return news.as_record()


def ticket_object(ticket: Reported) -> dict[str, Any]:
    """Return a ticket that has the finding, as the entry has it."""
    written: dict[str, Any] = {"to": ticket.to, "per": ticket.per, "group": ticket.group}
    return written if ticket.is_open else written | {"done": True}


def read_all_news(raw: object, where: str) -> tuple[News, ...]:
    """Read the news of an entry that has some. Raises EntryError."""
    return tuple(read_news(each, where) for each in list_of(raw, where))


def read_news(raw: object, where: str) -> News:
    """Read news. Raises EntryError."""
    members = only(raw, _NEWS, where)
    return News(
        kind=cast("Kind", word_of(members.get("kind"), KINDS, f"{where}.kind")),
        at=time(members.get("at"), f"{where}.at"),
        sequence=sequence(members.get("sequence"), f"{where}.sequence"),
        rule=text_of(members["rule"], f"{where}.rule") if "rule" in members else None,
        rules=_texts(members, "rules", where),
        changes=tuple(_change(each, f"{where}.changes") for each in _listed(members, "changes", where)),
        overruled=_texts(members, "overruled", where),
        deliver=tuple(_delivered(each, f"{where}.deliver") for each in _listed(members, "deliver", where)),
        is_cut="cut" in members and yes(members["cut"], f"{where}.cut"),
    )


def read_tickets(raw: object, where: str) -> dict[str, Reported]:
    """Read the tickets of an entry by rule. Raises EntryError."""
    return {rule: _ticket(ticket, f"{where}.{rule}") for rule, ticket in members_of(raw, where).items()}


def sequence(raw: object, where: str) -> int:
    """Read the sequence of news. Raises EntryError."""
    if type(raw) is not int or raw < 1:
        raise EntryError(f"{where}: {raw!r} is no whole number from 1")
    return raw


def _ticket(raw: object, where: str) -> Reported:
    members = only(raw, _TICKET, where)
    to, per, group = (text_of(members.get(name), f"{where}.{name}") for name in ("to", "per", "group"))
    is_done = "done" in members and yes(members["done"], f"{where}.done")
    return Reported(to, per, group, is_open=not is_done)


def _change(raw: object, where: str) -> dict[str, Any]:
    members = only(raw, _CHANGE, where)
    read = {
        "field": text_of(members.get("field"), f"{where}.field"),
        "from": _stored(members, "from", where),
        "to": _stored(members, "to", where),
        "rule": None if members.get("rule", "") is None else text_of(members.get("rule"), f"{where}.rule"),
        "why": word_of(members.get("why"), get_args(Why), f"{where}.why"),
    }
    if "cause" in members:
        read["cause"] = word_of(members["cause"], get_args(Cause), f"{where}.cause")
    return read


def _delivered(raw: object, where: str) -> Delivered:
    members = only(raw, _DELIVERED, where)
    to, rule, group = (text_of(members.get(name), f"{where}.{name}") for name in ("to", "rule", "group"))
    if word_of(members.get("as"), ("message", "ticket"), f"{where}.as") == "message":
        _without(members, ("per", "state", "why"), where)
        return Delivered(to, "message", rule, group)
    per = text_of(members.get("per"), f"{where}.per")
    if word_of(members.get("state"), ("open", "done"), f"{where}.state") == "open":
        _without(members, ("why",), where)
        return Delivered(to, "ticket", rule, group, per, "open")
    why = word_of(members.get("why"), WHYS_DONE, f"{where}.why")
    return Delivered(to, "ticket", rule, group, per, "done", why)


def _without(members: Mapping[str, Any], names: tuple[str, ...], where: str) -> None:
    """Refuse members that only deliveries of another kind, or in another state, have."""
    for name in names:
        if name in members:
            raise EntryError(f"{where}: there is no {name} of this")


def _stored(members: Mapping[str, Any], name: str, where: str) -> Stored:
    """Read a value, which is there even if it is null."""
    raw = members.get(name, ...)
    if raw is None or type(raw) is int or isinstance(raw, str):
        return raw
    raise EntryError(
        f"{where}.{name}: {'nothing' if raw is ... else kind(raw)} is not what a stored value looks like"
    )


def _texts(members: Mapping[str, Any], name: str, where: str) -> tuple[str, ...]:
    return tuple(text_of(each, f"{where}.{name}") for each in _listed(members, name, where))


def _listed(members: Mapping[str, Any], name: str, where: str) -> list[Any]:
    return list_of(members[name], f"{where}.{name}") if name in members else []
