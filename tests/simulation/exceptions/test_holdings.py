"""Every hidden finding is in exactly one group, and each rule gets what it holds."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.engine.planning.entry import Claim, Entry
from hubtriage.engine.planning.plan import Settings
from hubtriage.engine.ruleset.ruleset import load_ruleset
from hubtriage.simulation.exceptions.holdings import HiddenFindings
from hubtriage.simulation.exported import ExportedFinding
from tests.laws.findings import START, imported
from tests.support.examples import examples

HIDE = {"Workflow": {"Status": "SUPPRESSED"}, "Note": {"Text": "n"}}
RULES = load_ruleset(
    {"format": 1, "hash": "h", "rules": [{"id": "a", "match": {"Region": ["eu-west-1"]}, "update": HIDE}]}
)


def finding(status: str = "NEW", label: str = "LOW", provided: str = "LOW", **more: Any) -> dict[str, Any]:
    return {
        "Id": "f",
        "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/config",
        "AwsAccountId": "111122223333",
        "Region": "eu-west-1",
        "Workflow": {"Status": status},
        "Severity": {"Label": label},
        "FindingProviderFields": {"Severity": {"Label": provided}},
        **more,
    }


def claims(person: bool = False, value: str = "SUPPRESSED", rule: str | None = "a") -> Entry:
    return Entry(claims={"Workflow.Status": Claim(value, rule, person=person)})


GROUPS = [
    pytest.param(finding(), claims(), None, id="open"),
    pytest.param(finding("SUPPRESSED"), claims(), "rules", id="suppressed by a rule"),
    pytest.param(finding("SUPPRESSED"), claims(rule=None), "rules", id="ours still, for no rule"),
    pytest.param(finding("SUPPRESSED"), Entry(), "others", id="suppressed by a person"),
    pytest.param(finding("SUPPRESSED"), claims(person=True), "others", id="a person holds what a rule wants"),
    pytest.param(finding("SUPPRESSED"), claims(value="RESOLVED"), "others", id="another status than ours"),
    pytest.param(finding("SUPPRESSED"), None, "not known", id="no entries in the input"),
    pytest.param(
        finding("RESOLVED", Compliance={"Status": "PASSED"}), Entry(), "service", id="a control passed"
    ),
    pytest.param(
        finding("RESOLVED", Compliance={"Status": "FAILED"}), Entry(), "others", id="resolved by hand"
    ),
    pytest.param(finding(label="LOW", provided="HIGH"), Entry(), "others", id="lowered by a person"),
    pytest.param(finding(label="HIGH", provided="LOW"), Entry(), None, id="raised"),
    pytest.param(
        finding("SUPPRESSED", "LOW", "HIGH"), claims(), "others", id="a rule hides it, and a person too"
    ),
    pytest.param(finding("SUPPRESSED", RecordState="ARCHIVED"), Entry(), None, id="archived"),
]


@pytest.mark.parametrize(("held", "entry", "group"), GROUPS)
def test_the_group_of_a_finding(held: dict[str, Any], entry: Entry | None, group: str | None) -> None:
    holdings = HiddenFindings()
    holdings.add(ExportedFinding(held, entry), RULES, START, Settings())
    assert dict(holdings.groups) == ({} if group is None else {group: 1})


def test_what_a_rule_holds() -> None:
    holdings = HiddenFindings()
    held = finding("SUPPRESSED", ProductName="Config")
    for entry, one in (
        (claims(), held),
        (claims(person=True), finding()),
        (Entry(), finding(label="HIGH", provided="HIGH")),
    ):
        holdings.add(ExportedFinding(one, entry), RULES, START, Settings())
    known = holdings.rules["a"]
    assert (known.findings, known.overruled, known.waiting) == (1, 1, 1)
    assert (known.severities, known.accounts, known.products) == (
        {"LOW": 1},
        {"111122223333": 1},
        {"Config": 1},
    )


def is_hidden(found: dict[str, Any]) -> bool:
    """Whether a finding is hidden, told the plain way."""
    ranks = ["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"]
    said, provided = found["Severity"]["Label"], found["FindingProviderFields"]["Severity"]["Label"]
    closed = found["Workflow"]["Status"] in ("SUPPRESSED", "RESOLVED")
    return found.get("RecordState") != "ARCHIVED" and (closed or ranks.index(said) < ranks.index(provided))


_LABELS = st.sampled_from(["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"])
_STATUSES = st.sampled_from(["NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED"])
_ENTRIES = st.one_of(
    st.none(),
    st.just(Entry()),
    st.builds(claims, person=st.booleans(), value=_STATUSES, rule=st.sampled_from(["a", "gone", None])),
)


@examples(100)
@given(st.lists(st.tuples(imported(1), _STATUSES, _LABELS, _LABELS, _ENTRIES), max_size=6))
def test_the_groups_add_up_to_all_hidden_findings(drawn: list[Any]) -> None:
    holdings, hidden = HiddenFindings(), 0
    for base, status, label, provided, entry in drawn:
        found = {**base, **finding(status, label, provided), "RecordState": base["RecordState"]}
        hidden += is_hidden(found)
        holdings.add(ExportedFinding(found, entry), RULES, START, Settings())
    assert holdings.hidden == hidden
    assert holdings.read == len(drawn)


def test_the_findings_that_no_rule_hides_are_named_to_their_hub() -> None:
    counted = HiddenFindings(most_others=2)
    for number in range(3):
        item = ExportedFinding(finding("SUPPRESSED", Id=f"f-{number}"), Entry())
        counted.add(item, RULES, START, Settings())
    product = finding()["ProductArn"]
    assert counted.keys == [(product, "f-0"), (product, "f-1")]
    assert [one["id"] for one in counted.others] == ["f-0", "f-1"]
