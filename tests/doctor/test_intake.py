"""What the doctor says of an intake that is shut."""

from collections.abc import Mapping
from typing import Any

import pytest

from hubtriage.doctor.checks.runtime import intake
from tests.doctor.ledger.accounts import account
from tests.support.ledger_tables import LedgerTable, refusal


class Paused:
    """A stack whose mapping is disabled; `mark` is the parameter of the guard."""

    def __init__(self, mark: str | None) -> None:
        self.mark = mark

    def describe_rule(self, **_request: Any) -> Mapping[str, Any]:
        return {"State": "ENABLED"}

    def list_event_source_mappings(self, **_request: Any) -> Mapping[str, Any]:
        return {"EventSourceMappings": [{"State": "Disabled", "UUID": "mapping"}]}

    def get_parameter(self, **request: Any) -> Mapping[str, Any]:
        assert request == {"Name": "/hubtriage/green/paused"}
        if self.mark is None:
            raise refusal("ParameterNotFound")
        return {"Parameter": {"Value": self.mark}}


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        pytest.param("mapping", "paused because the ledger did not answer", id="paused by the guard"),
        pytest.param(None, "mapping is Disabled", id="disabled by a person"),
        pytest.param("another", "mapping is Disabled", id="disabled by a person, after a pause of another"),
    ],
)
def test_a_pause_says_whose_it_is(mark: str | None, words: str) -> None:
    """CloudFormation may call the stack `blue` that its settings call `green`."""
    verdict = intake.look(account(LedgerTable(), others=Paused(mark), service="green"))
    assert verdict is not None
    assert (verdict.status, words in verdict.seen) == ("problem", True), verdict
