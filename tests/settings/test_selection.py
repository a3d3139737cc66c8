"""Rules that a deployment takes, by their tags: no misspelt tag ends a rule or brings one into force."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.authoring.loader import load_rules
from hubtriage.settings.configuration import Configuration
from hubtriage.settings.errors import ConfigurationError
from hubtriage.settings.selection import RuleSelection
from tests.support.examples import examples

RULES = """\
defaults: {tags: [shared]}
rules:
  - {id: a, when: true, terminal: true}
  - {id: b, tags: [lab], when: true, terminal: true}
  - {id: c, tags: [lab, prod], when: true, terminal: true}
"""
BARE = "rules: [{id: d, when: true, terminal: true}]\n"
TAGS = {"a": {"shared"}, "b": {"lab"}, "c": {"lab", "prod"}, "d": set()}
SOME = st.lists(st.sampled_from(["shared", "lab", "prod"]), unique=True).map(tuple)


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rules")
    (folder / "a.yaml").write_text(RULES)
    (folder / "b.yaml").write_text(BARE)
    return folder


def taken(selection: RuleSelection, folder: Path) -> set[str]:
    return {rule.id for rule in selection.select(load_rules(folder)).rules}


@given(only=SOME, without=SOME)
@examples(30)
def test_a_rule_is_taken_for_one_wanted_tag_and_no_unwanted_one(
    only: tuple[str, ...], without: tuple[str, ...], rules: Path
) -> None:
    expected = {
        rule for rule, tags in TAGS.items() if (not only or tags & set(only)) and not tags & set(without)
    }
    assert taken(RuleSelection(only, without), rules) == expected


def test_without_tags_in_the_settings_all_are_taken(rules: Path) -> None:
    assert taken(RuleSelection.of(Configuration()), rules) == set(TAGS)


def test_a_tag_that_no_rule_has_is_refused_and_what_was_meant_is_said(rules: Path) -> None:
    with pytest.raises(ConfigurationError) as raised:
        taken(RuleSelection(("lab", "prd"), ("nothing-like-it",)), rules)
    assert raised.value.problems == (
        "only-rules-tagged: no rule has the tag 'prd'\n  hint: did you mean `prod`?",
        "without-rules-tagged: no rule has the tag 'nothing-like-it'\n  hint: known: lab, prod, shared",
    )


def test_the_old_rules_of_a_diff_may_lack_a_tag(rules: Path) -> None:
    selected = RuleSelection(("prod", "new"), ("newer",)).select_known(load_rules(rules))
    assert [rule.id for rule in selected.rules] == ["c"]


def test_no_tag_is_wanted_and_unwanted() -> None:
    context = {"hubtriage:only-rules-tagged": "lab,prod", "hubtriage:without-rules-tagged": "prod"}
    with pytest.raises(ConfigurationError, match="rules tagged prod are wanted alone, and to be left out"):
        Configuration.from_context(context)


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        pytest.param("[Lab]", "'Lab' is not a tag", id="capitals"),
        pytest.param("[]", "E105", id="none"),
        pytest.param("lab", "E103", id="a text for a list"),
        pytest.param("[lab, lab]", "'lab' appears twice", id="twice"),
        pytest.param("", "there is no value here", id="nothing"),
    ],
)
def test_a_tag_that_is_none_is_an_error_of_the_rule(
    tags: str, message: str, folder: Callable[[str], Path]
) -> None:
    text = f"rules:\n  - id: a\n    tags: {tags}\n    when: true\n    terminal: true\n"
    (problem,) = load_rules(folder(text)).problems
    assert message in problem.render()
