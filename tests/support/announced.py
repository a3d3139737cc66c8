"""What a history announces: each event is of something that has happened, and nothing that happened is kept.

It watches what is written into the ledger and what is put on the bus, and holds the laws on the two.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from json import loads
from typing import Any

from jsonschema import Draft7Validator

from hubtriage.aws.decision_events.event import DecisionEvent
from hubtriage.aws.decision_events.memory import MemoryBus
from hubtriage.aws.decision_events.schema import event_schema
from hubtriage.aws.ledger.entry_format import read_entry
from hubtriage.aws.securityhub.api import Key, is_of_v2
from hubtriage.engine.fields import FIELDS, USER_PREFIX, ParsedFinding, user_field
from hubtriage.engine.planning.entry import NO_ENTRY, Entry, stored
from hubtriage.engine.planning.news import News, reported_after

Items = Mapping[Key, tuple[int, str]]
Place = tuple[str, str, str, str]
"""A ticket: rule, queue, what it is per, and group."""
_SCHEMA = Draft7Validator(event_schema(strict=True))


@dataclass
class Announcements:
    """The bus of a history, and what has to be on it.

    `happened` has the values that fields had at some time, `hidden` when triage hid a finding. `owed` are the
    news that the ledger has had, by finding and sequence. `forgotten` are findings whose entry was lost.
    """

    bus: MemoryBus = field(default_factory=MemoryBus)
    happened: set[tuple[Key, str, Any]] = field(default_factory=set)
    hidden: list[tuple[Key, str, float]] = field(default_factory=list)
    owed: dict[Key, dict[int, News]] = field(default_factory=lambda: defaultdict(dict))
    forgotten: set[Key] = field(default_factory=set)

    # What is watched

    def look(self, key: Key, finding: Mapping[str, Any]) -> None:
        """Take note of the values that a finding has now."""
        parsed = ParsedFinding.of(finding)
        keys = {user_field(name) for name in parsed.user_fields()}
        for name in (*FIELDS, *keys):
            self.happened.add((key, name, stored(parsed.value(name))))
        known = {name for one, name, _value in self.happened if one == key and name.startswith(USER_PREFIX)}
        self.happened.update((key, name, None) for name in known - keys)

    def hides(self, key: Key, before: Mapping[str, Any], after: Mapping[str, Any], now: float) -> None:
        """Take note of an update of triage that hides a finding."""
        old, new = (ParsedFinding.of(found).value("Workflow.Status") for found in (before, after))
        if new in ("SUPPRESSED", "RESOLVED") and old not in ("SUPPRESSED", "RESOLVED"):
            self.hidden.append((key, new, now))

    def written(self, before: Items, after: Items) -> None:
        """Take note of what a write of triage made of the ledger."""
        for key in after:
            if after[key] != before.get(key):
                self._written(key, _entry(before, key), _entry(after, key))

    def _written(self, key: Key, old: Entry, new: Entry) -> None:
        added = [news for news in new.news if news not in old.news]
        assert new.told >= old.told, "what was announced last is forgotten"
        assert all(news.sequence > old.told for news in added), "news that are older than others"
        assert added or new.told == old.told, "it counts as announced, though it is not to be"
        for news in added:
            self._demand_news(news, old, new)
            self.owed[key][news.sequence] = news
        expected = old.reported
        for news in added:
            expected = reported_after(expected, news)
        assert new.reported == expected, "tickets that nothing was said of"

    def _demand_news(self, news: News, old: Entry, new: Entry) -> None:
        """A status that the service resets, and that is set again for the same rule, is no news."""
        tickets = [each for each in news.deliver if each.kind == "ticket"]
        if news.overruled or tickets or not news.changes or news.kind in ("hidden", "lowered"):
            return
        fields = [change["field"] for change in news.changes]
        before, after = ({name: each.claims.get(name) for name in fields} for each in (old, new))
        again = all(
            one
            and one.rule
            and not one.person
            and other
            and (one.value, one.rule) == (other.value, other.rule)
            for one, other in zip(before.values(), after.values(), strict=True)
        )
        assert not again, f"the same again: {news}"

    def lose(self, keys: Iterable[Key], items: Items) -> None:
        """Forget what the table has lost, as where it is restored to these items."""
        for key in keys:
            self.owed[key] = {news.sequence: news for news in _entry(items, key).news}
            self.forgotten.add(key)

    def about_to_put(self, events: Sequence[DecisionEvent], *, is_restored: bool) -> None:
        """No event comes before the fact: the ledger has had it, and the finding has had what it says."""
        for event in events:
            detail = loads(event.detail)
            _SCHEMA.validate(detail)
            if detail["kind"] == "refused":
                continue
            key = _key(detail)
            # another container may have put it meanwhile, and have taken it out of the ledger
            assert is_restored or detail["sequence"] in self.owed[key], "the ledger does not know of it yet"
            facts = [(key, change["field"], change["to"]) for change in detail["changes"]]
            missing = [fact for fact in facts if fact not in self.happened]
            # V2 has no history: one value of an update tells there that it has happened
            is_believed = is_of_v2(key) and len(missing) < len(facts)
            assert is_believed or not missing, f"an event before the fact: {missing}"

    # The laws, once all has settled

    def demand_all(self, items: Items) -> None:
        """All that the ledger ever knew to be true is on the bus, and nothing waits any more."""
        put = self._put()
        for key, owed in self.owed.items():
            missing = {name: news for name, news in owed.items() if (key, name) not in put}
            assert not missing, f"decisions without their event: {missing}"
        assert not any(_entry(items, key).news for key in items)
        for key, value, at in self.hidden:
            # once others have overwritten all of it in V2, no one can tell that an update happened
            if key not in self.forgotten and not is_of_v2(key):
                assert self._is_announced(key, value, at), f"hidden without a word: {key} {value}"

    def _is_announced(self, key: Key, value: str, at: float) -> bool:
        return any(
            _key(detail) == key
            and any(change["to"] == value for change in detail["changes"])
            and -1000.0 <= event.at - at <= 60.0
            for event, detail in zip(self.bus.events, self.bus.details, strict=True)
        )

    def _put(self) -> dict[tuple[Key, int], Mapping[str, Any]]:
        """Return the events by finding and sequence; of each there is one, however often it was put."""
        found: dict[tuple[Key, int], Mapping[str, Any]] = {}
        ids: dict[str, tuple[Key, int]] = {}
        for detail in self.bus.details:
            if detail["kind"] == "refused":
                continue
            place = (_key(detail), detail["sequence"])
            known = found.setdefault(place, detail)
            assert ids.setdefault(detail["id"], place) == place, "two decisions with one id"
            same = ("id", "kind", "rule", "changes", "overruled", "deliver", "time")
            assert all(known[name] == detail[name] for name in same), "one decision, two events"
        return found

    def demand_tickets(self, items: Items, key: Key) -> None:
        """In whatever order events came, the one with the highest sequence says what the ledger says."""
        last: dict[Place, tuple[int, str]] = {}
        for (named, sequence), detail in sorted(self._put().items()):
            for each in detail["deliver"] if named == key else ():
                if each["as"] == "ticket":
                    place = (each["rule"], each["to"], each["per"], each["group"])
                    last[place] = max(last.get(place, (0, "")), (sequence, each["state"]))
        told = {place for place, (_sequence, state) in last.items() if state == "open"}
        entry = _entry(items, key)
        known = {
            (rule, ticket.to, ticket.per, ticket.group)
            for rule, ticket in entry.reported.items()
            if ticket.is_open
        }
        assert told == known


def _entry(items: Items, key: Key) -> Entry:
    if key not in items:
        return NO_ENTRY
    version, text = items[key]
    return replace(read_entry(text, version), version=version)


def _key(detail: Mapping[str, Any]) -> Key:
    finding = detail["finding"]
    return (finding["product_arn"], finding["id"])
