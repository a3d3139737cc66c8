"""Every operator on texts takes time that grows with the text, whatever characters it is made of."""

import time

import pytest

from hubtriage.engine.pattern import compile_pattern

CPU_SECONDS = 1.0
"""A hundred times what the slowest takes here; trying every place or every case anew would take minutes."""
PATTERN = 500
TEXT = 100_000

CHARACTERS = {
    "a letter with two cases": "a",
    "a digit, which has no case": "1",
    "a sign of expressions": ".",
    "a backslash": "\\",
    "a blank": " ",
    "a line break": "\n",
    "a letter without cases": "中",
    "a letter of two upper letters": "ß",
    "a letter of two lower letters": "İ",
    "a ligature of three": "ﬃ",
    "a letter whose title case is a third": "ǆ",
    "a mark that combines": "\u0301",
    "a character beyond the first plane": "\U0001f480",
    "half a surrogate pair": "\ud800",
}
NEAR_MISSES = {
    "wrong at its end": lambda one: one * TEXT + "!",
    "wrong at its start": lambda one: "!" + one * TEXT,
    "wrong in the middle": lambda one: one * (TEXT // 2) + "!" + one * (TEXT // 2),
    "in the other case, wrong at its end": lambda one: one.swapcase() * TEXT + "!",
    "of the pattern's length, wrong at its end": lambda one: one * (PATTERN - 1) + "!",
    "of the pattern's length, wrong at its start": lambda one: "!" + one * (PATTERN - 1),
}
OPERATORS = {
    "exact": lambda text: text,
    "prefix": lambda text: {"prefix": text},
    "suffix": lambda text: {"suffix": text},
    "prefix in any case": lambda text: {"prefix": {"equals-ignore-case": text}},
    "suffix in any case": lambda text: {"suffix": {"equals-ignore-case": text}},
    "equal in any case": lambda text: {"equals-ignore-case": text},
    "wildcard": lambda text: {"wildcard": f"*{escaped(text)}?*{escaped(text)}?*"},
    "none in any case": lambda text: {"anything-but": {"equals-ignore-case": [text, f"{text}x"]}},
    "no suffix": lambda text: {"anything-but": {"suffix": [text, f"{text}x"]}},
    "cidr": lambda _text: {"cidr": "10.0.0.0/8"},
}


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\")


@pytest.mark.usefixtures("only_own_garbage")
@pytest.mark.parametrize("miss", NEAR_MISSES.values(), ids=NEAR_MISSES)
@pytest.mark.parametrize("one", CHARACTERS.values(), ids=CHARACTERS)
@pytest.mark.parametrize("operator", OPERATORS.values(), ids=OPERATORS)
def test_a_near_miss_is_told_in_time(operator, one, miss):
    matches = compile_pattern({"Title": [operator(one * PATTERN)]})
    value = miss(one)
    began = time.process_time()
    matches({"Title": value})
    assert time.process_time() - began < CPU_SECONDS


@pytest.mark.parametrize("one", CHARACTERS.values(), ids=CHARACTERS)
def test_what_ends_in_any_case_is_what_is_equal_in_any_case(one):
    """Reading from the end finds what reading from the start would find."""
    ends = compile_pattern({"Title": [{"suffix": {"equals-ignore-case": f"x{one}{one}y"}}]})
    equals = compile_pattern({"Title": [{"equals-ignore-case": f"x{one}{one}y"}]})
    for case in (one.lower(), one.upper(), one):
        for text in (f"x{case}{one}y", f"X{one}{case}Y", f"x{case}y", f"{case}{case}y"):
            assert ends({"Title": f"anything{text}"}) is equals({"Title": text})
    assert not ends({"Title": ""})
