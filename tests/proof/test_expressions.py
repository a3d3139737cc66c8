"""A regular expression that is taken apart holds for the same texts as in the engine."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.engine.jsonlogic import compile_logic
from hubtriage.proof.expressions import forms_of
from hubtriage.proof.languages import texts_by_membership
from tests.support.examples import examples

TEXTS = ["".join(letters) for size in range(1, 6) for letters in product("ab\n", repeat=size)] + [
    *("a-b", "a.b", "axb", "1", "12", "123", "-", "aab-", "ab-aab", "^a", "a$", "ac", "bc", "c"),
]
SIMPLE = [
    *("a", "^a", "b$", "^ab$", "a.b", r"a\.b", "^a.*b$", "^a.+$", ".+", "^.$", "^[ab]{2}$", r"^\d{2}$"),
    *("a|b$", "^a|^b", "(a|b)-", "^(?:a|ab)(b|-)$", "^$", "[a-b]", "", "^(a.|b)c?"[:-1], r"\-", "(^a|b$)"),
]
NOT_SIMPLE = [
    *(
        "a*",
        "a+",
        "a?",
        "(?i)a",
        "(a",
        "a)",
        "[^a]",
        "[a",
        "a{2,3}",
        "a{0}",
        r"\w",
        r"\b",
        "a^b",
        "$a",
        "x$y",
    ),
    *("(ab)*", "(a|b)+", ".*?", ".{2}+", r"[\d]", "a{", r"\?", "[9-A]", "^*", "[[:alpha:]]", "\\"),
]


@pytest.mark.parametrize("expression", SIMPLE)
def test_the_forms_of_an_expression_hold_where_it_is_found(expression: str) -> None:
    forms = forms_of(expression)
    assert forms is not None
    found = compile_logic({"regex": [{"var": ""}, expression]}) if expression else lambda _text: True
    for text in TEXTS:
        assert any(form.matches(text) for form in forms) == found(text), text


@pytest.mark.parametrize("expression", NOT_SIMPLE)
def test_another_expression_has_no_forms(expression: str) -> None:
    assert forms_of(expression) is None


_PIECES = st.sampled_from(["a", "b", ".", ".*", ".+", "[ab]", "(a|b)", r"\.", "^", "$", "|", "b{2}", "-"])


@examples(300)
@given(st.lists(_PIECES, min_size=1, max_size=6).map("".join))
def test_any_expression_that_has_forms(expression: str) -> None:
    forms = forms_of(expression)
    if forms is None:
        return
    found = compile_logic({"regex": [{"var": ""}, expression]})
    for text in TEXTS:
        assert any(form.matches(text) for form in forms) == found(text), text
    ways = texts_by_membership(forms)
    for text in TEXTS if ways is not None else ():
        if not text.isspace():
            assert tuple(form.matches(text) for form in forms) in ways, text
