"""The laws of planning, each as a check that is named after it.

They know nothing of plans: they look at findings as stored, and at what became of them. What a check must
leave out, because the service makes it impossible or because the ledger lost what it knew, it says.
"""

import re
from collections.abc import Iterable
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
    is_a_persons,
    on_record,
    passed,
    providers,
    user_fields,
)
from tests.laws.oracle.rules import DEFAULT_CEILING, Rule, acts, ceiling_of, could_set, in_force

_TAKEN_BACK_NOTE = re.compile(r"hubtriage: .* no longer applies\.")
_Place = tuple[Identifier, Key]


@dataclass
class Chronicle:
    """What happened to the findings, as far as a law needs to know it.

    `persons`: values that people and other tools set by hand and that stand; `overruling`: those of them
    that took the place of a value of ours; `touched`: every field that they ever set. `ours`: the last
    value that triage wrote, `known`: where the ledger has not lost that it did. `shared`: findings that two
    stacks write to. `lost`: those whose entry was lost.
    `raced`: fields that somebody had set when triage wrote without having seen the finding as it was.
    `unseen`: fields that a person set to just what triage had set, or that triage set while a person's value
    was the provider's too, so that no one can tell them apart, and a person's that the provider changed
    behind an override. `overridden`: fields that a rule with `override` could ever set. `native`: fields that
    an automation rule ever set. `late`: the history once lagged.
    `forgotten`: fields that people had set when one of them handed the finding back. `served`: fields
    that the service has changed since then, `moved` those that it has changed since triage wrote them.
    `renumbered`: findings of V2 whose severity got another number of the same label by its vendor.
    """

    persons: dict[_Place, Any] = field(default_factory=dict)
    overruling: set[_Place] = field(default_factory=set)
    touched: set[_Place] = field(default_factory=set)
    ours: dict[_Place, Any] = field(default_factory=dict)
    known: set[_Place] = field(default_factory=set)
    shared: set[Identifier] = field(default_factory=set)
    lost: set[Identifier] = field(default_factory=set)
    raced: set[_Place] = field(default_factory=set)
    unseen: set[_Place] = field(default_factory=set)
    overridden: set[Key] = field(default_factory=set)
    native: set[Key] = field(default_factory=set)
    forgotten: set[_Place] = field(default_factory=set)
    served: set[_Place] = field(default_factory=set)
    moved: set[_Place] = field(default_factory=set)
    renumbered: set[Identifier] = field(default_factory=set)
    late: bool = False

    def set_by_hand(self, identifier: Identifier, key: Key, before: Any, value: Any) -> None:
        """Record that somebody set a field."""
        place = (identifier, key)
        is_ours = place in self.ours
        if value == before or (is_ours and value == self.ours[place]):
            self.unseen.add(place)
        elif place in self.known and before == self.ours[place]:
            self.overruling.add(place)
        self.persons[place] = value
        self.touched.add(place)
        self.forgotten.discard(place)

    def set_by_triage(self, identifier: Identifier, key: Key, before: Finding, value: Any) -> None:
        """Record that triage set a field; `before` is the finding as it was then.

        A person's value could not be told from the provider's if that said the same.
        """
        place = (identifier, key)
        is_told_apart = key not in PROVIDED or place in self.overruling or is_a_persons(before, key)
        if place in self.persons and not is_told_apart:
            self.unseen.add(place)
        self.ours[place] = value
        self.known.add(place)
        self.moved.discard(place)

    def set_by_service(self, identifier: Identifier, before: Finding, after: Finding) -> None:
        """Record what an import has changed: that is not what people had set before they handed it back."""
        for key in changed(before, after):
            self.served.add((identifier, key))
            self.moved.add((identifier, key))
        self.look_at(identifier, after)

    def race(self, identifier: Identifier) -> None:
        """Record that triage wrote without having seen the finding as it was."""
        known = [place for place in {*self.ours, *self.persons} if place[0] == identifier]
        self.raced.update(known)
        for place in known:
            self.drop(place)

    def look_at(self, identifier: Identifier, finding: Finding) -> None:
        """Drop what no longer stands: it is nobody's any more."""
        for place, value in list(self.persons.items()):
            if place[0] == identifier and held(finding, place[1]) != value:
                self.drop(place)

    def lose(self, identifier: Identifier) -> None:
        """Record that the entry of a finding was lost, and with it who overruled triage."""
        self.lost.add(identifier)
        self.overruling = {place for place in self.overruling if place[0] != identifier}
        self.known = {place for place in self.known if place[0] != identifier}
        self.forgotten = {place for place in self.forgotten if place[0] != identifier}

    def hand_back(self, identifier: Identifier, keys: Iterable[Key]) -> None:
        """Record that people hold these fields no longer, texts excepted: those may stay.

        They need not have set them: what the record of the provider lacks counts as theirs, too.
        """
        for place in [(identifier, key) for key in keys]:
            self.drop(place)
            self.served.discard(place)
            (self.unseen if is_text(place[1]) else self.forgotten).add(place)

    def has_severity_of_ours(self, identifier: Identifier) -> bool:
        """Say whether triage, and it alone, has set the severity of a finding, and still knows that."""
        place = (identifier, "Severity")
        is_others = place in self.touched | self.moved | self.raced or "Severity" in self.native
        return place in self.ours and not is_others and identifier not in self.lost | self.shared

    def drop(self, place: _Place) -> None:
        self.persons.pop(place, None)
        self.overruling.discard(place)


@dataclass(frozen=True)
class RulesAtATime:
    """Which rules there are, and what time it is."""

    rules: list[Rule]
    now: float
    may_hide: bool = True

    def enforced(self) -> list[Rule]:
        """Return the rules in force, less those that only look on."""
        return [rule for rule in self.rules if acts(rule) and in_force(rule, self.now)]

    def setting(self, key: Key) -> list[Rule]:
        """Return the rules in force that could set a field."""
        return [rule for rule in self.enforced() if key in could_set(rule)]


def is_text(key: Key) -> bool:
    """Say whether a field is a text, which is lost where something else is set."""
    return key == "Note" or key.startswith(USER)


def keys_of(*findings: Finding) -> list[Key]:
    """Return all fields of some findings."""
    users = {USER + key for finding in findings for key in user_fields(finding)}
    return [*FIELDS, *sorted(users)]


def state(finding: Finding) -> dict[Key, Any]:
    """Return all fields that triage may set."""
    return {key: held(finding, key) for key in keys_of(finding)}


def changed(before: Finding, after: Finding) -> list[Key]:
    return [key for key in keys_of(before, after) if held(before, key) != held(after, key)]


def taking_back_never_hides(before: Finding, after: Finding, moment: RulesAtATime) -> None:
    """What no rule could want is opened, raised, or as the service or the provider has it.

    In the mode `reopen` that is so of every change: nothing new is hidden.
    """
    for key in changed(before, after):
        if moment.may_hide and moment.setting(key):
            continue
        if key == "Workflow" and held(after, key) in HIDING:
            resolved = held(after, key) == "RESOLVED" and passed(after) and held(before, key) in HIDING
            assert resolved, f"nothing may close it, and {held(before, key)} became {held(after, key)}"
        if key == "Severity" and below(held(after, key), held(before, key)):
            provider = providers(after, key)
            hidden = below(held(after, key), provider)
            assert not hidden, f"nothing may lower it, and it fell to {held(after, key)}, below {provider}"


def human_wins(
    identifier: Identifier, before: Finding, after: Finding, moment: RulesAtATime, chronicle: Chronicle
) -> None:
    """What a person set, and still stands, stays; `override` excepted, and never for notes."""
    for key in changed(before, after):
        value, place = held(before, key), (identifier, key)
        if place in chronicle.unseen or chronicle.persons.get(place) != value:
            continue
        if not is_a_persons(before, key) and place not in chronicle.overruling:
            continue
        if (
            key == "Workflow"
            and value == "NEW"
            and chronicle.late
            and chronicle.ours.get(place) == "NOTIFIED"
        ):
            continue  # taken for the service's: nothing is hidden by that
        overriding = key != "Note" and any(rule.get("override") for rule in moment.setting(key))
        assert overriding, f"{key} was {value!r} by a person's hand and became {held(after, key)!r}"


def no_hidden_escalation(
    identifier: Identifier, finding: Finding, untouched: Finding, moment: RulesAtATime, chronicle: Chronicle
) -> None:
    """What triage hides is not more severe than some rule may hide.

    How severe it is, `untouched` says, the finding of a hub without triage: not every finding has on record
    what its provider said. Where a person or another tool decided on the severity, the record has to have it,
    and the higher of the two counts. What passed a control is resolved by the service, also where triage had
    done so before. A lost entry may be found by the history only.
    """
    decided = (identifier, "Severity") in chronicle.touched or "Severity" in chronicle.native
    is_lost = identifier in chronicle.lost
    if identifier in chronicle.shared or (decided and not on_record(untouched, "Severity")):
        return
    if is_lost and (chronicle.late or not on_record(untouched, "Severity")):
        return
    provider, severity = providers(untouched, "Severity"), _most_severe(identifier, untouched, chronicle)
    hidden = {
        "Workflow": held(finding, "Workflow") in HIDING,
        "Severity": below(held(finding, "Severity"), provider),
    }
    for key, hidden_here in hidden.items():
        theirs = (chronicle.touched - chronicle.forgotten) | chronicle.raced
        known = (identifier, key) not in theirs
        is_moved = (identifier, key) in chronicle.moved  # what hides it now, the service did
        by_us = chronicle.ours.get((identifier, key)) == held(finding, key) and not is_moved
        by_service = key == "Workflow" and held(finding, key) == "RESOLVED" and passed(finding)
        if hidden_here and known and by_us and not by_service and key not in chronicle.native:
            keys = set(hidden) if is_lost else {key}
            rules = [
                rule for rule in moment.enforced() if could_set(rule) & keys or rule.get("mode") == "hold"
            ]
            ceilings = [ceiling_of(rule) for rule in rules] + [DEFAULT_CEILING] * (
                is_lost or _fallible(moment)
            )
            allowed = any(not below(ceiling, severity) for ceiling in ceilings)
            assert allowed, f"{severity} is hidden by {key} {held(finding, key)}, above {ceilings}"


def _most_severe(identifier: Identifier, untouched: Finding, chronicle: Chronicle) -> str | None:
    """Return the higher of what the provider says and what a person said, as far as that still stands."""
    provider, place = providers(untouched, "Severity"), (identifier, "Severity")
    is_blurred = place in chronicle.raced | chronicle.unseen
    person = None if is_blurred else chronicle.persons.get(place)
    return person if provider is None or below(provider, person) else provider


def _fallible(moment: RulesAtATime) -> bool:
    """Say whether a rule may fail: then a finding below the default ceiling may stay as it is."""
    return any("missing_some" in str(rule.get("when")) for rule in moment.enforced())


def reversal(
    identifier: Identifier, finding: Finding, untouched: Finding, chronicle: Chronicle, *, keys_stay: bool
) -> None:
    """With all rules gone the finding is as if triage had never been, except for what cannot be undone.

    `untouched` is the finding of a hub without triage to which everything else happened too.
    """
    if identifier in chronicle.shared | chronicle.lost:
        return
    for key in keys_of(finding, untouched):
        now, never = held(finding, key), held(untouched, key)
        elsewhere = chronicle.raced | chronicle.unseen | chronicle.forgotten
        blurred = (identifier, key) in elsewhere or key in chronicle.native
        if now == never or blurred:
            continue
        assert _cannot_be_undone(key, finding, untouched, chronicle, keys_stay), (
            f"{key} is {now!r}, without triage it would be {never!r}"
        )


def nothing_is_left_of_people(identifier: Identifier, finding: Finding, chronicle: Chronicle) -> None:
    """What was handed back, and is no text, is a person's no longer: a rule sets it, or no one does.

    `finding` is at rest and without rules. What cannot be emptied stays as it is, and what is open stays open
    although the service would resolve it.
    """
    for key in FIELDS:
        place = (identifier, key)
        if place not in chronicle.forgotten - chronicle.raced - chronicle.served or key in chronicle.native:
            continue
        if key in PROVIDED and providers(finding, key) is None:
            continue
        if key == "Workflow" and passed(finding) and held(finding, key) not in HIDING:
            continue
        assert not is_a_persons(finding, key), f"{key} is {held(finding, key)!r}, though it was handed back"


def _cannot_be_undone(
    key: Key, finding: Finding, untouched: Finding, chronicle: Chronicle, keys_stay: bool
) -> bool:
    now, never = held(finding, key), held(untouched, key)
    if key == "Note":
        return never is None and _TAKEN_BACK_NOTE.fullmatch(now) is not None
    if key in PROVIDED and never is None:
        return True
    if key.startswith(USER):  # nobody says that an empty map empties the field
        return never is None and (keys_stay or not user_fields(untouched))
    if key == "Workflow":  # while triage held it, the service could not set or reset it
        is_services = now == "RESOLVED" and passed(finding)
        return now not in HIDING or is_services or (key in chronicle.overridden and never in HIDING)
    return key == "Severity" and key in chronicle.overridden and below(never, now)
