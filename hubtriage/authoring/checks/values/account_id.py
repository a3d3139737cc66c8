"""W104: an account id that is none."""

from collections.abc import Iterator

from hubtriage.authoring.checks.linted_rule import LintedRule, compared
from hubtriage.authoring.problems import Problem
from hubtriage.authoring.schema.limits import ACCOUNT_ID

CODE = "W104"


def check(rule: LintedRule) -> Iterator[Problem]:
    """Values that AwsAccountId is compared with and that do not have twelve digits."""
    values = [
        (match_field.keys, value, place)
        for match_field in rule.match_fields
        for value, place in match_field.plain_values
    ]
    values += [one for operation in rule.operations for one in compared(operation)]
    for keys, value, place in values:
        if keys == ("AwsAccountId",) and not ACCOUNT_ID.fullmatch(str(value)):
            digits = sum(char.isdigit() for char in str(value))
            message = f"{value!r}{rule.source_of(value, place)} is not an account id"
            yield rule.problem(CODE, place, message, f"12 digits, not {digits}, in quotes")
