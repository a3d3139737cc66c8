"""Parts of an automation rule of Security Hub V2, read from the API's form.

AWS: a rule acts on findings in OCSF as their provider sent them, each time, in the home Region and in all
that are linked to it. It sets a status, a severity or a comment. None ends the evaluation of later ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hubtriage.engine.ocsf.update import LONGEST_COMMENT, SEVERITY_IDS, STATUS_IDS
from hubtriage.interop.criteria.input import (
    Path,
    Refused,
    items,
    known_keys,
    literal,
    text,
    whole_number,
)
from hubtriage.interop.ocsf_criteria.fields import SEVERITY, STATUS
from hubtriage.interop.ocsf_criteria.parse_filters import Condition, parse_ocsf_filters

FINDINGS, RESOURCES = "OcsfFindingCriteria", "ResourceCriteria"
UNUSED = ("RuleId", "ClientToken", "ResponseMetadata")
"""Members of requests and answers that decide nothing."""

_ACTIONS: Mapping[str, tuple[str, str]] = {
    "EXTERNAL_INTEGRATION": ("opens a ticket, which rules do not", "leave it in Security Hub"),
    "RESOURCE_FIELDS_UPDATE": ("changes resources, not findings", "leave it in Security Hub"),
}
_STATUSES = {number: status for status, number in STATUS_IDS.items()}
_LABELS = {number: label for label, number in SEVERITY_IDS.items()}


def is_v2(rule: object) -> bool:
    """Say whether a rule is one of V2, by its criteria."""
    criteria = rule.get("Criteria") if isinstance(rule, Mapping) else None
    return isinstance(criteria, Mapping) and bool({FINDINGS, RESOURCES} & criteria.keys())


def read_criteria(value: Mapping[str, Any], path: Path) -> Condition:
    """Return what the `Criteria` of a rule ask for. Raises Refused."""
    if RESOURCES in value:
        reason = "the rule is about resources, not about findings"
        raise Refused((*path, RESOURCES), reason, "leave it in Security Hub")
    given = known_keys(value, (FINDINGS,), path)
    return parse_ocsf_filters(given[FINDINGS], (*path, FINDINGS))


def read_action(value: object, path: Path) -> dict[str, Any]:
    """Return the `update` of a rule's only action. Raises Refused."""
    actions = items(value, path)
    if len(actions) > 1:
        raise Refused(path, f"{len(actions)} actions; AWS takes one")
    at = (*path, 0)
    names = ("Type", "FindingFieldsUpdate", "ExternalIntegrationConfiguration", "ResourceFieldsUpdate")
    action = known_keys(actions[0], names, at, required=("Type",))
    kind = text(action["Type"], (*at, "Type"))
    if kind in _ACTIONS:
        reason, hint = _ACTIONS[kind]
        raise Refused((*at, "Type"), f"{kind} {reason}", hint)
    if kind != "FINDING_FIELDS_UPDATE":
        raise Refused((*at, "Type"), f"the action {kind!r:.60} is not known")
    known_keys(action, ("Type", "FindingFieldsUpdate"), at)
    return _update(action.get("FindingFieldsUpdate"), (*at, "FindingFieldsUpdate"))


def _update(value: object, path: Path) -> dict[str, Any]:
    given = known_keys(value, ("SeverityId", "StatusId", "Comment"), path)
    if not given:
        raise Refused(path, "no field is set")
    update: dict[str, Any] = {}
    if "StatusId" in given:
        update["Workflow"] = {"Status": _status(given["StatusId"], (*path, "StatusId"))}
    if "SeverityId" in given:
        update["Severity"] = {"Label": _label(given["SeverityId"], (*path, "SeverityId"))}
    if "Comment" in given:
        update["Note"] = {"Text": _comment(given["Comment"], (*path, "Comment"))}
    return update


def _status(value: object, path: Path) -> str:
    number = whole_number(value, path, 0, 99)
    if number not in _STATUSES:
        reason = f"rules do not set the status {STATUS.words.get(number, str(number))} ({number})"
        raise Refused(path, reason, "set 3 (Suppressed) or 4 (Resolved), if that is meant")
    return _STATUSES[number]


def _label(value: object, path: Path) -> str:
    number = whole_number(value, path, 0, 99)
    if number not in _LABELS:
        reason = f"rules do not set the severity {SEVERITY.words.get(number, str(number))} ({number})"
        raise Refused(path, reason, "set one from 1 (Informational) to 5 (Critical)")
    return _LABELS[number]


def _comment(value: object, path: Path) -> str:
    comment = literal(value, path)
    if len(comment) > LONGEST_COMMENT:
        raise Refused(path, f"{len(comment)} characters; AWS takes {LONGEST_COMMENT} of a comment")
    return comment
