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
            "HUBTRIAGE_UDF": "merge",
            "HUBTRIAGE_LEDGER_TABLE": "blue-ledger",
            "HUBTRIAGE_LEASE_SECONDS": "900",
            "HUBTRIAGE_ROLE_ARN": "arn:aws:iam::111122223333:role/triage",
            "HUBTRIAGE_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/111122223333/q",
            "HUBTRIAGE_HISTORIES_PER_SECOND": "1",
            "HUBTRIAGE_NEVER": "Types, Confidence,",
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
        udf="merge",
        ledger_table="blue-ledger",
        lease=900.0,
        role="arn:aws:iam::111122223333:role/triage",
        queue_url="https://sqs.eu-west-1.amazonaws.com/111122223333/q",
        histories_per_second=1.0,
        never=frozenset({"Types", "Confidence"}),
        calls_per_second=0.5,
        reads_per_second=2.0,
        refresh_age=0.0,
        patience=7,
        margin=20.0,
        log_level="DEBUG",
        ruleset="/opt/rules.json",
    )
    assert config.engine_settings().never == frozenset({"Types", "Confidence"})


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        pytest.param("HUBTRIAGE_UDF", "overwrite", "must be one of replace, merge", id="an unknown reading"),
        pytest.param("HUBTRIAGE_CALLS_PER_SECOND", "fast", "must be a number", id="a rate that is no number"),
        pytest.param("HUBTRIAGE_CALLS_PER_SECOND", "0", "between 0.01 and 3600", id="a rate of nothing"),
        pytest.param("HUBTRIAGE_MARGIN_SECONDS", "nan", "between 0 and 3600", id="not a number at all"),
        pytest.param("HUBTRIAGE_NOT_FOUND_RECEIVES", "2.5", "a whole number", id="half a delivery"),
        pytest.param("HUBTRIAGE_LOG_LEVEL", "info", "must be one of DEBUG", id="a level in small letters"),
        pytest.param("HUBTRIAGE_LEDGER_TABLE", " ", "must not be empty", id="a table without name"),
        pytest.param("HUBTRIAGE_LEASE_SECONDS", "30", "between 60 and 86400", id="a lease that is too short"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_with_a_hint(name: str, value: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=hint) as caught:
        TriageConfig.from_environment({name: value})
    assert (caught.value.name, caught.value.value) == (name, value)
