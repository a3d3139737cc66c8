"""Find the findings in a JSON document, in whatever AWS has wrapped them.

A finding may stand there with its entry in the ledger (`exported`). One in OCSF, of Security Hub V2, becomes
the view that rules see. What is unusable never hides the others: an `Unusable` stands in its place.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hubtriage.aws.ledger.forms.strict import EntryError
from hubtriage.engine.json_values import MOST_LEVELS, is_too_deep
from hubtriage.engine.ocsf.view import asff_view, is_ocsf, is_view, key_of
from hubtriage.simulation.exported import (
    ExportedFinding,
    NewerExportError,
    is_exported,
    is_header,
    with_entry,
)
from hubtriage.simulation.inputs.documents import Document, UnreadableInputError
from hubtriage.simulation.inputs.envelopes import MOST_ENVELOPES, Damaged, opened, values_in, why
from hubtriage.simulation.inputs.forms import EXPORT, IDENTIFIER, OCSF, Form, known_event, known_form
from hubtriage.simulation.inputs.json_texts import apart

_IDENTITY = ("Id", "ProductArn")
_OF_ASFF = frozenset((*_IDENTITY, "GeneratorId", "AwsAccountId"))
_MOST_NAMES, _LONGEST_NAME = 5, 40
_MOST_LISTS = 4  # in one another, of which the elements of a flawed one are looked at


@dataclass(frozen=True, slots=True)
class Unusable:
    """Something in the place of a finding that no rule can ever see, and why.

    `reason` begins with the place in the document where it has several. `instead`: what to give in its place.
    `is_rest`: nothing after it could be read either. `is_record`: it stands for one record, not for a file.
    """

    reason: str
    value: object = None
    instead: str = EXPORT
    is_rest: bool = False
    is_record: bool = True


Item = ExportedFinding | Unusable


def items_of(document: Document) -> Iterator[Item]:
    """Yield what a document holds in the place of findings: nothing for the first line of an export.

    Raises UnreadableInputError for an export that a later version has written.
    """
    if document.broken is not None:
        is_record = bool(document.position) and not document.is_rest
        yield Unusable(document.broken, None, document.instead, document.is_rest, is_record)
        return
    try:
        yield from _in_document(document.text)
    except NewerExportError as error:
        raise UnreadableInputError(f"{document.place}: {error}") from error


def _in_document(text: str, depth: int = 0) -> Iterator[Item]:
    """Yield what a text holds. If a value is flawed, those next to it are used, to a few lists deep."""
    done = 0
    try:
        for value, start, end in values_in(text):
            yield from found_in(value, f"character {start + 1}: " if start else "")
            done = end
    except (ValueError, RecursionError) as error:
        is_flawed = not isinstance(error, json.JSONDecodeError) and depth < _MOST_LISTS
        parts = list(apart(text[done:])) if is_flawed else []
        if not parts or (len(parts) == 1 and not parts[0].position):
            yield Unusable(f"is not JSON: {why(error)}")
            return
        for part in parts:
            prefix = f"{part.position}: " if part.position else ""
            items = _in_document(part.text, depth + 1) if part.broken is None else (Unusable(part.broken),)
            for item in items:
                yield replace(item, reason=prefix + item.reason) if isinstance(item, Unusable) else item


def found_in(value: object, prefix: str = "") -> Iterator[Item]:
    """Yield the findings in a JSON value, whichever of the known shapes it has. Raises NewerExportError.

    `prefix` says where the value stands, for reasons.
    """
    yield from _found(value, _Place(prefix))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in a document a value stands: the members on the way to it."""

    prefix: str
    path: str = ""
    depth: int = 0

    def below(self, path: str) -> "_Place":
        separator = "." if self.path and not path.startswith("[") else ""
        return _Place(self.prefix, self.path + separator + path, self.depth + 1)

    def unusable(self, reason: str, value: object = None, form: Form | None = None) -> Unusable:
        path = f"{self.path}: " if self.path else ""
        return Unusable(self.prefix + path + reason, value, form.instead if form else EXPORT)


def _found(value: object, place: _Place) -> Iterator[Item]:
    if place.depth > MOST_ENVELOPES:
        yield place.unusable(f"in more than {MOST_ENVELOPES} envelopes")
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from _found(element, place.below(f"[{index}]"))
    elif isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        yield from _in_text(value, place)
    elif not isinstance(value, Mapping):
        yield place.unusable("not a finding: not a JSON object", value)
    elif is_exported(value) and isinstance(value["finding"], Mapping) and not _is_finding(value["finding"]):
        yield from _found(value["finding"], place.below("finding"))
    elif is_exported(value):
        yield _with_entry(value, place)
    elif not is_header(value):
        yield from _in_object(value, place)


def _in_text(text: str, place: _Place) -> Iterator[Item]:
    """Yield what is in a text that seems to be JSON: the `Body` of a message, without its message."""
    try:
        for value, _, _ in values_in(text):
            yield from _found(value, place.below("text"))
    except (ValueError, RecursionError) as error:
        yield place.unusable(f"text that is not JSON: {why(error)}")


def _in_object(value: Mapping[str, Any], place: _Place) -> Iterator[Item]:
    """Yield the finding that an object is, or what it holds."""
    if _is_of_v2(value):
        yield _checked(value, place)
    elif _names(value):
        # A file that lost its beginning may show an element of RelatedFindings where a finding would stand.
        is_named_only = len(value) == len(_IDENTITY)
        yield place.unusable(IDENTIFIER.name, value, IDENTIFIER) if is_named_only else _checked(value, place)
    elif (form := known_form(value)) is not None:
        yield place.unusable(form.name, value, form)
    elif (inner := opened(value)) is not None:
        for one in inner:
            if isinstance(one, Damaged):
                yield place.below(one.path).unusable(one.reason)
            else:
                yield from _found(one.value, place.below(one.path))
    else:
        yield _unknown(value, place)


def _is_finding(value: Mapping[str, Any]) -> bool:
    return _is_of_v2(value) or _names(value)


def _is_of_v2(value: Mapping[str, Any]) -> bool:
    return is_ocsf(value) or is_view(value)


def _names(value: Mapping[str, Any]) -> bool:
    return all(isinstance(value.get(name), str) for name in _IDENTITY)


def _unknown(value: Mapping[str, Any], place: _Place) -> Item:
    if "detail" in value and "Id" not in value:
        kind = value.get("detail-type")
        form = known_event(kind)
        named = f": its detail-type is {_short(kind)}" if isinstance(kind, str) else ""
        return place.unusable(form.name if form else f"an event without findings{named}", value, form)
    if _OF_ASFF & value.keys():
        return _checked(value, place)
    names = ", ".join(map(_short, list(value)[:_MOST_NAMES])) or "none"
    more = ", …" if len(value) > _MOST_NAMES else ""
    reason = f"not a finding, nor anything known that holds findings: its members are {names}{more}"
    return place.unusable(reason, value)


def _short(name: str) -> str:
    name = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"
    return name if name.isprintable() else json.dumps(name)


def _with_entry(line: Mapping[str, Any], place: _Place) -> Item:
    item = _checked(line["finding"], place)
    if isinstance(item, Unusable):
        return item
    try:
        return with_entry(item.finding, line)
    except EntryError as error:
        return place.unusable(f"its entry cannot be read: {error}", item.finding)


def _checked(finding: object, place: _Place) -> Item:
    if not isinstance(finding, Mapping):
        return place.unusable("not a finding: not a JSON object", finding)
    if _is_of_v2(finding):
        return _checked_of_v2(finding, place)
    for name in _IDENTITY:
        value = finding.get(name)
        if not isinstance(value, str) or not value.strip():
            return place.unusable(f"not a finding in ASFF: {name} is missing or no text", finding)
    if is_too_deep(finding):
        return place.unusable(f"not a finding in ASFF: nested deeper than {MOST_LEVELS} levels")
    return ExportedFinding(dict(finding))


def _checked_of_v2(finding: Mapping[str, Any], place: _Place) -> Item:
    """Return the view of a finding of Security Hub V2, or a view itself."""
    view = asff_view(finding) if is_ocsf(finding) else dict(finding)
    if key_of(view) is None:
        return place.unusable(OCSF.name, finding, OCSF)
    if is_too_deep(view):
        return place.unusable(f"not a finding of Security Hub V2: nested deeper than {MOST_LEVELS} levels")
    return ExportedFinding(view)
