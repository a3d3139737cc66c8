"""What the doctor says of the bus of decision events, and when it says nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hubtriage.doctor.account import Account
from hubtriage.doctor.checks.runtime import bus
from tests.doctor.ledger.accounts import account, before_deploying
from tests.support.ledger_tables import LedgerTable, refusal


class Buses:
    """EventBridge with one bus and two pages of rules, or an error."""

    def __init__(self, error: str = "") -> None:
        self.error = error

    def describe_event_bus(self, **request: Any) -> Mapping[str, Any]:
        assert request == {"Name": "blue-decisions"}
        if self.error:
            raise refusal(self.error)
        return {"Name": "blue-decisions"}

    def get_paginator(self, operation: str) -> "Buses":
        assert operation == "list_rules"
        return self

    def paginate(self, **request: Any) -> Iterator[Mapping[str, Any]]:
        assert request == {"EventBusName": "blue-decisions"}
        for number in range(2):
            yield {"Rules": [{"Name": f"rule-{number}", "State": "ENABLED"}]}


def with_bus(services: Buses) -> Account:
    made = account(LedgerTable(), others=services)
    assert made.deployed is not None
    outputs = {**made.deployed.outputs, "EventBusName": "blue-decisions"}
    made.__dict__["deployed"] = replace(made.deployed, outputs=outputs)
    return made


def test_a_bus_that_is_there_is_well() -> None:
    verdict = bus.look(with_bus(Buses()))
    assert verdict is not None
    assert (verdict.status, verdict.data["rules"]) == ("ok", 2)


def test_a_bus_that_is_gone_is_a_problem() -> None:
    verdict = bus.look(with_bus(Buses("ResourceNotFoundException")))
    assert verdict is not None
    assert (verdict.status, "there is no bus blue-decisions" in verdict.seen) == ("problem", True)


def test_a_bus_that_may_not_be_looked_at_is_not_taken_for_a_missing_one() -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        bus.look(with_bus(Buses("AccessDeniedException")))


def test_a_stack_without_decision_events_has_nothing_to_check() -> None:
    assert bus.look(account(LedgerTable(), others=Buses("AccessDeniedException"))) is None
    assert bus.look(before_deploying(LedgerTable())) is None
