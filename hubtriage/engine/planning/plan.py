"""Planning one finding: from its present state and the rules to at most one update.

    desired state = f(finding as its provider and people left it, rules, now)

1. `memo`    read what triage wrote on the finding: its claims
2. `baseline` review which claims still stand, and take back what is ours
3. `fold`    combine the rules that match the baseline: one proposal per field
4. `resolve` field by field: who holds it, and is it set, taken back, or left alone (`doubt`: what stays)
5. `limits`  the changed fields and the new memo in one call, as far as they fit

Nothing here has a clock, a network or a log, and nothing raises for what a finding contains.
"""

import re
from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from hubtriage.engine.fields import (
    NOTE,
    RULES_KEY,
    Finding,
    ParsedFinding,
    position,
    same,
)
from hubtriage.engine.planning.baseline import baseline, review
from hubtriage.engine.planning.causes import cause_of
from hubtriage.engine.planning.decision import NOTE_DOES_NOT_FIT, Change, Decision, Observed
from hubtriage.engine.planning.doubt import Doubt
from hubtriage.engine.planning.fold import Fold, fold
from hubtriage.engine.planning.limits import SizeLimits
from hubtriage.engine.planning.memo import Claims, Memo, read_memo
from hubtriage.engine.planning.payload import LONGEST_VALUE
from hubtriage.engine.planning.resolve import FieldOutcome, FieldResolver
from hubtriage.engine.ruleset.ruleset import Ruleset, is_hiding, rule_ref

_RULE_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True, slots=True)
class Settings:
    """Who plans: the stack's name, how UserDefinedFields are sent, and the other stacks on this hub.

    `adopts` is a stack whose findings become this stack's, as after a rename. Fields in `never` stay as they
    are, whatever rules want and whatever triage did to them before: IAM denies them to us. Without `may_hide`
    rules hide nothing new; all else goes on.
    """

    stack: str = "hubtriage"
    udf: Literal["replace", "merge"] = "replace"
    known_stacks: frozenset[str] = frozenset()
    adopts: str | None = None
    never: frozenset[str] = frozenset()
    may_hide: bool = True


@dataclass(frozen=True, slots=True)
class Reasoning:
    """A decision with the steps that led to it; a finding that triage leaves alone has no steps."""

    decision: Decision
    memo: Memo
    claims: Claims
    finding: ParsedFinding
    baseline: ParsedFinding
    fold: Fold
    outcomes: Mapping[str, FieldOutcome]


def decide(
    finding: Finding,
    ruleset: Ruleset,
    now: float,
    settings: Settings,
    *,
    without_note: bool = False,
) -> Decision:
    """Decide what to send for one finding at a time (epoch seconds), and why.

    `without_note`: the service has answered that a note does not fit into the finding.
    """
    return reason(finding, ruleset, now, settings, without_note=without_note).decision


def reason(
    finding: Finding,
    ruleset: Ruleset,
    now: float,
    settings: Settings,
    *,
    without_note: bool = False,
) -> Reasoning:
    """Decide, and keep every step so that a person can follow it."""
    parsed = ParsedFinding(finding)
    memo = read_memo(parsed, settings.stack, settings.known_stacks, ruleset.user_keys, settings.adopts)
    if memo.hands_off:
        hands_off = Decision(_text(finding, "Id"), _text(finding, "ProductArn"), memo.kind)
        return Reasoning(hands_off, memo, {}, parsed, parsed, Fold(), {})
    claims, claims_changed, overruled = review(memo.claims, parsed)
    base = baseline(parsed, claims)
    folded = fold(ruleset, base, claims, now)
    names = rule_names(parsed, ruleset)
    does_not_fit = {NOTE: NOTE_DOES_NOT_FIT} if without_note else {}
    cause = partial(cause_of, ruleset=ruleset, folded=folded, now=now)
    doubt = Doubt(folded, base, settings.never, settings.may_hide)
    resolver = FieldResolver(parsed, claims, settings.udf, names.get, cause, doubt, does_not_fit)
    limits = SizeLimits(folded, settings.stack, names, is_due=claims_changed or memo.adopted)
    planned = limits.plan(resolver)
    outcomes, refused = planned.outcomes, planned.refused
    changes = () if refused else tuple(outcome.change for outcome in outcomes.values() if outcome.change)
    decision = Decision(
        finding_id=_text(finding, "Id"),
        product_arn=_text(finding, "ProductArn"),
        memo=memo.kind,
        update=None if refused else planned.update,
        rules=tuple(folded.rules),
        above_ceiling=tuple(folded.above_ceiling),
        changes=changes,
        kept=tuple(outcome.kept for outcome in outcomes.values() if outcome.kept),
        observed=tuple(_observed(folded, resolver, changes)),
        errors=tuple(folded.errors),
        overruled=overruled,
        refused=refused,
        hides=any(_hides(change, base) for change in changes),
    )
    return Reasoning(decision, memo, claims, parsed, base, folded, outcomes)


def rule_names(finding: ParsedFinding, ruleset: Ruleset) -> Mapping[str, str]:
    """Return rule ids by digest: those in the rule set, and those that the finding itself names.

    The latter go into notes and logs, and anyone may have written them, so whatever is not a rule id is left
    out.
    """
    listed = finding.user_fields().get(RULES_KEY)
    if not isinstance(listed, str):
        return ruleset.names
    named = filter(_RULE_ID.fullmatch, listed[:LONGEST_VALUE].split(", "))
    return ChainMap(ruleset.names, {rule_ref(name): name for name in named})


def _observed(folded: Fold, resolver: FieldResolver, changes: Iterable[Change]) -> Iterator[Observed]:
    """Yield what would differ after the update if the rules in `observe` were in force.

    They are folded among themselves, so rules in force that want the same field do not count against them.
    """
    new = {change.field: change.new for change in changes}
    for name in sorted(folded.observed, key=position):
        rule, proposal = folded.observed[name]
        value = new.get(name, resolver.finding.value(name))
        if (
            name not in folded.frozen
            and not same(name, value, proposal.value)
            and resolver.would_have(rule, proposal)
        ):
            yield Observed(name, value, proposal.value, rule.id)


def _hides(change: Change, base: ParsedFinding) -> bool:
    """Say whether a change hides the finding. Only rules do: what is taken back hides no more than before."""
    return change.why == "rule" and is_hiding(change.field, change.new, base)


def _text(finding: Finding, name: str) -> str:
    value: Any = finding.get(name)
    return value if isinstance(value, str) else ""
