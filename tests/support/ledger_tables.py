"""A ledger's table as boto3's client shows it, for what reads it without being triage."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from hubtriage.aws.ledger.item import FINDING, attributes, finding_text, hash_of
from hubtriage.aws.ledger.table import KEY
from hubtriage.aws.securityhub.api import Key
from hubtriage.engine.planning.entry import Claim, Entry

TABLE: dict[str, Any] = {
    "TableName": "blue-ledger",
    "TableStatus": "ACTIVE",
    "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
    "DeletionProtectionEnabled": True,
    "ItemCount": 1204,
}
PRODUCT = "arn:aws:securityhub:eu-central-1::product/aws/securityhub"


def refusal(code: str, operation: str = "DescribeTable") -> ClientError:
    """What botocore raises where AWS refuses a call."""
    return ClientError({"Error": {"Code": code, "Message": "no"}}, operation)


def item_of(finding_id: str, entry: Entry, version: int = 3) -> dict[str, Any]:
    """The item of a finding."""
    key: Key = (PRODUCT, finding_id)
    return {KEY: {"S": hash_of(key)}, FINDING: {"S": finding_text(key)}, **attributes(entry, version)}


def item(finding_id: str = "f", **claims: Claim) -> dict[str, Any]:
    """The item of a finding whose entry has these claims; `__` stands for the dot in a field."""
    return item_of(finding_id, Entry(claims={name.replace("__", "."): it for name, it in claims.items()}))


class LedgerTable:
    """A table with some items, in pages of `page`; `denied` are operations that AWS refuses.

    What it says of itself is `table`; `lifetime` and `recovery` are the settings beside it.
    """

    def __init__(self, *items: Mapping[str, Any], page: int = 2, **table: Any) -> None:
        self.items = list(items)
        self.page = page
        self.table = TABLE | table
        self.recovery = "ENABLED"
        self.lifetime: dict[str, Any] = {"TimeToLiveStatus": "DISABLED"}
        self.denied: dict[str, ClientError] = {}
        self.asked: list[Mapping[str, Any]] = []

    def _answer(self, operation: str, **answer: Any) -> Mapping[str, Any]:
        if operation in self.denied:
            raise self.denied[operation]
        return answer

    def describe_table(self, **request: Any) -> Mapping[str, Any]:
        """Describe it."""
        assert request == {"TableName": "blue-ledger"}
        return self._answer("DescribeTable", Table=self.table)

    def describe_continuous_backups(self, **_request: Any) -> Mapping[str, Any]:
        """Describe its backups."""
        recovery = {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": self.recovery}}
        return self._answer("DescribeContinuousBackups", ContinuousBackupsDescription=recovery)

    def describe_time_to_live(self, **_request: Any) -> Mapping[str, Any]:
        """Describe when its items end."""
        return self._answer("DescribeTimeToLive", TimeToLiveDescription=self.lifetime)

    def scan(self, **request: Any) -> Mapping[str, Any]:
        """Give a page of a part. AWS: filters after reading, so a page may be empty."""
        self.asked.append(request)
        parts, part = request.get("TotalSegments", 1), request.get("Segment", 0)
        mine = [one for number, one in enumerate(self.items) if number % parts == part]
        start = int(request.get("ExclusiveStartKey", {}).get("at", {}).get("N", 0))
        end = start + min(self.page, request.get("Limit", self.page))
        texts = [value["S"] for value in request.get("ExpressionAttributeValues", {}).values()]
        found = [
            one for one in mine[start:end] if not texts or any(text in one["entry"]["S"] for text in texts)
        ]
        more = {"LastEvaluatedKey": {"at": {"N": str(end)}, KEY: {"S": "x"}}} if end < len(mine) else {}
        return self._answer("Scan", Items=found, ScannedCount=len(mine[start:end]), **more)

    def batch_get_item(self, **request: Any) -> Mapping[str, Any]:
        """Give the items of some keys, leaving all but the first for the next call."""
        [(table, wanted)] = request["RequestItems"].items()
        first, *others = wanted["Keys"]
        found = [{KEY: one[KEY]} for one in self.items if one[KEY] == first[KEY]]
        left = {table: {**wanted, "Keys": others}} if others else {}
        return self._answer("BatchGetItem", Responses={table: found}, UnprocessedKeys=left)
