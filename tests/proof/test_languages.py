"""Patterns of texts mean what the engine's own tests mean, and no way in which they overlap is missed."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.engine.jsonlogic import compile_logic
from hubtriage.engine.pattern.fields import compile_field
from hubtriage.proof.languages import (
    FixedForm,
    TextPattern,
    beginning,
    containing,
    ending,
    exactly,
    in_any_case,
    lowered,
    texts_by_membership,
    with_stars,
)
from tests.support.examples import examples

LETTERS = "aAbkK\u212ai\u0130-\u00df "
SHORT_TEXTS = ["".join(letters) for size in range(1, 5) for letters in product("ab-", repeat=size)]
_texts = st.text(LETTERS, min_size=1, max_size=4)
_pieces = st.text("ab-", min_size=0, max_size=3)
_made = st.one_of(
    _pieces.map(exactly),
    _pieces.map(beginning),
    _pieces.map(ending),
    _pieces.map(containing),
    st.text("ab-*?", max_size=4).map(lambda text: with_stars(text, single=True)),
)


@examples(200)
@given(st.lists(_made, min_size=1, max_size=4))
def test_every_way_in_which_patterns_overlap_has_a_text(patterns: list[TextPattern]) -> None:
    found = texts_by_membership(patterns)
    assert found is not None
    for memberships, text in found.items():
        assert tuple(pattern.matches(text) for pattern in patterns) == memberships
    for text in SHORT_TEXTS:
        assert tuple(pattern.matches(text) for pattern in patterns) in found


@pytest.mark.parametrize(
    ("logic", "pattern"),
    [
        pytest.param({"starts_with": [{"var": ""}, "ab"]}, beginning("ab"), id="a beginning"),
        pytest.param({"ends_with": [{"var": ""}, "-a"]}, ending("-a"), id="an end"),
        pytest.param({"in": ["b-", {"var": ""}]}, containing("b-"), id="a part"),
        pytest.param({"glob": [{"var": ""}, "a?*-"]}, with_stars("a?*-", single=True), id="a glob"),
        pytest.param({"glob": [{"var": ""}, r"a\*\\"]}, with_stars(r"a\*\\", single=True), id="escapes"),
        pytest.param({"==": [{"var": ""}, "ab"]}, exactly("ab"), id="a text"),
        pytest.param(
            {"==": [{"lower": [{"var": ""}]}, "ak"]}, lowered(exactly("ak")), id="a text in lower case"
        ),
        pytest.param(
            {"starts_with": [{"lower": [{"var": ""}]}, "i"]},
            lowered(beginning("i")),
            id="the start of lower case",
        ),
        pytest.param(
            {"in": ["i", {"lower": [{"var": ""}]}]}, lowered(containing("i")), id="a part of the lower case"
        ),
        pytest.param(
            {"ends_with": [{"lower": [{"var": ""}]}, "i"]},
            lowered(ending("i")),
            id="the end of the lower case",
        ),
    ],
)
def test_a_pattern_holds_where_the_operator_does(logic: object, pattern: TextPattern | None) -> None:
    assert pattern is not None
    operator = compile_logic(logic)
    for size in range(1, 4):
        for letters in product(LETTERS + "*\\", repeat=size):
            text = "".join(letters)
            assert pattern.matches(text) == operator(text), text


@examples(300)
@given(st.text("aAkK\u212a\u00e9\u00c9-", min_size=1, max_size=3), _texts)
def test_any_case_is_that_of_event_patterns(word: str, text: str) -> None:
    pattern = in_any_case(exactly(word))
    assert pattern is not None
    assert pattern.matches(text) == compile_field([{"equals-ignore-case": word}], ()).holds(text)


@pytest.mark.parametrize("word", ["stra\u00dfe", "\u0130"])
def test_a_letter_whose_other_case_takes_two_characters_has_no_pattern(word: str) -> None:
    assert in_any_case(exactly(word)) is None


@pytest.mark.parametrize("text", ["\u03c3", "i\u0307", "\u03c2x"])
def test_what_the_lower_case_of_a_letter_is_may_depend_on_others(text: str) -> None:
    assert lowered(exactly(text)) is None


def test_all_texts_have_the_form_of_the_field() -> None:
    found = texts_by_membership([beginning("12"), exactly("34")], FixedForm("0123456789", 3))
    assert found is not None
    assert {memberships: len(text) for memberships, text in found.items()} == {
        (False, False): 3,
        (True, False): 3,
    }


def test_blank_texts_are_none() -> None:
    assert texts_by_membership([exactly(" ")]) == {(False,): "x"}
    assert texts_by_membership([beginning(" ")]) == {(False,): "x", (True,): " x"}


def test_too_many_combinations_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubtriage.proof.languages.MOST_STATES", 10)
    assert texts_by_membership([containing("abcdefghijkl")]) is None
