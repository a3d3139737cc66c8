"""Review the claims: who changed each field that is no longer as we left it.

Watching cannot tell a person from the service, because events are missed, batched and late. So for Workflow
and Severity the finding's history is asked (`Authors`); what it does not say yet becomes a question.
"""

from dataclasses import dataclass, field, replace

from hubtriage.engine.fields import (
    HIDING_STATUSES,
    SEVERITY,
    USER_PREFIX,
    WORKFLOW,
    ParsedFinding,
    has_passed,
    is_nobodys,
    untouched,
)
from hubtriage.engine.planning.entry import Authors, Claim, Entry, LastChange, Stored, stored
from hubtriage.engine.ruleset.hiding import lowers

ASKED_ABOUT = (WORKFLOW, SEVERITY)
"""The fields that can hide a finding. Of the others, a value that is not ours is a person's."""
CLOCKS_DIFFER = 30.0
"""Seconds by which the history's clock may be behind ours: an older record is not of our last write."""


@dataclass(slots=True)
class Review:
    """The claims as they stand after a look at the finding.

    `overruled` are the fields that a person or a tool has changed after us. `asked` are the hiding values
    that are known not to be ours, `unknown` the fields with one of unknown author. `questions` are fields
    about which the history has to be asked, `unrecorded` those that it has no record of. `outdated`: the
    history shows that the finding is from before our last write.
    """

    claims: dict[str, Claim] = field(default_factory=dict)
    overruled: list[str] = field(default_factory=list)
    asked: dict[str, Stored] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    unrecorded: list[str] = field(default_factory=list)
    outdated: bool = False


def review(entry: Entry, finding: ParsedFinding, authors: Authors) -> Review:
    """Look at every claim once, and at the answers about values that hide the finding without a claim."""
    result = Review()
    look = _Look(result, entry, finding, authors)
    for name, claim in entry.claims.items():
        standing = look.at(name, claim)
        if standing is not None:
            result.claims[name] = standing
    for name in ASKED_ABOUT:
        if name not in result.claims and hides_unclaimed(name, finding):
            _look_at_unclaimed(name, result, entry, finding, authors)
    return result


@dataclass(frozen=True, slots=True)
class _Look:
    """A look at one claim of an entry."""

    result: Review
    entry: Entry
    finding: ParsedFinding
    authors: Authors

    def at(self, name: str, claim: Claim) -> Claim | None:
        """Return the claim as it stands; None if it has ended."""
        value = self.finding.value(name)
        if claim.person or stored(value) == claim.value:
            return claim
        if name.startswith(USER_PREFIX) and claim.rule is None and value is None:
            return None  # no rule wanted the key, and it is gone
        if name == WORKFLOW and claim.rule is None and untouched(self.finding, name) == (True, value):
            return replace(claim, value=stored(value)) if value in HIDING_STATUSES else None
        if name not in ASKED_ABOUT:
            return self._overruled(name, claim)
        return self._changed(name, claim)

    def _changed(self, name: str, claim: Claim) -> Claim | None:
        """Return what the history makes of a claim whose field shows another value."""
        value, answer = self.finding.value(name), self._answer(name, claim)
        if answer is None:
            # AWS: the service resets NOTIFIED to NEW. If it was a person, nothing is hidden by the mistake.
            was_reset = (name, claim.value, value) == (WORKFLOW, "NOTIFIED", "NEW")
            return None if was_reset else self._overruled(name, claim)
        if answer.by == "person":
            return self._overruled(name, claim)
        if answer.by == "service":
            return None
        if stored(answer.value) == claim.value:
            self.result.outdated = True
            return claim
        return replace(claim, value=stored(value))

    def _answer(self, name: str, claim: Claim) -> LastChange | None:
        """Return the last change since our last write; note what is not known."""
        if name not in self.authors:
            self.result.questions.append(name)
            return None
        answer = self.authors[name]
        if answer is None or not self._explains(answer, name, claim):
            self.result.unrecorded.append(name)
            return None
        return answer

    def _explains(self, answer: LastChange, name: str, claim: Claim) -> bool:
        """Say whether a record can be of the last change: else that is not on record yet, or came after."""
        if answer.time < self.entry.started - CLOCKS_DIFFER:
            return False
        shown, recorded = stored(self.finding.value(name)), stored(answer.value)
        if answer.by == "person":
            return True
        known = {shown, claim.value} if answer.by == "triage" else {shown}
        return recorded is not None and recorded in known

    def _overruled(self, name: str, claim: Claim) -> Claim:
        self.result.overruled.append(name)
        return replace(claim, person=True, overruled=claim.overruled + 1, left_out=False)


def hides_unclaimed(name: str, finding: ParsedFinding) -> bool:
    """Say whether a value that no claim explains hides the finding, other than the service would."""
    value = finding.value(name)
    if name == WORKFLOW:
        return value == "SUPPRESSED" or (value == "RESOLVED" and not has_passed(finding.raw))
    return value is not None and not is_nobodys(finding, name, value) and lowers(value, finding)


def _look_at_unclaimed(
    name: str, result: Review, entry: Entry, finding: ParsedFinding, authors: Authors
) -> None:
    """Claim a hiding value that the history says is ours: a lost entry hides nothing.

    Otherwise remember the value, so that it is asked about once. No record, or one of another value, tells
    nothing: the history may be late, and what a lost entry hides would stay hidden forever.
    """
    shown = stored(finding.value(name))
    answer = authors.get(name)
    if answer is not None and answer.by == "triage" and stored(answer.value) == shown:
        result.claims[name] = Claim(shown, None)
        return
    is_known = answer is not None and stored(answer.value) == shown
    if is_known or entry.asked.get(name) == shown:
        result.asked[name] = shown
    else:
        result.unknown.append(name)
