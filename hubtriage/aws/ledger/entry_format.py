"""An entry of the ledger as text: one JSON object whose members read like the entry's own.

    {"format":1,
     "claims":{"Workflow.Status":{"value":"SUPPRESSED","rule":"sandbox-buckets"}},
     "started":1790000000.5,"ended":1790000001.25,
     "written":{"Workflow.Status":"SUPPRESSED"},
     "about":{"account":"111122223333"}}

A member that is empty or has its default is left out; a claim's `value` never is. The version stands next to
the text, because conditions compare it. Reading is strict: whatever `write_entry` does not write is refused.
An entry that is guessed at would undo or hide what it should not.
"""

import re
from collections.abc import Callable, Mapping
from json import dumps, loads
from typing import Any, NoReturn, TypeVar

from hubtriage.aws.ledger.forms.news import (
    news_object,
    read_all_news,
    read_news,
    read_tickets,
    sequence,
    ticket_object,
)
from hubtriage.aws.ledger.forms.strict import EntryError, kind, members_of, only, rule_id, text_of, time, yes
from hubtriage.engine.fields import CONFIDENCE, CRITICALITY, FIELDS, RELATED, TYPES, USER_PREFIX, Value
from hubtriage.engine.planning.entry import LONGEST_PLAIN, Claim, Entry, Intent, Stored, Times

FORMAT = 1
"""Goes up with every change after which an older reader, or this one, would misread the other's entries."""
_DIGEST = re.compile(r"sha256:[\w-]{22}", re.ASCII)
_CLAIM = frozenset({"value", "rule", "before", "overruled", "person", "left_out", "provided"})
_INTENT = frozenset({"claims", "written", "was", "time", "sets", "news"})
_ENTRY = frozenset(
    {"format", "claims", "started", "ended", "written", "intent", "sets", "asked", "about", "gone"}
    | {"news", "told", "reported"}
)
_T = TypeVar("_T")


def write_entry(entry: Entry) -> str:
    """Return the entry as one line of ASCII: any text survives it, half a surrogate pair too."""
    members = {
        "format": FORMAT,
        "claims": _claims_object(entry.claims),
        "started": entry.started,
        "ended": entry.ended,
        "written": _sorted(entry.written),
        "intent": _intent_object(entry.intent),
        "sets": _sorted(entry.sets),
        "asked": _sorted(entry.asked),
        "about": dict(entry.about),
        "gone": entry.gone,
        "news": [news_object(news) for news in entry.news],
        "told": entry.told,
        "reported": {rule: ticket_object(ticket) for rule, ticket in sorted(entry.reported.items())},
    }
    return dumps(
        {name: value for name, value in members.items() if value or _is_gone(name, value)},
        separators=(",", ":"),
    )


def _is_gone(name: str, value: object) -> bool:
    """Say whether this is the one member whose zero differs from its default."""
    return name == "gone" and value is not None


def _sorted(members: Mapping[str, _T]) -> dict[str, _T]:
    return dict(sorted(members.items()))


def _intent_object(intent: Intent | None) -> dict[str, Any]:
    if intent is None:
        return {}
    members = {
        "claims": _claims_object(intent.claims),
        "written": _sorted(intent.written),
        "was": _sorted(intent.was),
        "sets": _sorted(intent.sets),
        "news": news_object(intent.news) if intent.news else {},
    }
    return {"time": intent.time, **{name: value for name, value in members.items() if value}}


def _claims_object(claims: Mapping[str, Claim]) -> dict[str, Any]:
    return {name: _claim_object(claim) for name, claim in sorted(claims.items())}


def _claim_object(claim: Claim) -> dict[str, Any]:
    written: dict[str, Any] = {"value": claim.value}
    if claim.rule is not None:
        written["rule"] = claim.rule
    if claim.before is not None:
        written["before"] = claim.before
    if claim.overruled:
        written["overruled"] = claim.overruled
    if claim.person:
        written["person"] = True
    if claim.left_out:
        written["left_out"] = True
    if claim.provided is not None:
        written["provided"] = claim.provided
    return written


def read_entry(text: str, version: int) -> Entry:
    """Return the entry of a text, with the version that stood next to it.

    Raises EntryError for a text that `write_entry` does not write, one of another format among them.
    """
    try:
        raw = loads(text, object_pairs_hook=_object, parse_constant=_no_number)
    except RecursionError:
        raise EntryError("nested too deep") from None
    except EntryError:
        raise
    except ValueError as error:
        raise EntryError(f"no JSON: {error}") from None
    if not isinstance(raw, dict):
        raise EntryError(f"a JSON object was expected, not {kind(raw)}")
    if type(raw.get("format")) is not int or raw["format"] != FORMAT:
        raise EntryError(f"format {raw.get('format')!r} is not {FORMAT}, the one that this version reads")
    return _entry(raw, version)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        names = [name for name, _ in pairs]
        raise EntryError(f"a member stands there twice: {next(n for n in names if names.count(n) > 1)}")
    return read


def _no_number(text: str) -> NoReturn:
    raise EntryError(f"{text} is no number of JSON")


def _entry(raw: dict[str, Any], version: int) -> Entry:
    only(raw, _ENTRY, "")
    return Entry(
        claims=_claims(raw.get("claims", {}), "claims"),
        version=version,
        started=time(raw.get("started", 0.0), "started"),
        ended=time(raw.get("ended", 0.0), "ended"),
        written=_values(raw.get("written", {}), "written"),
        intent=_intent(raw["intent"]) if "intent" in raw else None,
        sets=_sets(raw.get("sets", {}), "sets"),
        asked=_values(raw.get("asked", {}), "asked"),
        about=_about(raw.get("about", {})),
        gone=time(raw["gone"], "gone") if "gone" in raw else None,
        news=read_all_news(raw["news"], "news") if "news" in raw else (),
        told=sequence(raw["told"], "told") if "told" in raw else 0,
        reported=read_tickets(raw["reported"], "reported") if "reported" in raw else {},
    )


def _intent(raw: object) -> Intent:
    members = only(raw, _INTENT, "intent")
    return Intent(
        claims=_claims(members.get("claims", {}), "intent.claims"),
        written=_values(members.get("written", {}), "intent.written"),
        was=_values(members.get("was", {}), "intent.was"),
        time=time(members.get("time"), "intent.time"),
        sets=_sets(members.get("sets", {}), "intent.sets"),
        news=read_news(members["news"], "intent.news") if "news" in members else None,
    )


def _claims(raw: object, where: str) -> dict[str, Claim]:
    return _by_field(raw, where, _claim)


def _claim(name: str, raw: object, where: str) -> Claim:
    members = only(raw, _CLAIM, where)
    if "value" not in members:
        raise EntryError(f"{where}: value is missing")
    return Claim(
        value=_stored(name, members["value"], f"{where}.value"),
        rule=rule_id(members["rule"], where) if "rule" in members else None,
        before=_value(name, members["before"], f"{where}.before") if "before" in members else None,
        overruled=_count(members["overruled"], where) if "overruled" in members else 0,
        person="person" in members and yes(members["person"], f"{where}.person"),
        left_out="left_out" in members and yes(members["left_out"], f"{where}.left_out"),
        provided=_value(name, members["provided"], f"{where}.provided") if "provided" in members else None,
    )


def _values(raw: object, where: str) -> dict[str, Stored]:
    return _by_field(raw, where, _stored)


def _sets(raw: object, where: str) -> dict[str, Times]:
    return _by_field(raw, where, _times)


def _about(raw: object) -> dict[str, str]:
    return {name: text_of(value, f"about.{name}") for name, value in members_of(raw, "about").items()}


def _by_field(raw: object, where: str, read: Callable[[str, object, str], _T]) -> dict[str, _T]:
    """Read an object whose members are named by fields."""
    found = {}
    for name, value in members_of(raw, where).items():
        if name not in FIELDS and not name.startswith(USER_PREFIX):
            raise EntryError(f"{where}: no field is called {name!r}")
        found[name] = read(name, value, f"{where}.{name}")
    return found


def _stored(_name: str, raw: object, where: str) -> Stored:
    """Read a value as `stored` writes it: a digest wherever the text itself would be too long."""
    if raw is None or type(raw) is int:
        return raw
    if isinstance(raw, str) and (
        _DIGEST.fullmatch(raw) if raw.startswith("sha256:") else len(raw) <= LONGEST_PLAIN
    ):
        return raw
    raise EntryError(f"{where}: {kind(raw)} is not what a stored value looks like")


def _value(name: str, raw: object, where: str) -> Value:
    """Read a whole value, in the shape that the field has."""
    if name in (CONFIDENCE, CRITICALITY):
        if type(raw) is int and 0 <= raw <= 100:
            return raw
        raise EntryError(f"{where}: {raw!r} is no whole number from 0 to 100")
    if name not in (TYPES, RELATED):
        return text_of(raw, where)
    if not isinstance(raw, list):
        raise EntryError(f"{where}: a list was expected, not {kind(raw)}")
    return tuple(text_of(item, where) if name == TYPES else _pair(item, where) for item in raw)


def _pair(raw: object, where: str) -> tuple[str, str]:
    if not isinstance(raw, list) or len(raw) != 2:
        raise EntryError(f"{where}: a list of ProductArn and Id was expected, not {kind(raw)}")
    return text_of(raw[0], where), text_of(raw[1], where)


def _times(_name: str, raw: object, where: str) -> Times:
    if not isinstance(raw, list):
        raise EntryError(f"{where}: a list of times was expected, not {kind(raw)}")
    return tuple(time(item, where) for item in raw)


def _count(raw: object, where: str) -> int:
    if type(raw) is not int or raw < 1:
        raise EntryError(f"{where}.overruled: {raw!r} is no count")
    return raw
