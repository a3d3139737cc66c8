"""Who may change what in an OCSF finding: its provider, its customer, or the service.

Findings are values here: every function returns a new one and leaves its arguments as they are.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from hubtriage.localaws.securityhub.asff.timestamps import write_timestamp
from hubtriage.localaws.securityhub.asff.values import copied
from hubtriage.localaws.securityhub.settings import HubV2Settings
from hubtriage.localaws.securityhub.v2 import words
from hubtriage.localaws.securityhub.v2.words import Finding, part

_CUSTOMERS = ("status", "status_id", "comment", "notes")
"""AWS: members that are the customer's, or the service's; a provider does not change them."""
_CONTROLS = "::productv2/aws/securityhub"
_RESTING = (words.NEW, words.IN_PROGRESS)


def named(incoming: Mapping[str, Any]) -> Finding:
    """Return what a provider sends with a `metadata.uid`: 64 hexadecimal digits, the same each time.

    AWS does not say how it is made; here it follows from account, provider's id and product.
    """
    finding: Finding = copied(incoming)
    if words.uid_of(finding) is None:
        digest = hashlib.sha256(json.dumps(words.signal_of(finding)).encode()).hexdigest()
        finding["metadata"] = {**part(finding, "metadata"), "uid": digest}
    return finding


def created(incoming: Finding, settings: HubV2Settings) -> Finding:
    """Return a finding that is new, with what its provider says of the severity in `vendor_attributes`."""
    activity = words.CLOSE if incoming.get("activity_id") == words.CLOSE else words.CREATE
    finding = {"severity_id": 0, **incoming, "activity_id": activity}
    finding.setdefault("status_id", words.NEW)
    if settings.resolves_on_pass and _is_control(finding) and _compliance(finding) == words.PASS:
        finding["status_id"] = words.RESOLVED
    finding = words.with_siblings(finding)
    return {**finding, "vendor_attributes": _severity(finding)}


def provided_again(stored: Finding, incoming: Finding, settings: HubV2Settings, *, pinned: bool) -> Finding:
    """Return a finding whose provider sends it again.

    AWS: status and comment are not the provider's, and survive; what the provider says of the severity is
    in `vendor_attributes`. `pinned`: a customer took the severity over.
    """
    activity = words.CLOSE if incoming.get("activity_id") == words.CLOSE else words.UPDATE
    theirs = {name: value for name, value in incoming.items() if name not in _CUSTOMERS}
    kept = {name: stored[name] for name in _CUSTOMERS if name in stored}
    finding = words.with_siblings({"severity_id": 0, **theirs, **kept, "activity_id": activity})
    former = part(stored, "vendor_attributes")
    finding["vendor_attributes"] = former if former and not settings.vendor_follows else _severity(finding)
    if pinned:
        finding |= _severity(stored)
    finding["status_id"] = _status_after(stored, finding, settings)
    return words.with_siblings(finding)


def updated(stored: Finding, fields: Mapping[str, Any], settings: HubV2Settings, now: float) -> Finding:
    """Return a finding after BatchUpdateFindingsV2 or an automation rule set `fields`.

    AWS: the word of a number follows it; no time of the finding changes. A comment replaces the one
    that there was.
    """
    finding = dict(stored)
    for name, number in (("StatusId", "status_id"), ("SeverityId", "severity_id")):
        if name in fields:
            finding[number] = fields[name]
    if "Comment" in fields:
        finding |= _commented(stored, fields["Comment"], settings, now)
    if settings.update_activity == "update" and finding.get("activity_id") != words.CLOSE:
        finding["activity_id"] = words.UPDATE
    return words.with_siblings(finding)


def modified(finding: Mapping[str, Any]) -> float | None:
    """Return when the provider changed a finding, epoch milliseconds; None where it does not say."""
    moment = part(finding, "finding_info").get("modified_time")
    return moment if isinstance(moment, int | float) and not isinstance(moment, bool) else None


def moment_of(milliseconds: int) -> dict[str, Any]:
    """Return the members that say when the provider changed a finding, and saw it last."""
    written = write_timestamp(milliseconds / 1000)
    names = ("modified_time", "last_seen_time")
    return dict.fromkeys(names, milliseconds) | {f"{name}_dt": written for name in names}


def _commented(stored: Finding, text: str, settings: HubV2Settings, now: float) -> Finding:
    """Return where a comment stands. OCSF 1.9 has `notes` instead; whether AWS follows is not known."""
    moment = {"created_time": round(now * 1000), "created_time_dt": write_timestamp(now)}
    former = stored.get("notes")
    notes = [*(former if isinstance(former, list) else ()), {"comment": text, **moment}]
    return {
        **({"comment": text} if settings.comment_in != "notes" else {}),
        **({"notes": notes} if settings.comment_in != "comment" else {}),
    }


def _severity(finding: Mapping[str, Any]) -> dict[str, Any]:
    return {name: finding[name] for name in ("severity", "severity_id") if name in finding}


def _compliance(finding: Mapping[str, Any]) -> object:
    return part(finding, "compliance").get("status_id")


def _is_control(finding: Mapping[str, Any]) -> bool:
    """Say whether it is of a control. AWS: a coverage finding that passes is New."""
    return words.product_of(finding).endswith(_CONTROLS)


def _status_after(before: Finding, after: Finding, settings: HubV2Settings) -> Any:
    """Return the status that the service leaves when a provider sent the finding again."""
    status = before.get("status_id")
    if status in settings.resets and (_fails_again(before, after) or _is_back(before, after, settings)):
        return words.NEW
    passes = _compliance(after) == words.PASS and _compliance(before) != words.PASS
    if settings.resolves_on_pass and passes and _is_control(after) and status in _RESTING:
        return words.RESOLVED
    return status


def _fails_again(before: Finding, after: Finding) -> bool:
    return _compliance(before) == words.PASS and _compliance(after) not in (None, words.PASS)


def _is_back(before: Finding, after: Finding, settings: HubV2Settings) -> bool:
    closed = before.get("activity_id") == words.CLOSE and after.get("activity_id") != words.CLOSE
    return settings.resets_when_back and closed
