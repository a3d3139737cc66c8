"""The laws on findings as other people's tools made them, and on generated ones as many as a hub has."""

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from hubtriage.engine.fields import SEVERITIES
from hubtriage.localaws.findings import generate
from hubtriage.localaws.securityhub.asff.requests import identity
from tests.laws.checks import Chronicle, reversal, state
from tests.laws.deciders import Engine, Naive
from tests.laws.findings import START
from tests.laws.rules import Rule
from tests.laws.world import HubLife
from tests.support.examples import EFFORT

Finding = dict[str, Any]

CORPUS = os.environ.get("HUBTRIAGE_CORPUS")
RULESETS = 3 * EFFORT
"""Rule sets tried on each group of findings."""

CONDITIONS: list[dict[str, Any]] = [
    {"when": True},
    {"match": {"Severity": {"Label": ["LOW", "MEDIUM", "INFORMATIONAL"]}}},
    {"match": {"Severity": {"Normalized": [{"numeric": [">=", 60]}]}}},
    {"match": {"Severity": {"Original": [{"exists": True}]}}},
    {"match": {"Severity": {"Product": [{"exists": True}]}}},
    {"match": {"Workflow": {"Status": ["NEW"]}}},
    {"match": {"Compliance": {"Status": [{"anything-but": "PASSED"}, {"exists": False}]}}},
    {"match": {"RecordState": ["ACTIVE"]}},
    {"match": {"Types": [{"prefix": "Software and Configuration Checks"}]}},
    {"match": {"Types": [{"exists": False}]}},
    {"match": {"Note": {"Text": [{"exists": False}]}}},
    {"match": {"Resources": {"Type": [{"prefix": "Aws"}], "Region": [{"exists": True}]}}},
    {"match": {"VerificationState": ["UNKNOWN"], "AwsAccountId": [{"wildcard": "1*"}]}},
    {"match": {"$or": [{"Confidence": [{"exists": True}]}, {"Criticality": [{"exists": True}]}]}},
    {"when": {"in": ["TTPs", {"var": "Types"}]}},
    {"when": {"<": [{"var": "Confidence"}, 50]}},
    {"when": {">=": [{"age_days": [{"var": "CreatedAt"}]}, 1000]}},
]
UPDATES: list[dict[str, Any]] = [
    {"Workflow": {"Status": "SUPPRESSED"}},
    {"Workflow": {"Status": "NOTIFIED"}, "VerificationState": "TRUE_POSITIVE"},
    {"Workflow": {"Status": "RESOLVED"}, "Note": {"Text": "Of {finding.AwsAccountId}: {finding.Title}"}},
    {"Severity": {"AtMost": "LOW"}},
    {"Severity": {"AtLeast": "HIGH"}, "Criticality": 90},
    {"Severity": {"Label": "MEDIUM"}, "Confidence": 10},
    {"Types": ["Effects/Data Exposure"]},
    {"Types": {"Add": ["TTPs/Impact"], "Remove": ["Software and Configuration Checks"]}},
    {"UserDefinedFields": {"ticket": "{rule.ticket}", "region": "{finding.Region}"}},
    {"RelatedFindings": [{"ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/config", "Id": "r"}]},
]


def rulesets(seed: int) -> list[Rule]:
    """Two to five rules, the same for the same seed."""
    draw = random.Random(seed)  # noqa: S311 - repeatable, not secret
    return [
        {
            "id": f"rule-{number}",
            "order": draw.choice([1, 500, 900]),
            "ticket": "SEC-1",
            "ceiling": draw.choice(SEVERITIES),
            "override": draw.random() < 0.3,
            "terminal": draw.random() < 0.1,
            **draw.choice(CONDITIONS),
            "update": {**draw.choice(UPDATES), **draw.choice(UPDATES)},
        }
        for number in range(draw.randint(2, 5))
    ]


def of_the_corpus() -> list[Finding]:
    if CORPUS is None:
        pytest.skip("HUBTRIAGE_CORPUS is not set")
    lines = (Path(CORPUS) / "findings.jsonl").read_text(encoding="utf-8").splitlines()
    findings = [json.loads(line) for line in lines]
    return list(
        {identity(found): found for found in findings if "Id" in found and "ProductArn" in found}.values()
    )


GROUPS = [
    pytest.param(of_the_corpus, id="of the corpus"),
    pytest.param(lambda: list(generate(150, seed=3, touched=0.5)), id="generated"),
]


@pytest.fixture(scope="module", params=GROUPS)
def findings(request: pytest.FixtureRequest) -> list[Finding]:
    return request.param()  # type: ignore[no-any-return]


def settled(findings: list[Finding], triage: Engine | Naive, udf: str) -> HubLife:
    world = HubLife.of(triage, udf, pins=False)
    for finding in findings:
        world.plant(finding, START)
    return world


@pytest.mark.parametrize("udf", ["replace", "merge"])
def test_planning_twice_changes_nothing_and_without_rules_all_is_taken_back(
    findings: list[Finding], udf: str
) -> None:
    for seed in range(RULESETS):
        rules = rulesets(seed)
        engine = Engine(udf)
        world = settled(findings, engine, udf)
        engine.use(rules)
        world.sweep(START)
        assert world.sweep(START) == 0, f"rule set {seed}: planning twice changed something"
        engine.use([])
        world.sweep(START)
        assert world.sweep(START) == 0, f"rule set {seed}: taking back twice changed something"
        told = Chronicle(overridden={"Workflow", "Severity"})
        for before in findings:
            reversal(
                identity(before), world.finding(identity(before)), before, told, keys_stay=udf == "merge"
            )


def test_the_oracle_holds_the_same(findings: list[Finding]) -> None:
    for seed in range(RULESETS):
        rules = rulesets(seed)
        worlds = [settled(findings, triage, "replace") for triage in (Engine("replace"), Naive("replace"))]
        for phase in (rules, []):
            for world in worlds:
                world.own().decider.use(phase)
                world.sweep(START)
            for found in findings:
                ours, naive = (state(world.finding(identity(found))) for world in worlds)
                assert ours == naive, f"rule set {seed}, {len(phase)} rules, {identity(found)}"
