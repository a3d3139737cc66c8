"""What lint says of rules for Security Hub V2."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hubtriage.asff.samples import SAMPLE_NOW
from hubtriage.authoring.checks.registry import CSPM, V2, V2_CODES, warnings
from hubtriage.authoring.checks.v2.differing import DIFFERING
from hubtriage.authoring.loader import load_rules
from hubtriage.engine.ocsf.blind import is_blind

NOTIFY = "update: {Workflow: {Status: NOTIFIED}}"


def said(folder: Callable[[str], Path], condition: str, rest: str = NOTIFY) -> dict[str, str]:
    """Return the message of each code that is said of a rule for V2."""
    loaded = load_rules(folder(f"rules:\n  - id: a\n    {condition}\n    {rest}\n"))
    assert loaded.problems == ()
    found = warnings(loaded, SAMPLE_NOW, hubs=(CSPM, V2))
    return {problem.code: problem.message for problem in found if problem.code in V2_CODES}


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[str], Path]:
    def made(text: str) -> Path:
        (tmp_path / "a.yaml").write_text(text)
        return tmp_path

    return made


@pytest.mark.parametrize(
    ("condition", "codes"),
    [
        ("match: {Title: [x]}", set()),
        ("match: {Note: {Text: [{exists: false}]}}", set()),
        ("match: {Resources: {Tags: {team: [{anything-but: a}]}}}", set()),
        ("match: {Criticality: [5]}", {"W206"}),
        ("match: {Criticality: [{anything-but: 5}]}", {"W206", "E217"}),
        ("match: {Criticality: [{exists: false}, 5]}", {"W206", "E217"}),
        ("match: {Title: [x], $or: [{Criticality: [5]}, {Region: [eu-west-1]}]}", {"W206"}),
        ("when: {'>': [{var: Criticality}, 5]}", {"W206"}),
        ("when: {'!': [{'>': [{var: Criticality}, 5]}]}", {"W206", "E217"}),
        ("when: {'!!': [{var: Criticality}]}", {"W206"}),
        ("when: {missing: [Criticality]}", {"W206", "E217"}),
        ("when: {none: [{var: Resources}, {'==': [{var: Details.Other.k}, a]}]}", {"W206", "E217"}),
        ("when: {none: [{var: Resources}, {'==': [{var: Type}, AwsS3Bucket]}]}", set()),
        ("when: {some: [{var: Resources}, {'==': [{var: Details.Other.k}, a]}]}", {"W206"}),
        ("match: {GeneratorId: [a], Resources: {Id: [b]}}", {"W207"}),
        ("when: {'==': [{var: Resources.0.Id}, a]}", {"W207"}),
    ],
)
def test_conditions(folder: Callable[[str], Path], condition: str, codes: set[str]) -> None:
    assert set(said(folder, condition)) == codes


def test_of_a_terminal_rule_it_is_said_what_it_stops(folder: Callable[[str], Path]) -> None:
    said_of_it = said(folder, "terminal: true\n    match: {Criticality: [5]}")["W206"]
    assert said_of_it.endswith("show Criticality, and rules after it hide no more than it would")


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("match: {Criticality: [5]}", "never applies on Security Hub V2, which does not show Criticality"),
        (
            "match: {$or: [{Criticality: [5]}, {Title: [x]}]}",
            "applies less often on Security Hub V2, which does not show Criticality",
        ),
        (
            "when: {and: [{'>': [{var: Criticality}, 5]}, {'>': [{var: Confidence}, 5]}]}",
            "never applies on Security Hub V2, which does not show Criticality and Confidence",
        ),
        (
            "when: {'==': [{var: {cat: [Ti, tle]}}, x]}",
            "never applies on Security Hub V2, which does not show what a calculated path leads to",
        ),
    ],
)
def test_how_often_a_rule_applies_is_said(
    folder: Callable[[str], Path], condition: str, message: str
) -> None:
    assert said(folder, condition)["W206"] == message


@pytest.mark.parametrize(
    ("update", "message"),
    [
        ("update: {Workflow: {Status: NEW}, Severity: {Label: HIGH}, Note: {Text: a}}", None),
        ("update: {Types: [TTPs], Workflow: {Status: NEW}}", "Security Hub V2 cannot set Types"),
        (
            "update: {Types: [TTPs], Confidence: 5}",
            "Security Hub V2 cannot set Confidence and Types, so the rule sets nothing there",
        ),
    ],
)
def test_updates(folder: Callable[[str], Path], update: str, message: Any) -> None:
    assert said(folder, "match: {Title: [x]}", update).get("W320") == message


def test_texts(folder: Callable[[str], Path]) -> None:
    seen = "update: {Note: {Text: 'Of {finding.Title} and {rule.id}'}}"
    assert "W321" not in said(folder, "match: {Title: [x]}", seen)
    blind = "update: {Note: {Text: 'Of {finding.Note.UpdatedBy}'}}"
    assert said(folder, "match: {Title: [x]}", blind)["W321"].startswith("{finding.Note.UpdatedBy} is - on")


def test_what_differs_is_seen() -> None:
    assert not any(is_blind(path.split(".")) for path in DIFFERING)
