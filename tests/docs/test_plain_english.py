"""The pages are written in plain English; one that is not yet would stand on a list that only shrinks."""

import pytest

from tests.docs.plain_english import (
    MOST_WORDS,
    blocks,
    docstring_flaws,
    flaws,
    flaws_of,
    help_texts,
    modules,
    pages,
    printed,
    read,
    sentences,
)
from tests.support.paths import ROOT

NOT_YET: set[str] = set()
"""Pages that still have flaws. Take a page off once it has none; put none on."""
NOT_YET_SAID: set[str] = set()
"""Texts of the software that still have flaws. Take a text off once it has none; put none on."""


@pytest.mark.parametrize("page", [page for page in pages() if page not in NOT_YET])
def test_a_page_is_written_in_plain_english(page: str) -> None:
    assert [f"{page}:{flaw}" for flaw in read(page)] == []


@pytest.mark.parametrize("module", modules())
def test_the_docstrings_of_a_module_are_in_plain_english(module: str) -> None:
    source = (ROOT / module).read_text(encoding="utf-8")
    assert [f"{module}:{flaw}" for flaw in docstring_flaws(source)] == []


def test_a_flaw_of_a_docstring_is_found_on_its_line() -> None:
    source = (
        '"""Read it.\n\nNobody\nelse may."""\nN = 1\n"""Parts, of which one is left."""\n\n\n'
        'def f():\n    """Return a file by which `nobody` is asked, if there is none; 4 of 5."""\n'
    )
    assert [flaw.line for flaw in docstring_flaws(source)] == [3, 6]


def test_the_list_names_only_pages_with_flaws() -> None:
    assert [page for page in sorted(NOT_YET) if not read(page)] == [], (
        "in plain English now: take them off the list"
    )


def test_what_the_software_prints_is_in_plain_english() -> None:
    found = {
        f"{name}: {flaw.message}"
        for name, text in printed()
        for flaw in flaws_of(text)
        if text not in NOT_YET_SAID
    }
    assert sorted(found) == []


def test_the_list_names_only_texts_that_are_printed_with_flaws() -> None:
    flawed = {text for _, text in printed() if flaws_of(text)}
    assert NOT_YET_SAID - flawed == set(), "in plain English now: take them off the list"


def test_help_and_messages_are_found() -> None:
    names = {name.rpartition("/")[0] for name, _ in printed()}
    assert names >= {"tests/golden/cli/help", "tests/golden/cli", "tests/golden/doctor", "docs/checks"}
    assert "tests/authoring/flaws" in names


def test_a_flaw_of_a_help_text_is_found_across_its_lines() -> None:
    shown = (
        "Usage: x\n\n  Parts, of\n  which one is left.\n\nOptions:\n  --a  One.\n  --b  `nobody` is asked.\n"
    )
    texts = list(help_texts(shown))
    assert [text for text in texts if flaws_of(text)] == ["Parts, of which one is left."]
    assert texts[-2:] == ["--a One.", "--b `nobody` is asked."]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("Nobody is asked.", "'Nobody'", id="nobody"),
        pytest.param("It has parts, most of which work.", "'of which'", id="an inverted clause"),
        pytest.param("An operator is told at once.", "'is told'", id="told"),
        pytest.param("| a |\n|---|\n| **somebody** did |", "'somebody'", id="in a cell"),
        pytest.param("What becomes\nof it.", "'What becomes of'", id="across lines"),
        pytest.param(f"It {'very ' * MOST_WORDS}long.", "32 words", id="a long sentence"),
        pytest.param(f"- It {'`a b` ' * MOST_WORDS}.", "31 words", id="code counts as one word"),
        pytest.param(f"[{'a ' * 31}](x.md)", "31 words", id="a link counts as its text"),
    ],
)
def test_a_flaw_is_found(text: str, said: str) -> None:
    (flaw,) = flaws(text)
    assert said in str(flaw)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("`nobody` and\n\n```text\nsomebody, of which\n```", id="in code"),
        pytest.param("| a | b |\n|---|---|\n" + f"| {'x ' * 20}| {'y ' * 20}|", id="cells are apart"),
        pytest.param(f"- {'x ' * 20}\n- {'y ' * 20}", id="items of a list are apart"),
        pytest.param(f"{'x ' * 20}! {'y ' * 20}? {'z ' * 20}.", id="sentences are apart"),
        pytest.param("[a](https://example.com/" + "nobody/" * 40 + ")", id="an address"),
    ],
)
def test_what_is_plain_is_left_alone(text: str) -> None:
    assert flaws(text) == []


def test_a_flaw_has_the_line_of_its_paragraph() -> None:
    assert [flaw.line for flaw in flaws("# Title\n\nFine.\n\nFine,\nsomebody said.\n")] == [5]


def test_an_abbreviation_and_a_version_end_no_sentence() -> None:
    assert sentences("Use one, e.g. 3.11 or later. Then go on.") == [
        "Use one, e.g. 3.11 or later",
        "Then go on",
    ]


def test_code_and_links_are_words_of_a_block() -> None:
    assert list(blocks("Run [`make test`](x.md) *now*.")) == [(1, "Run code now.")]
