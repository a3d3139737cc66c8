"""W104: an account id that does not have twelve digits."""

from collections.abc import Iterator

from hubtriage.authoring.checks.linted_rule import LintedRule
from hubtriage.authoring.problems import Problem
from hubtriage.authoring.schema.limits import ACCOUNT_ID

CODE = "W104"


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report values without twelve digits that AwsAccountId is compared with."""
    for keys, value, place in rule.compared_values:
        if keys == ("AwsAccountId",) and not ACCOUNT_ID.fullmatch(str(value)):
            digits = sum(char.isdigit() for char in str(value))
            message = f"{value!r}{rule.source_of(value, place)} is not an account id"
            yield rule.problem(CODE, place, message, f"12 digits, not {digits}, in quotes")
