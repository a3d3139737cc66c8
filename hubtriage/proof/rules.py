"""A rule as proofs see it: when it acts on a finding, and when that hides the finding."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeAlias

from hubtriage.engine.fields import SEVERITIES, ParsedFinding
from hubtriage.engine.index.conjunctions import Conjunction, Source, lists_on
from hubtriage.engine.index.dnf import conjunctions_of
from hubtriage.engine.index.value_sets import ValueSet
from hubtriage.engine.planning.baseline import baseline
from hubtriage.engine.ruleset.ruleset import Rule
from hubtriage.engine.ruleset.update import Proposal
from hubtriage.proof.abstraction import Accounts, Asked
from hubtriage.proof.conditions import Conditions, applies, conditions_of
from hubtriage.proof.questions import Question

Finding: TypeAlias = Mapping[str, Any]
LABEL = ("Severity", "Label")
_Texts: TypeAlias = Mapping[Source, frozenset[str]]


class ProvenRule:
    """A rule with its conditions; `now` (epoch seconds) is the present that ages count from.

    A rule acts on a finding if its conditions hold and the finding is not above its ceiling. Only whether it
    is above depends on the finding's severity, and so does whether a severity is lowered.
    """

    def __init__(self, rule: Rule, accounts: Accounts, now: float) -> None:
        self.rule = rule
        self._accounts = accounts
        self._now = now

    @cached_property
    def conditions(self) -> Conditions:
        """When the rule matches."""
        return conditions_of(self.rule, self._accounts, self._now)

    @cached_property
    def asked(self) -> Asked:
        """What has to be known of a finding to say whether the rule acts on it, and hides it."""
        asked = Asked()
        asked.take_in(self.conditions.asked)
        asked.questions.append((LABEL, Question(lambda _value: True)))
        return asked

    def acts(self, finding: Finding) -> bool:
        """Say whether the rule acts on a finding known in part."""
        if not self.conditions.holds(finding):
            return False
        above = self._above
        return not above or finding["Severity"]["Label"] not in above

    def acts_on(self, finding: Finding) -> bool:
        """Ask the engine whether the rule acts on a complete finding."""
        base = baseline(ParsedFinding(finding), {})
        return applies(self.rule, finding, self._now) and not self.rule.is_above_ceiling(base)

    def labels(self, wanted: Callable[[Proposal, ParsedFinding], bool]) -> frozenset[str]:
        """Return the severities of findings for which the rule proposes what is wanted."""
        return frozenset(
            label
            for label in SEVERITIES
            if any(
                wanted(proposal, with_severity(label))
                for proposal in self.rule.proposals.of(with_severity(label))
            )
        )

    @cached_property
    def hides_at(self) -> frozenset[str]:
        """The severities of findings that the rule would hide."""
        return frozenset(label for label in SEVERITIES if self.rule.hides(with_severity(label)))

    def is_apart_from(self, other: ProvenRule) -> bool:
        """Say whether it is plain that no finding meets the conditions of both rules."""
        return any(
            source in other._texts and texts.isdisjoint(other._texts[source])
            for source, texts in self._texts.items()
        )

    @cached_property
    def _above(self) -> frozenset[str]:
        return frozenset(label for label in SEVERITIES if self.rule.is_above_ceiling(with_severity(label)))

    @cached_property
    def _texts(self) -> _Texts:
        return _listed_texts(conjunctions_of(self.rule.source))


def with_severity(label: str) -> ParsedFinding:
    """Return a finding that nothing is known about but its severity, which is its provider's."""
    severity = {"Label": label}
    return ParsedFinding({"Severity": severity, "FindingProviderFields": {"Severity": severity}})


def _listed_texts(conjunctions: Sequence[Conjunction]) -> _Texts:
    """Return the fields that have one value, which must be one of some texts, each with these texts."""
    if not conjunctions:
        return {}
    shared = set.intersection(*(set(one.constraints) for one in conjunctions))
    return {
        source: frozenset().union(*(one.constraints[source].texts for one in conjunctions))
        for source in shared
        if isinstance(source, tuple) and not lists_on(source)
        if all(_is_listed(one.constraints[source]) for one in conjunctions)
    }


def _is_listed(values: ValueSet) -> bool:
    return bool(values.texts) and values == ValueSet(texts=values.texts)
