"""What happens to one finding, in a form small enough to pass between processes by the hundred thousand."""

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from hubtriage.engine.fields import (
    CONFIDENCE,
    CRITICALITY,
    HIDING_STATUSES,
    SEVERITY,
    SEVERITY_RANK,
    VERIFICATION,
    WORKFLOW,
    Finding,
    Value,
    read,
)
from hubtriage.engine.ocsf.view import is_view, key_of
from hubtriage.engine.planning.batches import canonical
from hubtriage.engine.planning.decision import Decision
from hubtriage.engine.planning.entry import Entry
from hubtriage.engine.planning.plan import Reasoning
from hubtriage.engine.ruleset.ruleset import Rule
from hubtriage.simulation.digest import digest
from hubtriage.simulation.outvoted import outvoted
from hubtriage.simulation.signals import Sighting, sighting_of

FindingVerdict = Literal["changed", "noted", "unchanged", "refused", "undecidable"]

# Fields with few values: a report counts these by old and new value, the others only as changed.
COUNTED_BY_VALUE = frozenset({WORKFLOW, SEVERITY, VERIFICATION, CONFIDENCE, CRITICALITY})


class Transition(NamedTuple):
    """A field and what it goes from and to; both None where the values are not counted."""

    field: str
    old: str | int | None
    new: str | int | None

    @property
    def hides(self) -> bool:
        """Whether it takes a finding out of sight, or lowers it."""
        if self.field == WORKFLOW:
            return self.new in HIDING_STATUSES
        ranks = [SEVERITY_RANK.get(str(value)) for value in (self.old, self.new)]
        return self.field == SEVERITY and None not in ranks and ranks[1] < ranks[0]  # type: ignore[operator]


class AttributedTransition(NamedTuple):
    """A transition, the rule that made it (None: the provider), and why."""

    transition: Transition
    rule: str | None
    why: str


class KeptField(NamedTuple):
    """A field left as it is although a rule wants it otherwise."""

    field: str
    rule: str | None
    why: str


class Clash(NamedTuple):
    """Two rules that want one field of one finding differently; the later one wins."""

    field: str
    loser: str
    winner: str


class FindingOutcome(NamedTuple):
    """What happens to a finding. `key` and `payload` are digests; `payload` is 0 where nothing is sent.

    `noted`: the ledger alone is written. `in_doubt`: triage seems to have changed the finding, and no entry
    says what it set. `seen`: its hub, and the signal that it is about. `holders` are the rules that hold some
    field of it afterwards. `undecidable`: why it cannot be decided what happens to it; then nothing else is
    known.
    """

    key: int
    finding_id: str
    account: str
    product: str
    severity: str
    generator: str
    verdict: FindingVerdict
    seen: Sighting
    payload: int = 0
    hides: bool = False
    rules: tuple[str, ...] = ()
    watched: tuple[str, ...] = ()
    above_ceiling: tuple[str, ...] = ()
    stopped: tuple[str, ...] = ()
    holders: tuple[str, ...] = ()
    changes: tuple[AttributedTransition, ...] = ()
    kept: tuple[KeptField, ...] = ()
    observed: tuple[tuple[Transition, str], ...] = ()
    clashes: tuple[Clash, ...] = ()
    errors: tuple[tuple[str, str], ...] = ()
    overruled: int = 0
    refused: str | None = None
    in_doubt: bool = False
    undecidable: str | None = None

    @property
    def takes_back(self) -> bool:
        """Whether something that triage did is undone."""
        return any(moved.why == "taken back" for moved in self.changes)

    @property
    def roles(self) -> Iterator[tuple[str, str]]:
        """Yield (what a rule does to this finding, rule): a report shows examples of each."""
        yield from ((moved.why, moved.rule or "") for moved in self.changes)
        yield from (("kept", left.rule or "") for left in self.kept)
        yield from (("observed", rule) for _transition, rule in self.observed)
        yield from (("above its ceiling", rule) for rule in self.above_ceiling)
        yield from (("failed", rule) for rule, _message in self.errors)
        if self.refused:
            yield "refused", ""


def undecidable_outcome(finding: Finding, why: str) -> FindingOutcome:
    """Return the outcome of a finding that cannot be decided."""
    return _about(finding, _text(finding, "ProductArn"), _text(finding, "Id"))._replace(
        verdict="undecidable", undecidable=why
    )


def outcome_of(
    finding: Finding, reasoning: Reasoning, rules: Mapping[str, Rule], stopped: tuple[str, ...]
) -> FindingOutcome:
    """Boil a reasoning down to what is counted.

    `rules` are the rule set's by id; `stopped` those that match but that a terminal rule came before.
    """
    decision = reasoning.decision
    return _about(finding, decision.product_arn, decision.finding_id)._replace(
        verdict=_verdict(decision, reasoning.entry),
        payload=digest(canonical(decision.update)) if decision.update else 0,
        hides=decision.hides,
        rules=decision.rules,
        watched=tuple(reasoning.fold.watched),
        above_ceiling=decision.above_ceiling,
        stopped=stopped,
        holders=decision.after.rules,
        changes=tuple(
            AttributedTransition(_transition(c.field, c.old, c.new), c.rule, c.why) for c in decision.changes
        ),
        kept=tuple(KeptField(kept.field, kept.rule, kept.why) for kept in decision.kept),
        observed=tuple((_transition(o.field, o.old, o.new), o.rule) for o in decision.observed),
        clashes=tuple(_clashes(reasoning, rules)) if len(decision.rules) > 1 else (),
        errors=tuple((error.rule, error.message) for error in decision.errors),
        overruled=len(decision.overruled),
        refused=decision.refused,
    )


def _about(finding: Finding, product_arn: str, finding_id: str) -> FindingOutcome:
    """Return an outcome that says which finding it is of, and no more."""
    named = key_of(finding) if is_view(finding) else None
    return FindingOutcome(
        key=digest("\0".join(named or (product_arn, finding_id))),
        finding_id=finding_id,
        account=_text(finding, "AwsAccountId"),
        product=product_of(product_arn),
        severity=read(finding, SEVERITY) or "none",
        generator=_text(finding, "GeneratorId"),
        verdict="unchanged",
        seen=sighting_of(finding),
    )


def key_text(key: int) -> str:
    """Return the key of a finding as 16 characters: a link to the finding has them."""
    return f"{key:016x}"


def product_of(product_arn: str) -> str:
    """Return company and product from a product ARN, such as `aws/guardduty`; other texts unchanged."""
    _before, found, product = product_arn.partition(":product/")
    return product if found and product else product_arn


def _verdict(decision: Decision, entry: Entry) -> FindingVerdict:
    if decision.refused:
        return "refused"
    if decision.update:
        return "changed"
    return "noted" if decision.after.remembers_more_than(entry) else "unchanged"


def _transition(field: str, old: Value, new: Value) -> Transition:
    return Transition(field, old, new) if field in COUNTED_BY_VALUE else Transition(field, None, None)


def _clashes(reasoning: Reasoning, rules: Mapping[str, Rule]) -> Iterator[Clash]:
    for loser, proposal, winner in outvoted(reasoning, rules.get):
        yield Clash(proposal.field, loser.id, winner.id)


def _text(finding: Finding, name: str) -> str:
    value = finding.get(name)
    return value if isinstance(value, str) else ""
