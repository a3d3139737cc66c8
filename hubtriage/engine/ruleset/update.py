"""What a rule's `update` wants of one finding: a wish per field.

Most wishes are the same for every finding and are made once. Those that look at the finding
(a template with a finding's value, `AtMost`/`AtLeast`, `Types` with `Add`/`Remove`) are made per
finding, from its baseline.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hubtriage.engine.fields import (
    FIELDS,
    NOTE,
    OUR_AUTHOR,
    SEVERITIES,
    SEVERITY,
    SEVERITY_RANK,
    TYPES,
    Finding,
    Value,
    read,
    severity_label,
    user_field,
)
from hubtriage.engine.ruleset.templates import NOTE_LIMIT, USER_FIELD_LIMIT, compile_text, is_per_finding


@dataclass(frozen=True, slots=True)
class Wish:
    """That a field shall have a value; `payload` is the member to send for it."""

    field: str
    value: Value
    payload: Any


WHY_DROPPED = {
    SEVERITY: "the finding has no severity that could be lowered",
    TYPES: "no type would be left, and AWS takes no empty list",
}
"""The fields whose wish may make no sense for a finding, each with the only reason."""

Wisher = Callable[[Finding], Wish | None]


@dataclass(frozen=True, slots=True)
class Wishes:
    """A rule's wishes: the constant ones, and those made from the baseline. `fields` names all."""

    constant: tuple[Wish, ...]
    made: tuple[Wisher, ...]
    fields: tuple[str, ...]

    def of(self, baseline: Finding) -> Iterator[Wish]:
        """The wishes for one finding; a wish that makes no sense for it is left out."""
        yield from self.constant
        for make in self.made:
            wish = make(baseline)
            if wish is not None:
                yield wish

    def dropped(self, baseline: Finding) -> dict[str, str]:
        """Why wishes make no sense for one finding, by field."""
        wished = {wish.field for wish in self.of(baseline)}
        return {name: WHY_DROPPED[name] for name in self.fields if name not in wished}


def compile_update(update: Mapping[str, Any], rule: Mapping[str, Any]) -> Wishes:
    """The wishes of a rule's `update`; `rule` has the values that templates may name."""
    constant: list[Wish] = []
    made: list[Wisher] = []
    fields: list[str] = []
    for name, wisher, per_finding in _wishers(update, rule):
        fields.append(name)
        wish = None if per_finding else wisher({})
        made.append(wisher) if wish is None else constant.append(wish)
    return Wishes(tuple(constant), tuple(made), tuple(fields))


def _wishers(update: Mapping[str, Any], rule: Mapping[str, Any]) -> Iterator[tuple[str, Wisher, bool]]:
    """(field, wisher, whether it looks at the finding) for each field of an update."""
    for member, raw in update.items():
        if member == "UserDefinedFields":
            for key, text in raw.items():
                yield user_field(key), _user_wisher(key, text, rule), is_per_finding(text)
        elif member == "Note":
            yield NOTE, _note_wisher(raw, rule), is_per_finding(raw["Text"])
        elif member == "Severity":
            yield SEVERITY, _severity_wisher(raw), "AtMost" in raw or "AtLeast" in raw
        elif member == TYPES and isinstance(raw, Mapping):
            yield TYPES, _types_wisher(raw), True
        else:
            name = "Workflow.Status" if member == "Workflow" else member
            yield name, _plain_wisher(name, raw), False


def _plain_wisher(name: str, raw: Any) -> Wisher:
    wish = Wish(name, FIELDS[name].read(raw), raw)
    return lambda _finding: wish


def _user_wisher(key: str, text: str, rule: Mapping[str, Any]) -> Wisher:
    render = compile_text(text, rule, USER_FIELD_LIMIT)

    def wish(finding: Finding) -> Wish:
        value = render(finding)
        return Wish(user_field(key), value, value)

    return wish


def _note_wisher(raw: Mapping[str, str], rule: Mapping[str, Any]) -> Wisher:
    render = compile_text(raw["Text"], rule, NOTE_LIMIT)
    author = raw.get("UpdatedBy") or f"{OUR_AUTHOR}/{rule['id']}"

    def wish(finding: Finding) -> Wish:
        text = render(finding)
        return Wish(NOTE, text, {"Text": text, "UpdatedBy": author})

    return wish


def _severity_wisher(raw: Mapping[str, Any]) -> Wisher:
    most, least = raw.get("AtMost"), raw.get("AtLeast")
    if most is None and least is None:
        wish = Wish(SEVERITY, severity_label(raw), dict(raw))
        return lambda _finding: wish

    def clamp(baseline: Finding) -> Wish | None:
        """The baseline's label within the bounds; a finding without severity can only be raised."""
        label = read(baseline, SEVERITY)
        if label is None and least is None:
            return None
        rank = SEVERITY_RANK.get(label, 0)
        rank = max(rank, SEVERITY_RANK[least]) if least else rank
        rank = min(rank, SEVERITY_RANK[most]) if most else rank
        return Wish(SEVERITY, SEVERITIES[rank], {"Label": SEVERITIES[rank]})

    return clamp


def _types_wisher(raw: Mapping[str, list[str]]) -> Wisher:
    added, removed = tuple(raw.get("Add", ())), frozenset(raw.get("Remove", ()))

    def edit(baseline: Finding) -> Wish | None:
        """The baseline's types without the removed and with the added ones; never empty (AWS)."""
        kept = [item for item in read(baseline, TYPES) or () if item not in removed]
        types = tuple(dict.fromkeys([*kept, *added]))
        return Wish(TYPES, types, list(types)) if types else None

    return edit
