"""Review of the claims, and the baseline: the finding as its provider and the humans left it."""

from dataclasses import replace
from typing import Any

from hubtriage.engine.fields import (
    FIELDS,
    NORMALIZED,
    NOTE,
    OUR_KEYS,
    SEVERITY,
    TYPES,
    USER_PREFIX,
    VERIFICATION,
    WORKFLOW,
    Finding,
    Value,
    code,
    is_our_note,
    member,
    provider_value,
    read,
    severity_label,
    user_fields,
)
from hubtriage.engine.planning.memo import Claim, Claims

_PROVIDED = {field.member: field.name for field in FIELDS.values() if field.provided}
_SET_BY_US = {"T": "NOTIFIED", "R": "RESOLVED"}


def closed_by(finding: Finding) -> str:
    """Return what closes the finding: "P" for a control that passed, "A" for archived, "PA" for both.

    AWS: when one of them ends, the service resets NOTIFIED and RESOLVED to NEW.
    """
    passed = member(finding.get("Compliance"), "Status") == "PASSED"
    archived = finding.get("RecordState") == "ARCHIVED"
    return ("P" if passed else "") + ("A" if archived else "")


def closed_by_for_claim(finding: Finding, name: str, value_code: str) -> str:
    """Return what a claim has to remember of it: only one on Workflow NOTIFIED or RESOLVED is reset."""
    return closed_by(finding) if name == WORKFLOW and value_code in _SET_BY_US else ""


def review(claims: Claims, finding: Finding) -> tuple[dict[str, Claim], bool, tuple[str, ...]]:
    """(claims as they stand now, whether one changed, the fields in which we were overruled now)."""
    reviewed = {name: _review_one(name, claim, finding) for name, claim in claims.items()}
    standing = {name: claim for name, claim in reviewed.items() if claim is not None}
    overruled = tuple(name for name, claim in standing.items() if claim.person and not claims[name].person)
    return standing, reviewed != claims, overruled


def _review_one(name: str, claim: Claim, finding: Finding) -> Claim | None:
    """The claim after the field was looked at; None where it has ended."""
    value = read(finding, name)
    if claim.person or (claim.left_out and value is None):
        return claim
    if code(name, value) == claim.code:
        closed_now = closed_by_for_claim(finding, name, claim.code)
        return claim if closed_now == claim.closed_by else replace(claim, closed_by=closed_now)
    if name == WORKFLOW and _service_did_it(claim, value, finding):
        return None
    return replace(claim, person=True, overruled=claim.overruled + 1, closed_by="", left_out=False)


def _service_did_it(claim: Claim, status: Value, finding: Finding) -> bool:
    """Say whether Security Hub changed the status.

    AWS: it resolves what PASSED, and resets NOTIFIED and RESOLVED once that, or being archived, has ended.
    """
    closed = closed_by(finding)
    if status == "NEW":
        return claim.code in _SET_BY_US and any(state not in closed for state in claim.closed_by)
    return status == "RESOLVED" and "P" in closed and claim.code == "T"


def is_resolved_as_passed(finding: Finding, name: str) -> bool:
    """Whether the field is a RESOLVED on a control that passed. AWS: the service sets it; people may, too."""
    return name == WORKFLOW and read(finding, name) == "RESOLVED" and "P" in closed_by(finding)


def taken_back(finding: Finding, name: str, claim: Claim) -> Value:
    """What a field of ours is in the baseline: the person's value, else the provider's, else the default."""
    if claim.before is not None:
        return claim.before
    if name.startswith(USER_PREFIX) or name == NOTE:
        return None
    if not FIELDS[name].provided:
        return FIELDS[name].default
    known, value = provider_value(finding, name)
    return value if known else claim.provided


def baseline(finding: Finding, claims: Claims) -> Finding:
    """The finding with what is ours taken back and the rest in its canonical form: what rules see.

    The finding itself where that changes nothing.
    """
    replaced = _canonical(finding) | {
        name: taken_back(finding, name, claim)
        for name, claim in claims.items()
        if not claim.person and name in FIELDS and name != NOTE
    }
    severity = _severity(finding, replaced.pop(SEVERITY))
    bare_fields = _without_ours(finding, claims)
    drop_note = _note_is_ours(finding, claims)
    if not replaced and severity == finding.get("Severity") and bare_fields is None and not drop_note:
        return finding
    result = dict(finding)
    for name, value in replaced.items():
        _put(result, FIELDS[name].member, None if value is None else FIELDS[name].write(value))
    _put(result, "Severity", severity)
    if bare_fields is not None:
        _put(result, "UserDefinedFields", bare_fields or None)
    if drop_note:
        del result["Note"]
    return result


def _canonical(finding: Finding) -> dict[str, Value]:
    """The severity's label, and the fields whose form or absence would change by our setting them."""
    values = {SEVERITY: read(finding, SEVERITY), **_provided_alone(finding)}
    if not isinstance(member(finding.get("Workflow"), "Status"), str):
        values[WORKFLOW] = FIELDS[WORKFLOW].default
    if not isinstance(finding.get("VerificationState"), str):
        values[VERIFICATION] = FIELDS[VERIFICATION].default
    if isinstance(finding.get("Types"), str):
        values[TYPES] = read(finding, TYPES)
    return values


def _provided_alone(finding: Finding) -> dict[str, Value]:
    """The values that are in FindingProviderFields but not at the top level."""
    provided = finding.get("FindingProviderFields")
    if not isinstance(provided, dict):
        return {}
    return {
        name: read(finding, name)
        for own, name in _PROVIDED.items()
        if own in provided and finding.get(own) in (None, [])
    }


def _note_is_ours(finding: Finding, claims: Claims) -> bool:
    claim = claims.get(NOTE)
    if claim is not None:
        return not claim.person and "Note" in finding
    return is_our_note(finding)


def _without_ours(finding: Finding, claims: Claims) -> dict[str, Any] | None:
    """The user-defined fields with ours taken back; None where none is ours."""
    fields = user_fields(finding)
    ours = {
        name.removeprefix(USER_PREFIX): claim
        for name, claim in claims.items()
        if name.startswith(USER_PREFIX) and not claim.person
    }
    if not any(key in fields for key in (*OUR_KEYS, *ours)):
        return None
    kept = {key: value for key, value in fields.items() if key not in OUR_KEYS and key not in ours}
    return kept | {key: claim.before for key, claim in ours.items() if claim.before is not None}


def _put(finding: dict[str, Any], name: str, value: Any) -> None:
    if value is None:
        finding.pop(name, None)
    else:
        finding[name] = value


def _severity(finding: Finding, label: str | None) -> dict[str, Any] | None:
    """A severity as rules see it: Label, Normalized and Original, the same before and after we set it.

    AWS: setting the label resets Normalized to the least that goes with it, and Product is gone. So what
    is finer than a label counts only where FindingProviderFields have it.
    """
    current, provided = finding.get("Severity"), member(finding.get("FindingProviderFields"), "Severity")
    severity: dict[str, Any] = {}
    if label is not None:
        severity = {"Label": label, "Normalized": NORMALIZED[label]}
        if severity_label(provided) == label and member(provided, "Normalized") is not None:
            severity["Normalized"] = member(provided, "Normalized")
    original = member(provided, "Original")
    original = member(current, "Original") if original is None else original
    if original is not None:
        severity["Original"] = original
    return severity or None
