"""Findings of Security Hub V2, in every form in which AWS hands them out, beside those of the other hub."""

import gzip
import json
from typing import Any

import pytest

from hubtriage.engine.ocsf.view import asff_view
from hubtriage.engine.planning.entry import NO_ENTRY
from hubtriage.simulation.exported import ExportedFinding
from hubtriage.simulation.inputs.findings import Unusable
from tests.simulation.inputs.forms import event
from tests.simulation.inputs.test_findings import items
from tests.support.two_hubs import Signal, asff, ocsf

FINDING = ocsf(Signal("guardduty"))
VIEW = asff_view(FINDING)
EVENT = event([FINDING]) | {"detail-type": "Findings Imported V2"}


def found(value: Any) -> list[Any]:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return [item if isinstance(item, Unusable) else item.finding for item in items(data)]


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(FINDING, id="a finding"),
        pytest.param([FINDING], id="a list"),
        pytest.param({"Findings": [FINDING], "NextToken": "t"}, id="an answer of GetFindingsV2"),
        pytest.param(EVENT, id="an event"),
        pytest.param({"Records": [{"body": json.dumps(EVENT), "messageId": "m"}]}, id="an event in SQS"),
        pytest.param(
            gzip.compress(json.dumps(FINDING).encode() + b"\n"), id="a line of an export of OCSF_JSON"
        ),
        pytest.param(VIEW, id="what rules see of it"),
        pytest.param({"finding": FINDING}, id="an export of hubtriage, without an entry"),
        pytest.param({"finding": VIEW}, id="an export of hubtriage with what rules see"),
    ],
)
def test_a_finding_of_v2_is_read_in_every_form(value: Any) -> None:
    assert found(value) == [VIEW]


def test_a_finding_of_v2_comes_with_its_entry() -> None:
    (item,) = items(json.dumps({"finding": FINDING, "entry": None}).encode())
    assert item == ExportedFinding(VIEW, NO_ENTRY)


def test_findings_of_both_hubs_stand_side_by_side() -> None:
    signals = [Signal("control"), Signal("macie", 2)]
    lines = [json.dumps(make(signal)) for signal in signals for make in (asff, ocsf)]
    assert found("\n".join(lines).encode()) == [
        one for each in signals for one in (asff(each), asff_view(ocsf(each)))
    ]


@pytest.mark.parametrize("uid", [None, "", " ", 7])
def test_a_finding_that_v2_has_not_named_fails_alone(uid: Any) -> None:
    unnamed = {**FINDING, "metadata": {**FINDING["metadata"], "uid": uid}}
    first, second = found([unnamed, FINDING])
    assert isinstance(first, Unusable)
    assert "metadata.uid is missing" in first.reason
    assert second == VIEW


def test_a_finding_of_v2_needs_no_id() -> None:
    unnamed = {**FINDING, "finding_info": {"title": "t"}}
    assert found(unnamed) == [asff_view(unnamed)]
    assert "Id" not in found(unnamed)[0]


def test_a_view_without_a_name_is_not_taken_for_a_finding_of_the_other_hub() -> None:
    (item,) = found({**VIEW, "Ocsf": {}})
    assert isinstance(item, Unusable)
