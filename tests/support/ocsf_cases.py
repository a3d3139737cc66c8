"""Random filters of V2, and random OCSF findings that they are likely to tell apart."""

from random import Random
from typing import Any

from hubtriage.localaws.securityhub.v2.words import COMPLIANCE, SEVERITIES, with_siblings

Filter = dict[str, Any]

WORDS = ("dev", "prod", "dev-prod", "Dev", "a*b", "a\\b", "é")
DAYS = (  # none is a whole number of days old: AWS does not say what holds then
    "2026-09-21T14:13:10.000Z",
    "2026-09-19T14:13:10Z",
    "2026-08-01T00:00:00.001Z",
    "2025-01-01T00:00:00Z",
)
PRODUCTS = tuple(
    f"arn:aws:securityhub:{region}::productv2/aws/{name}"
    for region in ("eu-west-1", "us-east-1")
    for name in ("guardduty", "securityhub")
)
TYPES = ("AWS::S3::Bucket", "AWS::EC2::Instance", "AWS::RDS::DBInstance", "Microsoft.Compute/disks")
_PLAIN = """
    cloud.account.uid cloud.region compliance.control compliance.standards
    finding_info.uid finding_info.title finding_info.desc finding_info.src_url finding_info.types
    metadata.product.name metadata.product.vendor_name remediation.desc resources.region
    resources.cloud_partition vulnerabilities.cve.uid vulnerabilities.related_vulnerabilities
    vulnerabilities.affected_packages.name
"""
STRINGS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_PLAIN.split(), WORDS),
    "metadata.product.uid": (*PRODUCTS, "arn:aws:securityhub:", "::productv2/aws/guardduty", "guardduty"),
    "resources.type": TYPES,
    "severity": tuple(SEVERITIES.values()),
    "vendor_attributes.severity": tuple(SEVERITIES.values()),
    "status": ("New", "Resolved", "Suppressed", "Archived"),
    "compliance.status": tuple(COMPLIANCE.values()),
    "activity_name": ("Create", "Update", "Close"),
}
NUMBERS: dict[str, tuple[float, ...]] = {
    "severity_id": (0, 1, 2, 3, 4, 5, 6, 99),
    "vendor_attributes.severity_id": (0, 1, 2, 3, 4, 5, 6, 99),
    "status_id": (1, 2, 3, 4, 5),
    "compliance.status_id": (0, 1, 2, 3, 99),
    "activity_id": (1, 2, 3),
    "vulnerabilities.cve.cvss.base_score": (0, 5.5, 7, 9.8),
}
DATES = tuple(f"finding_info.{name}_time_dt" for name in ("created", "modified", "first_seen", "last_seen"))
BOOLEANS = ("vulnerabilities.is_exploit_available", "vulnerabilities.is_fix_available")
MAPS = ("resources.tags",)
FIELDS = {
    "StringFilters": tuple(STRINGS),
    "NumberFilters": tuple(NUMBERS),
    "DateFilters": DATES,
    "BooleanFilters": BOOLEANS,
    "MapFilters": MAPS,
}
_COMPARISONS = ("EQUALS", "PREFIX", "NOT_EQUALS", "PREFIX_NOT_EQUALS", "CONTAINS")


def random_filter(random: Random, kind: str, field: str) -> Filter:
    """A filter of a kind on a field."""
    return {"FieldName": field, "Filter": _wanted(random, kind, field)}


def _wanted(random: Random, kind: str, field: str) -> Filter:
    if kind == "StringFilters":
        return {"Value": random.choice(STRINGS[field]), "Comparison": random.choice(_COMPARISONS)}
    if kind == "NumberFilters":
        names = random.sample(("Gte", "Lte", "Eq", "Gt", "Lt"), random.choice((1, 1, 2)))
        return {name: random.choice(NUMBERS[field]) for name in names}
    if kind == "BooleanFilters":
        return {"Value": random.random() < 0.5}
    if kind == "MapFilters":
        pair = {"Key": random.choice(("env", "team")), "Value": random.choice(WORDS)}
        return {**pair, "Comparison": random.choice(("EQUALS", "NOT_EQUALS"))}
    if random.random() < 0.5:
        names = random.choice((("Start",), ("End",), ("Start", "End")))
        return {name: random.choice(DAYS) for name in names}
    days: Filter = {"Value": random.choice((1, 2, 30)), "Unit": "DAYS"}
    return {"DateRange": {**days, "Comparison": random.choice(("WITHIN", "OLDER_THAN"))}}


def random_criteria(random: Random) -> Filter:
    """What an automation rule of V2 may ask: filters of all kinds, joined and nested."""
    composites = [_composite(random, depth=1) for _ in range(random.randint(1, 3))]
    return {"CompositeFilters": composites, "CompositeOperator": random.choice(("AND", "OR"))}


def _composite(random: Random, depth: int) -> Filter:
    result: Filter = {"Operator": random.choice(("AND", "OR"))}
    for _ in range(random.randint(1, 3)):
        kind = random.choice(tuple(FIELDS))
        one = random_filter(random, kind, random.choice(FIELDS[kind]))
        result.setdefault(kind, []).append(one)
    if depth and random.random() < 0.4:
        result["NestedCompositeFilters"] = [
            _composite(random, depth - 1) for _ in range(random.randint(1, 2))
        ]
    return result


def random_ocsf(random: Random) -> dict[str, Any]:
    """A finding over the same few values, as its provider sends it: members may be missing."""

    def some(values: Any) -> Any:
        return random.choice(values)

    def maybe(**members: Any) -> dict[str, Any]:
        return {name: value for name, value in members.items() if random.random() < 0.75}

    severity = some(NUMBERS["severity_id"])
    times = {f"{name}_time_dt": some(DAYS) for name in ("created", "modified", "first_seen", "last_seen")}
    compliance = maybe(
        compliance={
            **maybe(control=some(WORDS), standards=random.sample(WORDS, random.randint(0, 2))),
            **maybe(status_id=some(NUMBERS["compliance.status_id"])),
        }
    )
    return with_siblings(
        {
            "class_uid": some((2002, 2003, 2004)),
            "activity_id": some(NUMBERS["activity_id"]),
            "severity_id": severity,
            "status_id": some((1, 4)),
            "vendor_attributes": {"severity_id": severity, "severity": SEVERITIES[int(severity)]},
            "cloud": {"account": maybe(uid=some(WORDS), name=some(WORDS)), **maybe(region=some(WORDS))},
            "finding_info": maybe(
                uid=some(WORDS),
                title=some(WORDS),
                desc=some(WORDS),
                src_url=some(WORDS),
                types=random.sample(WORDS, random.randint(0, 2)),
                **times,
            ),
            "metadata": {
                "uid": "a" * 64,
                "product": {
                    **maybe(name=some(WORDS), vendor_name=some(WORDS)),
                    "uid": some(PRODUCTS),
                },
            },
            **maybe(remediation={"desc": some(WORDS)}),
            **maybe(resources=[_resource(random) for _ in range(random.randint(0, 2))]),
            **maybe(vulnerabilities=[_vulnerability(random) for _ in range(random.randint(0, 2))]),
            **compliance,
        }
    )


def _resource(random: Random) -> dict[str, Any]:
    tags = [{"name": key, "value": random.choice(WORDS)} for key in ("env", "team") if random.random() < 0.6]
    whole = {
        "type": random.choice(TYPES),
        "region": random.choice(WORDS),
        "cloud_partition": random.choice(WORDS),
        "tags": tags,
    }
    return {name: value for name, value in whole.items() if random.random() < 0.8}


def _vulnerability(random: Random) -> dict[str, Any]:
    scores = [{"base_score": random.choice(NUMBERS["vulnerabilities.cve.cvss.base_score"])} for _ in range(2)]
    whole = {
        "cve": {"uid": random.choice(WORDS), "cvss": scores[: random.randint(0, 2)]},
        "is_exploit_available": random.random() < 0.5,
        "is_fix_available": random.random() < 0.5,
        "fix_coverage": random.choice(("Complete", "Partial")),
        "related_vulnerabilities": random.sample(WORDS, random.randint(0, 2)),
        "affected_packages": [{"name": random.choice(WORDS)} for _ in range(random.randint(0, 2))],
    }
    return {name: value for name, value in whole.items() if random.random() < 0.8}
