"""Which known word a misspelt one was meant to be, and what is suggested if none is like it."""

import pytest

from hubtriage.engine.text.suggestions import did_you_mean, nearest

COMMANDS = ("lint", "test", "Build")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        pytest.param("lnt", "lint", id="a letter is missing"),
        pytest.param("LINT", "lint", id="the case does not matter"),
        pytest.param("build", "Build", id="the known word keeps its case"),
        pytest.param("zzz", None, id="nothing is like it"),
        pytest.param(7, None, id="it is not even a text"),
    ],
)
def test_the_nearest_known_word(word: object, meant: str | None) -> None:
    assert nearest(word, COMMANDS) == meant


@pytest.mark.parametrize(
    ("known", "hint"),
    [
        pytest.param(["list", "lint"], "did you mean `lint`?", id="the nearest is named"),
        pytest.param(["b", "a"], "known: a, b", id="a few are listed, sorted"),
        pytest.param([], "", id="nothing is known"),
        pytest.param([str(number) for number in range(21)], "", id="too many to list"),
    ],
)
def test_the_hint(known: list[str], hint: str) -> None:
    assert did_you_mean("linnt", known) == hint


def test_a_fixed_vocabulary_may_be_listed_however_long_it_is() -> None:
    words = [f"operator-{number:02}" for number in range(30)]
    assert did_you_mean("zzz", words, most=30) == f"known: {', '.join(words)}"
