"""Turn the error that kept a check from being made into a verdict."""

import re

from botocore.exceptions import ClientError

from hubtriage.aws.securityhub.faults import API_ERRORS, Fault, call_fault
from hubtriage.doctor.verdict import UncheckedError, Verdict

POLICY = "docs/doctor.md has the policy that doctor needs"
_ACTION = re.compile(r"perform: ([a-z-]+:\w+)", re.ASCII)
"""AWS: most services name the action that is not allowed."""
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
    return Verdict("unchecked", seen, _allow(error) if fault.kind is Fault.DENIED else "run it again")


def _allow(error: Exception) -> str:
    """Return what to do about a missing permission, with its name."""
    named = _ACTION.search(str(error))
    operation = error.operation_name if isinstance(error, ClientError) else ""
    action = named[1] if named else operation
    return f"allow {action}: {POLICY}" if action else POLICY
