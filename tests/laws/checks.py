"""The laws of planning, each as a check that is named after it.

They know nothing of plans: they look at findings as stored, and at what became of them. What a check must
leave out, because the service makes it impossible or because somebody meddled with the memo, it says.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from hubtriage.localaws.securityhub.asff.requests import Identifier
from tests.laws.oracle.fields import (
    FIELDS,
    HIDING,
    PROVIDED,
    USER,
    Finding,
    Key,
    below,
    held,
    on_record,
    user_fields,
    without_claim,
)
from tests.laws.oracle.rules import DEFAULT_CEILING, Rule, ceiling_of, could_set, in_force

_TAKEN_BACK_NOTE = re.compile(r"hubtriage: .* no longer applies\.")


@dataclass
class Chronicle:
    """What happened to the findings, as far as a law needs to know it.

    `persons`: values that people and other tools set by hand and that still stand, `touched` every field
    that they ever set; `ours`: the last value that triage wrote; `meddled`: findings whose memo somebody
    wiped or forged, or that two stacks share, and `forged` those with a memo that passes for ours;
    `raced`: fields that somebody had set when triage wrote without having seen the finding as it was;
    `unseen`: fields that a person set to just what triage had set, or signed as triage does, so that
    nobody can tell them apart, and a person's that the provider changed behind an override; `overridden`:
    fields that a rule with `override` could ever set;
    `native`: fields that an automation rule ever set.
    """

    persons: dict[tuple[Identifier, Key], Any] = field(default_factory=dict)
    touched: set[tuple[Identifier, Key]] = field(default_factory=set)
    ours: dict[tuple[Identifier, Key], Any] = field(default_factory=dict)
    meddled: set[Identifier] = field(default_factory=set)
    forged: set[Identifier] = field(default_factory=set)
    raced: set[tuple[Identifier, Key]] = field(default_factory=set)
    unseen: set[tuple[Identifier, Key]] = field(default_factory=set)
    overridden: set[Key] = field(default_factory=set)
    native: set[Key] = field(default_factory=set)

    def set_by_hand(self, identifier: Identifier, key: Key, value: Any) -> None:
        """Somebody set a field."""
        self.persons[identifier, key] = value
        self.touched.add((identifier, key))

    def race(self, identifier: Identifier) -> None:
        """Triage wrote without having seen the finding as it was: a person's edit may have become ours."""
        known = [place for place in {*self.ours, *self.persons} if place[0] == identifier]
        self.raced.update(known)
        for place in known:
            self.persons.pop(place, None)

    def look_at(self, identifier: Identifier, finding: Finding) -> None:
        """What no longer stands is nobody's any more."""
        for place, value in list(self.persons.items()):
            if place[0] == identifier and held(finding, place[1]) != value:
                del self.persons[place]


@dataclass(frozen=True)
class RulesAtATime:
    """Which rules there are, and what time it is."""

    rules: list[Rule]
    now: float
    may_hide: bool = True

    def enforced(self) -> list[Rule]:
        """The rules in force, less those that only look on."""
        return [r for r in self.rules if r.get("mode") not in ("off", "observe") and in_force(r, self.now)]

    def setting(self, key: Key) -> list[Rule]:
        """The rules in force that could set a field."""
        return [rule for rule in self.enforced() if key in could_set(rule)]


def keys_of(*findings: Finding) -> list[Key]:
    """All fields of some findings, less the memo's."""
    users = {USER + key for finding in findings for key in user_fields(finding)}
    return [*FIELDS, *sorted(key for key in users if not key.startswith(f"{USER}hubtriage/"))]


def state(finding: Finding) -> dict[Key, Any]:
    """All fields that triage may set; the rule's name that a withdrawn note tells is left out."""
    found = {key: held(finding, key) for key in keys_of(finding)}
    note = found["Note"]
    withdrawn = note is not None and _TAKEN_BACK_NOTE.fullmatch(note)
    return {**found, "Note": "hubtriage: RULE no longer applies." if withdrawn else note}


def changed(before: Finding, after: Finding) -> list[Key]:
    return [key for key in keys_of(before, after) if held(before, key) != held(after, key)]


def taking_back_never_hides(before: Finding, after: Finding, moment: RulesAtATime) -> None:
    """What no rule could want is opened, raised, or at least as severe as the provider has it.

    In the mode `reopen` that is so of every change: nothing new is hidden.
    """
    for key in changed(before, after):
        if moment.may_hide and moment.setting(key):
            continue
        if key == "Workflow":
            assert held(after, key) not in HIDING, f"nothing may close it, and it became {held(after, key)}"
        if key == "Severity" and below(held(after, key), held(before, key)):
            provider = without_claim(after, key)
            hidden = below(held(after, key), provider)
            assert not hidden, f"nothing may lower it, and it fell to {held(after, key)}, below {provider}"


def human_wins(
    identifier: Identifier, before: Finding, after: Finding, moment: RulesAtATime, told: Chronicle
) -> None:
    """What a person set, and still stands, stays; `override` excepted, and never for notes."""
    if identifier in told.forged:
        return
    for key in changed(before, after):
        value, place = held(before, key), (identifier, key)
        if place in told.unseen or told.persons.get(place) != value or value == without_claim(before, key):
            continue
        overriding = key != "Note" and any(rule.get("override") for rule in moment.setting(key))
        assert overriding, f"{key} was {value!r} by a person's hand and became {held(after, key)!r}"


def _passed(finding: Finding) -> bool:
    return bool((finding.get("Compliance") or {}).get("Status") == "PASSED")


def no_hidden_escalation(
    identifier: Identifier, finding: Finding, untouched: Finding, moment: RulesAtATime, told: Chronicle
) -> None:
    """What triage hides is not more severe than some rule may hide.

    How severe it is, `untouched` says, the finding of a hub without triage: not every finding has on record
    what its provider said. Where a person or another tool decided on the severity, the record has to have it,
    and the higher of the two counts. What passed a control is resolved by the service, also where triage had
    done so before.
    """
    decided = (identifier, "Severity") in told.touched or "Severity" in told.native
    if identifier in told.meddled or (decided and not on_record(untouched, "Severity")):
        return
    provider, severity = without_claim(untouched, "Severity"), _most_severe(identifier, untouched, told)
    hidden = {
        "Workflow": held(finding, "Workflow") in HIDING,
        "Severity": below(held(finding, "Severity"), provider),
    }
    for key, hidden_here in hidden.items():
        known = (identifier, key) not in told.touched and (identifier, key) not in told.raced
        by_us = told.ours.get((identifier, key)) == held(finding, key)
        by_service = key == "Workflow" and held(finding, key) == "RESOLVED" and _passed(finding)
        if hidden_here and known and by_us and not by_service and key not in told.native:
            rules = [rule for rule in moment.enforced() if not _spares(rule, key)]
            ceilings = [ceiling_of(rule) for rule in rules] + [DEFAULT_CEILING] * _fallible(moment)
            allowed = any(not below(ceiling, severity) for ceiling in ceilings)
            assert allowed, f"{severity} is hidden by {key} {held(finding, key)}, above {ceilings}"


def _most_severe(identifier: Identifier, untouched: Finding, told: Chronicle) -> str | None:
    """The higher of what the provider says and what a person is known to have said, and still stands."""
    provider, place = without_claim(untouched, "Severity"), (identifier, "Severity")
    person = None if place in told.raced | told.unseen else told.persons.get(place)
    return person if provider is None or below(provider, person) else provider


def _spares(rule: Rule, key: Key) -> bool:
    return key not in could_set(rule) and rule.get("mode") != "hold"


def _fallible(moment: RulesAtATime) -> bool:
    """Whether a rule may fail: then a finding below the default ceiling may stay as it is."""
    return any("missing_some" in str(rule.get("when")) for rule in moment.enforced())


def reversal(
    identifier: Identifier, finding: Finding, untouched: Finding, told: Chronicle, *, keys_stay: bool
) -> None:
    """With all rules gone the finding is as if triage had never been, except for what cannot be undone.

    `untouched` is the finding of a hub without triage to which everything else happened too.
    """
    if identifier in told.meddled:
        return
    for key in keys_of(finding, untouched):
        now, never = held(finding, key), held(untouched, key)
        blurred = (identifier, key) in told.raced | told.unseen or key in told.native
        if now == never or blurred:
            continue
        assert _cannot_be_undone(key, finding, untouched, told, keys_stay), (
            f"{key} is {now!r}, without triage it would be {never!r}"
        )


def _cannot_be_undone(
    key: Key, finding: Finding, untouched: Finding, told: Chronicle, keys_stay: bool
) -> bool:
    now, never = held(finding, key), held(untouched, key)
    if key == "Note":
        return never is None and _TAKEN_BACK_NOTE.fullmatch(now) is not None
    if key in PROVIDED and never is None:
        return True
    if key.startswith(USER):
        return keys_stay and never is None
    if key == "Workflow":  # while triage held it, the service could not set or reset it
        return now not in HIDING or (key in told.overridden and never in HIDING)
    return key == "Severity" and key in told.overridden and below(never, now)
