"""Why what a rule had set is taken back: what has become of the rule, on this finding."""

from hubtriage.engine.planning.decision import Cause
from hubtriage.engine.planning.fold import Fold
from hubtriage.engine.ruleset.ruleset import Rule, Ruleset, rule_ref


def cause_of(ref: str, ruleset: Ruleset, folded: Fold, now: float) -> Cause:
    """The cause, by the digest of the rule that a claim names.

    A rule that is off is not in `ruleset.json`, so that it cannot be told from one that was deleted.
    """
    rule = ruleset.by_ref.get(ref)
    if rule is None:
        return "all is taken back" if ref in ruleset.names else "deleted or off"
    if not rule.in_force(now):
        return "expired" if rule.starts is None or rule.starts <= now else "not started"
    if rule.mode == "observe":
        return "in observe"
    if rule.id in folded.above_ceiling:
        return "above its ceiling"
    if rule.id in folded.rules:
        return "no longer sets it"
    if _is_behind_a_terminal_rule(rule, ruleset, folded):
        return "behind a terminal rule"
    return "no longer matches"


def _is_behind_a_terminal_rule(rule: Rule, ruleset: Ruleset, folded: Fold) -> bool:
    """Whether the last rule that applied kept this one from being looked at."""
    last = ruleset.by_ref.get(rule_ref(folded.rules[-1])) if folded.rules else None
    return last is not None and last.terminal and (last.order, last.id) < (rule.order, rule.id)
