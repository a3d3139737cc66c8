"""Hand a finding back: what people hold counts as ours, so that the rules decide on it again.

A status, severity, verdict, score or list that a person holds becomes ours, without a rule: rules do not see
it. One of them sets the field, or it goes back to what the provider or the service says. A person's text
(a note, a user key) cannot be got back, so it becomes ours only if a rule sets it.
"""

from dataclasses import dataclass, field, replace

from hubtriage.engine.fields import FIELDS, NOTE, USER_PREFIX, WORKFLOW, ParsedFinding, is_nobodys, user_field
from hubtriage.engine.planning.entry import Authors, Claim, Entry, stored
from hubtriage.engine.planning.fold import Fold
from hubtriage.engine.planning.limits import Plan
from hubtriage.engine.planning.review import ASKED_ABOUT, Review

TIMES_ARE_CUT = 1.0
"""Seconds by which a change may be later and still count as earlier: the time of an event has whole ones."""


@dataclass(slots=True)
class Release:
    """The fields of a finding that people held until one of them handed it back: `fields`.

    `texts` are people's notes and user keys that count as ours as long as a rule sets them, with the claims
    that they had. `kept` are those that no rule sets: they stay people's.
    """

    reviewed: Review
    finding: ParsedFinding
    fields: set[str] = field(default_factory=set)
    texts: dict[str, Claim | None] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)

    @property
    def names(self) -> frozenset[str]:
        """All fields that people hold no longer."""
        return frozenset(self.fields | self.texts.keys())

    def reconsider(self, folded: Fold, planned: Plan) -> bool:
        """Give rules the texts that they want, and people those that no rule sets; return whether it changed.

        Rules see the texts that people keep. So each change asks for another look. A text that was given back
        stays so: a rule that looks for a person's note and replaces it would not match its own result.
        """
        unset = [name for name in self.texts if not _is_set_by_a_rule(name, planned)]
        for name in unset:
            self._restore(name)
        if unset:
            return True
        wanted = [
            name for name in folded.proposals if name not in self.kept and self._is_a_persons_text(name)
        ]
        for name in wanted:
            self.texts[name] = self.reviewed.claims.get(name)
            self.reviewed.claims[name] = Claim(stored(self.finding.value(name)), None)
        return bool(wanted)

    def _restore(self, name: str) -> None:
        claim = self.texts.pop(name)
        self.kept.add(name)
        if claim is None:
            del self.reviewed.claims[name]
        else:
            self.reviewed.claims[name] = claim

    def _is_a_persons_text(self, name: str) -> bool:
        return _is_text(name) and _is_a_persons(name, self.reviewed.claims.get(name), self.finding)

    def release(self, name: str) -> None:
        """Let a field that is not a text be ours, if a person holds it or would get it back."""
        claim = self.reviewed.claims.get(name)
        if claim is not None and not claim.person:
            self._forget(name, claim)
        elif _is_a_persons(name, claim, self.finding):
            self._take(name, claim)

    def _forget(self, name: str, claim: Claim) -> None:
        """Forget what a person had there before an override. NEW stays: rules shall see what is open."""
        is_kept = claim.before is None or (name, claim.before) == (WORKFLOW, FIELDS[WORKFLOW].default)
        if not is_kept:
            self.fields.add(name)
        self.reviewed.claims[name] = replace(claim, before=claim.before if is_kept else None, overruled=0)

    def _take(self, name: str, claim: Claim | None) -> None:
        self.fields.add(name)
        value, claims = self.finding.value(name), self.reviewed.claims
        if value is None or (name == WORKFLOW and is_nobodys(self.finding, name, value)):
            claims.pop(name, None)
        else:
            claims[name] = Claim(stored(value), None, provided=claim.provided if claim else None)


def hand_back(reviewed: Review, finding: ParsedFinding, authors: Authors, until: float) -> Release:
    """Let what people hold be ours, as far as they did not set it after `until` (epoch seconds).

    Whether they did is asked of the history, for the fields that can hide the finding.
    """
    released = Release(reviewed, finding)
    for name in FIELDS:
        if _is_text(name) or name in reviewed.questions:
            continue
        if name in ASKED_ABOUT and _is_a_persons(name, reviewed.claims.get(name), finding):
            if name not in authors:
                reviewed.questions.append(name)
                continue
            if _is_set_after(until, name, authors):
                continue
        released.release(name)
    reviewed.overruled[:] = [name for name in reviewed.overruled if name not in released.fields]
    reviewed.unknown[:] = [name for name in reviewed.unknown if name not in released.fields]
    for name in released.fields:
        reviewed.asked.pop(name, None)
    return released


def held_by_people(entry: Entry, finding: ParsedFinding) -> tuple[str, ...]:
    """Return the fields that people or other tools hold, as far as that can be said without a history."""
    names = dict.fromkeys((*FIELDS, *map(user_field, finding.user_fields())))
    claims = entry.claims
    changed = {
        name: replace(claim, person=True)
        for name, claim in claims.items()
        if stored(finding.value(name)) != claim.value
    }
    known = {**claims, **changed}
    return tuple(name for name in names if _is_a_persons(name, known.get(name), finding))


def _is_set_after(until: float, name: str, authors: Authors) -> bool:
    answer = authors[name]
    return answer is not None and answer.by == "person" and answer.time > until + TIMES_ARE_CUT


def _is_a_persons(name: str, claim: Claim | None, finding: ParsedFinding) -> bool:
    if claim is not None:
        return claim.person
    value = finding.value(name)
    return value is not None and not is_nobodys(finding, name, value)


def _is_text(name: str) -> bool:
    return name == NOTE or name.startswith(USER_PREFIX)


def _is_set_by_a_rule(name: str, planned: Plan) -> bool:
    outcome = None if planned.refused else planned.outcomes.get(name)
    return outcome is not None and outcome.claim is not None and outcome.claim.rule is not None
