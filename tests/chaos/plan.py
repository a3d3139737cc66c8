"""What goes wrong, and when: drawn from a seed, the same each time.

Only the plan is: how deep the queue is when the emulator ends, and which batch is killed, are the machine's.
"""

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from hubtriage.localaws.findings import generate
from hubtriage.localaws.ocsf_findings import in_v2
from hubtriage.localaws.securityhub.asff.requests import SIZE_LIMIT
from hubtriage.localaws.securityhub.faults import ScriptedFault
from tests.chaos import plan_tickets, plan_v2
from tests.faults.cases import CODES, FOREVER

Finding = dict[str, Any]
Kind = Literal[
    "storm", "quotas", "kill", "refuse", "admit", "deploy", "sweep", "restart",
    "tamper", "refresh", "poison", "oversize", "fault", "tamper V2", "refresh V2", "automate V2",
    "peer", "peer kill", "archive", "return",
]  # fmt: skip

PRODUCT = "arn:aws:securityhub:eu-central-1::product/aws/securityhub"
BACKLOG = 0.1
"""The share of the findings that is there before anything is deployed."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something that goes wrong as soon as the share `at` of the load is sent."""

    at: float
    kind: Kind
    name: str
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChaosPlan:
    """A whole run: `findings` in order of arrival, the first `backlog` of them before the stacks.

    `findings_v2` arrive meanwhile in Security Hub V2, which behaves by `v2`; none if it is off. With
    `tickets` the stack under load opens tickets and sends messages.
    """

    seed: int
    findings: tuple[Finding, ...]
    backlog: int
    acts: tuple[Act, ...]
    findings_v2: tuple[Finding, ...] = ()
    v2: Mapping[str, Any] = field(default_factory=dict)
    tickets: bool = False

    @property
    def hubs(self) -> str:
        """The setting `hubs` of the stacks."""
        return "cspm,v2" if self.findings_v2 else "cspm"

    @property
    def poison(self) -> dict[str, str]:
        """The events that can never be used, by name."""
        return {act.name: act.detail["body"] for act in self.acts if act.kind == "poison"}


def draw_plan(seed: int, count: int, *, both: bool = False, tickets: bool = False) -> ChaosPlan:
    """The plan of a seed for so many findings of all producers; `both`: for both hubs.

    Whatever V2 and tickets add is drawn apart: the rest of the plan stays the same.
    """
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    findings = tuple(generate(count, seed))
    acts = [*_milestones(chance), *_storms(chance, count), *_others(chance, count)]
    of_v2: dict[str, Any] = {}
    if both:
        acts += [Act(at, kind, name, detail) for at, kind, name, detail in plan_v2.draw_acts(seed, count)]  # type: ignore[arg-type]
        of_v2 = {"findings_v2": tuple(in_v2(findings, seed)), "v2": plan_v2.draw_behaviour(seed)}
    if tickets:
        acts += [Act(*each) for each in plan_tickets.draw_acts(seed, count)]  # type: ignore[arg-type]
    ordered = tuple(sorted(acts, key=lambda act: act.at))
    return ChaosPlan(seed, findings, round(count * BACKLOG), ordered, tickets=tickets, **of_v2)


def _milestones(chance: random.Random) -> Iterator[Act]:
    """What happens once, in this order; each half has its kills, and the second half begins no sweep.

    A sweep mends what was lost before it; what goes wrong after the last one, nothing but the events mends.
    """
    times = [place + chance.uniform(0, 0.06) for place in (0.1, 0.24, 0.36, 0.55, 0.72)]
    yield Act(times[0], "sweep", "sweep over a backlog")
    yield Act(times[1], "deploy", "other rules deployed")
    yield Act(times[2], "sweep", "another sweep")
    yield Act(times[3], "restart", "emulator restarted")
    yield Act(times[4], "refuse", "queue refuses EventBridge")
    yield Act(times[4] + 0.04, "admit", "queue takes events again")
    for number, (first, last) in enumerate([(0.1, 0.4), (0.5, 0.7), (0.8, 0.95)]):
        yield Act(chance.uniform(first, last), "kill", f"functions killed, {number + 1}")
    for name, rule in DEATHS.items():
        yield Act(chance.uniform(0.4, 0.95), "kill", f"function killed {name}", {"while": rule})


def _storms(chance: random.Random, count: int) -> Iterator[Act]:
    """Each storm comes twice, before and after the last sweep."""
    strength = max(2, count // 1_400)
    for first, last in ((0.02, 0.42), (0.48, 0.92)):
        for name, rule in STORMS.items():
            times = max(1, round(strength * rule.get("share", 1)))
            detail = {key: value for key, value in rule.items() if key != "share"} | {"times": times}
            yield Act(chance.uniform(first, last), "storm", name, detail)
    at = chance.uniform(0.2, 0.8)
    yield Act(at, "quotas", "AWS's own quotas hold", {"quotas": True})
    yield Act(at + 0.08, "quotas", "no quotas again", {"quotas": False})


def _others(chance: random.Random, count: int) -> Iterator[Act]:
    few = max(2, count // 500)
    for name, update in OTHERS.items():
        yield Act(chance.uniform(0.35, 0.97), "tamper", name, {"update": update, "findings": few})
    for number in range(5):
        severity = chance.choice(("LOW", "MEDIUM", "CRITICAL"))
        detail = {"findings": max(3, count // 60), "severity": severity}
        yield Act(chance.uniform(0.3, 0.97), "refresh", f"providers send again, {number + 1}", detail)
    for name, body in _poison():
        yield Act(chance.uniform(0.05, 0.9), "poison", name, {"body": body})
    for number, room in enumerate((20, 200, 420, 2_000)):
        yield Act(chance.uniform(0.1, 0.9), "oversize", f"{room} bytes below the limit",
                  {"finding": _large(f"chaos/oversize/{number}", room)})  # fmt: skip


def coded_faults(plan: ChaosPlan, wanted: list[Finding]) -> list[ScriptedFault]:
    """Faults of single findings: every ErrorCode passes on some that a rule wants, and lasts on some."""
    chance = random.Random(plan.seed + 1)  # noqa: S311
    each = max(1, len(wanted) // 2_000)
    chosen = iter(chance.sample(wanted, min(len(wanted), 2 * each * len(CODES))))
    return [
        ScriptedFault(finding_error=code, finding=finding["Id"], times=times)
        for code in CODES
        for times in (1, FOREVER)
        for finding in [next(chosen) for _ in range(each)]
    ]


def _error(code: str, status: int) -> dict[str, Any]:
    return {"error": {"code": code, "status": status, "message": "a fault of the test"}}


_UPDATE = {"service": "securityhub", "operation": "BatchUpdateFindings"}
_READ = {"service": "securityhub", "operation": "GetFindings"}
_ASK = {"service": "securityhub", "operation": "GetFindingHistory"}
_RECALL = {"service": "dynamodb", "operation": "BatchGetItem"}
_RECORD = {"service": "dynamodb", "operation": "BatchExecuteStatement"}

STORMS: Mapping[str, dict[str, Any]] = {
    "updates throttled": _UPDATE | _error("TooManyRequestsException", 429) | {"share": 3},
    "limit exceeded": _UPDATE | _error("LimitExceededException", 429),
    "internal errors": _UPDATE | _error("InternalException", 500),
    "service unavailable": _UPDATE | _error("ServiceUnavailable", 503),
    "access denied": _UPDATE | _error("AccessDeniedException", 403),
    "calls refused as invalid": _UPDATE | _error("InvalidInputException", 400) | {"share": 0.3},
    "updates late": _UPDATE | {"latency": 900, "probability": 0.7},
    "connections reset": _UPDATE | {"reset": True},
    "answers cut off inside JSON": _UPDATE | {"response": {"truncate_frac": 0.5}},
    "answers cut off at once": _UPDATE | {"response": {"truncate_bytes": 0}},
    "connections lost inside answers": _UPDATE | {"response": {"abort_frac": 0.5}},
    "answers corrupted": _UPDATE | {"response": {"corrupt_bytes": 20}},
    "readings throttled": _READ | _error("TooManyRequestsException", 429),
    "readings cut off": _READ | {"response": {"truncate_frac": 0.5}, "share": 0.5},
    "readings late": _READ | {"latency": 700, "share": 0.5},
    "histories throttled": _ASK | _error("TooManyRequestsException", 429) | {"share": 0.2},
    "ledger throttled": _RECORD | _error("ThrottlingException", 400),
    "ledger failing inside": _RECORD | _error("InternalServerError", 500),
    "ledger not heard": _RECORD | {"response": {"truncate_bytes": 0}},
    "ledger slow": _RECORD | {"latency": 900, "probability": 0.7},
    "ledger out of reach": _RECALL | {"reset": True},
    "ledger unreadable": _RECALL | _error("InternalServerError", 500) | {"share": 0.5},
    "mode unreadable": {"service": "ssm", "operation": "GetParameter", **_error("InternalServerError", 500)},
}
"""Storms by name: rules of the fault proxy; `share` of the strength that the number of findings gives."""

_NEVER_ARRIVES = {"latency": 4_000, "reset": True, "times": 1}
_ARRIVES_LATER = {"latency": 700, "times": 1}
_OF_INTENTS = "contains(to_string(Statements), 'intent')"

DEATHS: Mapping[str, dict[str, Any]] = {
    "while it recalls": _RECALL | _NEVER_ARRIVES,
    "while it reads again": _READ | _NEVER_ARRIVES,
    "before its intents are recorded": _RECORD | _NEVER_ARRIVES | {"body": _OF_INTENTS},
    "when its intents are recorded": _UPDATE | _NEVER_ARRIVES,
    "when its update is sent": _UPDATE | _ARRIVES_LATER,
    "before its update is confirmed": _RECORD | _NEVER_ARRIVES | {"body": f"!{_OF_INTENTS}"},
}
"""Steps at which a function dies, by name: a rule of the proxy for the call that is under way then."""

_BY = {"UpdatedBy": "a person"}

OTHERS: Mapping[str, dict[str, Any]] = {
    "user-defined fields wiped by another tool": {"UserDefinedFields": {"jira/issue": "SEC-1"}},
    "fields of another tool that bear our name": {
        "UserDefinedFields": {"hubtriage/managed": "hubtriage", "hubtriage/memo": "1 WS.k3Jd9x"}
    },
    "opened again by a person": {"Workflow": {"Status": "NEW"}},
    "suppressed by a person": {"Workflow": {"Status": "SUPPRESSED"}, "Note": {"Text": "Mine.", **_BY}},
    "lowered by a person": {"Severity": {"Label": "LOW"}},
    "raised by a person": {"Severity": {"Label": "CRITICAL"}},
    "told of by a person": {
        "Note": {"Text": "Looking into it.", **_BY},
        "VerificationState": "TRUE_POSITIVE",
    },
}
"""What people and other tools set meanwhile, by name."""


def _poison() -> Iterator[tuple[str, str]]:
    """Bodies that no finding can be read from, each with a name of its own."""
    finding = {"Id": "chaos/poison", "ProductArn": PRODUCT}
    bodies: Mapping[str, object] = {
        "no findings": {"detail-type": IMPORTED, "detail": {}},
        "another detail-type": {"detail-type": "Something Else", "detail": {"findings": [finding]}},
        "finding without Id": {"detail-type": IMPORTED, "detail": {"findings": [{"ProductArn": PRODUCT}]}},
        "Id too long": {"detail-type": IMPORTED, "detail": {"findings": [finding | {"Id": "x" * 600}]}},
        "finding that is a list": {"detail-type": IMPORTED, "detail": {"findings": [[]]}},
    }
    for name, body in bodies.items():
        yield name, json.dumps({"id": f"poison: {name}", **body})  # type: ignore[dict-item]
    yield "not JSON", "this is no event {"
    yield "half of an event", json.dumps({"detail-type": IMPORTED, "detail": {"findings": [finding]}})[:-9]
    yield "nesting without end", "[" * 20_000


IMPORTED = "Security Hub Findings - Imported"


def _large(name: str, room: int) -> Finding:
    """A finding so many bytes below the most that a finding may have."""
    finding = {
        "SchemaVersion": "2018-10-08",
        "Id": name,
        "ProductArn": PRODUCT,
        "ProductName": "Oversize",
        "GeneratorId": "chaos/oversize",
        "AwsAccountId": "111122223333",
        "CreatedAt": "2026-10-01T00:00:00Z",
        "UpdatedAt": "2026-10-01T00:00:00Z",
        "Title": "A finding as large as one may be",
        "Description": "",
        "Severity": {"Label": "LOW", "Normalized": 1},
        "FindingProviderFields": {"Severity": {"Label": "LOW"}},
        "Resources": [{"Type": "Other", "Id": "x", "Details": {"Other": {"padding": ""}}}],
        "Workflow": {"Status": "NEW"},
        "RecordState": "ACTIVE",
    }
    size = len(json.dumps(finding, separators=(",", ":")))
    resource: Any = finding["Resources"]
    resource[0]["Details"]["Other"]["padding"] = "x" * (SIZE_LIMIT - size - room)
    return finding
