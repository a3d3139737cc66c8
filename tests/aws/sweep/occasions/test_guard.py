"""Which deployments look as if they came from the wrong branch."""

from typing import Any

import pytest

from hubtriage.aws.sweep.occasions.changes import Changes
from hubtriage.aws.sweep.occasions.guard import hides_by, objection
from hubtriage.engine.planning.entry import Claim, Entry, Intent

SUPPRESSED = Claim("SUPPRESSED", "a")


@pytest.mark.parametrize(
    ("ended", "were", "hidden", "said"),
    [
        pytest.param(1, 10, 1000, None, id="as many as the limit"),
        pytest.param(1, 10, 1001, "1 rules ended that hide 1,001 findings", id="more than the limit"),
        pytest.param(5, 10, 1, None, id="half of the rules"),
        pytest.param(6, 10, 1, "6 of 10 rules ended, more than half; they hide 1", id="more than half"),
        pytest.param(6, 10, 0, None, id="more than half, which hide nothing"),
        pytest.param(0, 0, 0, None, id="nothing"),
    ],
)
def test_a_person_is_asked(ended: int, were: int, hidden: int, said: str | None) -> None:
    changes = Changes(ended=tuple(f"r{number}" for number in range(ended)), were_in_force=were)
    found = objection(changes, hidden, 1000)
    assert (found is None) == (said is None)
    assert said is None or (found is not None and found.startswith(said))


@pytest.mark.parametrize(
    ("claims", "hides"),
    [
        pytest.param({"Workflow.Status": SUPPRESSED}, True, id="a suppressed finding"),
        pytest.param({"Workflow.Status": Claim("NOTIFIED", "a")}, False, id="a notified one"),
        pytest.param({"Workflow.Status": Claim("SUPPRESSED", "b")}, False, id="one of another rule"),
        pytest.param({"Workflow.Status": Claim("SUPPRESSED", "a", person=True)}, False, id="a person's"),
        pytest.param({"Severity.Label": Claim("LOW", "a")}, True, id="a lowered severity"),
        pytest.param({"Severity.Label": Claim("CRITICAL", "a")}, False, id="a raised severity"),
        pytest.param({"Note.Text": Claim("x", "a")}, False, id="a note"),
    ],
)
def test_a_rule_hides_a_finding_as_far_as_its_entry_says(claims: Any, hides: bool) -> None:
    about = {"severity": "HIGH"}
    assert hides_by(Entry(claims, about=about), {"a"}) is hides
    assert hides_by(Entry(intent=Intent(claims, {}, {}, 1.0), about=about), {"a"}) is hides
