"""Doubt: what keeps a field as it is, and when that must not keep a finding hidden."""

from dataclasses import dataclass

from hubtriage.engine.fields import WORKFLOW, ParsedFinding
from hubtriage.engine.planning.entry import Claim
from hubtriage.engine.planning.fold import Fold
from hubtriage.engine.ruleset.hiding import is_hiding
from hubtriage.engine.ruleset.ruleset import DEFAULT_CEILING, Rule, is_above

NEVER_WRITTEN = "the stack never writes this field"
RULE_FAILED = "a rule that could set it has failed"
HIDING_STOPPED = "its rule hides, and nothing new is hidden now"


@dataclass(frozen=True, slots=True)
class Doubt:
    """Answers for one finding which fields stay as they are, and why.

    `never` are fields that IAM denies. Without `may_hide`, the fields stay that a hiding rule would set.
    """

    folded: Fold
    base: ParsedFinding
    never: frozenset[str] = frozenset()
    may_hide: bool = True

    def why_kept(self, name: str) -> str | None:
        """Return why the field stays as it is; None if nothing keeps it."""
        if name in self.never:
            return NEVER_WRITTEN
        if name in self.folded.frozen:
            return RULE_FAILED
        rule, _proposal = self.folded.proposals.get(name, (None, None))
        if rule is not None and not self.may_hide and rule.hides(self.base):
            return HIDING_STOPPED
        return None

    def must_reopen(self, name: str, claim: Claim, finding: ParsedFinding) -> bool:
        """Say whether the field is taken back although something keeps it: doubt does not hide.

        Triage hid the finding by this field, and the finding is above the ceiling of every rule that could
        hide it so. Where there is no such rule, the default ceiling counts. What the house policy forbids
        never stays hidden.
        """
        if not is_hiding(name, finding.value(name), self.base):
            return False
        if name in self.never and name != WORKFLOW:  # IAM lets only Workflow be reopened
            return False
        if self.is_against_policy(name, claim):
            return True
        hiding = [rule for rule in self.folded.reached if self._could_hide(rule, name, claim)]
        ceilings = [rule.ceiling for rule in hiding] or [DEFAULT_CEILING]
        return all(is_above(ceiling, self.base) for ceiling in ceilings)

    def is_against_policy(self, name: str, claim: Claim) -> bool:
        """Say whether the house policy forbids the rule of a claim to hold the field."""
        return claim.rule is not None and (claim.rule, name) in self.folded.against_policy

    def _could_hide(self, rule: Rule, name: str, claim: Claim) -> bool:
        """Say whether the rule would hide the finding by this field, or keep it hidden."""
        if (rule.id, name) in self.folded.against_policy:
            return False
        keeps = rule.mode == "hold" and claim.rule == rule.id
        return keeps or name in rule.hiding_fields(self.base)
