"""Write the entries of an export into the ledger of another stack, each only where that has none.

Nothing is written before the whole file was checked, and compared with the table. It may run again, and while
triage runs: what it finds as it would write it is done, and nothing is ever written over.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from hubtriage.aws.ledger.former_roles import FRESH, KnownRoles
from hubtriage.aws.ledger.ledger import LedgerFault
from hubtriage.aws.securityhub.api import Key
from hubtriage.engine.planning.entry import Entry
from hubtriage.recovery.document import Header, entries
from hubtriage.recovery.precedence import is_same
from hubtriage.recovery.target import Roles, Target, texts, together

MOST_SHOWN = 10
SAMPLED = 100
"""Findings that the target's hub is asked for, to see whether it is the one that the entries are about."""
ROLES_LAST = FRESH + 5.0
"""Seconds after which every container judges with the former roles, a slow call included."""


@dataclass(slots=True)
class Compared:
    """How a file and a table compare. `absent`: the table has no entry. `same`: it has this one.

    `others` counts the findings for which it has another entry, `shown` names the first of them.
    """

    absent: int = 0
    same: int = 0
    others: int = 0
    shown: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


@dataclass(slots=True)
class ImportReport:
    """What became of the entries: written now, there already, or changed since they were imported before."""

    written: int = 0
    same: int = 0
    changed: int = 0
    failed: list[str] = field(default_factory=list)


Watch = Callable[[int], object]


def sample(path: Path) -> list[Key]:
    """Return some findings of a file, drawn evenly, whose entries do not say that they are gone."""
    drawn: list[Key] = []
    chance, number = Random(0), 0  # noqa: S311 - any even draw will do, and each run the same
    for key, entry in entries(path):
        if entry.gone is not None:
            continue
        number += 1
        if len(drawn) < SAMPLED:
            drawn.append(key)
        elif (place := chance.randrange(number)) < SAMPLED:
            drawn[place] = key
    return drawn


def compare(table: Target, path: Path, watch: Watch) -> Compared:
    """Compare each entry of a file with the table; `watch` gets how many were."""
    compared = Compared()
    for number, some in _batches(path):
        recall = table.read(some)
        compared.failed += texts(recall.unread.values())
        for key, entry in some.items():
            if key in recall.unread:
                continue
            held = recall.entries.get(key)
            if held is None:
                compared.absent += 1
            elif is_same(entry, held):
                compared.same += 1
            else:
                compared.others += 1
                compared.shown += [key[1]] if compared.others <= MOST_SHOWN else []
        watch(number)
    return compared


def is_begun(header: Header, known: KnownRoles) -> bool:
    """Say whether this export was imported here before: then entries that differ were changed since."""
    return any(role.export == header.export for role in known.roles)


def add_roles(roles: Roles, header: Header, known: KnownRoles) -> LedgerFault | None:
    """Write down that updates by the roles of the export are triage's own; nothing if that is known."""
    new = [role for role in header.roles if role not in known.roles]
    return roles.write((*known.roles, *new), known.version) if new else None


def import_entries(table: Target, path: Path, watch: Watch) -> ImportReport:
    """Write the entries that the table lacks; `watch` gets how many of the file are done."""
    imported = ImportReport()
    for number, some in _batches(path):
        recall = table.read(some)
        imported.failed += texts(recall.unread.values())
        new: dict[Key, Entry] = {}
        for key, entry in some.items():
            held = recall.entries.get(key)
            if held is not None:
                imported.same += is_same(entry, held)
                imported.changed += not is_same(entry, held)
            elif key not in recall.unread:
                new[key] = entry
        written = table.place(new, {})
        imported.written += len(written.versions)
        imported.changed += len(written.conflicts)
        imported.failed += texts(written.failed.values())
        watch(number)
    return imported


def _batches(path: Path) -> Iterator[tuple[int, dict[Key, Entry]]]:
    """Yield the entries of a file in small parts, each with how many there were so far."""
    number = 0
    for some in together(entries(path)):
        number += len(some)
        yield number, some
