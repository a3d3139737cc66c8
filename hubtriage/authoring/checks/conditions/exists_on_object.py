"""W106: `exists` on a field that holds other fields."""

from collections.abc import Iterator

from hubtriage.authoring.checks.linted_rule import LintedRule, dotted, field_at
from hubtriage.authoring.problems import Problem

CODE = "W106"


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report `exists` on an object.

    AWS: `exists` works on leaves alone: an object never exists for it.
    """
    for match_field in rule.match_fields:
        field = field_at(match_field.keys)
        for operator, operand, place in match_field.operators:
            if operator == "exists" and field and field.kind == "object":
                always = "never holds" if operand else "always holds"
                message = f"{dotted(match_field.keys)} holds other fields; `exists` of it {always}"
                yield rule.problem(CODE, place, message, "ask for one of the fields in it")
