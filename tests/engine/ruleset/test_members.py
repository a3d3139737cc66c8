"""What planning may read of a finding: an excerpt with that alone is decided on like the whole."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hubtriage
from hubtriage.engine.excerpt import Excerpt, Rest, excerpt, json_size, size_of_rest
from hubtriage.engine.planning.entry import NO_ENTRY
from hubtriage.engine.planning.payload import LARGEST_FINDING
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.delivery import GROUPED_MEMBERS
from hubtriage.engine.ruleset.members import ANNOUNCED, NAMED, PLANNED, members_read
from hubtriage.engine.ruleset.ruleset import Ruleset, load_ruleset
from tests.laws.findings import START, Finding, imported, planted
from tests.laws.memories import remembered_findings
from tests.laws.oracle.conditions import ACCOUNTS
from tests.laws.oracle.entries import engine_entry
from tests.laws.rules import DAY, Rule, rulesets
from tests.support.examples import examples

ALWAYS = PLANNED | NAMED
GROUPED = {name for names in GROUPED_MEMBERS.values() for name in names}
"""Members that are read only for rules that ask for it: see `test_the_members_of_a_group_are_read`."""
PACKAGE = Path(hubtriage.__file__).parent
UNREAD = "Description"
"""A member that no drawn rule reads."""
SITUATIONS = st.tuples(
    rulesets(fewest=1), remembered_findings(st.one_of(imported(0), planted(1)), START + 2 * DAY)
)
LEFT = st.integers(-300, 900)
"""How many bytes there are left up to the largest finding."""


def rule(**parts: Any) -> Rule:
    return {"id": "a", "update": {"Confidence": 1}, **parts}


def loaded(rules: list[Rule]) -> Ruleset:
    in_force = [rule for rule in rules if rule.get("mode") != "off"]
    return load_ruleset({"format": 1, "hash": "0" * 16, "rules": in_force, "accounts": ACCOUNTS})


@pytest.mark.parametrize(
    ("parts", "read"),
    [
        pytest.param({"match": {"Resources": {"Type": ["a"]}}}, {"Resources"}, id="a field of a pattern"),
        pytest.param(
            {"match": {"$or": [{"Title": ["a"]}, {"$or": [{"Process": {"Name": ["a"]}}]}]}},
            {"Title", "Process"},
            id="alternatives of a pattern",
        ),
        pytest.param({"match": {"Title": [{"exists": False}]}}, {"Title"}, id="absence"),
        pytest.param({"when": {"==": [{"var": "Network.Protocol"}, 1]}}, {"Network"}, id="a path of logic"),
        pytest.param({"when": {"var": ["Sample", "x"]}}, {"Sample"}, id="a path with a default"),
        pytest.param({"when": {"or": [True, {"var": "Sample"}]}}, {"Sample"}, id="a path deep inside"),
        pytest.param(
            {"when": {"some": [{"var": "Resources"}, {"==": [{"var": "Type"}, "a"]}]}},
            {"Resources", "Type"},
            id="a path of an element counts too",
        ),
        pytest.param(
            {"when": {"some": [{"var": "Action.Ports"}, {"==": [{"var": ""}, 22]}]}},
            {"Action", ""},
            id="the element itself",
        ),
        pytest.param(
            {"when": {"missing": ["Process", "Malware.Name"]}}, {"Process", "Malware"}, id="missing"
        ),
        pytest.param({"when": {"missing": [["Process"]]}}, {"Process"}, id="missing, as a list"),
        pytest.param({"when": {"missing_some": [1, ["Process", "Title"]]}}, {"Process", "Title"}, id="some"),
        pytest.param({"when": {"account": "environment"}}, set(), id="an attribute of the account"),
        pytest.param(
            {"when": True, "update": {"Note": {"Text": "{rule.id}: {finding.Title} {finding.Process.Pid}"}}},
            {"Title", "Process"},
            id="a note's places",
        ),
        pytest.param(
            {"when": True, "update": {"UserDefinedFields": {"a": "{finding.Title}"}}},
            {"Title"},
            id="a user-defined field's places",
        ),
    ],
)
def test_what_a_rule_reads_is_kept(parts: Any, read: set[str]) -> None:
    assert members_read([rule(**parts)]) == ALWAYS | read


@pytest.mark.parametrize(
    "when",
    [
        pytest.param({"var": ""}, id="the finding itself"),
        pytest.param({"var": []}, id="the finding, without a path"),
        pytest.param({"var": None}, id="the finding, by null"),
        pytest.param({"in": ["x", {"var": {"var": "Title"}}]}, id="a path out of the finding"),
        pytest.param({"var": {"cat": ["Work", "flow"]}}, id="a calculated path"),
        pytest.param({"var": 1}, id="a number"),
        pytest.param({"missing": {"var": "Title"}}, id="missing what the finding names"),
        pytest.param({"missing_some": [1, {"var": "Title"}]}, id="some of what the finding names"),
        pytest.param({"some": [{"var": ""}, True]}, id="the members of the finding as a list"),
        pytest.param(
            {"reduce": [{"var": "Types"}, {"var": ""}, 0]}, id="the whole within a loop of another kind"
        ),
    ],
)
def test_logic_that_may_look_at_anything_keeps_everything(when: Any) -> None:
    assert members_read([rule(match={"Title": ["a"]}), rule(when=when)]) is None


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param({"never": "hide", "findings": {"match": {"Title": ["a"]}}}, id="a pattern"),
        pytest.param({"only": {"when": {"!": [{"var": "Title"}]}}, "rules": ["a"]}, id="logic"),
    ],
)
def test_what_the_policy_reads_is_kept(statement: Any) -> None:
    assert members_read([rule(when=True)], [statement]) == ALWAYS | {"Title"}


def test_members_of_all_rules_are_kept() -> None:
    assert members_read([rule(match={"Title": ["a"]}), rule(when={"var": "Sample"})]) == ALWAYS | {
        "Title",
        "Sample",
    }
    assert members_read([]) == ALWAYS


@examples(300)
@given(SITUATIONS, st.none() | LEFT, st.sampled_from(["replace", "merge"]))
def test_an_excerpt_is_decided_on_like_the_whole(situation: Any, left: int | None, udf: Any) -> None:
    """Also where the whole has just room for an update, or not any more."""
    rules, (finding, memory) = situation
    if left is not None:
        finding = filled(finding, left)
    ruleset, entry = loaded(rules), engine_entry(memory)
    members = members_read(each.source for each in ruleset.rules)
    whole = decide(finding, entry, ruleset, START + 2 * DAY, Settings(udf=udf))
    for part in excerpts(finding, members):
        assert decide(part, entry, ruleset, START + 2 * DAY, Settings(udf=udf)) == whole


def filled(finding: Finding, left: int) -> Finding:
    """Return a finding that is so many bytes smaller than the largest one."""
    finding = {**finding, UNREAD: ""}
    return finding | {UNREAD: "x" * (LARGEST_FINDING - json_size(finding) - left)}


def excerpts(finding: Finding, members: frozenset[str] | None) -> list[Any]:
    """Return what is kept of it: counted at once, and counted when it is asked."""
    counted = excerpt(finding, members)
    if members is None:
        assert counted is finding
        return []
    assert isinstance(counted, Excerpt)
    assert json_size(counted) + counted.rest.size() == json_size(finding)
    later = Rest(4 * json_size(finding), lambda: size_of_rest(finding, members))
    return [counted, excerpt(finding, members, later)]


def test_a_finding_of_which_everything_is_read_is_kept_as_it_is() -> None:
    finding = {"Id": "x", "Workflow": {"Status": "NEW"}}
    assert excerpt(finding, ALWAYS) is finding
    assert size_of_rest(finding, ALWAYS) == 0


def test_an_update_that_makes_the_whole_too_large_is_refused_by_its_size() -> None:
    note = {"Note": {"Text": "Accepted."}}
    ruleset = loaded([rule(match={"Id": ["x"]}, update=note)])
    finding = filled({"Id": "x", "ProductArn": "p", "Title": "t"}, 10)
    decision = decide(excerpt(finding, ALWAYS), NO_ENTRY, ruleset, START, Settings())
    assert decision.update is None
    assert decide(excerpt(finding | {UNREAD: ""}, ALWAYS), NO_ENTRY, ruleset, START, Settings()).update


READING = ("engine/fields.py", "engine/planning", "engine/ruleset", "aws/triage", "aws/securityhub")
"""What reads findings of a batch, beside the conditions of rules."""


@pytest.mark.parametrize(
    ("per", "read"),
    [
        pytest.param("account", set(), id="an account is known by its id"),
        pytest.param("control", {"GeneratorId"}, id="a control, or a generator"),
        pytest.param("resource", {"Resources"}, id="the first resource"),
    ],
)
def test_the_members_of_a_group_are_read(per: str, read: set[str]) -> None:
    asked = rule(match={"Id": ["a"]}, **{"open-ticket": {"queue": "cloud", "per": per}})
    assert members_read([asked]) == ALWAYS | read


def test_our_own_code_reads_no_other_member() -> None:
    """A member that is read and not kept would be missing without a word."""
    model = botocore.session.get_session().get_service_model("securityhub")
    members = set(model.shape_for("AwsSecurityFinding").members)
    files = [file for path in READING for file in sorted((PACKAGE / path).rglob("*.py")) or [PACKAGE / path]]
    read = {name for file in files for name in _looked_up(ast.parse(file.read_text(encoding="utf-8")))}
    assert read & members <= ALWAYS | GROUPED | ANNOUNCED
    assert {"Compliance", "UpdatedAt"} <= read, "the test looks where it should"


def _looked_up(tree: ast.AST) -> Iterator[str]:
    """Yield the constant names that are looked up by a call, as `x.get("Name")`, or by a subscript."""
    for node in ast.walk(tree):
        arguments = node.args if isinstance(node, ast.Call) else []
        arguments = [node.slice] if isinstance(node, ast.Subscript) else arguments
        for each in arguments:
            if isinstance(each, ast.Constant) and isinstance(each.value, str):
                yield each.value
