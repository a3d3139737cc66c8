"""E207 and W101: a path that is not in AWS's model of a finding."""

import re
from collections.abc import Iterator

from hubtriage.asff.fields import AsffField, Keys, UnknownPath, is_of_map, look_up
from hubtriage.authoring.checks.linted_rule import LintedRule, dotted
from hubtriage.authoring.checks.odd_characters import odd_character
from hubtriage.authoring.conditions.other_languages import pattern_test
from hubtriage.authoring.problems import Fix, Problem
from hubtriage.authoring.yaml.flow import flow, quoted
from hubtriage.authoring.yaml.rewriting import with_name
from hubtriage.authoring.yaml.tree import YamlPath
from hubtriage.engine.jsonlogic.syntax import LOOPS, Operation
from hubtriage.engine.ruleset.templates import PLACEHOLDER

MISSPELT, UNKNOWN = "E207", "W101"
_MEMBER = re.compile(r"[A-Za-z0-9]+")
NEWER = "see the finding format (ASFF); ignore this if AWS has added it since"


def check_certain(rule: LintedRule) -> Iterator[Problem]:
    """Report paths that are certainly mistakes: a name that is nearly another, or one below a value."""
    for keys, place, is_key in rule.paths:
        message, hint, certain, at = _told(rule, keys, place, is_key)
        if message and certain:
            fix = _fix(rule, keys, at, is_key)
            yield rule.problem(MISSPELT, at, message, hint, key=is_key, fix=fix)
    for place, text in rule.templates:
        for placeholder, found in _placeholders(text):
            if found.misspelt or found.below:
                hint = f"did you mean `{{finding.{found.meant}}}`?" if found.meant else ""
                yield rule.problem(
                    MISSPELT, place, f"AWS's model of a finding has no field for {placeholder}", hint
                )


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report paths that AWS's model of a finding does not have; AWS may have added them since."""
    for keys, place, is_key in rule.paths:
        message, hint, certain, at = _told(rule, keys, place, is_key)
        if message and not certain:
            yield rule.problem(UNKNOWN, at, message, hint, key=is_key)
    for place, text in rule.templates:
        for placeholder, found in _placeholders(text):
            if not (found.misspelt or found.below):
                hint = f"did you mean `{{finding.{found.meant}}}`?" if found.meant else NEWER
                yield rule.problem(
                    UNKNOWN, place, f"AWS's model of a finding has no field for {placeholder}", hint
                )


def renamed_member(rule: LintedRule, place: YamlPath, found: UnknownPath) -> Fix | None:
    """Return the fix that gives the key at a place the only name that it can have been meant to be."""
    return with_name(rule.loaded.document, rule.at(place), found.only) if found.only else None


def _fix(rule: LintedRule, keys: Keys, place: YamlPath, is_key: bool) -> Fix | None:
    found = look_up(keys)
    if not isinstance(found, UnknownPath) or not found.only:
        return None
    meant = (*keys[: found.step], found.only, *keys[found.step + 1 :])
    further = look_up(meant)
    if isinstance(further, UnknownPath) and (further.step <= found.step or not further.only):
        return None
    if is_key:
        return renamed_member(rule, place, found) if place[-1] == keys[found.step] else None
    written = rule.raw(place)
    if isinstance(written, list) and written:
        place, written = (*place, 0), written[0]
    if not isinstance(written, str) or (dotted(keys) != written and not dotted(keys).endswith(f".{written}")):
        return None
    inner = len(written.split("."))
    return rule.reworded(place, written, dotted(meant[-inner:])) if found.step >= len(keys) - inner else None


def _placeholders(text: str) -> Iterator[tuple[str, UnknownPath]]:
    for placeholder in PLACEHOLDER.finditer(text):
        if placeholder[1] == "finding":
            found = look_up(tuple(placeholder[2].split(".")))
            if isinstance(found, UnknownPath):
                yield placeholder[0], found


def _told(rule: LintedRule, keys: Keys, place: YamlPath, is_key: bool) -> tuple[str, str, bool, YamlPath]:
    """Return message, hint, whether it is certain, and the place; an empty message if there is no problem."""
    found = look_up(keys)
    if not isinstance(found, UnknownPath):
        return "", "", False, place
    # in a pattern the wrong name is a key further out than the field itself
    at = place[: len(place) - (len(keys) - 1 - found.step)] if is_key else place
    message = unknown_message(keys)
    special = _special_in_match(rule, keys, found, at) if is_key else _special_in_when(rule, keys, found, at)
    if special:
        return special[0] or message, special[1], True, at
    hint = found.hint if found.meant else NEWER
    if not is_key and not found.meant and not _MEMBER.fullmatch(keys[found.step]):
        hint = f"a plain text is written without var: {quoted(dotted(keys))}"
    return message, hint, found.misspelt or found.below, at


def unknown_message(keys: Keys) -> str:
    """Return what is said of a path that the model does not have."""
    odd = next((odd_character(key) for key in keys if odd_character(key)), None)
    tail = f": {odd[0]}" if odd else ""
    return f"AWS's model of a finding has no {dotted(keys)}{tail}"


def _special_in_match(
    rule: LintedRule, keys: Keys, found: UnknownPath, at: YamlPath
) -> tuple[str, str] | None:
    """Return message and hint for a dotted key, and for an operator in the place of a name."""
    name = keys[found.step]
    whole = (*keys[: found.step], *name.split("."), *keys[found.step + 1 :])
    value = rule.raw(at)
    if "." in name and isinstance(look_up(whole), AsffField):
        nested = value
        for part in reversed(name.split(".")):
            nested = {part: nested}
        return (
            "in a pattern a dot is part of the name; it does not lead into a field",
            f"write {flow(nested)}",
        )
    if not found.below:
        return None
    holder = dotted(keys[: found.step])
    test = pattern_test(name, value)
    if test is not None:
        return (
            f"{holder} is a value; write a test of it in a list",
            f"write {flow({keys[found.step - 1]: [test]})}",
        )
    return f"{holder} is a value and has no members", ""


def _special_in_when(
    rule: LintedRule, keys: Keys, found: UnknownPath, place: YamlPath
) -> tuple[str, str] | None:
    """Return message and hint for a path with dots in a key, and for a field of the finding in a loop."""
    operation = rule.operation_at(place)
    if operation is None or operation.scope is None:
        return None
    path = keys[len(operation.scope) :]
    loop = next((one for one in reversed(operation.outer) if one.name in LOOPS), None)
    if operation.scope and loop and isinstance(look_up(path), AsffField) and _inside(loop, operation):
        message = f"inside `{loop.name}` a path starts at the element; {dotted(path)} is the finding's"
        return message, f"ask for it outside: {{and: [..., {{{loop.name}: [...]}}]}}"
    container = keys[: found.step - 1]
    if found.below and container and is_of_map(keys[: found.step]):
        inner = container[len(operation.scope) :]
        name = dotted(keys[found.step - 1 :])
        if inner:
            message = f"a key with dots in it cannot be part of a path: {dotted(keys)}"
            return message, f"write {flow({'get': [{'var': dotted(inner)}, name]})}"
    return None


def _inside(loop: Operation, operation: Operation) -> bool:
    """Say whether an operation is about the elements of a loop, not about its list."""
    return operation.place[: len(loop.place) + 1] != (*loop.place, 0)
