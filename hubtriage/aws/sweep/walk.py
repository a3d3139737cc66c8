"""One step of a sweep: read pages, decide each finding, hand on those that need something.

A step ends when its time is over, when the queue is deep, when another sweep was started, or when there is
nothing left to read. Its cursor never runs ahead of what was handed on. A step that dies is taken again from
where it began; findings that come twice change nothing.

No limit is forgotten with a step that dies: it may count against the limit only what a step before has
reserved, and wrote down. If it dies, all of that counts as used.
"""

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, replace

from hubtriage.aws.clock import Clock
from hubtriage.aws.decision_events.farewells import Farewells
from hubtriage.aws.decision_events.outbox import Outbox
from hubtriage.aws.ledger.ending import may_end
from hubtriage.aws.ledger.lease import LAG
from hubtriage.aws.securityhub.api import Finding, Key, hub_of
from hubtriage.aws.securityhub.faults import CallFault, Fault
from hubtriage.aws.securityhub.hub_v2 import as_sent
from hubtriage.aws.securityhub.namesakes import Owners, accounts_of, accounts_on_record, marked
from hubtriage.aws.securityhub.reading import PAGE
from hubtriage.aws.sweep.bundles import Bundle, Bundles, fits
from hubtriage.aws.sweep.destination import SweepDestination
from hubtriage.aws.sweep.notices.ahead import LookAhead, Seen
from hubtriage.aws.sweep.occasions.outset import Outset, plain_outset
from hubtriage.aws.sweep.pages import ActivePages, HeldPages, Pages, Sources, SweepPage
from hubtriage.aws.sweep.progress import Progress, Status
from hubtriage.aws.sweep.request import MANAGED, SweepRequest
from hubtriage.aws.triage.deciding import rules_for
from hubtriage.aws.triage.events import SweepOrder
from hubtriage.aws.triage.staleness import Snapshot, date
from hubtriage.aws.triage.urgency import is_hidden
from hubtriage.engine.fields import ParsedFinding
from hubtriage.engine.planning.batches import canonical
from hubtriage.engine.planning.decision import Decision
from hubtriage.engine.planning.entry import NO_ENTRY, Entry
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.ruleset import RuleError, Ruleset

MOST_RESTARTS = 3
MOST_FAULTS = 20
RESERVE = 500
"""Findings that are reserved at once: what a step that dies costs at most of the sweep's limit."""
MOST_ASKED = 500
"""Findings that are handed on only to have it asked who hid them. AWS: GetFindingHistory takes one a call."""
FIRST_VERSIONS = 2
"""Versions of an entry until its first update is confirmed: one with the intent, and one without."""
MOST_SKIPPED = 20
"""Findings that a sweep of the stack leaves out before it fails. AWS: a step hands on 256 KiB at most."""
LONGEST_REASON = 1000
"""Characters of a reason for which a finding is left out; an Id has up to 512."""
SIZES = (PAGE, PAGE, 25, 5, 1)
"""Findings of a page, by how many steps have died in a row. After as many the next finding is left out."""
REOPENS = "the rules that changed reopen more findings than sweep-reopen-limit allows ({limit:,})"
Interruption = Callable[[], Status | None]
"""Asked before each page; returns the status with which to end now, `more` to wait, or None to go on."""


class SweepError(RuntimeError):
    """A step that cannot go on. What was done stays done; the message says what AWS said."""


class SweepDeniedError(SweepError):
    """The same, while IAM forbids it. AWS: a new permission takes a while to act."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How a step behaves; times in seconds.

    `step`: its length. `queue_limit`: messages waiting in the queue at which it waits, `wait` long.
    `hold`: how long a finding may wait for others with the same update. Triage trusts an event for 30 s.
    `settle`: how long what was switched, and what was done before, may take to show everywhere. AWS: a rule
    that is disabled takes "a short time" to act, an update "several minutes" until GetFindings shows it.
    `quiet`: how long the queue has to have been empty before all that was sent counts as triaged. AWS: the
    number of messages in a queue is approximate, and up to a minute old.
    """

    step: float = 50.0
    queue_limit: int = 1000
    wait: int = 30
    hold: float = 15.0
    settle: float = 300.0
    quiet: float = 60.0


@dataclass(frozen=True, slots=True)
class Look:
    """A finding, its entry, and what triage will decide; None where its state is not certain."""

    key: Key
    finding: Finding
    entry: Entry
    decision: Decision | None


def never() -> Status | None:
    """Nothing interrupts."""
    return None


class Walk:
    """Takes the steps of one sweep; the rate of reading is that of the sources.

    `may_hide`: the most findings it may hide, None for no limit. Beyond that it goes on with all that hides
    nothing, so that nothing stays hidden for it. `ends_entries`: whether the ledger may be written, to note
    whose finding is gone. `ahead` counts what shows again when rules end. Through `outbox`, if there is one,
    it is announced that findings are gone that tickets have.
    """

    def __init__(
        self,
        request: SweepRequest,
        ruleset: Ruleset,
        settings: Settings,
        sources: Sources,
        destination: SweepDestination,
        pace: Pace,
        may_hide: int | None = None,
        *,
        ends_entries: bool = True,
        ahead: LookAhead | None = None,
        outbox: Outbox | None = None,
    ) -> None:
        self.ahead = ahead
        self.outbox = outbox
        self.ruleset = rules_for(SweepOrder("", request.take_back), ruleset)
        self.settings = settings if outbox is None else replace(settings, routes=outbox.routes)
        self.request = request
        self.sources = sources
        self.destination = destination
        self.clock: Clock = sources.clock
        self.pace = pace
        self.may_hide = may_hide
        self.ends_entries = ends_entries
        self.owners = Owners()
        self._running: _WalkStep | None = None

    def step(self, progress: Progress, interruption: Interruption = never) -> Progress:
        """Go on from `progress` for at most one step's time, and say how far that came.

        Raises SweepError where AWS refuses to be read, QueueError where the queue takes nothing.
        """
        self._running = _WalkStep(self, progress.copy(), self.clock.monotonic() + self.pace.step)
        return self._running.run(interruption)

    def left(self, progress: Progress) -> int | None:
        """Return how many findings the sweep may still change (with a budget) or hide; None: any number."""
        if self.request.budget is not None:
            return max(0, self.request.budget - progress.changed)
        return None if self.may_hide is None else max(0, self.may_hide - progress.hidden)

    def counts(self, look: Look) -> bool:
        """Return whether a finding counts against the limit: one in doubt may be changed by triage."""
        if look.decision is None:
            return self.request.budget is not None
        return look.decision.update is not None if self.request.budget is not None else look.decision.hides

    def failed_step(self, before: Progress) -> Progress:
        """Return the progress after a step that raised: it is taken again, and what it counted stays."""
        if self._running is None:
            return before
        ran = self._running.progress
        return replace(
            before,
            changed=ran.changed,
            hidden=ran.hidden,
            reopened=ran.reopened,
            reserved=ran.reserved,
            messages=ran.messages,
            calls=ran.calls,
        )

    def look(self, key: Key, finding: Finding, entry: Entry, asked_at: float) -> Look:
        """Return what triage will decide on the finding as it was read, if that is surely how it is."""
        if entry is not NO_ENTRY:
            snapshot = Snapshot(ParsedFinding(finding), "reading", asked_at)
            verdict = date(snapshot, entry, self.clock.now(), self.sources.lease)
            if verdict.kind != "current":
                return Look(key, finding, entry, None)
        return Look(key, finding, entry, self.decide(finding, entry, asked_at))

    def decide(self, finding: Finding, entry: Entry, now: float) -> Decision:
        """Return what triage will decide on a finding.

        A bug of ours on one finding must not stop the sweep of all: triage logs it.
        """
        try:
            return decide(finding, entry, self.ruleset, now, self.settings)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must stay the finding's own
            failed = RuleError("", f"{type(error).__name__}: {error}")
            return Decision(str(finding.get("Id")), str(finding.get("ProductArn")), errors=(failed,))


class _WalkStep:
    def __init__(self, walk: Walk, progress: Progress, until: float) -> None:
        self._walk = walk
        self.progress = progress
        self._until = until
        self._bundles = Bundles()
        self._depth = 0
        self._pages: Pages | None = None

    @property
    def _outset(self) -> Outset:
        outset = self.progress.outset
        if outset is None:
            outset = self.progress.outset = plain_outset(self._walk.request)
        return outset

    def run(self, interruption: Interruption) -> Progress:
        progress = self.progress
        progress.status, progress.wait = "more", 0
        if progress.started is None:
            progress.started = self._walk.clock.now()
        self._end_if_all_is_read()
        while progress.status == "more" and self._has_time():
            status = interruption()
            if status not in ("more", None):
                self._end(status)
            elif status == "more" or self._is_deep():
                progress.wait = self._walk.pace.wait
                break
            elif not self._read_page() or progress.careful:
                break
        self._flush()
        if progress.is_over:
            progress.ended = self._walk.clock.now()
        return progress

    def _has_time(self) -> bool:
        return self._walk.clock.monotonic() < self._until

    def _is_deep(self) -> bool:
        """Return whether the queue has enough. AWS's count is old, so messages of this step are added."""
        coming = self._depth + len(self._bundles)
        return self._walk.destination.depth() + coming >= self._walk.pace.queue_limit

    def _read_page(self) -> bool:
        """Read and decide one page; False when AWS cuts the step short."""
        progress, pages = self.progress, self._open_pages()
        calls = pages.calls
        page = pages.read(progress.token, SIZES[min(progress.deaths, len(SIZES) - 1)], self._until)
        progress.calls += pages.calls - calls
        if isinstance(page, CallFault):
            return self._cut_short(page)
        if progress.deaths >= len(SIZES):
            self._skip(key for key, _finding in page.findings)
        elif not self._take(page):
            return False
        skipped = (text[:LONGEST_REASON] for text in page.skipped)
        progress.skipped += (text for text in skipped if text not in progress.skipped)
        progress.faults = progress.deaths = 0
        progress.error = ""
        progress.careful = max(0, progress.careful - 1)
        progress.pages += 1
        progress.entries += page.passed
        progress.concealed += page.concealed
        self._advance(page)
        return len(progress.skipped) <= MOST_SKIPPED

    def _open_pages(self) -> Pages:
        if self._pages is None:
            sources, request = self._walk.sources, self._walk.request
            scope = self._outset.scopes[self.progress.scope]
            held = HeldPages(sources, request, self._outset, self.progress.token)
            self._pages = held if scope == MANAGED else ActivePages(sources, request)
        return self._pages

    def _skip(self, keys: Iterable[Key]) -> None:
        """Leave out a finding that several steps died of, so that the others are swept."""
        self.progress.skipped += (f"{key[1]}: {self.progress.deaths} steps died of it" for key in keys)

    def _advance(self, page: SweepPage) -> None:
        progress = self.progress
        progress.token = page.token
        if page.is_last:
            progress.token = self._pages = None
            progress.scope += 1
            self._end_if_all_is_read()

    def _end_if_all_is_read(self) -> None:
        if self.progress.scope >= len(self._outset.scopes) and self.progress.status == "more":
            progress = self.progress
            self._end("skipped" if progress.skipped else "withheld" if progress.withheld else "done")

    def _cut_short(self, fault: CallFault) -> bool:
        """Try again later, unless nothing can come of it. AWS: a token may be refused, as when it is old."""
        progress = self.progress
        if fault.kind is Fault.REFUSED and progress.token is not None and progress.restarts < MOST_RESTARTS:
            progress.restarts += 1
            progress.begin_scope_again()
            return True
        if fault.code == "Deadline":
            return False
        progress.faults += 1
        if fault.kind in (Fault.REFUSED, Fault.DENIED) or progress.faults > MOST_FAULTS:
            failure = SweepDeniedError if fault.kind is Fault.DENIED else SweepError
            raise failure(f"{fault.code}: {fault.message}")
        progress.wait = self._walk.pace.wait
        return False

    def _take(self, page: SweepPage) -> bool:
        """Decide the findings of a page and hand them on.

        Return False if more has to be reserved first: then the next step reads them again.
        """
        due = [(key, finding) for key, finding in page.findings if self._is_due(key, page)]
        namesakes = self._namesakes(page)
        looks = [
            self._walk.look(key, finding, page.entries.get(key, NO_ENTRY), page.asked_at)
            for key, finding in due
            if key not in namesakes
        ]
        concerned = [look for look in looks if self._concerns(look)]
        if not self._reserves(concerned):
            return False
        self.progress.read += len(due)
        for key, finding in due:
            if key in namesakes:
                self._refuse(key, finding, page, together=namesakes[key])
        withheld = set[Key]()
        for look in concerned:
            if self._withholds(look):
                withheld.add(look.key)
            if not self._hand_on_within_limits(look, page.asked_at):
                return True
        if self._walk.ahead is not None:
            self._look_ahead(self._walk.ahead, page, looks, withheld, namesakes)
        self._send(self._bundles.take(page.asked_at - self._walk.pace.hold))
        self._tend_entries(page, looks)
        return True

    def _is_due(self, key: Key, page: SweepPage) -> bool:
        """Return whether a finding is still to be looked at.

        It is not if it was read by its id before, or if triage has written it since the sweep began: by the
        same rules. GetFindings may still show its old state, and it would be sent and counted once more.
        """
        entry, progress = page.entries.get(key), self.progress
        if entry is None or self._walk.request.take_back:
            return True
        if self._outset.scopes[progress.scope] != MANAGED and self._was_read_before(key, entry):
            return False
        written = max(entry.ended, entry.intent.time if entry.intent else 0.0)
        return written < (progress.started or 0.0)

    def _was_read_before(self, key: Key, entry: Entry) -> bool:
        return MANAGED in self._outset.scopes[: self.progress.scope] and self._outset.has_read(key, entry)

    def _look_ahead(
        self,
        ahead: LookAhead,
        page: SweepPage,
        looks: Iterable[Look],
        withheld: Container[Key],
        namesakes: Container[Key],
    ) -> None:
        """Count what shows again when rules end, also of what triage has written since the sweep began."""
        tally, looked = self.progress.tally(), {look.key: look for look in looks}
        for key, finding in page.findings:
            entry, look = page.entries.get(key, NO_ENTRY), looked.get(key)
            if not self._counts_in_scope(key, entry):
                continue
            if key in namesakes:
                ahead.count_unknown(finding, entry, tally)
                continue
            if look is None and ahead.concerns(entry):
                look = self._walk.look(key, finding, entry, page.asked_at)
            if look is not None:
                ahead.count(Seen(finding, entry, look.decision, key in withheld), tally)

    def _counts_in_scope(self, key: Key, entry: Entry) -> bool:
        """Say whether a finding counts in the scope that is being read: each counts in one of them.

        What has an entry since the sweep began counts as active: its place in the ledger may be passed.
        """
        began = entry.intent.time if entry.intent else entry.started
        is_new = entry.version <= FIRST_VERSIONS and began >= (self.progress.started or 0.0)
        is_held = entry is not NO_ENTRY and not is_new and self._outset.has_read(key, entry)
        return is_held == (self._outset.scopes[self.progress.scope] == MANAGED)

    def _reserves(self, looks: list[Look]) -> bool:
        """Return whether enough is reserved to hand these on; reserve it for the next step if not."""
        progress, left = self.progress, self._walk.left(self.progress)
        if left is None or progress.reserved is None:
            return True
        needed = min(left, sum(map(self._walk.counts, looks)))
        if needed <= progress.reserved:
            return True
        # Where steps die, each of them costs what it reserved: no more than its page needs.
        progress.reserved = needed if progress.careful else min(left, max(needed, RESERVE))
        return False

    def _namesakes(self, page: SweepPage) -> dict[Key, bool]:
        """Return the keys that several accounts have, and whether the page shows more than one of them."""
        findings: dict[Key, list[Finding]] = {}
        for key, finding in page.findings:
            findings.setdefault(key, []).append(finding)
        shown = {key: accounts_of(some) for key, some in findings.items()}
        known = {
            key: (
                *some,
                *page.accounts.get(key, ()),
                *accounts_on_record(page.entries.get(key, NO_ENTRY)),
            )
            for key, some in shown.items()
        }
        return {
            key: len(shown[key]) > 1
            for key, some in known.items()
            if len(self._walk.owners.note(key, some)) > 1
        }

    def _refuse(self, key: Key, finding: Finding, page: SweepPage, *, together: bool) -> None:
        """Refuse a finding whose key other accounts have too.

        Triage logs it if it sees both in one message; one alone would look to it like any other. What triage
        itself has hidden is handed on alone too, to be reopened: its entry says first that there are others.
        """
        self.progress.refused += 1
        entry = page.entries.get(key, NO_ENTRY)
        is_hidden_by_us = is_hidden(ParsedFinding(finding), entry)
        if is_hidden_by_us and self._walk.ends_entries:
            about = marked(entry.about, self._walk.owners.note(key, ()))
            self._walk.sources.ledger.write({key: replace(entry, about=about)}, self._until)
        if (together or is_hidden_by_us) and fits(finding):
            self._send(self._bundles.add(f"namesakes {key}", finding, page.asked_at))

    def _concerns(self, look: Look) -> bool:
        """Return whether one of the rules that are asked for has to do with it."""
        asked, decision = set(self._walk.request.rules), look.decision
        if not asked or decision is None:
            return True
        return not asked.isdisjoint(
            {*decision.rules, *look.entry.rules, *(change.rule for change in decision.changes)}
        )

    def _hand_on_within_limits(self, look: Look, now: float) -> bool:
        """Hand on a finding unless a limit is reached; False if the sweep ends with that."""
        progress, decision = self.progress, look.decision
        changes = decision is None or decision.update is not None
        if changes and progress.changed == self._walk.request.budget:
            self._end("over budget")
            return False
        if self._withholds(look):
            progress.withheld += 1
            return True
        if decision is not None and decision.reopens and self._may_reopen_no_more():
            self._end("waiting")
            return False
        self._count(look)
        self._hand_on(look, now)
        return True

    def _withholds(self, look: Look) -> bool:
        return look.decision is not None and look.decision.hides and self._may_hide_no_more()

    def _may_hide_no_more(self) -> bool:
        limit = self._walk.may_hide
        return limit is not None and self.progress.hidden >= limit

    def _may_reopen_no_more(self) -> bool:
        """Return whether a person has to agree first; a deployment from the wrong branch looks so."""
        limit = self._outset.may_reopen
        if limit is None or self.progress.reopened < limit:
            return False
        self.progress.outset = replace(self._outset, objection=REOPENS.format(limit=limit))
        return True

    def _count(self, look: Look) -> None:
        progress, decision = self.progress, look.decision
        if progress.reserved is not None and self._walk.left(progress) is not None:
            progress.reserved -= self._walk.counts(look)
        if decision is None:
            progress.doubtful += 1
            progress.changed += self._walk.counts(look)
            return
        progress.changed += decision.update is not None
        progress.hidden += decision.hides
        progress.reopened += decision.reopens
        progress.taken_back += decision.takes_back
        progress.refused += decision.refused is not None
        progress.kept += bool(decision.kept)
        progress.failed_rules += bool(decision.errors)
        progress.count_rules({change.rule for change in decision.changes if change.rule})

    def _hand_on(self, look: Look, now: float) -> None:
        """Hand on what triage has to do something with; what is refused or failed too, so that it is logged.

        Leave out a finding that no message can hold, such as one that consists of control characters.
        """
        decision, finding, hub = look.decision, as_sent(look.finding), hub_of(look.key)
        if decision is not None and not self._needs_triage(decision, look.entry):
            return
        if not fits(finding):
            self.progress.refused += decision is None or decision.refused is None
        elif decision is None or decision.update is None:
            self._send(self._bundles.add("", finding, now, hub=hub))
        else:
            update = canonical(decision.update)
            self._send(self._bundles.add(update, finding, now, hides=decision.hides, hub=hub))

    def _needs_triage(self, decision: Decision, entry: Entry) -> bool:
        """Say whether triage has something to do: to send, to log, to ask about, or to write into the ledger.

        What no claim explains is asked about once for each finding, which takes a call: some in each sweep.
        """
        is_logged = decision.refused is not None or bool(decision.errors)
        is_noted = bool(decision.questions) or decision.after.remembers_more_than(entry)
        is_noted = is_noted or (bool(entry.news) and self._walk.outbox is not None)
        if decision.update is not None or is_logged or is_noted:
            return True
        if not decision.optional_questions or self.progress.asked >= MOST_ASKED:
            return False
        self.progress.asked += 1
        return True

    def _tend_entries(self, page: SweepPage, looks: Iterable[Look]) -> None:
        """Note in the ledger whose finding is gone, and end the entries that may end.

        An entry that triage has written meanwhile stays as it is; what fails is done by the next sweep.
        """
        now, ledger = page.asked_at, self._walk.sources.ledger
        self.progress.gone += len(page.missing)
        if not self._walk.ends_entries:
            return
        missing = dict(page.missing)
        if self._walk.outbox is not None:
            rules = self._walk.ruleset
            farewells = Farewells(self._walk.outbox, rules, ledger, self._walk.clock, self._until)
            missing = farewells.announce(missing, now)
        idle = {look.key: look.entry for look in looks if look.decision and not look.decision.update}
        there = {
            key: replace(page.entries[key], gone=None) for key, _ in page.findings if key in page.entries
        }
        ending = {key: entry for key, entry in missing.items() if self._may_end(entry, now)}
        ending |= {key: there[key] for key in idle if key in there and self._may_end(there[key], now)}
        noted = {key: replace(entry, gone=now) for key, entry in missing.items() if entry.gone is None}
        noted |= {key: entry for key, entry in there.items() if page.entries[key].gone is not None}
        if ending:
            ledger.delete(ending, self._until)
        if noted := {key: entry for key, entry in noted.items() if key not in ending}:
            ledger.write(noted, self._until)

    def _may_end(self, entry: Entry, now: float) -> bool:
        return may_end(entry if self._walk.outbox else entry.silent(), now, LAG)

    def _send(self, bundles: Iterable[Bundle]) -> None:
        ready = list(bundles)
        if ready:
            sent = self._walk.destination.send(ready)
            self._depth += sent
            self.progress.messages += sent

    def _flush(self) -> None:
        self._send(self._bundles.take())

    def _end(self, status: Status) -> None:
        self.progress.status = status
