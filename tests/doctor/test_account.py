"""How the doctor reads the settings of the deployed function."""

from pathlib import Path

import pytest

from hubtriage.aws.triage.config import TriageConfig
from hubtriage.doctor.account import Account, Deployed
from hubtriage.doctor.verdict import UncheckedError
from hubtriage.engine.planning.plan import Settings
from hubtriage.localaws.securityhub.hub import Hub
from hubtriage.localaws.securityhub.inprocess import InProcessSecurityHub, ManualClock


def account(environment: dict[str, str] | None) -> Account:
    """An account with a triage function that has these variables; None: nothing is deployed."""
    clock = ManualClock()
    made = Account(
        lambda service, _region=None: pytest.fail(f"{service} is not needed"),
        InProcessSecurityHub(Hub(), clock),
        clock,
        stack="blue",
        rules=Path("rules"),
        most_findings=0,
    )
    made.__dict__["deployed"] = None if environment is None else Deployed("blue", "CREATE_COMPLETE", {})
    made.__dict__["function"] = {"Environment": {"Variables": environment}}
    return made


def test_it_plans_by_every_setting_of_the_function() -> None:
    config = TriageConfig(udf="merge", never=frozenset({"Types"}))
    seen = account(config.as_environment())
    assert seen.config == config
    assert seen.settings == config.engine_settings()
    assert seen.settings.udf == "merge"


def test_without_a_stack_it_plans_by_the_defaults() -> None:
    seen = account(None)
    assert seen.config is None
    assert seen.settings == Settings()


def test_settings_that_were_broken_by_hand_are_reported_not_raised() -> None:
    seen = account({"HUBTRIAGE_UDF": "both"})
    with pytest.raises(UncheckedError, match="HUBTRIAGE_UDF='both'"):
        _ = seen.config
    assert seen.settings == Settings()
