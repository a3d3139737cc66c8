"""What triage may remember of a finding, whether its memory is true or long overtaken."""

from dataclasses import replace
from typing import Any, Literal

from hypothesis import strategies as st

from hubtriage.engine.planning.entry import LastChange
from hubtriage.localaws.securityhub.asff.fields import customer_update
from tests.laws.findings import (
    LABELS,
    RELATED_LISTS,
    SCORES,
    STATUSES,
    TYPE_LISTS,
    USER_KEYS,
    USER_VALUES,
    VERDICTS,
    Finding,
)
from tests.laws.oracle.entries import OracleClaim, OracleClaims, OracleEntry
from tests.laws.oracle.fields import FIELDS, PROVIDED, USER, Key, held, untouched, written
from tests.laws.oracle.history import ASKED, hides_unclaimed
from tests.laws.rules import IDS

_NOTES = st.sampled_from(["SEC-1", "Mine.", "hubtriage: accept no longer applies."])
_AUTHORS = {
    True: st.sampled_from(["hubtriage/accept", "hubtriage", "security team"]),
    False: st.sampled_from(["jo", "hubtriage-oncall", "hubtriage/accept"]),
}
_VALUES: dict[Key, st.SearchStrategy[Any]] = {
    "Workflow": STATUSES,
    "Severity": LABELS,
    "VerificationState": VERDICTS,
    "Confidence": SCORES,
    "Criticality": SCORES,
    "Types": TYPE_LISTS.map(frozenset),
    "RelatedFindings": RELATED_LISTS.map(
        lambda each: frozenset((one["ProductArn"], one["Id"]) for one in each)
    ),
    "Note": _NOTES,
}
_KEYS = [*FIELDS, *(USER + key for key in USER_KEYS)]
_RULES = st.sampled_from([None, None, None, *IDS, "deleted"])
_ASKED = st.fixed_dictionaries(
    {}, optional={"Workflow": st.sampled_from(["SUPPRESSED", "RESOLVED"]), "Severity": LABELS}
)

_CHANGERS: list[Literal["triage", "person", "service"] | None] = [
    "triage",
    "triage",
    "person",
    "service",
    None,
]


# Built once: Hypothesis looks into each new strategy, which takes longer than to draw from it.
_CLAIMED = st.lists(st.sampled_from(_KEYS), max_size=4, unique=True)
_CLAIMED_TOO = st.sampled_from([[], ["Workflow"], ["Severity"], ["Workflow", "Severity"]])
_TIMES_SET = st.lists(st.sampled_from([1.0, 40_000.0, 86_399.0, 86_400.0]), max_size=5)
_STARTED = st.sampled_from([0.0, 1000.0])
_TRUTHS = st.sampled_from([True, True, False])
_BOOLEANS = st.booleans()
_CLAIM_KINDS = st.sampled_from(["plain", "plain", "plain", "person", "override", "left out", "unrecorded"])
_OVERRULED, _OVERRULED_OFTEN = st.integers(0, 3), st.integers(1, 4)
_CHANGED_BY, _CHANGED_AGO = st.sampled_from(_CHANGERS), st.sampled_from([0.0, 30.0, 31.0, 1000.0, 1031.0])


def values_of(key: Key) -> st.SearchStrategy[Any]:
    """Draw a value of a field."""
    return _VALUES.get(key, USER_VALUES)


@st.composite
def remembered_findings(
    draw: st.DrawFn, findings: st.SearchStrategy[Finding], now: float
) -> tuple[Finding, OracleEntry]:
    """Draw a finding together with its memory: what is claimed truly stands on it, as triage left it."""
    finding = draw(findings)
    keys = draw(_CLAIMED)
    keys += draw(_CLAIMED_TOO)
    claims: OracleClaims = {}
    for key in dict.fromkeys(keys):
        finding, claims[key] = draw(_claimed(finding, key, now))
    often = draw(st.lists(st.sampled_from([*_KEYS, *claims]), max_size=2, unique=True))
    sets = {key: tuple(now - ago for ago in sorted(draw(_TIMES_SET), reverse=True)) for key in often}
    started = now - draw(_STARTED)
    return finding, OracleEntry(claims, draw(_asked(finding)), sets, started)


@st.composite
def _claimed(draw: st.DrawFn, finding: Finding, key: Key, now: float) -> tuple[Finding, OracleClaim]:
    """Draw a claim and the finding with it: true more often than not, else of a value that is not shown."""
    is_true = draw(_TRUTHS)
    if key == "Note" and draw(_BOOLEANS):
        finding = _with_note(finding, draw(_NOTES), draw(_AUTHORS[is_true]), now)
    shown = held(finding, key)
    if not is_true:
        return finding, draw(_claims(finding, key, draw(values_of(key).filter(lambda each: each != shown))))
    left = untouched(finding, key)
    value = shown if shown is not None and draw(_BOOLEANS) else draw(values_of(key))
    claim = draw(_claims(finding, key, value))
    if claim.rule is None and left is not None and draw(_BOOLEANS):
        claim = replace(claim, value=left)
    if claim.value == shown:
        return finding, claim
    if key == "Note":
        return _with_note(finding, claim.value, draw(_AUTHORS[True]), now), claim
    return _after(finding, _call(key, claim.value), now), claim


def _with_note(finding: Finding, text: str, author: str, now: float) -> Finding:
    return _after(finding, {"Note": written("Note", (text, author))}, now)


def _call(key: Key, value: Any) -> dict[str, Any]:
    if key.startswith(USER):
        return {"UserDefinedFields": {key.removeprefix(USER): value}}
    return {key: written(key, value)}


def _after(finding: Finding, call: dict[str, Any], now: float) -> Finding:
    return customer_update(finding, call, "merge", now)


@st.composite
def _claims(draw: st.DrawFn, finding: Finding, key: Key, value: Any) -> OracleClaim:
    """One claim on a value: now and then a person's, an override's, or of a key that was left out."""
    claim = OracleClaim(value, draw(_RULES))
    kind = draw(_CLAIM_KINDS)
    if kind == "person":
        return replace(claim, person=True, overruled=draw(_OVERRULED_OFTEN))
    if kind == "override" and key != "Note":
        return replace(claim, before=draw(values_of(key)), overruled=draw(_OVERRULED))
    if kind == "left out" and key.startswith(USER):
        return replace(claim, rule=None, left_out=True)
    if kind == "unrecorded" and key in PROVIDED:
        return replace(claim, provided=draw(values_of(key)))
    return claim


@st.composite
def _asked(draw: st.DrawFn, finding: Finding) -> dict[Key, Any]:
    """Hiding values of which the history has told that they are not ours: those shown, or earlier ones."""
    shown = {key: held(finding, key) for key in ASKED if hides_unclaimed(finding, key)}
    asked: dict[Key, Any] = draw(_ASKED)
    return {**asked, **shown} if draw(_BOOLEANS) else asked


@st.composite
def last_changes(
    draw: st.DrawFn, finding: Finding, memory: OracleEntry, key: Key, now: float
) -> LastChange | None:
    """Draw what the history answers about a field; None: it has no record."""
    by = draw(_CHANGED_BY)
    known = [held(finding, key), *(claim.value for name, claim in memory.claims.items() if name == key)]
    value = draw(st.sampled_from(known) | values_of(key))
    return None if by is None else LastChange(by, value, now - draw(_CHANGED_AGO))
