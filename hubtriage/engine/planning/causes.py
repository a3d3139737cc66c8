"""Why a rule's work on a finding is taken back: what happened to the rule."""

from hubtriage.engine.planning.decision import Cause
from hubtriage.engine.planning.fold import Fold
from hubtriage.engine.ruleset.ruleset import Rule, Ruleset


def cause_of(rule_id: str | None, name: str, ruleset: Ruleset, folded: Fold, now: float) -> Cause:
    """Return the cause for the rule that a claim on a field names.

    `ruleset.json` leaves out rules that are off, so they look like deleted ones.
    """
    if ruleset.is_emptied:
        return "all is taken back"
    rule = ruleset.by_id.get(rule_id) if rule_id is not None else None
    if rule is None:
        return "deleted or off"
    if not rule.in_force(now):
        if rule.starts is not None and now < rule.starts:
            return "not started"
        return "expired" if rule.ends is not None and rule.ends <= now else "outside its window"
    if rule.mode == "observe":
        return "in observe"
    cause = _cause_in_fold(folded, rule.id, name)
    if cause is not None:
        return cause
    if _is_behind_a_terminal_rule(rule, ruleset, folded):
        return "behind a terminal rule"
    return "no longer matches"


def _cause_in_fold(folded: Fold, rule: str, name: str) -> Cause | None:
    """Return what became of a rule that matches or may match; None for one that does not."""
    if rule in folded.above_ceiling:
        return "above its ceiling"
    if rule in folded.undecided:
        return "not known on Security Hub V2"
    if (rule, name) in folded.against_policy:
        return "against the policy"
    return "no longer sets it" if rule in folded.rules else None


def _is_behind_a_terminal_rule(rule: Rule, ruleset: Ruleset, folded: Fold) -> bool:
    """Say whether the last rule that applied stopped before this one."""
    last = ruleset.by_id.get(folded.rules[-1]) if folded.rules else None
    return last is not None and last.terminal and (last.order, last.id) < (rule.order, rule.id)
