"""What shows again when rules end, counted by rule and owner. Pure.

A tally travels with the progress of a sweep. So a step that is taken again counts from where it began, and no
finding counts twice. It is bounded: beyond its limits it says that a number is the least, or not known.
"""

import json
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

MOST_GROUPS = 100
"""Pairs of a rule and an owner that are counted apart. As many rules have one count of all other owners.

AWS: what a state machine hands on has 256 KiB at most. A tally takes 50 KB of them at most.
"""
MOST_ACCOUNTS = 2500
"""Accounts that are kept, over all groups; beyond that a group has "at least" so many."""
MOST_OWNER = 100
"""Characters of an owner's name that count: owners whose names begin alike are one."""
MOST_OWNERS = MOST_GROUPS * MOST_OWNER
"""Bytes of JSON that all names of owners take together. A letter beyond ASCII takes 6 or 12 of them."""
OTHER_OWNERS = "(other owners)"
"""Stands for the owners of a rule beyond `MOST_GROUPS`."""
_ACCOUNT_DIGITS, _ACCOUNT_BYTES = 12, 5

GroupKey = tuple[str, str | None]
"""The id of a rule, and the owner of the findings; None if no one is named."""


@dataclass(slots=True)
class EndingGroup:
    """Findings that show again when a rule ends, of one owner.

    `severities` counts them by the severity that they will have; None is "no severity". `accounts` are
    theirs; with `more_accounts` there are others. For `unknown` findings it cannot be said whether they show
    again.
    """

    findings: int = 0
    severities: Counter[str | None] = field(default_factory=Counter)
    accounts: set[str] = field(default_factory=set)
    more_accounts: bool = False
    unknown: int = 0

    def add(self, other: "EndingGroup") -> None:
        """Add the findings of a group that has none of these."""
        self.findings += other.findings
        self.severities.update(other.severities)
        self.accounts |= other.accounts
        self.more_accounts = self.more_accounts or other.more_accounts
        self.unknown += other.unknown


@dataclass(slots=True)
class EndingTally:
    """Groups by rule and owner. `findings` show again, each counted once, whatever rules hide it.

    `uncounted` findings are in none of the groups, because there are too many of these.
    """

    groups: dict[GroupKey, EndingGroup] = field(default_factory=dict)
    findings: int = 0
    uncounted: int = 0

    @property
    def unknown(self) -> int:
        """How many times it cannot be said of a finding and a rule whether it shows again."""
        return sum(group.unknown for group in self.groups.values())

    def count(self, rule: str, owner: str | None, severity: str | None, account: str | None) -> None:
        """Count a finding that shows again when the rule ends."""
        group = self._group(rule, owner)
        if group is None:
            self.uncounted += 1
            return
        group.findings += 1
        group.severities[severity] += 1
        self._add_account(group, account)

    def count_unknown(self, rule: str, owner: str | None) -> None:
        """Count a finding that may or may not show again when the rule ends: it is not known."""
        group = self._group(rule, owner)
        if group is None:
            self.uncounted += 1
        else:
            group.unknown += 1

    def _group(self, rule: str, owner: str | None) -> EndingGroup | None:
        key, others = (rule, owner and owner[:MOST_OWNER]), (rule, OTHER_OWNERS)
        if key in self.groups or self._has_room(key[1]):
            return self.groups.setdefault(key, EndingGroup())
        if others in self.groups or len(self.groups) < 2 * MOST_GROUPS:
            return self.groups.setdefault(others, EndingGroup())
        return None

    def _has_room(self, owner: str | None) -> bool:
        """Say whether another group of this owner may be counted apart."""
        if len(self.groups) >= MOST_GROUPS:
            return False
        return _size(owner) + sum(_size(name) for _rule, name in self.groups) <= MOST_OWNERS

    def _add_account(self, group: EndingGroup, account: str | None) -> None:
        if account is None or group.more_accounts or account in group.accounts:
            return
        if not _is_account(account) or self._accounts_known() >= MOST_ACCOUNTS:
            group.more_accounts = True
        else:
            group.accounts.add(account)

    def _accounts_known(self) -> int:
        return sum(len(group.accounts) for group in self.groups.values())

    def as_json(self) -> dict[str, Any]:
        """Return all of it, JSON-ready."""
        groups = [[*key, *_group_as_json(group)] for key, group in self.groups.items()]
        return {"groups": groups, "findings": self.findings, "uncounted": self.uncounted}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "EndingTally":
        """Read what `as_json` wrote; raises TypeError, ValueError and LookupError for anything else."""
        groups = {(rule, owner): _group_from_json(*rest) for rule, owner, *rest in document["groups"]}
        return cls(groups, document["findings"], document["uncounted"])


def together(tallies: Iterable[EndingTally]) -> EndingTally:
    """Return one tally of several that have no finding in common."""
    whole = EndingTally()
    for tally in tallies:
        whole.findings += tally.findings
        whole.uncounted += tally.uncounted
        for key, group in tally.groups.items():
            whole.groups.setdefault(key, EndingGroup()).add(group)
    return whole


def _size(owner: str | None) -> int:
    """Return how many bytes of JSON a name takes, without its quotes."""
    return len(json.dumps(owner or "")) - 2


def _is_account(text: str) -> bool:
    """AWS: 12 digits."""
    return len(text) == _ACCOUNT_DIGITS and text.isascii() and text.isdecimal()


def _group_as_json(group: EndingGroup) -> Iterator[Any]:
    yield from (group.findings, [[label, count] for label, count in group.severities.items()])
    packed = b"".join(int(account).to_bytes(_ACCOUNT_BYTES) for account in sorted(group.accounts))
    yield from (b64encode(packed).decode(), group.more_accounts, group.unknown)


def _group_from_json(findings: int, severities: Any, accounts: str, more: bool, unknown: int) -> EndingGroup:
    packed = b64decode(accounts, validate=True)
    numbers = (
        int.from_bytes(packed[at : at + _ACCOUNT_BYTES]) for at in range(0, len(packed), _ACCOUNT_BYTES)
    )
    known = {f"{number:0{_ACCOUNT_DIGITS}}" for number in numbers}
    return EndingGroup(findings, Counter(dict(severities)), known, more, unknown)
