"""Python's regular expressions find here what Python finds, or are refused."""

import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.engine.jsonlogic import compile_logic
from hubtriage.interop.criteria.input import Refused
from hubtriage.interop.criteria.model import TextTest
from hubtriage.interop.importers.regexes import counts_ascii_words, read_regex
from tests.support.examples import examples

ATOMS = (
    "a", "b", "-", "/", "é", r"\.", r"\-", r"\/", ".", r"\d", r"\w", r"\s", r"\D", r"\W", r"\S", "[a-b]",
    "[^a]", "[]a]", "[^]a]", "[a[^]", r"[\w-]", r"[^\s/]", r"[\d.]", r"[^\D]", "(a|b)", "(?:a|-)", "(?P<n>b)",
    "^", "$", r"\A", r"\Z", r"\u00e9", r"\x41", r"\n", r"[\b]", "(?i:A)", "{", "}", r"\{",
)  # fmt: skip
QUANTIFIERS = ("", "", "", "*", "+", "?", "*?", "{1,2}", "{,2}", "{2}", "{1,}")
TEXTS = (
    "a",
    "b",
    "A",
    "-",
    ".",
    "/",
    "é",
    "1",
    "\n",
    "_",
    "٣",
    " ",
    "\x1f",
    "\u2003",
    "{",
    "}",
    "]",
    "[",
    "^",
)


def random_expression(random: Random) -> str:
    parts = [random.choice(ATOMS) + random.choice(QUANTIFIERS) for _ in range(random.randint(1, 5))]
    return (
        random.choice(("", "", "(?i)")) + "".join(parts) + random.choice(("", "", "|" + random.choice(ATOMS)))
    )


def finds(test: TextTest, text: str) -> bool:
    if test.how != "regex":
        return test.holds(text)
    return bool(compile_logic({"regex": [{"var": "x"}, test.value]})({"x": text}))


@examples(300)
@given(st.integers(0, 2**32).map(Random))
def test_an_expression_finds_what_python_finds(random: Random) -> None:
    expression = random_expression(random)
    try:
        test = read_regex(expression, ())
    except Refused:
        return
    pattern = re.compile(expression)
    for _ in range(20):
        text = "".join(random.choices(TEXTS, k=random.randint(0, 6))).rstrip("\n")
        assert finds(test, text) == (pattern.search(text) is not None), (expression, test, text)


SIMPLE = [
    pytest.param(
        r"^arn:aws:s3:::my\-bucket$", TextTest("equals", "arn:aws:s3:::my-bucket"), id="a whole text"
    ),
    pytest.param("^arn:aws:s3", TextTest("prefix", "arn:aws:s3"), id="the start"),
    pytest.param(r"\.dev$", TextTest("suffix", ".dev"), id="the end"),
    pytest.param("sandbox", TextTest("contains", "sandbox"), id="a part"),
    pytest.param("^arn:.*-dev$", TextTest("regex", "^arn:.*-dev$"), id="an expression"),
]


@pytest.mark.parametrize(("expression", "test"), SIMPLE)
def test_plain_texts_become_comparisons(expression: str, test: TextTest) -> None:
    assert read_regex(expression, ()) == test


REFUSED = [
    pytest.param("(?!x)a", "perl", id="look-ahead"),
    pytest.param("(?<=x)a", "(?<", id="look-behind"),
    pytest.param(r"(a)\1", r"\1", id="a reference to a group"),
    pytest.param("(?P<n>a)(?P=n)", "(?P", id="a reference by name"),
    pytest.param("a++", "++", id="a possessive quantifier"),
    pytest.param("(?>a)", "(?>", id="an atomic group"),
    pytest.param("(?x) a", "(?x", id="the verbose flag"),
    pytest.param("a{1001}", "1001", id="too many repetitions"),
    pytest.param("[[:alpha:]]", "ambiguous", id="a class of POSIX, which is none to Python"),
    pytest.param(r"[\W_]", r"\W", id="the opposite of a class within a class"),
    pytest.param("(", "wrong", id="what Python does not take"),
    pytest.param("(" * 5000 + ")" * 5000, "wrong", id="hopeless nesting"),
    pytest.param(" ", "blank", id="a blank"),
]


@pytest.mark.parametrize(("expression", "reason"), REFUSED)
def test_what_re2_cannot_say_is_refused(expression: str, reason: str) -> None:
    with pytest.raises(Refused) as caught:
        read_regex(expression, ("Rules", 0))
    assert reason in caught.value.reason
    assert caught.value.path == ("Rules", 0)


@pytest.mark.parametrize(
    ("expression", "expected"), [(r"\bprod", True), (r"[\b]prod", False), (r"\\bprod", False)]
)
def test_word_boundaries_are_told_from_other_uses_of_the_letter(expression: str, expected: bool) -> None:
    assert counts_ascii_words(expression) is expected
