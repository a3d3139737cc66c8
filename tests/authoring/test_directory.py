"""The account directory after a synchronisation, and the file that it is written to."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtriage.authoring.directory import attributes_changed, merged, rules_that_look_at, written
from hubtriage.authoring.loader import load_rules

A, B, C = "111122223333", "012345678901", "444455556666"


@pytest.mark.parametrize(
    ("present", "found", "prune", "after"),
    [
        pytest.param({}, {A: {"name": "a"}}, False, {A: {"name": "a"}}, id="a new account comes in"),
        pytest.param({A: {"name": "a"}}, {}, False, {}, id="one that left goes"),
        pytest.param(
            {A: {"tier": "gold", "name": "old"}},
            {A: {"name": "new", "ou": "x"}},
            False,
            {A: {"tier": "gold", "name": "new", "ou": "x"}},
            id="what was found wins, what people wrote stays",
        ),
        pytest.param(
            {A: {"tier": "gold"}},
            {A: {"name": "new"}},
            True,
            {A: {"name": "new"}},
            id="pruned, it does not stay",
        ),
    ],
)
def test_merged(present, found, prune, after):
    assert merged(present, found, prune=prune) == after


def test_comments_at_the_head_stay_and_accounts_are_lines_in_order():
    before = "# Ours.\n\n# Two.\naccounts:\n  # lost\n"
    text = written({A: {"name": "a"}, B: {"name": "b", "ou": "x/y"}}, before)
    assert text == (f'# Ours.\n\n# Two.\naccounts:\n  "{B}": {{name: b, ou: x/y}}\n  "{A}": {{name: a}}\n')


def test_an_empty_directory_is_still_a_file():
    assert "accounts: {}" in written({}, "# Ours.\n")


NASTY = [
    "no",
    "1.10",
    "0123",
    "2026-10-01",
    "~",
    "",
    " x ",
    "a: b",
    "a, b",
    "{x}",
    "[y]",
    "#z",
    "it's",
    'q"q',
    "é",
    "0E0",
    "1_0",
    "0o7",
    "1:30",
    "?0",
    "? 0",
    ":0",
    "::",
    "-",
    "-0",
    "a:",
    "a?",
    "...",
    "---",
    "%a",
    "@a",
    "`a",
]


def loads_back(folder: Path, accounts: dict[str, dict[str, str]]) -> None:
    (folder / "accounts.yaml").write_text(written(accounts), encoding="utf-8")
    loaded = load_rules(folder)
    assert loaded.errors == ()
    assert loaded.accounts == accounts


@pytest.mark.parametrize("value", NASTY)
def test_every_text_is_read_as_the_text_that_it_is(tmp_path, value):
    loads_back(tmp_path, {B: {"name": value, "ou": "x"}})


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=30))
def test_any_text_is_read_as_the_text_that_it_is(tmp_path_factory, value):
    loads_back(tmp_path_factory.mktemp("rules"), {A: {"name": value}})


def test_attributes_that_differ_are_named_once():
    before = {A: {"name": "a", "ou": "x"}, B: {"tier": "gold"}}
    after = {A: {"name": "a", "ou": "y"}, C: {"name": "c"}}
    assert attributes_changed(before, after) == {"ou", "tier", "name"}
    assert attributes_changed(before, before) == set()


def test_rules_are_named_that_look_at_an_attribute_or_may(tmp_path):
    update = "{{Workflow: {{Status: SUPPRESSED}}, Note: {{Text: Accepted.}}}}"
    rule = f"  - {{{{id: {{0}}, when: {{1}}, update: {update}}}}}\n"
    (tmp_path / "r.yaml").write_text(
        "rules:\n"
        + rule.format("asks", '{"==": [{account: environment}, prod]}')
        + rule.format("asks-in-a-list", '{"and": [{"!": [{account: [environment]}]}, true]}')
        + rule.format("asks-another", '{"==": [{account: owner}, shop]}')
        + rule.format("asks-nothing", "true")
        + "  - {id: fills-in, when: true, update: {UserDefinedFields: {of: '{account.environment}'}}}\n"
        + "  - {id: fills-in-another, when: true, update: {Note: {Text: '{account.owner} {rule.id}'}}}\n"
        + "  - {id: owned, when: true, owner: {account: environment}, update: {Confidence: 1}}\n"
    )
    (tmp_path / "accounts.yaml").write_text(f'accounts: {{"{A}": {{environment: prod, owner: shop}}}}\n')
    loaded = load_rules(tmp_path)
    assert loaded.errors == ()
    looking = ["asks", "asks-in-a-list", "fills-in", "owned"]
    assert rules_that_look_at(loaded.rules, {"environment"}) == looking
