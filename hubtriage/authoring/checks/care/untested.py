"""W312: a rule without a test of either kind."""

from collections.abc import Iterator

from hubtriage.authoring.checks.linted_rule import LintedRule
from hubtriage.authoring.problems import Problem
from hubtriage.authoring.schema.rule import NO_CHANGE

CODE = "W312"


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report a rule that lacks a test with a finding that it changes, or with one that it leaves alone."""
    kinds = {test.expect == NO_CHANGE for test in rule.model.tests}
    changes = "a finding that it changes" if False not in kinds else ""
    leaves = "a finding that it leaves alone" if True not in kinds else ""
    if (changes or leaves) and (rule.model.update.model_fields_set or not rule.loaded.is_whole(("update",))):
        lacking = ", and none with ".join(filter(None, (changes, leaves)))
        hint = "- {name: ..., finding: {...}, expect: no change}" if not changes else "add them under tests:"
        yield rule.problem(CODE, ("id",), f"no test with {lacking}", hint)
