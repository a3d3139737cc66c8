"""Which of two entries of one finding is newer. Pure.

`ended` is the time of the last confirmed update, by the clock of the worker that made it; `version` goes up
with each write. After a table was lost or restored, versions begin from the start or repeat, so the time
counts where no clock's error explains the difference. Within that error only an entry that is ahead in both
is surely newer.
"""

from dataclasses import replace

from hubtriage.aws.ledger.lease import SKEW
from hubtriage.engine.planning.entry import Entry


def is_surely_newer(one: Entry, other: Entry) -> bool:
    """Say whether an entry is surely newer than another. If neither is, it is not known."""
    if abs(one.ended - other.ended) > SKEW:
        return one.ended > other.ended
    at_least = one.version >= other.version and one.ended >= other.ended
    return at_least and (one.version, one.ended) != (other.version, other.ended)


def is_later_line(one: Entry, other: Entry) -> bool:
    """Say whether one of two entries of a log is later. Versions go up there until a table is lost."""
    if abs(one.ended - other.ended) > SKEW:
        return one.ended > other.ended
    return (one.version, one.ended) > (other.version, other.ended)


def is_same(one: Entry, other: Entry) -> bool:
    """Say whether two entries are the same, in whatever version."""
    return replace(one, version=0) == replace(other, version=0)
