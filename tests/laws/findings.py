"""Findings for the laws: few values, so that rules and edits meet, and every oddity seen in the wild."""

from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

Finding = dict[str, Any]

START = 1_793_534_400.0
"""2026-11-01T12:00:00Z, when histories begin."""

LABELS = st.sampled_from(["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"])
STATUSES = st.sampled_from(["NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED"])
VERDICTS = st.sampled_from(["UNKNOWN", "TRUE_POSITIVE", "FALSE_POSITIVE", "BENIGN_POSITIVE"])
SCORES = st.sampled_from([0, 10, 50, 90, 100])
TYPES = ["TTPs/Discovery", "Effects/Data Exposure", "Software and Configuration Checks"]
TYPE_LISTS = st.lists(st.sampled_from(TYPES), min_size=1, max_size=2, unique=True)
COMPLIANCE = st.sampled_from(["FAILED", "PASSED", "WARNING", "NOT_AVAILABLE"])
RECORDS = st.sampled_from(["ACTIVE", "ACTIVE", "ARCHIVED"])
ACCOUNTS = st.sampled_from(["111122223333", "444455556666"])
PRODUCTS = ["securityhub", "guardduty", "config"]
USER_KEYS = ["ticket", "owner", "#tag", "a.b/c"]
USER_VALUES = st.sampled_from(["them", "SEC-1", "x"])
RELATED = [
    {"ProductArn": f"arn:aws:securityhub:eu-west-1::product/aws/{name}", "Id": "r"} for name in PRODUCTS
]
RELATED_LISTS = st.lists(
    st.sampled_from(RELATED), min_size=1, max_size=2, unique_by=lambda each: each["ProductArn"]
)
TAGS = st.fixed_dictionaries({}, optional={"env": st.sampled_from(["dev", "prod", "Dev"])})
RESOURCES = st.fixed_dictionaries(
    {"Type": st.sampled_from(["AwsS3Bucket", "AwsEc2Instance"]), "Id": st.just("arn:aws:s3:::b")},
    optional={"Tags": TAGS},
)
NORMALIZED = {
    "INFORMATIONAL": st.just(0),
    "LOW": st.sampled_from([1, 20]),
    "MEDIUM": st.sampled_from([40, 50]),
    "HIGH": st.sampled_from([70, 80]),
    "CRITICAL": st.sampled_from([90, 100]),
}


# Built once: Hypothesis looks into each new strategy, which takes longer than to draw from it.
_SEVERITY_FORMS = st.sampled_from(["label", "both", "number"])


@st.composite
def _severities(draw: st.DrawFn) -> dict[str, Any]:
    label = draw(LABELS)
    number = draw(NORMALIZED[label])
    forms = {
        "label": {"Label": label},
        "both": {"Label": label, "Normalized": number, "Original": "7.1"},
        "number": {"Normalized": number},
    }
    return forms[draw(_SEVERITY_FORMS)]


SEVERITIES = _severities()
"""As providers send them: a label, a number, or both."""

IMPORTS = st.fixed_dictionaries(
    {"Severity": SEVERITIES, "Types": TYPE_LISTS, "RecordState": RECORDS},
    optional={
        "Compliance": COMPLIANCE.map(lambda status: {"Status": status}),
        "Confidence": SCORES,
        "Criticality": SCORES,
        "RelatedFindings": RELATED_LISTS,
    },
)
"""What a provider says with each import, besides who it is."""

_GENERATORS = st.sampled_from(["security-control/S3.8", "aws/GuardDuty"])
_CREATED = st.sampled_from(["2026-10-30T00:00:00Z", "2026-08-01T00:00:00.123Z"])
_TITLES = st.sampled_from(["Public bucket", "Port {rule.id} probed"])
_RESOURCE_LISTS = st.lists(RESOURCES, min_size=1, max_size=2)
_PRODUCT_FIELDS = st.fixed_dictionaries(
    {}, optional={"ip": st.sampled_from(["10.0.0.7", "192.0.2.1", "none"])}
)


@st.composite
def imported(draw: st.DrawFn, number: int) -> Finding:
    """A finding that BatchImportFindings takes; its identity follows from its number."""
    return draw(IMPORTS) | {
        "SchemaVersion": "2018-10-08",
        "Id": f"finding-{number}",
        "ProductArn": f"arn:aws:securityhub:eu-west-1::product/aws/{PRODUCTS[number % len(PRODUCTS)]}",
        "GeneratorId": draw(_GENERATORS),
        "AwsAccountId": draw(ACCOUNTS),
        "CreatedAt": draw(_CREATED),
        "UpdatedAt": "2026-10-31T00:00:00Z",
        "Title": draw(_TITLES),
        "Description": "d",
        "Resources": draw(_RESOURCE_LISTS),
        "ProductFields": draw(_PRODUCT_FIELDS),
    }


def _without(*names: str) -> Any:
    return lambda finding: {name: value for name, value in finding.items() if name not in names}


def _with(**members: Any) -> Any:
    return lambda finding: finding | deepcopy(members)


def _with_severity(severity: dict[str, Any]) -> Any:
    return lambda finding: finding | {"Severity": severity}


ODDITIES = {
    "no workflow": _without("Workflow"),
    "the retired workflow state alone": lambda finding: (
        _without("Workflow")(finding) | {"WorkflowState": "NEW"}
    ),
    "a workflow without status": _with(Workflow={}),
    "no severity": _without("Severity"),
    "a severity without label": _with_severity({"Normalized": 80, "Product": 8.0}),
    "a label and a number that disagree": _with_severity({"Label": "LOW", "Normalized": 80}),
    "a severity with its original alone": _with_severity({"Original": "bad"}),
    "a whole number as original severity": _with_severity({"Label": "HIGH", "Original": 7}),
    "what providers send, not filled in": _without("Severity", "Types", "Workflow", "Confidence"),
    "no types": _without("Types"),
    "types that are a bare string": _with(Types="TTPs/Discovery"),
    "types that repeat": _with(Types=["TTPs/Discovery", "TTPs/Discovery"]),
    "no record state": _without("RecordState"),
    "no compliance": _without("Compliance"),
    "a compliance status of its own": _with(Compliance={"Status": "INFOED"}),
    "no provider fields": _without("FindingProviderFields"),
    "provider fields without severity": _with(FindingProviderFields={"Types": ["TTPs/Discovery"]}),
    "provider fields without types": _with(
        FindingProviderFields={"Severity": {"Label": "MEDIUM", "Original": "5"}}
    ),
    "provider fields with a number": _with(
        FindingProviderFields={"Severity": {"Label": "HIGH", "Normalized": 80}}
    ),
    "one resource, not in a list": _with(Resources={"Type": "AwsS3Bucket", "Id": "No trails"}),
    "no resources": _without("Resources"),
    "objects as product fields": _with(ProductFields={"ip": {"v4": "10.0.0.7"}, "list": ["10.0.0.7"]}),
    "a note of a person": _with(
        Note={"Text": "Mine.", "UpdatedBy": "jo", "UpdatedAt": "2026-10-31T00:00:00Z"}
    ),
    "somebody's workflow": _with(Workflow={"Status": "SUPPRESSED"}),
    "user fields of another tool": _with(UserDefinedFields={"owner": "them", "#tag": "x"}),
    "a timestamp with a space": _with(CreatedAt="2024-05-24 22:53:24.000000"),
    "no region and no title": _without("Region", "Title"),
    "nearly no room for user fields": _with(UserDefinedFields={f"k{n}": "v" for n in range(46)}),
}


_ODDITY_LISTS = st.lists(st.sampled_from(sorted(ODDITIES)), min_size=1, max_size=4, unique=True)
_IMPORTED = [imported(number) for number in range(len(PRODUCTS))]


@st.composite
def planted(draw: st.DrawFn, number: int) -> Finding:
    """A finding as it may already be stored, with up to four oddities."""
    finding = draw(_IMPORTED[number])
    finding |= {
        "Workflow": {"Status": draw(STATUSES)},
        "FindingProviderFields": {
            name: finding[name]
            for name in ("Severity", "Types", "Confidence", "Criticality")
            if name in finding
        },
    }
    for name in draw(_ODDITY_LISTS):
        finding = ODDITIES[name](finding)
    return finding


@st.composite
def beginnings(draw: st.DrawFn, number: int) -> tuple[Finding, Finding | None]:
    """A finding as its provider imports it, and perhaps as it is stored already: of the same account."""
    finding, odd = draw(imported(number)), draw(st.none() | planted(number))
    return finding, odd and odd | {"AwsAccountId": finding["AwsAccountId"]}
