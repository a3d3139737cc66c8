"""Counting outcomes: by rule, account, product and severity; only a digest is kept of each finding."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from hubtriage.simulation.backtest.cost import CostTally
from hubtriage.simulation.backtest.effects import Effect, effects_of, rule_named
from hubtriage.simulation.backtest.judge import Judged, Task
from hubtriage.simulation.backtest.listing import Listing
from hubtriage.simulation.backtest.outcome import Clash, FindingOutcome, KeptField, Transition
from hubtriage.simulation.backtest.sample import FindingSample
from hubtriage.simulation.inputs.problems import Problems, Rejected
from hubtriage.simulation.signals import Signals

OTHERS = "other reasons"
_MOST_REASONS = 50


@dataclass(slots=True)
class Group:
    """What happens to some findings: all, or those of one account, product or severity."""

    findings: int = 0
    changed: int = 0
    hidden: int = 0
    taken_back: int = 0
    kept: int = 0

    def add(self, outcome: FindingOutcome) -> None:
        """Count a finding."""
        self.findings += 1
        self.changed += outcome.verdict == "changed"
        self.hidden += outcome.hides
        self.taken_back += outcome.takes_back
        self.kept += bool(outcome.kept)


@dataclass(slots=True)
class RuleGroup:
    """What a rule does, in findings: one that is counted twice in a column is not there twice.

    `matched` counts also those above the ceiling and those that are only observed; `stopped` are those that
    it matches but that a terminal rule came before. `held` are those on which it holds a field afterwards:
    they are given back when it ends, unless another rule wants the same. `transitions` are findings by field
    and values.
    """

    matched: int = 0
    changed: int = 0
    hidden: int = 0
    taken_back: int = 0
    kept: int = 0
    observed: int = 0
    above_ceiling: int = 0
    stopped: int = 0
    failed: int = 0
    held: int = 0
    transitions: Counter[Transition] = field(default_factory=Counter)
    would_transition: Counter[Transition] = field(default_factory=Counter)


@dataclass(slots=True)
class Tally:
    """All counts. A finding that stands in the input several times counts once, as it stands first."""

    task: Task
    verdicts: Counter[str] = field(default_factory=Counter)
    total: Group = field(default_factory=Group)
    repeated: int = 0
    overruled: int = 0
    rules: defaultdict[str, RuleGroup] = field(default_factory=lambda: defaultdict(RuleGroup))
    accounts: defaultdict[str, Group] = field(default_factory=lambda: defaultdict(Group))
    products: defaultdict[str, Group] = field(default_factory=lambda: defaultdict(Group))
    severities: defaultdict[str, Group] = field(default_factory=lambda: defaultdict(Group))
    transitions: Counter[Transition] = field(default_factory=Counter)
    kept_why: Counter[KeptField] = field(default_factory=Counter)
    clashes: Counter[Clash] = field(default_factory=Counter)
    clash_examples: dict[Clash, str] = field(default_factory=dict)
    refusals: Counter[str] = field(default_factory=Counter)
    undecidable: Counter[str] = field(default_factory=Counter)
    errors: Counter[tuple[str, str]] = field(default_factory=Counter)
    in_doubt: int = 0
    problems: Problems = field(default_factory=Problems)
    examples: dict[int, Judged] = field(default_factory=dict)
    cost: CostTally = field(default_factory=CostTally)
    sample: FindingSample = field(init=False)
    listing: Listing = field(init=False)
    signals: Signals[Effect] = field(default_factory=Signals)
    _keys: set[int] = field(default_factory=set)
    _given: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.sample = FindingSample(self.task.sample)
        self.listing = Listing(self.task.listed)

    def add_all(self, results: Iterable[Judged | Rejected]) -> None:
        """Count results in their order."""
        for result in results:
            if isinstance(result, Rejected):
                self.problems.add(result)
            elif result.outcome.key in self._keys:
                self.repeated += 1
            else:
                self._keys.add(result.outcome.key)
                self._add(result)

    def _add(self, judged: Judged) -> None:
        outcome = judged.outcome
        self.total.add(outcome)
        self.verdicts[outcome.verdict] += 1
        self.in_doubt += outcome.in_doubt
        self.overruled += bool(outcome.overruled)
        self.accounts[outcome.account or "none"].add(outcome)
        self.products[outcome.product].add(outcome)
        self.severities[outcome.severity].add(outcome)
        self.cost.add(outcome.generator, outcome.payload)
        self._add_reasons(outcome)
        effects = effects_of(outcome)
        self.signals.add(outcome.seen, effects)
        self._add_by_rule(outcome, effects)
        if judged.finding is not None:
            self._add_example(judged)
        if judged.facts is not None:
            self.listing.add(outcome, judged.facts)
        if judged.baseline is not None:
            self.sample.add(outcome.key, judged.baseline)

    def _add_reasons(self, outcome: FindingOutcome) -> None:
        self.transitions.update(moved.transition for moved in outcome.changes)
        self.kept_why.update(outcome.kept)
        self.clashes.update(outcome.clashes)
        for clash in outcome.clashes:
            self.clash_examples.setdefault(clash, outcome.finding_id)
        if outcome.refused and (outcome.refused in self.refusals or len(self.refusals) < _MOST_REASONS):
            self.refusals[outcome.refused] += 1
        if outcome.undecidable:
            known = outcome.undecidable in self.undecidable or len(self.undecidable) < _MOST_REASONS
            self.undecidable[outcome.undecidable if known else OTHERS] += 1
        for error in outcome.errors:
            if error in self.errors or len(self.errors) < _MOST_REASONS:
                self.errors[error] += 1

    def _add_by_rule(self, outcome: FindingOutcome, effects: frozenset[Effect]) -> None:
        for effect in effects:
            if effect.rule is not None:
                group = self.rules[effect.rule]
                setattr(group, effect.what, getattr(group, effect.what) + 1)
        for transition, name in outcome.observed:
            self.rules[name].would_transition[transition] += 1
        for moved in outcome.changes:
            self.rules[rule_named(moved.rule, moved.why)].transitions[moved.transition] += 1

    def _add_example(self, judged: Judged) -> None:
        """Keep a finding if something that a rule does to it has too few examples yet."""
        roles = set(judged.outcome.roles)
        if any(self._given[role] < self.task.examples for role in roles):
            self.examples[judged.outcome.key] = judged
        self._given.update(roles)
