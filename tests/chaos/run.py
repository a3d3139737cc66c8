"""A chaotic run from its beginning to its balance: load, calm, redrive, sweep, and account twice."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hubtriage.engine.ocsf.view import is_ocsf
from hubtriage.localaws.peers.process import PeersProcess
from tests.chaos.deliveries import DeliveryBalance, DeliveryEvidence, account_for
from tests.chaos.ledger import (
    Balance,
    ChaosEvidence,
    Key,
    RefusedFinding,
    SentEvent,
    account,
    as_rules_see,
    key_of,
)
from tests.chaos.load import ChaosLoad, Happening
from tests.chaos.plan import ChaosPlan
from tests.chaos.stacks import ChaosPace, build
from tests.chaos.witness import FieldChange, Look, changes_of, look
from tests.chaos.witness_v2 import CommentsShown, look_v2
from tests.chaos.world import ChaosWorld, Tell, opened

SMALL = ChaosPace(visibility=4, receives=8, lease=15, batch=100, calm=3, most_waiting=200, patience=5)
LARGE = ChaosPace(visibility=60, receives=6, lease=180, batch=500, calm=30, most_waiting=3_000, patience=120)
_TRIES = 3
_PEERS = {"jira": "jira", "slack": "slack"}
_PATIENCE_WITH_TICKETS = 600.0
"""Seconds: a ticket whose creation has failed a few times waits for an hour of its queue, which hurries."""
_LOOK_AT_TICKETS = 3.0
ENOUGH = 10_000
"""Findings with which every fault strikes; with few, some find nothing to strike."""


@dataclass(slots=True)
class ChaosReport:
    """What happened, the balance before and after the redrive, and what is wrong."""

    plan: ChaosPlan
    happenings: list[Happening] = field(default_factory=list)
    coded: Counter[str] = field(default_factory=Counter)
    before: Balance = field(default_factory=Balance)
    after: Balance = field(default_factory=Balance)
    redriven: dict[str, str] = field(default_factory=dict)
    resumed_sweeps: int = 0
    last_sweep_changed: int = -1
    look: Look = field(default_factory=Look)
    still_wanted: int = -1
    deliveries: DeliveryBalance = field(default_factory=DeliveryBalance)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def problems(self) -> list[str]:
        """Whatever is not as it should be."""
        return list(self._problems())

    def _problems(self) -> Iterator[str]:
        yield from (f"before the redrive: {problem}" for problem in self.before.problems)
        yield from (f"after the redrive: {problem}" for problem in self.after.problems)
        dead, poison = self.after.totals["dead letter"], len(self.plan.poison)
        if dead != poison:
            yield f"after the redrive there are {dead} dead letters, and {poison} that nothing can be made of"
        yield from (f"after the last sweep: {problem}" for problem in self.look.problems)
        if self.last_sweep_changed:
            yield f"a sweep after everything had settled changed {self.last_sweep_changed} findings"
        if self.still_wanted:
            yield f"the stacks would still change {self.still_wanted} findings"
        yield from (f"of deliveries: {problem}" for problem in self.deliveries.problems)
        if len(self.plan.findings) >= ENOUGH:
            struck = {happening.act.name for happening in self.happenings if happening.struck}
            never = {happening.act.name for happening in self.happenings} - struck
            yield from (f"never struck: {name}" for name in sorted(never))

    def as_record(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "seed": self.plan.seed,
            "findings": len(self.plan.findings),
            "findings of V2": len(self.plan.findings_v2),
            "V2 behaves": dict(self.plan.v2),
            "problems": self.problems,
            "before redrive": self.before.as_record(),
            "redriven": self.redriven,
            "after redrive": self.after.as_record(),
            "sweeps that went on while all settled": self.resumed_sweeps,
            "what the hub and the rules say": self.look.as_record(),
            **({"deliveries": self.deliveries.as_record()} if self.plan.tickets else {}),
            "changed by a last sweep": self.last_sweep_changed,
            "findings that a stack would still change": self.still_wanted,
            "findings unprocessed by ErrorCode": dict(self.coded),
            "happenings": [happening.as_record() for happening in self.happenings],
            "seconds": {name: round(value, 1) for name, value in self.seconds.items()},
        }


def run(plan: ChaosPlan, folder: Path, tell: Tell = lambda _: None) -> ChaosReport:
    """Carry out a plan; `folder` takes what is built and the proxy's log."""
    pace = SMALL if len(plan.findings) < ENOUGH else LARGE
    report = ChaosReport(plan)
    part = _Watch(report.seconds, tell)
    with ExitStack() as open_:
        peers = open_.enter_context(PeersProcess(_PEERS, plan.seed)) if plan.tickets else None
        with part("build"):
            assemblies = build(folder, pace, plan.hubs, peers.url("jira") if peers else None)
        world = open_.enter_context(opened(assemblies, folder, tell, plan.v2, peers))
        load = ChaosLoad(world, plan, pace.patience)
        report.happenings = load.happenings
        with part("load"):
            load.begin()
            load.send(pace.most_waiting)
        with part("settling"):
            load.end()
            report.resumed_sweeps = _settle(world, pace.calm)
        with part("balance"):
            report.before = _balance(world, load.past_the_bus)
        with part("redrive"):
            report.redriven = _redriven(world)
        with part("last sweeps"):
            told = _refusals(world)
            report.last_sweep_changed = _changed_by_a_last_sweep(world)
        with part("balance after the redrive"):
            report.after = _balance(world, load.past_the_bus)
            report.still_wanted = _still_wanted(world, told)
            report.coded = _by_code(world)
        with part("look at the hub and the rules"):
            report.look = _look(world, load)
        if plan.tickets:
            with part("tickets"):
                report.deliveries = _delivered(world)
    return report


def _settle(world: ChaosWorld, calm: int) -> int:
    """Wait until everything is done or given up; sweeps that failed go on where they ended: how many."""
    for stack in world.stacks:
        stack.deliver_again_after(calm)
    world.rest()
    resumed = 0
    while more := sum(stack.resume_sweep() for stack in world.stacks):
        resumed += more
        world.rest()
    return resumed


def _redriven(world: ChaosWorld) -> dict[str, str]:
    """Remove the causes, and have everything that was given up triaged again; what the command says."""
    world.cloud.control.clear_faults()
    told = {}
    for stack in world.stacks:
        world.tell(f"hubtriage redrive --stack {stack.name}")
        stack.give_up_after(_TRIES)  # no intent is young any more, and poison stays poison
        told[stack.name] = stack.redrive()
    world.rest()
    return told


def _changed_by_a_last_sweep(world: ChaosWorld) -> int:
    """A sweep takes up what was refused, as `redrive` cannot; another one after it should change nothing."""
    world.sweep()
    before = world.written()
    world.sweep()
    return (world.written() - before).total()


def _delivered(world: ChaosWorld) -> DeliveryBalance:
    """Bring back what could not be delivered, and work on tickets until they are as they should be."""
    if any(count for name, count in world.main.undelivered_decisions().items() if "Dead" in name):
        world.tell(world.main.redrive_decisions())
    deadline = time.monotonic() + _PATIENCE_WITH_TICKETS
    while True:
        world.rest()
        world.main.work_on_tickets()
        world.main.take_stock()
        balance = account_for(_delivery_evidence(world))
        if not balance.problems or time.monotonic() > deadline:
            return balance
        world.tell(f"tickets: {len(balance.problems)} are not yet as they should be")
        time.sleep(_LOOK_AT_TICKETS)


def _delivery_evidence(world: ChaosWorld) -> DeliveryEvidence:
    stored = world.peers.stored("jira") if world.peers else {"issues": []}
    return DeliveryEvidence(
        announced=world.main.announced(),
        logged=world.main.logged_events(),
        entries=world.main.entries(),
        issues=stored["issues"],
        waiting=world.main.undelivered_decisions(),
    )


# The balance


def _balance(world: ChaosWorld, past_the_bus: list[SentEvent]) -> Balance:
    """Account for every event so far."""
    delivered = world.cloud.control.events()["delivered"] + len(past_the_bus)
    for stack in world.stacks:
        stack.take_stock()

    def wanted(finding: Mapping[str, Any], at: float) -> bool:
        return any(stack.wanted(finding, at) for stack in world.stacks)

    balance = account(_events(world, past_the_bus), _evidence(world), wanted)
    if balance.events != delivered:
        balance.problems.append(f"{delivered} events were delivered, {balance.events} are accounted for")
    return balance


def _events(world: ChaosWorld, past_the_bus: list[SentEvent]) -> Iterator[SentEvent]:
    for event in world.cloud.control.delivered_events():
        yield SentEvent(event["id"], as_rules_see(event["detail"]["findings"][0]), event["moment"])
    yield from past_the_bus


def _evidence(world: ChaosWorld) -> ChaosEvidence:
    """An event may be in a queue of each stack: it counts as often as in that with most copies of it."""
    still_open, unswept = _open(world)
    return ChaosEvidence(
        open=still_open,
        unswept=unswept,
        swept_in_vain=world.main.swept_in_vain() | world.other.swept_in_vain(),
        written=world.written(),
        waiting=world.main.waiting() | world.other.waiting(),
        dead=world.main.dead() | world.other.dead(),
        refusals=_refusals(world),
    )


def _open(world: ChaosWorld) -> tuple[dict[Key, bool], dict[Key, float]]:
    """Every finding that there is, and whether a stack would change it; the second: see `ChaosEvidence`."""
    still_open: dict[Key, bool] = {}
    unswept: dict[Key, float] = {}
    for finding in world.findings():
        key, wanting = key_of(finding), [stack for stack in world.stacks if stack.wants(finding)]
        still_open[key] = bool(wanting)
        if wanting and not any(stack.sweeps(finding) for stack in wanting):
            unswept[key] = max(stack.since for stack in wanting)
    return still_open, unswept


def _refusals(world: ChaosWorld) -> dict[Key, tuple[RefusedFinding, ...]]:
    found: dict[Key, tuple[RefusedFinding, ...]] = {}
    for stack in world.stacks:
        for key, refusals in stack.refusals().items():
            found[key] = found.get(key, ()) + refusals
    return found


def _still_wanted(world: ChaosWorld, told: Mapping[Key, tuple[RefusedFinding, ...]]) -> int:
    """Findings that a stack would change and its sweeps look at, and that it did not refuse since `told`."""
    for stack in world.stacks:
        stack.take_stock()
    again = {key for key, now in _refusals(world).items() if len(now) > len(told.get(key, ()))}
    still_open, unswept = _open(world)
    return sum(wanted for key, wanted in still_open.items() if key not in again and key not in unswept)


def _by_code(world: ChaosWorld) -> Counter[str]:
    found: Counter[str] = Counter()
    for call in world.cloud.control.updates():
        found.update(call.unprocessed)
    return found


def _look(world: ChaosWorld, load: ChaosLoad) -> Look:
    """Who hides what, by the hub and the rules alone."""
    pages = world.cloud.client("securityhub").get_paginator("get_finding_history")

    def history(key: Key) -> Iterator[FieldChange]:
        return changes_of(pages.paginate(FindingIdentifier={"ProductArn": key[0], "Id": key[1]}))

    rules = [stack.as_written for stack in world.stacks]
    told = look(world.cloud.control.findings(), history, rules)
    shown = CommentsShown()
    for event in world.cloud.control.delivered_events():
        if is_ocsf(finding := event["detail"]["findings"][0]):
            shown.note(finding, event["moment"])
    look_v2(world.cloud.control.findings_v2(), load.others_v2, shown, rules, told)
    return told


class _Watch:
    """Tells of the parts of a run, and keeps how many seconds each took."""

    def __init__(self, seconds: dict[str, float], tell: Tell) -> None:
        self._seconds, self._tell = seconds, tell

    @contextmanager
    def __call__(self, part: str) -> Iterator[None]:
        self._tell(f"part: {part}")
        began = time.monotonic()
        yield
        self._seconds[part] = time.monotonic() - began
