"""Typed settings of the triage function, read from its environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, cast

from hubtriage.engine.planning.plan import Settings

LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40}


class ConfigError(ValueError):
    """A setting that cannot be used: which variable, what it holds, what it takes."""

    def __init__(self, name: str, value: str, hint: str) -> None:
        super().__init__(f"{name}={value!r}: {hint}")
        self.name, self.value, self.hint = name, value, hint


def _setting(variable: str, default: Any, doc: str) -> Any:
    return field(default=default, metadata={"variable": variable, "doc": doc})


@dataclass(frozen=True, slots=True)
class Config:
    """What a deployment may set. Rates are this container's share, not the account's quota."""

    service: str = _setting("POWERTOOLS_SERVICE_NAME", "hubtriage", "name in logs and metrics")
    namespace: str = _setting("POWERTOOLS_METRICS_NAMESPACE", "hubtriage", "CloudWatch metrics namespace")
    stack: str = _setting("HUBTRIAGE_STACK", "hubtriage", "whose memo is ours")
    udf: str = _setting("HUBTRIAGE_UDF", "replace", "what a call does to UserDefinedFields: replace or merge")
    known_stacks: frozenset[str] = _setting(
        "HUBTRIAGE_KNOWN_STACKS", frozenset(), "other stacks on this hub, separated by commas"
    )
    never: frozenset[str] = _setting(
        "HUBTRIAGE_NEVER", frozenset(), "fields that are never set, because IAM denies them; by commas"
    )
    mode_parameter: str = _setting(
        "HUBTRIAGE_MODE_PARAMETER", "", "SSM parameter that holds enforce or observe; without one, enforce"
    )
    queue: str = _setting(
        "HUBTRIAGE_QUEUE_ARN", "", "the queue whose messages alone are taken; without one, any event"
    )
    calls_per_second: float = _setting("HUBTRIAGE_CALLS_PER_SECOND", 4.0, "BatchUpdateFindings calls")
    reads_per_second: float = _setting("HUBTRIAGE_READS_PER_SECOND", 1.0, "GetFindings calls")
    refresh_age: float = _setting(
        "HUBTRIAGE_REFRESH_AGE_SECONDS", 30.0, "age of an event above which its finding is read again"
    )
    patience: int = _setting(
        "HUBTRIAGE_NOT_FOUND_RECEIVES", 3, "deliveries after which a finding that is not found is refused"
    )
    margin: float = _setting(
        "HUBTRIAGE_MARGIN_SECONDS", 15.0, "time left at which no call starts any more; above the read timeout"
    )
    log_level: str = _setting("HUBTRIAGE_LOG_LEVEL", "INFO", "DEBUG, INFO, WARNING or ERROR")
    ruleset: str = _setting("HUBTRIAGE_RULESET", "ruleset.json", "path of the compiled rule set")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Config":
        """Read every setting; raises ConfigError on the first that cannot be used."""
        given = {}
        for item in fields(cls):
            variable = item.metadata["variable"]
            if variable in environment:
                given[item.name] = _READERS[item.name](variable, environment[variable])
        return cls(**given)

    def engine_settings(self) -> Settings:
        """The part of it that the engine needs."""
        return Settings(
            stack=self.stack,
            udf=cast("Any", self.udf),
            known_stacks=self.known_stacks,
            never=self.never,
        )


def _text(variable: str, value: str) -> str:
    if not value.strip():
        raise ConfigError(variable, value, "must not be empty")
    return value


def _number(least: float) -> Any:
    def read(variable: str, value: str) -> float:
        try:
            number = float(value)
        except ValueError:
            raise ConfigError(variable, value, "must be a number") from None
        if not least <= number <= 3600:
            raise ConfigError(variable, value, f"must be between {least:g} and 3600")
        return number

    return read


def _whole(variable: str, value: str) -> int:
    if not value.isdecimal() or not 1 <= int(value) <= 1000:
        raise ConfigError(variable, value, "must be a whole number between 1 and 1000")
    return int(value)


def _one_of(*allowed: str) -> Any:
    def read(variable: str, value: str) -> str:
        if value not in allowed:
            raise ConfigError(variable, value, f"must be one of {', '.join(allowed)}")
        return value

    return read


def _names(_variable: str, value: str) -> frozenset[str]:
    return frozenset(name.strip() for name in value.split(",") if name.strip())


_READERS: Mapping[str, Any] = {
    "service": _text,
    "namespace": _text,
    "stack": _text,
    "udf": _one_of("replace", "merge"),
    "known_stacks": _names,
    "never": _names,
    "mode_parameter": _text,
    "queue": _text,
    "calls_per_second": _number(0.01),
    "reads_per_second": _number(0.01),
    "refresh_age": _number(0),
    "patience": _whole,
    "margin": _number(0),
    "log_level": _one_of(*LEVELS),
    "ruleset": _text,
}
