"""Settings of the sweep function beside those that it shares with the triage function."""

from collections.abc import Mapping
from dataclasses import dataclass

from hubtriage.aws.sweep.walk import Pace
from hubtriage.aws.triage.config import ConfigError


@dataclass(frozen=True, slots=True)
class SweepConfig:
    """`queue` is the URL of the queue, `rule` the name of the EventBridge rule that feeds it.

    `dead_letters` is the URL of the queue of what could not be triaged.

    `hide_limit`: findings that a sweep without a budget of its own may hide.
    """

    queue: str
    dead_letters: str
    rule: str
    reads_per_second: float
    pace: Pace
    hide_limit: int = 10_000

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "SweepConfig":
        """Read every setting; raises ConfigError for one that is missing or cannot be used."""
        standard = Pace()
        return cls(
            queue=_text(environment, "HUBTRIAGE_QUEUE_URL"),
            dead_letters=_text(environment, "HUBTRIAGE_DEAD_LETTER_QUEUE_URL"),
            rule=_text(environment, "HUBTRIAGE_INTAKE_RULE"),
            reads_per_second=_number(environment, "HUBTRIAGE_SWEEP_READS_PER_SECOND", 1.2, 0.01),
            pace=Pace(
                step=_number(environment, "HUBTRIAGE_SWEEP_STEP_SECONDS", standard.step, 1),
                queue_limit=int(_number(environment, "HUBTRIAGE_SWEEP_QUEUE_LIMIT", standard.queue_limit, 1)),
                wait=int(_number(environment, "HUBTRIAGE_SWEEP_WAIT_SECONDS", standard.wait, 1)),
                settle=_number(environment, "HUBTRIAGE_SWEEP_SETTLE_SECONDS", standard.settle, 0),
                quiet=_number(environment, "HUBTRIAGE_SWEEP_QUIET_SECONDS", standard.quiet, 0),
            ),
            hide_limit=int(_number(environment, "HUBTRIAGE_SWEEP_HIDE_LIMIT", 10_000, 0)),
        )


def _text(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value.strip():
        raise ConfigError(name, value, "must not be empty")
    return value


def _number(environment: Mapping[str, str], name: str, default: float, least: float) -> float:
    value = environment.get(name)
    if value is None:
        return default
    try:
        number = float(value)
    except ValueError:
        raise ConfigError(name, value, "must be a number") from None
    if not least <= number <= 1e6:
        raise ConfigError(name, value, f"must be at least {least:g}")
    return number
