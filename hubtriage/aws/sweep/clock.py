"""The clock Lambda: starts a sweep when the time of a rule has begun or ended.

It is called every few minutes, and remembers until when it has looked. So a call that was missed or failed
loses no moment. As it is called whether findings come in or not, it also emits what the dashboard shows of
the moment.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import botocore.session

from hubtriage.aws.clock import Clock, SystemClock
from hubtriage.aws.environment import EnvironmentConfig, setting, text
from hubtriage.aws.logger import logger
from hubtriage.aws.sweep.occasions.moments import ending_soon, sweep_of_moments
from hubtriage.aws.sweep.report import emit_gauges
from hubtriage.aws.sweep.start import StepFunctions, start_sweep
from hubtriage.aws.switch.mode import checked
from hubtriage.engine.ruleset.ruleset import Ruleset, load_ruleset

FIRST_LOOK = 86_400.0
"""Seconds that are looked back if it is not known until when the clock has looked."""
UNKNOWN = "0"
"""What the parameter holds when the stack has made it."""


class ClockParameters(Protocol):
    """botocore's client of Systems Manager, as far as it is used here."""

    def get_parameter(self, **request: Any) -> Any:
        """Read a parameter."""

    def put_parameter(self, **request: Any) -> Any:
        """Set a parameter."""


@dataclass(frozen=True, slots=True)
class ClockConfig(EnvironmentConfig):
    """What a deployment sets."""

    machine: str = setting("HUBTRIAGE_SWEEP_MACHINE", text, "ARN of the state machine of sweeps")
    parameter: str = setting(
        "HUBTRIAGE_CLOCK_PARAMETER", text, "SSM parameter that holds until when the clock has looked"
    )
    mode_parameter: str = setting("HUBTRIAGE_MODE_PARAMETER", text, "SSM parameter that holds the mode")
    service: str = setting("POWERTOOLS_SERVICE_NAME", text, "name in logs and metrics", "hubtriage")
    namespace: str = setting(
        "POWERTOOLS_METRICS_NAMESPACE", text, "CloudWatch metrics namespace", "hubtriage"
    )
    ruleset: str = setting(
        "HUBTRIAGE_RULESET", text, "path of the compiled rule set", "ruleset.json", explicit=False
    )


def clock_parameter_name(stack: str) -> str:
    """Return the name of the parameter that says until when the clock of a stack has looked."""
    return f"/hubtriage/{stack}/clock"


class SweepClock:
    """What the schedule calls. After an error, botocore's, it looks at the same time again."""

    def __init__(
        self,
        config: ClockConfig,
        ruleset: Ruleset,
        states: StepFunctions,
        parameters: ClockParameters,
        clock: Clock | None = None,
    ) -> None:
        self._config = config
        self._ruleset = ruleset
        self._states = states
        self._parameters = parameters
        self._clock = clock or SystemClock()
        self._logger = logger(config.service, "INFO")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "SweepClock":
        """Read settings and rule set, and make the clients; raises ConfigError and OSError."""
        config = ClockConfig.from_environment(environment)
        ruleset = load_ruleset(json.loads(Path(config.ruleset).read_bytes()))
        make = botocore.session.get_session().create_client
        return cls(config, ruleset, make("stepfunctions"), make("ssm"))

    def __call__(self, _event: object, _context: object) -> dict[str, Any]:
        """Sweep what the moments since the last look call for; return the request, empty if there is none.

        The sweep is started before the time is written down. If writing fails, it is started once more.
        The gauges come last: a mode that cannot be read is an error that delays no sweep.
        """
        now = self._clock.now()
        after = self._looked_until(now)
        request = sweep_of_moments(self._ruleset, after, now)
        if request is not None:
            execution = start_sweep(self._states, self._config.machine, request)
            self._logger.info("sweep started", extra={"execution": execution, **request.as_json()})
        self._parameters.put_parameter(
            Name=self._config.parameter, Value=repr(now), Type="String", Overwrite=True
        )
        self._emit_gauges(now)
        return {} if request is None else request.as_json()

    def _emit_gauges(self, now: float) -> None:
        config = self._config
        answer = self._parameters.get_parameter(Name=config.mode_parameter)
        mode = checked(str(answer["Parameter"]["Value"]))
        emit_gauges(mode, ending_soon(self._ruleset, now), config.namespace, config.service)

    def _looked_until(self, now: float) -> float:
        text = self._parameters.get_parameter(Name=self._config.parameter)["Parameter"]["Value"]
        try:
            looked = float(text)
        except ValueError:
            looked = 0.0
        return looked if 0 < looked <= now else now - FIRST_LOOK
