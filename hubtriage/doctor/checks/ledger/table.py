"""Check whether the ledger's table is there, at work, and safe."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from hubtriage.aws.ledger.table import KEY
from hubtriage.doctor.account import Account
from hubtriage.doctor.verdict import Flaw, Verdict, counted, flawed

_RESTORE = "see docs/operating.md, Restoring the ledger"
_AT_WORK = ("ACTIVE", "UPDATING")


@dataclass(frozen=True, slots=True)
class Keeping:
    """How the table is kept: recovery, time to live (the attribute), and the customer's key of the stack."""

    recovery: bool = True
    expires_by: str | None = None
    stack_key: str | None = None


def look(account: Account) -> Verdict | None:
    """Describe the table, its backups and its time to live."""
    if account.deployed is None:
        return None
    name = account.ledger_table
    try:
        table = account.ledger_description
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        advice = f"restore it, or correct the setting ledger-table: {_RESTORE}"
        return Verdict("problem", f"there is no table {name}, so nothing is triaged", advice)
    tables = account.client("dynamodb")
    backups = tables.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    recovery = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
    lifetime = tables.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    expires_by = lifetime.get("AttributeName") if _is_on(lifetime) else None
    return judge(table, Keeping(recovery == "ENABLED", expires_by, account.customer_key))


def _is_on(lifetime: Mapping[str, Any]) -> bool:
    return lifetime.get("TimeToLiveStatus") in ("ENABLING", "ENABLED")


def judge(table: Mapping[str, Any], keeping: Keeping) -> Verdict:
    """Return the verdict on a table as DynamoDB describes it, and on how it is kept."""
    name, size = table["TableName"], int(table.get("ItemCount", 0))
    data = {
        "table": name,
        "entries": size,
        "recovery": keeping.recovery,
        "protected": bool(table.get("DeletionProtectionEnabled")),
        "expires_by": keeping.expires_by,
        "key": _key(table),
    }
    fine = f"{name}: protected, and can be restored; entries of about {counted(size, 'finding')}"
    return flawed(_flaws(table, keeping), Verdict("ok", fine, data=data), name)


def _key(table: Mapping[str, Any]) -> str | None:
    """Return the key (ARN) that encrypts the table; None: a key of AWS. AWS: none is described then."""
    key = table.get("SSEDescription", {}).get("KMSMasterKeyArn")
    return None if key is None else str(key)


def _flaws(table: Mapping[str, Any], keeping: Keeping) -> Iterator[Flaw]:
    name = table["TableName"]
    if table["TableStatus"] not in _AT_WORK:
        yield Flaw("problem", f"it is {table['TableStatus']}, so nothing is triaged", _RESTORE)
    keys = [(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]]
    if keys != [(KEY, "HASH")]:
        yield Flaw("problem", "its key is not the key of a ledger", "correct the setting ledger-table")
    if keeping.expires_by is not None:
        yield Flaw(
            "problem",
            f"DynamoDB deletes entries by the attribute {keeping.expires_by}; what they hide stays hidden",
            f"aws dynamodb update-time-to-live --table-name {name} "
            f"--time-to-live-specification Enabled=false,AttributeName={keeping.expires_by}",
        )
    if not keeping.recovery:
        yield Flaw(
            "warning",
            "point-in-time recovery is off, so the table cannot be restored",
            f"aws dynamodb update-continuous-backups --table-name {name} "
            "--point-in-time-recovery-specification PointInTimeRecoveryEnabled=true",
        )
    if not table.get("DeletionProtectionEnabled"):
        yield Flaw(
            "warning",
            "it can be deleted by mistake",
            f"aws dynamodb update-table --table-name {name} --deletion-protection-enabled",
        )
    yield from _encryption(name, _key(table), keeping.stack_key)


def _encryption(name: str, key: str | None, wanted: str | None) -> Iterator[Flaw]:
    """Compare the table's key with that of the queue: a table that `ledger-table` names may have another."""
    if key == wanted:
        return
    if wanted is not None:
        yield Flaw(
            "warning",
            f"it is encrypted with {key or 'a key of AWS'}, not with {wanted} as the setting kms-keys says",
            f"aws dynamodb update-table --table-name {name} "
            f"--sse-specification Enabled=true,SSEType=KMS,KMSMasterKeyId={wanted}",
        )
    else:
        yield Flaw(
            "warning",
            f"it is encrypted with {key}, which the stack does not know and may not be allowed to use",
            "name the key in the setting kms-keys",
        )
