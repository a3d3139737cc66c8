"""The oracle's memory of a finding, and how it compares with an entry of the ledger.

Values are whole here and in the oracle's own form; an entry keeps short ones, and digests of the others.
"""

from dataclasses import dataclass, field
from typing import Any

from hubtriage.engine.planning.entry import Claim, Entry, Stored, stored
from tests.laws.oracle.fields import Key

DAY = 86_400.0
_NAMES = {"Workflow": "Workflow.Status", "Severity": "Severity.Label", "Note": "Note.Text"}


@dataclass(frozen=True)
class OracleClaim:
    """That triage set a field to a value, for a rule; None if no rule wants the value any more.

    `before` is the person's value that an override replaced, or NEW where the service had not resolved what
    passed; `provided` the provider's value that the finding
    has nowhere else. `person`: somebody changed the field after us, the `overruled`th time.
    """

    value: Any
    rule: str | None
    before: Any = None
    provided: Any = None
    person: bool = False
    overruled: int = 0
    left_out: bool = False


OracleClaims = dict[Key, OracleClaim]


@dataclass(frozen=True)
class OracleEntry:
    """What triage remembers of a finding: its claims, hiding values known as not ours, and times of sets.

    `started` is when the last update was sent.
    """

    claims: OracleClaims = field(default_factory=dict)
    asked: dict[Key, Any] = field(default_factory=dict)
    sets: dict[Key, tuple[float, ...]] = field(default_factory=dict)
    started: float = 0.0


def engine_name(key: Key) -> str:
    """Return the engine's name of a field."""
    return _NAMES.get(key, key)


def engine_value(value: Any) -> Any:
    """Return a value in the engine's form."""
    return tuple(sorted(value)) if isinstance(value, frozenset) else value


def engine_entry(entry: OracleEntry, **more: Any) -> Entry:
    """Return the entry of the ledger that remembers the same."""
    return Entry(
        claims={engine_name(key): engine_claim(claim) for key, claim in entry.claims.items()},
        asked={engine_name(key): stored(engine_value(value)) for key, value in entry.asked.items()},
        sets={engine_name(key): times for key, times in entry.sets.items()},
        started=entry.started,
        **more,
    )


def engine_claim(claim: OracleClaim) -> Claim:
    return Claim(
        value=stored(engine_value(claim.value)),
        rule=claim.rule,
        before=engine_value(claim.before),
        overruled=claim.overruled,
        person=claim.person,
        left_out=claim.left_out,
        provided=engine_value(claim.provided),
    )


@dataclass(frozen=True)
class Remembered:
    """What an entry remembers, whoever made it, in a form that compares: lists have no order."""

    claims: dict[str, tuple[Any, ...]]
    asked: dict[str, Stored]
    sets: dict[str, list[float]]


def remembered(entry: Entry, now: float) -> Remembered:
    """Return what counts of an entry: of a person's claim only how often we were overruled."""
    return Remembered(
        {name: _comparable(claim) for name, claim in entry.claims.items()},
        dict(entry.asked),
        {name: sorted(recent(times, now)) for name, times in entry.sets.items() if recent(times, now)},
    )


def _comparable(claim: Claim) -> tuple[Any, ...]:
    if claim.person:
        return ("a person's", claim.overruled)
    whole = [set(each) if isinstance(each, tuple) else each for each in (claim.before, claim.provided)]
    return (claim.value, claim.rule, *whole, claim.overruled, claim.left_out)


def recent(times: tuple[float, ...], now: float) -> tuple[float, ...]:
    """Return the times of the last 24 hours."""
    return tuple(time for time in times if time > now - DAY)
