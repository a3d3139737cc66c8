"""A sweep as people and programs read it: its progress, and its report."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hubtriage.aws.sweep.inprocess import SWEEP_READS, UPDATES
from hubtriage.aws.sweep.progress import Progress
from hubtriage.aws.sweep.report import results
from hubtriage.cli.text import quoted
from hubtriage.cli.views.tables import duration, table

ENDS = {
    "done": "done",
    "more": "not over yet",
    "continued": "continues in another execution",
    "withheld": "finished, but reached its limit of findings to hide",
    "skipped": "finished, but left out findings that could not be read or handled",
    "dead letters": "took back everything except what waits in the dead-letter queue",
    "observe": "took back nothing more: triage is in observe and writes nothing; hubtriage mode enforce, "
    "then immediately --take-back again",
    "superseded": "ended because another sweep was started",
    "waiting": "waits for a person",
    "over budget": "stopped: more findings would change than the budget allows",
    "intake closed": "not begun: the intake is shut, as after --take-back; --reopen opens it",
}


def progress_line(progress: Progress) -> str:
    """Return how far the sweep has come, in one line."""
    waits = "for the queue or another sweep" if progress.started else "until the previous changes are visible"
    read = f"{progress.read:,} findings read, {progress.changed:,} to change"
    return f"{read}, waits {waits}" if progress.wait else read


def as_record(progress: Progress, ended: Iterable[str] = (), *, dry_run: bool = False) -> dict[str, Any]:
    """Return the report, JSON-ready; `ended` are the rules whose time ended today.

    The report of a dry run also says what the changes would take.
    """
    record: dict[str, Any] = {**results(progress), "rules_ended_today": list(ended)}
    if dry_run:
        seconds = max(progress.messages / UPDATES, progress.calls / SWEEP_READS)
        record |= {"dry_run": True, "calls": progress.messages, "hours": round(seconds / 3600, 4)}
    return record


def text(record: Mapping[str, Any], *, is_chosen: bool = True) -> Iterator[str]:
    """Yield the lines of the report for people; `is_chosen`: a person chose its scope and filter."""
    dry_run = record.get("dry_run", False)
    yield f"sweep: {ENDS.get(record['status'], record['status'])}"
    if record.get("cause"):
        yield f"  {quoted(record['cause'])}"
    changed = "would change" if dry_run else "changed or in the queue to be changed"
    yield f"  {record['read']:,} findings read, {record['changed']:,} {changed}"
    if is_chosen and record["status"] == "done" and not record["read"]:
        yield "  no finding matches --scope and --filter; check the names in them"
    yield f"  {record['hidden']:,} hidden, {record['taken_back']:,} taken back"
    yield f"  {record['refused']:,} refused, {record['left_to_people']:,} left to people"
    yield from _troubles(record)
    if record["rules_ended_today"]:
        yield f"  ended today: {', '.join(record['rules_ended_today'])}"
    if dry_run:
        yield f"  it would take {record['calls']:,} API calls, and {duration(record['hours'])}"
    if record["changed_by_rule"]:
        yield ""
        yield from table(("rule", "findings"), list(record["changed_by_rule"].items()))


def _troubles(record: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines about what was not done, or is not known."""
    if record["objection"]:
        yield f"  {record['objection']}"
        yield "  if you intend this: hubtriage sweep --confirm; if not, deploy the right rules"
    if record["doubtful"]:
        yield f"  {record['doubtful']:,} were passed to triage because their state is not certain"
    if record["failed_rules"]:
        yield f"  on {record['failed_rules']:,} a rule could not be evaluated: see the decision log"
    if record["withheld"]:
        meant = f"hubtriage sweep --budget {record['withheld']}"
        yield f"  {record['withheld']:,} more would be hidden; if you intend this: {meant}"
    if record["uncertain"]:
        yield f"  {record['uncertain']:,} of these are counted because a failed step may have changed them"
    for left_out in record["skipped"]:
        yield f"  left out: {quoted(left_out)}"
    if record["dead_letters"]:
        yield f"  {record['dead_letters']:,} messages could not be triaged; hubtriage logs --errors says why"
        yield "  once the cause is gone: hubtriage redrive, then take back again"
    if record.get("failed"):
        yield f"  {record['failed']:,} failed: run it again"
