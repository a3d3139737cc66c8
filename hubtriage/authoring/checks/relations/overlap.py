"""How rules relate: which can match the same finding, and which match wherever another one does."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property, reduce
from typing import Any

from hubtriage.authoring.checks.linted_rule import LintedRule
from hubtriage.engine.fields import SEVERITY_RANK
from hubtriage.engine.index.dnf import Conjunction, Source, lists_on
from hubtriage.engine.index.value_sets import ValueSet

_LEAST, _MOST = float("-inf"), float("inf")


class RuleOverlaps:
    """The rules that are not off, in the order of evaluation."""

    def __init__(self, rules: list[LintedRule]):
        acting = [rule for rule in rules if rule.model.mode != "off"]
        self.rules = sorted(acting, key=lambda rule: (rule.model.order, rule.id))
        self._positions = {id(rule): index for index, rule in enumerate(self.rules)}

    def earlier(self, rule: LintedRule) -> Iterator[LintedRule]:
        """The rules before it that can match a finding that it matches, and act."""
        mask = self._mates(rule) & ((1 << self._positions[id(rule)]) - 1)
        return self._of(mask)

    def later(self, rule: LintedRule) -> Iterator[LintedRule]:
        """The rules after it that can match a finding that it matches, and act."""
        position = self._positions[id(rule)] + 1
        return self._of(self._mates(rule) >> position << position)

    def holds(self, rule: LintedRule) -> bool:
        """Whether the rule is one of them."""
        return id(rule) in self._positions

    def _of(self, mask: int) -> Iterator[LintedRule]:
        while mask:
            lowest = mask & -mask
            yield self.rules[lowest.bit_length() - 1]
            mask ^= lowest

    def _mates(self, rule: LintedRule) -> int:
        """One bit for each rule that is not known to match other findings only."""
        return self._all_mates[self._positions[id(rule)]]

    @cached_property
    def _all_mates(self) -> list[int]:
        return [self._mates_of(choices) for choices in self._choices]

    def _mates_of(self, choices: Mapping[Source, frozenset[str]]) -> int:
        mask = (1 << len(self.rules)) - 1
        for source, texts in choices.items():
            by_text, choosing = self._tables[source]
            mask &= ~choosing | reduce(int.__or__, (by_text.get(text, 0) for text in texts), 0)
        return mask

    @cached_property
    def _choices(self) -> list[Mapping[Source, frozenset[str]]]:
        """For each rule the fields with one value each of which it asks for one of some texts."""
        return [{**_choices(one.branches), **_producers(one)} for one in self.rules]

    @cached_property
    def _tables(self) -> Mapping[Source, tuple[Mapping[str, int], int]]:
        """By field: the rules (as bits) that take a text, and all rules that ask for texts there."""
        by_text: dict[Source, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        choosing: dict[Source, int] = defaultdict(int)
        for index, choices in enumerate(self._choices):
            for source, texts in choices.items():
                choosing[source] |= 1 << index
                for text in texts:
                    by_text[source][text] |= 1 << index
        return {source: (by_text[source], choosing[source]) for source in choosing}


def _choices(branches: list[Conjunction]) -> Mapping[Source, frozenset[str]]:
    if not branches:
        return {}
    shared = set.intersection(*({*branch.constraints} for branch in branches))
    return {
        source: frozenset().union(*(branch.constraints[source].texts for branch in branches))
        for source in shared
        if isinstance(source, tuple) and not lists_on(source)
        if all(_is_choice(branch.constraints[source]) for branch in branches)
    }


_PRODUCER: Source = "producer"
_SECURITY_HUB = "aws/securityhub"


def _producers(rule: LintedRule) -> Mapping[Source, frozenset[str]]:
    """The products whose findings alone the rule can match, where its conditions tell."""
    for match_field in rule.match_fields:
        if "$or" in match_field.place:
            continue
        if match_field.keys == ("ProductArn",):
            tails = {_product(value) for value, _place in match_field.alternatives}
            if None not in tails:
                return {_PRODUCER: frozenset(filter(None, tails))}
        is_control = match_field.keys == ("Compliance", "SecurityControlId") and match_field.plain_values
        tests = match_field.operators
        is_generator = match_field.keys == ("GeneratorId",) and not match_field.plain_values
        if is_control and not tests:
            return {_PRODUCER: frozenset((_SECURITY_HUB,))}  # AWS: only control findings have one
        if is_generator and all(_is_control_prefix(test, operand) for test, operand, _place in tests):
            return {_PRODUCER: frozenset((_SECURITY_HUB,))}
    return {}


def _product(alternative: Any) -> str | None:
    """Company and product of a ProductArn, or of the end of one."""
    if isinstance(alternative, dict):
        alternative = alternative.get("suffix") or alternative.get("wildcard")
    _head, separator, tail = str(alternative).rpartition(":product/")
    return tail if separator and "*" not in tail else None


def _is_control_prefix(test: str, operand: Any) -> bool:
    return test == "prefix" and isinstance(operand, str) and operand.startswith("security-control/")


def _is_choice(values: ValueSet) -> bool:
    """Whether only listed texts are in the set."""
    others = (values.prefixes, values.networks, values.numbers)
    flags = (values.other_texts, values.booleans, values.null, values.absent)
    return not any(others) and not any(flags)


def implies(narrow: LintedRule, wide: LintedRule) -> bool:
    """Whether the one rule surely matches, and is in force, wherever the other one is."""
    if not _outlasts(wide, narrow):
        return False
    if wide.loaded.match == narrow.loaded.match and wide.loaded.when == narrow.loaded.when:
        return True
    return bool(narrow.branches) and all(
        any(_branch_implies(one, other) for other in wide.branches) for one in narrow.branches
    )


def _outlasts(wide: LintedRule, narrow: LintedRule) -> bool:
    starts = [one.model.starts.seconds if one.model.starts else _LEAST for one in (wide, narrow)]
    ends = [one.model.expires.end if one.model.expires else _MOST for one in (wide, narrow)]
    return starts[0] <= starts[1] and ends[0] >= ends[1]


def ceiling_covers(wide: LintedRule, narrow: LintedRule) -> bool:
    """Whether the one rule's ceiling stops it on no finding that the other one acts on."""
    if not wide.hides or wide.model.ceiling == "CRITICAL":
        return True
    return narrow.hides and SEVERITY_RANK[narrow.model.ceiling] <= SEVERITY_RANK[wide.model.ceiling]


def _branch_implies(narrow: Conjunction, wide: Conjunction) -> bool:
    if not wide.exact:
        return False
    return all(
        source in narrow.constraints and _is_within(narrow.constraints[source], values)
        for source, values in wide.constraints.items()
    )


def _is_within(inner: ValueSet, outer: ValueSet) -> bool:
    """Whether one set is surely part of another; the outer has to be known exactly."""
    if inner == outer:
        return True
    if not (outer.exact_texts and outer.exact_numbers and outer.exact_booleans):
        return False
    if inner.networks or inner.numbers or inner.booleans or inner.other_texts:
        return False
    if (inner.null and not outer.null) or (inner.absent and not outer.absent):
        return False
    prefixes = tuple(outer.prefixes)
    return all(_takes(outer, prefixes, text) for text in inner.texts) and all(
        any(prefix.startswith(known) for known in prefixes) for prefix in inner.prefixes
    )


def _takes(values: ValueSet, prefixes: tuple[str, ...], text: str) -> bool:
    is_other = values.other_texts and text not in values.not_texts
    return text in values.texts or text.startswith(prefixes) or is_other


def fields_set(rule: LintedRule) -> dict[str, Any]:
    """What the rule sets, by field; each key of UserDefinedFields is a field."""
    update = rule.model.update.model_dump(exclude_unset=True, exclude_none=True)
    keys = update.pop("UserDefinedFields", {})
    return {**update, **{f"UserDefinedFields.{key}": value for key, value in keys.items()}}
