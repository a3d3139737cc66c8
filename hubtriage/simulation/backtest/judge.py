"""Judging findings: what a worker process does with a chunk of documents."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from hubtriage.engine.fields import Finding
from hubtriage.engine.planning.entry import Entry
from hubtriage.engine.planning.plan import Reasoning, Settings, decide, reason
from hubtriage.engine.ruleset.ruleset import Ruleset, load_ruleset
from hubtriage.simulation.backtest.applied import applied
from hubtriage.simulation.backtest.facts import FindingFacts, facts_of
from hubtriage.simulation.backtest.outcome import FindingOutcome, outcome_of, undecidable_outcome
from hubtriage.simulation.backtest.sample import FindingSample
from hubtriage.simulation.exported import ExportedFinding
from hubtriage.simulation.inputs.documents import Document
from hubtriage.simulation.inputs.findings import Unusable, items_of
from hubtriage.simulation.inputs.problems import Rejected

_LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Task:
    """What is tried out: the compiled rule set, at which time (epoch seconds), by whom.

    With `old`, a compiled rule set too, each finding is first brought to where those rules leave it.
    `examples` is how many findings are kept whole for each thing that a rule does, `sample` how many in all,
    to try the conditions of each rule on. `listed` is how many findings a page lists, without their fields.
    """

    ruleset: Mapping[str, Any]
    now: float
    settings: Settings
    old: Mapping[str, Any] | None = None
    examples: int = 0
    sample: int = 0
    listed: int = 0


class Judged(NamedTuple):
    """An outcome; `finding` is the finding as it was judged, as JSON, where it may serve as an example.

    `entry` is what was known of such a finding; None if nothing was. `baseline` is the finding without
    triage, as JSON, where it may be in the sample. `facts` are there where a page lists findings.
    """

    outcome: FindingOutcome
    finding: str | None = None
    entry: Entry | None = None
    baseline: str | None = None
    facts: FindingFacts | None = None


class Judge:
    """Decides findings one after another, and stops giving examples when it has given enough."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._ruleset = load_ruleset(task.ruleset)
        self._old = load_ruleset(task.old) if task.old is not None else None
        self._rules = {rule.id: rule for rule in self._ruleset.rules}
        self._given: Counter[tuple[str, str]] = Counter()
        self._sample = FindingSample(task.sample)

    def judge(self, documents: Sequence[Document]) -> list[Judged | Rejected]:
        """Return one result for each finding of some documents, in their order."""
        return [result for document in documents for result in self._results(document)]

    def _results(self, document: Document) -> Iterator[Judged | Rejected]:
        for item in items_of(document):
            if isinstance(item, Unusable):
                reason = item.reason[:_LONGEST_REASON]
                yield Rejected(document.place, reason, item.instead, item.is_rest)
            else:
                judged = self._judge(item)
                yield judged._replace(facts=facts_of(item.finding)) if self._task.listed else judged

    def _judge(self, item: ExportedFinding) -> Judged:
        if item.undecidable:
            return Judged(undecidable_outcome(item.finding, item.undecidable[:_LONGEST_REASON]))
        if self._old is not None:
            return self._judge_change(item, self._old)
        reasoning = self._reasoning(item.finding, item.known)
        outcome = outcome_of(item.finding, reasoning, self._rules, self._stopped(reasoning))
        entry = None if item.entry is None else item.known
        found = self._with_example(outcome._replace(in_doubt=item.is_in_doubt), item.finding, entry)
        return found._replace(baseline=self._sample.take(outcome.key, reasoning.baseline.raw))

    def _judge_change(self, item: ExportedFinding, old: Ruleset) -> Judged:
        """Judge the finding, and its entry, as the old rules leave them."""
        before = decide(item.finding, item.known, old, self._task.now, self._task.settings)
        finding = applied(item.finding, before.update, self._task.settings.udf)
        outcome = self._outcome(finding, before.after)
        if outcome.refused and before.refused:
            outcome = outcome._replace(verdict="unchanged", refused=None)
        return self._with_example(outcome._replace(in_doubt=item.is_in_doubt), finding, before.after)

    def _outcome(self, finding: Finding, entry: Entry) -> FindingOutcome:
        reasoning = self._reasoning(finding, entry)
        return outcome_of(finding, reasoning, self._rules, self._stopped(reasoning))

    def _reasoning(self, finding: Finding, entry: Entry) -> Reasoning:
        return reason(finding, entry, self._ruleset, self._task.now, self._task.settings)

    def _with_example(self, outcome: FindingOutcome, finding: Finding, entry: Entry | None) -> Judged:
        return Judged(outcome, json.dumps(finding), entry) if self._is_example(outcome) else Judged(outcome)

    def _stopped(self, reasoning: Reasoning) -> tuple[str, ...]:
        """Return rules that match, but that a terminal rule came before."""
        if not any(self._rules[name].terminal for name in reasoning.fold.rules):
            return ()
        folded = reasoning.fold
        looked_at = {*folded.rules, *folded.watched, *folded.above_ceiling, *folded.undecided}
        matching, errors, _undecided = self._ruleset.match_finding(reasoning.baseline, self._task.now)
        return tuple(rule.id for rule in matching if rule.id not in looked_at and rule.id not in errors)

    def _is_example(self, outcome: FindingOutcome) -> bool:
        """Say whether some rule has too few examples of what it does to this finding."""
        if not self._task.examples:
            return False
        roles = set(outcome.roles)
        wanted = any(self._given[role] < self._task.examples for role in roles)
        self._given.update(roles)
        return wanted
