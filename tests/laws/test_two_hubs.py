"""The same signal gets the same decision in both hubs, wherever rules read and set what V2 has."""

from dataclasses import replace
from typing import Any

from hypothesis import given, note
from hypothesis import strategies as st

from hubtriage.engine.fields import severity_label
from hubtriage.engine.ocsf.blind import SOMETIMES, on_v2
from hubtriage.engine.ocsf.update import V2_FIELDS, v2_update
from hubtriage.engine.ocsf.view import asff_view
from hubtriage.engine.planning.decision import Decision
from hubtriage.engine.planning.entry import NO_ENTRY, Entry
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.ruleset import load_ruleset
from tests.laws.deciders import Engine, Naive
from tests.laws.memories import remembered_findings
from tests.laws.oracle.conditions import ACCOUNTS
from tests.laws.oracle.entries import engine_entry, remembered
from tests.laws.rules import rulesets
from tests.laws.test_oracle import NEVER, comparable
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
    account_name=st.sampled_from(["sandbox", "shop"]),
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
    {"match": {"AwsAccountName": [{"anything-but": "sandbox"}]}},
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


_PEOPLE = st.one_of(
    st.sampled_from(STATUSES).map(lambda status: {"Workflow": {"Status": status}}),
    _SEVERITIES.map(lambda label: {"Severity": {"Label": label}}),
    st.sampled_from(["Mine.", "Accepted in 111122223333.", "hubtriage: rule-0 no longer applies."]).map(
        lambda text: {"Note": {"Text": text}}
    ),
)
_PROVIDERS = st.fixed_dictionaries(
    {"severity": _SEVERITIES, "compliance": st.sampled_from(["FAILED", "PASSED"])}
)
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("person"), _PEOPLE),
        st.tuples(st.just("provider"), _PROVIDERS),
        st.tuples(st.just("rules"), st.lists(RULES, max_size=3)),
        st.tuples(st.just("nothing"), st.none()),
    ),
    max_size=5,
)


class Twins:
    """The finding of a signal in each hub, with its entry, through one history."""

    def __init__(self, signal: Signal) -> None:
        self.finding, self.v2 = asff(signal), ocsf(signal)
        self.entries: tuple[Entry, Entry] = (NO_ENTRY, NO_ENTRY)
        self.is_pinned = signal.set_severity is not None

    def set(self, update: dict[str, Any]) -> None:
        """Let a customer update both."""
        self.finding = {**self.finding, **update}
        self.v2 = updated_v2(self.v2, v2_update(update, {}))
        self.is_pinned = self.is_pinned or "Severity" in update

    def provide(self, severity: str, compliance: str) -> None:
        """Let the provider change both. AWS: a severity that customers have set stays."""
        number = LABELS.index(severity) + 1
        fields = {**self.finding["FindingProviderFields"], "Severity": {"Label": severity}}
        self.finding = {**self.finding, "FindingProviderFields": fields}
        self.v2 = {**self.v2, "vendor_attributes": {"severity_id": number}}
        if not self.is_pinned:
            self.finding["Severity"] = {"Label": severity}
            self.v2["severity_id"] = number
        if "Compliance" in self.finding:
            self._comply(compliance)

    def _comply(self, compliance: str) -> None:
        self.finding["Compliance"] = {**self.finding["Compliance"], "Status": compliance}
        self.v2["compliance"] = {**self.v2["compliance"], "status_id": {"PASSED": 1, "FAILED": 3}[compliance]}
        status = self.finding["Workflow"]["Status"]
        if compliance == "PASSED" and status != "SUPPRESSED":
            self.set({"Workflow": {"Status": "RESOLVED"}})
        elif compliance == "FAILED" and status in ("NOTIFIED", "RESOLVED"):
            self.set({"Workflow": {"Status": "NEW"}})

    def triage(self, ruleset: Any) -> None:
        """Decide about both alike, and carry it out."""
        one = decide(self.finding, self.entries[0], ruleset, NOW, Settings(), authors=NO_RECORD)
        view = asff_view(self.v2)
        other = decide(view, self.entries[1], ruleset, NOW, Settings(), authors=NO_RECORD)
        note(f"{one}\n{other}")
        assert said(one) == said(other)
        assert one.after == other.after
        self.entries = (one.after, other.after)
        if one.update is None or other.on_v2 is None:
            return
        self.is_pinned = self.is_pinned or "Severity" in one.update
        label = severity_label(one.update.get("Severity"))
        self.finding = {**self.finding, **one.update} | ({"Severity": {"Label": label}} if label else {})
        self.v2 = updated_v2(self.v2, dict(other.on_v2.update or {}))
        view = asff_view(self.v2)
        assert view["Workflow"] == self.finding["Workflow"]
        assert view["Severity"]["Label"] == self.finding["Severity"]["Label"]
        assert view.get("Note", {}).get("Text") == self.finding.get("Note", {}).get("Text")


@examples(800)
@given(SIGNALS, st.lists(RULES, min_size=1, max_size=4), _STEPS)
def test_both_hubs_get_the_same_decisions(signal: Signal, rules: list[Rule], steps: list[Any]) -> None:
    """Through one history of providers, people and rules: so the laws of the one hold for the other."""
    twins, ruleset = Twins(signal), loaded(rules)
    for step, what in [("nothing", None), *steps, ("nothing", None)]:
        if step == "person":
            twins.set(what)
        elif step == "provider":
            twins.provide(**what)
        elif step == "rules":
            ruleset = loaded(what)
        twins.triage(ruleset)


def test_the_rules_of_these_laws_read_what_v2_shows() -> None:
    assert not any(on_v2(reads).is_affected for reads in _READS)


_BLIND_MEMBERS = st.fixed_dictionaries(
    {},
    optional={
        "Confidence": st.sampled_from([0, 50, 90]),
        "Criticality": st.sampled_from([0, 90]),
        "ProductFields": st.fixed_dictionaries({}, optional={"ip": st.sampled_from(["10.0.0.7", "x"])}),
        "UserDefinedFields": st.just({"owner": "them"}),
    },
)
_BLIND_READS: list[dict[str, Any]] = [
    {"match": {"Confidence": [{"numeric": ["<", 60]}]}},
    {"match": {"Criticality": [{"exists": False}], "RecordState": ["ACTIVE"]}},
    {"match": {"$or": [{"ProductFields": {"ip": ["10.0.0.7"]}}, {"AwsAccountId": ["111122223333"]}]}},
    {"when": {"!": [{"==": [{"get": [{"var": "ProductFields"}, "ip"]}, "x"]}]}},
    {"when": {"<": [{"var": "Confidence"}, 60]}},
    {"when": {"if": [{"var": "Criticality"}, False, {"==": [{"var": "Region"}, "eu-west-1"]}]}},
    {"match": {"UserDefinedFields": {"owner": ["them"]}}},
]


def _reading(rule: Rule, reads: dict[str, Any]) -> Rule:
    return {name: value for name, value in rule.items() if name not in ("match", "when")} | reads


_BLIND_RULES = st.builds(_reading, RULES, st.sampled_from(_BLIND_READS))


@examples(1500)
@given(SIGNALS, st.lists(st.one_of(_BLIND_RULES, RULES), min_size=1, max_size=4), _BLIND_MEMBERS)
def test_v2_hides_nothing_that_the_other_hub_would_not(
    signal: Signal, rules: list[Rule], members: dict[str, Any]
) -> None:
    """Whatever stands in the members that V2 does not show. What V2 cannot set is never sent."""
    ruleset = loaded(rules)
    one = decide({**asff(signal), **members}, NO_ENTRY, ruleset, NOW, Settings(), authors=NO_RECORD)
    other = decide(asff_view(ocsf(signal)), NO_ENTRY, ruleset, NOW, Settings(), authors=NO_RECORD)
    note(f"{one}\n{other}")
    assert {change.field for change in other.changes} <= V2_FIELDS
    assert one.hides or not other.hides


_SETTABLE = ("Workflow", "Severity", "Note")


def seen_and_set_in_v2(rule: dict[str, Any]) -> dict[str, Any]:
    """Return a rule with what V2 takes of its update, and its condition if V2 shows all of it."""
    update = {name: value for name, value in rule["update"].items() if name in _SETTABLE}
    conditions = {name: rule[name] for name in ("match", "when") if name in rule}
    others = {name: value for name, value in rule.items() if name not in conditions}
    shown = {"when": True} if on_v2(conditions, SOMETIMES).is_affected else conditions
    return {**others, **shown, "update": update}


@examples(600)
@given(st.data(), SIGNALS, rulesets(), st.booleans(), NEVER)
def test_engine_and_oracle_decide_alike_about_findings_of_v2(
    data: st.DataObject, signal: Signal, drawn: list[dict[str, Any]], may_hide: bool, never: frozenset[str]
) -> None:
    """Whatever triage remembers of them. The oracle knows nothing of V2: it sees what rules see."""
    view = asff_view(ocsf(signal))
    kept = view.pop("Ocsf")
    shown, memory = data.draw(remembered_findings(st.just(view), NOW))
    claims = {name: claim for name, claim in memory.claims.items() if name in _SETTABLE}
    memory = replace(memory, claims=claims)
    rules = [seen_and_set_in_v2(rule) for rule in drawn]
    engine, oracle = Engine(), Naive()
    for decider in (engine, oracle):
        decider.use(rules)
        decider.switch(may_hide=may_hide, never=never)
    no_record: Any = {"Workflow": None, "Severity": None}
    expected = oracle.decide(shown, memory, NOW, no_record)
    found = engine.decide({**shown, "Ocsf": kept}, engine_entry(memory), NOW, no_record)
    note(f"{found}\n{expected}")
    assert comparable(found.payload) == comparable(expected.payload)
    assert (found.hides, found.reopens) == (expected.hides, expected.reopens)
    assert found.refused == expected.refused
    assert found.account == expected.account
    assert remembered(found.entry, NOW) == remembered(expected.entry, NOW)
