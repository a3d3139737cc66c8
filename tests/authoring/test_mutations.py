"""Laws of loading: nothing that a file holds upsets it, and what it passes the engine can use."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from hubtriage.asff.samples import SAMPLE_NOW, SAMPLES, sample
from hubtriage.authoring.checks.registry import warnings
from hubtriage.authoring.compiler import ruleset_document
from hubtriage.authoring.loader import load_rules, rule_files
from hubtriage.authoring.problems import CODES
from hubtriage.authoring.yaml.reader import parse
from hubtriage.engine.planning.entry import NO_ENTRY
from hubtriage.engine.planning.plan import Settings, decide
from hubtriage.engine.ruleset.ruleset import load_ruleset
from hubtriage.simulation.ruletests import run_tests
from tests.support.examples import examples
from tests.support.paths import ROOT

STARTERS = ROOT / "rules"
TREES = {path.name: parse(path.name, path.read_bytes())[0].value for path in rule_files(STARTERS)}
WORDS = [
    *(
        "id",
        "match",
        "when",
        "update",
        "tests",
        "Types",
        "Severity",
        "Label",
        "AtMost",
        "Note",
        "Text",
        "LOW",
    ),
    *("in-list", "$or", "anything-but", "prefix", "numeric", "cidr", "exists", "AwsAccountId", "10.0.0.0/8"),
    *("in_list", "var", "and", "==", "account", "regex", "{rule.expires}", "{finding.Id}", "none"),
]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-5, 2000)
    | st.floats()
    | st.sampled_from(WORDS)
    | st.text(max_size=5)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3),
    max_leaves=6,
)


def paths_in(tree, path=()):
    yield path
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        yield from paths_in(value, (*path, key))


def with_value(tree, path, value):
    if not path:
        return value
    copy = list(tree) if isinstance(tree, list) else dict(tree)
    copy[path[0]] = with_value(tree[path[0]], path[1:], value)
    return copy


@st.composite
def mutated(draw):
    """The starter rules with one or two values replaced by something else."""
    trees = dict(TREES)
    for _ in range(draw(st.integers(1, 2))):
        name = draw(st.sampled_from(sorted(trees)))
        path = draw(st.sampled_from(list(paths_in(trees[name]))))
        trees[name] = with_value(trees[name], path, draw(VALUES))
    return trees


@examples(150, suppress=[HealthCheck.function_scoped_fixture])
@given(mutated())
def test_rules_with_something_else_somewhere_are_refused_with_a_place_or_work(folder, trees):
    path = folder({name: json.dumps(tree, default=str, indent=1) for name, tree in trees.items()})
    loaded = load_rules(path)
    for problem in loaded.problems:
        lines = Path(problem.file).read_text(encoding="utf-8").splitlines()
        assert problem.position.line <= len(lines) + 1
        assert problem.code in CODES
        assert problem.message
    if loaded.problems:
        return
    assert {problem.code for problem in warnings(loaded, SAMPLE_NOW)} <= set(CODES)
    ruleset = load_ruleset(json.loads(json.dumps(ruleset_document(loaded, revision=None))))
    for name in SAMPLES:
        assert not decide(sample(name), NO_ENTRY, ruleset, SAMPLE_NOW, Settings()).errors
    list(run_tests(loaded))


def test_unchanged_they_have_no_problems(folder):
    assert (
        load_rules(folder({name: json.dumps(tree, default=str) for name, tree in TREES.items()})).problems
        == ()
    )


@pytest.mark.parametrize("value", [None, [[]], {"a": []}], ids=repr)
def test_a_wrong_value_in_any_place_is_told_and_never_raises(folder, value):
    for name, tree in TREES.items():
        for path in list(paths_in(tree))[::5]:
            loaded = load_rules(folder({name: json.dumps(with_value(tree, path, value), default=str)}))
            warnings(loaded, SAMPLE_NOW)
