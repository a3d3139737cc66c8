"""What the doctor says of findings that triage hides: does a rule hide each of them?"""

import json
from pathlib import Path
from typing import Any

import pytest

from hubtriage.aws.securityhub.api import V2
from hubtriage.doctor.account import Account
from hubtriage.doctor.checks.ledger import hidden
from hubtriage.doctor.verdict import UncheckedError, Verdict
from hubtriage.engine.planning.entry import Claim, Entry, Intent, stored
from hubtriage.localaws.securityhub.asff.timestamps import write_timestamp
from hubtriage.localaws.securityhub.faults import ScriptedFault
from hubtriage.localaws.securityhub.hub import Hub
from hubtriage.localaws.securityhub.inprocess import ManualClock
from hubtriage.localaws.securityhub.settings import HubSettings
from tests.doctor.ledger.accounts import OtherServices, account
from tests.support.ledger_tables import PRODUCT, LedgerTable, item_of, refusal

NOW = ManualClock().now()
NOTE = "Accepted."
RULES = """\
rules:
  - id: accepted
    match: {GeneratorId: [noisy]}
    expires: 2027-01-15T08:00:00Z
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}
  - id: kept
    mode: hold
    match: {GeneratorId: [held]}
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}
  - id: lowered
    match: {GeneratorId: [lowered]}
    update: {Severity: {Label: LOW}, Note: {Text: Accepted.}}
"""
"""The clock of the tests stands at 2027-01-15 08:00, when `accepted` ends."""


def closed(finding_id: str, **changes: Any) -> dict[str, Any]:
    """A finding that triage has closed, with its note."""
    return {
        "SchemaVersion": "2018-10-08",
        "Id": finding_id,
        "ProductArn": PRODUCT,
        "GeneratorId": "quiet",
        "AwsAccountId": "111122223333",
        "CreatedAt": "2026-10-01T00:00:00Z",
        "UpdatedAt": "2026-10-01T00:00:00Z",
        "ProcessedAt": "2026-10-01T00:00:00Z",
        "Title": "T",
        "Description": "D",
        "Severity": {"Label": "MEDIUM"},
        "FindingProviderFields": {"Severity": {"Label": "MEDIUM"}, "Types": []},
        "Resources": [{"Type": "Other", "Id": "x"}],
        "Workflow": {"Status": "SUPPRESSED"},
        "Note": {"Text": NOTE, "UpdatedBy": "hubtriage/accepted", "UpdatedAt": "2026-10-01T00:00:00Z"},
        "RecordState": "ACTIVE",
        **changes,
    }


def entry(rule: str | None = "accepted", **changes: Any) -> Entry:
    """The entry of such a finding."""
    claims = {"Workflow.Status": Claim("SUPPRESSED", rule), "Note.Text": Claim(stored(NOTE), rule)}
    times = {"started": NOW - 9e6, "ended": NOW - 9e6}
    return Entry(**{"claims": claims, **times, **changes})


def lowered(rule: str | None) -> Entry:
    return entry(claims={"Severity.Label": Claim("LOW", rule)})


class Scene:
    """An account with findings, their entries, and deployed rules."""

    def __init__(self, folder: Path, *findings: tuple[dict[str, Any], Entry | None], **others: Any) -> None:
        self.hub = Hub(settings=HubSettings.still())
        for finding, _ in findings:
            self.hub.plant(finding, NOW)
        entries = [item_of(finding["Id"], one) for finding, one in findings if one is not None]
        self.tables = LedgerTable(*entries)
        (folder / "rules.yaml").write_text(RULES)
        self.clock = ManualClock()
        self.account: Account = account(
            self.tables, hub=self.hub, clock=self.clock, rules=folder, others=OtherServices(**others)
        )
        self.account.__dict__["deployed_hash"] = self.account.document["hash"]

    def verdict(self) -> Verdict:
        found = hidden.look(self.account)
        assert found is not None
        return found


PERSONS = {"Workflow.Status": Claim("SUPPRESSED", "accepted", person=True)}
INTENT = Intent({"Workflow.Status": Claim("SUPPRESSED", "accepted")}, {}, {}, NOW)


@pytest.mark.parametrize(
    ("finding", "its_entry", "why"),
    [
        pytest.param(
            closed("f"),
            entry(),
            "f: Workflow.Status SUPPRESSED: set by accepted (expired)",
            id="its rule does not match any more",
        ),
        pytest.param(
            closed("f"),
            entry("deleted"),
            "f: Workflow.Status SUPPRESSED: set by deleted (deleted or off)",
            id="its rule is gone",
        ),
        pytest.param(
            closed("f"),
            entry(None),
            "f: Workflow.Status SUPPRESSED: no rule wants it any more (deleted or off)",
            id="no rule holds it",
        ),
        pytest.param(
            closed("f", Severity={"Label": "LOW"}, Workflow={"Status": "NEW"}),
            lowered("deleted"),
            "f: Severity.Label LOW: set by deleted (deleted or off)",
            id="a lowered severity",
        ),
        pytest.param(
            closed("f", Workflow={"Status": "RESOLVED"}),
            entry("deleted", claims={"Workflow.Status": Claim("RESOLVED", "deleted")}),
            "f: Workflow.Status RESOLVED: set by deleted (deleted or off)",
            id="a resolved finding",
        ),
        pytest.param(closed("f", GeneratorId="held"), entry("kept"), None, id="a rule on hold keeps it"),
        pytest.param(
            closed("f", GeneratorId="lowered", Severity={"Label": "LOW"}, Workflow={"Status": "NEW"}),
            lowered("lowered"),
            None,
            id="a rule lowers it",
        ),
        pytest.param(closed("f", GeneratorId="noisy"), entry(), None, id="a rule that has only just ended"),
        pytest.param(
            closed("f", ProcessedAt=write_timestamp(NOW - 60)),
            entry("deleted"),
            None,
            id="a finding that has only just changed",
        ),
        pytest.param(closed("f"), entry(claims=PERSONS), None, id="a person holds it"),
        pytest.param(
            closed("f", Workflow={"Status": "NEW"}), entry("deleted"), None, id="it was reopened by hand"
        ),
        pytest.param(closed("f"), entry("deleted", intent=INTENT), None, id="an update is under way"),
        pytest.param(
            closed("f", Compliance={"Status": "PASSED"}, Workflow={"Status": "RESOLVED"}),
            entry(claims={"Workflow.Status": Claim("RESOLVED", None)}),
            None,
            id="what the service would have set",
        ),
    ],
)
def test_what_triage_hides_is_explained_by_a_rule_or_told(
    tmp_path: Path, finding: dict[str, Any], its_entry: Entry, why: str | None
) -> None:
    verdict = Scene(tmp_path, (finding, its_entry)).verdict()
    assert verdict.status == ("ok" if why is None else "problem"), verdict
    assert verdict.details == (() if why is None else (why,))
    assert verdict.data["unexplained"] == (why is not None)
    if why is not None:
        assert "1 finding hidden by triage, although no rule hides" in verdict.seen
        assert "hubtriage sweep" in verdict.advice


def test_a_rule_that_ended_some_time_ago_hides_no_more(tmp_path: Path) -> None:
    scene = Scene(tmp_path, (closed("f", GeneratorId="noisy"), entry()))
    scene.clock.sleep(hidden.JUST_ENDED + 1)
    assert scene.verdict().details == ("f: Workflow.Status SUPPRESSED: set by accepted (expired)",)


def test_a_sweep_that_is_under_way_is_waited_for(tmp_path: Path) -> None:
    verdict = Scene(tmp_path, (closed("f"), entry("deleted")), sweeps=1).verdict()
    assert verdict.status == "warning"
    assert "wait for the end of the sweep" in verdict.advice


def test_what_was_looked_at_is_said(tmp_path: Path) -> None:
    findings = [(closed(f"f{number}", GeneratorId="held"), entry("kept")) for number in range(4)]
    scene = Scene(tmp_path, *findings)
    scene.tables.table = scene.tables.table | {"ItemCount": 4}
    scene.account.most_entries = 2
    verdict = scene.verdict()
    assert verdict.status == "ok"
    assert verdict.seen.startswith("looked at 2 of about 4 entries; --all looks at all")


def test_rules_that_are_not_deployed_explain_nothing(tmp_path: Path) -> None:
    scene = Scene(tmp_path, (closed("f"), entry("deleted")))
    scene.account.__dict__["deployed_hash"] = "another"
    with pytest.raises(UncheckedError, match="not the deployed ones"):
        scene.verdict()
    assert scene.tables.asked == []


# Notes


def test_a_closed_finding_with_a_note_of_triage_and_without_an_entry_is_named(tmp_path: Path) -> None:
    known, lost = (closed("known", GeneratorId="held"), entry("kept")), (closed("lost"), None)
    anothers = {**closed("another"), "Note": {**closed("x")["Note"], "UpdatedBy": "hubtriage-oncall"}}
    opened = closed("opened", Workflow={"Status": "NEW"})
    verdict = Scene(tmp_path, known, lost, (anothers, None), (opened, None)).verdict()
    assert verdict.status == "warning"
    assert "1 closed finding with a note of triage, but without an entry" in verdict.seen
    assert verdict.details == ("lost: no entry",)
    assert (verdict.data["notes"], verdict.data["without_entry"]) == (2, 1)


@pytest.mark.parametrize("operation", ["BatchGetItem", "GetFindings"])
def test_what_may_not_be_looked_at_is_unchecked_with_the_name_of_the_right(
    tmp_path: Path, operation: str
) -> None:
    scene = Scene(tmp_path, (closed("f", GeneratorId="held"), entry("kept")))
    scene.tables.denied["BatchGetItem"] = refusal("AccessDeniedException", "BatchGetItem")
    if operation == "GetFindings":
        scene.hub.faults.add(ScriptedFault("GetFindings", error="AccessDeniedException", times=9))
    verdict = scene.verdict()
    assert verdict.status == "unchecked"
    assert operation in verdict.advice
    assert "docs/doctor.md" in verdict.advice


def test_notes_are_not_looked_for_in_a_hub_that_is_not_triaged(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.account.__dict__["hubs"] = {V2}
    scene.hub.faults.add(ScriptedFault("GetFindings", error="InvalidAccessException", times=9))
    assert scene.verdict().status == "ok"


def test_findings_that_are_gone_are_counted(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.tables.items.append(item_of("gone", entry()))
    verdict = scene.verdict()
    assert (verdict.status, verdict.data["gone"], verdict.data["findings"]) == ("ok", 1, 0)


HOSTILE = "x\x1b[2J\nok  Security Hub"


def test_what_a_finding_says_is_data(tmp_path: Path) -> None:
    verdict = Scene(tmp_path, (closed(HOSTILE), entry("deleted"))).verdict()
    assert verdict.details[0].startswith(HOSTILE)
    json.dumps(verdict.data)
