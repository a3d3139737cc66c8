"""Turn the error that kept a check from being made into a verdict."""

from botocore.exceptions import ClientError

from hubtriage.aws.securityhub.faults import API_ERRORS, Fault, call_fault
from hubtriage.doctor.verdict import UncheckedError, Verdict

POLICY = "docs/doctor.md has the policy that doctor needs"
REFUSALS = (UncheckedError, *API_ERRORS)
"""The errors that keep a check from being made."""


def refused(error: Exception) -> Verdict:
    """Say what was asked, why there is no answer, and what to do; for an error of REFUSALS."""
    if isinstance(error, UncheckedError):
        return Verdict("unchecked", error.reason, error.advice)
    fault = call_fault(error)
    asked = f"{error.operation_name}: " if isinstance(error, ClientError) else ""
    seen = f"{asked}{fault.code}: {fault.message}"
    if fault.code == "InvalidAccessException":
        return Verdict("unchecked", seen, "Security Hub is off here, or refuses this account")
    return Verdict("unchecked", seen, POLICY if fault.kind is Fault.DENIED else "run it again")
