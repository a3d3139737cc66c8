"""A custom resource of the stack: refuses to forbid triage a field in which the ledger holds something.

CloudFormation calls before it changes the role of the triage function. IAM would freeze what triage has set:
neither an expiry nor a deleted rule would take it back any more.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from hubtriage.aws.custom_resource import RefusedError, until_allowed
from hubtriage.aws.ledger.calls import Answer
from hubtriage.aws.ledger.held import Held, held

TYPE = "Custom::HubtriageNever"
PHYSICAL_ID = "hubtriage-never"
MOST_SECONDS = 240.0
"""Time to read the table. AWS: a filter reads a page of a thousand entries in about 50 ms."""
HOW = (
    "Take it back first: take the field out of all rules, leave it out of `never`, deploy, and wait for the "
    "sweep. See docs/deploying.md, Fields that are never set."
)


class NeverResource:
    """Properties: `Table`, the ledger, and `Fields`, the names of the fields that triage may not set.

    What was taken back and follows its provider since is no reason to refuse.
    """

    failing = "it is not known what the ledger holds in fields of `never`"

    def __init__(
        self,
        scan: Callable[..., Answer],
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._scan = scan
        self._now = now
        self._sleep = sleep

    def id(self, event: Mapping[str, Any]) -> str:
        """Return the same id forever: there is nothing to replace."""
        return str(event.get("PhysicalResourceId", PHYSICAL_ID))

    def apply(self, event: Mapping[str, Any]) -> str:
        """Look into the ledger. Raises RefusedError if it holds something, and botocore's errors."""
        if event["RequestType"] == "Delete":
            return ""
        properties = event["ResourceProperties"]
        until = self._now() + MOST_SECONDS
        found = until_allowed(
            lambda: held(self._scan, properties["Table"], properties["Fields"], lambda: self._now() < until),
            self._sleep,
        )
        check(found)
        return "the ledger holds nothing there"


def check(found: Held) -> None:
    """Raise RefusedError if the ledger holds something that a rule wanted, or if that is not known."""
    if found.wanted:
        counts = ", ".join(f"{name} ({count:,})" for name, count in sorted(found.wanted.items()))
        raise RefusedError(f"triage has set fields of `never` on findings, by field: {counts}. {HOW}")
    if found.damaged:
        raise RefusedError(
            f"{found.damaged:,} entries of the ledger that name fields of `never` cannot be read. "
            "See hubtriage doctor."
        )
    if not found.is_whole:
        raise RefusedError(
            f"the ledger was not read to its end within {MOST_SECONDS:.0f} seconds. Try again."
        )
