"""What triage may remember of a finding, whether its memory is true or long overtaken."""

from typing import Any, Literal

from hypothesis import strategies as st

from hubtriage.engine.planning.entry import LastChange
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
from tests.laws.oracle.entries import OracleClaim, OracleEntry
from tests.laws.oracle.fields import FIELDS, PROVIDED, USER, Key, held
from tests.laws.rules import IDS

_NOTES = st.sampled_from(["SEC-1", "Mine.", "hubtriage: accept no longer applies."])
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

_AUTHORS: list[Literal["triage", "person", "service"] | None] = [
    "triage",
    "triage",
    "person",
    "service",
    None,
]

_AGES = st.sampled_from([0.0, 30.0, 31.0, 1000.0, 1031.0])


def values_of(key: Key) -> st.SearchStrategy[Any]:
    """Draw a value of a field."""
    return _VALUES.get(key, USER_VALUES)


@st.composite
def _claims(draw: st.DrawFn, finding: Finding, key: Key) -> OracleClaim:
    """One claim: true as often as not, and now and then a person's or an override's."""
    shown = held(finding, key)
    is_true = shown is not None and draw(st.booleans())
    value = shown if is_true else draw(values_of(key))
    claim = OracleClaim(value, draw(_RULES))
    kind = draw(st.sampled_from(["plain", "plain", "plain", "person", "override", "left out", "unrecorded"]))
    if kind == "person":
        return OracleClaim(value, claim.rule, person=True, overruled=draw(st.integers(1, 4)))
    if kind == "override" and key != "Note":
        before = draw(values_of(key).filter(lambda each: each not in ("SUPPRESSED", "RESOLVED")))
        return OracleClaim(value, claim.rule, before=before, overruled=draw(st.integers(0, 3)))
    if kind == "left out" and key.startswith(USER):
        return OracleClaim(value, None, left_out=True)
    if kind == "unrecorded" and key in PROVIDED:
        return OracleClaim(value, claim.rule, provided=draw(values_of(key)))
    return claim


@st.composite
def memories(draw: st.DrawFn, finding: Finding, now: float) -> OracleEntry:
    """Draw a memory of a finding."""
    keys = draw(st.lists(st.sampled_from(_KEYS), max_size=4, unique=True))
    keys += draw(st.sampled_from([[], ["Workflow"], ["Severity"], ["Workflow", "Severity"]]))
    claims = {key: draw(_claims(finding, key)) for key in keys}
    often = draw(st.lists(st.sampled_from(_KEYS), max_size=2, unique=True))
    times = st.lists(st.sampled_from([1.0, 40_000.0, 86_399.0, 86_400.0]), max_size=5)
    sets = {key: tuple(now - ago for ago in sorted(draw(times), reverse=True)) for key in often}
    return OracleEntry(claims, draw(_ASKED), sets, now - draw(st.sampled_from([0.0, 1000.0])))


@st.composite
def last_changes(
    draw: st.DrawFn, finding: Finding, memory: OracleEntry, key: Key, now: float
) -> LastChange | None:
    """Draw what the history answers about a field; None: it has no record."""
    by = draw(st.sampled_from(_AUTHORS))
    known = [held(finding, key), *(claim.value for name, claim in memory.claims.items() if name == key)]
    value = draw(st.sampled_from(known) | values_of(key))
    return None if by is None else LastChange(by, value, now - draw(_AGES))
