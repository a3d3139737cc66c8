"""Check whether the ledger's entries can be read, and whether what is over in them is cleared away."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

from hubtriage.aws.ledger.ending import may_end
from hubtriage.aws.ledger.lease import LAG
from hubtriage.aws.securityhub.api import Key
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
    announces = bool(account.config.event_bus)
    return judge(account.sample, account.clock.now(), account.config.lease, announces=announces)


def judge(sample: EntrySample, now: float, lease: float, *, announces: bool = False) -> Verdict:
    """Return the verdict on entries at a time (epoch seconds); `lease` in seconds.

    `announces`: whether decisions are announced.
    """
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
    late = sum(map(partial(_is_late, now=now), sample.entries)) if announces else 0
    data |= {"unannounced": late} if announces else {}
    details = some_of([fault.message for fault in sample.unread])
    seen = f"{sample.scope}: each can be read" if sample.looked_at else sample.scope
    fine = Verdict("ok", seen, details=details, data=data)
    return flawed([*_flaws(sample, intents, gone, now), *_unannounced(late)], fine, sample.scope)


def _is_late(held: tuple[Key, Entry], now: float) -> bool:
    """Say whether an entry has news that a sweep should have announced long since."""
    _key, entry = held
    return any(now - news.at > _LATEST for news in entry.news)


def _unannounced(late: int) -> Iterator[Flaw]:
    if late:
        yield Flaw(
            "warning",
            f"decisions on {counted(late, 'finding')} should have been announced",
            "see why: docs/operating.md, EventsNotPut; then hubtriage sweep --scope managed",
        )


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
