"""The ledger that entries are written into, as far as importing and rebuilding use it."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Protocol

from hubtriage.aws.ledger.former_roles import FormerRole, KnownRoles
from hubtriage.aws.ledger.ledger import LedgerFault, Recall, Written
from hubtriage.aws.securityhub.api import Key
from hubtriage.engine.planning.entry import Entry

TOGETHER = 100
"""Entries that are read and compared together. AWS: keys of one BatchGetItem."""


class Target(Protocol):
    """The entries."""

    def read(self, keys: Collection[Key]) -> Recall:
        """Read the entries of these findings."""

    def place(self, entries: Mapping[Key, Entry], over: Mapping[Key, int]) -> Written:
        """Write each entry as its version over the one in `over`, or where there is none."""


class Roles(Protocol):
    """The item with the former roles."""

    def read(self) -> KnownRoles | LedgerFault:
        """Read the roles."""

    def write(self, roles: Iterable[FormerRole], over: int) -> LedgerFault | None:
        """Write the roles over a version of the item; for 0 where there is none."""


def together(entries: Iterable[tuple[Key, Entry]]) -> Iterator[dict[Key, Entry]]:
    """Yield the entries in small parts."""
    left = iter(entries)
    while some := dict(islice(left, TOGETHER)):
        yield some


def texts(faults: Iterable[LedgerFault]) -> list[str]:
    """Return faults as lines for people."""
    return [f"{fault.code}: {fault.message}" for fault in faults]
