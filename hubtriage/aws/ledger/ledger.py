"""What triage asks of its ledger, and how that ends for each finding.

Each key has its own ending, whatever table, network or IAM do. So a damaged entry stops one finding only,
and a table that cannot be reached is never taken for an empty one.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum
from math import inf
from typing import Protocol

from hubtriage.aws.securityhub.api import Key
from hubtriage.engine.planning.entry import Entry


class LedgerFaultKind(Enum):
    """Why the ledger did not do what was asked. Only the last two concern a single entry."""

    UNREACHABLE = "unreachable"  # no answer, or the service's own failure; a write may have happened
    MISSING = "missing"  # there is no such table
    DENIED = "denied"  # IAM, or the policy of the key, forbids it
    THROTTLED = "throttled"  # beyond what the table takes for now
    LATE = "late"  # no time was left to ask
    REFUSED = "refused"  # the service calls the request wrong: an entry of more than 400 KB, for example
    DAMAGED = "damaged"  # there is an entry, but not one that we have written


@dataclass(frozen=True, slots=True)
class LedgerFault:
    """What went wrong: its kind, AWS's code or botocore's name for it, and a message for people."""

    kind: LedgerFaultKind
    code: str
    message: str

    @property
    def concerns_table(self) -> bool:
        """Say whether other entries would have fared no better."""
        return self.kind not in (LedgerFaultKind.REFUSED, LedgerFaultKind.DAMAGED)


class LedgerError(RuntimeError):
    """A page of entries that could not be read."""

    def __init__(self, fault: LedgerFault) -> None:
        super().__init__(f"{fault.code}: {fault.message}")
        self.fault = fault


@dataclass(slots=True)
class Recall:
    """What the ledger knows. A key that is in neither has no entry."""

    entries: dict[Key, Entry] = field(default_factory=dict)
    unread: dict[Key, LedgerFault] = field(default_factory=dict)


@dataclass(slots=True)
class Written:
    """How writing or deleting ended: each key is in one of the three.

    `versions` are the new ones, 0 for what was deleted. `conflicts`: the table held another version, and
    nothing was done. `failed`: not done, or not known to be done.
    """

    versions: dict[Key, int] = field(default_factory=dict)
    conflicts: set[Key] = field(default_factory=set)
    failed: dict[Key, LedgerFault] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the table's entries, and the token of the page after them; None after the last.

    `read` counts the items that the service looked at; a filter may leave out most of them. `unread` are the
    entries that it gave and that are damaged.
    """

    entries: list[tuple[Key, Entry]]
    token: str | None
    read: int
    unread: list[LedgerFault] = field(default_factory=list)


class Ledger(Protocol):
    """The entries of all findings. Reads see every write that has ended.

    A `deadline` is monotonic; no call to the service starts later, and what is left then fails.
    """

    def read(self, keys: Collection[Key], deadline: float = inf) -> Recall:
        """Read the entries of these findings."""

    def write(self, entries: Mapping[Key, Entry], deadline: float = inf) -> Written:
        """Write each entry if the table holds its `version`, for 0 if it holds none; each by itself."""

    def delete(self, entries: Mapping[Key, Entry], deadline: float = inf) -> Written:
        """Delete each entry if the table holds its `version`, or none any more."""

    def scan(self, rules: Collection[str] | None, token: str | None = None, deadline: float = inf) -> Page:
        """Return a page of the entries, only of those that name one of the rules if these are given.

        A page may be empty and yet have a successor. Raises LedgerError if it cannot be read.
        """
