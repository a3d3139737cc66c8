"""Findings in JSON documents: a finding, a list, an EventBridge event, or a GetFindings answer.

One unusable finding never hides the others: it comes as an `Unusable` in its place.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from hubtriage.engine.json_values import MOST_LEVELS, is_too_deep


class UnreadableInputError(Exception):
    """Input in which nothing can be found: exit code 2."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """Something in the place of a finding that no rule can ever see, and why."""

    reason: str
    value: object = None


Item = dict[str, Any] | Unusable


def loads(text: str) -> Any:
    """The value of a JSON text; raises ValueError also for NaN and Infinity, and RecursionError."""
    return _DECODER.decode(text.removeprefix("\ufeff"))


def _no_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_json)


def found_in(document: object) -> list[Item]:
    """The findings in one JSON document, whichever of the known shapes it has."""
    if isinstance(document, list):
        return [item for element in document for item in found_in(element)]
    if not isinstance(document, Mapping):
        return [Unusable("not a finding: not a JSON object", document)]
    holder = document.get("detail") if "detail" in document else document
    listed = _listed(holder)
    if listed is not None:
        return [_checked(finding) for finding in listed] or [Unusable("an event without findings", document)]
    if "detail" in document and "Id" not in document:
        return [Unusable("an event without findings", document)]
    return [_checked(document)]


def _listed(holder: object) -> list[object] | None:
    """The list in an event's detail (`findings`) or in a GetFindings answer (`Findings`)."""
    if not isinstance(holder, Mapping):
        return None
    found = holder.get("findings", holder.get("Findings"))
    return found if isinstance(found, list) else None


def _checked(finding: object) -> Item:
    if not isinstance(finding, Mapping):
        return Unusable("not a finding: not a JSON object", finding)
    for name in ("Id", "ProductArn"):
        value = finding.get(name)
        if not isinstance(value, str) or not value.strip():
            return Unusable(f"not a finding in ASFF: {name} is missing or no text", finding)
    if is_too_deep(finding):
        return Unusable(f"not a finding in ASFF: nested deeper than {MOST_LEVELS} levels")
    return dict(finding)
