"""Planning one finding: from its present state and the rules to at most one update.

    desired state = f(finding as its provider and the humans left it, rules, now)

1. `memo`    read what triage wrote on the finding: its claims
2. `review`  which claims still stand, and the baseline: the finding with what is ours taken back
3. `fold`    the rules that match the baseline come to one wish per field
4. `settle`  field by field: who holds it, and is it set, taken back, or left alone
5. `room`    the changed fields and the new memo in one call, as far as there is room for both

Nothing here has a clock, a network or a log, and nothing raises for what a finding contains.
"""

import re
from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from hubtriage.engine.fields import (
    HIDING_STATUSES,
    NOTE,
    RULES_KEY,
    SEVERITY,
    WORKFLOW,
    Finding,
    position,
    read,
    same,
    user_fields,
)
from hubtriage.engine.planning.baseline import baseline, review
from hubtriage.engine.planning.causes import cause_of
from hubtriage.engine.planning.decision import NO_ROOM_FOR_NOTE, Change, Decision, Observed
from hubtriage.engine.planning.fold import Fold, fold
from hubtriage.engine.planning.limits import Room
from hubtriage.engine.planning.memo import Claims, Memo, read_memo
from hubtriage.engine.planning.payload import LONGEST_VALUE
from hubtriage.engine.planning.resolve import Outcome, Settling
from hubtriage.engine.ruleset.ruleset import Ruleset, lowers, rule_ref

_RULE_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True, slots=True)
class Settings:
    """Who plans: the stack's name, how UserDefinedFields are sent, and the other stacks on this hub.

    `adopts` is a stack whose findings become this stack's, as after a rename. Fields in `never` stay as they
    are, whatever rules want and whatever triage did to them before: IAM denies them to us.
    """

    stack: str = "hubtriage"
    udf: Literal["replace", "merge"] = "replace"
    known_stacks: frozenset[str] = frozenset()
    adopts: str | None = None
    never: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reasoning:
    """A decision with the steps that led to it; where triage keeps its hands off there are no steps."""

    decision: Decision
    memo: Memo
    claims: Claims
    baseline: Finding
    fold: Fold
    outcomes: Mapping[str, Outcome]


def decide(
    finding: Finding,
    ruleset: Ruleset,
    now: float,
    settings: Settings,
    *,
    without_note: bool = False,
) -> Decision:
    """What to send for one finding at a time (epoch seconds), and why.

    `without_note`: the service has found that the finding has no room for one.
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
    """`decide`, with every step kept for a person to follow."""
    memo = read_memo(finding, settings.stack, settings.known_stacks, ruleset.user_keys, settings.adopts)
    if memo.hands_off:
        hands_off = Decision(_text(finding, "Id"), _text(finding, "ProductArn"), memo.kind)
        return Reasoning(hands_off, memo, {}, finding, Fold(), {})
    claims, claims_changed, overruled = review(memo.claims, finding)
    base = baseline(finding, claims)
    folded = fold(ruleset, base, claims, now)
    names = rule_names(finding, ruleset)
    no_room = {NOTE: NO_ROOM_FOR_NOTE} if without_note else {}
    cause = partial(cause_of, ruleset=ruleset, folded=folded, now=now)
    settling = Settling(finding, claims, settings.udf, names.get, cause, settings.never, no_room)
    room = Room(folded, settings.stack, names, is_due=claims_changed or memo.adopted)
    planned = room.plan(settling)
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
        observed=tuple(_observed(folded, settling, changes)),
        errors=tuple(folded.errors),
        overruled=overruled,
        refused=refused,
        hides=any(_hides(change, finding) for change in changes),
    )
    return Reasoning(decision, memo, claims, base, folded, outcomes)


def rule_names(finding: Finding, ruleset: Ruleset) -> Mapping[str, str]:
    """Rule ids by digest: those in the rule set, and those that the finding itself names.

    The latter go into notes and logs, and anybody may have written them: what is no rule id is left out.
    """
    told = user_fields(finding).get(RULES_KEY)
    if not isinstance(told, str):
        return ruleset.names
    named = filter(_RULE_ID.fullmatch, told[:LONGEST_VALUE].split(", "))
    return ChainMap(ruleset.names, {rule_ref(name): name for name in named})


def _observed(folded: Fold, settling: Settling, changes: Iterable[Change]) -> Iterator[Observed]:
    """What would be otherwise after the update, if the rules in `observe` were in force.

    They are folded among themselves: what rules in force want of the same field does not count against them.
    """
    new = {change.field: change.new for change in changes}
    for name in sorted(folded.observed, key=position):
        rule, wish = folded.observed[name]
        value = new.get(name, read(settling.finding, name))
        if name not in folded.frozen and not same(name, value, wish.value) and settling.lets(rule, wish):
            yield Observed(name, value, wish.value, rule.id)


def _hides(change: Change, finding: Finding) -> bool:
    if change.field == WORKFLOW:
        return change.new in HIDING_STATUSES
    return change.field == SEVERITY and lowers(change.new, finding)


def _text(finding: Finding, name: str) -> str:
    value: Any = finding.get(name)
    return value if isinstance(value, str) else ""
