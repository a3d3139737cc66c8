import pytest

from hubtriage.aws.environment import ConfigError
from hubtriage.aws.triage.config import TriageConfig


def test_without_settings_the_defaults_hold() -> None:
    config = TriageConfig.from_environment({"PATH": "/usr/bin"})
    assert config == TriageConfig()
    assert (config.udf, config.refresh_age, config.log_level) == ("replace", 30.0, "INFO")


def test_every_setting_is_read() -> None:
    config = TriageConfig.from_environment(
        {
            "POWERTOOLS_SERVICE_NAME": "triage",
            "POWERTOOLS_METRICS_NAMESPACE": "security",
            "HUBTRIAGE_STACK": "blue",
            "HUBTRIAGE_UDF": "merge",
            "HUBTRIAGE_KNOWN_STACKS": "green, red,",
            "HUBTRIAGE_CALLS_PER_SECOND": "0.5",
            "HUBTRIAGE_READS_PER_SECOND": "2",
            "HUBTRIAGE_REFRESH_AGE_SECONDS": "0",
            "HUBTRIAGE_NOT_FOUND_RECEIVES": "7",
            "HUBTRIAGE_MARGIN_SECONDS": "20",
            "HUBTRIAGE_LOG_LEVEL": "DEBUG",
            "HUBTRIAGE_RULESET": "/opt/rules.json",
        }
    )
    assert config == TriageConfig(
        service="triage",
        namespace="security",
        stack="blue",
        udf="merge",
        known_stacks=frozenset({"green", "red"}),
        calls_per_second=0.5,
        reads_per_second=2.0,
        refresh_age=0.0,
        patience=7,
        margin=20.0,
        log_level="DEBUG",
        ruleset="/opt/rules.json",
    )
    assert config.engine_settings().known_stacks == frozenset({"green", "red"})


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        pytest.param("HUBTRIAGE_UDF", "overwrite", "must be one of replace, merge", id="an unknown reading"),
        pytest.param("HUBTRIAGE_CALLS_PER_SECOND", "fast", "must be a number", id="a rate that is no number"),
        pytest.param("HUBTRIAGE_CALLS_PER_SECOND", "0", "between 0.01 and 3600", id="a rate of nothing"),
        pytest.param("HUBTRIAGE_MARGIN_SECONDS", "nan", "between 0 and 3600", id="not a number at all"),
        pytest.param("HUBTRIAGE_NOT_FOUND_RECEIVES", "2.5", "a whole number", id="half a delivery"),
        pytest.param("HUBTRIAGE_LOG_LEVEL", "info", "must be one of DEBUG", id="a level in small letters"),
        pytest.param("HUBTRIAGE_STACK", " ", "must not be empty", id="a stack without name"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_with_a_hint(name: str, value: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=hint) as caught:
        TriageConfig.from_environment({name: value})
    assert (caught.value.name, caught.value.value) == (name, value)
