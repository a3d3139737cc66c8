"""What each delivery function has to know of the table of deliveries: its keys, and which are its own.

The keys of a channel or queue begin with its name, so that IAM can keep each function to its own items. Names
are in kebab-case and unique, and so are ids of rules: what follows the name is either the id of a rule, for
tickets, or begins with a slash.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from botocore.exceptions import ClientError

TABLE_VARIABLE = "TICKETS_TABLE"
"""The variable that names the table."""
GROUP, ITEM = "group", "item"
"""The partition key and the sort key, both texts."""
EXPIRES = "expires"
"""The time (epoch seconds) after which AWS may delete an item; an item without it stays."""
DAY = 86_400
LARGEST_BATCH = 100  # AWS: items of one BatchGetItem


class ItemsApi(Protocol):
    """botocore's low-level client of DynamoDB, as far as it is used here."""

    def batch_get_item(self, **request: Any) -> Mapping[str, Any]:
        """Read up to 100 items."""

    def get_item(self, **request: Any) -> Mapping[str, Any]:
        """Read an item."""

    def update_item(self, **request: Any) -> Mapping[str, Any]:
        """Change an item, under a condition."""


def own_keys(name: str) -> str:
    """Return the pattern of a channel's or queue's partition keys, as `dynamodb:LeadingKeys` takes it."""
    return f"{name}#*"


def key(group: str, item: str) -> dict[str, dict[str, str]]:
    """Return a key as the low-level API takes it."""
    return {GROUP: {"S": group}, ITEM: {"S": item}}


def is_condition(error: Exception) -> bool:
    """Say whether a write was refused because its condition does not hold."""
    return (
        isinstance(error, ClientError)
        and error.response.get("Error", {}).get("Code") == "ConditionalCheckFailedException"
    )
