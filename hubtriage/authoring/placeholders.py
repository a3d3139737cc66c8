"""Check the templates of a rule's note and user fields: each placeholder has a meaning and a value."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from hubtriage.authoring.problems import Problem
from hubtriage.authoring.yaml.tree import YamlDocument, YamlPath, member
from hubtriage.engine.ruleset.owner import ACCOUNT, Accounts
from hubtriage.engine.ruleset.templates import (
    NOTE_LIMIT,
    PLACEHOLDER,
    RULE_VALUES,
    USER_FIELD_LIMIT,
    is_per_finding,
)
from hubtriage.engine.text.suggestions import did_you_mean, nearest

_LOOKS_MEANT = re.compile(r"\{\s*([A-Za-z_]+)\s*(?:\.([^{}]*))?\}")
_KNOWN = (*(f"{{rule.{name}}}" for name in RULE_VALUES), "{finding.PATH}", "{account.NAME}")
NO_DIRECTORY = ("there is no account directory", "write accounts.yaml into the folder of the rules")


def check_templates(
    document: YamlDocument, path: YamlPath, rule: Mapping[str, Any], accounts: Accounts
) -> Iterator[Problem]:
    """Yield the problems of the templates in the update of a rule, and of an owner by account.

    `rule` is the rule as written, `accounts` the account directory.
    """
    owner = member(rule.get("owner"), ACCOUNT)
    if isinstance(owner, str) and owner.strip():
        for message, code, hint in unknown_attribute(owner, accounts, "E104"):
            yield document.problem(code, (*path, "owner", ACCOUNT), message, hint)
    for place, text, limit in templates(rule.get("update")):
        for message, code, hint in _flaws(text, limit, rule, accounts):
            yield document.problem(code, (*path, "update", *place), message, hint)


def unknown_attribute(name: str, accounts: Accounts, code: str) -> Iterator[tuple[str, str, str]]:
    """Yield (message, code, hint) if no account of the directory has an attribute."""
    known = {one for attributes in accounts.values() for one in attributes}
    if not accounts:
        message, hint = NO_DIRECTORY
        yield message, "E206", hint
    elif name not in known:
        yield f"no account in the directory has `{name}`", code, did_you_mean(name, known)


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


def _flaws(
    text: str, limit: int, rule: Mapping[str, Any], accounts: Accounts
) -> Iterator[tuple[str, str, str]]:
    for found in _LOOKS_MEANT.finditer(text):
        yield from _flaw(found, rule, accounts)
    least = PLACEHOLDER.sub(
        lambda found: "" if is_per_finding(found[0], rule) else str(rule.get(found[2], "")), text
    )
    if len(least) > limit:
        message = f"the text has at least {len(least)} characters; at most {limit} are allowed"
        yield message, "E105", "shorten it: what is too long would be cut"


def _flaw(
    found: re.Match[str], rule: Mapping[str, Any], accounts: Accounts
) -> Iterator[tuple[str, str, str]]:
    holder, name = found[1], found[2]
    is_one = PLACEHOLDER.fullmatch(found[0]) is not None  # with a blank inside it would stand for itself
    if holder == "rule" and name in RULE_VALUES and is_one:
        if rule.get(name) is None:
            yield f"the rule has no {name} for {found[0]}", "E303", f"add {name}: to the rule"
    elif holder == "finding" and name and is_one:
        if not all(name.split(".")):
            yield f"{found[0]} has an empty name in its path", "E302", "such as {finding.Resources.0.Id}"
    elif holder == ACCOUNT and name and name.strip() and is_one:
        yield from unknown_attribute(name, accounts, "E302")
    elif name is not None or holder in RULE_VALUES:
        yield f"{found[0]} means nothing here", "E302", _meant(holder, name)


def _meant(holder: str, name: str | None) -> str:
    """Return the hint for a placeholder without meaning: the name alone decides what it is like."""
    if name is None or holder == "rule":
        meant = nearest(holder if name is None else name, RULE_VALUES)
        return did_you_mean("", _KNOWN) if meant is None else f"did you mean `{{rule.{meant}}}`?"
    return did_you_mean(f"{{{holder}.{name}}}", _KNOWN)
