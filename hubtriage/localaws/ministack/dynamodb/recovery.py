"""Point-in-time recovery: a table as it was at a moment, which ministack takes from the table as it is now.

What was written is kept in memory: after a restart of the local AWS a table can be restored to what it was
since then.
"""

import copy
import json
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hubtriage.localaws.ministack.internals import module

Items = dict[Any, dict[Any, Any]]
"""Partition key, then sort key, to item."""
Reply = tuple[int, dict[str, str], Any]
_RESTORED = "The table can be restored to moments from {start} to {now} (epoch seconds), not {moment}"


@dataclass(slots=True)
class _Journal:
    """A table at `start` (epoch seconds), and what was written since: (when, keys, item or None)."""

    start: float
    items: Items
    writes: list[tuple[float, Any, Any, Any]] = field(default_factory=list)

    def at(self, moment: float) -> Items:
        """Return the table as it was."""
        items: Items = defaultdict(dict, copy.deepcopy(self.items))
        for when, partition, sort, item in self.writes:
            if when > moment:
                break
            if item is None:
                items[partition].pop(sort, None)
            else:
                items[partition][sort] = copy.deepcopy(item)
        return defaultdict(dict, {partition: kept for partition, kept in items.items() if kept})


class Recovery:
    """The journals of the tables with recovery, by the table's ARN."""

    def __init__(self) -> None:
        self._dynamodb = module("services.dynamodb")
        self._journals: dict[str, _Journal] = {}

    def install(self) -> None:
        """Make ministack keep what is written, and restore tables from that."""
        dynamodb = self._dynamodb
        set_item, remove, replaced = dynamodb._set_item, dynamodb._remove_item, dynamodb._items_replaced
        restore, switch = dynamodb._restore_table_to_point_in_time, dynamodb._update_continuous_backups
        describe = dynamodb._describe_continuous_backups

        def keep(table: Any, partition: Any, sort: Any, item: Any) -> Any:
            self._write(table, partition, sort, item)
            return set_item(table, partition, sort, item)

        def drop(table: Any, partition: Any, sort: Any) -> Any:
            self._write(table, partition, sort, None)
            return remove(table, partition, sort)

        def start_anew(table: Any) -> None:
            replaced(table)
            if self._journals.pop(table["TableArn"], None):
                self._begin(table)

        def switch_and_follow(request: Mapping[str, Any]) -> Reply:
            reply: Reply = switch(request)
            self.follow(dynamodb._normalize_table_name(request.get("TableName")))
            return reply

        dynamodb._set_item, dynamodb._remove_item, dynamodb._items_replaced = keep, drop, start_anew
        dynamodb._update_continuous_backups = switch_and_follow
        dynamodb._describe_continuous_backups = lambda request: self._described(request, describe(request))
        dynamodb._restore_table_to_point_in_time = lambda request: self._restored(request, restore)

    def follow(self, name: str) -> None:
        """Begin to keep what is written to a table with recovery, or cease if it has none any more."""
        table = self._dynamodb._tables.get(name)
        if table is None:
            return
        if not self._dynamodb._pitr_settings.get(name):
            self._journals.pop(table["TableArn"], None)
        elif table["TableArn"] not in self._journals:
            self._begin(table)

    def _begin(self, table: Mapping[str, Any]) -> _Journal:
        journal = _Journal(time.time(), copy.deepcopy(dict(table["items"])))
        self._journals[table["TableArn"]] = journal
        return journal

    def _write(self, table: Mapping[str, Any], partition: Any, sort: Any, item: Any) -> None:
        journal = self._journals.get(table["TableArn"])
        if journal is not None:
            journal.writes.append((time.time(), partition, sort, copy.deepcopy(item)))

    def _journal(self, name: str) -> _Journal | None:
        """Return the journal of a table; None if it has no recovery."""
        table = self._dynamodb._tables.get(name)
        if table is None or not self._dynamodb._pitr_settings.get(name):
            return None
        return self._journals.get(table["TableArn"]) or self._begin(table)

    def _described(self, request: Mapping[str, Any], reply: Reply) -> Reply:
        journal = self._journal(self._dynamodb._normalize_table_name(request.get("TableName")))
        if journal is None or reply[0] != 200:
            return reply
        answer = json.loads(reply[2])
        described = answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        described["EarliestRestorableDateTime"] = journal.start
        return reply[0], reply[1], json.dumps(answer).encode()

    def _restored(self, request: Mapping[str, Any], restore: Any) -> Reply:
        source = request.get("SourceTableName") or request.get("SourceTableArn", "").rpartition("/")[2]
        journal = self._journal(source)
        now = time.time()
        moment = now if request.get("UseLatestRestorableTime") else request.get("RestoreDateTime")
        if source in self._dynamodb._tables and journal is None:
            return _refused("PointInTimeRecoveryUnavailableException", f"no recovery for table {source}")
        if journal is not None and not (moment and journal.start <= moment <= now):
            text = _RESTORED.format(start=journal.start, now=now, moment=moment)
            return _refused("InvalidRestoreTimeException", text)
        reply: Reply = restore(request)
        if reply[0] == 200 and journal is not None:
            table = self._dynamodb._tables[request["TargetTableName"]]
            table["items"] = journal.at(float(moment or now))
            self._dynamodb._items_replaced(table)
        return reply


def _refused(code: str, message: str) -> Reply:
    reply: Reply = module("core.responses").error_response_json(code, message, 400)
    return reply
