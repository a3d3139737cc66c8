"""Where a chaotic run takes place: the local AWS behind a proxy that breaks calls, two stacks on one hub."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hubtriage.engine.ocsf.view import HUB_V2
from hubtriage.localaws.cloud import LocalCloud
from hubtriage.localaws.listener import Listener
from hubtriage.localaws.peers.control import PeerControl
from hubtriage.localaws.peers.process import PeersProcess
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.chaos.ledger import Finding, Key, as_rules_see
from tests.chaos.plan_tickets import HURRY, SEARCH_LAG
from tests.chaos.stacks import MAIN, OTHER, Assemblies, ChaosStack
from tests.faults.proxy import FaultProxy, fault_proxy
from tests.support.delivering import keep_secrets

Tell = Callable[[str], None]
"""Hears of the progress, a line at a time."""

LOOK = 0.5
"""Seconds between two looks at the queues."""
_PATIENCE = 1_800.0
_DISORDER = HubSettings(event_delay=(0.05, 2.0), duplicate_share=0.05, quotas=False)


@dataclass(frozen=True, slots=True)
class ChaosWorld:
    """The local AWS, the proxy between it and the functions, the stack under load and the other one."""

    cloud: LocalCloud
    proxy: FaultProxy
    main: ChaosStack
    other: ChaosStack
    assemblies: Assemblies
    tell: Tell
    peers: PeerControl | None = None
    _ticked: list[float] = field(default_factory=lambda: [0.0])

    def tick(self) -> None:
        """Have the queue of tickets work, as its schedule does every five minutes of its time."""
        now = time.monotonic()
        if self.peers is not None and now - self._ticked[0] > 300 / HURRY:
            self._ticked[0] = now
            self.main.work_on_tickets(wait=False)

    @property
    def stacks(self) -> tuple[ChaosStack, ChaosStack]:
        """Both."""
        return self.main, self.other

    def findings(self) -> Iterator[Finding]:
        """The findings of both hubs, as rules see them."""
        yield from self.cloud.control.findings()
        yield from map(as_rules_see, self.cloud.control.findings_v2())

    def written(self) -> Counter[Key]:
        """How often functions updated each finding of both hubs."""
        v2 = {(HUB_V2, uid): count for uid, count in self.cloud.control.updates_by_functions_v2().items()}
        return Counter({**self.cloud.control.updates_by_functions(), **v2})

    def rest(self) -> None:
        """Wait until nothing is under way: no event, no message of a function, no sweep."""
        deadline = time.monotonic() + _PATIENCE
        while not self.cloud.is_idle():
            if time.monotonic() > deadline:
                raise TimeoutError(f"no rest after {_PATIENCE:g} s: {self.cloud.queue_depths()}")
            self.tick()
            self.tell(f"settling: {self.main.depth():,} and {self.other.depth():,} messages wait")
            time.sleep(LOOK)

    def sweep(self) -> None:
        """Sweep all findings for both stacks, and wait until that is over."""
        for stack in self.stacks:
            stack.sweep()
        self.rest()


@contextmanager
def opened(
    assemblies: Assemblies,
    folder: Path,
    tell: Tell,
    v2: Mapping[str, Any],
    peers: PeersProcess | None = None,
) -> Iterator[ChaosWorld]:
    """Start it, with nothing deployed; the proxy's log goes into the folder. `v2`: how V2 behaves.

    `peers` are the doubles of Jira and Slack, if the stack under load delivers to them.
    """
    with (
        Listener() as listener,
        fault_proxy(f"http://127.0.0.1:{listener.port}", folder / "proxy.log") as proxy,
        LocalCloud(
            _DISORDER.changed({"v2": v2}), listener=listener, lambda_endpoint=proxy.endpoint, durable=True
        ) as cloud,
    ):
        if peers is not None:
            keep_secrets(cloud, peers)
            peers.control.configure("jira", search_lag=SEARCH_LAG)
        control = peers.control if peers else None
        main, other = ChaosStack(cloud, MAIN), ChaosStack(cloud, OTHER)
        yield ChaosWorld(cloud, proxy, main, other, assemblies, tell, control)
