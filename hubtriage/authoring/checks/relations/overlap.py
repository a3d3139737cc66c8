"""Find rules that can match the same finding, and rules that match wherever another one does."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property, reduce
from typing import Any

from hubtriage.authoring.checks.linted_rule import LintedRule
from hubtriage.authoring.checks.producers import producers_of
from hubtriage.authoring.checks.set_relations import is_choice_of_texts, is_within
from hubtriage.engine.fields import NOTE, SEVERITY, WORKFLOW, user_field
from hubtriage.engine.index.conjunctions import Conjunction, Source, lists_on


class RuleOverlaps:
    """Which rules can match a finding that another one matches; rules that are off are left out."""

    def __init__(self, rules: list[LintedRule]):
        acting = [rule for rule in rules if rule.model.mode != "off"]
        self.rules = sorted(acting, key=lambda rule: (rule.model.order, rule.id))
        self._positions = {id(rule): index for index, rule in enumerate(self.rules)}

    def earlier(self, rule: LintedRule) -> Iterator[LintedRule]:
        """Yield the rules that are evaluated before a rule and can match the same finding."""
        mask = self._overlapping(rule) & ((1 << self._positions[id(rule)]) - 1)
        return self._of(mask)

    def later(self, rule: LintedRule) -> Iterator[LintedRule]:
        """Yield the rules that are evaluated after a rule and can match the same finding."""
        position = self._positions[id(rule)] + 1
        return self._of(self._overlapping(rule) >> position << position)

    def includes(self, rule: LintedRule) -> bool:
        """Say whether the rule is one of these rules, that is, not off."""
        return id(rule) in self._positions

    def _of(self, mask: int) -> Iterator[LintedRule]:
        while mask:
            lowest = mask & -mask
            yield self.rules[lowest.bit_length() - 1]
            mask ^= lowest

    def _overlapping(self, rule: LintedRule) -> int:
        """Return one bit for each rule that may match the same finding."""
        return self._all_overlapping[self._positions[id(rule)]]

    @cached_property
    def _all_overlapping(self) -> list[int]:
        return [self._bits_of_overlapping(choices) for choices in self._choices]

    def _bits_of_overlapping(self, choices: Mapping[Source, frozenset[str]]) -> int:
        mask = (1 << len(self.rules)) - 1
        for source, texts in choices.items():
            by_text, choosing = self._tables[source]
            mask &= ~choosing | reduce(int.__or__, (by_text.get(text, 0) for text in texts), 0)
        return mask

    @cached_property
    def _choices(self) -> list[Mapping[Source, frozenset[str]]]:
        """For each rule, its single-valued fields that must be one of some texts, and those texts."""
        return [{**_choices(one.conjunctions), **_producers(one)} for one in self.rules]

    @cached_property
    def _tables(self) -> Mapping[Source, tuple[Mapping[str, int], int]]:
        """By field: by text the rules (as bits) that accept it, and all rules that ask for texts there."""
        by_text: dict[Source, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        choosing: dict[Source, int] = defaultdict(int)
        for index, choices in enumerate(self._choices):
            for source, texts in choices.items():
                choosing[source] |= 1 << index
                for text in texts:
                    by_text[source][text] |= 1 << index
        return {source: (by_text[source], choosing[source]) for source in choosing}


def _choices(conjunctions: list[Conjunction]) -> Mapping[Source, frozenset[str]]:
    """Return the fields that every conjunction limits to listed texts, each with all its texts."""
    if not conjunctions:
        return {}
    shared = set.intersection(*({*conjunction.constraints} for conjunction in conjunctions))
    return {
        source: frozenset().union(*(conjunction.constraints[source].texts for conjunction in conjunctions))
        for source in shared
        if isinstance(source, tuple) and not lists_on(source)
        if all(is_choice_of_texts(conjunction.constraints[source]) for conjunction in conjunctions)
    }


_PRODUCER: Source = "producer"


def _producers(rule: LintedRule) -> Mapping[Source, frozenset[str]]:
    products = producers_of(rule)
    return {} if products is None else {_PRODUCER: products}


def implies(narrow: LintedRule, wide: LintedRule) -> bool:
    """Say whether the conditions of the wide rule plainly hold wherever those of the narrow one do."""
    if wide.loaded.match == narrow.loaded.match and wide.loaded.when == narrow.loaded.when:
        return True
    return bool(narrow.conjunctions) and all(
        any(_conjunction_implies(one, other) for other in wide.conjunctions) for one in narrow.conjunctions
    )


def _conjunction_implies(narrow: Conjunction, wide: Conjunction) -> bool:
    if not wide.exact:
        return False
    return all(
        source in narrow.constraints and is_within(narrow.constraints[source], values)
        for source, values in wide.constraints.items()
    )


def fields_set(rule: LintedRule) -> dict[str, Any]:
    """Return what the rule sets, by the engine's names of fields."""
    update = rule.model.update.model_dump(exclude_unset=True, exclude_none=True)
    keys = update.pop("UserDefinedFields", {})
    fields = {_NAMES.get(member, member): value for member, value in update.items()}
    return fields | {user_field(key): value for key, value in keys.items()}


_NAMES = {"Workflow": WORKFLOW, "Severity": SEVERITY, "Note": NOTE}
