"""W301: a rule that never acts because of earlier terminal rules."""

from collections.abc import Iterator

from hubtriage.authoring.checks.linted_rule import LintedRule
from hubtriage.authoring.checks.relations.folder import FolderRelations, named
from hubtriage.authoring.problems import Problem

CODE = "W301"


def check(rule: LintedRule, relations: FolderRelations) -> Iterator[Problem]:
    """Report a rule if earlier terminal rules act on every finding that it would act on."""
    by = relations.hidden_by(rule)
    if by:
        what = "is terminal, comes first and acts" if len(by) == 1 else "are terminal, come first and act"
        message = f"never acts: {named(by)} {what} on every finding that this rule would act on"
        yield rule.problem(CODE, ("id",), message, "give it a lower order, or delete it")
