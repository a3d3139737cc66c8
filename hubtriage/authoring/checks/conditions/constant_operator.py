"""E214: an operator that has one answer for every finding."""

from collections.abc import Iterator

from hubtriage.asff.fields import lists_passed
from hubtriage.authoring.checks.linted_rule import LintedRule, dotted, field_at
from hubtriage.authoring.problems import Problem
from hubtriage.engine.jsonlogic.syntax import LOOPS

CODE = "E214"


def check(rule: LintedRule) -> Iterator[Problem]:
    """Report `exists` on a structure or on what is always there, and loops over what is not a list.

    AWS: `exists` works on leaves alone: an object never exists for it.
    """
    for match_field in rule.match_fields:
        field = field_at(match_field.keys)
        for operator, operand, place in match_field.operators:
            if operator != "exists" or field is None:
                continue
            name = dotted(match_field.keys)
            if field.kind == "object":
                always = "is never true" if operand else "is always true"
                message = f"{name} holds other fields; `exists` of it {always}"
                yield rule.problem(CODE, place, message, "ask for one of the fields in it")
            elif not operand and not field.optional and len(match_field.values) == 1:
                message = f"every finding has {name}; this is never true"
                yield rule.problem(CODE, place, message, "leave it out, or ask for a value")
    for operation in rule.operations:
        keys = operation.keys_of(operation.arguments[0]) if operation.name in LOOPS else None
        start = len(operation.scope or ())
        if keys and field_at(keys) and not any(length > start for length in lists_passed(keys)):
            message = (
                f"{dotted(keys)} is not a list; `{operation.name}` has the same answer for every finding"
            )
            yield rule.problem(CODE, operation.place, message, "ask for the value itself", key=True)
