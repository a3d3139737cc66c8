"""About two hundred correct rules, and each with one slip of a kind that lint has to name.

The rules are those of the project's folder, of its documents and of its scenarios, each also in the form that
an import of its export has, and with its pattern said in `when`. A slip is what people do: a path through a
list, a list in the place of a condition, a star in an exact value.
"""

import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from hubtriage.asff.fields import AsffField, holds_objects, lists_passed, look_up
from hubtriage.asff.samples import SAMPLE_NOW
from hubtriage.authoring.checks.registry import warnings
from hubtriage.authoring.checks.rewriting import alternatives_as_logic
from hubtriage.authoring.loader import load_rules
from hubtriage.authoring.yaml.reader import parse
from hubtriage.interop.exporters.automation_rules import export_rules
from hubtriage.interop.importers.assemble import import_rules
from tests.support.paths import ROOT

Rule = dict[str, Any]
Keys = tuple[str, ...]
ACCOUNTS = (ROOT / "rules" / "accounts.yaml").read_text(encoding="utf-8")

# What lint says of a rule that deceives; of a correct rule it says none of it.
DECEPTIONS = {f"E2{number:02}" for number in range(7, 17)} | {"E306", "E307"}
DECEPTIONS |= {"W101", "W103", "W105", "W109", "W201", "W204", "W307", "W314", "W315", "W316", "W317", "W318"}


@dataclass(frozen=True)
class Case:
    """A rule with the lists that it names."""

    name: str
    rule: Rule
    lists: dict[str, Any]

    def codes(self) -> set[str]:
        """The codes of what lint says of it."""
        file = {"lists": self.lists, "rules": [self.rule]} if self.lists else {"rules": [self.rule]}
        with TemporaryDirectory() as folder:
            Path(folder, "a.yaml").write_text(yaml.safe_dump(file, sort_keys=False), encoding="utf-8")
            Path(folder, "accounts.yaml").write_text(ACCOUNTS, encoding="utf-8")
            loaded = load_rules(Path(folder))
            return {one.code for one in (*loaded.problems, *warnings(loaded, SAMPLE_NOW))}


@cache
def correct_rules() -> tuple[Case, ...]:
    """Every rule of folders and documents that is meant to be right, in up to three forms."""
    written = [case for case in _written() if not case.codes() & DECEPTIONS]
    others = [form for case in written for form in (*_reimported(case), *_in_logic(case))]
    return (*written, *(case for case in others if not {one[0] for one in case.codes()} & {"E"}))


def _written() -> Iterator[Case]:
    for name, text in _texts():
        document, problems = parse(name, text.encode())
        if document is None or problems or not isinstance(document.value, dict):
            continue
        content = json.loads(json.dumps(document.value, default=str))
        defaults, lists = content.get("defaults", {}), content.get("lists", {})
        for rule in content.get("rules", ()):
            if any(isinstance(values, dict) for values in lists.values()) or not _has_conditions(rule):
                continue
            bare = {key: value for key, value in rule.items() if key not in ("tests", "lint", "during")}
            yield Case(f"{name}: {rule.get('id')}", {**defaults, **bare}, lists)


def _has_conditions(rule: Rule) -> bool:
    return isinstance(rule, dict) and bool(rule.get("match") or isinstance(rule.get("when"), dict))


def _texts() -> Iterator[tuple[str, str]]:
    folders = [ROOT / "rules", *sorted((ROOT / "tests" / "chaos" / "rules").iterdir())]
    folders += [ROOT / "tests" / "e2e" / "scenarios", ROOT / "tests" / "golden" / "explain"]
    for folder in folders:
        for path in sorted(folder.glob("*.yaml")):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        text = path.read_text(encoding="utf-8")
        for index, block in enumerate(re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)):
            is_page = path.parent.name == "checks"
            if "rules:" in block and "\n-- " not in block and not (is_page and index == 0):
                yield f"{path.relative_to(ROOT).as_posix()} {index + 1}", block


def _reimported(case: Case) -> Iterator[Case]:
    """The rule as an import of its export has it."""
    with TemporaryDirectory() as folder:
        file = {"lists": case.lists, "rules": [case.rule]} if case.lists else {"rules": [case.rule]}
        Path(folder, "a.yaml").write_text(yaml.safe_dump(file, sort_keys=False), encoding="utf-8")
        Path(folder, "accounts.yaml").write_text(ACCOUNTS, encoding="utf-8")
        found = export_rules(load_rules(Path(folder)).rules)
    if found.requests and not found.refusals:
        content = json.dumps(list(found.requests)).encode()
        for index, rule in enumerate(import_rules("automation-rules", "rules.json", content).rules):
            ended = {**rule, "owner": "team", "ticket": "SEC-1", "expires": "2027-06-30"}
            yield Case(f"{case.name}, imported {index}", json.loads(json.dumps(ended)), {})


def _in_logic(case: Case) -> Iterator[Case]:
    """The rule with its pattern said in `when`, as far as it looks at no lists."""
    fields = dict(_fields(case.rule.get("match", {})))
    if not fields or any(lists_passed(keys) or "$or" in keys for keys in fields):
        return
    said = [alternatives_as_logic(values, ".".join(keys)) for keys, values in fields.items()]
    written = json.dumps(list(fields.values()))
    if None in said or '"exists": false' in written or "anything-but" in written:
        return  # logic says something else of what is missing
    when = [*said, *([case.rule["when"]] if "when" in case.rule else [])]
    rule = {key: value for key, value in case.rule.items() if key != "match"}
    whole = {**rule, "when": when[0] if len(when) == 1 else {"and": when}}
    yield Case(f"{case.name}, in logic", json.loads(json.dumps(whole)), case.lists)


def _fields(pattern: Any, keys: Keys = ()) -> Iterator[tuple[Keys, list[Any]]]:
    """The fields of a pattern with their alternatives."""
    for name, value in pattern.items() if isinstance(pattern, dict) else ():
        if isinstance(value, dict):
            yield from _fields(value, (*keys, name))
        else:
            yield (*keys, name), value if isinstance(value, list) else [value]


def _with_field(rule: Rule, keys: Keys, value: Any) -> Rule:
    changed = deepcopy(rule)
    node = changed["match"]
    for key in keys[:-1]:
        node = node[key]
    node[keys[-1]] = value
    return changed


def _without_field(rule: Rule, keys: Keys) -> Rule:
    changed = deepcopy(rule)
    node, nodes = changed["match"], []
    for key in keys[:-1]:
        nodes.append((node, key))
        node = node[key]
    del node[keys[-1]]
    for outer, key in reversed(nodes):
        if not outer[key]:
            del outer[key]
    if not changed["match"]:
        del changed["match"]
    return changed


def _and_when(rule: Rule, logic: Any) -> Rule:
    when = rule.get("when")
    return {**rule, "when": logic if when is None or when is True else {"and": [when, logic]}}


def _hides(rule: Rule) -> bool:
    update = rule.get("update", {})
    closed = update.get("Workflow", {}).get("Status") in ("SUPPRESSED", "RESOLVED")
    return closed or "AtMost" in update.get("Severity", {})


def _exact(values: list[Any]) -> list[str]:
    return [value for value in values if isinstance(value, str)]


# Slips: each yields rules that differ from a correct one in one place.


def path_through_a_list(rule: Rule) -> Iterator[Rule]:
    """A condition on elements moves from the pattern into `when`, with the path as it was."""
    for keys, values in _fields(rule.get("match", {})):
        lengths, exact = lists_passed(keys), _exact(values)
        if lengths and lengths[0] < len(keys) and exact and "$or" not in keys:
            moved = _without_field(rule, keys)
            path = {"var": ".".join(keys)}
            yield _and_when(moved, {"!=": [path, exact[0]]})
            yield _and_when(moved, {"in": [path, exact]})
    for place, logic in _logic(rule.get("when")):
        if list(logic) in (["some"], ["all"], ["none"]) and isinstance(logic[next(iter(logic))][0], dict):
            (((_name, (holder, condition)),)) = logic.items()
            if list(holder) == ["var"]:
                yield _with_logic(rule, place, _prefixed(condition, holder["var"]))


def misspelt_path(rule: Rule) -> Iterator[Rule]:
    """Two letters of a member change places, or its first letter is small."""
    for keys, values in _fields(rule.get("match", {})):
        at = next((at for at in range(len(keys) - 1, -1, -1) if _is_member(keys, at)), None)
        if at is None or "$or" in keys or len(keys[at]) < 5:
            continue
        name = keys[at]
        for slip in (name[:2] + name[3] + name[2] + name[4:], name[0].lower() + name[1:]):
            if slip != name:
                changed = _without_field(rule, keys)
                node = changed.setdefault("match", {})
                for key in (*keys[:at], slip, *keys[at + 1 : -1])[: len(keys) - 1]:
                    node = node.setdefault(key, {})
                node[slip if at == len(keys) - 1 else keys[-1]] = values
                yield changed


def _is_member(keys: Keys, at: int) -> bool:
    return keys[at] not in _MAPS and keys[at - 1 if at else 0] not in _MAPS


_MAPS = ("Tags", "Other", "ProductFields", "UserDefinedFields")


def constant_when(rule: Rule) -> Iterator[Rule]:
    """A list, a text or a constant stands where a condition belongs."""
    when = rule.get("when", {"==": [{"var": "Region"}, "eu-west-1"]})
    yield {**rule, "when": [when]}
    yield {**rule, "when": "Severity.Label == LOW"}
    yield {**rule, "when": False}
    yield {**rule, "when": {"==": ["Severity.Label", "LOW"]}}
    yield {**rule, "when": {"or": [when, "RecordState"]}}


def pattern_in_a_value(rule: Rule) -> Iterator[Rule]:
    """An exact value gets a star, or the anchors of an expression."""
    for keys, values in _fields(rule.get("match", {})):
        field = look_up(keys)
        for value in _exact(values)[:1]:
            if isinstance(field, AsffField) and field.kind == "text" and "$or" not in keys:
                others = [one for one in values if one != value]
                yield _with_field(rule, keys, [*others, f"{value[:-1]}*"])
                yield _with_field(rule, keys, [*others, f"^{value}$"])
    for place, logic in _logic(rule.get("when")):
        if list(logic) == ["in"] and isinstance(logic["in"][1], list) and _is_var(logic["in"][0]):
            texts = _exact(logic["in"][1])
            if texts:
                starred = [*logic["in"][1], f"{texts[0][:-1]}*"]
                yield _with_logic(rule, place, {"in": [logic["in"][0], starred]})


def order_of_texts(rule: Rule) -> Iterator[Rule]:
    """Severities, times and versions are compared as if they were numbers."""
    yield _and_when(rule, {">=": [{"var": "Severity.Label"}, "MEDIUM"]})
    yield _and_when(rule, {">": [{"-": [{"var": "UpdatedAt"}, {"var": "CreatedAt"}]}, 86400]})
    for place, logic in _logic(rule.get("when")):
        if list(logic) == ["age_days"]:
            source = logic["age_days"][0] if isinstance(logic["age_days"], list) else logic["age_days"]
            yield _with_logic(rule, place, {"-": [{"var": "ProcessedAt"}, source]})


def one_of_several(rule: Rule) -> Iterator[Rule]:
    """What confines a rule that hides to findings about one thing goes away."""
    match = rule.get("match", {})
    if not _hides(rule):
        return
    fields = [keys for keys, _values in _fields(match)]
    about = [keys for keys in fields if any(holds_objects(keys[:length]) for length in lists_passed(keys))]
    narrow = [keys for keys in fields if keys in _CONFINING]
    if about and not any(list(logic) == ["all"] for _place, logic in _logic(rule.get("when"))):
        changed = rule
        for keys in narrow:
            changed = _without_field(changed, keys)
        yield {**changed, "match": {**changed["match"], "GeneratorId": ["our-checks"]}}
    for place, logic in _logic(rule.get("when")):
        if list(logic) == ["all"]:
            yield _with_logic(rule, place, {"some": logic["all"]})


_CONFINING = {("ProductArn",), ("GeneratorId",), ("Compliance", "SecurityControlId"), ("ProductName",)}


def impossible_value(rule: Rule) -> Iterator[Rule]:
    """A value of a documented form loses it."""
    for keys, values in _fields(rule.get("match", {})):
        for value in _exact(values)[:1]:
            for slip in _slips_of_value(keys, value):
                if "$or" not in keys:
                    yield _with_field(rule, keys, [slip, *(one for one in values if one != value)])
    for place, logic in _logic(rule.get("when")):
        name = next(iter(logic))
        if name in ("==", "in") and isinstance(logic[name], list) and _is_var(logic[name][0]):
            keys = tuple(logic[name][0]["var"].split("."))
            texts = _exact(logic[name][1]) if isinstance(logic[name][1], list) else _exact([logic[name][1]])
            for slip in _slips_of_value(keys, texts[0]) if texts else ():
                yield _with_logic(rule, place, {name: [logic[name][0], [slip] if name == "in" else slip]})


def _slips_of_value(keys: Keys, value: str) -> Iterator[str]:
    field = look_up(keys)
    if not isinstance(field, AsffField):
        return
    if field.values or keys == ("Compliance", "SecurityControlId"):
        yield value.lower()
        if field.values:
            yield value[:-2] + value[-1] + value[-2] if value[-1] != value[-2] else value[:-1]
    elif keys == ("AwsAccountId",):
        yield value[:-1]
    elif keys == ("Region",):
        yield value.upper()
        yield value.rpartition("-")[0]
    elif keys == ("Types",):
        yield f"{value}/a/b/c"
    elif keys == ("ProductArn",):
        yield re.sub(r":securityhub:[^:]*:", ":securityhub::", value)
    elif keys == ("Resources", "Type") and value.startswith("Aws"):
        yield value.upper()
    elif keys == ("ProductName",) and value in ("GuardDuty", "Inspector", "Macie"):
        yield f"Amazon {value}"


def hides_everything(rule: Rule) -> Iterator[Rule]:
    """A rule that hides loses what narrows it or its end, or names what it must not hide."""
    if not _hides(rule):
        return
    bare = {key: value for key, value in rule.items() if key not in ("match", "when")}
    yield {**bare, "when": {">": [{"age_days": [{"var": "CreatedAt"}]}, -1]}}
    yield {**bare, "match": {"SchemaVersion": ["2018-10-08"]}}
    yield {**bare, "when": {"!=": [{"account": "environment"}, "prod"]}}
    yield {**bare, "match": {"ProductFields": {"userAgent": ["scanner"]}}}
    yield {**rule, "expires": "2099-12-31"}
    yield {**rule, "update": {key: value for key, value in rule["update"].items() if key != "Note"}}


def _logic(logic: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Every operation of an expression, with its place."""
    if isinstance(logic, dict) and logic:
        yield place, logic
    inside = logic.items() if isinstance(logic, dict) else enumerate(logic) if isinstance(logic, list) else ()
    for key, inner in inside:
        yield from _logic(inner, (*place, key))


def _with_logic(rule: Rule, place: tuple[Any, ...], new: Any) -> Rule:
    changed = {"when": deepcopy(rule["when"])}
    node: Any = changed
    for key in ("when", *place)[:-1]:
        node = node[key]
    node[("when", *place)[-1]] = new
    return {**rule, "when": changed["when"]}


def _prefixed(logic: Any, path: str) -> Any:
    """A condition on an element as people write it without a loop."""
    if isinstance(logic, list):
        return [_prefixed(one, path) for one in logic]
    if not isinstance(logic, dict):
        return logic
    if list(logic) == ["var"]:
        return {"var": f"{path}.{logic['var']}".rstrip(".")}
    return {name: _prefixed(one, path) for name, one in logic.items()}


def _is_var(logic: Any) -> bool:
    return isinstance(logic, dict) and list(logic) == ["var"] and isinstance(logic["var"], str)


SLIPS: dict[Callable[[Rule], Iterator[Rule]], set[str]] = {
    path_through_a_list: {"E208"},
    misspelt_path: {"E207", "W101"},
    constant_when: {"E209"},
    pattern_in_a_value: {"E210", "W109"},
    order_of_texts: {"E212"},
    one_of_several: {"W314"},
    impossible_value: {"E211", "E215", "W103"},
    hides_everything: {"E306", "W204", "W307", "W315", "W316"},
}
"""Each kind of slip, and the codes by which lint may name it."""
