"""What a million findings cost, and what each month costs whatever arrives: the tables of docs/operating.md.

    python -m benchmarks.cost        # prints them

List prices of us-east-1 in USD without the free tiers, none confirmed by a bill: change them here and on the
page.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

MILLION = 1_000_000
MONTH_SECONDS = 30 * 86_400
GB = 1e9

SQS_REQUEST = 0.40 / MILLION  # AWS: one for each 64 KB
LAMBDA_REQUEST = 0.20 / MILLION
LAMBDA_GB_SECOND = 0.0000166667 * 0.8  # arm64 is a fifth cheaper than x86
LOGS_GB = 0.50
METRIC_MONTH = 0.30
ALARM_MONTH = 0.10
DASHBOARD_MONTH = 3.00
KEY_MONTH = 1.00
KEY_REQUEST = 0.03 / 10_000
TRANSITION = 0.025 / 1_000  # Step Functions, standard
TABLE_READ = (
    0.125 / MILLION
)  # AWS: one for each 4 KB that is read consistently, also for a key without an entry
TABLE_WRITE = 0.625 / MILLION  # AWS: one for each 1 KB
TABLE_GB_MONTH = 0.25 + 0.20  # kept, and to be restored to any moment of 35 days

MEMORY_GB = 0.5
SQS_BATCH = 10  # AWS: messages that Lambda's poller receives or deletes at once
POLLERS = 5  # AWS: that wait for messages of a queue, 20 seconds at a time
DECISION_BYTES = 1_450  # a line of the log, with the entry; CloudWatch adds 26
METRICS_BYTES = 2_000  # what an invocation says about itself: metrics
PLATFORM_BYTES = 400  # and Lambda's own lines
PLANNING_SECONDS = 0.0003  # a finding, at this memory
INVOCATION_SECONDS = 0.005
CALL_SECONDS = 0.25  # a call, with the waiting for its turn: 8 a second for two containers
RECALL_SECONDS = 0.01  # reading the entries of an invocation, and of each further 100 findings
RECORD_SECONDS = 0.02  # writing the intents of a call, and that it happened
RECALLED = 100  # AWS: keys in a call of BatchGetItem
ENTRY_WRITES = 2  # the intent, and that it happened
ENTRY_BYTES = 1_000
WINDOW_SECONDS = 5
CHANGED = 0.1
FINDINGS = 200_000
REFRESHES = 60  # of each in a month. AWS: a check refreshes its findings every 12 to 24 hours
SWEEP_PAGES_PER_SECOND = 1.2
SWEEP_PAGE = 100
SWEEP_STEP_SECONDS = 50
SWEEP_TRANSITIONS = 3  # a step, and the two choices after it
GUARD_SECONDS = 300  # between two looks at the ledger
CLOCK_SECONDS = 240  # between two looks whether a rule has begun or ended
METRICS = 37  # names, and error codes
RULES = 20  # with a metric each
ALARMS = 26
KEYS = 1  # the stack's own, or with `kms-keys` the customer's in its place


@dataclass(frozen=True)
class EventLoad:
    """Events of findings. `together`: in one invocation; `share`: findings in a call; `changed`: of one."""

    together: float
    share: float
    events: int = MILLION
    changed: float = CHANGED

    @property
    def invocations(self) -> float:
        """Batches that Lambda is handed."""
        return self.events / self.together

    @property
    def calls(self) -> float:
        """Calls of BatchUpdateFindings."""
        return self.events * self.changed / self.share


EVEN = EventLoad(together=1 + MILLION / MONTH_SECONDS * WINDOW_SECONDS, share=1)
"""One after the other over a month: hardly ever do two share an invocation, and never a call."""

BURSTS = EventLoad(together=1_000, share=25)
"""In batches as large as they come, as after Security Hub's own checks, or in a sweep."""

Line = tuple[str, float]


def lines(load: EventLoad) -> Iterator[Line]:
    """What a load costs, by what is paid for."""
    received = 2 * load.invocations * max(1.0, load.together / SQS_BATCH)
    yield "EventBridge: events of AWS services, their matching and delivery", 0.0
    yield "SQS: each event sent once; received and deleted in tens", (load.events + received) * SQS_REQUEST
    yield "Lambda: requests", load.invocations * LAMBDA_REQUEST
    yield "Lambda: time, at 512 MB on arm64", seconds(load) * MEMORY_GB * LAMBDA_GB_SECOND
    yield "CloudWatch Logs: a line for each changed finding, one in ten", _logged(load, decisions=True)
    yield "CloudWatch Logs: what each invocation says of itself", _logged(load, decisions=False)
    yield "DynamoDB: each finding's entry read, a changed finding's entry written twice", _ledger(load)
    yield "BatchUpdateFindings and GetFindings: no charge is known", 0.0


def seconds(load: EventLoad) -> float:
    """How long all invocations take together."""
    planning = load.events * PLANNING_SECONDS
    recalling = load.invocations * max(1.0, load.together / RECALLED) * RECALL_SECONDS
    sending = load.calls * (CALL_SECONDS + RECORD_SECONDS)
    return load.invocations * INVOCATION_SECONDS + planning + recalling + sending


def _ledger(load: EventLoad) -> float:
    return load.events * (TABLE_READ + load.changed * ENTRY_WRITES * TABLE_WRITE)


def _logged(load: EventLoad, *, decisions: bool) -> float:
    written = load.events * load.changed * DECISION_BYTES
    if not decisions:
        written = load.invocations * (METRICS_BYTES + PLATFORM_BYTES)
    return written / GB * LOGS_GB


def sweep(findings: int = MILLION) -> float:
    """Reading so many findings once, and their entries. What the sweep sends costs like `BURSTS`."""
    took = findings / SWEEP_PAGE / SWEEP_PAGES_PER_SECOND
    steps = took / SWEEP_STEP_SECONDS * SWEEP_TRANSITIONS * TRANSITION
    return took * MEMORY_GB * LAMBDA_GB_SECOND + steps + findings * TABLE_READ


def monthly() -> Iterator[Line]:
    """What a month costs in one Region, whatever arrives."""
    waiting = POLLERS * MONTH_SECONDS / 20
    yield (
        f"CloudWatch metrics: about {METRICS}, and one for each rule that acts (here {RULES})",
        (METRICS + RULES) * METRIC_MONTH,
    )
    yield "CloudWatch dashboard", DASHBOARD_MONTH
    yield f"CloudWatch alarms: {ALARMS}", ALARMS * ALARM_MONTH
    yield "SQS: Lambda's pollers wait for messages", waiting * SQS_REQUEST
    yield (
        f"DynamoDB: the ledger, with entries of {FINDINGS:,} findings",
        FINDINGS * ENTRY_BYTES / GB * TABLE_GB_MONTH,
    )
    yield "the guard of the ledger and the clock of the sweep, every few minutes", _looks()
    yield "KMS: the key of the alarms' topic; with `kms-keys` yours, and what uses it", _keys()


def _looks() -> float:
    """Each takes about a tenth of a second, and Lambda writes lines on it. The guard tries a write, too."""
    lines = PLATFORM_BYTES / GB * LOGS_GB
    each = LAMBDA_REQUEST + 0.1 * MEMORY_GB * LAMBDA_GB_SECOND + lines
    guard, clock = MONTH_SECONDS / GUARD_SECONDS, MONTH_SECONDS / CLOCK_SECONDS
    return (guard + clock) * each + guard * TABLE_WRITE


def _keys() -> float:
    """The stack's key costs its month. With your own, services ask for a data key every 5 minutes too."""
    return KEYS * KEY_MONTH + MONTH_SECONDS / 300 * 2 * KEY_REQUEST


def pages() -> Iterator[str]:
    """The lines of the tables, as Markdown."""
    yield "| a million events | spread evenly over a month | in bursts |"
    yield "|---|---|---|"
    rows = [
        (name, even, burst) for (name, even), (_name, burst) in zip(lines(EVEN), lines(BURSTS), strict=True)
    ]
    rows.append(("**together**", together(EVEN), together(BURSTS)))
    unchanged = [replace(load, changed=0.0) for load in (EVEN, BURSTS)]
    rows.append(("together, where they change no finding", *map(together, unchanged)))
    yield from (f"| {name} | {_usd(even)} | {_usd(burst)} |" for name, even, burst in rows)
    refreshed = together(replace(BURSTS, events=FINDINGS * REFRESHES))
    yield f"| {FINDINGS:,} findings that checks refresh twice a day, a month | | {_usd(refreshed)} |"
    yield f"| a sweep that reads a million findings, without what it sends | | {_usd(sweep())} |"
    yield ""
    yield "| each month, in each Region | |"
    yield "|---|---|"
    yield from (f"| {name} | {_usd(cost)} |" for name, cost in monthly())


def together(load: EventLoad) -> float:
    """What a load costs in all."""
    return sum(cost for _name, cost in lines(load))


def _usd(cost: float) -> str:
    return "nothing" if not cost else f"{cost:.2f} USD" if cost >= 0.01 else "below 0.01 USD"


if __name__ == "__main__":
    print("\n".join(pages()))
