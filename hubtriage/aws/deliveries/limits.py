"""How much a channel or queue may say in a day, counted in the table so that all containers share it.

A day is one of UTC. When its limit is reached, one last message says so. One container at a time has the
right to send that message. The right is free again if the container dies first.
"""

from typing import Any, Protocol

from hubtriage.aws.deliveries.days import day_of
from hubtriage.aws.deliveries.items import DAY, EXPIRES, ItemsApi, is_condition, key
from hubtriage.aws.securityhub.faults import API_ERRORS

KEPT_DAYS = 30
"""How long a day's count is kept, for people who ask how much was not shown."""
LAST_WORD_LEASE = 180.0
"""Seconds for which a container may hold the right to the last message of a day."""
_SPOKEN = 10.0**11
"""Stands for: the last message of this day was sent. Later than any clock."""


class DailyLimit(Protocol):
    """What a channel or queue may still say today. Times are epoch seconds. Raises API_ERRORS."""

    @property
    def most(self) -> int:
        """The limit."""

    def take(self, now: float) -> bool:
        """Take one of the day's messages or new tickets; return False if none is left."""

    def give_back(self, now: float) -> None:
        """Give one back that surely was not sent."""

    def count_withheld(self, count: int, now: float) -> int:
        """Count what is not shown because of the limit; return how much that is today."""

    def withheld(self, now: float) -> int:
        """Return how much was not shown on a day."""

    def claim_last_word(self, now: float) -> bool:
        """Take the right to say that the limit is reached; return False if another has it or used it."""

    def release_last_word(self, now: float, *, spoken: bool) -> None:
        """Say whether the last message was sent; if not, the right is free again."""


class TableLimit:
    """A daily limit in the table of deliveries. `name`: of the channel or queue."""

    def __init__(self, client: ItemsApi, table: str, name: str, most: int) -> None:
        self._client = client
        self._table = table
        self._name = name
        self.most = most

    def take(self, now: float) -> bool:
        """Take one, as long as fewer than `most` are taken."""
        condition = {
            "ConditionExpression": "attribute_not_exists(#used) OR #used < :most",
            "ExpressionAttributeNames": {"#used": "used", "#expires": EXPIRES},
        }
        values = {":most": _number(self.most), ":one": _number(1), ":expires": self._expires(now)}
        if self.most < 1:
            return False
        return self._update(now, "SET #expires = :expires ADD #used :one", values, condition)

    def give_back(self, now: float) -> None:
        """Give one back; does nothing where none is taken, as just after midnight."""
        condition = {
            "ConditionExpression": "#used > :none",
            "ExpressionAttributeNames": {"#used": "used"},
        }
        self._update(now, "ADD #used :less", {":none": _number(0), ":less": _number(-1)}, condition)

    def count_withheld(self, count: int, now: float) -> int:
        """Add to what is not shown today; return the sum."""
        answer = self._client.update_item(
            TableName=self._table,
            Key=self._key(now),
            UpdateExpression="SET #expires = :expires ADD #withheld :count",
            ExpressionAttributeNames={"#expires": EXPIRES, "#withheld": "withheld"},
            ExpressionAttributeValues={":expires": self._expires(now), ":count": _number(count)},
            ReturnValues="UPDATED_NEW",
        )
        return int(answer["Attributes"]["withheld"]["N"])

    def withheld(self, now: float) -> int:
        """Return how much was not shown on the day of a time."""
        item = self._client.get_item(TableName=self._table, Key=self._key(now)).get("Item", {})
        return int(item.get("withheld", {"N": "0"})["N"])

    def claim_last_word(self, now: float) -> bool:
        """Take the right to the day's last message for LAST_WORD_LEASE seconds."""
        condition = {
            "ConditionExpression": "attribute_not_exists(#until) OR #until < :now",
            "ExpressionAttributeNames": {"#until": "last_word_until", "#expires": EXPIRES},
        }
        values = {
            ":now": _number(now),
            ":until": _number(now + LAST_WORD_LEASE),
            ":expires": self._expires(now),
        }
        return self._update(now, "SET #until = :until, #expires = :expires", values, condition)

    def release_last_word(self, now: float, *, spoken: bool) -> None:
        """Keep the right for good if the message was sent, or free it."""
        until = _number(_SPOKEN if spoken else 0)
        names = {"ExpressionAttributeNames": {"#until": "last_word_until"}}
        self._update(now, "SET #until = :until", {":until": until}, names)

    def _update(
        self, now: float, expression: str, values: dict[str, dict[str, str]], more: dict[str, Any]
    ) -> bool:
        """Change the day's item; return False if the condition does not hold."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key=self._key(now),
                UpdateExpression=expression,
                ExpressionAttributeValues=values,
                **more,
            )
        except API_ERRORS as error:
            if is_condition(error):
                return False
            raise
        return True

    def _key(self, now: float) -> dict[str, dict[str, str]]:
        return key(f"{self._name}#/limit#{day_of(now)}", "count")

    @staticmethod
    def _expires(now: float) -> dict[str, str]:
        return _number(int(now) + KEPT_DAYS * DAY)


class MemoryLimit:
    """A daily limit without a table, for tests: the same answers, of one process."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.used: dict[str, int] = {}
        self.not_shown: dict[str, int] = {}
        self._until: dict[str, float] = {}

    def take(self, now: float) -> bool:
        """Take one, as long as fewer than `most` are taken."""
        used = self.used.get(day_of(now), 0)
        if used >= self.most:
            return False
        self.used[day_of(now)] = used + 1
        return True

    def give_back(self, now: float) -> None:
        """Give one back."""
        self.used[day_of(now)] = max(0, self.used.get(day_of(now), 0) - 1)

    def count_withheld(self, count: int, now: float) -> int:
        """Add to what is not shown today; return the sum."""
        self.not_shown[day_of(now)] = self.not_shown.get(day_of(now), 0) + count
        return self.not_shown[day_of(now)]

    def withheld(self, now: float) -> int:
        """Return how much was not shown on the day of a time."""
        return self.not_shown.get(day_of(now), 0)

    def claim_last_word(self, now: float) -> bool:
        """Take the right to the day's last message for LAST_WORD_LEASE seconds."""
        if self._until.get(day_of(now), 0.0) >= now:
            return False
        self._until[day_of(now)] = now + LAST_WORD_LEASE
        return True

    def release_last_word(self, now: float, *, spoken: bool) -> None:
        """Keep the right for good if the message was sent, or free it."""
        self._until[day_of(now)] = _SPOKEN if spoken else 0.0


def _number(value: float) -> dict[str, str]:
    return {"N": f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)}
