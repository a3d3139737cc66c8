"""An update as Security Hub V2 takes it: a status, a severity and a comment, the first two as numbers."""

from collections.abc import Mapping
from typing import Any

from hubtriage.engine.fields import NOTE, OCSF, SEVERITY, UNRANKED, WORKFLOW, member, severity_label
from hubtriage.engine.ocsf.view import LABELS, STATUSES

V2_FIELDS = frozenset({WORKFLOW, SEVERITY, NOTE})
"""The fields that Security Hub V2 lets customers set."""
NOT_IN_V2 = "Security Hub V2 cannot set it"
LONGEST_COMMENT = 512  # AWS: characters

SEVERITY_IDS = {label: number for number, label in LABELS.items() if number <= 5}
STATUS_IDS = {word: number for number, word in STATUSES.items() if 1 <= number <= 4}
"""The numbers that V2 takes for the severities and statuses that a rule can set."""
_SETTABLE = frozenset({0, 1, 2, 3, 4, 5, 6, 99})
_UNKNOWN = 0


def v2_update(update: Mapping[str, Any], view: Mapping[str, Any]) -> dict[str, Any]:
    """Return BatchUpdateFindingsV2's values for a decision's update of a view.

    Raises ValueError for a member that V2 cannot set, or a value that it does not take: planning leaves both
    out, and nothing is dropped here.
    """
    values: dict[str, Any] = {}
    for name, value in update.items():
        if name == "Workflow":
            values["StatusId"] = _status_id(member(value, "Status"))
        elif name == "Severity":
            values["SeverityId"] = _severity_id(severity_label(value), view)
        elif name == "Note":
            values["Comment"] = _comment(member(value, "Text"))
        else:
            raise ValueError(f"Security Hub V2 cannot set {name}")
    return values


def _status_id(status: object) -> int:
    if status not in STATUS_IDS:
        raise ValueError(f"Security Hub V2 takes no status {status!r} from a rule")
    return STATUS_IDS[str(status)]


def _severity_id(label: str | None, view: Mapping[str, Any]) -> int:
    """Return the number of a label; the vendor's own one where it has this label.

    So what is taken back is exactly what the vendor says: Fatal stays Fatal, and Unknown stays Unknown.
    """
    provided = member(member(view.get("FindingProviderFields"), "Severity"), "Label")
    if label == provided:
        vendors = member(view.get(OCSF), "vendor_severity_id")
        return vendors if vendors in _SETTABLE else SEVERITY_IDS.get(label or "", _UNKNOWN)
    if label == UNRANKED:
        return _UNKNOWN
    if label not in SEVERITY_IDS:
        raise ValueError(f"Security Hub V2 takes no severity {label!r} from a rule")
    return SEVERITY_IDS[label]


def _comment(text: object) -> str:
    if not isinstance(text, str) or not text.strip() or len(text) > LONGEST_COMMENT:
        raise ValueError(f"a comment has 1 to {LONGEST_COMMENT} characters that are not all blank")
    return text
