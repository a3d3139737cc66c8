"""Landing Zone Accelerator's `security-config.yaml`: its automation rules, in the API's form.

    centralSecurityServices:
      securityHub:
        excludeRegions: []
        automationRules: [{name, description, enabled, ruleOrder, isTerminal, excludeRegions,
                           criteria: [{key, filter: []}], actions: [{type, findingFieldsUpdate: {}}]}]

The accelerator makes each rule in every Region that it manages, but not in the excluded ones. Which Regions
it manages stands in another file: `enabledRegions` of `global-config.yaml`. It fills placeholders
(`{{ name }}`) in from a third.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hubtriage.interop.criteria.input import Path, Refused, items, known_keys, mapping, text
from hubtriage.interop.importers.outcome import Line, UnreadableError
from hubtriage.interop.importers.sources import read_yaml_as_written

_RULES: Path = ("centralSecurityServices", "securityHub", "automationRules")
_REQUIRED = ("name", "description", "enabled", "actions", "criteria")
_KEYS = (*_REQUIRED, "ruleOrder", "isTerminal", "excludeRegions")
_FILTER = ("value", "comparison", "key", "gte", "lte", "gt", "lt", "eq", "start", "end", "dateRange")
_NUMBERS = ("gte", "lte", "gt", "lt", "eq")
_MOST_REGIONS = 100
_PLACEHOLDER = "{{"
_REPLACED = "write its value from replacements-config.yaml"
# The accelerator's names of fields that the API nests.
_NESTED = {"severityLabel": ("Severity", "Label"), "workflowStatus": ("Workflow", "Status")}
_FLAT = {outer: (name, inner) for name, (outer, inner) in _NESTED.items()}
_NAMES = {"RuleName": "name", "RuleStatus": "enabled"}


@dataclass(frozen=True, slots=True)
class AcceleratorRule:
    """A rule in the API's form, or why there is none; `excluded` are the Regions where it is not made."""

    name: str
    path: Path
    value: dict[str, Any] | None = None
    refused: Refused | None = None
    excluded: tuple[str, ...] = ()
    criteria: Mapping[str, int] = field(default_factory=dict)

    def place(self, path: Path) -> Path:
        """Return where the file has what a path in the API's form leads to."""
        inside = path[len(self.path) :]
        return (*self.path, *self._spelled(inside)) if path[: len(self.path)] == self.path else path

    def _spelled(self, path: Path) -> Iterator[str | int]:
        steps = list(path)
        while steps:
            step = steps.pop(0)
            if step == "Criteria" and steps and steps[0] in self.criteria:
                yield from ("criteria", self.criteria[str(steps.pop(0))], "filter")
            elif isinstance(step, str) and step in _FLAT:
                yield _FLAT[step][0]
                steps = steps[1:]
            else:
                yield _NAMES.get(step, step[:1].lower() + step[1:]) if isinstance(step, str) else step


def is_security_config(content: str) -> bool:
    """Say whether a file is the accelerator's, also if placeholders keep it from being YAML."""
    return re.search(r"^[\"']?centralSecurityServices[\"']?[ \t]*:", content, re.MULTILINE) is not None


def read_security_config(name: str, content: str) -> tuple[list[AcceleratorRule], Line]:
    """Return the rules of a file, and a function that gives the line of a path. Raises UnreadableError."""
    try:
        value, line = read_yaml_as_written(name, content.encode())
    except UnreadableError as error:
        hint = f"{_PLACEHOLDER} … }}}} outside of quotes is not YAML yet: {_REPLACED}"
        raise UnreadableError(error.reason, hint if _PLACEHOLDER in content else error.hint) from None
    hub = value
    for step in _RULES[:-1]:
        hub = hub.get(step) if isinstance(hub, dict) else None
    rules = hub.get("automationRules") if isinstance(hub, dict) else None
    if not isinstance(hub, dict) or not isinstance(rules, list) or not rules:
        raise UnreadableError("centralSecurityServices.securityHub has no list automationRules")
    return list(_rules(hub, rules)), line


def _rules(hub: Mapping[str, Any], rules: list[Any]) -> Iterator[AcceleratorRule]:
    counts = Counter(_name(raw) for raw in rules)
    refused, excluded = _of_hub(hub)
    for index, raw in enumerate(rules):
        path: Path = (*_RULES, index)
        name = _name(raw)
        twice = Refused(
            (*path, "name"),
            f"{counts[name]} rules have this name, and the accelerator knows rules by their names",
        )
        why = refused or (twice if name and counts[name] > 1 else None)
        yield AcceleratorRule(name, path, refused=why) if why else _read(raw, path, excluded)


def _of_hub(hub: Mapping[str, Any]) -> tuple[Refused | None, tuple[str, ...]]:
    """Return (why none of the rules is made, Regions without any of them)."""
    if hub.get("enable") is not True:
        reason = "the accelerator makes rules only where this is true"
        return Refused((*_RULES[:-1], "enable"), reason), ()
    try:
        return None, _excluded(hub, _RULES[:-1])
    except Refused as error:
        return error, ()


def _read(raw: Any, path: Path, excluded: tuple[str, ...]) -> AcceleratorRule:
    try:
        return _rule(raw, path, excluded)
    except Refused as error:
        return AcceleratorRule(_name(raw), path, refused=error)


def _name(raw: Any) -> str:
    name = raw.get("name") if isinstance(raw, dict) else None
    return name if isinstance(name, str) else ""


def _excluded(holder: Mapping[str, Any], path: Path) -> tuple[str, ...]:
    at = (*path, "excludeRegions")
    written = holder.get("excludeRegions", [])
    _refuse_placeholders(written, at)
    if written in (None, []):
        return ()
    if len(items(written, at)) > _MOST_REGIONS:
        raise Refused(at, f"there are not more than {_MOST_REGIONS} Regions")
    return tuple(text(region, (*at, index)) for index, region in enumerate(items(written, at)))


def _refuse_placeholders(value: Any, path: Path) -> None:
    """Refuse what the accelerator fills in before it reads the file."""
    if isinstance(value, str) and _PLACEHOLDER in value:
        raise Refused(path, f"the accelerator replaces {value!r:.60}", _REPLACED)
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for step, item in members:
        _refuse_placeholders(step, path)
        _refuse_placeholders(item, (*path, step))


# -- one rule -----------------------------------------------------------------------------------


def _rule(raw: Any, path: Path, excluded: tuple[str, ...]) -> AcceleratorRule:
    _refuse_placeholders(raw, path)
    rule = known_keys(raw, _KEYS, path, required=_REQUIRED)
    name = text(rule["name"], (*path, "name"))
    value = {
        "RuleName": name,
        "Description": text(rule["description"], (*path, "description")),
        "RuleStatus": "ENABLED" if _flag(rule["enabled"], (*path, "enabled")) else "DISABLED",
        "RuleOrder": _order(rule.get("ruleOrder"), (*path, "ruleOrder")),
        "IsTerminal": _flag(rule.get("isTerminal", False), (*path, "isTerminal")),
        "Criteria": dict(_criteria(rule["criteria"], (*path, "criteria"))),
        "Actions": list(_actions(rule["actions"], (*path, "actions"))),
    }
    regions = tuple(dict.fromkeys((*excluded, *_excluded(rule, path))))
    numbers = {criterion["key"]: index for index, criterion in enumerate(rule["criteria"])}
    return AcceleratorRule(name, path, value, excluded=regions, criteria=numbers)


def _flag(value: Any, path: Path) -> bool:
    if not isinstance(value, bool):
        raise Refused(path, "true or false is wanted here")
    return value


def _order(value: Any, path: Path) -> int:
    """Return a rule's order: 1 unless it says another one than 0."""
    if value is None:
        return 1
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refused(path, "a whole number is wanted here")
    return value or 1


def _criteria(value: Any, path: Path) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    seen: set[str] = set()
    for index, raw in enumerate(items(value, path)):
        at = (*path, index)
        criterion = known_keys(raw, ("key", "filter"), at, required=("key", "filter"))
        name = text(criterion["key"], (*at, "key"))
        if name in seen:
            reason = f"{name!r:.60} appears twice, and the accelerator keeps only the last"
            raise Refused((*at, "key"), reason, "put all its filters into one list")
        seen.add(name)
        filters = enumerate(items(criterion["filter"], (*at, "filter")))
        yield name, [_filter(one, (*at, "filter", number)) for number, one in filters]


def _filter(value: Any, path: Path) -> dict[str, Any]:
    given = dict(known_keys(value, _FILTER, path))
    for name in _NUMBERS:
        if isinstance(given.get(name), str):
            raise Refused((*path, name), "a number is wanted here, not text", "leave the quotes out")
    if "dateRange" in given:
        given["dateRange"] = _pascal(known_keys(given["dateRange"], ("value", "unit"), (*path, "dateRange")))
    return _pascal(given)


def _actions(value: Any, path: Path) -> Iterator[dict[str, Any]]:
    for index, raw in enumerate(items(value, path)):
        at = (*path, index)
        action = known_keys(raw, ("type", "findingFieldsUpdate"), at, required=("type",))
        update = mapping(action.get("findingFieldsUpdate", {}), (*at, "findingFieldsUpdate"))
        yield {
            "Type": action["type"],
            "FindingFieldsUpdate": _update(update, (*at, "findingFieldsUpdate")),
        }


_UPDATE = (
    "note", "severityLabel", "verificationState", "confidence", "criticality", "types", "userDefinedFields",
    "workflowStatus", "relatedFindings",
)  # fmt: skip


def _update(value: Mapping[str, Any], path: Path) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, item in known_keys(value, _UPDATE, path).items():
        if name in _NESTED:
            outer, inner = _NESTED[name]
            result[outer] = {inner: item}
        elif name == "note":
            result["Note"] = _pascal(known_keys(item, ("text", "updatedBy"), (*path, name)))
        elif name == "relatedFindings":
            listed = enumerate(items(item, (*path, name)))
            known = ("productArn", "id")
            result["RelatedFindings"] = [
                _pascal(known_keys(one, known, (*path, name, at))) for at, one in listed
            ]
        else:
            result[name[:1].upper() + name[1:]] = item
    return result


def _pascal(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name[:1].upper() + name[1:]: item for name, item in value.items()}
