"""AWS's partitions and Regions, and which texts can be ARNs in them.

AWS: partitions and the form of their Regions' names are those of the client library. A Region that has a
right form and is not known may be new.
"""

import json
import re
from dataclasses import dataclass
from functools import cache

from hubtriage.asff.table import PARTITIONS

ANY_REGION = re.compile(r"[a-z]{2,5}(-[a-z]+)+-[0-9]{1,2}")
_ACCOUNT = re.compile(r"[0-9]{12}")


@dataclass(frozen=True, slots=True)
class Partition:
    """A partition: the form that the names of its Regions have, and those that are known."""

    form: re.Pattern[str]
    regions: frozenset[str]


@cache
def partitions() -> dict[str, Partition]:
    """Return the partitions by name."""
    table = json.loads(PARTITIONS.read_text(encoding="utf-8"))
    return {
        name: Partition(re.compile(one["form"]), frozenset(one["regions"])) for name, one in table.items()
    }


@cache
def regions() -> frozenset[str]:
    """Return all Regions that are known."""
    return frozenset(region for one in partitions().values() for region in one.regions)


def partition_of(region: str) -> str | None:
    """Return the partition whose Regions have names of this form."""
    return next((name for name, one in partitions().items() if one.form.fullmatch(region)), None)


def has_form_of_region(text: str) -> bool:
    """Say whether a text has the form of a Region's name."""
    return ANY_REGION.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class BrokenArn:
    """Why a text is no ARN of AWS, and the text that was probably meant (empty: not known)."""

    reason: str
    meant: str = ""


def broken_arn(text: str, *, whole: bool = True) -> BrokenArn | None:
    """Return why no ARN is, or (if not `whole`) begins with, a text that begins with `arn:`; else None.

    A partition that is not known may be new, and is not told.
    """
    parts = text.split(":", 5)
    complete = len(parts) if whole else len(parts) - 1
    partition, service, region, account = (*parts[1:5], "", "", "", "")[:4]
    if complete > 1 and partition.casefold() in partitions() and partition not in partitions():
        return BrokenArn(f"the partition is {partition.casefold()}", _with(parts, 1, partition.casefold()))
    if complete > 3 and region and partition in partitions():
        owner = partition_of(region)
        if owner is not None and owner != partition:
            return BrokenArn(f"{region} is a Region of the partition {owner}", _with(parts, 1, owner))
        if owner is None and partition_of(region.casefold()) is not None:
            return BrokenArn("a Region is written in small letters", _with(parts, 3, region.casefold()))
    if complete > 4 and account.isdecimal() and not _ACCOUNT.fullmatch(account):
        return BrokenArn(f"an account id has 12 digits, not {len(account)}")
    if whole and (len(parts) < 6 or not service):
        return BrokenArn("an ARN has six parts: arn:partition:service:Region:account:resource")
    return None


def _with(parts: list[str], index: int, part: str) -> str:
    return ":".join((*parts[:index], part, *parts[index + 1 :]))
