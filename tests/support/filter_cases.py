"""Random filters in AWS's form, and random findings that they are likely to tell apart."""

from random import Random
from typing import Any

WORDS = ("dev", "prod", "dev-prod", "Dev", "a*b", "a\\b", "a?b", "é")
NOW = 1_790_000_000.0  # 2026-09-21T14:13:20Z
DAYS = (
    "2026-09-21T14:13:20.000Z",
    "2026-09-19T14:13:20Z",
    "2026-08-01T00:00:00.001Z",
    "2025-01-01T00:00:00Z",
)
MOMENTS = (*DAYS, "2026-08-01T00:00:00Z", "2026-09-20T00:00:00.000Z")
KEYS = ("env", "team", "aws:x/y.z", "prefix", "$or", "exists")
STATUSES = ("NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED")
LABELS = ("LOW", "HIGH", "CRITICAL")
SCORES = (0, 30, 60, 90)

TEXTS = {
    "Title": WORDS,
    "Description": WORDS,
    "GeneratorId": WORDS,
    "RecordState": ("ACTIVE", "ARCHIVED"),
    "WorkflowStatus": STATUSES,
    "SeverityLabel": LABELS,
    "ComplianceStatus": ("PASSED", "FAILED"),
    "ComplianceAssociatedStandardsId": WORDS,
    "Type": WORDS,
    "ResourceType": WORDS,
    "ResourceId": WORDS,
    "NoteText": WORDS,
    "RelatedFindingsId": WORDS,
}
MAPS = ("ResourceTags", "ResourceDetailsOther", "UserDefinedFields")
NUMBERS = ("Confidence", "Criticality")
DATES = ("CreatedAt", "UpdatedAt", "FirstObservedAt")
_POSITIVE = ("EQUALS", "PREFIX", "CONTAINS")
_NEGATIVE = ("NOT_EQUALS", "PREFIX_NOT_EQUALS", "NOT_CONTAINS")


def random_filters(random: Random, contains: bool = True) -> dict[str, list[dict[str, Any]]]:
    """Filters on one to three attributes; `contains` allows the comparisons that GetFindings has not."""
    names = random.sample((*TEXTS, *MAPS, *NUMBERS, *DATES), random.randint(1, 3))
    return {name: _filters(random, name, contains) for name in names}


def _filters(random: Random, name: str, contains: bool) -> list[dict[str, Any]]:
    if name in NUMBERS:
        return [_number(random) for _ in range(random.randint(1, 2))]
    if name in DATES:
        return [_date(random) for _ in range(random.randint(1, 2))]
    return [
        {**_value(random, name), "Comparison": comparison}
        for comparison in _comparisons(random, name, contains)
    ]


def _value(random: Random, name: str) -> dict[str, str]:
    if name in MAPS:
        return {"Key": random.choice(KEYS), "Value": random.choice(WORDS)}
    return {"Value": random.choice(TEXTS[name])}


def _comparisons(random: Random, name: str, contains: bool) -> list[str]:
    """Comparisons that AWS takes together: only positive ones, only negative ones, or a prefix with these."""

    def some(names: tuple[str, ...]) -> list[str]:
        usable = [one for one in names if contains or "CONTAINS" not in one]
        usable = [one for one in usable if name not in MAPS or "PREFIX" not in one]
        return random.choices(usable, k=random.randint(1, 3))

    form = random.randrange(2 if name in MAPS else 3)
    return some(_POSITIVE) if form == 0 else some(_NEGATIVE) if form == 1 else ["PREFIX", *some(_NEGATIVE)]


def _number(random: Random) -> dict[str, int]:
    names = random.sample(("Gte", "Lte", "Eq", "Gt", "Lt"), random.randint(1, 2))
    return {name: random.choice(SCORES) for name in names}


def _date(random: Random) -> dict[str, Any]:
    if random.random() < 0.5:
        names = random.choice((("Start",), ("End",), ("Start", "End")))
        return {name: random.choice(DAYS) for name in names}
    span: dict[str, Any] = {"Value": random.choice((1, 2, 30)), "Unit": "DAYS"}
    if random.random() < 0.7:
        span["Comparison"] = random.choice(("WITHIN", "OLDER_THAN"))
    return {"DateRange": span}


def random_finding(random: Random) -> dict[str, Any]:
    """A finding over the same few words, with members missing; Workflow and VerificationState are there."""
    optional = {
        "RecordState": random.choice(("ACTIVE", "ARCHIVED")),
        "Severity": {"Label": random.choice(LABELS)},
        "Compliance": _compliance(random),
        "Types": random.sample(WORDS, random.randint(1, 2)),
        "Note": {"Text": random.choice(WORDS), "UpdatedBy": "ann"},
        "RelatedFindings": [{"ProductArn": "p", "Id": word} for word in random.choices(WORDS, k=2)],
        "UserDefinedFields": _map(random),
        "Confidence": random.choice(SCORES),
        "Criticality": random.choice(SCORES),
        "FirstObservedAt": random.choice(MOMENTS),
    }
    return {
        "Id": "f-1",
        "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/securityhub",
        "Title": random.choice(WORDS),
        "Description": random.choice(WORDS),
        "GeneratorId": random.choice(WORDS),
        "CreatedAt": random.choice(MOMENTS),
        "UpdatedAt": random.choice(MOMENTS),
        "Workflow": {"Status": random.choice(STATUSES)},
        "VerificationState": "UNKNOWN",
        "Resources": [_resource(random) for _ in range(random.randint(1, 3))],
        **{name: value for name, value in optional.items() if random.random() < 0.5},
    }


def _map(random: Random) -> dict[str, str]:
    return {key: random.choice(WORDS) for key in random.sample(KEYS, random.randint(0, 2))}


def _resource(random: Random) -> dict[str, Any]:
    resource: dict[str, Any] = {"Type": random.choice(WORDS), "Id": random.choice(WORDS)}
    if random.random() < 0.7:
        resource["Tags"] = _map(random)
    if random.random() < 0.4:
        resource["Details"] = {"Other": _map(random)}
    return resource


def _compliance(random: Random) -> dict[str, Any]:
    compliance: dict[str, Any] = {"Status": random.choice(("PASSED", "FAILED"))}
    if random.random() < 0.6:
        words = random.choices(WORDS, k=random.randint(0, 2))
        compliance["AssociatedStandards"] = [{"StandardsId": word} for word in words]
    return compliance
