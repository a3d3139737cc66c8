"""Write entries of the ledger again from the decision log, after a table was lost or restored to earlier.

The log is read from its newest day to its oldest. Of each finding the newest line counts. An entry is written
if the table has none, or one that is surely older. So it may run again, and while triage runs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from hubtriage.aws.ledger.ledger import LedgerFault, Written
from hubtriage.aws.securityhub.api import Key
from hubtriage.engine.planning.entry import Entry
from hubtriage.engine.planning.news import News
from hubtriage.recovery.log_lines import LoggedEntry, LoggedRoles, UnusableLine, read_logged
from hubtriage.recovery.log_reader import LogReader, Span, spans
from hubtriage.recovery.precedence import is_later_line, is_same, is_surely_newer
from hubtriage.recovery.target import Roles, Target, texts, together

REMEMBERED = 7 * 86_400.0
"""Seconds for which a channel knows an event again."""
TRIES = 3
"""How often an entry is compared and written that another worker changes at the same moment."""


@dataclass(slots=True)
class Rebuilt:
    """What was found in the log, and what became of it.

    `added`: the table had no entry. `replaced`: it had an older one. `same`: it had this one. `kept`: it had
    one that is, or may be, newer. `intents` counts those with an update that may have happened or not.
    `unusable` are reasons of lines that cannot be used, with how many there are of each.
    """

    since: float = 0.0
    findings: int = 0
    added: int = 0
    replaced: int = 0
    same: int = 0
    kept: int = 0
    intents: int = 0
    roles: int = 0
    unusable: dict[str, int] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    lines: int = 0

    @property
    def written(self) -> int:
        """How many entries were written."""
        return self.added + self.replaced

    @property
    def is_whole(self) -> bool:
        """Whether all that the log has is in the table now."""
        return not self.unusable and not self.failed


Watch = Callable[[Span, Rebuilt], object]


class Rebuilding:
    """Rebuilds the ledger of one stack; with `writes` false it only counts. Raises botocore's errors."""

    def __init__(self, table: Target, roles: Roles, log: LogReader, stack: str, *, writes: bool) -> None:
        self._table, self._roles, self._log, self._stack = table, roles, log, stack
        self._writes = writes
        self._taken: dict[Key, Entry] = {}
        self._remembered_since = 0.0
        self._newest_roles: LoggedRoles | None = None

    def run(self, since: float, now: float, watch: Watch) -> Rebuilt:
        """Read the log from `now` back to `since` (epoch seconds); `watch` gets each day that is done."""
        done = Rebuilt(since=since)
        self._remembered_since = now - REMEMBERED
        for span in spans(since, now):
            newest = self._newest(span, done)
            for some in together(newest.items()):
                self._take(some, done)
            watch(span, done)
        self._take_roles(done)
        done.findings = len(self._taken)
        return done

    def _newest(self, span: Span, done: Rebuilt) -> dict[Key, Entry]:
        """Return the newest entry of each finding in a span, unless a later day had a newer one."""
        newest: dict[Key, Entry] = {}
        for message in self._log.messages(span):
            logged = read_logged(message, self._stack)
            if logged is None:
                continue
            done.lines += 1
            if isinstance(logged, UnusableLine):
                done.unusable[logged.reason] = done.unusable.get(logged.reason, 0) + 1
            elif isinstance(logged, LoggedRoles):
                self._note_roles(logged)
            elif self._is_newest(logged, newest):
                newest[logged.key] = _without_messages(logged.entry, self._remembered_since)
        return newest

    def _is_newest(self, logged: LoggedEntry, newest: Mapping[Key, Entry]) -> bool:
        known = (newest.get(logged.key), self._taken.get(logged.key))
        return all(other is None or is_later_line(logged.entry, other) for other in known)

    def _take(self, entries: Mapping[Key, Entry], done: Rebuilt) -> None:
        """Write these entries where the table holds nothing newer."""
        waiting = entries
        for _try in range(TRIES):
            waiting = self._once(waiting, done)
            if not waiting:
                break
        done.failed += [f"{key[1]}: its entry keeps changing: run this again" for key in waiting]
        for key, entry in entries.items():
            if key not in self._taken:
                done.intents += entry.intent is not None
            self._taken[key] = _stub(entry)

    def _once(self, entries: Mapping[Key, Entry], done: Rebuilt) -> dict[Key, Entry]:
        """Compare and write; return what another worker has changed in between."""
        recall = self._table.read(entries)
        done.failed += texts(recall.unread.values())
        placed: dict[Key, Entry] = {}
        over: dict[Key, int] = {}
        for key, entry in entries.items():
            held = recall.entries.get(key)
            if key in recall.unread:
                continue
            if held is None:
                placed[key] = entry
            elif is_same(entry, held):
                done.same += 1
            elif is_surely_newer(entry, held):
                over[key] = held.version
                placed[key] = replace(entry, version=max(entry.version, held.version + 1))
            else:
                done.kept += 1
        written = self._table.place(placed, over) if self._writes else Written(dict.fromkeys(placed, 0))
        done.failed += texts(written.failed.values())
        done.added += sum(key not in over for key in written.versions)
        done.replaced += sum(key in over for key in written.versions)
        return {key: entries[key] for key in written.conflicts}

    def _note_roles(self, logged: LoggedRoles) -> None:
        if self._newest_roles is None or logged.version > self._newest_roles.version:
            self._newest_roles = logged

    def _take_roles(self, done: Rebuilt) -> None:
        """Write the former roles that the item lacks."""
        if self._newest_roles is None:
            return
        known = self._roles.read()
        if isinstance(known, LedgerFault):
            done.failed += texts([known])
            return
        lost = [role for role in self._newest_roles.roles if role not in known.roles]
        done.roles = len(lost)
        if lost and self._writes:
            fault = self._roles.write((*known.roles, *lost), known.version)
            done.failed += texts([fault] if fault else [])


def _without_messages(entry: Entry, before: float) -> Entry:
    """Return the entry without the messages of its older news.

    A line is written before its news are put, so these come again. Queues and readers of the bus know that by
    the sequence, however late it is. In a channel people would read of thousands of old decisions.
    """
    if not entry.news:
        return entry
    return replace(entry, news=tuple(each if each.at >= before else _silent(each) for each in entry.news))


def _silent(news: News) -> News:
    return replace(news, deliver=tuple(each for each in news.deliver if each.kind != "message"))


def _stub(entry: Entry) -> Entry:
    """Return what of an entry says how new it is: all others of a million are not kept in memory."""
    return Entry(version=entry.version, ended=entry.ended)
