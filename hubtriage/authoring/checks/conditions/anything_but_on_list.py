"""W105: `anything-but` on a field that has several values."""

from collections.abc import Iterator

from hubtriage.authoring.checks.linted_rule import LintedRule, dotted, field_at
from hubtriage.authoring.problems import Problem

CODE = "W105"


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report `anything-but` on a list.

    AWS: a pattern holds if any element of a list satisfies it, so one other element is enough.
    """
    for match_field in rule.match_fields:
        field = field_at(match_field.keys)
        for operator, _operand, place in match_field.operators:
            if operator == "anything-but" and field and field.in_list:
                message = f"true as soon as one of several {dotted(match_field.keys)} is different"
                hint = 'to exclude it from all, write in when: {none: [{var: LIST}, {"==": [...]}]}'
                yield rule.problem(CODE, place, message, hint)
