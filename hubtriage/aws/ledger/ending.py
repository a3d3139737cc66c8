"""When an entry may leave the ledger."""

from hubtriage.engine.planning.entry import Entry

KEPT = 14 * 86_400.0
"""Seconds for which an entry stays after a write: longer than a message lives in any of the queues."""


def may_end(entry: Entry, now: float, lag: float) -> bool:
    """Say whether an entry may be deleted. `lag`: seconds that GetFindings may be behind.

    It may if the finding was not found twice, at least a lag apart: at `entry.gone`, and just now. The caller
    takes `gone` out of an entry whose finding is there. An entry that holds nothing may end as well. Neither
    ends within 14 days of a write: a late message would take the finding for one that was never touched.
    An entry without any write counts from when its finding was gone: a worker that read it may still stall.
    None ends before all of it is announced that is to be.
    """
    if entry.news or entry.open_tickets:
        return False
    gone = entry.gone is not None and now - entry.gone >= lag
    if not gone and (entry.claims or entry.intent or entry.asked):
        return False
    since = last_write(entry) or entry.gone
    return since is not None and now - since >= KEPT


def last_write(entry: Entry) -> float | None:
    """Return when the last update that we know of was sent or may have been, in epoch seconds."""
    times = (entry.started, entry.ended, entry.intent.time if entry.intent else 0.0)
    return max(times) or None
