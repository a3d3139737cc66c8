"""Rules of awsfindingsmanagerlib 2.x: filters of GetFindings, and fields of BatchUpdateFindings.

    ManagerConfig: {DefaultRuleInput: {…}}          # laid under each rule, mappings member by member
    Rules: [{Filters: {}, UpdatesToFilteredFindings: {},
             ExtraFeatures: {QuickNote, RegexStringFilters: {Attribute: [expression]}, NoteTextConfig}}]

All matching rules act, in the order of the file: the later has the last word on a field. The library's own
matching of events differs from the API that it documents as its model, in a negative comparison on what is
missing or on a list. There the API's meaning counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from hubtriage.interop.criteria.input import Path, Refused, items, known_keys, literal, mapping, text
from hubtriage.interop.criteria.model import Criterion
from hubtriage.interop.criteria.parse_filters import attribute_named, parse_filters
from hubtriage.interop.criteria.to_rule import rule_conditions
from hubtriage.interop.importers.names import labelled
from hubtriage.interop.importers.outcome import Draft, Translation, UnreadableError
from hubtriage.interop.importers.regexes import WORDS, counts_ascii_words, read_regex
from hubtriage.interop.importers.sources import read_yaml
from hubtriage.interop.importers.updates import read_update, selects_moved_findings

_KEYS = ("Filters", "UpdatesToFilteredFindings", "ExtraFeatures")
_EXTRAS = ("QuickNote", "RegexStringFilters", "NoteTextConfig")
_MOST_RULES = 1000
_NEGATIVE = (
    "a finding without the attribute satisfies its negative comparison, as in GetFindings; "
    "the library's own matching of events says no"
)
_MERGED = (
    "jsonUpdate would merge the note into an existing one; here a note that others wrote stays unchanged"
)


def translate(name: str, content: bytes) -> Translation:
    """Translate the rules of a file. Raises UnreadableError."""
    value, line = read_yaml(name, content)
    if not isinstance(value, dict) or not isinstance(value.get("Rules"), list):
        raise UnreadableError("there is no list `Rules:` in it")
    try:
        known_keys(value, ("ManagerConfig", "Rules"), ())
        config = known_keys(value.get("ManagerConfig") or {}, ("DefaultRuleInput",), ("ManagerConfig",))
        path: Path = ("ManagerConfig", "DefaultRuleInput")
        defaults = known_keys(config.get("DefaultRuleInput") or {}, _KEYS, path)
    except Refused as error:
        raise UnreadableError(error.reason, error.hint) from None
    found = Translation(line=line)
    for index, raw in enumerate(value["Rules"]):
        _add(found, index, raw, defaults)
    return found


def _add(found: Translation, index: int, raw: object, defaults: Mapping[str, Any]) -> None:
    path: Path = ("Rules", index)
    merged = _merged(defaults, raw) if isinstance(raw, dict) else raw
    note = _note_text(merged)
    label = labelled(index + 1, note)
    found.add(label, lambda: _rule(label, note or "", index, merged, path))


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one mapping over another, member by member where both hold mappings."""
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        both = isinstance(below, dict) and isinstance(value, dict)
        result[key] = _merged(below, value) if both and isinstance(below, dict) else value
    return result


def _note_text(rule: object) -> str | None:
    """Return what the rule calls itself: its note."""
    holders = (("ExtraFeatures", "QuickNote"), ("UpdatesToFilteredFindings", "Note", "Text"))
    for holder in holders:
        value: Any = rule
        for name in holder:
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, str):
            return value
    return None


def _rule(label: str, note: str, index: int, raw: object, path: Path) -> Draft:
    rule = mapping(raw, path)
    if "match_on" in rule:
        raise Refused(path, "this is a rule of version 1", "import it as findings-manager-1")
    known_keys(rule, _KEYS, path, required=_KEYS[:2])
    if index >= _MOST_RULES:
        raise Refused(path, f"only {_MOST_RULES} rules can be ordered", "import the file in parts")
    extras = known_keys(rule.get("ExtraFeatures") or {}, _EXTRAS, (*path, "ExtraFeatures"))
    filters = parse_filters(rule["Filters"], (*path, "Filters"))
    expressions = list(_expressions(extras, (*path, "ExtraFeatures", "RegexStringFilters")))
    criteria = [*filters, *expressions]
    if not criteria:
        raise Refused(
            (*path, "Filters"), "the rule would change every finding", "if that is meant, write it by hand"
        )
    update, is_json = _update(rule, extras, path)
    body = {
        "description": f"Imported from awsfindingsmanagerlib 2.x, {label}.",
        "order": index + 1,
        **({"override": True} if selects_moved_findings(criteria, update) else {}),
        **rule_conditions(criteria),
        "update": update,
    }
    return Draft(label, note, path, body, tuple(_remarks(filters, extras, is_json=is_json)))


def _expressions(extras: Mapping[str, Any], path: Path) -> Iterator[Criterion]:
    for name, expressions in mapping(extras.get("RegexStringFilters") or {}, path).items():
        at = (*path, name)
        attribute = attribute_named(name, at)
        if attribute.kind != "text":
            raise Refused(at, f"{name} is not text, so no expression can match it")
        listed = enumerate(items(expressions, at))
        tests = (read_regex(one, (*at, index)) for index, one in listed)
        yield Criterion(attribute, tuple(dict.fromkeys(tests)))


def _update(rule: Mapping[str, Any], extras: Mapping[str, Any], path: Path) -> tuple[dict[str, Any], bool]:
    """Return the update with its note in force, and whether the note is one to merge as JSON."""
    at = (*path, "UpdatesToFilteredFindings")
    raw = dict(mapping(rule["UpdatesToFilteredFindings"], at))
    if "QuickNote" in extras:
        note = raw.get("Note")
        if not isinstance(note, dict):
            raise Refused((*path, "ExtraFeatures", "QuickNote"), "the update has no Note to put it into")
        raw["Note"] = {**note, "Text": extras["QuickNote"]}
    update = read_update(raw, at)
    key = _json_key(extras, (*path, "ExtraFeatures", "NoteTextConfig"))
    if key is None or "Note" not in update:
        return update, False
    written = json.dumps({key: update["Note"]["Text"]}, separators=(",", ":"))
    update["Note"]["Text"] = literal(written, (*at, "Note", "Text"))
    return update, True


def _json_key(extras: Mapping[str, Any], path: Path) -> str | None:
    config = known_keys(extras.get("NoteTextConfig") or {}, ("Mode", "Key"), path)
    mode = config.get("Mode", "plaintext")
    if mode not in ("plaintext", "jsonUpdate"):
        raise Refused((*path, "Mode"), f"{mode!r:.60} is neither plaintext nor jsonUpdate")
    return text(config.get("Key"), (*path, "Key")) if mode == "jsonUpdate" else None


def _remarks(filters: list[Criterion], extras: Mapping[str, Any], *, is_json: bool) -> Iterator[str]:
    if any(criterion.unwanted for criterion in filters):
        yield _NEGATIVE
    expressions = (extras.get("RegexStringFilters") or {}).values()
    if any(counts_ascii_words(one) for listed in expressions for one in listed):
        yield WORDS
    if is_json:
        yield _MERGED
