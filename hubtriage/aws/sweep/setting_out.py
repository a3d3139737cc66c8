"""What a sweep finds out before its first page: what changed, and whether a person has to agree."""

from collections.abc import Collection
from dataclasses import replace
from functools import cached_property

from hubtriage.aws.clock import Clock
from hubtriage.aws.ledger.ledger import Ledger, LedgerError, LedgerFaultKind
from hubtriage.aws.securityhub.api import BY_DEFAULT
from hubtriage.aws.sweep.occasions.changes import Changes, SweptRules, changes, digest_of, swept_rules
from hubtriage.aws.sweep.occasions.memory import SweepMemory, Swept
from hubtriage.aws.sweep.occasions.outset import DeployedRules, Outset, outset
from hubtriage.aws.sweep.progress import Progress
from hubtriage.aws.sweep.request import SweepRequest
from hubtriage.engine.planning.plan import Settings
from hubtriage.engine.ruleset.ruleset import Ruleset


class SettingOut:
    """Makes the outset of the sweeps of a stack, and remembers what they swept. One per container.

    `reopen_limit`: findings that rules may reopen that changed, before a person has to agree.
    """

    def __init__(
        self,
        ruleset: Ruleset,
        settings: Settings,
        memory: SweepMemory,
        ledger: Ledger,
        clock: Clock,
        reopen_limit: int,
        hubs: Collection[str] = BY_DEFAULT,
    ) -> None:
        self._ruleset = ruleset
        self._settings = settings
        self._memory = memory
        self._ledger = ledger
        self._clock = clock
        self._reopen_limit = reopen_limit
        self._hubs = hubs

    @property
    def digest(self) -> str:
        """A digest of all that the deployed rules decide by."""
        return self._deployed.digest

    def needs_outset(self, progress: Progress) -> bool:
        """Say whether there is no outset yet, or none for the rules that are deployed by now."""
        found = progress.outset
        return found is None or found.counts or found.ruleset != self._deployed.digest

    def go_on(self, request: SweepRequest, progress: Progress, until: float) -> Progress:
        """Go on making the outset, and say how far that came: `waiting` if a person has to agree.

        `until`: monotonic; no page of the ledger is asked for later. Raises LedgerError, botocore's errors.
        """
        swept = self._memory.read()
        changed = Changes() if swept is None else self._changes(swept)
        progress = self._begin(request, progress.copy(), swept, changed)
        if progress.started is None:
            progress.started = self._clock.now()
        found = progress.outset
        while found is not None and found.counts and self._clock.monotonic() < until:
            found = progress.outset = self._count(request, found, changed, until)
        if found is not None and found.objection:
            return replace(progress, status="waiting", ended=self._clock.now())
        return progress

    def remember(self, request: SweepRequest, progress: Progress) -> None:
        """Remember the rules as swept if this sweep has swept all that they concern.

        Not if the rules changed while it ran: the sweep of that deployment does it. Raises botocore's errors.
        """
        found = progress.outset
        is_whole = request.is_whole or request.changed
        if progress.status not in ("done", "withheld") or not is_whole or found is None:
            return
        if found.mixed or found.ruleset != self._deployed.digest:
            return
        entries = progress.entries
        if not request.is_whole:
            before = self._memory.read()
            entries = before.entries if before else entries
        self._memory.write(Swept(self._rules, entries))

    def forget(self) -> None:
        """Forget what was swept, because all of it is taken back. Raises botocore's errors."""
        self._memory.forget()

    def _begin(
        self, request: SweepRequest, progress: Progress, swept: Swept | None, changed: Changes
    ) -> Progress:
        """Return the progress with an outset for the deployed rules.

        If they changed while the sweep ran, it goes on with those of now. What it swept by then it does not
        sweep again; but the rules may be so different that a person has to agree.
        """
        before = progress.outset
        if before is not None and before.ruleset == self._deployed.digest:
            return progress
        made = outset(request, swept, changed, self._deployed, self._reopen_limit, self._clock.now())
        if before is None:
            return replace(progress, outset=made)
        if request.changed:
            return replace(progress, outset=made, scope=0, token=None)
        return replace(progress, outset=replace(made, mixed=True))

    def _count(self, request: SweepRequest, found: Outset, changed: Changes, until: float) -> Outset:
        try:
            page = self._ledger.scan(changed.holding, found.token, until)
        except LedgerError as error:
            if error.fault.kind is LedgerFaultKind.LATE:
                return found
            raise
        found = found.counting(page, changed)
        return found if found.counts else found.counted(request, changed, self._clock.now())

    def _changes(self, swept: Swept) -> Changes:
        return changes(swept.rules, self._rules, self._clock.now())

    @cached_property
    def _rules(self) -> SweptRules:
        return swept_rules(self._ruleset, self._settings, self._hubs)

    @cached_property
    def _deployed(self) -> DeployedRules:
        return DeployedRules(self._ruleset.hash, digest_of(self._rules))
