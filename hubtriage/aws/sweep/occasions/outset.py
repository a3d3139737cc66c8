"""What a sweep begins with: which findings it reads, and how much it may reopen. Pure.

| asked for | entries whose findings are read by id | active findings |
|---|---|---|
| all findings | all; of more than 20,000 a part each day, and those of rules that changed | all |
| what changed | those that name a rule that ended or changed | all, if a rule may want others |
| some rules | those that name them | as asked |
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from zlib import crc32

from hubtriage.aws.ledger.ledger import Page
from hubtriage.aws.securityhub.api import Key
from hubtriage.aws.sweep.occasions.changes import Changes
from hubtriage.aws.sweep.occasions.guard import hides_by, objection
from hubtriage.aws.sweep.occasions.memory import Swept
from hubtriage.aws.sweep.request import ACTIVE, MANAGED, SCOPES, SweepRequest
from hubtriage.engine.planning.entry import Entry

MOST_BY_ID = 20_000
"""Findings that are read by id where all active ones are paged through anyway.

Reading by id gives 20 findings a call, a page 100. By rule alone it is the cheapest way all the same. To find
100,000 of 1,000,000 takes 5,000 calls by id, and by pages 10,000 and more for those that are archived.
"""
MOST_RULES = 1000
"""Rules that a sweep is narrowed to. AWS: what a state machine hands on has 256 KiB at most."""
DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class DeployedRules:
    """The rule set that is deployed: its hash, which names it, and a digest of all that it decides by."""

    hash: str
    digest: str


@dataclass(frozen=True, slots=True)
class Outset:
    """How a sweep goes about its request; its members are JSON-ready.

    `scopes` are read in this order. Of the ledger only entries that name one of `rules` (None: all) are
    read; of these, part `part` of `parts`, and those that name one of `surely`. `ruleset` is a digest of the
    rules that this was made for. `may_reopen`: the most findings that may be reopened before a person is
    asked, None for any number; `objection`: why a person is asked. `mixed`: some pages were decided by other
    rules. While it `counts` entries beforehand, `token` is how far it is: so far `held` name a rule that
    changed, and `hidden` are hidden by one that ended.
    """

    scopes: tuple[str, ...] = SCOPES
    rules: tuple[str, ...] | None = None
    surely: tuple[str, ...] = ()
    part: int = 0
    parts: int = 1
    ruleset: str = ""
    may_reopen: int | None = None
    objection: str = ""
    mixed: bool = False
    counts: bool = False
    token: str | None = None
    held: int = 0
    hidden: int = 0

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Outset":
        """Read what `as_json` wrote; raises TypeError for anything else."""
        members: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in document.items()}
        return cls(**members)

    def as_json(self) -> dict[str, Any]:
        """Return all members, JSON-ready."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}

    def reads(self, key: Key, entry: Entry) -> bool:
        """Say whether the finding of an entry that was asked for is read by its id."""
        if self.parts == 1 or not set(self.surely).isdisjoint(entry.rules):
            return True
        return crc32(key[1].encode("utf-8", "surrogatepass")) % self.parts == self.part

    def has_read(self, key: Key, entry: Entry) -> bool:
        """Say whether an active finding was read by its id before, in the scope that came first."""
        if MANAGED not in self.scopes or (self.rules is not None and set(self.rules).isdisjoint(entry.rules)):
            return False
        return self.reads(key, entry)

    def in_parts(self, entries: int, surely: Sequence[str], now: float) -> "Outset":
        """Return the outset that reads at most 20,000 of so many entries by id, if pages show the others."""
        if not {ACTIVE, MANAGED} <= set(self.scopes) or len(surely) > MOST_RULES:
            return self
        parts = max(1, math.ceil(entries / MOST_BY_ID))
        return replace(self, parts=parts, part=int(now // DAY) % parts, surely=tuple(surely))

    def counting(self, page: Page, changes: Changes) -> "Outset":
        """Return the outset after one more page of the entries that name a rule which changed."""
        ended = frozenset(changes.ended)
        return replace(
            self,
            token=page.token,
            counts=page.token is not None,
            held=self.held + len(page.entries),
            hidden=self.hidden + sum(hides_by(entry, ended) for _key, entry in page.entries),
        )

    def counted(self, request: SweepRequest, changes: Changes, now: float) -> "Outset":
        """Return the outset once all is counted: with what a person has to confirm, if anything."""
        found = self.in_parts(self.held, changes.ended, now) if request.changed else self
        if self.may_reopen is None:
            return found
        return replace(found, objection=objection(changes, self.hidden, self.may_reopen) or "")


def plain_outset(request: SweepRequest) -> Outset:
    """Return the outset of a sweep that no one has to confirm: it reads what it was asked to read."""
    return Outset(scopes=request.scopes, rules=request.rules or None)


def outset(
    request: SweepRequest,
    swept: Swept | None,
    changes: Changes,
    deployed: DeployedRules,
    reopen_limit: int,
    now: float,
) -> Outset:
    """Return the outset of a stack's sweep, before anything is counted.

    `changes` are those since the last sweep; `swept` is None if that is not known: then all may be new.
    """
    found = replace(plain_outset(request), ruleset=deployed.digest)
    if request.take_back or request.is_filtered:
        return found
    if (swept is None or changes.any) and request.budget is None and request.confirmed != deployed.hash:
        found = replace(found, may_reopen=reopen_limit)
    if swept is None:
        return found
    if request.changed:
        scopes = (MANAGED,) * bool(changes.holding) + (ACTIVE,) * changes.wants_active
        rules = changes.holding if len(changes.holding) <= MOST_RULES else None
        found = replace(found, scopes=scopes, rules=rules)
    else:
        found = found.in_parts(swept.entries, changes.holding, now)
    is_guarded = bool(changes.ended) and found.may_reopen is not None
    may_be_many = bool(changes.holding) and request.changed and ACTIVE in found.scopes
    return replace(found, counts=is_guarded or may_be_many)
