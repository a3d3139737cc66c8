"""A deployment that forbids triage a field in which the ledger holds something fails, and says what to do."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from hubtriage.aws.custom_resource import PAUSES, CustomResources
from hubtriage.aws.ledger import never_resource
from hubtriage.aws.ledger.never_resource import TYPE, NeverResource
from hubtriage.engine.planning.entry import Claim
from hubtriage.localaws.securityhub.inprocess import ManualClock
from tests.support.ledger_tables import LedgerTable, item, refusal

OURS = item("f", Severity__Label=Claim("LOW", "a-rule"))
FOLLOWING = item("f", Severity__Label=Claim("LOW", None))
PERSONS = item("f", Severity__Label=Claim("LOW", "a-rule", person=True))
BROKEN = {"entry": {"S": '{"Severity.Label": 7}'}, "version": {"N": "1"}}


def answer(tables: LedgerTable, kind: str = "Create", clock: ManualClock | None = None) -> Mapping[str, Any]:
    """What CloudFormation is told."""
    told: list[Mapping[str, Any]] = []
    clock = clock or ManualClock()

    def scan(**request: Any) -> Mapping[str, Any]:
        clock.sleep(1)
        return tables.scan(**request)

    resources = {TYPE: NeverResource(scan, clock.monotonic, clock.sleep)}
    CustomResources(resources, lambda _url, body: told.append(json.loads(body)))(
        {
            "RequestType": kind,
            "ResourceType": TYPE,
            "ResponseURL": "https://answer",
            "StackId": "s",
            "RequestId": "r",
            "LogicalResourceId": "l",
            "ResourceProperties": {"Table": "blue-ledger", "Fields": ["Severity.Label"]},
        },
        None,
    )
    [document] = told
    assert document["PhysicalResourceId"] == "hubtriage-never"
    return document


@pytest.mark.parametrize(
    ("items", "status", "words"),
    [
        pytest.param([], "SUCCESS", "holds nothing", id="a new ledger"),
        pytest.param(
            [OURS, item("g", Types=Claim("x", "r"))],
            "FAILED",
            "triage has set fields of `never` on findings, by field: Severity.Label (1). Take it back first",
            id="what could not be taken back any more",
        ),
        pytest.param([FOLLOWING, PERSONS], "SUCCESS", "holds nothing", id="what need not be taken back"),
        pytest.param([BROKEN], "FAILED", "1 entries of the ledger", id="an entry that may hold something"),
    ],
)
def test_what_the_ledger_holds_is_no_longer_forbidden(
    items: list[Mapping[str, Any]], status: str, words: str
) -> None:
    told = answer(LedgerTable(*items))
    assert (told["Status"], words in told["Reason"]) == (status, True), told


def test_a_ledger_that_cannot_be_read_to_its_end_fails_the_deployment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(never_resource, "MOST_SECONDS", 1.0)
    told = answer(LedgerTable(*[FOLLOWING] * 3, page=1))
    assert (told["Status"], "not read to its end" in told["Reason"]) == ("FAILED", True)


def test_what_is_removed_is_not_looked_at() -> None:
    tables = LedgerTable(OURS)
    assert answer(tables, "Delete")["Status"] == "SUCCESS"
    assert tables.asked == []


def test_a_denial_is_waited_for_and_then_fails_the_deployment() -> None:
    tables, clock = LedgerTable(), ManualClock()
    tables.denied["Scan"] = refusal("AccessDeniedException", "Scan")
    begun = clock.now()
    told = answer(tables, clock=clock)
    assert told["Status"] == "FAILED"
    assert "it is not known what the ledger holds in fields of `never`" in told["Reason"]
    assert clock.now() - begun >= sum(PAUSES)
