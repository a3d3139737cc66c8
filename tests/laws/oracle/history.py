"""Whose the value of a field is, where that cannot be seen: what the finding's history answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hubtriage.engine.planning.entry import LastChange
from tests.laws.oracle.entries import OracleClaim, OracleClaims, OracleEntry
from tests.laws.oracle.fields import (
    HIDING,
    USER,
    Finding,
    Key,
    below,
    held,
    is_a_persons,
    passed,
    providers,
    untouched,
)

ASKED = ("Workflow", "Severity")
"""The fields about which the history is asked."""
CLOCKS_DIFFER = 30.0
"""Seconds by which a record may seem to be older than an update that was sent before it."""
Answers = Mapping[Key, LastChange | None]


@dataclass
class Reviewed:
    """The claims as they stand now, what was learned of others' values, and what is to be asked.

    `overruled` are fields that have become a person's.

    `unrecorded` are fields about which the history was asked, and said nothing.
    """

    claims: OracleClaims = field(default_factory=dict)
    asked: dict[Key, object] = field(default_factory=dict)
    questions: set[Key] = field(default_factory=set)
    unrecorded: set[Key] = field(default_factory=set)
    overruled: set[Key] = field(default_factory=set)
    outdated: bool = False


def review(finding: Finding, entry: OracleEntry, answers: Answers) -> Reviewed:
    """Hold each claim against the finding; then see whether a hiding value without a claim is ours."""
    result = Reviewed()
    for key, claim in entry.claims.items():
        standing = _reviewed(finding, key, claim, entry, answers, result)
        if standing is not None:
            result.claims[key] = standing
            if standing.person and not claim.person:
                result.overruled.add(key)
    for key in ASKED:
        answer, value = answers.get(key), held(finding, key)
        if key in result.claims or not hides_unclaimed(finding, key):
            continue
        is_told = answer is not None and answer.value == value
        if answer is not None and is_told and answer.by == "triage":
            result.claims[key] = OracleClaim(value, None)
        elif is_told or entry.asked.get(key) == value:
            result.asked[key] = value
    return result


def hides_unclaimed(finding: Finding, key: Key) -> bool:
    """Say whether a field hides the finding by a value that nobody claims."""
    value = held(finding, key)
    if key == "Workflow":
        return value in HIDING and is_a_persons(finding, key)
    return below(value, providers(finding, key))


def _reviewed(
    finding: Finding, key: Key, claim: OracleClaim, entry: OracleEntry, answers: Answers, result: Reviewed
) -> OracleClaim | None:
    """Return the claim, now that somebody may have changed the field; None: it has ended."""
    value = held(finding, key)
    if claim.person:
        return claim
    if value == claim.value:
        return claim
    if key == "Workflow" and claim.rule is None and value == untouched(finding, key):
        return replace(claim, value=value) if passed(finding) else None
    if key.startswith(USER) and claim.rule is None and value is None:
        return None
    if key in ASKED:
        if key not in answers:
            result.questions.add(key)
        answer = answers.get(key)
        tells = answer is not None and _tells(answer, value, claim, entry.started)
        if key in answers and not tells:
            result.unrecorded.add(key)
        return _answered(value, claim, answer if tells else None, result)
    return overruled(claim)


def _tells(answer: LastChange, value: Any, claim: OracleClaim, started: float) -> bool:
    """Say whether a record can be of the change that is seen: of another, it says nothing."""
    if answer.time < started - CLOCKS_DIFFER:
        return False
    if answer.by == "person":
        return True
    is_shown = answer.value == value is not None
    return is_shown or (answer.by == "triage" and answer.value == claim.value)


def _answered(
    value: Any, claim: OracleClaim, answer: LastChange | None, result: Reviewed
) -> OracleClaim | None:
    """Return what becomes of a claim on a status or severity that shows another value."""
    if answer is None:
        return None if (claim.value, value) == ("NOTIFIED", "NEW") else overruled(claim)
    if answer.by == "person":
        return overruled(claim)
    if answer.by == "service":
        return None
    if answer.value == claim.value:
        result.outdated = True
        return claim
    return replace(claim, value=value)


def overruled(claim: OracleClaim) -> OracleClaim:
    return replace(claim, person=True, left_out=False, overruled=claim.overruled + 1)
