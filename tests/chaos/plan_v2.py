"""What goes wrong in Security Hub V2, and when: drawn from the seed too, beside the other hub's plan."""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hubtriage.localaws.securityhub.errors import FINDING_ERRORS_V2
from hubtriage.localaws.securityhub.faults import ScriptedFault
from hubtriage.localaws.securityhub.v2 import words
from tests.faults.cases import FOREVER

Finding = dict[str, Any]
Drawn = tuple[float, str, str, dict[str, Any]]
"""When, the kind of an act, its name, its details."""

UPDATE, READ = "BatchUpdateFindingsV2", "GetFindingsV2"
IMPORTED_V2 = "Findings Imported V2"
OVERWRITING = "Overwritten by an automation rule."
REMEDIATED = "Remediated by another solution."


def draw_behaviour(seed: int) -> dict[str, Any]:
    """How V2 behaves where AWS does not say: another way with each seed."""
    chance = random.Random(seed + 3)  # noqa: S311 - repeatable, not secret
    return {
        "pins_severity": chance.random() < 0.5,
        "comment_in": chance.choice(("comment", "notes", "both")),
        "update_activity": chance.choice(("kept", "update")),
        "events_when_unchanged": chance.random() < 0.5,
        "answers": chance.choice(("asked", "both")),
        "resets_when_back": chance.random() < 0.5,
    }


def draw_acts(seed: int, count: int) -> Iterator[Drawn]:
    """All that goes wrong in V2 alone."""
    chance = random.Random(seed + 4)  # noqa: S311 - repeatable, not secret
    strength, few = max(2, count // 1_400), max(2, count // 100)
    for first, last in ((0.02, 0.42), (0.48, 0.92)):
        for name, rule in STORMS_V2.items():
            yield chance.uniform(first, last), "storm", name, {"times": strength, **rule}
        for name, fault in FAULTS_V2.items():
            yield chance.uniform(first, last), "fault", name, {"times": strength, **fault}
    for name, rule in DEATHS_V2.items():
        yield chance.uniform(0.4, 0.95), "kill", f"function killed {name}", {"while": rule}
    for name, update in OTHERS_V2.items():
        yield chance.uniform(0.3, 0.97), "tamper V2", name, {"update": update, "findings": few}
    yield chance.uniform(0.3, 0.5), "automate V2", "automation rule that overwrites comments", AUTOMATION
    for number in range(5):
        detail = {"findings": max(3, count // 60), "severity_id": chance.choice((0, 2, 3, 5))}
        yield chance.uniform(0.3, 0.97), "refresh V2", f"providers send to V2 again, {number + 1}", detail
    for name, body in _poison():
        yield chance.uniform(0.05, 0.9), "poison", name, {"body": body}


def coded_faults_v2(seed: int, wanted: Sequence[Finding]) -> list[ScriptedFault]:
    """Every ErrorCode of V2 passes on some findings that a rule wants, and lasts on some."""
    chance = random.Random(seed + 5)  # noqa: S311 - repeatable, not secret
    each = max(1, len(wanted) // 2_000)
    chosen = iter(chance.sample(list(wanted), min(len(wanted), 2 * each * len(FINDING_ERRORS_V2))))
    return [
        ScriptedFault(operation=UPDATE, finding_error=code, finding=finding["metadata"]["uid"], times=times)
        for code in FINDING_ERRORS_V2
        for times in (1, FOREVER)
        for finding in [next(chosen) for _ in range(each)]
    ]


def _broken(operation: str, **how: Any) -> dict[str, Any]:
    return {"service": "securityhub", "operation": operation, **how}


def _error(code: str, status: int) -> dict[str, Any]:
    return {"error": {"code": code, "status": status, "message": "a fault of the test"}}


STORMS_V2: Mapping[str, dict[str, Any]] = {
    "V2: updates in conflict": _broken(UPDATE, **_error("ConflictException", 409)),
    "V2: updates throttled": _broken(UPDATE, **_error("ThrottlingException", 429)),
    "V2: internal errors": _broken(UPDATE, **_error("InternalServerException", 500)),
    "V2: access denied": _broken(UPDATE, **_error("AccessDeniedException", 403)),
    "V2: updates late": _broken(UPDATE, latency=900, probability=0.7),
    "V2: connections reset": _broken(UPDATE, reset=True),
    "V2: answers cut off inside JSON": _broken(UPDATE, response={"truncate_frac": 0.5}),
    "V2: answers cut off at once": _broken(UPDATE, response={"truncate_bytes": 0}),
    "V2: readings throttled": _broken(READ, **_error("ThrottlingException", 429)),
    "V2: readings cut off": _broken(READ, response={"truncate_frac": 0.5}),
}
"""Rules of the fault proxy, by name."""

FAULTS_V2: Mapping[str, dict[str, Any]] = {
    "V2: answers lost": {"lose_answer": True},
    "V2: findings left unprocessed in conflict": {"finding_error": "ConflictException"},
    "V2: findings left unprocessed inside": {"finding_error": "InternalServerException"},
}
"""Faults of Security Hub itself, by name; whoever calls next has them, people too."""

_NEVER_ARRIVES = {"latency": 4_000, "reset": True, "times": 1}
DEATHS_V2: Mapping[str, dict[str, Any]] = {
    "when its intents for V2 are recorded": _broken(UPDATE, **_NEVER_ARRIVES),
    "when its update of V2 is sent": _broken(UPDATE, latency=700, times=1),
}

OTHERS_V2: Mapping[str, dict[str, Any]] = {
    "V2: opened again by a person": {"StatusId": words.NEW},
    "V2: begun by a person": {"StatusId": words.IN_PROGRESS, "Comment": "Looking into it."},
    "V2: suppressed by a person": {"StatusId": words.SUPPRESSED, "Comment": "Mine."},
    "V2: archived by a person": {"StatusId": words.ARCHIVED},
    "V2: lowered by a person": {"SeverityId": 2},
    "V2: raised by a person": {"SeverityId": 5},
    "V2: commented by a person": {"Comment": "Asked the owning team."},
    "V2: text of a remediation solution, which resets the status": {
        "StatusId": words.NEW, "Comment": REMEDIATED,
    },
}  # fmt: skip
"""What people and other tools set in V2 meanwhile, by name."""

AUTOMATION: dict[str, Any] = {
    "RuleName": "comments",
    "Description": "Says something about every threat, whenever its provider sends it.",
    "RuleOrder": 1.0,
    "Criteria": {
        "OcsfFindingCriteria": {
            "CompositeFilters": [
                {
                    "StringFilters": [
                        {
                            "FieldName": "metadata.product.name",
                            "Filter": {"Value": "GuardDuty", "Comparison": "EQUALS"},
                        }
                    ]
                }
            ]
        }
    },
    "Actions": [{"Type": "FINDING_FIELDS_UPDATE", "FindingFieldsUpdate": {"Comment": OVERWRITING}}],
}


def _poison() -> Iterator[tuple[str, str]]:
    """Bodies of V2 that no finding can be read from, each with a name of its own."""
    finding = {"class_uid": 2003, "metadata": {"product": {}}, "finding_info": {"uid": "chaos/poison"}}
    named = {**finding, "metadata": {"uid": 64}}
    bodies: Mapping[str, object] = {
        "V2: no findings": {"detail-type": IMPORTED_V2, "detail": {}},
        "V2: finding without a name": {"detail-type": IMPORTED_V2, "detail": {"findings": [finding]}},
        "V2: name that is a number": {"detail-type": IMPORTED_V2, "detail": {"findings": [named]}},
    }
    for name, body in bodies.items():
        yield name, json.dumps({"id": f"poison: {name}", **body})  # type: ignore[dict-item]
