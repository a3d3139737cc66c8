"""Runs the fault cases against the deployed stack, and keeps the ledger of their events."""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.config import Config

from hubtriage.localaws.cloud import LocalCloud
from hubtriage.localaws.listener import Listener
from hubtriage.localaws.ministack.faults import ServiceFault
from hubtriage.localaws.securityhub.faults import ScriptedFault
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.e2e.stories import provided
from tests.faults.cases import CASES, FOREVER, WRITE, Case
from tests.faults.ledger import FATES, UNACCOUNTED, Entry, Fate, Witnesses, account, by_finding, tally
from tests.faults.proxy import FaultProxy, fault_proxy
from tests.support.deployed_stack import (
    DeployedStack,
    Tap,
    built_stack,
    deployed_stack,
    drained,
    ledger_items,
)

RULES = Path(__file__).parent / "rules"
VISIBILITY = 15
"""Seconds until a message is delivered again; in an account it is six function timeouts, half an hour."""
RECEIVES = 8
"""Deliveries of a message before it is a dead letter."""
LEASE = 60
"""Seconds for which an intent is left to who recorded it: shorter than all deliveries together."""
KILLED = Case("function killed in mid-batch", "updated", findings=24)
THROTTLED = Case("function throttled", "updated", findings=6)
UNUSABLE = Case("event without a finding", "dead letter", findings=0)
OCCUPYING = Case("function occupied", "updated", proxy={"latency": 5_000})
_LONG_CALL = Config(read_timeout=60, retries={"total_max_attempts": 1})


@dataclass(frozen=True, slots=True)
class FaultRow:
    """A case, how often its fault struck, and the fates of its events."""

    case: str
    ends: Fate
    struck: int
    fates: Mapping[Fate, int]
    reasons: tuple[str, ...]
    problems: tuple[str, ...]


@dataclass(slots=True)
class FaultLedger:
    """All rows; `problems` says whatever is not as it should be."""

    rows: list[FaultRow] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    events: int = 0
    seconds: float = 0.0

    @property
    def fates(self) -> dict[Fate, int]:
        """How many events ended how."""
        return {fate: sum(row.fates.get(fate, 0) for row in self.rows) for fate in FATES}

    def as_record(self) -> dict[str, Any]:
        """JSON-ready."""
        rows = [
            {
                "case": row.case,
                "ends": row.ends,
                "struck": row.struck,
                "fates": dict(row.fates),
                "reasons": list(row.reasons),
                "problems": list(row.problems),
            }
            for row in self.rows
        ]
        return {
            "events": self.events,
            "fates": self.fates,
            "problems": self.problems,
            "seconds": round(self.seconds, 1),
            "cases": rows,
        }


class FaultBench:
    """The deployed stack with a proxy in its way and a witness on the bus."""

    def __init__(self, stack: DeployedStack, proxy: FaultProxy) -> None:
        self.stack = stack
        self.proxy = proxy
        self.struck: dict[str, int] = {}
        self._rules: dict[str, int] = {}
        self._parts: dict[str, list[int]] = defaultdict(list)
        self._past_the_bus: list[dict[str, Any]] = []
        self._tap = Tap(stack.cloud)
        self._events: list[dict[str, Any]] = []
        self.stack.deliver_again_after(VISIBILITY, RECEIVES)
        self._lift_rates()

    def _lift_rates(self) -> None:
        """Let the function call as fast as it can: batches must be over before messages come again."""
        client, name = self.stack.cloud.client("lambda"), self.stack.outputs["FunctionName"]
        variables = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        fast = {"HUBTRIAGE_CALLS_PER_SECOND": "100", "HUBTRIAGE_READS_PER_SECOND": "100"}
        fast["HUBTRIAGE_LEASE_SECONDS"] = str(LEASE)
        client.update_function_configuration(FunctionName=name, Environment={"Variables": variables | fast})

    # Faults

    def arm(self, cases: Sequence[Case]) -> None:
        """Prepare what is to go wrong with these cases' findings and calls."""
        for case in cases:
            for finding in findings(case) if case.code else ():
                fault = ScriptedFault(finding_error=case.code, finding=finding["Id"], times=case.times)
                self.stack.cloud.control.fault(fault)
            for finding in findings(case) if case.part else ():
                name = f'{finding["Id"]}\\"'  # as the statement has it: JSON within JSON
                self._parts[case.key].append(
                    self.stack.cloud.control.break_service(
                        ServiceFault("dynamodb", WRITE, part_error=case.part, part=name, times=case.times)
                    )
                )
        proxied = [case for case in cases if case.proxy is not None]
        ids = self.proxy.break_calls([_proxy_rule(case) for case in proxied])
        self._rules |= {case.key: rule for case, rule in zip(proxied, ids, strict=True)}

    def send(self, cases: Sequence[Case]) -> None:
        """Have the providers send the cases' findings, one case after another."""
        self.stack.import_findings([finding for case in cases for finding in findings(case)])

    def send_unusable(self) -> None:
        """Put an event into the queue that no finding can be read from."""
        event = {"id": "unusable", "detail-type": "Security Hub Findings - Imported", "detail": {}}
        self._past_the_bus.append(event)
        self.stack.send_to_queue(event)

    def kill(self) -> None:
        """Kill the function when it has sent some of its calls, which are slow, and not yet the others."""
        before = self._updated()
        slow: dict[str, Any] = {"operation": "BatchUpdateFindings", "latency": 150}
        slow["body"] = f"starts_with(UserDefinedFields.case || '', 'faults/{KILLED.key}')"
        self.proxy.break_calls([slow])
        self.send([KILLED])
        self._wait(lambda: self._updated() >= before + KILLED.findings // 6)
        self.struck[KILLED.key] = self.stack.cloud.control.kill_functions()
        if self._updated() >= before + KILLED.findings:
            self.struck[KILLED.key] = 0

    def throttle(self) -> None:
        """Occupy the function's only concurrency while a batch is due."""
        client = self.stack.cloud.client("lambda")
        name = self.stack.outputs["FunctionName"]
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
        self.arm([OCCUPYING])
        occupied = threading.Thread(target=self._occupy, args=(name,))
        occupied.start()
        self._wait(lambda: self.strikes([OCCUPYING])[OCCUPYING.key] > 0)
        before = self._throttles()
        self.send([THROTTLED])
        occupied.join()
        self.struck[THROTTLED.key] = self._throttles() - before
        client.delete_function_concurrency(FunctionName=name)

    def _occupy(self, function: str) -> None:
        """Invoke the function as its queue would; the call takes long, and then finds no finding."""
        event = {
            "id": OCCUPYING.key,
            "detail-type": "Security Hub Findings - Imported",
            "source": "aws.securityhub",
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "detail": {"findings": [findings(OCCUPYING)[0]]},
        }
        sqs, url = self.stack.cloud.client("sqs"), self.stack.outputs["QueueUrl"]
        asked = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        record = {"messageId": OCCUPYING.key, "body": json.dumps(event), "attributes": {}}
        batch = {"Records": [record | {"eventSourceARN": asked["Attributes"]["QueueArn"]}]}
        self.stack.cloud.client("lambda", config=_LONG_CALL).invoke(
            FunctionName=function, Payload=json.dumps(batch)
        )

    def _throttles(self) -> int:
        return self.stack.cloud.process_log().count("failed processing SQS batch")

    def _updated(self) -> int:
        return sum(call.processed for call in self.stack.cloud.control.updates())

    def _wait(self, happened: Callable[[], bool], patience: float = 60.0) -> None:
        deadline = time.monotonic() + patience
        while not happened():
            if time.monotonic() > deadline:
                raise TimeoutError("what was to be disturbed did not begin")
            time.sleep(0.05)

    # Accounts

    def settle(self, timeout: float = 240.0) -> None:
        """Wait until the queue is empty: everything done, refused or given up."""
        self.stack.rest(timeout)

    def entries(self) -> list[Entry]:
        """The fate of every event so far, from witnesses other than the function. Empties the queues."""
        self._events += self._tap.take()
        sqs, outputs = self.stack.cloud.client("sqs"), self.stack.outputs
        waiting = drained(sqs, outputs["QueueUrl"])
        dead = [*drained(sqs, outputs["DeadLetterQueueUrl"]), *drained(sqs, outputs["UndeliveredQueueUrl"])]
        witnesses = Witnesses(
            events=(*self._events, *self._past_the_bus),
            stored=self.stack.findings(),
            waiting=tuple(map(json.loads, waiting)),
            dead=tuple(map(json.loads, dead)),
            refusals=self._refusals(),
            held=held(self.stack.cloud, self.stack.outputs["LedgerTableName"]),
        )
        return account(witnesses)

    def delivered(self) -> int:
        """Events that Security Hub put on the bus, by its own count, and those put past it."""
        count: int = self.stack.cloud.control.status()["events"]["delivered"]
        return count + len(self._past_the_bus)

    def _refusals(self) -> dict[str, tuple[str, ...]]:
        reasons: dict[str, tuple[str, ...]] = defaultdict(tuple)
        for line in self.stack.decisions():
            if line["outcome"] == "refused" and line.get("code") and line.get("reason"):
                reasons[line["finding_id"]] += (f"{line['code']}: {line['reason']}",)
        return reasons

    def strikes(self, cases: Sequence[Case]) -> dict[str, int]:
        """How often each case's fault struck, as the proxy and Security Hub counted."""
        fired = self.proxy.fired()
        unprocessed: dict[str, int] = defaultdict(int)
        for call in self.stack.cloud.control.updates():
            for code, count in call.unprocessed.items():
                unprocessed[code] += count
        proxied = {case.key: fired[self._rules[case.key]] for case in cases if case.proxy is not None}
        coded = {case.key: unprocessed[case.code] for case in cases if case.code is not None}
        struck = self.stack.cloud.control.struck()
        parts = {key: sum(struck[number] for number in numbers) for key, numbers in self._parts.items()}
        return proxied | coded | parts | self.struck


def held(cloud: LocalCloud, table: str) -> frozenset[str]:
    """The Ids of the findings on which rules hold something, by the items of the ledger's table."""
    return frozenset(key[1] for key, item in ledger_items(cloud, table) if item["rules"]["L"])


def findings(case: Case) -> list[dict[str, Any]]:
    """The findings of a case. Those to be killed each need a call of their own, the others share one."""
    own = case is KILLED
    return [
        provided(f"{case.key}/{n}", case.key, "LOW") | {"GeneratorId": _generator(case, n if own else None)}
        for n in range(case.findings)
    ]


def _generator(case: Case, number: int | None) -> str:
    return f"faults/{case.group}" if number is None else f"faults/{case.group}/{number}"


def _proxy_rule(case: Case) -> dict[str, Any]:
    """A rule for the calls of one case: it is known by the user field that its findings get."""
    rule: dict[str, Any] = {"service": case.service, "operation": case.operation, **(case.proxy or {})}
    if case.operation == WRITE:
        rule["body"] = f"contains(to_string(Statements), '{case.key}/0')"
    elif case.beside is not None:
        rule["body"] = f"FindingIdentifiers[?Id == '{case.key}/0']"
    elif case.operation == "BatchUpdateFindings":
        rule["body"] = f"UserDefinedFields.case == '{_generator(case, None)}'"
    if case.times != FOREVER:
        rule["times"] = case.times
    return rule


def run(build: Path, *, quick: bool) -> FaultLedger:
    """Run the cases, the quick ones only or all, and account for every event."""
    began = time.monotonic()
    cases = [case for case in CASES if case.quick or not quick]
    assembly = built_stack(RULES, build / "cdk.out", batch_size=20)
    with _bench(assembly, build) as bench:
        bench.arm(cases)
        bench.send_unusable()
        bench.send(cases)
        bench.settle()
        bench.kill()
        bench.settle()
        bench.throttle()
        bench.settle()
        everything = [*cases, KILLED, THROTTLED, UNUSABLE]
        ledger = _ledger(everything, bench.entries(), bench.strikes(cases), bench.delivered())
    ledger.seconds = time.monotonic() - began
    return ledger


@contextmanager
def _bench(assembly: Path, build: Path) -> Iterator[FaultBench]:
    settings = HubSettings(event_delay=(0.02, 0.3), duplicate_share=0.1, quotas=False)
    with (
        Listener() as listener,
        fault_proxy(f"http://127.0.0.1:{listener.port}", build / "proxy.log") as proxy,
        deployed_stack(assembly, settings, listener=listener, lambda_endpoint=proxy.endpoint) as stack,
    ):
        yield FaultBench(stack, proxy)


def _ledger(
    cases: Sequence[Case], entries: list[Entry], strikes: Mapping[str, int], delivered: int
) -> FaultLedger:
    found = by_finding(entries)
    ledger = FaultLedger(events=len(entries))
    for case in cases:
        own = found[None] if case is UNUSABLE else [e for f in findings(case) for e in found[f["Id"]]]
        ledger.rows.append(_row(case, own, strikes.get(case.key, 0)))
    ledger.problems = [f"{row.case}: {problem}" for row in ledger.rows for problem in row.problems]
    if len(entries) != delivered:
        ledger.problems.append(f"{delivered} events were delivered, {len(entries)} were witnessed")
    if (told := sum(ledger.fates.values())) != len(entries):
        ledger.problems.append(f"{len(entries)} events were witnessed, {told} belong to a case")
    return ledger


def _row(case: Case, entries: list[Entry], struck: int) -> FaultRow:
    reasons = tuple(sorted({entry.reason for entry in entries if entry.reason}))
    return FaultRow(
        case.name, case.ends, struck, dict(tally(entries)), reasons, tuple(_flaws(case, entries, struck))
    )


def _flaws(case: Case, entries: list[Entry], struck: int) -> Iterator[str]:
    for entry in entries:
        if entry.fate in UNACCOUNTED:
            yield f"the event {entry.event} of {entry.finding} is {entry.fate}"
        elif entry.first and entry.fate != case.ends:
            yield f"the event {entry.event} of {entry.finding} ended as {entry.fate}, not as {case.ends}"
    if case.findings and not any(entry.first for entry in entries):
        yield "no event told of its findings"
    harmless = case.name.startswith("nothing goes wrong") or case is UNUSABLE
    if not harmless and not struck:
        yield "the fault never struck"
