"""What several keys of a rule have to agree about, as far as a JSON Schema can say it."""

from collections.abc import Iterator
from typing import Any

from hubtriage.authoring.editor.value_schema import Schema
from hubtriage.engine.fields import HIDING_STATUSES, SEVERITY_RANK, label_of
from hubtriage.engine.ruleset.delivery import NOWHERE, OPEN_TICKET
from hubtriage.engine.ruleset.templates import RULE_VALUES

_ALTERNATIVES = "|".join(RULE_VALUES)
_KNOWN = (
    rf"rule\.({_ALTERNATIVES})\}}|finding\.[^{{}}.]+(\.[^{{}}.]+)*\}}|account\.[^{{}}]*[^{{}}\s][^{{}}]*\}}"
)
NO_PLACEHOLDER = rf"\{{(?!{_KNOWN})\s*([A-Za-z_]+\s*\.[^{{}}]*|({_ALTERNATIVES})\s*)\}}"
"""A text in braces that looks like a placeholder and is not one."""


def _does_something() -> Schema:
    """Return what a rule needs: an update, or to be terminal, or to ask for a ticket."""
    updates = {"required": ["update"], "properties": {"update": {"minProperties": 1}}}
    ends = {"required": ["terminal"], "properties": {"terminal": {"const": True}}}
    return {"anyOf": [updates, ends, _opens_tickets()]}


def no_ticket_for_hidden() -> Schema:
    """Return that a rule that suppresses or resolves findings asks for no ticket."""
    return {"not": {"allOf": [_updates("Workflow", _one_of("Status", HIDING_STATUSES)), _opens_tickets()]}}


def _opens_tickets() -> Schema:
    asked = {"not": {"const": NOWHERE}}
    return {"required": [OPEN_TICKET], "properties": {OPEN_TICKET: asked}}


def severity_agrees() -> list[Schema]:
    """Return what the members of an update's severity agree about."""
    fixed, bounds = ("Label", "Normalized", "Product"), ("AtMost", "AtLeast")
    apart = {"not": {"allOf": [_any_of(fixed), _any_of(bounds)]}}
    not_alone = {"dependencies": {"Product": _any_of(("Label", "Normalized"))}}
    return [apart, not_alone, *map(_band, SEVERITY_RANK), *map(_bounds, SEVERITY_RANK)]


def _any_of(names: tuple[str, ...]) -> Schema:
    return {"anyOf": [{"required": [name]} for name in names]}


def _band(label: str) -> Schema:
    scores = [score for score in range(101) if label_of(score) == label]
    return _if_is("Label", label, {"Normalized": {"minimum": scores[0], "maximum": scores[-1]}})


def _bounds(least: str) -> Schema:
    above = [label for label in SEVERITY_RANK if SEVERITY_RANK[label] >= SEVERITY_RANK[least]]
    return _if_is("AtLeast", least, {"AtMost": {"enum": above}})


def _if_is(name: str, value: str, properties: Schema) -> Schema:
    condition = {"required": [name], "properties": {name: {"const": value}}}
    return {"if": condition, "then": {"properties": properties}}


def between_keys() -> Iterator[Schema]:
    """Yield what holds for all rules of a file, unless its defaults say otherwise."""
    yield _unless_default({"required": ["mode"], "properties": {"mode": {"const": "off"}}}, _noted())
    yield _unless_default(_opens_tickets(), _does_something())
    for name in RULE_VALUES:
        if name != "id":
            needs = {"if": _names_value(name), "then": {"required": [name]}}
            yield _unless_default({"required": [name]}, needs)


def _unless_default(default: Schema, rule: Schema) -> Schema:
    has_default = {"required": ["defaults"], "properties": {"defaults": default}}
    return {"if": has_default, "else": {"properties": {"rules": {"items": rule}}}}


def _noted() -> Schema:
    """Return what a rule needs that hides whatever severity it matches: a note, if it is not off."""
    off = {"required": ["mode"], "properties": {"mode": {"const": "off"}}}
    hides = {"anyOf": [_updates("Workflow", _one_of("Status", HIDING_STATUSES)), _lowers()]}
    noted = {"properties": {"update": {"required": ["Note"]}}}
    return {"if": {"allOf": [hides, {"not": off}]}, "then": noted}


def _lowers() -> Schema:
    """Return a rule that lowers a severity, and whose conditions do not look at it."""
    highest = max(SEVERITY_RANK, key=SEVERITY_RANK.__getitem__)
    others = [label for label in SEVERITY_RANK if label != highest]
    most = next(score for score in range(101) if label_of(score) == highest) - 1
    by_number = {
        "required": ["Normalized"],
        "properties": {"Normalized": {"maximum": most}},
        "not": {"required": ["Label"]},
    }
    lower = {"anyOf": [_one_of("Label", others), _one_of("AtMost", others), by_number]}
    unlooked = {"properties": {"match": {"not": _any_of(("Severity", "$or"))}}, "not": {"required": ["when"]}}
    return {"allOf": [_updates("Severity", lower), unlooked]}


def _updates(field: str, schema: Schema) -> Schema:
    update = {"required": [field], "properties": {field: {"type": "object", **schema}}}
    return {"required": ["update"], "properties": {"update": {"type": "object", **update}}}


def _one_of(name: str, values: Any) -> Schema:
    return {"required": [name], "properties": {name: {"enum": sorted(values)}}}


def _names_value(name: str) -> Schema:
    """Return a rule whose note or user-defined fields name a value of the rule."""
    named = {"type": "string", "pattern": rf"\{{\s*rule\.{name}\}}"}
    note = _updates("Note", {"required": ["Text"], "properties": {"Text": named}})
    fields = _updates("UserDefinedFields", {"not": {"additionalProperties": {"not": named}}})
    return {"anyOf": [note, fields]}
