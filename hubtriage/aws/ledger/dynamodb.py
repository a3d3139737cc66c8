"""The ledger in DynamoDB: one table, one item for each finding."""

from collections.abc import Collection, Mapping
from math import inf

from hubtriage.aws.clock import Clock
from hubtriage.aws.ledger.calls import BACKOFF, Calls, DynamoApi
from hubtriage.aws.ledger.former_roles import TableRoles
from hubtriage.aws.ledger.forms.strict import EntryError
from hubtriage.aws.ledger.item import damaged, entry_of, finding_text
from hubtriage.aws.ledger.ledger import Page, Recall, Written
from hubtriage.aws.ledger.reading import find_page, read_items, read_page
from hubtriage.aws.ledger.writing import deleting, placing, run_statements, writing
from hubtriage.aws.securityhub.api import Key
from hubtriage.aws.securityhub.backoff import Backoff
from hubtriage.engine.planning.entry import Entry


class DynamoLedger:
    """The entries of one table, through a client that makes one attempt a call.

    `page`: items that a page of a scan looks at; None for AWS's 1 MB.
    """

    def __init__(
        self, client: DynamoApi, table: str, clock: Clock, backoff: Backoff = BACKOFF, page: int | None = None
    ) -> None:
        self._calls = Calls(client, table, clock, backoff)
        self._page = page
        self.former_roles = TableRoles(self._calls)

    def read(self, keys: Collection[Key], deadline: float = inf) -> Recall:
        """Read the entries of these findings, strongly consistent."""
        items = read_items(self._calls, keys, deadline)
        recall = Recall(unread=items.unread)
        for key, item in items.found.items():
            try:
                recall.entries[key] = entry_of(item)
            except EntryError as error:
                recall.unread[key] = damaged(error, finding_text(key))
        return recall

    def write(self, entries: Mapping[Key, Entry], deadline: float = inf) -> Written:
        """Write each entry if its `version` is held, whatever happens to the others."""
        statements = (writing(self._calls.table, key, entry) for key, entry in entries.items())
        return run_statements(self._calls, statements, deadline)

    def place(self, entries: Mapping[Key, Entry], over: Mapping[Key, int], deadline: float = inf) -> Written:
        """Write each entry as its `version` if the table holds the one in `over`, or none where it has none.

        For entries from elsewhere: a version must be higher than what it is written over.
        """
        table = self._calls.table
        statements = (
            placing(table, key, entry, over.get(key, 0), entry.version) for key, entry in entries.items()
        )
        return run_statements(self._calls, statements, deadline)

    def delete(self, entries: Mapping[Key, Entry], deadline: float = inf) -> Written:
        """Delete each entry if its `version` is held, or none any more."""
        statements = (deleting(self._calls.table, key, entry) for key, entry in entries.items())
        return run_statements(self._calls, statements, deadline)

    def scan(self, rules: Collection[str] | None, token: str | None = None, deadline: float = inf) -> Page:
        """Return a page of the entries, only of those that name one of the rules if these are given."""
        return read_page(self._calls, rules, token, self._page, deadline)

    def find(self, part: str, token: str | None = None, deadline: float = inf) -> Page:
        """Return a page of the entries whose finding has `part` in its ProductArn or Id, for people.

        Raises LedgerError.
        """
        return find_page(self._calls, part, token, self._page, deadline)
