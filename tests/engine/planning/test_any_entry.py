"""What triage does at most for whoever writes its table, or makes a finding look as if triage had set it."""

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hubtriage.engine.fields import (
    FIELDS,
    HIDING_STATUSES,
    SEVERITIES,
    SEVERITY,
    SEVERITY_RANK,
    TYPES,
    WORKFLOW,
    Finding,
    ParsedFinding,
)
from hubtriage.engine.planning.entry import NO_ENTRY, Claim, Entry, stored
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.ruleset import load_ruleset
from hubtriage.simulation.backtest.applied import applied
from tests.laws.findings import START, imported, planted
from tests.support.examples import examples

FINDINGS = st.one_of(imported(0), planted(1))
WORDS = st.sampled_from(["them", "SEC-1", "hubtriage: r no longer applies."])
VALUES: Mapping[str, st.SearchStrategy[Any]] = {
    WORKFLOW: st.sampled_from(FIELDS[WORKFLOW].words),
    SEVERITY: st.sampled_from(SEVERITIES),
    "VerificationState": st.sampled_from(FIELDS["VerificationState"].words),
    "Confidence": st.sampled_from([0, 50, 100]),
    TYPES: st.sampled_from([("TTPs/Discovery",), ("Effects", "TTPs")]),
    "Note.Text": WORDS,
    "UserDefinedFields.ticket": WORDS,
}
RULES = [
    {"id": "tags", "when": True, "update": {"UserDefinedFields": {"ticket": "T-1"}, "Criticality": 5}},
    {"id": "raises", "when": True, "override": True, "update": {"Severity": {"AtLeast": "HIGH"}}},
    {"id": "keeps", "when": True, "mode": "hold", "update": {"Workflow": {"Status": "NOTIFIED"}}},
    {"id": "notifies", "when": True, "override": True, "update": {"Workflow": {"Status": "NOTIFIED"}}},
]
"""Rules none of which hides a finding."""


HIDING_FIELDS = st.sampled_from([WORKFLOW, SEVERITY])


@st.composite
def entries(draw: st.DrawFn, finding: Finding) -> Entry:
    """Draw an entry that claims what the finding has, or something else."""
    parsed = ParsedFinding(finding)
    names = draw(st.lists(st.sampled_from(sorted(VALUES)), unique=True))
    return Entry(
        claims={
            name: Claim(
                value=stored(parsed.value(name)) if draw(st.booleans()) else stored(draw(VALUES[name])),
                rule=draw(st.sampled_from([None, "gone", "tags", "keeps", "raises"])),
                before=draw(st.none() | VALUES[name]),
                overruled=draw(st.integers(0, 3)),
                person=draw(st.booleans()),
                left_out=draw(st.booleans()),
                provided=draw(st.none() | VALUES[name]),
            )
            for name in names
        },
        version=1,
        asked={name: stored(parsed.value(name)) for name in draw(st.sets(HIDING_FIELDS))},
    )


def rank(finding: ParsedFinding) -> int:
    """Return how severe the finding looks: -1 where nothing says it."""
    return SEVERITY_RANK.get(finding.value(SEVERITY), -1)


@examples(300)
@given(
    data=st.data(),
    finding=FINDINGS,
    rules=st.lists(st.sampled_from(RULES), unique_by=lambda one: str(one["id"])),
)
def test_no_entry_hides_a_finding_that_no_rule_hides(
    data: st.DataObject, finding: Finding, rules: list[dict[str, Any]]
) -> None:
    entry = data.draw(entries(finding))
    ruleset = load_ruleset({"format": 1, "hash": "h", "rules": rules})
    decision = decide(finding, entry, ruleset, START, Settings())
    before, after = ParsedFinding(finding), ParsedFinding(applied(finding, decision.update, "replace"))
    assert before.value(WORKFLOW) in HIDING_STATUSES or after.value(WORKFLOW) not in HIDING_STATUSES
    known, provided = after.provider_value(SEVERITY)
    # AWS: it fills FindingProviderFields for every finding. Without them nobody could say what was forged.
    assert not known or rank(after) >= min(rank(before), SEVERITY_RANK[provided])


NAMES = st.sampled_from(["hubtriage/managed", "hubtriage/rules", "hubtriage/memo", "owner"])


@given(
    finding=FINDINGS,
    author=st.sampled_from(["hubtriage", "hubtriage/gone", "hubtriage-oncall", "ana"]),
    fields=st.dictionaries(NAMES, WORDS),
)
def test_nothing_on_a_finding_makes_a_value_ours(
    finding: Finding, author: str, fields: dict[str, str]
) -> None:
    noted = {**finding, "Note": {"Text": "Accepted.", "UpdatedBy": author}, "UserDefinedFields": fields}
    nothing = load_ruleset({"format": 1, "hash": "h", "rules": []})
    decision = decide(noted, NO_ENTRY, nothing, START, Settings())
    assert (decision.update, decision.after) == (None, NO_ENTRY)
    note = {"id": "notes", "when": True, "update": {"Note": {"Text": "Another one."}}}
    wanted = load_ruleset({"format": 1, "hash": "h", "rules": [note]})
    decision = decide(noted, NO_ENTRY, wanted, START, Settings())
    assert [kept.why for kept in decision.kept] == ["a person's note is never replaced"]
