"""What a house policy forbids, read off its statements each time."""

from typing import Any

from tests.laws.oracle.conditions import NoAnswerError, holds
from tests.laws.oracle.entries import OracleClaims, engine_name
from tests.laws.oracle.fields import HIDING, Finding, Key, below, held, hides

Statement = dict[str, Any]
Statements = list[Statement]
WHOLE = 40
"""Characters up to which the ledger keeps a text; of a longer one, and of lists, it has a digest."""


def barred(
    rule: dict[str, Any], wanted: dict[Key, Any], base: Finding, policy: Statements, now: float
) -> set[Key]:
    """Return the fields that a rule may not set to what it wants: all if one is forbidden.

    What shows more of a finding is never forbidden.
    """
    hiding = {key: value for key, value in wanted.items() if not shows_more(base, key, value)}
    is_barred = any(
        forbids(statement, base, key, value)
        for statement in policy
        if is_about(statement, rule["id"]) and concerns(statement, base, now)
        for key, value in hiding.items()
    )
    return set(hiding) if is_barred else set()


def kept_by(rule: dict[str, Any], claims: OracleClaims) -> dict[Key, Any]:
    """Return what a rule on hold keeps; None for a value that the ledger has only a digest of."""
    return {
        key: None if isinstance(claim.value, frozenset) or len(str(claim.value)) > WHOLE else claim.value
        for key, claim in claims.items()
        if claim.rule == rule["id"] and not claim.person
    }


def is_about(statement: Statement, rule: str) -> bool:
    return rule in statement["rules"] if "rules" in statement else rule not in statement.get("others", ())


def concerns(statement: Statement, base: Finding, now: float) -> bool:
    """Say whether a statement forbids something on a finding; without an answer it does."""
    try:
        if "only" in statement:
            return not holds(statement["only"], base, now)
        return holds(statement["findings"], base, now)
    except NoAnswerError:
        return True


def forbids(statement: Statement, base: Finding, key: Key, value: Any) -> bool:
    never = statement.get("never")
    if never is None:
        return True
    if never == "hide":
        return hides(base, key, value)
    listed = never.get(engine_name(key), [])
    if listed == "any":
        return True
    parts = {part for pair in value for part in pair} if key == "RelatedFindings" and value else value
    parts = parts if isinstance(parts, set | frozenset) else {parts}
    return bool(listed) and (value is None or not parts.isdisjoint(listed))


def shows_more(base: Finding, key: Key, value: Any) -> bool:
    if key == "Workflow":
        return held(base, key) in HIDING and value not in HIDING
    return key == "Severity" and below(held(base, key), value)
