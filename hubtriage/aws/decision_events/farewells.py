"""Announce that findings are gone that tickets have: no event of them will ever come.

What is to be announced is written into the entry first, as triage does. So a step that dies loses none, and
the next sweep announces what this one could not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from hubtriage.aws.clock import Clock
from hubtriage.aws.decision_events.outbox import EventLetter, Outbox
from hubtriage.aws.ledger.lease import LAG, LONGEST_LEASE
from hubtriage.aws.ledger.ledger import Ledger
from hubtriage.aws.securityhub.api import Finding, Key, is_of_v2
from hubtriage.engine.fields import OCSF
from hubtriage.engine.planning.entry import Entry
from hubtriage.engine.planning.telling import gone
from hubtriage.engine.ruleset.ruleset import Ruleset

Entries = Mapping[Key, Entry]


@dataclass(frozen=True, slots=True)
class Farewells:
    """Announces for one page of a sweep. `until`: monotonic; no call starts later."""

    outbox: Outbox
    ruleset: Ruleset
    ledger: Ledger
    clock: Clock
    until: float

    def announce(self, missing: Entries, now: float) -> dict[Key, Entry]:
        """Announce what is due of entries whose finding was not found; return them as the ledger has them.

        A finding counts as gone once it was not found twice, at least a lag apart. `now`: epoch seconds. An
        entry that could not be written, or that another worker has changed, is left out. One with an intent
        is left to its worker until that has ended. It is never known then whether its update happened.
        """
        entries = self._written(missing, self._turned(missing, now))
        letters = [
            (key, EventLetter(news, what_is_known(key, entry)))
            for key, entry in entries.items()
            if not _is_in_flight(entry, now)
            for news in entry.news
        ]
        if not letters:
            return entries
        not_put = self.outbox.put([letter for _key, letter in letters], self.ruleset, self.clock, self.until)
        told: dict[Key, set[int]] = {}
        for place, (key, letter) in enumerate(letters):
            if place not in not_put:
                told.setdefault(key, set()).add(letter.news.sequence)
        return self._written(entries, {key: entries[key].having_told(which) for key, which in told.items()})

    def _turned(self, missing: Entries, now: float) -> dict[Key, Entry]:
        """Return the entries with the news that their finding is gone, where it was not announced."""
        turned = {}
        for key, entry in missing.items():
            if entry.gone is None or now - entry.gone < LAG or _is_in_flight(entry, now):
                continue
            news = gone(entry, what_is_known(key, entry), self.ruleset, self.outbox.routes, now)
            if news is not None:
                turned[key] = entry.telling(news)
        return turned

    def _written(self, entries: Entries, changed: Entries) -> dict[Key, Entry]:
        """Write some of the entries; return all, without those that could not be written."""
        if not changed:
            return dict(entries)
        written = self.ledger.write(changed, self.until).versions
        untouched = {key: entry for key, entry in entries.items() if key not in changed}
        return untouched | {key: replace(changed[key], version=version) for key, version in written.items()}


def _is_in_flight(entry: Entry, now: float) -> bool:
    """Say whether a worker may still be about to confirm an update of the entry."""
    return entry.intent is not None and now - entry.intent.time < LONGEST_LEASE


def what_is_known(key: Key, entry: Entry) -> Finding:
    """Return what an entry says of its finding, in the form of a finding of its hub."""
    about, (product, name) = entry.about, key
    known: dict[str, Any] = {"ProductArn": product, "Id": name}
    if is_of_v2(key):
        known = {OCSF: {"uid": name}}
    if "account" in about:
        known["AwsAccountId"] = about["account"]
    if "region" in about:
        known["Region"] = about["region"]
    if "severity" in about:
        known["Severity"] = {"Label": about["severity"]}
    if "control" in about:
        known["Compliance"] = {"SecurityControlId": about["control"]}
    if "type" in about:
        known["Types"] = [about["type"]]
    return known
