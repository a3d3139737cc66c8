"""What an error of DynamoDB means for the ledger: of a whole call, or of one statement of a batch."""

from collections.abc import Mapping

from botocore.exceptions import ClientError

from hubtriage.aws.ledger.ledger import LedgerFault, LedgerFaultKind
from hubtriage.aws.securityhub.faults import Fault, call_fault

_KINDS: Mapping[str, LedgerFaultKind] = {
    "ProvisionedThroughputExceeded": LedgerFaultKind.THROTTLED,
    "RequestLimitExceeded": LedgerFaultKind.THROTTLED,
    "Throttling": LedgerFaultKind.THROTTLED,
    "TransactionConflict": LedgerFaultKind.THROTTLED,
    "InternalServer": LedgerFaultKind.UNREACHABLE,
    "ResourceNotFound": LedgerFaultKind.MISSING,
    "AccessDenied": LedgerFaultKind.DENIED,
    "Validation": LedgerFaultKind.REFUSED,
    "ItemCollectionSizeLimitExceeded": LedgerFaultKind.REFUSED,
}
"""AWS: the errors of DynamoDB. A call's are named `…Exception`, some of a statement's `…Error`."""

_OTHERS: Mapping[Fault, LedgerFaultKind] = {
    Fault.THROTTLED: LedgerFaultKind.THROTTLED,
    Fault.TRANSIENT: LedgerFaultKind.UNREACHABLE,
    Fault.REFUSED: LedgerFaultKind.REFUSED,
    Fault.DENIED: LedgerFaultKind.DENIED,
}
"""What is common to all services, and what does not come from a service."""

_CONFLICTS = frozenset({"ConditionalCheckFailed", "DuplicateItem"})


def ledger_fault(error: Exception, table: str) -> LedgerFault:
    """Classify what botocore raised for a call."""
    fault = call_fault(error)
    kind = _KINDS.get(_plain(fault.code)) if isinstance(error, ClientError) else None
    return LedgerFault(kind or _OTHERS[fault.kind], fault.code, f"table {table}: {fault.message}")


def statement_fault(error: Mapping[str, str], table: str) -> LedgerFault | None:
    """Classify the error of one statement; None if its condition did not hold.

    If one is not documented, it is not known whether the statement was carried out.
    """
    code = error.get("Code") or "Unknown"
    if _plain(code) in _CONFLICTS:
        return None
    kind = _KINDS.get(_plain(code), LedgerFaultKind.UNREACHABLE)
    return LedgerFault(kind, code, f"table {table}: {error.get('Message') or 'no message'}")


def tries_as(kind: LedgerFaultKind) -> Fault:
    """Return the fault of Security Hub that is tried again as often."""
    if kind is LedgerFaultKind.THROTTLED:
        return Fault.THROTTLED
    return Fault.TRANSIENT if kind is LedgerFaultKind.UNREACHABLE else Fault.REFUSED


def _plain(code: str) -> str:
    return code.removesuffix("Exception").removesuffix("Error")
