"""Check whether the ledger's entries can be read, and whether what is over in them is cleared away."""

from collections.abc import Iterator
from datetime import UTC, datetime

from hubtriage.aws.ledger.ending import may_end
from hubtriage.aws.ledger.lease import LAG
from hubtriage.doctor.account import Account
from hubtriage.doctor.checks.runtime.sweeps import UNFINISHED
from hubtriage.doctor.sample import EntrySample
from hubtriage.doctor.verdict import Flaw, Verdict, counted, flawed, some_of, written
from hubtriage.engine.planning.entry import Entry

_RESTORE = "see docs/operating.md, Restoring the ledger"
_LATEST = UNFINISHED.total_seconds()
"""Seconds after which a sweep has surely been there."""


def look(account: Account) -> Verdict | None:
    """Look at the entries of the sample. AWS: a page of a scan is strongly consistent."""
    if account.config is None:
        return None
    return judge(account.sample, account.clock.now(), account.config.lease)


def judge(sample: EntrySample, now: float, lease: float) -> Verdict:
    """Return the verdict on entries at a time (epoch seconds); `lease` in seconds."""
    intents = sorted(
        entry.intent.time for _, entry in sample.entries if entry.intent and now - entry.intent.time > lease
    )
    gone = sum(_is_left_over(entry, now) for _, entry in sample.entries)
    data = {
        "looked_at": sample.looked_at,
        "entries": sample.total,
        "all": sample.is_whole,
        "unreadable": len(sample.unread),
        "old_intents": len(intents),
        "gone": gone,
    }
    details = some_of([fault.message for fault in sample.unread])
    seen = f"{sample.scope}: each can be read" if sample.looked_at else sample.scope
    fine = Verdict("ok", seen, details=details, data=data)
    return flawed(_flaws(sample, intents, gone, now), fine, sample.scope)


def _is_left_over(entry: Entry, now: float) -> bool:
    """Say whether the finding is gone, and a sweep should have deleted the entry long since."""
    return entry.gone is not None and may_end(entry, now - _LATEST, LAG)


def _flaws(sample: EntrySample, intents: list[float], gone: int, now: float) -> Iterator[Flaw]:
    if sample.unread:
        those = "its finding is" if len(sample.unread) == 1 else "their findings are"
        yield Flaw(
            "problem",
            f"{_entries(len(sample.unread))} cannot be read, so {those} not triaged",
            f"deploy the newest version of hubtriage that wrote entries, or {_RESTORE}",
        )
    if intents:
        oldest = written(datetime.fromtimestamp(intents[0], UTC))
        yield Flaw(
            "problem" if now - intents[0] > _LATEST else "warning",
            f"it is not known whether {counted(len(intents), 'update')} happened, the oldest at {oldest}",
            "hubtriage sweep --scope managed finds out; see docs/operating.md, IntentsLeft",
        )
    if gone:
        yield Flaw(
            "warning",
            f"{_entries(gone)} of findings that are gone should have been deleted",
            "see why no sweep finished: hubtriage sweep --scope managed",
        )


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count:,} entries"
