"""Review the claims, and make the baseline: the finding as its provider and people left it."""

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
    ParsedFinding,
    Value,
    code,
    is_our_note,
    member,
    severity_label,
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


def closed_by_for_claim(finding: ParsedFinding, name: str, value_code: str) -> str:
    """Return what a claim has to remember of it: only one on Workflow NOTIFIED or RESOLVED is reset."""
    return closed_by(finding.raw) if name == WORKFLOW and value_code in _SET_BY_US else ""


def review(claims: Claims, finding: ParsedFinding) -> tuple[dict[str, Claim], bool, tuple[str, ...]]:
    """Return the claims as they stand, whether one changed, and the fields that people have just changed."""
    reviewed = {name: _review_one(name, claim, finding) for name, claim in claims.items()}
    standing = {name: claim for name, claim in reviewed.items() if claim is not None}
    overruled = tuple(name for name, claim in standing.items() if claim.person and not claims[name].person)
    return standing, reviewed != claims, overruled


def _review_one(name: str, claim: Claim, finding: ParsedFinding) -> Claim | None:
    """Return the claim as it stands after a look at the field; None if it has ended."""
    value = finding.value(name)
    if claim.person or (claim.left_out and value is None):
        return claim
    if code(name, value) == claim.code:
        closed_now = closed_by_for_claim(finding, name, claim.code)
        return claim if closed_now == claim.closed_by else replace(claim, closed_by=closed_now)
    if name == WORKFLOW and _service_did_it(claim, value, finding):
        return None
    return replace(claim, person=True, overruled=claim.overruled + 1, closed_by="", left_out=False)


def _service_did_it(claim: Claim, status: Value, finding: ParsedFinding) -> bool:
    """Say whether Security Hub changed the status.

    AWS: it resolves what PASSED, and resets NOTIFIED and RESOLVED once that, or being archived, has ended.
    """
    closed = closed_by(finding.raw)
    if status == "NEW":
        return claim.code in _SET_BY_US and any(state not in closed for state in claim.closed_by)
    return status == "RESOLVED" and "P" in closed and claim.code == "T"


def is_resolved_as_passed(finding: ParsedFinding, name: str) -> bool:
    """Say whether the field is RESOLVED on a passed control. AWS: the service sets that; people may, too."""
    return name == WORKFLOW and finding.value(name) == "RESOLVED" and "P" in closed_by(finding.raw)


def taken_back(finding: ParsedFinding, name: str, claim: Claim) -> Value:
    """Return the baseline's value of a field of ours: the person's, else the provider's, else the default."""
    if claim.before is not None:
        return claim.before
    if name.startswith(USER_PREFIX) or name == NOTE:
        return None
    if not FIELDS[name].provided:
        return FIELDS[name].default
    known, value = finding.provider_value(name)
    return value if known else claim.provided


def baseline(finding: ParsedFinding, claims: Claims) -> ParsedFinding:
    """Return what rules see: the finding with what is ours taken back, the rest in its canonical form.

    Return the finding itself if that changes nothing.
    """
    replaced = _canonical(finding) | {
        name: taken_back(finding, name, claim)
        for name, claim in claims.items()
        if not claim.person and name in FIELDS and name != NOTE
    }
    severity = _severity(finding.raw, replaced.pop(SEVERITY))
    bare_fields = _without_ours(finding, claims)
    drop_note = _note_is_ours(finding, claims)
    if not replaced and severity == finding.raw.get("Severity") and bare_fields is None and not drop_note:
        return finding
    result = dict(finding.raw)
    for name, value in replaced.items():
        _put(result, FIELDS[name].member, None if value is None else FIELDS[name].write(value))
    _put(result, "Severity", severity)
    if bare_fields is not None:
        _put(result, "UserDefinedFields", bare_fields or None)
    if drop_note:
        del result["Note"]
    return ParsedFinding(result)


def _canonical(finding: ParsedFinding) -> dict[str, Value]:
    """Return the severity's label, and the fields that would look different once we had set them."""
    values = {SEVERITY: finding.value(SEVERITY), **_provided_alone(finding)}
    if not isinstance(member(finding.raw.get("Workflow"), "Status"), str):
        values[WORKFLOW] = FIELDS[WORKFLOW].default
    if not isinstance(finding.raw.get("VerificationState"), str):
        values[VERIFICATION] = FIELDS[VERIFICATION].default
    if isinstance(finding.raw.get("Types"), str):
        values[TYPES] = finding.value(TYPES)
    return values


def _provided_alone(finding: ParsedFinding) -> dict[str, Value]:
    """Return the values that are in FindingProviderFields but not at the top level."""
    provided = finding.raw.get("FindingProviderFields")
    if not isinstance(provided, dict):
        return {}
    return {
        name: finding.value(name)
        for own, name in _PROVIDED.items()
        if own in provided and finding.raw.get(own) in (None, [])
    }


def _note_is_ours(finding: ParsedFinding, claims: Claims) -> bool:
    claim = claims.get(NOTE)
    if claim is not None:
        return not claim.person and "Note" in finding.raw
    return is_our_note(finding.raw)


def _without_ours(finding: ParsedFinding, claims: Claims) -> dict[str, Any] | None:
    """Return the user-defined fields with ours taken back; None if none is ours."""
    fields = finding.user_fields()
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
    """Return a severity as rules see it: Label, Normalized and Original, the same before and after we set it.

    AWS: setting the label resets Normalized to the lowest of its band and removes Product. So anything finer
    than a label counts only if FindingProviderFields has it.
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
