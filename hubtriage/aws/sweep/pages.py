"""Pages of a sweep: findings with their entries, from GetFindings or from the ledger."""

from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from hubtriage.aws.clock import Clock
from hubtriage.aws.ledger.item import hash_of
from hubtriage.aws.ledger.ledger import Ledger, LedgerError, LedgerFault, LedgerFaultKind
from hubtriage.aws.securityhub.answers import SKIPPED
from hubtriage.aws.securityhub.api import BY_DEFAULT, CSPM, V2, Finding, Key, hub_of
from hubtriage.aws.securityhub.faults import CallFault, Fault
from hubtriage.aws.securityhub.hub_v2 import HUB, is_nameless
from hubtriage.aws.securityhub.reading import MOST_VALUES, PAGE, Fresh, Getter, Reader, keyed
from hubtriage.aws.sweep.occasions.guard import hides_by
from hubtriage.aws.sweep.occasions.outset import Outset
from hubtriage.aws.sweep.request import BY_GENERATOR, SweepRequest
from hubtriage.engine.ocsf.view import HUB_V2
from hubtriage.engine.planning.entry import Entry

_OF_V2 = " v2 "
"""Begins a token of V2: AWS's own have no blanks."""
NAMELESS = "a finding of Security Hub V2 has no metadata.uid, by which alone it could be updated"
OF_OTHER_HUB = {
    CSPM: "the ledger has findings of Security Hub CSPM, and hubs does not name cspm",
    V2: "the ledger has findings of Security Hub V2, and hubs does not name v2",
}
"""Why entries are left out: the stack cannot read their findings."""
Held = tuple[Key, Entry]
_KINDS = {
    LedgerFaultKind.DENIED: Fault.DENIED,
    LedgerFaultKind.MISSING: Fault.DENIED,
    LedgerFaultKind.THROTTLED: Fault.THROTTLED,
}


@dataclass(frozen=True, slots=True)
class Sources:
    """What a sweep reads. The reader's calls count against the same budget as the getter's.

    `lease`: for how long an intent in the ledger is left to the function that recorded it, seconds. `hubs`:
    those whose findings are triaged.
    """

    getter: Getter
    reader: Reader
    ledger: Ledger
    clock: Clock
    lease: float
    hubs: Collection[str] = BY_DEFAULT


@dataclass(slots=True)
class SweepPage:
    """Findings with the entries of those that have one. `asked_at`: when they were asked for, epoch seconds.

    `token`: where the next page begins, unless this one `is_last`. `missing` are entries whose finding is not
    there, `accounts` those of keys that several accounts have, `skipped` says what is left out and why.
    `passed` counts the entries of the ledger that were passed over on the way here, `concealed` those of them
    that say that triage hides their finding, unless that is missing.
    """

    asked_at: float
    findings: list[tuple[Key, Finding]] = field(default_factory=list)
    entries: Mapping[Key, Entry] = field(default_factory=dict)
    token: str | None = None
    is_last: bool = False
    missing: list[Held] = field(default_factory=list)
    accounts: Mapping[Key, tuple[str, ...]] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    passed: int = 0
    concealed: int = 0


class Pages(Protocol):
    """Reads the pages of one scope, one after the other; `calls` counts those of GetFindings."""

    calls: int

    def read(self, token: str | None, most: int, deadline: float) -> SweepPage | CallFault:
        """Return the page at `token` with up to so many findings, or what kept it from being read."""


class ActivePages:
    """Active findings as GetFindings lists them, up to 100 a page; those of V2 follow those of CSPM."""

    def __init__(self, sources: Sources, request: SweepRequest) -> None:
        self._sources = sources
        self._requests: dict[str, dict[str, Any]] = {
            CSPM: {"Filters": request.filters(), "SortCriteria": BY_GENERATOR},
            V2: {HUB: HUB_V2, "Filters": request.filters_v2()},
        }
        self._hubs = [hub for hub in self._requests if hub in sources.hubs]
        self.calls = 0

    def read(self, token: str | None, most: int, deadline: float) -> SweepPage | CallFault:
        """Read a page, and the entries of its findings."""
        fresh = Fresh()
        hub, token = self._place(token)
        request: dict[str, Any] = {**self._requests[hub], "MaxResults": min(most, PAGE)}
        if token:
            request["NextToken"] = token
        page = SweepPage(self._sources.clock.now())
        answer = self._sources.getter.get(request, deadline, fresh)
        self.calls += fresh.calls
        if isinstance(answer, CallFault):
            return answer
        page.findings = [(key, each) for key, each in keyed(answer["Findings"]) if not is_nameless(each)]
        if len(page.findings) < len(answer["Findings"]) and hub == V2:
            page.skipped.append(NAMELESS)
        page.token = self._token(hub, answer.get("NextToken"))
        page.is_last = page.token is None
        if SKIPPED in answer:
            page.skipped.append(str(answer[SKIPPED]))
        return self._with_entries(page, deadline)

    def _place(self, token: str | None) -> tuple[str, str | None]:
        """Return the hub whose page begins at a token, and the token as the hub knows it."""
        if token is None:
            return self._hubs[0], None
        return (V2, token.removeprefix(_OF_V2)) if token.startswith(_OF_V2) else (CSPM, token)

    def _token(self, hub: str, token: str | None) -> str | None:
        """Return where the next page begins: with the first one of V2 after the last one of CSPM."""
        if hub == V2:
            return _OF_V2 + token if token else None
        return token or (_OF_V2 if V2 in self._hubs else None)

    def _with_entries(self, page: SweepPage, deadline: float) -> SweepPage | CallFault:
        recall = self._sources.ledger.read([key for key, _finding in page.findings], deadline)
        for fault in recall.unread.values():
            if fault.concerns_table:
                return _ledgers(fault)
        page.findings = [(key, finding) for key, finding in page.findings if key not in recall.unread]
        page.skipped += (f"{key[1]}: {fault.message}" for key, fault in recall.unread.items())
        page.entries = recall.entries
        return page


class HeldPages:
    """Findings of entries of the ledger, read by id: up to 20, in one call unless they are large."""

    def __init__(self, sources: Sources, request: SweepRequest, outset: Outset, token: str | None) -> None:
        self._sources = sources
        self._request = request
        self._outset = outset
        self._held = _HeldEntries(sources.ledger, outset.rules, self._is_wanted, token)
        self.calls = 0

    def read(self, token: str | None, most: int, deadline: float) -> SweepPage | CallFault:
        """Take entries and read their findings; `token` is where the page before has ended."""
        if token != self._held.token:  # what was taken last is to be read again
            self._held = _HeldEntries(self._sources.ledger, self._outset.rules, self._is_wanted, token)
        before, concealed = self._held.seen, self._held.concealed
        try:
            taken, damaged = self._held.take(min(most, MOST_VALUES), deadline)
        except LedgerError as error:
            return _ledgers(error.fault)
        page = SweepPage(self._sources.clock.now(), token=self._held.token, is_last=self._held.is_over)
        page.entries = dict(taken)
        page.passed = self._held.seen - before
        page.concealed = self._held.concealed - concealed
        page.skipped += (fault.message for fault in damaged)
        return self._with_findings(page, deadline) if taken else page

    def _with_findings(self, page: SweepPage, deadline: float) -> SweepPage | CallFault:
        others = {key for key in page.entries if hub_of(key) not in self._sources.hubs}
        page.skipped += sorted({OF_OTHER_HUB[hub_of(key)] for key in others})
        page.entries = {key: entry for key, entry in page.entries.items() if key not in others}
        fresh = self._sources.reader.read(page.entries, deadline)
        self.calls += fresh.calls
        for key, fault in fresh.unread.items():
            if fault.kind is not Fault.REFUSED:
                return fault
            page.skipped.append(f"{key[1]}: {fault.message}")
        page.findings = [
            (key, finding) for key, finding in fresh.found.items() if self._request.wants(finding)
        ]
        page.missing = [(key, page.entries[key]) for key in page.entries if key in fresh.missing]
        page.concealed -= sum(hides_by(entry) for _key, entry in page.missing)
        page.accounts = fresh.accounts
        return page

    def _is_wanted(self, key: Key, entry: Entry) -> bool:
        return self._outset.reads(key, entry) and self._request.may_want(key, entry)


class _HeldEntries:
    """Takes entries from the pages of the table. Lives for one step of a sweep.

    `token` says where to go on, as in `Ledger.scan`: after the entry whose hash it is. It is None at the
    beginning, and again after the last entry. `seen` counts the entries that were passed so far, `concealed`
    those whose finding triage hides.
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
        self.concealed = 0
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
            self.concealed += hides_by(entry)
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


def _ledgers(fault: LedgerFault) -> CallFault:
    """Return a fault of the ledger as one of GetFindings is reported. Its page is read again later."""
    return CallFault(_KINDS.get(fault.kind, Fault.TRANSIENT), fault.code, f"the ledger: {fault.message}")
