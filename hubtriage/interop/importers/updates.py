"""The fields that other tools set, as a rule's `update`: the same request, with its limits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from hubtriage.engine.fields import FIELDS
from hubtriage.interop.criteria.input import (
    Path,
    Refused,
    items,
    known_keys,
    literal,
    mapping,
    text,
    whole_number,
)
from hubtriage.interop.criteria.model import Criterion, TextTest
from hubtriage.interop.criteria.parse_filters import number

_STATUSES = FIELDS["Workflow.Status"].words


def read_update(value: object, path: Path) -> dict[str, Any]:
    """Return the `update` for fields of BatchUpdateFindings. Raises Refused.

    Limits and enumerations are the rule files' own, which the finished rule is held to.
    """
    given = known_keys(value, tuple(_FIELDS), path)
    if not given:
        raise Refused(path, "no field is set")
    return {name: _FIELDS[name](item, (*path, name)) for name, item in given.items()}


def _workflow(value: object, path: Path) -> dict[str, str]:
    return _members(value, ("Status",), path)


def _members(value: object, names: tuple[str, ...], path: Path) -> dict[str, str]:
    """Return a mapping of texts in which every one of the names is there."""
    given = known_keys(value, names, path, required=names)
    return {name: text(given[name], (*path, name)) for name in names}


def _severity(value: object, path: Path) -> dict[str, Any]:
    given = known_keys(value, ("Label", "Normalized", "Product"), path)
    result: dict[str, Any] = {}
    if "Label" in given:
        result["Label"] = text(given["Label"], (*path, "Label"))
    if "Normalized" in given:
        result["Normalized"] = whole_number(given["Normalized"], (*path, "Normalized"), 0, 100)
    if "Product" in given:
        result["Product"] = number(given["Product"], (*path, "Product"))
    return result


def _score(value: object, path: Path) -> int:
    return whole_number(value, path, 0, 100)


def _types(value: object, path: Path) -> list[str]:
    return [text(item, (*path, index)) for index, item in enumerate(items(value, path))]


def _user_fields(value: object, path: Path) -> dict[str, str]:
    return {key: literal(item, (*path, key)) for key, item in mapping(value, path).items()}


def _related(value: object, path: Path) -> list[dict[str, str]]:
    names = ("ProductArn", "Id")
    return [_members(item, names, (*path, index)) for index, item in enumerate(items(value, path))]


def _note(value: object, path: Path) -> dict[str, str]:
    note = _members(value, ("Text", "UpdatedBy"), path)
    return {**note, "Text": literal(note["Text"], (*path, "Text"))}


_FIELDS: Mapping[str, Callable[[object, Path], Any]] = {
    "Workflow": _workflow,
    "Severity": _severity,
    "VerificationState": text,
    "Confidence": _score,
    "Criticality": _score,
    "Types": _types,
    "UserDefinedFields": _user_fields,
    "RelatedFindings": _related,
    "Note": _note,
}


def selects_moved_findings(criteria: Iterable[Criterion], update: Mapping[str, Any]) -> bool:
    """Say whether the criteria select findings by a status that only a person or a tool can have set.

    Such a rule sets Workflow although a person or a tool set it before. Without `override` it could do
    nothing there.
    """
    target = update.get("Workflow", {}).get("Status")
    about_status = [one for one in criteria if one.attribute.name == "WorkflowStatus"]
    if target is None or not about_status:
        return False
    return any(
        all(_admits(criterion, status) for criterion in about_status)
        for status in _STATUSES
        if status not in ("NEW", target)
    )


def _admits(criterion: Criterion, status: str) -> bool:
    wanted = [test for test in criterion.wanted if isinstance(test, TextTest) and test.how != "regex"]
    if len(wanted) != len(criterion.wanted):
        return True  # an expression may select any of them
    positive = not wanted or any(test.holds(status) for test in wanted)
    return positive and not any(test.holds(status) for test in criterion.unwanted)
