"""Settings of the sweep function in addition to those that it shares with the triage function."""

from dataclasses import dataclass

from hubtriage.aws.environment import EnvironmentConfig, number, numbers, setting, text, texts, whole
from hubtriage.aws.sweep.walk import Pace

_STANDARD = Pace()
_MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class SweepConfig(EnvironmentConfig):
    """What a deployment may set."""

    queue: str = setting("HUBTRIAGE_QUEUE_URL", text, "URL of the queue that triage reads")
    dead_letters: str = setting(
        "HUBTRIAGE_DEAD_LETTER_QUEUE_URL", text, "URL of the queue of what could not be triaged"
    )
    rule: str = setting("HUBTRIAGE_INTAKE_RULE", text, "name of the EventBridge rule that feeds the queue")
    reads_per_second: float = setting(
        "HUBTRIAGE_SWEEP_READS_PER_SECOND", number(0.01, _MOST), "GetFindings calls", 1.2
    )
    step: float = setting(
        "HUBTRIAGE_SWEEP_STEP_SECONDS", number(1, _MOST), "length of a step", _STANDARD.step
    )
    queue_limit: int = setting(
        "HUBTRIAGE_SWEEP_QUEUE_LIMIT",
        whole(1, _MOST),
        "messages in the queue at which the sweep waits",
        _STANDARD.queue_limit,
    )
    wait: int = setting(
        "HUBTRIAGE_SWEEP_WAIT_SECONDS", whole(1, _MOST), "how long the sweep waits then", _STANDARD.wait
    )
    settle: float = setting(
        "HUBTRIAGE_SWEEP_SETTLE_SECONDS",
        number(0, _MOST),
        "time until what was done before shows everywhere",
        _STANDARD.settle,
        explicit=False,
    )
    quiet: float = setting(
        "HUBTRIAGE_SWEEP_QUIET_SECONDS",
        number(0, _MOST),
        "how long the queue is empty before all that was sent counts as triaged",
        _STANDARD.quiet,
        explicit=False,
    )
    hide_limit: int = setting(
        "HUBTRIAGE_SWEEP_HIDE_LIMIT",
        whole(0, _MOST),
        "findings that a sweep without a budget of its own may hide",
        10_000,
    )
    reopen_limit: int = setting(
        "HUBTRIAGE_SWEEP_REOPEN_LIMIT",
        whole(0, _MOST),
        "findings that a sweep after a deployment may reopen",
        1000,
    )
    notice_days: frozenset[int] = setting(
        "HUBTRIAGE_NOTICE_DAYS",
        numbers(1, 365),
        "how many days before an exception ends its owner is told",
        frozenset(),
        explicit=False,
    )
    notice_topic: str = setting(
        "HUBTRIAGE_NOTICE_TOPIC", text, "ARN of the topic of these notices", "", explicit=False
    )
    notice_owners: tuple[str, ...] = setting(
        "HUBTRIAGE_NOTICE_OWNERS", texts, "owners that are subscribed to it", (), explicit=False
    )

    @property
    def pace(self) -> Pace:
        """How a step behaves."""
        return Pace(
            step=self.step,
            queue_limit=self.queue_limit,
            wait=self.wait,
            settle=self.settle,
            quiet=self.quiet,
        )
