"""W104: an account id that is none."""

from collections.abc import Iterator

from hubtriage.authoring.checks.linted_rule import Subject, compared
from hubtriage.authoring.problems import Problem
from hubtriage.authoring.schema.limits import ACCOUNT_ID

CODE = "W104"


def check(subject: Subject) -> Iterator[Problem]:
    """Values that AwsAccountId is compared with and that do not have twelve digits."""
    values = [(leaf.keys, value, place) for leaf in subject.leaves for value, place in leaf.literals]
    values += [one for operation in subject.operations for one in compared(operation)]
    for keys, value, place in values:
        if keys == ("AwsAccountId",) and not ACCOUNT_ID.fullmatch(str(value)):
            digits = sum(char.isdigit() for char in str(value))
            message = f"{value!r}{subject.source_of(value, place)} is not an account id"
            yield subject.problem(CODE, place, message, f"12 digits, not {digits}, in quotes")
