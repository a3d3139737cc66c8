"""What there is to tell other systems of a decision: its news, and which tickets have the finding then.

A rule that asks for tickets wants its finding in one as long as it applies and the finding is open. What was
said last stands in the entry, so each turn is announced once. Where it is not known whether a rule applies,
its ticket stays as it is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from json import dumps

from hubtriage.engine.fields import (
    LABEL_RANK,
    SEVERITY,
    WORKFLOW,
    Finding,
    ParsedFinding,
    has_passed,
    position,
)
from hubtriage.engine.planning.decision import Change, Decision
from hubtriage.engine.planning.entry import Entry, stored
from hubtriage.engine.planning.fold import Fold
from hubtriage.engine.planning.news import Delivered, Kind, News, Reported, WhyDone, next_sequence
from hubtriage.engine.ruleset.delivery import Destination, Routes, destinations
from hubtriage.engine.ruleset.hiding import is_hiding
from hubtriage.engine.ruleset.owner import owner_of
from hubtriage.engine.ruleset.ruleset import Rule, Ruleset

MOST_BYTES = 4 * 1024
"""Bytes of the changes that news keep: those that do not fit are left out, user-defined fields first."""
_ESCALATIONS = ("above its ceiling", "above every ceiling")
_BY_OTHERS = ("archived", "passed", "resolved", "suppressed", "gone")


@dataclass(frozen=True, slots=True)
class Teller:
    """Makes the news of one finding; `base` is what rules see of it, `folded` what they want."""

    finding: Finding
    parsed: ParsedFinding
    base: ParsedFinding
    entry: Entry
    folded: Fold
    ruleset: Ruleset
    routes: Routes
    now: float

    def told(self, decision: Decision) -> Decision:
        """Return the decision with its news, if any, and with what rules in `observe` would deliver."""
        tickets = tuple(self._tickets(decision))
        news = self._news(decision, tickets)
        would = tuple(self._watchers(decision)) if self.folded.watched else ()
        if news is None:
            return replace(decision, would_deliver=would) if would else decision
        return replace(decision, news=news, after=decision.after.telling(news), would_deliver=would)

    def _news(self, decision: Decision, tickets: tuple[Delivered, ...]) -> News | None:
        changes = tuple(change for change in decision.changes if not self._is_repeated(change, decision))
        if not (changes or decision.overruled or tickets):
            return None
        kind, rule = self._headline(decision, changes, tickets)
        names = [change.rule for change in changes]
        names += [claim.rule for field in decision.overruled if (claim := self.entry.claims.get(field))]
        names += [ticket.rule for ticket in tickets]
        fitting = tuple(_that_fit(changes))
        return News(
            kind=kind,
            at=self.now,
            sequence=next_sequence(self.entry.told, self.now),
            rule=rule,
            rules=decision.rules,
            changes=fitting,
            overruled=decision.overruled,
            deliver=(
                *tickets,
                *messages(dict.fromkeys(filter(None, names)), self.finding, self.ruleset, self.routes),
            ),
            is_cut=len(fitting) < len(changes),
        )

    def _is_repeated(self, change: Change, decision: Decision) -> bool:
        """Say whether a change sets what triage had set for the same rule, and the service has reset.

        AWS: NOTIFIED is reset to NEW again and again. That a finding is hidden is announced each time.
        """
        before, after = self.entry.claims.get(change.field), decision.after.claims.get(change.field)
        if before is None or after is None or change.field in (*decision.overruled, *decision.handed_back):
            return False
        is_same = before.rule is not None and (before.value, before.rule) == (after.value, after.rule)
        return is_same and not before.person and not is_hiding(change.field, change.new, self.base)

    def _headline(
        self, decision: Decision, changes: tuple[Change, ...], tickets: tuple[Delivered, ...]
    ) -> tuple[Kind, str | None]:
        """Return the gravest of what happened, and the rule that it is due to."""
        kinds = [(self._kind(change), change) for change in changes]
        for kind in ("hidden", "escalated", "reopened", "lowered", "raised"):
            for each, change in kinds:
                if each == kind:
                    return each, change.rule
        if decision.overruled:
            claim = self.entry.claims.get(decision.overruled[0])
            return "overruled", claim.rule if claim else None
        for ticket in tickets:
            if ticket.why in _BY_OTHERS:
                return "resolved", ticket.rule
        for ticket in tickets:
            known = self.entry.reported.get(ticket.rule)
            if ticket.state == "open" and known is not None and not known.is_open:
                return "returned", ticket.rule
        return "changed", changes[0].rule if changes else tickets[0].rule

    def _kind(self, change: Change) -> Kind:
        if change.why == "rule" and is_hiding(change.field, change.new, self.base):
            return "hidden" if change.field == WORKFLOW else "lowered"
        if change.cause in _ESCALATIONS:
            return "escalated"
        if change.why == "rule" and change.field == SEVERITY:
            return "raised" if self._is_above_provided(change.new) else "changed"
        return "reopened" if change.reopens else "changed"

    def _is_above_provided(self, label: str) -> bool:
        _known, provided = self.base.provider_value(SEVERITY)
        provided = provided or self.base.value(SEVERITY)
        return provided is not None and LABEL_RANK[label] > LABEL_RANK[provided]

    def _tickets(self, decision: Decision) -> Iterator[Delivered]:
        """Yield where it has to be said that the finding is done, or open, other than was said last."""
        reported = self.entry.reported
        applying = [rule for rule in self._applying() if any(one.kind == "ticket" for one in rule.deliveries)]
        if not reported and not applying:
            return
        done = self._why_done(decision)
        wanted = {} if done else {rule.id: self._ticket(rule) for rule in applying}
        for rule, ticket in reported.items():
            if ticket.is_open and (done or not self._is_left_alone(rule)):
                yield from _turned(rule, ticket, wanted.get(rule), done)
        for rule, place in wanted.items():
            if place is not None and (rule not in reported or not reported[rule].is_open):
                yield _opened(place)

    def _applying(self) -> Iterator[Rule]:
        """Yield the rules that act on the finding, and not against the policy."""
        forbidden = {rule for rule, _field in self.folded.against_policy}
        for name in self.folded.rules:
            rule = self.ruleset.by_id[name]
            if rule.deliveries and rule.mode == "enforce" and name not in forbidden:
                yield rule

    def _is_left_alone(self, rule: str) -> bool:
        """Say whether the ticket of an open finding stays as it is: the rule is on hold, or in doubt."""
        known = self.ruleset.by_id.get(rule)
        if known is not None and known.mode == "hold" and rule in self.folded.rules:
            return True
        return rule in self.folded.undecided or any(error.rule == rule for error in self.folded.errors)

    def _why_done(self, decision: Decision) -> WhyDone | None:
        """Return why no ticket needs the finding as it will be; None if it is open.

        A status of Security Hub V2 that may mean anything counts as open.
        """
        if self.parsed.raw.get("RecordState") == "ARCHIVED":
            return "archived"
        if has_passed(self.parsed.raw):
            return "passed"
        new = [change.new for change in decision.changes if change.field == WORKFLOW]
        status = new[0] if new else self.parsed.value(WORKFLOW)
        closed: dict[str, WhyDone] = {"RESOLVED": "resolved", "SUPPRESSED": "suppressed", "DELETED": "gone"}
        return closed.get(status)

    def _ticket(self, rule: Rule) -> Destination | None:
        return next((one for one in self._destinations(rule) if one.kind == "ticket"), None)

    def _destinations(self, rule: Rule) -> Iterator[Destination]:
        return _destinations(rule, self.finding, self.ruleset, self.routes)

    def _watchers(self, decision: Decision) -> Iterator[Delivered]:
        """Yield what rules in `observe` would deliver."""
        acting = {observed.rule for observed in decision.observed}
        done = self._why_done(decision)
        for name in self.folded.watched:
            rule = self.ruleset.by_id[name]
            for place in self._destinations(rule) if rule.deliveries else ():
                if place.kind == "ticket" and not done:
                    yield _opened(place)
                if place.kind == "message" and name in acting:
                    yield _message(place)


def messages(rules: Iterable[str], finding: Finding, ruleset: Ruleset, routes: Routes) -> Iterator[Delivered]:
    """Yield the messages that rules ask for. A rule that is gone asks for none."""
    for name in rules:
        rule = ruleset.by_id.get(name)
        if rule is not None and rule.deliveries:
            for place in _destinations(rule, finding, ruleset, routes):
                if place.kind == "message":
                    yield _message(place)


def _destinations(rule: Rule, finding: Finding, ruleset: Ruleset, routes: Routes) -> Iterator[Destination]:
    owner = owner_of(rule.source, finding, ruleset.accounts)
    return destinations(rule.id, rule.deliveries, finding, owner, routes, ruleset.accounts)


def gone(entry: Entry, finding: Finding, ruleset: Ruleset, routes: Routes, now: float) -> News | None:
    """Return the news of an entry whose finding is gone; None if no ticket has it.

    `finding` is what is still known of it.
    """
    rules = entry.open_tickets
    if not rules:
        return None
    tickets = [
        Delivered(ticket.to, "ticket", rule, ticket.group, ticket.per, "done", "gone")
        for rule in rules
        for ticket in [entry.reported[rule]]
    ]
    deliver = (*tickets, *messages(rules, finding, ruleset, routes))
    return News("resolved", now, next_sequence(entry.told, now), rules[0], deliver=deliver)


def told_alone(kind: Kind, decision: Decision, entry: Entry, now: float) -> Decision:
    """Return a decision whose changes are news, whatever rules ask for: nothing is delivered."""
    changes = decision.changes
    sequence = next_sequence(entry.told, now)
    news = News(kind, now, sequence, changes[0].rule, (), tuple(_that_fit(changes)))
    return replace(decision, news=news, after=decision.after.telling(news))


def _turned(
    rule: str, ticket: Reported, wanted: Destination | None, done: WhyDone | None
) -> Iterator[Delivered]:
    """Yield what to say of an open ticket: nothing if it is to have the finding still."""
    if wanted is not None and Reported(wanted.to, wanted.per, wanted.group) == ticket:
        return
    why: WhyDone = done or ("rule no longer applies" if wanted is None else "moved")
    yield Delivered(ticket.to, "ticket", rule, ticket.group, ticket.per, "done", why)
    if wanted is not None:
        yield _opened(wanted)


def _opened(place: Destination) -> Delivered:
    return Delivered(place.to, "ticket", place.rule, place.group, place.per, "open")


def _message(place: Destination) -> Delivered:
    return Delivered(place.to, "message", place.rule, place.group)


def _that_fit(changes: tuple[Change, ...]) -> Iterator[dict[str, object]]:
    """Yield changes as news have them; what is first in the order of fields is kept."""
    room = MOST_BYTES
    for change in sorted(changes, key=lambda each: position(each.field)):
        record = {**change.as_record(), "from": stored(change.old), "to": stored(change.new)}
        room -= len(dumps(record))
        if room < 0:
            return
        yield record
