"""Rules that apply and want another value than the later rule that decides the field."""

from collections.abc import Callable, Iterator

from hubtriage.engine.fields import same
from hubtriage.engine.planning.plan import Reasoning
from hubtriage.engine.ruleset.ruleset import Rule
from hubtriage.engine.ruleset.update import Proposal


def outvoted(
    reasoning: Reasoning, rule_of: Callable[[str], Rule | None]
) -> Iterator[tuple[Rule, Proposal, Rule]]:
    """Yield (rule, its proposal, the rule that decides) for each that lost; `rule_of` takes an id."""
    fold = reasoning.fold
    for rule in map(rule_of, fold.rules):
        if rule is None or rule.mode != "enforce":
            continue
        for proposal in rule.proposals.of(reasoning.baseline):
            if (rule.id, proposal.field) in fold.against_policy:
                continue
            winner, wanted = fold.proposals.get(proposal.field, (rule, proposal))
            if winner.id != rule.id and not same(proposal.field, proposal.value, wanted.value):
                yield rule, proposal, winner
