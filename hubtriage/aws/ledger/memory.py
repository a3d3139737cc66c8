"""The ledger in memory, for tests: what a table does, and what goes wrong with one."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from math import inf

from hubtriage.aws.ledger.entry_format import read_entry, write_entry
from hubtriage.aws.ledger.forms.strict import EntryError
from hubtriage.aws.ledger.item import damaged, finding_text, hash_of
from hubtriage.aws.ledger.ledger import LedgerError, LedgerFault, Page, Recall, Written
from hubtriage.aws.securityhub.api import Key
from hubtriage.engine.planning.entry import Entry


@dataclass(slots=True)
class MemoryLedger:
    """Keeps entries as the table does: as text, with their versions. Deadlines do not matter.

    `fault`: how every call ends until it is None again; with `lose_answers` writes happen all the same.
    `page`: items of one page of a scan.
    """

    items: dict[Key, tuple[int, str]] = field(default_factory=dict)
    fault: LedgerFault | None = None
    lose_answers: bool = False
    page: int = 1000

    def read(self, keys: Collection[Key], deadline: float = inf) -> Recall:  # noqa: ARG002
        """Read the entries of these findings."""
        if self.fault is not None:
            return Recall(unread=dict.fromkeys(keys, self.fault))
        recall = Recall()
        for key in keys:
            if key in self.items:
                try:
                    recall.entries[key] = self._entry(key)
                except EntryError as error:
                    recall.unread[key] = damaged(error, finding_text(key))
        return recall

    def write(self, entries: Mapping[Key, Entry], deadline: float = inf) -> Written:  # noqa: ARG002
        """Write each entry if its `version` is held."""
        return self._change(entries, remove=False)

    def place(self, entries: Mapping[Key, Entry], over: Mapping[Key, int], deadline: float = inf) -> Written:  # noqa: ARG002
        """Write each entry as its `version` if the one in `over` is held, or none where it has none."""
        if self.fault is not None:
            return Written(failed=dict.fromkeys(entries, self.fault))
        written = Written()
        for key, entry in entries.items():
            held = self.items[key][0] if key in self.items else 0
            if held != over.get(key, 0):
                written.conflicts.add(key)
            else:
                self.items[key] = (entry.version, write_entry(entry))
                written.versions[key] = entry.version
        return written

    def delete(self, entries: Mapping[Key, Entry], deadline: float = inf) -> Written:  # noqa: ARG002
        """Delete each entry if its `version` is held, or none."""
        return self._change(entries, remove=True)

    def scan(self, rules: Collection[str] | None, token: str | None = None, deadline: float = inf) -> Page:  # noqa: ARG002
        """Return a page of the entries, those that name one of the rules if given."""
        if self.fault is not None:
            raise LedgerError(self.fault)
        following = sorted((hash_of(key), key) for key in self.items if token is None or hash_of(key) > token)
        page = following[: self.page]
        entries, unread = [], []
        for _, key in page:
            try:
                entries.append((key, self._entry(key)))
            except EntryError as error:
                unread.append(damaged(error, finding_text(key)))
        if rules is not None:
            entries = [(key, entry) for key, entry in entries if not set(rules).isdisjoint(entry.rules)]
        return Page(entries, page[-1][0] if len(following) > self.page else None, len(page), unread)

    def _entry(self, key: Key) -> Entry:
        version, text = self.items[key]
        return read_entry(text, version)

    def _change(self, entries: Mapping[Key, Entry], *, remove: bool) -> Written:
        if self.fault is not None and not self.lose_answers:
            return Written(failed=dict.fromkeys(entries, self.fault))
        written = Written()
        for key, entry in entries.items():
            held = self.items[key][0] if key in self.items else 0
            if held != entry.version and not (remove and not held):
                written.conflicts.add(key)
            elif remove:
                self.items.pop(key, None)
                written.versions[key] = 0
            else:
                version = entry.version + 1
                self.items[key] = (version, write_entry(replace(entry, version=version)))
                written.versions[key] = version
        return written if self.fault is None else Written(failed=dict.fromkeys(entries, self.fault))
