"""W105: `anything-but` on a field that has several values."""

from collections.abc import Iterator

from hubtriage.authoring.checks.linted_rule import Subject, dotted, field_at
from hubtriage.authoring.problems import Problem

CODE = "W105"


def check(subject: Subject) -> Iterator[Problem]:
    """AWS: a pattern holds if any element of a list satisfies it, so one other element is enough."""
    for leaf in subject.leaves:
        field = field_at(leaf.keys)
        for operator, _operand, place in leaf.tests:
            if operator == "anything-but" and field and field.in_list:
                message = f"holds as soon as one of several {dotted(leaf.keys)} is another"
                hint = 'to exclude it from all, write in when: {none: [{var: LIST}, {"==": [...]}]}'
                yield subject.problem(CODE, place, message, hint)
