"""Bugs of the house policy as planning enforces it, and of what rules take from the account directory."""

from tests.mutants.mutation import Mutation

POLICY = (
    Mutation(
        "what the policy forbids is done",
        "engine/planning/fold.py",
        "        if (rule.id, proposal.field) in result.against_policy:\n",
        "        if False:\n",
    ),
    Mutation(
        "what might have shown a finding leaves hidden what another rule hides",
        "engine/planning/fold.py",
        "        del result.proposals[name]\n    if name in result.held",
        "        pass\n    if name in result.held",
    ),
    Mutation(
        "what might have shown a finding leaves hidden what a rule on hold keeps",
        "engine/planning/fold.py",
        "    if name in result.held and claim is not None and is_hiding(name, claim.value, base):",
        "    if False:",
    ),
    Mutation(
        "what an earlier rule shows is not wanted because a later one may not hide",
        "engine/planning/fold.py",
        "    if wanted is not None and is_hiding(name, wanted[1].value, base):",
        "    if wanted is not None:",
    ),
    Mutation(
        "the policy keeps rules from reopening",
        "engine/planning/fold.py",
        "for name, value in wanted if not shows_more(name, value, base)]",
        "for name, value in wanted]",
    ),
    Mutation(
        "a rule on hold keeps what the policy forbids",
        "engine/planning/fold.py",
        "        if (rule.id, name) in result.against_policy:\n",
        "        if False:\n",
    ),
    Mutation(
        "a rule in observe announces what the policy forbids",
        "engine/planning/fold.py",
        "            if (rule.id, proposal.field) not in result.against_policy\n",
        "",
    ),
    Mutation(
        "what a person holds counts as kept by a rule on hold",
        "engine/planning/fold.py",
        "            if claim.rule == rule.id and not claim.person\n        ]\n    wanted",
        "            if claim.rule == rule.id\n        ]\n    wanted",
    ),
    Mutation(
        "a failed rule keeps hidden what the policy forbids",
        "engine/planning/doubt.py",
        "        if self.is_against_policy(name, claim):\n            return True\n",
        "",
    ),
    Mutation(
        "a rule that the policy keeps from hiding counts among those that could hide",
        "engine/planning/doubt.py",
        "        if (rule.id, name) in self.folded.against_policy:\n            return False\n",
        "",
    ),
    Mutation(
        "what a failed rule might want is told as forbidden",
        "engine/planning/plan.py",
        "if one.rule not in failed)",
        "if True)",
    ),
    Mutation(
        "a statement without an answer protects nothing",
        "engine/ruleset/policy.py",
        "doubt does not hide\n            return True",
        "doubt does not hide\n            return False",
    ),
    Mutation(
        "a rule may act everywhere but at home",
        "engine/ruleset/policy.py",
        "return holds is None or holds is (self.never is not None)",
        "return holds is None or holds",
    ),
    Mutation(
        "no rule is excused",
        "engine/ruleset/policy.py",
        "return rule not in self.others if self.rules is None else",
        "return True if self.rules is None else",
    ),
    Mutation(
        "a statement about some rules is about all",
        "engine/ruleset/policy.py",
        "if self.rules is None else rule in self.rules",
        "if self.rules is None else True",
    ),
    Mutation(
        "what is known as a digest only is not forbidden",
        "engine/ruleset/policy.py",
        "(value is None or any(one in values for one in held))",
        "any(one in values for one in held)",
    ),
    Mutation(
        "only the first statement counts",
        "engine/ruleset/policy.py",
        "        for statement in self.about(rule):\n",
        "        for statement in self.about(rule)[:1]:\n",
    ),
    Mutation(
        "lowering a severity may not be undone by a rule",
        "engine/ruleset/hiding.py",
        "LABEL_RANK[value] > LABEL_RANK[now]",
        "LABEL_RANK[value] > LABEL_RANK[now] + 5",
    ),
    Mutation(
        "a member that the policy alone looks at is left out",
        "engine/ruleset/members.py",
        "        for condition in map(conditions, policy):\n",
        "        for condition in map(conditions, ()):\n",
    ),
    Mutation(
        "what Security Hub V2 does not show protects no finding",
        "engine/ruleset/policy.py",
        "return holds is None or holds is",
        "return holds is",
    ),
    Mutation(
        "a batch keeps no member for the policy",
        "aws/triage/batch.py",
        "(one.source for one in policy)",
        "()",
    ),
    Mutation(
        "a changed policy is no change of the rules that it is about",
        "aws/sweep/occasions/changes.py",
        "                *(said[one.id] for one in _about(ruleset.policy, rule)),\n",
        "",
    ),
    Mutation(
        "the account directory changes no text",
        "aws/sweep/occasions/changes.py",
        " or any(is_per_account(one, source) for one in PLACEHOLDER.finditer(update)):",
        ":",
    ),
)
