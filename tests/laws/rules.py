"""Rule sets for the laws, in the compiled form: every feature of rules, over the values of `law_findings`."""

from typing import Any

from hypothesis import strategies as st

from tests.laws.findings import (
    LABELS,
    RELATED_LISTS,
    SCORES,
    START,
    STATUSES,
    TYPE_LISTS,
    TYPES,
    USER_KEYS,
    VERDICTS,
)

Rule = dict[str, Any]

DAY = 86_400.0
IDS = ["accept", "lower", "notify", "owner-tag", "zz-last"]
HIDING = {"Workflow": {"Status": "SUPPRESSED"}}

_NUMBERS = st.sampled_from([["=", 80], [">=", 50], ["<", 70], [">", 0, "<=", 80]])
_SOME_LABELS = st.lists(LABELS, min_size=1, max_size=3, unique=True)
_STATUS_TESTS = st.one_of(
    st.lists(STATUSES, min_size=1, max_size=2, unique=True),
    STATUSES.map(lambda status: [{"anything-but": status}]),
)
_USER_TESTS = st.sampled_from([[{"exists": True}], [{"exists": False}], ["them"], [{"anything-but": ["x"]}]])
_TYPE_TESTS = st.sampled_from(
    [
        [{"prefix": "TTPs/"}],
        [{"suffix": "Exposure"}],
        [{"wildcard": "*/Data*"}],
        [{"anything-but": {"prefix": "TTPs"}}],
        [{"equals-ignore-case": "ttps/discovery"}],
        [{"prefix": {"equals-ignore-case": "EFFECTS"}}],
        [{"exists": False}, {"suffix": "Checks"}],
    ]
)
_ENVIRONMENTS = st.sampled_from(
    [
        ["dev"],
        [{"exists": False}],
        [{"exists": True}],
        [{"equals-ignore-case": "DEV"}],
        [{"anything-but": "dev"}],
    ]
)
PATTERNS = st.one_of(
    _SOME_LABELS.map(lambda labels: {"Severity": {"Label": labels}}),
    _NUMBERS.map(lambda test: {"Severity": {"Normalized": [{"numeric": test}]}}),
    _STATUS_TESTS.map(lambda test: {"Workflow": {"Status": test}}),
    st.sampled_from([["FAILED"], [{"anything-but": "PASSED"}, {"exists": False}], ["PASSED", "INFOED"]]).map(
        lambda test: {"Compliance": {"Status": test}}
    ),
    st.just({"RecordState": ["ACTIVE"]}),
    VERDICTS.map(lambda verdict: {"VerificationState": [verdict]}),
    _TYPE_TESTS.map(lambda test: {"Types": test}),
    st.tuples(st.sampled_from(USER_KEYS), _USER_TESTS).map(lambda kv: {"UserDefinedFields": {kv[0]: kv[1]}}),
    st.sampled_from([[{"exists": False}], [{"prefix": "M"}]]).map(lambda test: {"Note": {"Text": test}}),
    _NUMBERS.map(lambda test: {"Confidence": [{"numeric": test}, 10]}),
    st.just({"AwsAccountId": ["111122223333"]}),
    st.tuples(st.sampled_from(["AwsS3Bucket", "AwsEc2Instance"]), _ENVIRONMENTS).map(
        lambda both: {"Resources": {"Type": [both[0]], "Tags": {"env": both[1]}}}
    ),
    _ENVIRONMENTS.map(lambda test: {"Resources": {"Tags": {"env": test}}}),
    st.just({"ProductFields": {"ip": [{"cidr": "10.0.0.0/24"}]}}),
    st.just({"GeneratorId": [{"anything-but": {"prefix": ["aws/"]}}]}),
)

_TESTS: list[Any] = [
    {"==": [{"var": "Severity.Label"}, "HIGH"]},
    {"!=": [{"var": "Compliance.Status"}, "PASSED"]},
    {"in": [{"var": "Workflow.Status"}, ["NEW", "NOTIFIED"]]},
    {"in": ["TTPs/Discovery", {"var": "Types"}]},
    {"in_list": [{"var": "VerificationState"}, ["UNKNOWN", "TRUE_POSITIVE"]]},
    {"<": [{"age_days": [{"var": "CreatedAt"}]}, 3]},
    {">=": [{"age_days": [{"var": "UpdatedAt"}]}, 2]},
    {"before": [{"var": "CreatedAt"}, "2026-10-01"]},
    {"after": [{"var": "UpdatedAt"}, "2026-11-02T00:00:00Z"]},
    {">=": [{"var": "Severity.Normalized"}, 70]},
    {"<": [{"var": "Confidence"}, 50]},
    {"starts_with": [{"var": "GeneratorId"}, "aws"]},
    {"ends_with": [{"var": "Title"}, "bucket"]},
    {"glob": [{"var": "GeneratorId"}, "security-*"]},
    {"cidr": [{"var": "ProductFields.ip"}, "192.0.2.0/24"]},
    {"!!": [{"var": "UserDefinedFields.owner"}]},
    {"!": [{"var": "Note.Text"}]},
    {"==": [{"lower": [{"var": "RecordState"}]}, "archived"]},
    {"==": [{"account": ["environment"]}, "dev"]},
]
FAILS_ON_ARCHIVED: Any = {
    "or": [{"!=": [{"var": "RecordState"}, "ARCHIVED"]}, {"missing_some": [1, {"var": "nowhere"}]}]
}
_SIMPLE_LOGIC = st.sampled_from([*_TESTS, True])
LOGIC = st.one_of(
    _SIMPLE_LOGIC,
    st.just(True),
    st.lists(_SIMPLE_LOGIC, min_size=2, max_size=3).map(lambda tests: {"and": tests}),
    st.lists(_SIMPLE_LOGIC, min_size=2, max_size=3).map(lambda tests: {"or": tests}),
    st.just(FAILS_ON_ARCHIVED),
)

_TEXTS = st.sampled_from(
    [
        "SEC-1",
        "by {rule.id} until {rule.expires}",
        "{rule.ticket} of {rule.owner}",
        "in {finding.AwsAccountId}",
        "{finding.Severity.Label}: {finding.Title}",
        "{finding.Nothing.There}",
        "{account.environment}: {account.team}",
        "x" * 600,
    ]
)
_SEVERITY_UPDATES = st.one_of(
    LABELS.map(lambda label: {"Label": label}),
    LABELS.map(lambda label: {"AtMost": label}),
    LABELS.map(lambda label: {"AtLeast": label}),
    st.just({"AtLeast": "LOW", "AtMost": "MEDIUM"}),
    st.just({"Normalized": 30}),
)
_TYPE_UPDATES = st.one_of(
    TYPE_LISTS,
    st.fixed_dictionaries({"Add": TYPE_LISTS}, optional={"Remove": TYPE_LISTS}),
    st.just({"Remove": TYPES}),
    st.just({"Remove": [TYPES[0]]}),
)
_NOTES = st.fixed_dictionaries({"Text": _TEXTS}, optional={"UpdatedBy": st.just("security team")})
UPDATES = st.one_of(
    STATUSES.map(lambda status: {"Workflow": {"Status": status}}),
    st.just(HIDING),
    st.fixed_dictionaries(
        {},
        optional={
            "Workflow": STATUSES.map(lambda status: {"Status": status}),
            "Severity": _SEVERITY_UPDATES,
            "VerificationState": VERDICTS,
            "Confidence": SCORES,
            "Criticality": SCORES,
            "Types": _TYPE_UPDATES,
            "RelatedFindings": RELATED_LISTS,
            "UserDefinedFields": st.dictionaries(st.sampled_from(USER_KEYS), _TEXTS, min_size=1, max_size=2),
            "Note": _NOTES,
        },
    ).filter(bool),
)
_CONDITIONS = st.one_of(
    st.fixed_dictionaries({"when": st.just(True)}),
    st.fixed_dictionaries({"when": LOGIC}),
    st.fixed_dictionaries({"match": PATTERNS}),
    st.fixed_dictionaries({"match": PATTERNS, "when": LOGIC}),
    st.tuples(PATTERNS, PATTERNS).map(lambda both: {"match": {"$or": list(both)}}),
)
_SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "order": st.sampled_from([1, 500, 900]),
        "mode": st.sampled_from(["observe", "hold", "off", "enforce"]),
        "terminal": st.booleans(),
        "override": st.just(True),
        "ceiling": LABELS,
        "starts": st.sampled_from([START - DAY, START + DAY]),
        "ends": st.sampled_from([START + DAY / 2, START + 3 * DAY]),
        "ticket": st.just("SEC-7"),
        "owner": st.sampled_from(["cloud", {"account": "team"}]),
        "expires": st.just("2027-03-31"),
    },
)


# Built once: Hypothesis looks into each new strategy, which takes longer than to draw from it.
_SOME_SETTINGS = st.one_of(st.just({}), _SETTINGS)
_NAMES = [st.lists(st.sampled_from(IDS), min_size=fewest, max_size=4, unique=True) for fewest in (0, 1)]


@st.composite
def rules(draw: st.DrawFn, name: str) -> Rule:
    """One rule. About half have nothing but a condition and an update."""
    return {"id": name, **draw(_SOME_SETTINGS), **draw(_CONDITIONS), "update": draw(UPDATES)}


_RULES = {name: rules(name) for name in IDS}


@st.composite
def rulesets(draw: st.DrawFn, fewest: int = 0) -> list[Rule]:
    """The rules of a rule set, `off` ones included."""
    return [draw(_RULES[name]) for name in draw(_NAMES[fewest])]
