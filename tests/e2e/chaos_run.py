"""Carries out a plan against the deployed stacks, calms everything down, and draws up the balance."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chaos_ledger import Balance, Event, Evidence, Key, account, key_of
from chaos_plan import Act, Finding, Plan, coded_faults
from chaos_stacks import MAIN, OTHER, Assemblies, Pace, Stack, build, name_of
from deployed_stack import IMPORT_BATCH, PATIENT
from fault_proxy import FaultProxy, fault_proxy

from hubtriage.engine.timestamps import parse_timestamp
from hubtriage.local.cloud import LocalCloud, free_port
from hubtriage.local.settings import HubSettings

Tell = Callable[[str], None]
SMALL = Pace(visibility=3, receives=5, batch=100)
LARGE = Pace(visibility=15, receives=6, batch=500)
_CALM = HubSettings(event_delay=(0.05, 2.0), duplicate_share=0.05, quotas=False)
_LOOK = 0.5
_PATIENCE = 1_200.0


@dataclass(slots=True)
class Happening:
    """An act, when it came (seconds after the beginning), how deep the queue was, how often it struck."""

    act: Act
    at: float
    waiting: int
    struck: int = 0

    def as_record(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "at": round(self.at, 1),
            "kind": self.act.kind,
            "name": self.act.name,
            "waiting": self.waiting,
            "struck": self.struck,
        }


@dataclass(slots=True)
class Report:
    """What happened, the balance before and after the redrive, and what is wrong."""

    seed: int
    findings: int
    happenings: list[Happening] = field(default_factory=list)
    coded: dict[str, int] = field(default_factory=dict)
    before: Balance = field(default_factory=Balance)
    after: Balance = field(default_factory=Balance)
    redriven: dict[str, str] = field(default_factory=dict)
    last_sweep_changed: int = -1
    still_wanted: int = -1
    problems: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def as_record(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "seed": self.seed,
            "findings": self.findings,
            "problems": self.problems,
            "before redrive": self.before.as_record(),
            "redriven": self.redriven,
            "after redrive": self.after.as_record(),
            "changed by a last sweep": self.last_sweep_changed,
            "findings that a stack would still change": self.still_wanted,
            "findings unprocessed by ErrorCode": self.coded,
            "happenings": [happening.as_record() for happening in self.happenings],
            "seconds": {name: round(value, 1) for name, value in self.seconds.items()},
        }


class Chaos:
    """A run: the load, and what goes wrong meanwhile."""

    def __init__(self, cloud: LocalCloud, proxy: FaultProxy, plan: Plan, assemblies: Assemblies, tell: Tell):
        self._cloud, self._proxy, self._plan, self._assemblies = cloud, proxy, plan, assemblies
        self._main, self._other = Stack(cloud, MAIN, OTHER), Stack(cloud, OTHER, MAIN)
        self._stacks = (self._main, self._other)
        self._tell = tell
        self._began = time.monotonic()
        self._hub = cloud.client("securityhub", config=PATIENT)
        self._sent: list[Finding] = []
        self._past_the_bus: list[Event] = []
        self._rules: dict[int, Happening] = {}
        self._admit: Callable[[], object] = lambda: None
        self._deploying: threading.Thread | None = None
        self.report = Report(plan.seed, len(plan.findings))

    # The load

    def backlog(self) -> None:
        """Findings first, then the stacks, whose deployment starts sweeps over them."""
        backlog = list(self._plan.findings[: self._plan.backlog])
        self._cloud.control.plant(backlog)
        self._sent += backlog
        self._main.deploy(self._assemblies.first)
        self._other.deploy(self._assemblies.other)
        wanted = [f for f in self._plan.findings[self._plan.backlog :] if self._main.wants(f)]
        for fault in coded_faults(self._plan, wanted):
            self._cloud.control.fault(fault)

    def load(self, most_waiting: int) -> None:
        """Import the rest, act after act; waits while more messages wait than that."""
        rest, acts = self._plan.findings[self._plan.backlog :], list(self._plan.acts)
        step = min(IMPORT_BATCH, max(1, len(rest) // 40))
        for start in range(0, len(rest), step):
            while acts and acts[0].at <= start / len(rest):
                self._do(acts.pop(0))
            batch = list(rest[start : start + step])
            self._import(batch)
            self._sent += batch
            self._hold_back(most_waiting)
        for act in acts:
            self._do(act)

    def _import(self, findings: list[Finding]) -> None:
        answer = self._hub.batch_import_findings(Findings=findings)
        if answer["FailedCount"]:
            raise RuntimeError(f"Security Hub did not take a finding: {answer['FailedFindings'][0]}")

    def _hold_back(self, most_waiting: int) -> None:
        while (waiting := self._main.depth()) > most_waiting:
            self._tell(f"{len(self._sent):,} findings sent, {waiting:,} messages wait")
            time.sleep(_LOOK)
        self._tell(f"{len(self._sent):,} findings sent, {waiting:,} messages wait")

    def _do(self, act: Act) -> None:
        happening = Happening(act, time.monotonic() - self._began, self._main.depth())
        self.report.happenings.append(happening)
        self._tell(f"{act.kind}: {act.name}")
        happening.struck = _ACTS[act.kind](self, act, happening)

    # What goes wrong. Each returns how often it struck, as far as it is known at once.

    def _storm(self, act: Act, happening: Happening) -> int:
        (rule,) = self._proxy.break_calls([act.detail])
        self._rules[rule] = happening
        return 0

    def _quotas(self, act: Act, _: Happening) -> int:
        self._cloud.control.configure(quotas=act.detail["quotas"])
        return 1

    def _kill(self, _act: Act, _: Happening, patience: float = 10.0) -> int:
        deadline = time.monotonic() + patience
        while not (killed := self._cloud.control.kill_functions()) and time.monotonic() < deadline:
            time.sleep(0.02)
        return killed

    def _refuse(self, _act: Act, _: Happening) -> int:
        self._admit = self._main.refuse_events()
        return 1

    def _take(self, _act: Act, _: Happening) -> int:
        self._admit()
        return sum(self._main.undelivered().values())

    def _deploy(self, _act: Act, _: Happening) -> int:
        """In a thread: the load goes on meanwhile."""
        self._deploying = threading.Thread(target=self._main.deploy, args=(self._assemblies.second,))
        self._deploying.start()
        return 1

    def _sweep(self, _act: Act, _: Happening) -> int:
        for stack in self._stacks:
            stack.sweep()
        return 1

    def _restart(self, _act: Act, _: Happening) -> int:
        self._deployed()
        self._cloud.restart()
        return 1 + sum(stack.resume_sweep() for stack in self._stacks)

    def _tamper(self, act: Act, _: Happening) -> int:
        chosen = self._some(act.detail["findings"], act.name)
        identifiers = [{"Id": finding["Id"], "ProductArn": finding["ProductArn"]} for finding in chosen]
        answer = self._hub.batch_update_findings(
            FindingIdentifiers=identifiers, UserDefinedFields=act.detail["fields"]
        )
        return len(answer["ProcessedFindings"])

    def _refresh(self, act: Act, _: Happening) -> int:
        chosen = self._some(min(IMPORT_BATCH, act.detail["findings"]), act.name)
        provided = {"Severity": {"Label": act.detail["severity"]}}
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._import([finding | {"UpdatedAt": now, "FindingProviderFields": provided} for finding in chosen])
        return len(chosen)

    def _poison(self, act: Act, _: Happening) -> int:
        self._main.send(act.detail["body"])
        self._past_the_bus.append(Event(name_of(act.detail["body"]), None))
        return 1

    def _oversize(self, act: Act, _: Happening) -> int:
        self._cloud.control.plant([act.detail["finding"]])
        return 1

    def _some(self, count: int, name: str) -> list[Finding]:
        """Findings that were sent, spread over all of them, others for each name; at most one call's."""
        step = max(1, len(self._sent) // count)
        offset = sum(name.encode()) % step
        return self._sent[offset::step][: min(count, IMPORT_BATCH)]

    def _deployed(self) -> None:
        if self._deploying is not None:
            self._deploying.join()
            self._deploying = None

    # The balance

    def calm(self) -> None:
        """No more storms; faults of single findings last until somebody mends them."""
        self._deployed()
        fired = self._proxy.fired()
        for rule, happening in self._rules.items():
            happening.struck = fired[rule]
        self._proxy.calm()
        self._cloud.control.configure(quotas=False)
        self.rest()
        while sum(stack.resume_sweep() for stack in self._stacks):
            self.rest()

    def rest(self) -> None:
        """Wait until nothing is under way: no event, no message of a function, no sweep."""
        deadline = time.monotonic() + _PATIENCE
        while not self._cloud.is_idle():
            if time.monotonic() > deadline:
                raise TimeoutError(f"no rest after {_PATIENCE:g} s: {self._cloud.queue_depths()}")
            self._tell(f"settling: {self._main.depth():,} and {self._other.depth():,} messages wait")
            time.sleep(_LOOK)

    def balance(self) -> Balance:
        """Account for every event so far."""
        self._tell("accounting for every event")
        delivered = self._cloud.control.events()["delivered"] + len(self._past_the_bus)
        balance = account(self._events(), self._evidence(), self._wanted)
        if balance.events != delivered:
            balance.problems.append(f"{delivered} events were delivered, {balance.events} are accounted for")
        return balance

    def _events(self) -> Iterator[Event]:
        for event in self._cloud.control.delivered_events():
            at = parse_timestamp(event["time"])
            yield Event(event["id"], event["detail"]["findings"][0], at or 0.0)
        yield from self._past_the_bus

    def _evidence(self) -> Evidence:
        refusals: dict[Key, tuple[str, ...]] = {}
        for stack in self._stacks:
            for key, reasons in stack.refusals().items():
                refusals[key] = refusals.get(key, ()) + reasons
        return Evidence(
            open=self._open(),
            written=self._cloud.control.updates_by_functions(),
            waiting=self._main.waiting() | self._other.waiting(),
            dead=self._main.dead() | self._other.dead(),
            refusals=refusals,
        )

    def _open(self) -> dict[Key, bool]:
        """Every finding that there is, and whether a stack would change it."""
        findings = self._cloud.control.findings()
        return {key_of(finding): any(stack.wants(finding) for stack in self._stacks) for finding in findings}

    def _wanted(self, finding: Mapping[str, Any], at: float) -> bool:
        return any(stack.wanted(finding, at) for stack in self._stacks)

    # Putting it right

    def redrive(self) -> None:
        """Remove the causes, and have everything that was given up triaged again."""
        self._cloud.control.clear_faults()
        for stack in self._stacks:
            self._tell(f"redriving the dead letters of {stack.name}")
            self.report.redriven[stack.name] = stack.redrive()
        self.rest()

    def last_sweeps(self) -> None:
        """A sweep takes up what was refused; after that another changes nothing."""
        self._sweep_and_rest()
        before = self._cloud.control.updates_by_functions()
        self._sweep_and_rest()
        after = Counter(self._cloud.control.updates_by_functions())
        self.report.last_sweep_changed = (after - Counter(before)).total()

    def _sweep_and_rest(self) -> None:
        for stack in self._stacks:
            stack.sweep()
        self.rest()

    def close(self) -> None:
        """Fill in the report; `problems` has whatever is not as it should be."""
        report, wanted = self.report, self._open()
        refused = {key for stack in self._stacks for key in stack.refusals()}
        report.still_wanted = sum(wanted[key] for key in wanted.keys() - refused)
        for call in self._cloud.control.updates():
            for code, count in call.unprocessed.items():
                report.coded[code] = report.coded.get(code, 0) + count
        report.problems = list(self._problems())

    def _problems(self) -> Iterator[str]:
        report, poison = self.report, len(self._plan.poison)
        yield from (f"before the redrive: {problem}" for problem in report.before.problems)
        yield from (f"after the redrive: {problem}" for problem in report.after.problems)
        if left := report.after.totals["dead letter"] - poison:
            yield f"{left} events that can be used are still dead letters (less than none: poison is missing)"
        if report.last_sweep_changed:
            yield f"a sweep after everything had settled changed {report.last_sweep_changed} findings"
        if report.still_wanted:
            yield f"the stacks would still change {report.still_wanted} findings"
        if len(self._plan.findings) >= _ENOUGH:
            yield from (f"never struck: {h.act.name}" for h in report.happenings if not h.struck)


_ENOUGH = 10_000
"""Findings with which every fault strikes; with few, some find nothing to strike."""

_ACTS: Mapping[str, Callable[[Chaos, Act, Happening], int]] = {
    "storm": Chaos._storm,
    "quotas": Chaos._quotas,
    "kill": Chaos._kill,
    "refuse": Chaos._refuse,
    "admit": Chaos._take,
    "deploy": Chaos._deploy,
    "sweep": Chaos._sweep,
    "restart": Chaos._restart,
    "tamper": Chaos._tamper,
    "refresh": Chaos._refresh,
    "poison": Chaos._poison,
    "oversize": Chaos._oversize,
}


def run(plan: Plan, folder: Path, tell: Tell = lambda _: None) -> Report:
    """Carry out a plan; `folder` takes what is built and the proxy's log, `tell` hears of the progress."""
    small = len(plan.findings) < _ENOUGH
    watch = _Watch(tell)
    with watch.of("build"):
        assemblies = build(folder, SMALL if small else LARGE)
    with _world(folder) as (cloud, proxy):
        chaos = Chaos(cloud, proxy, plan, assemblies, tell)
        chaos.report.seconds = watch.seconds
        with watch.of("load"):
            chaos.backlog()
            chaos.load(most_waiting=200 if small else 3_000)
        with watch.of("settling"):
            chaos.calm()
        with watch.of("balance"):
            chaos.report.before = chaos.balance()
        with watch.of("redrive"):
            chaos.redrive()
        with watch.of("last sweeps"):
            chaos.last_sweeps()
        with watch.of("balance after the redrive"):
            chaos.report.after = chaos.balance()
            chaos.close()
    return chaos.report


@contextmanager
def _world(folder: Path) -> Iterator[tuple[LocalCloud, FaultProxy]]:
    port = free_port()
    with (
        fault_proxy(f"http://127.0.0.1:{port}", folder / "proxy.log") as proxy,
        LocalCloud(_CALM, port=port, lambda_endpoint=proxy.endpoint, durable=True) as cloud,
    ):
        yield cloud, proxy


class _Watch:
    """Seconds of each part of a run."""

    def __init__(self, tell: Tell) -> None:
        self.seconds: dict[str, float] = {}
        self._tell = tell

    @contextmanager
    def of(self, part: str) -> Iterator[None]:
        self._tell(f"part: {part}")
        began = time.monotonic()
        yield
        self.seconds[part] = time.monotonic() - began
