"""Lint names the slips that people make in rules, and says nothing of rules that are right."""

import random
from collections.abc import Callable, Iterator
from functools import cache

import pytest

from tests.authoring.slips import DECEPTIONS, SLIPS, Case, Rule, correct_rules

SEED, SOME = 20, 40
LEAST = 0.95  # of the slips of each kind

Slip = Callable[[Rule], Iterator[Rule]]


@cache
def said_of(number: int) -> frozenset[str]:
    """What lint says of a correct rule."""
    return frozenset(correct_rules()[number].codes())


def planted(slip: Slip) -> list[tuple[int, Rule]]:
    """Each correct rule, by its number, with the slip wherever it applies."""
    return [(number, bad) for number, case in enumerate(correct_rules()) for bad in slip(case.rule)]


def missed(slip: Slip, rules: list[tuple[int, Rule]]) -> list[tuple[str, Rule]]:
    """The rules in which lint does not name the slip."""
    found = []
    for number, bad in rules:
        case = correct_rules()[number]
        codes = Case(case.name, bad, case.lists).codes() - said_of(number)
        if not codes & SLIPS[slip]:
            found.append((case.name, bad))
    return found


def test_lint_says_nothing_of_some_two_hundred_correct_rules() -> None:
    told = {case.name: said_of(number) & DECEPTIONS for number, case in enumerate(correct_rules())}
    assert len(told) >= 200
    assert {name: codes for name, codes in told.items() if codes} == {}


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.__name__)
def test_lint_names_a_slip(slip: Slip) -> None:
    rules = planted(slip)
    assert len(rules) >= 10
    drawn = random.Random(SEED).sample(rules, min(SOME, len(rules)))  # noqa: S311 - not for secrets
    assert missed(slip, drawn) == []


@pytest.mark.slow
@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.__name__)
def test_lint_names_a_slip_wherever_it_is_planted(slip: Slip) -> None:
    rules = planted(slip)
    assert len(missed(slip, rules)) <= len(rules) * (1 - LEAST)
