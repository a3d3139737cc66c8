"""Check the templates of a rule's note and user fields: each placeholder has a meaning and a value."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from hubtriage.authoring.problems import Problem
from hubtriage.authoring.yaml.tree import YamlDocument, YamlPath
from hubtriage.engine.ruleset.templates import NOTE_LIMIT, PLACEHOLDER, RULE_VALUES, USER_FIELD_LIMIT
from hubtriage.engine.text.suggestions import did_you_mean, nearest

_LOOKS_MEANT = re.compile(r"\{\s*([A-Za-z_]+)\s*(?:\.([^{}]*))?\}")
_KNOWN = (*(f"{{rule.{name}}}" for name in RULE_VALUES), "{finding.PATH}")


def check_templates(document: YamlDocument, path: YamlPath, rule: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield the problems of the templates in the update of a rule; `rule` is the rule as written."""
    for place, text, limit in templates(rule.get("update")):
        for message, code, hint in _flaws(text, limit, rule):
            yield document.problem(code, (*path, "update", *place), message, hint)


def templates(update: Any) -> Iterator[tuple[YamlPath, str, int]]:
    """Yield (path in the update, text, limit) of each text of an update that may hold placeholders."""
    if not isinstance(update, dict):
        return
    note, fields = update.get("Note"), update.get("UserDefinedFields")
    if isinstance(note, dict) and isinstance(note.get("Text"), str):
        yield ("Note", "Text"), note["Text"], NOTE_LIMIT
    for key, text in fields.items() if isinstance(fields, dict) else ():
        if isinstance(text, str):
            yield ("UserDefinedFields", key), text, USER_FIELD_LIMIT


def _flaws(text: str, limit: int, rule: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for found in _LOOKS_MEANT.finditer(text):
        yield from _flaw(found, rule)
    least = PLACEHOLDER.sub(lambda found: str(rule.get(found[2], "")) if found[1] == "rule" else "", text)
    if len(least) > limit:
        message = f"the text has at least {len(least)} characters; at most {limit} are allowed"
        yield message, "E105", "shorten it: what is too long would be cut"


def _flaw(found: re.Match[str], rule: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    holder, name = found[1], found[2]
    is_one = PLACEHOLDER.fullmatch(found[0]) is not None  # with a blank inside it would stand for itself
    if holder == "rule" and name in RULE_VALUES and is_one:
        if rule.get(name) is None:
            yield f"the rule has no {name} for {found[0]}", "E303", f"add {name}: to the rule"
    elif holder == "finding" and name and is_one:
        if not all(name.split(".")):
            yield f"{found[0]} has an empty name in its path", "E302", "such as {finding.Resources.0.Id}"
    elif name is not None or holder in RULE_VALUES:
        yield f"{found[0]} means nothing here", "E302", _meant(holder, name)


def _meant(holder: str, name: str | None) -> str:
    """Return the hint for a placeholder without meaning: the name alone decides what it is like."""
    if name is None or holder == "rule":
        meant = nearest(holder if name is None else name, RULE_VALUES)
        return did_you_mean("", _KNOWN) if meant is None else f"did you mean `{{rule.{meant}}}`?"
    return did_you_mean(f"{{{holder}.{name}}}", _KNOWN)
