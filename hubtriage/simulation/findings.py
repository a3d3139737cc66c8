"""Find the findings in a JSON document: a finding, a list, an EventBridge event, or a GetFindings answer.

A finding may stand there with its entry in the ledger (`exported`). An unusable one never hides the others:
an `Unusable` stands in its place.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from hubtriage.aws.ledger.entry_format import EntryError
from hubtriage.engine.json_values import MOST_LEVELS, is_too_deep
from hubtriage.simulation.documents import Document, UnreadableInputError
from hubtriage.simulation.exported import (
    ExportedFinding,
    NewerExportError,
    is_exported,
    is_header,
    with_entry,
)


class NotJsonError(ValueError):
    """A document whose text is not JSON; the message continues the document's position."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """Something in the place of a finding that no rule can ever see, and why."""

    reason: str
    value: object = None


Item = ExportedFinding | Unusable


def items_of(document: Document) -> list[Item]:
    """Return what a document holds in the place of findings: nothing for the first line of an export.

    Raises NotJsonError, and UnreadableInputError for an export that a later version has written.
    """
    if document.broken is not None:
        raise NotJsonError(document.broken)
    try:
        return found_in(_DECODER.decode(document.text.removeprefix("\ufeff")))
    except NewerExportError as error:
        raise UnreadableInputError(f"{document.place}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise NotJsonError(f"is not JSON: {error}") from error


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def found_in(value: object) -> list[Item]:
    """Return the findings in the value of one document, whichever of the known shapes it has.

    Raises NewerExportError.
    """
    if isinstance(value, list):
        return [item for element in value for item in found_in(element)]
    if not isinstance(value, Mapping):
        return [Unusable("not a finding: not a JSON object", value)]
    if is_header(value):
        return []
    if is_exported(value):
        return [_with_entry(value)]
    holder = value.get("detail") if "detail" in value else value
    listed = _listed(holder)
    if listed is not None:
        return [_checked(finding) for finding in listed] or [Unusable("an event without findings", value)]
    if "detail" in value and "Id" not in value:
        return [Unusable("an event without findings", value)]
    return [_checked(value)]


def _listed(holder: object) -> list[object] | None:
    """Return the list in an event's detail (`findings`) or in a GetFindings answer (`Findings`)."""
    if not isinstance(holder, Mapping):
        return None
    found = holder.get("findings", holder.get("Findings"))
    return found if isinstance(found, list) else None


def _with_entry(value: Mapping[str, object]) -> Item:
    item = _checked(value["finding"])
    if isinstance(item, Unusable):
        return item
    try:
        return with_entry(item.finding, value)
    except EntryError as error:
        return Unusable(f"its entry cannot be read: {error}", item.finding)


def _checked(finding: object) -> Item:
    if not isinstance(finding, Mapping):
        return Unusable("not a finding: not a JSON object", finding)
    for name in ("Id", "ProductArn"):
        value = finding.get(name)
        if not isinstance(value, str) or not value.strip():
            return Unusable(f"not a finding in ASFF: {name} is missing or no text", finding)
    if is_too_deep(finding):
        return Unusable(f"not a finding in ASFF: nested deeper than {MOST_LEVELS} levels")
    return ExportedFinding(dict(finding))
