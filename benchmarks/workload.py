"""Findings and rules to measure with, reproducible from a seed.

Findings come from the generator that the tests use. Rules have the shapes that people write: a control in
some accounts, the prefix of a resource id, a tag, a GuardDuty type seen from a network, an Inspector package
up to a severity; a tenth has an `or`, a tenth nothing but negations and comparisons. About forty of them are
broad and match as much together as an organisation's standing decisions do, two a finding; all others are
exceptions for accounts, resources and packages that are rare, or not to be seen at all. So the number of
matches a finding does not grow with the number of rules.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

from hubtriage.engine.jsonlogic.compiler import compile_logic, truthy
from hubtriage.engine.pattern import compile_pattern
from hubtriage.localaws.findings import NOW, generate

Finding = dict[str, Any]
Rule = dict[str, Any]

SIZES = {"4 KB": 4_096, "20 KB": 20_480}
BROAD = 40
MATCHES_WANTED = (1.6, 2.4)
SAMPLE = 300


def findings(count: int, seed: int = 1, size: int = 4_096) -> list[Finding]:
    """Return findings of about this many bytes."""
    return list(generate(count, seed, size=size))


class Palette:
    """What rules may name: values that findings have, and made-up ones in the same style that they do not."""

    def __init__(self, draw: random.Random, seen: list[Finding]) -> None:
        self.draw = draw
        self.controls = sorted({one["Compliance"]["SecurityControlId"] for one in seen if _control(one)})
        self.accounts = sorted({one["AwsAccountId"] for one in seen})
        self.resources = [resource for one in seen for resource in one["Resources"]]
        self.tags = sorted({pair for one in self.resources for pair in one.get("Tags", {}).items()})
        self.types = sorted({name for one in seen for name in one["Types"] if name.count("/") > 1})
        self.packages = sorted(
            {
                package["Name"]
                for one in seen
                for vulnerability in one.get("Vulnerabilities", ())
                for package in vulnerability.get("VulnerablePackages", ())
            }
        )

    def control(self) -> str:
        """Draw a control, common or never seen."""
        services = ("EC2", "S3", "IAM", "RDS", "Lambda", "ECS", "EKS", "KMS", "SQS", "ELB")
        if self.draw.random() < 0.5:
            return self.draw.choice(self.controls)
        return f"{self.draw.choice(services)}.{self.draw.randint(1, 80)}"

    def rare_accounts(self, most: int = 4) -> list[str]:
        """Draw accounts of a large organisation, few of which have findings here."""
        return [f"{self.draw.randrange(10**9):012d}" for _ in range(self.draw.randint(1, most))]

    def resource(self) -> str:
        """Draw the id of a resource, with another ending."""
        known = self.draw.choice(self.resources)["Id"]
        return f"{known[: max(12, len(known) - 9)]}{self.draw.randrange(16**6):06x}"

    def package(self) -> str:
        """Draw a package's name."""
        known = self.draw.choice(self.packages)
        return known if self.draw.random() < 0.3 else f"{known}-{self.draw.randrange(10**4)}"


def _control(finding: Finding) -> bool:
    return "SecurityControlId" in finding.get("Compliance", {})


def _control_in_accounts(palette: Palette) -> Rule:
    accounts = palette.rare_accounts()
    return {
        "match": {
            "Compliance": {
                "SecurityControlId": [palette.control() for _ in range(palette.draw.randint(1, 3))]
            },
            "AwsAccountId": accounts,
        }
    }


def _resource_prefix(palette: Palette) -> Rule:
    return {"match": {"Resources": {"Id": [{"prefix": palette.resource()}]}}}


def _tagged(palette: Palette) -> Rule:
    key, value = palette.draw.choice(palette.tags)
    rare = f"{value}-{palette.draw.randrange(1000)}"
    return {
        "match": {
            "Resources": {"Type": [palette.draw.choice(palette.resources)["Type"]], "Tags": {key: [rare]}},
            "Workflow": {"Status": ["NEW", {"exists": False}]},
        }
    }


def _guardduty(palette: Palette) -> Rule:
    network = f"{palette.draw.randrange(1, 224)}.{palette.draw.randrange(256)}.0.0/16"
    address = "Action.AwsApiCallAction.RemoteIpDetails.IpAddressV4"
    return {
        "match": {
            "ProductName": ["GuardDuty"],
            "Types": [{"prefix": palette.draw.choice(palette.types)[:-3]}],
        },
        "when": {"cidr": [{"var": address}, network]},
    }


def _inspector(palette: Palette) -> Rule:
    return {
        "match": {
            "ProductName": ["Inspector"],
            "Vulnerabilities": {"VulnerablePackages": {"Name": [palette.package()]}},
        },
        "when": {
            "and": [
                {"in": [{"var": "Severity.Label"}, ["LOW", "MEDIUM", "INFORMATIONAL"]]},
                {"in": [{"var": "AwsAccountId"}, palette.rare_accounts()]},
            ]
        },
    }


def _either(palette: Palette) -> Rule:
    parts = [
        {"==": [{"var": "Compliance.SecurityControlId"}, palette.control()]},
        {
            "some": [
                {"var": "Resources"},
                {"starts_with": [{"var": "Id"}, palette.resource()]},
            ]
        },
    ]
    accounts = {"in": [{"var": "AwsAccountId"}, palette.rare_accounts()]}
    return {"when": {"and": [accounts, {"or": parts}]}}


def _nothing_to_look_up(palette: Palette) -> Rule:
    """Negations and comparisons only."""
    draw = palette.draw
    return {
        "when": {
            "and": [
                {"!=": [{"var": "Severity.Label"}, draw.choice(["CRITICAL", "HIGH"])]},
                {"!": [{"in": [{"var": "AwsAccountId"}, palette.rare_accounts()]}]},
                {">": [{"var": "Severity.Normalized"}, draw.choice([30, 60, 80])]},
                {"<": [{"age_days": [{"var": "CreatedAt"}]}, round(draw.uniform(0.0001, 0.01), 4)]},
            ]
        }
    }


_NARROW: list[tuple[float, Callable[[Palette], Rule]]] = [
    (0.30, _control_in_accounts),
    (0.15, _resource_prefix),
    (0.15, _tagged),
    (0.10, _guardduty),
    (0.10, _inspector),
    (0.10, _either),
    (0.10, _nothing_to_look_up),
]


def _broad(palette: Palette) -> Rule:
    """A standing decision: about a control, a product or a kind of resource, in some accounts or all."""
    draw = palette.draw
    match: dict[str, Any] = draw.choice(
        [
            {"Compliance": {"SecurityControlId": [draw.choice(palette.controls)]}},
            {
                "Resources": {
                    "Type": [draw.choice(palette.resources)["Type"]],
                    "Tags": {"env": ["dev", "sandbox"]},
                }
            },
            {"ProductName": [draw.choice(["Inspector", "Config", "Macie", "Prowler", "GuardDuty"])]},
            {"Types": [{"prefix": draw.choice(palette.types)[:30]}]},
        ]
    )
    rule: Rule = {"match": {**match, "RecordState": ["ACTIVE"]}}
    if draw.random() < 0.5:
        rule["match"]["AwsAccountId"] = draw.sample(palette.accounts, draw.randint(2, 6))
    if draw.random() < 0.3:
        rule["when"] = {"in": [{"var": "Severity.Label"}, ["LOW", "MEDIUM"]]}
    return rule


def rate(rule: Rule, sample: list[Finding]) -> float:
    """Return how often a rule matches in a sample."""
    matches = matcher(rule)
    return sum(matches(finding) for finding in sample) / len(sample)


def matcher(rule: Rule) -> Callable[[Finding], bool]:
    """Return a rule's condition as a function, compiled by itself."""
    pattern = compile_pattern(rule["match"]) if "match" in rule else None
    logic = compile_logic(rule["when"]) if "when" in rule else None
    if logic is None:
        return pattern or (lambda _finding: True)
    if pattern is None:
        return lambda finding: truthy(logic(finding, NOW))
    return lambda finding: pattern(finding) and truthy(logic(finding, NOW))


def rules(count: int, seed: int = 1) -> list[Rule]:
    """Return rules with `id` and `match` or `when`, or both; the first are the broad ones."""
    draw = random.Random(f"rules {seed}")
    seen = findings(SAMPLE, seed + 1_000, size=1)
    palette = Palette(draw, seen)
    broad = _calibrated(palette, seen)
    kinds = [kind for _weight, kind in _NARROW]
    weights = [weight for weight, _kind in _NARROW]
    narrow: Iterator[Rule] = (kind(palette) for kind in draw.choices(kinds, weights, k=max(0, count - BROAD)))
    return [{"id": f"rule-{at}", **rule} for at, rule in enumerate([*broad, *narrow][:count])]


def _calibrated(palette: Palette, sample: list[Finding]) -> list[Rule]:
    """Draw broad rules until they match as often together as wanted."""
    low, high = MATCHES_WANTED
    chosen: list[tuple[float, Rule]] = []
    while len(chosen) < BROAD or not low <= sum(rate for rate, _rule in chosen) <= high:
        rule = _broad(palette)
        chosen.append((rate(rule, sample), rule))
        if len(chosen) > BROAD:
            too_many = sum(rate for rate, _rule in chosen) > high
            chosen.sort(key=lambda rated: rated[0])
            chosen.pop(-1 if too_many else 0)
    palette.draw.shuffle(chosen)
    return [rule for _rate, rule in chosen]
