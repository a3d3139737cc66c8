"""Rules of awsfindingsmanagerlib 1.x, and the older `Suppressions:` of its Terraform module.

    Rules: [{note, action: SUPPRESSED,
             match_on: {security_control_id, rule_or_control_id, title, product_name,
                        regions: [], resource_id_regexps: [], tags: [{key, value}]}}]
    Suppressions: {control id: [{action, notes, rules: [expression], dry_run}]}

The keys of `match_on` are and-ed, the values of one or-ed; one resource may have the tag and another the id.
The library looks only at findings whose Workflow is NEW or NOTIFIED. An empty value counts as left out.
The module's own instructions for its third version turn each suppression into a rule with
`rule_or_control_id` and `resource_id_regexps`; so does this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from hubtriage.interop.criteria.attributes import ATTRIBUTES
from hubtriage.interop.criteria.input import Path, Refused, items, known_keys, literal, mapping, text
from hubtriage.interop.criteria.model import Criterion, TextTest
from hubtriage.interop.criteria.to_rule import rule_conditions
from hubtriage.interop.importers.names import labelled
from hubtriage.interop.importers.outcome import Draft, Translation, UnreadableError
from hubtriage.interop.importers.regexes import WORDS, counts_ascii_words, read_regex
from hubtriage.interop.importers.sources import read_yaml

_KEYS = ("note", "action", "match_on")
_OLDER_KEYS = ("action", "rules", "notes", "dry_run")
_IMPLIED = Criterion(
    ATTRIBUTES["WorkflowStatus"], (TextTest("equals", "NEW"), TextTest("equals", "NOTIFIED"))
)
_TWICE = "the library drops a rule with the same note as an earlier one; here both are kept"


def translate(name: str, content: bytes) -> Translation:
    """Translate the rules of a file. Raises UnreadableError."""
    value, line = read_yaml(name, content)
    found = Translation(line=line)
    if isinstance(value, dict) and isinstance(value.get("Rules"), list):
        notes: set[object] = set()
        for index, raw in enumerate(value["Rules"]):
            _add(found, index, raw, notes)
    elif isinstance(value, dict) and isinstance(value.get("Suppressions"), dict):
        for number, (path, control, raw) in enumerate(_suppressions(value["Suppressions"]), 1):
            label = labelled(number, control)
            found.add(label, lambda: _older(label, control, raw, path))  # noqa: B023 - called at once
    else:
        raise UnreadableError("there is no list `Rules:` and no mapping `Suppressions:` in it")
    return found


def _add(found: Translation, index: int, raw: object, notes: set[object]) -> None:
    note = raw.get("note") if isinstance(raw, dict) else None
    label = labelled(index + 1, note)
    is_second = isinstance(note, str) and note in notes
    found.add(label, lambda: _rule(label, raw, ("Rules", index), is_second=is_second))
    if isinstance(note, str):
        notes.add(note)


def _rule(label: str, raw: object, path: Path, *, is_second: bool) -> Draft:
    rule = mapping(raw, path)
    if "Filters" in rule or "UpdatesToFilteredFindings" in rule:
        raise Refused(path, "this is a rule of version 2", "import it as findings-manager-2")
    known_keys(rule, _KEYS, path, required=_KEYS)
    if rule["action"] != "SUPPRESSED":
        raise Refused((*path, "action"), "the library has no action other than SUPPRESSED")
    note = literal(rule["note"], (*path, "note"))
    criteria = list(_criteria(rule["match_on"], (*path, "match_on")))
    remarks = (*([_TWICE] if is_second else []), *_remarks(rule["match_on"].get("resource_id_regexps")))
    return replace(_draft(label, note, path, criteria, _update("SUPPRESSED", note)), remarks=remarks)


def _draft(label: str, name: str, path: Path, criteria: list[Criterion], update: dict[str, Any]) -> Draft:
    body = {
        "description": f"Imported from awsfindingsmanagerlib, {label}.",
        "override": True,  # NOTIFIED is set by people and tools, and these rules are for it too
        **rule_conditions([*criteria, _IMPLIED]),
        "update": update,
    }
    return Draft(label, name, path, body)


def _update(status: str, note: str) -> dict[str, Any]:
    return {"Workflow": {"Status": status}, "Note": {"Text": note}}


def _remarks(expressions: object) -> Iterator[str]:
    if isinstance(expressions, list) and any(counts_ascii_words(str(one)) for one in expressions):
        yield WORDS


# -- match_on -----------------------------------------------------------------------------------


def _criteria(value: object, path: Path) -> Iterator[Criterion]:
    given = known_keys(value, tuple(_MATCH_ON), path)
    kept = {key: item for key, item in given.items() if item not in ("", [])}
    if not kept:
        raise Refused(path, "the rule would suppress every finding", "if that is meant, write it by hand")
    if "security_control_id" in kept and "rule_or_control_id" in kept:
        raise Refused(path, "security_control_id and rule_or_control_id cannot stand together")
    for key, item in kept.items():
        yield _MATCH_ON[key](item, (*path, key))


def _equals(attribute: str) -> Callable[[object, Path], Criterion]:
    def read(value: object, path: Path) -> Criterion:
        return Criterion(ATTRIBUTES[attribute], (TextTest("equals", text(value, path)),))

    return read


def _control(value: object, path: Path) -> Criterion:
    """ControlId, or RuleId as the CIS standard has it."""
    control = text(value, path)
    tests = tuple(TextTest("equals", control, key) for key in ("ControlId", "RuleId"))
    return Criterion(ATTRIBUTES["ProductFields"], tests)


def _regions(value: object, path: Path) -> Criterion:
    regions = (text(item, (*path, index)) for index, item in enumerate(items(value, path)))
    return Criterion(ATTRIBUTES["Region"], tuple(TextTest("equals", region) for region in regions))


def _expressions(value: object, path: Path) -> Criterion:
    tests = (read_regex(item, (*path, index)) for index, item in enumerate(items(value, path)))
    return Criterion(ATTRIBUTES["ResourceId"], tuple(dict.fromkeys(tests)))


def _tags(value: object, path: Path) -> Criterion:
    tests = (_tag(item, (*path, index)) for index, item in enumerate(items(value, path)))
    return Criterion(ATTRIBUTES["ResourceTags"], tuple(dict.fromkeys(tests)))


def _tag(value: object, path: Path) -> TextTest:
    tag = known_keys(value, ("key", "value"), path)
    return TextTest("equals", text(tag.get("value"), (*path, "value")), text(tag.get("key"), (*path, "key")))


_MATCH_ON: Mapping[str, Callable[[object, Path], Criterion]] = {
    "security_control_id": _equals("ComplianceSecurityControlId"),
    "rule_or_control_id": _control,
    "product_name": _equals("ProductName"),
    "title": _equals("Title"),
    "regions": _regions,
    "resource_id_regexps": _expressions,
    "tags": _tags,
}


# -- Suppressions -------------------------------------------------------------------------------


def _suppressions(controls: Mapping[Any, Any]) -> Iterator[tuple[Path, object, object]]:
    """Yield (path, control id, suppression) of each suppression."""
    for control, entries in controls.items():
        path: Path = ("Suppressions", control)
        if isinstance(entries, list) and entries:
            yield from (((*path, index), control, entry) for index, entry in enumerate(entries))
        else:
            yield path, control, entries


def _older(label: str, control: object, raw: object, path: Path) -> Draft:
    entry = known_keys(raw, _OLDER_KEYS, path)
    if control == "Firewall Manager":
        raise Refused(path, "this key is a product's name", "write a rule with `ProductName` by hand")
    note = literal(entry.get("notes"), (*path, "notes"))
    expressions = _expressions(entry.get("rules"), (*path, "rules"))
    action = text(entry.get("action"), (*path, "action"))
    draft = _draft(
        label, f"{control} {note}", path, [_control(control, path), expressions], _update(action, note)
    )
    if entry.get("dry_run"):
        draft.body["mode"] = "observe"
    return replace(draft, remarks=tuple(_remarks(entry.get("rules"))))
