"""The load, and what goes wrong meanwhile."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from hubtriage.localaws.ocsf_findings import is_touched
from hubtriage.localaws.peers.control import PeerControl
from hubtriage.localaws.peers.faults import PeerFault
from hubtriage.localaws.securityhub.faults import ScriptedFault
from tests.chaos.ledger import SentEvent, as_rules_see
from tests.chaos.plan import Act, ChaosPlan, Finding, coded_faults
from tests.chaos.plan_v2 import OVERWRITING, UPDATE, coded_faults_v2
from tests.chaos.stacks import name_of
from tests.chaos.witness_v2 import OtherWriters
from tests.chaos.world import LOOK, ChaosWorld
from tests.support.deployed_stack import IMPORT_BATCH, PATIENT

Each = TypeVar("Each")
_TRIES = 4
"""How often a person tries."""


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


class ChaosLoad:
    """Carries out a plan.

    `past_the_bus` are the events that were put into the queue directly, `others_v2` what people and other
    tools have set in V2.
    """

    def __init__(self, world: ChaosWorld, plan: ChaosPlan, patience: float) -> None:
        self.happenings: list[Happening] = []
        self.past_the_bus: list[SentEvent] = []
        self._world, self._plan, self._patience = world, plan, patience
        self._hub = world.cloud.client("securityhub", config=PATIENT)
        self._began = time.monotonic()
        self.others_v2 = OtherWriters()
        self._sent: list[Finding] = []
        self._sent_v2: list[str] = []
        self._storms: dict[int, Happening] = {}
        self._peer_faults: dict[int, Happening] = {}
        self._admit: Callable[[], object] = lambda: None
        self._deploying: threading.Thread | None = None

    def begin(self) -> None:
        """Findings first, then the stacks, whose deployment starts sweeps over them."""
        world, backlog = self._world, list(self._plan.findings[: self._plan.backlog])
        world.cloud.control.plant(backlog)
        self._sent += backlog
        self._provide_until(self._plan.backlog / len(self._plan.findings))
        world.main.deploy(world.assemblies.first)
        world.other.deploy(world.assemblies.other)
        wanted = [f for f in self._plan.findings[self._plan.backlog :] if world.main.wants(f)]
        for fault in coded_faults(self._plan, wanted):
            world.cloud.control.fault(fault)
        wanted = [
            f for f in self._plan.findings_v2[len(self._sent_v2) :] if world.main.wants(as_rules_see(f))
        ]
        for fault in coded_faults_v2(self._plan.seed, wanted) if wanted else ():
            world.cloud.control.fault(fault)

    def send(self, most_waiting: int) -> None:
        """Import the rest, act after act; waits while more messages wait than that."""
        rest, acts = self._plan.findings[self._plan.backlog :], list(self._plan.acts)
        step = min(IMPORT_BATCH, max(1, len(rest) // 40))
        for start in range(0, len(rest), step):
            while acts and acts[0].at <= start / len(rest):
                self._do(acts.pop(0))
            batch = list(rest[start : start + step])
            self._import(batch)
            self._sent += batch
            self._provide_until(len(self._sent) / len(self._plan.findings))
            self._world.tick()
            self._hold_back(most_waiting)
        for act in acts:
            self._do(act)

    def end(self) -> None:
        """No more storms, no quotas; faults of single findings last until somebody mends them."""
        self._join_deployment()
        fired = self._world.proxy.fired()
        for rule, happening in self._storms.items():
            happening.struck = fired[rule]
        self._world.proxy.calm()
        self._calm_peers()
        self._world.cloud.control.configure(quotas=False)

    def _import(self, findings: list[Finding]) -> None:
        answer = self._hub.batch_import_findings(Findings=findings)
        if answer["FailedCount"]:
            raise RuntimeError(f"Security Hub did not take a finding: {answer['FailedFindings'][0]}")

    def _provide_until(self, share: float) -> None:
        """Have this share of the findings of V2 arrive; what people had touched is there as they left it."""
        batch = self._plan.findings_v2[len(self._sent_v2) : round(len(self._plan.findings_v2) * share)]
        self._sent_v2 += [finding["metadata"]["uid"] for finding in batch]
        touched = [finding for finding in batch if is_touched(finding)]
        for finding in touched:
            self.others_v2.note_found(finding)
        if batch:
            self._world.cloud.control.plant_v2(touched)
            self._world.cloud.control.provide_v2([each for each in batch if not is_touched(each)])

    def _hold_back(self, most_waiting: int) -> None:
        while (waiting := self._world.main.depth()) > most_waiting:
            self._world.tell(f"{len(self._sent):,} findings sent, {waiting:,} messages wait")
            self._world.tick()
            time.sleep(LOOK)
        self._world.tell(f"{len(self._sent):,} findings sent, {waiting:,} messages wait")

    def _do(self, act: Act) -> None:
        happening = Happening(act, time.monotonic() - self._began, self._world.main.depth())
        self.happenings.append(happening)
        self._world.tell(f"{act.kind}: {act.name}")
        happening.struck = _ACTS[act.kind](self, happening)

    # What goes wrong. Each returns how often it struck, as far as it is known at once.

    def _storm(self, happening: Happening) -> int:
        (rule,) = self._world.proxy.break_calls([happening.act.detail])
        self._storms[rule] = happening
        return 0

    def _quotas(self, happening: Happening) -> int:
        self._world.cloud.control.configure(quotas=happening.act.detail["quotas"])
        return 1

    def _kill(self, happening: Happening) -> int:
        """Kill all functions that are at work, as soon as one is, or is at a step.

        Not in the midst of a deployment: CloudFormation would wait here for the function that starts its
        sweep. AWS: Lambda would call it again.
        """
        self._join_deployment()
        step = happening.act.detail.get("while")
        if step is not None and not self._is_at(step):
            return 0
        deadline = time.monotonic() + self._patience
        while not (killed := self._world.cloud.control.kill_functions()) and time.monotonic() < deadline:
            time.sleep(0.02)
        return killed

    def _is_at(self, step: Mapping[str, Any]) -> bool:
        """Wait until a function makes a call, which takes long; whether one does."""
        (rule,) = self._world.proxy.break_calls([step])
        deadline = time.monotonic() + self._patience
        while not self._world.proxy.fired()[rule]:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def _calm_peers(self) -> None:
        if self._world.peers is not None:
            struck = self._world.peers.struck()
            for number, happening in self._peer_faults.items():
                happening.struck = struck[number]
            self._world.peers.clear_faults()

    def _peers(self) -> PeerControl:
        if self._world.peers is None:
            raise RuntimeError("this plan needs doubles of the services")
        return self._world.peers

    def _peer(self, happening: Happening) -> int:
        self._peer_faults[self._peers().fault(PeerFault(**happening.act.detail))] = happening
        return 0

    def _kill_at_peer(self, happening: Happening) -> int:
        """Kill all functions while a request to a double is under way, which takes a moment."""
        self._join_deployment()
        number = self._peers().fault(PeerFault(**happening.act.detail))
        deadline = time.monotonic() + self._patience
        while not self._peers().struck()[number]:
            if time.monotonic() > deadline:
                return 0
            time.sleep(0.02)
        return self._world.cloud.control.kill_functions()

    def _archive(self, happening: Happening) -> int:
        return self._set_state(happening, "ARCHIVED")

    def _return(self, happening: Happening) -> int:
        self._join_deployment()
        self._world.rest()  # their tickets are closed, or on the way
        return self._set_state(happening, "ACTIVE")

    def _set_state(self, happening: Happening, state: str) -> int:
        """Have the providers send all findings of an account again in another state."""
        accounts = sorted({finding["AwsAccountId"] for finding in self._plan.findings})
        account = accounts[happening.act.detail["number"] % len(accounts)]
        chosen = [finding for finding in self._sent if finding["AwsAccountId"] == account]
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        for start in range(0, len(chosen), IMPORT_BATCH):
            some = chosen[start : start + IMPORT_BATCH]
            self._import([finding | {"UpdatedAt": now, "RecordState": state} for finding in some])
        return len(chosen)

    def _refuse(self, _: Happening) -> int:
        self._admit = self._world.main.refuse_events()
        return 1

    def _take(self, _: Happening) -> int:
        self._admit()
        return sum(self._world.main.undelivered().values())

    def _deploy(self, _: Happening) -> int:
        """In a thread: the load goes on meanwhile."""
        world = self._world
        self._deploying = threading.Thread(target=world.main.deploy, args=(world.assemblies.second,))
        self._deploying.start()
        return 1

    def _join_deployment(self) -> None:
        if self._deploying is not None:
            self._deploying.join()
            self._deploying = None

    def _sweep(self, _: Happening) -> int:
        for stack in self._world.stacks:
            stack.sweep()
        return 1

    def _restart(self, _: Happening) -> int:
        """Not in the midst of a deployment: CloudFormation would not come through it here."""
        self._join_deployment()
        self._world.cloud.restart()
        return 1 + sum(stack.resume_sweep() for stack in self._world.stacks)

    def _tamper(self, happening: Happening) -> int:
        chosen = self._some(happening.act)
        answer = self._hub.batch_update_findings(
            FindingIdentifiers=[{"Id": f["Id"], "ProductArn": f["ProductArn"]} for f in chosen],
            **happening.act.detail["update"],
        )
        return len(answer["ProcessedFindings"])

    def _refresh(self, happening: Happening) -> int:
        chosen = self._some(happening.act)
        provided = {"Severity": {"Label": happening.act.detail["severity"]}}
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._import([finding | {"UpdatedAt": now, "FindingProviderFields": provided} for finding in chosen])
        return len(chosen)

    def _fault(self, happening: Happening) -> int:
        self._world.cloud.control.fault(ScriptedFault(operation=UPDATE, **happening.act.detail))
        return 1

    def _tamper_v2(self, happening: Happening) -> int:
        """Who is told that an update did not happen tries again."""
        update, left = happening.act.detail["update"], self._some_v2(happening.act)
        done: set[str] = set()
        for _ in range(_TRIES):
            began = time.time()
            answer = self._hub.batch_update_findings_v2(MetadataUids=left, **update)
            done |= {each["MetadataUid"] for each in answer["ProcessedFindings"]}
            if not (left := [uid for uid in left if uid not in done]):
                break
        for uid in done:
            self.others_v2.note(uid, update, began)
        return len(done)

    def _refresh_v2(self, happening: Happening) -> int:
        chosen = self._some_v2(happening.act)
        self._world.cloud.control.advance_v2(*chosen, severity_id=happening.act.detail["severity_id"])
        return len(chosen)

    def _automate_v2(self, happening: Happening) -> int:
        self._hub.create_automation_rule_v2(**happening.act.detail)
        self.others_v2.anywhere.append(OVERWRITING)
        return 1

    def _poison(self, happening: Happening) -> int:
        body = happening.act.detail["body"]
        self._world.main.send(body)
        self.past_the_bus.append(SentEvent(name_of(body), None))
        return 1

    def _oversize(self, happening: Happening) -> int:
        self._world.cloud.control.plant([happening.act.detail["finding"]])
        return 1

    def _some(self, act: Act) -> list[Finding]:
        return _spread(self._sent, act)

    def _some_v2(self, act: Act) -> list[str]:
        return _spread(self._sent_v2, act)


def _spread(sent: list[Each], act: Act) -> list[Each]:
    """Some of what was sent, spread over all of it, others for each act; at most one call's."""
    count = min(IMPORT_BATCH, act.detail["findings"])
    step = max(1, len(sent) // count)
    return sent[sum(act.name.encode()) % step :: step][:count]


_ACTS: Mapping[str, Callable[[ChaosLoad, Happening], int]] = {
    "storm": ChaosLoad._storm,
    "quotas": ChaosLoad._quotas,
    "kill": ChaosLoad._kill,
    "refuse": ChaosLoad._refuse,
    "admit": ChaosLoad._take,
    "deploy": ChaosLoad._deploy,
    "sweep": ChaosLoad._sweep,
    "restart": ChaosLoad._restart,
    "tamper": ChaosLoad._tamper,
    "refresh": ChaosLoad._refresh,
    "poison": ChaosLoad._poison,
    "oversize": ChaosLoad._oversize,
    "fault": ChaosLoad._fault,
    "tamper V2": ChaosLoad._tamper_v2,
    "refresh V2": ChaosLoad._refresh_v2,
    "automate V2": ChaosLoad._automate_v2,
    "peer": ChaosLoad._peer,
    "peer kill": ChaosLoad._kill_at_peer,
    "archive": ChaosLoad._archive,
    "return": ChaosLoad._return,
}
