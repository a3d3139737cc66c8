"""The statements that are deployed with the rules: which, about which rules, and what else that changes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hubtriage.authoring.compiler import compile_ruleset
from hubtriage.engine.planning.entry import NO_ENTRY
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.ruleset import load_ruleset
from tests.support.planning import NOW, finding

RULES = """\
rules:
  - id: hides
    owner: web
    match: {Region: [eu-west-1]}
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}
  - id: raises
    tags: [tuned]
    when: true
    update: {Severity: {AtLeast: HIGH}}
  - id: scores
    when: true
    update: {Confidence: 5}
  - id: sleeps
    mode: "off"
    when: true
    update: {Workflow: {Status: SUPPRESSED}, Note: {Text: Accepted.}}
"""
NEVER = "never: hide\n    findings: {match: {AwsAccountId: ['111122223333']}}"
Folder = Callable[[Any], Path]


def compiled(folder: Folder, said: str, rules: str = RULES, **files: str) -> dict[str, Any]:
    policy = f"policy:\n  - id: s\n    description: Because.\n    {said}\n" if said else ""
    files |= {"policy.yaml": policy} if policy else {}
    return compile_ruleset(folder({"a.yaml": rules, **files}), revision=None, keeps_policy=False)


ABOUT = [
    pytest.param("", {}, id="all rules, and any other"),
    pytest.param("unless: tuned", {"others": ["raises"]}, id="all but those with a tag"),
    pytest.param("rules: {ids: [hides, raises]}", {"rules": ["hides", "raises"]}, id="some ids"),
    pytest.param(
        'rules: {ids: ["*s"]}\n    unless: tuned', {"rules": ["hides", "scores"]}, id="some of them"
    ),
    pytest.param("rules: {owners: [web]}", {"rules": ["hides"]}, id="some owners"),
    pytest.param("rules: {hiding: true}", {"rules": ["hides"]}, id="rules that can hide"),
    pytest.param("rules: {hiding: false}", {"rules": ["raises", "scores"]}, id="rules that cannot"),
]


@pytest.mark.parametrize(("about", "expected"), ABOUT)
def test_which_rules_a_statement_is_about_is_settled_by_the_build(
    about: str, expected: dict[str, Any], folder: Folder
) -> None:
    document = compiled(folder, f"{about}\n    {NEVER}" if about else NEVER)
    conditions = {"match": {"AwsAccountId": ["111122223333"]}}
    assert document["policy"] == [{"id": "s", "never": "hide", "findings": conditions, **expected}]


def test_a_statement_about_no_rule_or_about_what_rules_say_is_not_deployed(folder: Folder) -> None:
    plain = compiled(folder, "")
    assert "policy" not in plain
    regex = "{when: {regex: [{var: Title}, '^x']}}"
    listed = "{match: {Title: [{in-list: titles}]}}"
    for said in (
        "require: {tests: true}",
        f"rules: {{ids: [none]}}\n    {NEVER}",
        f"rules: {{ids: [none]}}\n    never: hide\n    findings: {regex}",
        f"rules: {{ids: [none]}}\n    never: hide\n    findings: {listed}",
    ):
        document = compiled(folder, said, "lists: {titles: [x]}\n" + RULES)
        assert json.dumps(document) == json.dumps(plain), "to the byte"


def test_a_statement_about_a_team_is_deployed_as_it_is(folder: Folder) -> None:
    said = 'rules: {files: ["a.yaml"]}\n    only: {when: {"==": [{var: Region}, eu-west-1]}}'
    [statement] = compiled(folder, said)["policy"]
    assert statement["only"] == {"when": {"==": [{"var": "Region"}, "eu-west-1"]}}
    assert statement["rules"] == ["hides", "raises", "scores"]
    assert "never" not in statement


def test_its_lists_are_shared_with_those_of_rules(folder: Folder) -> None:
    lists = "lists: {prod: ['111122223333'], other: [x]}\n"
    said = "never: hide\n    findings: {match: {AwsAccountId: [{in-list: prod}]}}"
    document = compiled(folder, said, lists + RULES)
    assert document["lists"] == {"prod": ["111122223333"]}
    assert document["policy"][0]["findings"] == {"match": {"AwsAccountId": {"in-list": "prod"}}}
    ruleset = load_ruleset(json.loads(json.dumps(document)))
    found = finding(Region="eu-west-1", Severity={"Label": "LOW"}, FindingProviderFields=None)
    assert decide(found, NO_ENTRY, ruleset, NOW, Settings()).against_policy
    assert not decide({**found, "AwsAccountId": "1"}, NO_ENTRY, ruleset, NOW, Settings()).against_policy


def test_a_regular_expression_in_it_needs_its_package(folder: Folder) -> None:
    said = "never: hide\n    findings: {when: {regex: [{var: Title}, '^x']}}"
    assert compiled(folder, said)["regex"] is True
    assert "regex" not in compiled(folder, NEVER)


def test_the_hash_changes_with_it(folder: Folder) -> None:
    hashes = {
        compiled(folder, said)["hash"] for said in ("", NEVER, NEVER.replace("hide", "{Confidence: any}"))
    }
    assert len(hashes) == 3
