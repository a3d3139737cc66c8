"""The entries of the ledger whose findings a sweep reads by id, some at a time."""

from collections import deque
from collections.abc import Callable

from hubtriage.aws.ledger.item import hash_of
from hubtriage.aws.ledger.ledger import Ledger, LedgerError, LedgerFault
from hubtriage.aws.securityhub.api import Key
from hubtriage.engine.planning.entry import Entry

Held = tuple[Key, Entry]


class HeldEntries:
    """Takes entries from the pages of the table. Lives for one step of a sweep.

    `token` says where to go on, as in `Ledger.scan`: after the entry whose hash it is. It is None at the
    beginning, and again after the last entry. `seen` counts the entries that were passed so far.
    """

    def __init__(
        self,
        ledger: Ledger,
        rules: tuple[str, ...] | None,
        is_wanted: Callable[[Key, Entry], bool],
        token: str | None,
    ) -> None:
        self._ledger = ledger
        self._rules = rules
        self._is_wanted = is_wanted
        self._page: deque[Held] = deque()
        self._next_page = token
        self.token = token
        self.seen = 0
        self.is_over = False

    def take(self, most: int, deadline: float) -> tuple[list[Held], list[LedgerFault]]:
        """Return up to so many entries, fewer only at the end, and what is wrong with others.

        If a page cannot be read, that ends the taking; raises LedgerError if nothing was passed before.
        """
        taken: list[Held] = []
        damaged: list[LedgerFault] = []
        begun_at = self.token
        while len(taken) < most and not self.is_over:
            if not self._page:
                try:
                    damaged += self._read_page(deadline)
                except LedgerError:
                    if self.token == begun_at:
                        raise
                    break
            self._take_from_page(taken, most)
        return taken, damaged

    def _take_from_page(self, taken: list[Held], most: int) -> None:
        while self._page and len(taken) < most:
            key, entry = self._page.popleft()
            self.seen += 1
            self.token = hash_of(key)
            if self._is_wanted(key, entry):
                taken.append((key, entry))
        if not self._page:
            self.token = self._next_page
            self.is_over = self._next_page is None

    def _read_page(self, deadline: float) -> list[LedgerFault]:
        page = self._ledger.scan(self._rules, self._next_page, deadline)
        self._page.extend(page.entries)
        self._next_page = page.token
        return page.unread
