"""Run a sweep in this process, with the caller's own credentials and without a deployed stack."""

import random
from collections.abc import Callable

from hubtriage.aws.clock import Clock
from hubtriage.aws.securityhub.api import SecurityHubApi
from hubtriage.aws.securityhub.backoff import Backoff
from hubtriage.aws.securityhub.ratelimit import TokenBucket
from hubtriage.aws.securityhub.reading import Getter, Reader
from hubtriage.aws.securityhub.sending import Sender
from hubtriage.aws.sweep.destination import Destination, NoDestination, TriageDestination
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
STEP_SECONDS = 5.0
Watch = Callable[[Progress], None]


class LocalSweep:
    """Decides with `ruleset`; calls `watch` with the progress after each step.

    It keeps to the limits of a deployed stack: `hide_limit` unless the request has a budget, and the mode
    that `read_mode` gives. Raises ModeUnreadableError if that cannot be read.
    """

    def __init__(
        self,
        api: SecurityHubApi,
        ruleset: Ruleset,
        settings: Settings,
        clock: Clock,
        *,
        hide_limit: int | None = None,
        read_mode: Callable[[], str] = always_enforce,
    ) -> None:
        self._hide_limit = hide_limit
        self._switch = ModeSwitch(read_mode, clock.monotonic)
        self._api = api
        self._ruleset = ruleset
        self._settings = settings
        self._clock = clock
        self._backoff = Backoff(random.random)

    def dry_run(self, request: SweepRequest, watch: Watch) -> Progress:
        """Change nothing; `messages` of the progress counts the calls that the changes would take."""
        return self._walk(request, NoDestination(), watch)

    def run(self, request: SweepRequest, watch: Watch, sink: Sink) -> tuple[Progress, int]:
        """Sweep, and return how that went and how many findings failed; `sink` gets each outcome."""
        order = SweepOrder("local", request.take_back, request.adopt)
        destination = TriageDestination(self._triage(), order, self._clock, sink, self._switch.mode)
        return self._walk(request, destination, watch), destination.failed

    def _walk(self, request: SweepRequest, destination: Destination, watch: Watch) -> Progress:
        getter = Getter(self._api, self._budget(SWEEP_READS), self._backoff, self._clock.monotonic)
        pace = Pace(step=STEP_SECONDS)
        may_hide = self._hide_limit if request.budget is None else None
        walk = Walk(request, self._ruleset, self._settings, getter, destination, self._clock, pace, may_hide)
        progress = Progress()
        while not progress.is_over:
            progress = walk.step(progress)
            watch(progress)
            self._clock.sleep(progress.wait)
        return progress

    def _triage(self) -> Triage:
        now = self._clock.monotonic
        return Triage(
            ruleset=self._ruleset,
            settings=self._settings,
            policy=Policy(),
            sender=Sender(self._api, self._budget(UPDATES), self._backoff, now, self._switch.may_write),
            reader=Reader(self._api, self._budget(REFRESH_READS), self._backoff, now),
            clock=self._clock,
            may_hide=self._switch.may_hide,
        )

    def _budget(self, rate: float) -> TokenBucket:
        return TokenBucket(rate, rate, self._clock)
