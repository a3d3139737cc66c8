"""Run a sweep in this process, with the caller's own credentials and a stack's ledger."""

import random
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from hubtriage.aws.clock import Clock
from hubtriage.aws.decision_events.outbox import Outbox
from hubtriage.aws.ledger.former_roles import ReadFormerRoles, RememberedRoles, no_former_roles
from hubtriage.aws.ledger.lease import LEAST_LEASE
from hubtriage.aws.ledger.ledger import Ledger
from hubtriage.aws.securityhub.api import BY_DEFAULT, SecurityHubApi
from hubtriage.aws.securityhub.authorship import Authorship
from hubtriage.aws.securityhub.backoff import Backoff
from hubtriage.aws.securityhub.ratelimit import TokenBucket
from hubtriage.aws.securityhub.reading import Getter, Reader
from hubtriage.aws.securityhub.sending import Sender
from hubtriage.aws.sweep.destination import NoDestination, SweepDestination, TriageDestination
from hubtriage.aws.sweep.pages import Sources
from hubtriage.aws.sweep.progress import Progress
from hubtriage.aws.sweep.request import SweepRequest
from hubtriage.aws.sweep.walk import Pace, Walk
from hubtriage.aws.switch.mode import ModeSwitch, always_enforce
from hubtriage.aws.triage.batch import Triage
from hubtriage.aws.triage.events import SweepOrder
from hubtriage.aws.triage.policy import Policy
from hubtriage.aws.triage.results import Sink
from hubtriage.engine.planning.plan import Settings
from hubtriage.engine.ruleset.ruleset import Ruleset

SWEEP_READS = 1.2
REFRESH_READS = 1.2
"""GetFindings calls a second. AWS allows 3 to the account and Region, a deployed stack's included."""
UPDATES = 8.0
"""BatchUpdateFindings calls a second. AWS allows 10 to the account and Region."""
HISTORIES = 2.0
"""GetFindingHistory calls a second. AWS allows 10 to the account and Region."""
STEP_SECONDS = 5.0
Watch = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class LocalServices:
    """What a sweep from here calls.

    `own_arn` returns the ARN by which AWS knows the caller. `roles` are the ARNs of the stack's roles that
    write for the same ledger. `former_roles` reads those that did so before the ledger was moved here.
    `lease`: for how long an intent is left to who opened it, seconds. Decisions are announced through
    `outbox`, if there is one.
    """

    hub: SecurityHubApi
    ledger: Ledger
    own_arn: Callable[[], str]
    roles: tuple[str, ...] = ()
    lease: float = LEAST_LEASE
    former_roles: ReadFormerRoles = no_former_roles
    outbox: Outbox | None = None


class LocalSweep:
    """Decides with `ruleset`; calls `watch` with the progress after each step.

    Findings of `hubs` are swept. It keeps to the limits of a deployed stack: `hide_limit` unless the request
    has a budget, and the mode that `read_mode` gives. Raises ModeUnreadableError if that cannot be read.
    """

    def __init__(
        self,
        services: LocalServices,
        ruleset: Ruleset,
        settings: Settings,
        clock: Clock,
        *,
        hide_limit: int | None = None,
        hubs: Collection[str] = BY_DEFAULT,
        read_mode: Callable[[], str] = always_enforce,
    ) -> None:
        self._hide_limit = hide_limit
        self._hubs = hubs
        self._switch = ModeSwitch(read_mode, clock.monotonic)
        self._services = services
        self._ruleset = ruleset
        self._settings = settings
        self._clock = clock
        self._backoff = Backoff(random.random)

    def dry_run(self, request: SweepRequest, watch: Watch) -> Progress:
        """Change nothing; `messages` of the progress counts the calls that the changes would take."""
        return self._walk(request, NoDestination(), watch, writes=False)

    def run(self, request: SweepRequest, watch: Watch, sink: Sink) -> tuple[Progress, int]:
        """Sweep, and return how that went and how many findings failed; `sink` gets each outcome."""
        order = SweepOrder("local", request.take_back)
        destination = TriageDestination(self._triage(), order, self._clock, sink, self._switch.mode)
        mode = self._switch.mode()
        settings = replace(self._settings, may_hide=mode != "reopen")
        progress = self._walk(request, destination, watch, settings, writes=mode != "observe")
        return progress, destination.failed

    def _walk(
        self,
        request: SweepRequest,
        destination: SweepDestination,
        watch: Watch,
        settings: Settings | None = None,
        *,
        writes: bool,
    ) -> Progress:
        may_hide = self._hide_limit if request.budget is None else None
        walk = Walk(
            request,
            self._ruleset,
            settings or self._settings,
            self._sources(),
            destination,
            Pace(step=STEP_SECONDS),
            may_hide,
            ends_entries=writes,
            outbox=self._services.outbox,
        )
        progress = Progress()
        while not progress.is_over:
            progress = walk.step(progress)
            watch(progress)
            self._clock.sleep(progress.wait)
        return progress

    def _sources(self) -> Sources:
        hub, ledger, now = self._services.hub, self._services.ledger, self._clock.monotonic
        budget = self._budget(SWEEP_READS)
        getter, reader = Getter(hub, budget, self._backoff, now), Reader(hub, budget, self._backoff, now)
        return Sources(getter, reader, ledger, self._clock, self._services.lease, self._hubs)

    def _triage(self) -> Triage:
        services, now = self._services, self._clock.monotonic
        hub = services.hub
        histories = self._budget(HISTORIES)
        former = RememberedRoles(services.former_roles, now, lambda _roles: None)
        return Triage(
            ruleset=self._ruleset,
            settings=self._settings,
            policy=Policy(lease=services.lease),
            sender=Sender(hub, self._budget(UPDATES), self._backoff, now, self._switch.may_write),
            reader=Reader(hub, self._budget(REFRESH_READS), self._backoff, now),
            authorship=Authorship(
                hub, services.own_arn, histories, self._backoff, now, services.roles, former
            ),
            ledger=services.ledger,
            clock=self._clock,
            may_hide=self._switch.may_hide,
            hubs=self._hubs,
            outbox=services.outbox,
        )

    def _budget(self, rate: float) -> TokenBucket:
        return TokenBucket(rate, rate, self._clock)
