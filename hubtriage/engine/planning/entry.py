"""The ledger's entry of one finding: what triage holds there, and when it wrote last.

A value is kept as `stored` writes it: short ones as they are, long ones as a digest, so that an entry stays
under 1 KB. Only a value that is given back one day (`before`, `provided`) is kept whole.
"""

from base64 import urlsafe_b64encode
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import sha256
from json import dumps
from typing import Literal

from hubtriage.engine.fields import Value
from hubtriage.engine.planning.news import News, Reported, appended, reported_after

MOST_OVERRULINGS = 3
LONGEST_PLAIN = 40
"""Characters up to which a text is stored as it is."""
_DIGEST = "sha256:"

Stored = str | int | None


@dataclass(frozen=True, slots=True)
class Claim:
    """That triage set a field: to which value (as `stored`), and for which rule.

    `rule` is the id of the rule that wants the value. It is None if no rule wants it any more, but the field
    is still ours: it follows the provider or the service, or the API cannot empty it. `before` is the
    person's value that an override replaced, or NEW where the service had not resolved what passed.
    `overruled` counts how often a person or a tool changed the field after us; with `person` they hold it.
    `left_out`: a user key was left out of the map once already. `provided` is the provider's value where
    FindingProviderFields lacks it.
    """

    value: Stored
    rule: str | None
    before: Value = None
    overruled: int = 0
    person: bool = False
    left_out: bool = False
    provided: Value = None


Claims = Mapping[str, Claim]
Times = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Intent:
    """An update that was about to be sent at `time` (epoch seconds).

    If it happened, `claims` and `sets` hold, and `news` are true. `written` has the values that it sets,
    `was` what the finding had in their place.
    """

    claims: Claims
    written: Mapping[str, Stored]
    was: Mapping[str, Stored]
    time: float
    sets: Mapping[str, Times] = field(default_factory=dict)
    news: News | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What the ledger knows of a finding.

    `started` and `ended` (epoch seconds) are those of the last confirmed write, `written` its values. `sets`
    are the times at which a field was newly set by confirmed writes of the last day. `asked` has the values
    that hide the finding and that, as its history says, are not ours. `about` is for people and reports:
    product, account, Region, severity and control or type. `gone` is when the finding was first not found.
    `version` 0: not in the ledger yet.

    Where decisions are announced, `news` are what is true and not announced yet, the oldest first;
    `told` is the `sequence` of the last ones. `reported` says by rule which ticket has the finding.
    """

    claims: Claims = field(default_factory=dict)
    version: int = 0
    started: float = 0.0
    ended: float = 0.0
    written: Mapping[str, Stored] = field(default_factory=dict)
    intent: Intent | None = None
    sets: Mapping[str, Times] = field(default_factory=dict)
    asked: Mapping[str, Stored] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)
    gone: float | None = None
    news: tuple[News, ...] = ()
    told: int = 0
    reported: Mapping[str, Reported] = field(default_factory=dict)

    @property
    def rules(self) -> tuple[str, ...]:
        """The ids of the rules that hold something here or have an open ticket for the finding.

        Those count too that may once the intent has happened.
        """
        claims = (*self.claims.values(), *(self.intent.claims.values() if self.intent else ()))
        names = {claim.rule for claim in claims if claim.rule and not claim.person}
        return tuple(sorted(names.union(self._with_tickets()))) if self.told else tuple(sorted(names))

    def _with_tickets(self) -> Iterator[str]:
        coming = self.intent.news.deliver if self.intent and self.intent.news else ()
        yield from (each.rule for each in coming if each.state == "open")
        yield from self.open_tickets

    @property
    def open_tickets(self) -> tuple[str, ...]:
        """The ids of the rules for which the finding was announced to be open."""
        return tuple(rule for rule, ticket in self.reported.items() if ticket.is_open)

    def remembers_more_than(self, other: "Entry") -> bool:
        """Say whether the two differ in what planning reads, or there are other news."""
        return (self.claims, self.asked, self.told) != (other.claims, other.asked, other.told)

    def telling(self, news: News) -> "Entry":
        """Return the entry with news that are true from now on."""
        return replace(
            self,
            news=appended(self.news, news),
            told=max(self.told, news.sequence),
            reported=reported_after(self.reported, news),
        )

    def having_told(self, sequences: Collection[int]) -> "Entry":
        """Return the entry without the news that were announced."""
        return replace(self, news=tuple(each for each in self.news if each.sequence not in sequences))

    def silent(self) -> "Entry":
        """Return the entry without what is to be announced, for where decisions are announced no more."""
        return replace(self, news=(), reported={}) if self.news or self.reported else self

    def remembering(self, after: "Entry") -> "Entry":
        """Return the entry with what a decision remembers, without an update."""
        return replace(
            self,
            claims=after.claims,
            asked=after.asked,
            gone=None,
            news=after.news,
            told=after.told,
            reported=after.reported,
        )

    def intending(
        self,
        after: "Entry",
        written: Mapping[str, Stored],
        was: Mapping[str, Stored],
        now: float,
        news: News | None = None,
    ) -> "Entry":
        """Return the entry with an intent, from `now`, to send an update after which `after` holds.

        `news` will be true then.
        """
        intent = Intent(after.claims, written, was, now, after.sets, news)
        return replace(self, intent=intent, asked=after.asked, gone=None)

    def confirmed(self, now: float) -> "Entry":
        """Return the entry after its intent has happened and ended at `now`."""
        if self.intent is None:
            return self
        done = self if self.intent.news is None else self.telling(self.intent.news)
        return replace(
            done,
            claims=self.intent.claims,
            sets=self.intent.sets,
            written=self.intent.written,
            started=self.intent.time,
            ended=now,
            intent=None,
        )

    def abandoned(self) -> "Entry":
        """Return the entry after its intent has surely not happened: the old claims and times hold."""
        return replace(self, intent=None)


NO_ENTRY = Entry()


@dataclass(frozen=True, slots=True)
class LastChange:
    """What a finding's history says of a field: who changed it last, to what and when (epoch seconds)."""

    by: Literal["triage", "person", "service"]
    value: Value
    time: float


Authors = Mapping[str, LastChange | None]
"""Who changed a field last, for the fields that were asked about; None where the history has no record."""


def stored(value: Value) -> Stored:
    """Return a field's value as an entry keeps it: as it is, or the digest of a longer one.

    A text that looks like a digest is digested too, so no value can pass for another.
    """
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, str) and len(value) <= LONGEST_PLAIN and not value.startswith(_DIGEST):
        return value
    return digest(dumps(sorted(set(value)) if isinstance(value, tuple) else value))


def is_digest(value: Stored) -> bool:
    """Return whether a stored value is the digest of a longer one."""
    return isinstance(value, str) and value.startswith(_DIGEST)


@lru_cache(maxsize=8192)
def digest(text: str) -> str:
    """Return 128 bits of SHA-256 in place of a longer text. Cached: a batch asks for the same ones again."""
    hashed = sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]
    return _DIGEST + urlsafe_b64encode(hashed).decode().rstrip("=")
