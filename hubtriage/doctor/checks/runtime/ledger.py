"""Check whether the ledger is there, is safe, and holds nothing that triage could not take back."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from hubtriage.aws.ledger.entry_format import EntryError
from hubtriage.aws.ledger.item import ENTRY, VERSION, Item, entry_of
from hubtriage.aws.ledger.table import KEY
from hubtriage.doctor.account import Account
from hubtriage.doctor.verdict import Status, Verdict, counted, worst

MOST_PAGES = 2000
"""AWS: a page is 1 MB, about a thousand entries."""
_RESTORE = "see docs/operating.md, Restoring the ledger"
_AT_WORK = ("ACTIVE", "UPDATING")


@dataclass(slots=True)
class Held:
    """What the ledger still holds in fields that are never set: findings by field.

    `wanted` by a rule when it was set; `following`: taken back, and as the provider says since. `damaged` are
    entries that cannot be read.
    """

    wanted: Counter[str] = field(default_factory=Counter)
    following: Counter[str] = field(default_factory=Counter)
    damaged: int = 0
    all_read: bool = True


def look(account: Account) -> Verdict | None:
    """Read how the table is kept; where fields are never set, read the entries that name one of them."""
    if account.deployed is None:
        return None
    name = account.deployed.output("LedgerTableName")
    tables = account.client("dynamodb")
    try:
        table = tables.describe_table(TableName=name)["Table"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        advice = f"restore it, or correct the setting ledger-table: {_RESTORE}"
        return Verdict("problem", f"there is no table {name}, so nothing is triaged", advice)
    backups = tables.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    recovery = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus", "DISABLED")
    return judge(table, recovery, held(tables, name, account.settings.never))


def held(tables: Any, table: str, never: Iterable[str]) -> Held:
    """Return what the ledger holds in these fields. The service filters: hardly any entry is sent."""
    found, wanted = Held(), sorted(never)
    for number, page in enumerate(_pages(tables, table, wanted)):
        if number == MOST_PAGES:
            found.all_read = False
            break
        for item in page["Items"]:
            _count(item, wanted, found)
    return found


def _pages(tables: Any, table: str, fields: list[str]) -> Iterator[Mapping[str, Any]]:
    if not fields:
        return
    names = {f":f{number}": {"S": f'"{name}"'} for number, name in enumerate(fields)}
    yield from tables.get_paginator("scan").paginate(
        TableName=table,
        FilterExpression=" OR ".join(f"contains(#entry, {name})" for name in names),
        ProjectionExpression="#entry, #version",
        ExpressionAttributeNames={"#entry": ENTRY, "#version": VERSION},
        ExpressionAttributeValues=names,
    )


def _count(item: Item, fields: Iterable[str], found: Held) -> None:
    try:
        claims = entry_of(item).claims
    except EntryError:
        found.damaged += 1
        return
    for name in fields:
        claim = claims.get(name)
        if claim is not None and not claim.person:
            (found.wanted if claim.rule else found.following)[name] += 1


@dataclass(frozen=True, slots=True)
class _Flaw:
    status: Status
    seen: str
    advice: str


def judge(table: Mapping[str, Any], recovery: str, held: Held) -> Verdict:
    """Return the verdict on a table as DynamoDB describes it, and on what it holds."""
    name, size = table["TableName"], int(table.get("ItemCount", 0))
    flaws = list(_flaws(table, recovery, held))
    data = {
        "table": name,
        "entries": size,
        "recovery": recovery == "ENABLED",
        "protected": bool(table.get("DeletionProtectionEnabled")),
        "held_in_never": dict(held.wanted),
        "following_in_never": dict(held.following),
    }
    if not flaws:
        return Verdict(
            "ok",
            f"{name}: protected, and can be restored; entries of about {counted(size, 'finding')}",
            data=data,
        )
    return Verdict(
        worst(*(flaw.status for flaw in flaws)),
        f"{name}: {'; '.join(flaw.seen for flaw in flaws)}",
        "; ".join(flaw.advice for flaw in flaws),
        data=data,
    )


def _by_field(findings: Counter[str]) -> str:
    return ", ".join(f"{name} ({counted(count, 'finding')})" for name, count in sorted(findings.items()))


def _flaws(table: Mapping[str, Any], recovery: str, held: Held) -> Iterator[_Flaw]:
    name = table["TableName"]
    if table["TableStatus"] not in _AT_WORK:
        yield _Flaw("problem", f"it is {table['TableStatus']}, so nothing is triaged", _RESTORE)
    keys = [(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]]
    if keys != [(KEY, "HASH")]:
        yield _Flaw("problem", "it has another key than a ledger", "correct the setting ledger-table")
    if held.wanted:
        yield _Flaw(
            "problem",
            f"triage can no longer take back what it set in fields of `never`: {_by_field(held.wanted)}",
            "take it back first: see docs/deploying.md, Fields that are never set",
        )
    if held.following:
        yield _Flaw(
            "warning",
            f"fields of `never` no longer follow their provider: {_by_field(held.following)}",
            "see docs/deploying.md, Fields that are never set",
        )
    if held.damaged:
        yield _Flaw(
            "problem",
            f"{held.damaged:,} entries cannot be read, so their findings are not triaged",
            _RESTORE,
        )
    if not held.all_read:
        yield _Flaw("unchecked", f"only the first {MOST_PAGES:,} pages were looked at", "")
    if recovery != "ENABLED":
        yield _Flaw(
            "warning",
            "point-in-time recovery is off, so it could not be restored",
            f"aws dynamodb update-continuous-backups --table-name {name} "
            "--point-in-time-recovery-specification PointInTimeRecoveryEnabled=true",
        )
    if not table.get("DeletionProtectionEnabled"):
        yield _Flaw(
            "warning",
            "it may be deleted by mistake",
            f"aws dynamodb update-table --table-name {name} --deletion-protection-enabled",
        )
