"""A rule as proofs see it: when it acts on a finding, and when that hides the finding."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeAlias

from hubtriage.engine.fields import SEVERITIES, SEVERITY, WORKFLOW, ParsedFinding
from hubtriage.engine.index.conjunctions import Conjunction, Source, lists_on
from hubtriage.engine.index.dnf import conjunctions_of, may_fail
from hubtriage.engine.index.value_sets import ValueSet
from hubtriage.engine.planning.baseline import baseline
from hubtriage.engine.ruleset.hiding import is_hiding
from hubtriage.engine.ruleset.ruleset import Rule
from hubtriage.engine.ruleset.update import Proposal
from hubtriage.proof.abstraction import Accounts, Asked
from hubtriage.proof.conditions import Conditions, applies, conditions_of
from hubtriage.proof.questions import Question

Finding: TypeAlias = Mapping[str, Any]
LABEL = ("Severity", "Label")
Severity: TypeAlias = tuple[str, str]
"""The label of a finding, and what its provider says."""
_ALL_SEVERITIES: Sequence[Severity] = tuple(
    (label, provided) for label in SEVERITIES for provided in SEVERITIES
)
_Texts: TypeAlias = Mapping[Source, frozenset[str]]


class ProvenRule:
    """A rule with its conditions; `now` (epoch seconds) is the present that ages count from.

    A rule acts on a finding if its conditions hold and the finding is not above its ceiling. Only whether it
    is above depends on the finding's severity, and so does whether a severity is lowered. Both the label and
    what the provider says of it count.
    """

    def __init__(self, rule: Rule, accounts: Accounts, now: float) -> None:
        self.rule = rule
        self._accounts = accounts
        self._now = now
        self._above: dict[Severity, bool] = {}

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

    @cached_property
    def may_fail(self) -> bool:
        """Whether there may be a finding on which the rule cannot be evaluated."""
        return may_fail(self.rule.source.get("when"))

    def acts(self, finding: Finding) -> bool:
        """Say whether the rule acts on a finding known in part."""
        return self.conditions.holds(finding) and self.may_act(finding)

    def may_act(self, finding: Finding) -> bool:
        """Say whether a finding known in part is not above the ceiling, whatever the conditions say."""
        return self._is_never_above or not self._is_above(severity_of(finding))

    @cached_property
    def severities_acted_on(self) -> frozenset[Severity]:
        """The severities of findings that are not above the ceiling."""
        return frozenset(one for one in _ALL_SEVERITIES if self._is_never_above or not self._is_above(one))

    @property
    def _is_never_above(self) -> bool:
        return not self._sets_what_hides or self.rule.ceiling == SEVERITIES[-1]

    def _is_above(self, severity: Severity) -> bool:
        if severity not in self._above:
            self._above[severity] = self.rule.is_above_ceiling(with_severity(*severity))
        return self._above[severity]

    def acts_on(self, finding: Finding) -> bool:
        """Ask the engine whether the rule acts on a complete finding."""
        base = baseline(ParsedFinding(finding), {})
        return applies(self.rule, finding, self._now) and not self.rule.is_above_ceiling(base)

    def severities(self, wanted: Callable[[Proposal, ParsedFinding], bool]) -> frozenset[Severity]:
        """Return the severities of findings for which the rule proposes what is wanted.

        That is asked of the severity alone: what else a proposal takes from a finding is not there.
        """
        if SEVERITY not in self.rule.proposals.fields:
            base = with_severity(*_ALL_SEVERITIES[0])
            found = any(wanted(proposal, base) for proposal in self.rule.proposals.of(base))
            return frozenset(_ALL_SEVERITIES if found else ())
        bases = [(severity, with_severity(*severity)) for severity in _ALL_SEVERITIES]
        return frozenset(
            severity
            for severity, base in bases
            if any(wanted(proposal, base) for proposal in self.rule.proposals.of(base))
        )

    @cached_property
    def varying(self) -> frozenset[str]:
        """The fields that the rule sets to what depends on more of a finding than its severity."""
        fixed = {proposal.field for proposal in self.rule.proposals.constant}
        return frozenset(self.rule.proposals.fields) - fixed - {SEVERITY}

    @cached_property
    def hides_at(self) -> frozenset[Severity]:
        """The severities of findings that the rule would hide."""
        if not self._sets_what_hides:
            return frozenset()
        return self.severities(lambda proposal, base: is_hiding(proposal.field, proposal.value, base))

    @cached_property
    def may_undo(self) -> bool:
        """Whether it may set a status or a severity that does not hide."""
        if not self._sets_what_hides or self.rule.mode != "enforce":
            return False
        return bool(
            self.severities(
                lambda proposal, base: (
                    proposal.field in (WORKFLOW, SEVERITY)
                    and not is_hiding(proposal.field, proposal.value, base)
                )
            )
        )

    @cached_property
    def may_hide(self) -> bool:
        """Whether there is a finding, as its provider sends it, that the rule would hide."""
        return self._sets_what_hides and any(
            self.rule.hides(with_severity(label, label)) for label in SEVERITIES
        )

    @cached_property
    def _sets_what_hides(self) -> bool:
        return not {WORKFLOW, SEVERITY}.isdisjoint(self.rule.proposals.fields)

    def is_apart_from(self, other: ProvenRule) -> bool:
        """Say whether it is plain that no finding meets the conditions of both rules."""
        return any(
            source in other._texts and texts.isdisjoint(other._texts[source])
            for source, texts in self._texts.items()
        )

    @cached_property
    def _texts(self) -> _Texts:
        return _listed_texts(conjunctions_of(self.rule.source))


def whole_second(now: float) -> float:
    """Return the present time for proofs: a timestamp of a finding can have any whole number of days' age."""
    return float(round(now))


def severity_of(finding: Finding) -> Severity:
    """Return the severity of a finding known in part; its provider says the same unless a condition asks."""
    label: str = finding["Severity"]["Label"]
    provided = finding.get("FindingProviderFields", {}).get("Severity", {})
    return label, provided.get("Label", label)


def with_severity(label: str, provided: str) -> ParsedFinding:
    """Return a finding that nothing is known about but its severity."""
    said = {"Severity": {"Label": provided}}
    return ParsedFinding({"Severity": {"Label": label}, "FindingProviderFields": said})


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
