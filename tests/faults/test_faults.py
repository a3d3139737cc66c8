"""A small run of `make faults`: whatever breaks, every event is accounted for."""

from pathlib import Path

import pytest

from hubtriage.localaws.securityhub.errors import FINDING_ERRORS
from tests.faults.bench import run
from tests.faults.cases import CASES, CODES


@pytest.mark.parametrize("code", sorted(FINDING_ERRORS))
def test_every_error_code_of_a_finding_passes_once_and_lasts_once(code: str) -> None:
    cases = [case for case in CASES if case.code == code]
    assert sorted(case.times == 1 for case in cases) == [False, True]
    assert code in CODES


@pytest.mark.slow
@pytest.mark.e2e
def test_every_event_is_accounted_for(tmp_path: Path) -> None:
    ledger = run(tmp_path, quick=True)
    assert ledger.problems == []
    assert ledger.fates["updated"] > 50
    assert ledger.fates["refused"] == 4
    assert ledger.fates["dead letter"] >= 10
    reasons = {reason.partition(":")[0] for row in ledger.rows for reason in row.reasons}
    assert reasons == {"FindingNotFound", "FindingSizeExceeded"}
