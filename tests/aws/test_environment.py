"""What the stack writes into a function's environment is what the function reads."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.aws.environment import (
    ConfigError,
    EnvironmentConfig,
    names,
    number,
    one_of,
    setting,
    text,
    whole,
)
from hubtriage.aws.sweep.clock import ClockConfig
from hubtriage.aws.sweep.config import SweepConfig
from hubtriage.aws.sweep.deployed import DeployedConfig
from hubtriage.aws.switch.breaker import BreakerConfig
from hubtriage.aws.switch.ledger_guard import LedgerGuardConfig
from hubtriage.aws.triage.config import LEVELS, TriageConfig

TEXTS = st.text(min_size=1).filter(str.strip)
NAMES = st.frozensets(st.from_regex(r"[A-Za-z][A-Za-z0-9.-]*", fullmatch=True))
RATES = st.floats(0.01, 3600)

TRIAGE = st.builds(
    TriageConfig,
    service=TEXTS,
    namespace=TEXTS,
    udf=st.sampled_from(["replace", "merge"]),
    never=NAMES,
    ledger_table=TEXTS | st.just(""),
    lease=st.integers(60, 86_400) | st.floats(60, 86_400),
    role=TEXTS | st.just(""),
    mode_parameter=TEXTS | st.just(""),
    queue=TEXTS | st.just(""),
    calls_per_second=RATES,
    reads_per_second=RATES,
    histories_per_second=RATES,
    refresh_age=st.floats(0, 3600) | st.integers(0, 3600),
    patience=st.integers(1, 1000),
    margin=st.floats(0, 3600),
    log_level=st.sampled_from(list(LEVELS)),
    ruleset=TEXTS,
)
SWEEP = st.builds(
    SweepConfig,
    TEXTS,
    TEXTS,
    TEXTS,
    reads_per_second=RATES,
    step=st.floats(1, 1e6),
    queue_limit=st.integers(1, 1_000_000),
    wait=st.integers(1, 1_000_000),
    settle=st.floats(0, 1e6),
    quiet=st.floats(0, 1e6),
    hide_limit=st.integers(0, 1_000_000),
    reopen_limit=st.integers(0, 1_000_000),
)
BREAKER = st.builds(BreakerConfig, TEXTS, TEXTS, TEXTS, service=TEXTS, runbook=TEXTS)
DEPLOYED = st.builds(DeployedConfig, TEXTS)
CLOCK = st.builds(ClockConfig, TEXTS, TEXTS, TEXTS, service=TEXTS, ruleset=TEXTS)
GUARD = st.builds(LedgerGuardConfig, TEXTS, TEXTS, TEXTS, service=TEXTS, namespace=TEXTS)


@given(TRIAGE | SWEEP | BREAKER | DEPLOYED | CLOCK | GUARD)
def test_every_config_reads_back_what_it_has_written(config: EnvironmentConfig) -> None:
    environment = config.as_environment()
    assert type(config).from_environment({"PATH": "/usr/bin", **environment}) == config
    assert all(isinstance(value, str) for value in environment.values())


@given(TRIAGE, SWEEP)
def test_the_two_configs_of_the_sweep_function_share_an_environment(
    triage: TriageConfig, sweep: SweepConfig
) -> None:
    environment = triage.as_environment() | sweep.as_environment()
    assert TriageConfig.from_environment(environment) == replace(triage, queue_url=sweep.queue)
    assert SweepConfig.from_environment(environment) == sweep


@dataclass(frozen=True, slots=True)
class Sample(EnvironmentConfig):
    needed: str = setting("NEEDED", text, "has no default")
    plain: float = setting("PLAIN", number(0, 5), "is always written", 1.0)
    rare: int = setting("RARE", whole(1, 9), "is written where it is not at its default", 1, explicit=False)
    kind: str = setting("KIND", one_of("a", "b"), "is one of two", "a")
    some: frozenset[str] = setting("SOME", names, "are names", frozenset())


def test_a_setting_at_its_default_is_written_unless_it_is_rare() -> None:
    assert Sample("x").as_environment() == {"NEEDED": "x", "PLAIN": "1", "KIND": "a", "SOME": ""}
    assert Sample("x", 0.5, 2, "b", frozenset({"z", "y"})).as_environment() == {
        "NEEDED": "x",
        "PLAIN": "0.5",
        "RARE": "2",
        "KIND": "b",
        "SOME": "y,z",
    }


def test_a_setting_without_a_default_is_required() -> None:
    with pytest.raises(ConfigError, match="NEEDED=''"):
        Sample.from_environment({"PLAIN": "1"})
