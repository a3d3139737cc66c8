"""Texts that name a value: `Accepted until {rule.expires} ({rule.ticket}).`

Only `{rule.id}`, `{rule.expires}`, `{rule.ticket}`, `{rule.owner}`, `{rule.reason}`,
`{account.NAME}` and `{finding.PATH}` mean something; everything else in a text stands for itself. A path is
looked up member by member in plain JSON: no attribute of an object can be reached and nothing is evaluated.
NAME is an attribute of the finding's account in the account directory.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from hubtriage.engine.ruleset.owner import Accounts, attribute_of, owner_attribute, owner_of

NOTE_LIMIT = 512  # AWS: characters of Note.Text
USER_FIELD_LIMIT = 1024  # AWS: characters of a UserDefinedFields value
RULE_VALUES = ("id", "expires", "ticket", "owner", "reason")
PLACEHOLDER = re.compile(r"\{(rule|finding|account)\.([^{}]*)\}")
MISSING = "-"  # in place of a value that the finding, or its account, does not have
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

Renderer = Callable[[Mapping[str, Any]], str]


def is_per_finding(text: str, rule: Mapping[str, Any]) -> bool:
    """Say whether the text names a value of the finding or of its account, and so may differ."""
    return any(found[1] == "finding" or is_per_account(found, rule) for found in PLACEHOLDER.finditer(text))


def is_per_account(placeholder: re.Match[str], rule: Mapping[str, Any]) -> bool:
    """Say whether a placeholder stands for what the account directory says."""
    if placeholder[1] == "rule":
        return placeholder[2] == "owner" and owner_attribute(rule) is not None
    return placeholder[1] == "account"


def compile_text(text: str, rule: Mapping[str, Any], limit: int, accounts: Accounts) -> Renderer:
    """Compile a text to a function of the finding, with the rule's values filled in; cut it to `limit`."""
    parts = PLACEHOLDER.split(text)
    pieces = [_constant(parts[0])]
    for kind, path, literal in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        pieces.append(_piece(kind, path, rule, accounts))
        pieces.append(_constant(literal))
    return lambda finding: _cut("".join(piece(finding) for piece in pieces), limit)


def _piece(kind: str, path: str, rule: Mapping[str, Any], accounts: Accounts) -> Renderer:
    """Return what fills in one placeholder."""
    if kind == "finding":
        return _from_finding(path.split("."))
    if kind == "account":
        return lambda finding: _on_one_line(attribute_of(finding, accounts, path))
    if path == "owner" and owner_attribute(rule) is not None:
        return lambda finding: _on_one_line(owner_of(rule, finding, accounts))
    return _constant(_scalar(rule.get(path)))


def _constant(text: str) -> Renderer:
    return lambda _finding: text


def _from_finding(path: list[str]) -> Renderer:
    return lambda finding: _on_one_line(look_up(finding, path))


def _on_one_line(value: object) -> str:
    return _CONTROL.sub(" ", _scalar(value))


def look_up(value: Any, path: list[str]) -> Any:
    """Return the member at a path of names and list positions, or None."""
    for step in path:
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else MISSING


def _cut(text: str, limit: int) -> str:
    text = text if len(text) <= limit else text[: limit - 1] + "…"
    return text if text.strip() else MISSING
