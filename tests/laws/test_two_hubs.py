"""The same signal gets the same decision in both hubs, wherever rules read and set what V2 has."""

from typing import Any

from hypothesis import given, note
from hypothesis import strategies as st

from hubtriage.engine.ocsf.blind import on_v2
from hubtriage.engine.ocsf.update import V2_FIELDS
from hubtriage.engine.ocsf.view import asff_view
from hubtriage.engine.planning.decision import Decision
from hubtriage.engine.planning.entry import NO_ENTRY, Entry
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.ruleset import load_ruleset
from tests.laws.oracle.conditions import ACCOUNTS
from tests.laws.rules import rulesets
from tests.support.examples import examples
from tests.support.two_hubs import IN_BOTH_HUBS, LABELS, STATUSES, Resource, Signal, asff, ocsf, updated_v2

Rule = dict[str, Any]
NOW = 1_793_534_400.0
NO_RECORD: Any = {"Workflow.Status": None, "Severity.Label": None}

_SEVERITIES = st.sampled_from(LABELS)
_TAGS = st.fixed_dictionaries({}, optional={"env": st.sampled_from(["dev", "prod"]), "empty": st.just("")})
_RESOURCES = st.builds(
    lambda kind, tags: Resource(*kind, tags=tags),
    st.sampled_from(
        [
            ("AwsS3Bucket", "AWS::S3::Bucket", "logs", "arn:aws:s3:::logs"),
            (
                "AwsEc2Instance",
                "AWS::EC2::Instance",
                "i-1",
                "arn:aws:ec2:eu-west-1:111122223333:instance/i-1",
            ),
            ("AwsRdsDbInstance", "AWS::RDS::DBInstance", "db", "arn:aws:rds:eu-west-1:111122223333:db:db"),
        ]
    ),
    _TAGS,
)
SIGNALS = st.builds(
    Signal,
    product=st.sampled_from(IN_BOTH_HUBS),
    account=st.sampled_from(["111122223333", "444455556666"]),
    account_name=st.sampled_from([None, "sandbox"]),
    title=st.sampled_from(["S3 buckets should not be public", "Other"]),
    severity=_SEVERITIES,
    set_severity=st.none() | _SEVERITIES,
    status=st.sampled_from(STATUSES),
    note=st.sampled_from([None, "Mine."]),
    archived=st.booleans(),
    compliance=st.sampled_from(["FAILED", "PASSED", "WARNING"]),
    control=st.sampled_from(["S3.1", "EC2.2"]),
    resources=st.lists(_RESOURCES, min_size=1, max_size=2).map(tuple),
    fix=st.sampled_from(["YES", "NO", "PARTIAL"]),
    exploit=st.sampled_from(["YES", "NO"]),
)

_READS: list[dict[str, Any]] = [
    {"match": {"AwsAccountId": ["111122223333"]}},
    {"match": {"AwsAccountName": [{"exists": False}]}},
    {"match": {"Severity": {"Label": ["LOW", "MEDIUM", "INFORMATIONAL"]}}},
    {"match": {"Severity": {"Normalized": [{"numeric": [">=", 40]}]}}},
    {"match": {"Compliance": {"Status": [{"anything-but": "PASSED"}]}}},
    {"match": {"Compliance": {"SecurityControlId": ["S3.1"]}, "RecordState": ["ACTIVE"]}},
    {"match": {"Resources": {"Type": ["AwsS3Bucket"], "Tags": {"env": ["dev"]}}}},
    {"match": {"Resources": {"Type": ["AwsRdsDbInstance"], "Tags": {"env": [{"exists": False}]}}}},
    {"match": {"Resources": {"Id": [{"prefix": "arn:aws:s3:::"}]}}},
    {"match": {"Vulnerabilities": {"FixAvailable": ["YES"], "EpssScore": [{"numeric": ["<", 1]}]}}},
    {"match": {"ProductName": ["GuardDuty", "Macie"]}},
    {"match": {"Note": {"Text": [{"exists": False}]}}},
    {"match": {"Workflow": {"Status": ["NEW", "NOTIFIED"]}}},
    {"when": {"all": [{"var": "Resources"}, {"==": [{"var": "Tags.env"}, "dev"]}]}},
    {"when": {"in": [Signal().types[0], {"var": "Types"}]}},
    {"when": {">": [{"age_days": {"var": "CreatedAt"}}, 10]}},
    {"when": {"starts_with": [{"var": "Title"}, "S3"]}},
    {"when": True},
]  # fmt: skip
_UPDATES: list[dict[str, Any]] = [
    {"Workflow": {"Status": "SUPPRESSED"}, "Note": {"Text": "Accepted in {finding.AwsAccountId}."}},
    {"Workflow": {"Status": "NOTIFIED"}},
    {"Workflow": {"Status": "RESOLVED"}},
    {"Workflow": {"Status": "NEW"}},
    {"Severity": {"Label": "LOW"}},
    {"Severity": {"AtMost": "MEDIUM"}, "Note": {"Text": "Lower: {finding.Resources.0.Id}"}},
    {"Severity": {"AtLeast": "HIGH"}},
    {"Severity": {"Normalized": 40}},
]
RULES = st.builds(
    lambda reads, update, **keys: {**reads, "update": update, **keys},
    st.sampled_from(_READS),
    st.sampled_from(_UPDATES),
    order=st.integers(1, 3),
    mode=st.sampled_from(["enforce", "enforce", "enforce", "observe", "hold"]),
    terminal=st.booleans(),
    override=st.booleans(),
    ceiling=st.sampled_from(["LOW", "MEDIUM", "HIGH", "CRITICAL"]),
)


def loaded(rules: list[Rule]) -> Any:
    """Return a rule set of rules that have no ids yet."""
    named = [{"id": f"rule-{at}", **rule} for at, rule in enumerate(rules)]
    return load_ruleset({"format": 1, "hash": "0" * 16, "rules": named, "accounts": ACCOUNTS})


def said(decision: Decision) -> dict[str, Any]:
    """Return what a decision says, apart from who it is about."""
    record = decision.as_record()
    record.pop("v2", None)
    return record


@examples(600)
@given(SIGNALS, st.lists(RULES, min_size=1, max_size=4), st.lists(RULES, max_size=2))
def test_both_hubs_get_the_same_decision(signal: Signal, rules: list[Rule], later: list[Rule]) -> None:
    """And after it the same again, with other rules too: only V2 does not say who wrote a note."""
    assert not any(on_v2(rule).is_affected for rule in rules + later)
    finding, v2 = asff(signal), ocsf(signal)
    entries: tuple[Entry, Entry] = (NO_ENTRY, NO_ENTRY)
    for some in (rules, rules, later):
        ruleset = loaded(some)
        view = asff_view(v2)
        one = decide(finding, entries[0], ruleset, NOW, Settings(), authors=NO_RECORD)
        other = decide(view, entries[1], ruleset, NOW, Settings(), authors=NO_RECORD)
        note(f"{one}\n{other}")
        assert said(one) == said(other)
        assert one.after == other.after
        if one.update is not None and other.on_v2 is not None:
            finding = {**finding, **one.update}
            v2 = updated_v2(v2, dict(other.on_v2.update or {}))
            assert asff_view(v2)["Workflow"] == finding["Workflow"]
        entries = (one.after, other.after)


@examples(400)
@given(SIGNALS, rulesets(), st.lists(RULES, max_size=2))
def test_v2_hides_nothing_that_the_other_hub_would_not(
    signal: Signal, drawn: list[dict[str, Any]], more: list[Rule]
) -> None:
    """Whatever rules read and set: what V2 does not show hides nothing, and is never set."""
    active = [rule for rule in drawn if rule.get("mode") != "off"]
    ruleset = loaded([*active, *more])
    one = decide(asff(signal), NO_ENTRY, ruleset, NOW, Settings(), authors=NO_RECORD)
    other = decide(asff_view(ocsf(signal)), NO_ENTRY, ruleset, NOW, Settings(), authors=NO_RECORD)
    assert {change.field for change in other.changes} <= V2_FIELDS
    assert one.hides or not other.hides
