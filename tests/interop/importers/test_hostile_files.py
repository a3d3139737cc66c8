"""Whatever a file holds, importing it ends soon: with rules that load, with refusals, or with an error."""

import json
import time
from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.interop.importers.assemble import KINDS, Options, import_rules
from hubtriage.interop.importers.outcome import Imported, UnreadableError
from tests.interop.importers.test_sources_agree import (
    as_api,
    as_cdktf,
    random_manager_2_rule,
    random_match_on,
    random_mutelist,
    random_rules,
)
from tests.support import source_forms
from tests.support.examples import examples
from tests.support.imported_rules import ruleset_of
from tests.support.ocsf_cases import random_criteria

SECONDS = 6.0
"""Of processor time; what grows with the square of its size would take minutes."""


def read(kind: str, content: bytes, name: str = "file") -> Imported | None:
    """What an import comes to; None if the file is unreadable."""
    try:
        found = import_rules(kind, name, content, Options(regions=("all",)))
    except UnreadableError:
        return None
    json.dumps([one.as_record() for one in (*found.refusals, *found.remarks)])
    assert all(one.reason for one in found.refusals)
    return found


# -- wrong types ---------------------------------------------------------------------------------


def manager_1(random: Random) -> Any:
    return {"Rules": [{"note": "a", "action": "SUPPRESSED", "match_on": random_match_on(random)}]}


def older_suppressions(_random: Random) -> Any:
    return {"Suppressions": {"S3.8": [{"action": "SUPPRESSED", "notes": "a", "rules": ["^a$"]}]}}


def manager_2(random: Random) -> Any:
    rule = random_manager_2_rule(random, 1)
    return {"ManagerConfig": {"DefaultRuleInput": {"ExtraFeatures": {}}}, "Rules": [rule]}


def mutelist(random: Random) -> Any:
    return {"Mutelist": {"Accounts": random_mutelist(random, exact=False)}}


def accelerator(random: Random) -> Any:
    return yaml.safe_load(source_forms.security_config(random_rules(random), ["eu-west-1"], ["us-east-1"]))


def template(random: Random) -> Any:
    return yaml.safe_load(source_forms.cloudformation(random_rules(random)))


def api(random: Random) -> Any:
    return json.loads(as_api(random_rules(random), random)[0])


def api_of_v2(random: Random) -> Any:
    """Two rules of V2, one of which is simple enough to be imported often."""
    update = {"StatusId": 3, "SeverityId": 2, "Comment": "a"}
    actions = [{"Type": "FINDING_FIELDS_UPDATE", "FindingFieldsUpdate": update}]
    title = {"FieldName": "finding_info.title", "Filter": {"Value": "a", "Comparison": "EQUALS"}}
    simple = {"CompositeFilters": [{"StringFilters": [title], "Operator": "AND"}]}
    return [
        {"RuleOrder": 1.5, "Criteria": {"OcsfFindingCriteria": criteria}, "Actions": actions}
        for criteria in (simple, random_criteria(random))
    ]


def shown_of_v2(random: Random) -> Any:
    criteria = json.dumps(random_criteria(random))
    values = {
        "rule_order": 1,
        "criteria": [{"ocsf_finding_criteria_json": criteria}],
        "action": [{"type": "FINDING_FIELDS_UPDATE", "finding_fields_update": [{"status_id": 3}]}],
    }
    listed = [{"type": "aws_securityhub_automation_rule_v2", "address": "a", "values": values}]
    return {"terraform_version": "1", "values": {"root_module": {"resources": listed}}}


def terraform_json(random: Random) -> Any:
    return json.loads(as_cdktf(random_rules(random), random)[0])


def shown(random: Random) -> Any:
    resources = json.loads(as_cdktf(random_rules(random), random)[0])["resource"].popitem()[1]
    listed = [
        {"type": "aws_securityhub_automation_rule", "address": name, "values": values}
        for name, values in resources.items()
    ]
    root = {"root_module": {"resources": listed, "child_modules": [{"resources": listed}]}}
    change = {"address": "r0", "change": {"after_unknown": {"criteria": [{"title": True}]}}}
    return {"terraform_version": "1", "planned_values": root, "resource_changes": [change]}


DOCUMENTS: list[tuple[str, Callable[[Random], Any]]] = [
    ("findings-manager-1", manager_1),
    ("findings-manager-1", older_suppressions),
    ("findings-manager-2", manager_2),
    ("prowler-mutelist", mutelist),
    ("automation-rules", accelerator),
    ("automation-rules", template),
    ("automation-rules", api),
    ("automation-rules", api_of_v2),
    ("automation-rules", shown_of_v2),
    ("automation-rules", terraform_json),
    ("automation-rules", shown),
]
KEYS = ("x", "Ref", "for_each", "count", "Condition", "override")
JUNK: list[Any] = [
    *(None, True, False, 0, -1, 10**30, 1.5, 1e308, "", " ", "*", "a*b*", "\x1b[2J", "\u202e", "{{ x }}"),
    *("${x}", "{rule.id}", "(a+)+$", "(?=a)", "[", "a" * 5000, "yes", "2026-10-01", "<<A\n A"),
    *([], {}, [[]], [None], {"": None}, {"Ref": "x"}, {"Fn::Sub": "x"}, {"dynamic": {}}, {"a": {"b": ["c"]}}),
]


def damaged(value: Any, random: Random) -> Any:
    """The value with junk at one place, or without a member, or with one more."""
    places = list(_places(value))
    holder, step = random.choice(places)
    choice = random.random()
    if choice < 0.7:
        holder[step] = deepcopy(random.choice(JUNK))
    elif choice < 0.85:
        del holder[step]
    elif isinstance(holder, dict):
        holder[random.choice(("x", "Ref", "for_each", "count", "Condition", "override"))] = random.choice(
            JUNK
        )
    else:
        holder.append(random.choice(JUNK))
    return value


def _places(value: Any) -> Any:
    for step, item in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, step
        if isinstance(item, dict | list):
            yield from _places(item)


@examples(6)
@given(st.integers(0, 2**32).map(Random))
@pytest.mark.parametrize(("kind", "document"), DOCUMENTS, ids=[make.__name__ for _kind, make in DOCUMENTS])
def test_a_damaged_file_gives_rules_that_load_or_reasons(
    kind: str, document: Callable[[Random], Any], random: Random
) -> None:
    whole = document(random)
    for _ in range(3):
        content = damaged(deepcopy(whole), random)
        for written in (json.dumps(content), yaml.safe_dump(content, allow_unicode=True)):
            found = read(kind, written.encode())
            if found is not None:
                in_force = [rule for rule in found.rules if rule.get("mode") != "off"]
                assert len(ruleset_of(found).rules) == len(in_force)


# -- sizes and shapes ----------------------------------------------------------------------------


def doubled(count: int) -> str:
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, count)]
    return "\n".join(lines)


RULE = '{"RuleOrder": 1, "Criteria": {"Title": [{"Value": "a", "Comparison": "EQUALS"}]}, "Actions": []}'
HEAD = "centralSecurityServices: {securityHub: {enable: true, automationRules: ["
SHAPES = {
    "doubling aliases": lambda: doubled(60),
    "aliases of a mutelist": lambda: doubled(30) + "\nMutelist: {Accounts: *a29}\n",
    "aliases of the accelerator": lambda: doubled(30) + "\ncentralSecurityServices: *a29\n",
    "an alias of itself": lambda: "Rules: &a [*a]\nMutelist: &b {Accounts: *b}\n",
    "nested lists": lambda: "[" * 20_000,
    "nested mappings": lambda: '{"a":' * 20_000,
    "nested blocks": lambda: "a:\n" + "".join(f"{' ' * n}a:\n" for n in range(1, 1000)),
    "nested Terraform": lambda: 'resource "a" "b" {\n' + "a {\n" * 2000,
    "brackets in Terraform": lambda: "a = " + "[" * 5000,
    "a huge number": lambda: '{"Rules": [' + "9" * 100_000 + "]}",
    "a huge text": lambda: json.dumps({"Rules": ["a" * 1_000_000]}),
    "many numbers": lambda: json.dumps({"Rules": list(range(60_000))}),
    "many keys, one of them twice": lambda: (
        "{" + ",".join(f'"k{n}":1' for n in range(60_000)) + ',"k59999":2}'
    ),
    "many refused rules": lambda: '{"Rules": [' + ",".join([RULE] * 2000) + "]}",
    "many rules of the accelerator": lambda: HEAD + ",".join(["{name: a}"] * 2000) + "]}}\n",
    "many lines": lambda: "a: 1\n" * 20_000,
    "many comments": lambda: "# CVE\n" * 50_000,
    "a line of spaces": lambda: " " * 500_000,
    "a heredoc of spaces": lambda: 'resource "a" "b" {\n  c = <<A\n' + " " * 60_000 + "\nA\n}\n",
    "quotes": lambda: '"' * 100_000,
    "dollars": lambda: 'a = "' + "$" * 60_000 + '{"\n',
    "a byte-order mark": lambda: "\ufeff",
}


@pytest.mark.parametrize("shape", list(SHAPES))
@pytest.mark.parametrize("kind", list(KINDS))
def test_a_file_of_any_shape_ends_soon(kind: str, shape: str) -> None:
    content = SHAPES[shape]().encode()
    began = time.process_time()
    read(kind, content)
    assert time.process_time() - began < SECONDS


EXPRESSIONS = {
    "nested repetition": "(a+)+$",
    "alternatives that overlap": "(a|a)*$",
    "counted repetition": "(((a{1,100}){1,100}){1,100})$",
    "a long expression": "a|" * 20_000 + "b",
    "nested groups": "(" * 5000 + "a" + ")" * 5000,
    "many stars": "a*" * 5000,
    "a long class": "[" + "a-z" * 20_000 + "]",
}


@pytest.mark.parametrize("name", list(EXPRESSIONS))
def test_an_expression_takes_linear_time(name: str) -> None:
    one = EXPRESSIONS[name]
    began = time.process_time()
    checks = {one: {"Regions": [one], "Resources": ["*"], "Exceptions": {"Accounts": [one]}}}
    read("prowler-mutelist", yaml.safe_dump({"Mutelist": {"Accounts": {"*": {"Checks": checks}}}}).encode())
    rule = {"note": "a", "action": "SUPPRESSED", "match_on": {"resource_id_regexps": [one]}}
    found = read("findings-manager-1", yaml.safe_dump({"Rules": [rule]}).encode())
    assert found is not None
    if found.rules:
        resources = [{"Id": "a" * 20_000 + "!", "Type": "x"}]
        ruleset_of(found).match({"Resources": resources, "Workflow": {"Status": "NEW"}}, 0.0)
    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize("kind", ["findings-manager-1", "prowler-mutelist"])
def test_many_rules_take_time_in_proportion(kind: str) -> None:
    entry = {"Regions": ["*"], "Resources": ["*"]}
    match_on = {"title": "a"}
    checks = {f"check_{number}_": entry for number in range(200)}
    rules = [{"note": f"n{n}", "action": "SUPPRESSED", "match_on": match_on} for n in range(200)]
    documents = {
        "findings-manager-1": {"Rules": rules},
        "prowler-mutelist": {"Mutelist": {"Accounts": {"*": {"Checks": checks}}}},
    }
    began = time.process_time()
    read(kind, json.dumps(documents[kind]).encode())
    assert time.process_time() - began < SECONDS


def test_many_exceptions_take_time_in_proportion() -> None:
    entry = {"Regions": ["*"], "Resources": ["*"], "Exceptions": {"Resources": ["x"]}}
    checks = {f"^check_{number}$": entry for number in range(5000)}
    began = time.process_time()
    found = read(
        "prowler-mutelist", json.dumps({"Mutelist": {"Accounts": {"*": {"Checks": checks}}}}).encode()
    )
    assert found is not None
    assert len(found.refusals) == 5000
    assert time.process_time() - began < SECONDS
