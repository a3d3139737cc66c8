"""Faults that a test writes into a script beforehand."""

from dataclasses import dataclass

from hubtriage.localaws.script import Script
from hubtriage.localaws.securityhub.errors import (
    CALL_ERRORS,
    CALL_ERRORS_V2,
    FINDING_ERRORS,
    FINDING_ERRORS_V2,
)


@dataclass(frozen=True, slots=True)
class ScriptedFault:
    """What goes wrong, where and how often. Exactly one of the four effects is given.

    error: the whole call is refused with this exception's name.
    finding_error: the findings are left unprocessed with this ErrorCode; only the one with the Id `finding`
        (V2: the `metadata.uid`) if that is given.
    lose_answer: the call takes effect, and its answer never arrives.
    delay: the answer arrives so many seconds late.

    The first `skip` occasions pass, the next `times` go wrong. An occasion is a call; with
    `finding_error` it is a finding in a call.
    """

    operation: str = "BatchUpdateFindings"
    error: str | None = None
    finding_error: str | None = None
    finding: str | None = None
    lose_answer: bool = False
    delay: float = 0.0
    times: int = 1
    skip: int = 0

    def __post_init__(self) -> None:
        effects = [self.error is not None, self.finding_error is not None, self.lose_answer, self.delay > 0]
        if sum(effects) != 1:
            raise ValueError("a fault has one effect: error, finding_error, lose_answer or delay")
        known = CALL_ERRORS_V2 if self.operation.endswith("V2") else CALL_ERRORS
        if self.error is not None and self.error not in known:
            raise ValueError(f"error of {self.operation} is one of {sorted(known)}, not {self.error!r}")
        if self.finding is not None and self.finding_error is None:
            raise ValueError("`finding` goes with `finding_error`")
        if self.times < 1 or self.skip < 0:
            raise ValueError("times is at least 1 and skip at least 0")


class FaultScript(Script[ScriptedFault]):
    """Faults that wait for their occasion, in the order in which they were written."""

    def of_call(self, operation: str) -> ScriptedFault | None:
        """Return the fault of a call of `operation`, if it goes wrong; each waiting fault counts the call."""
        return self.strike(lambda fault: fault.operation == operation and fault.finding_error is None)

    def of_finding(self, operation: str, finding: str) -> str | None:
        """Return the ErrorCode of one finding of a call, if it goes wrong."""
        if not len(self):
            return None
        fault = self.strike(
            lambda fault: (
                fault.operation == operation
                and fault.finding_error is not None
                and fault.finding in (None, finding)
            )
        )
        return fault.finding_error if fault else None


def finding_message(code: str) -> str:
    """Return the message that goes with an ErrorCode; AWS may answer codes that are not documented."""
    return {**FINDING_ERRORS, **FINDING_ERRORS_V2}.get(code, code)
