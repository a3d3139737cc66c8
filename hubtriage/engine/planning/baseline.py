"""The baseline: the finding as its provider, the service and people left it. Rules are evaluated on it."""

from typing import Any

from hubtriage.engine.fields import (
    FIELDS,
    NORMALIZED,
    NOTE,
    SEVERITY,
    TYPES,
    USER_PREFIX,
    VERIFICATION,
    WORKFLOW,
    Finding,
    ParsedFinding,
    Value,
    member,
    severity_label,
    untouched,
)
from hubtriage.engine.planning.entry import Claim, Claims
from hubtriage.engine.ruleset.hiding import is_hiding

_PROVIDED = {field.member: field.name for field in FIELDS.values() if field.provided}


def without_us(finding: ParsedFinding, name: str, claim: Claim) -> Value:
    """Return what rules see of a field of ours: the person's value, else the provider's or the service's."""
    return claim.before if claim.before is not None else _returns_to(finding, name, claim)


def given_back(finding: ParsedFinding, name: str, claim: Claim) -> Value:
    """Return the person's value that comes back with the end of an override; None where there is none.

    Nothing that hides comes back: a person hid the finding as it was then.
    """
    before = claim.before
    return None if before is None or is_hiding(name, before, finding) else before


def taken_back(finding: ParsedFinding, name: str, claim: Claim) -> Value:
    """Return what a field of ours is set to when it is taken back."""
    persons = given_back(finding, name, claim)
    return _returns_to(finding, name, claim) if persons is None else persons


def _returns_to(finding: ParsedFinding, name: str, claim: Claim) -> Value:
    known, value = untouched(finding, name)
    return value if known else claim.provided


def baseline(finding: ParsedFinding, claims: Claims) -> ParsedFinding:
    """Return what rules see: the finding with what is ours taken back, the rest in its canonical form.

    Return the finding itself if that changes nothing.
    """
    replaced = _canonical(finding) | {
        name: without_us(finding, name, claim)
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
    return ParsedFinding(result, is_v2=finding.is_v2)


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
    return claim is not None and not claim.person and "Note" in finding.raw


def _without_ours(finding: ParsedFinding, claims: Claims) -> dict[str, Any] | None:
    """Return the user-defined fields with ours taken back; None if none is ours."""
    if not claims:
        return None
    fields = finding.user_fields()
    ours = {
        name.removeprefix(USER_PREFIX): claim
        for name, claim in claims.items()
        if name.startswith(USER_PREFIX) and not claim.person
    }
    if not any(key in fields for key in ours):
        return None
    kept = {key: value for key, value in fields.items() if key not in ours}
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
