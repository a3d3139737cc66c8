"""A hub, a queue that is triaged on demand, and sweeps over them, all in this process."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from hubtriage.aws.decision_events.outbox import Outbox
from hubtriage.aws.securityhub.api import BY_DEFAULT
from hubtriage.aws.securityhub.authorship import Authorship
from hubtriage.aws.securityhub.ratelimit import TokenBucket
from hubtriage.aws.securityhub.reading import Getter, Reader
from hubtriage.aws.securityhub.sending import Sender
from hubtriage.aws.sweep.bundles import Bundle
from hubtriage.aws.sweep.destination import event
from hubtriage.aws.sweep.pages import Sources
from hubtriage.aws.sweep.progress import Progress
from hubtriage.aws.sweep.request import SweepRequest
from hubtriage.aws.sweep.walk import Pace, Walk
from hubtriage.aws.triage.batch import Triage
from hubtriage.aws.triage.events import SweepOrder
from hubtriage.aws.triage.policy import Policy
from hubtriage.aws.triage.results import Outcome
from hubtriage.engine.planning.plan import Settings
from hubtriage.engine.ruleset.ruleset import Ruleset, load_ruleset
from tests.support.triage_world import NOW, ROLE, TriageWorld, backoff

SETTLED = 600.0
"""Seconds after which what was written before is certain."""


def rules(*raw: Mapping[str, Any]) -> Ruleset:
    document = {"format": 1, "hash": "0" * 16, "revision": None, "zones": {"UTC": [[0, 0]]}}
    return load_ruleset({**document, "rules": list(raw)})


def suppress(rule: str, generator: str, **members: Any) -> dict[str, Any]:
    return {
        "id": rule,
        "match": {"GeneratorId": [generator]},
        "update": {"Workflow": {"Status": "SUPPRESSED"}, "UserDefinedFields": {"rule": rule}},
    } | members


class Queue:
    """Messages as SQS keeps them; `triage_with` works them off."""

    def __init__(self, world: TriageWorld) -> None:
        self.world = world
        self.bodies: list[str] = []
        self.order = SweepOrder("sweep-1")
        self.deepest = 0

    def depth(self) -> int:
        return len(self.bodies)

    def send(self, bundles: Sequence[Bundle]) -> int:
        self.bodies += [json.dumps(event(bundle, self.order)) for bundle in bundles]
        self.deepest = max(self.deepest, len(self.bodies))
        return len(bundles)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.bodies]

    @property
    def findings(self) -> list[dict[str, Any]]:
        return [found for body in self.bodies for found in json.loads(body)["detail"]["findings"]]


class SweepBench:
    """Triage and sweep by one rule set over one world."""

    def __init__(
        self,
        world: TriageWorld,
        ruleset: Ruleset,
        *,
        rate: float = 1e6,
        hubs: Collection[str] = BY_DEFAULT,
        outbox: Outbox | None = None,
        **pace: Any,
    ) -> None:
        self.world, self.queue, self.hubs = world, Queue(world), hubs
        self.outbox = outbox
        self.pace = Pace(**pace)
        self.outcomes: list[Outcome] = []
        budget = TokenBucket(rate, max(1.0, rate), world.clock)
        now = world.clock.monotonic
        self.sources = Sources(
            Getter(world.api, budget, backoff(), now),
            Reader(world.api, budget, backoff(), now),
            world.ledger,
            world.clock,
            600.0,
            hubs,
        )
        self.settings = Settings()
        self.may_hide: int | None = None
        self.adopt_rules(ruleset)

    def adopt_rules(self, ruleset: Ruleset) -> None:
        clock, api = self.world.clock, self.world.api
        self.ruleset = ruleset
        unlimited = TokenBucket(1e6, 1e6, clock)
        self.triage = Triage(
            ruleset,
            self.settings,
            Policy(),
            Sender(api, unlimited, backoff(), clock.monotonic),
            Reader(api, unlimited, backoff(), clock.monotonic),
            Authorship(api, lambda: ROLE, unlimited, backoff(), clock.monotonic),
            self.world.ledger,
            clock,
            hubs=self.hubs,
            outbox=self.outbox,
        )

    def walk(self, request: SweepRequest) -> Walk:
        self.queue.order = SweepOrder("sweep-1", request.take_back)
        return Walk(
            request,
            self.ruleset,
            self.settings,
            self.sources,
            self.queue,
            self.pace,
            self.may_hide,
            outbox=self.outbox,
        )

    def sweep(self, request: SweepRequest | None = None, progress: Progress | None = None) -> Progress:
        """Step after step, the queue worked off between them, until the sweep is over.

        A sweep that does not go on from `progress` begins when what was done before is certain.
        """
        if progress is None:
            self.world.clock.sleep(SETTLED)
        walk, progress = self.walk(request or SweepRequest()), progress or Progress()
        for _step in range(10_000):
            progress = walk.step(progress)
            self.work_off()
            if progress.is_over:
                return progress
            self.world.clock.sleep(progress.wait)
        raise AssertionError("the sweep does not end")

    def work_off(self, messages: int | None = None) -> None:
        """Triage what waits, in one batch."""
        taken, self.queue.bodies = self.queue.bodies[:messages], self.queue.bodies[len(self.queue.bodies) :]
        records = [{"messageId": str(n), "body": body} for n, body in enumerate(taken)]
        if records:
            self.triage.run({"Records": records}, self.world.clock.monotonic() + 1e6, self.outcomes.extend)

    def statuses(self) -> dict[str, str]:
        return {found["Id"]: found["Workflow"]["Status"] for found in self.world.hub.findings()}


__all__ = ["NOW", "Queue", "SweepBench", "rules", "suppress"]
