"""What goes wrong, and how the events of it must end: a table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hubtriage.localaws.securityhub.errors import FINDING_ERRORS
from tests.faults.ledger import Fate

READ, WRITE = "BatchGetItem", "BatchExecuteStatement"
"""How the ledger is read and written."""
FOREVER = 10_000
SOME, MANY = 2, 3
"""Findings of a case that is about single findings, and of one that is about calls."""


@dataclass(frozen=True, slots=True)
class Case:
    """One fault and its findings. One of `code`, `proxy` and `part` is given, or none: nothing goes wrong.

    name: what happens, as a sentence. code: the ErrorCode with which Security Hub leaves these findings
    unprocessed. proxy: what happens to their calls on the way (a rule of the fault proxy, without what it
    matches). part: the code with which DynamoDB answers the statements that record these findings, and no
    others. service, operation: whose calls `proxy` is about. times: how often. ends: the fate of the events
    that told of the findings first. beside: the name of a case whose findings share their calls with these;
    only these are meant by `proxy`.
    """

    name: str
    ends: Fate
    code: str | None = None
    proxy: Mapping[str, Any] | None = None
    part: str | None = None
    service: str = "securityhub"
    operation: str = "BatchUpdateFindings"
    times: int = 1
    findings: int = MANY
    quick: bool = True
    beside: str | None = None

    @property
    def key(self) -> str:
        """The case in GeneratorIds and Ids."""
        return _key(self.name)

    @property
    def group(self) -> str:
        """The case in the user field that keeps the calls of cases apart."""
        return _key(self.beside or self.name)


def _key(name: str) -> str:
    return name.replace(" ", "-").replace(",", "")


_LASTING: Mapping[str, Fate] = {
    "ConcurrentUpdateError": "dead letter",
    "InternalFailure": "dead letter",
    "FindingNotFound": "refused",
    "FindingSizeExceeded": "refused",
    "InvalidInput": "dead letter",
    "DuplicatedFindingIdentifier": "dead letter",
    "SomethingNew": "dead letter",
}
CODES = (*sorted(FINDING_ERRORS), "SomethingNew")


def _error(code: str, status: int) -> Mapping[str, Any]:
    return {"error": {"code": code, "status": status, "message": "a fault of the test"}}


CASES: tuple[Case, ...] = (
    Case("nothing goes wrong", "updated"),
    *(Case(f"{code} that passes", "updated", code=code, findings=SOME) for code in CODES),
    *(Case(f"{code} for ever", _LASTING[code], code=code, times=FOREVER, findings=SOME) for code in CODES),
    Case("TooManyRequestsException twice", "updated", proxy=_error("TooManyRequestsException", 429), times=2),
    Case("LimitExceededException", "updated", proxy=_error("LimitExceededException", 429), quick=False),
    Case("InternalException", "updated", proxy=_error("InternalException", 500)),
    Case("service unavailable", "updated", proxy=_error("ServiceUnavailable", 503), quick=False),
    Case("InvalidInputException once", "updated", proxy=_error("InvalidInputException", 400)),
    Case(
        "InvalidInputException for ever",
        "dead letter",
        proxy=_error("InvalidInputException", 400),
        times=FOREVER,
    ),
    Case("AccessDeniedException once", "updated", proxy=_error("AccessDeniedException", 403)),
    Case(
        "AccessDeniedException for ever",
        "dead letter",
        proxy=_error("AccessDeniedException", 403),
        times=FOREVER,
        quick=False,
    ),
    Case("nothing goes wrong with the others of a call", "updated", findings=6),
    *(
        Case(
            f"{code} for one of a call",
            "dead letter",
            proxy=_error(code, status),
            times=FOREVER,
            findings=1,
            beside="nothing goes wrong with the others of a call",
        )
        for code, status in (("AccessDeniedException", 403), ("InvalidInputException", 400))
    ),
    Case("answer cut off inside JSON", "updated", proxy={"response": {"truncate_frac": 0.5}}, times=2),
    Case("answer cut off at once", "updated", proxy={"response": {"truncate_bytes": 0}}, quick=False),
    Case("no answer ever", "updated", proxy={"response": {"truncate_bytes": 0}}, times=FOREVER),
    Case("connection lost inside the answer", "updated", proxy={"response": {"abort_frac": 0.5}}),
    Case("connection reset", "updated", proxy={"reset": True}),
    Case("answer corrupted", "updated", proxy={"response": {"corrupt_bytes": 20}}, quick=False),
    Case("answer late", "updated", proxy={"latency": 1500}, quick=False),
    Case("answer later than the client waits", "updated", proxy={"latency": 11_000}, quick=False),
    Case(
        "reading cut off inside JSON",
        "updated",
        proxy={"response": {"truncate_frac": 0.5}},
        operation="GetFindings",
        times=2,
        findings=0,
    ),
    Case(
        "reading throttled",
        "updated",
        proxy=_error("TooManyRequestsException", 429),
        operation="GetFindings",
        findings=0,
        quick=False,
    ),
    *(
        Case(
            f"ledger that is {how} while it is {'read' if operation == READ else 'written'}",
            "updated",
            proxy=proxy,
            service="dynamodb",
            operation=operation,
            findings=0 if operation == READ else MANY,
            quick=quick,
        )
        for operation in (READ, WRITE)
        for how, proxy, quick in (
            ("throttled", _error("ThrottlingException", 400), True),
            ("failing inside", _error("InternalServerError", 500), False),
            ("out of reach", {"reset": True}, operation == READ),
            ("not heard", {"response": {"truncate_bytes": 0}}, operation == WRITE),
            ("cut off", {"response": {"truncate_frac": 0.5}}, False),
            ("slow", {"latency": 1500}, False),
        )
    ),
    Case("record of the ledger throttled", "updated", part="ThrottlingError", findings=SOME),
    Case("record of the ledger failing for ever", "dead letter", part="InternalServerError", times=FOREVER),
)
