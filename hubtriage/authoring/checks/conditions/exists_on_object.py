"""W106: `exists` on a field that holds other fields."""

from collections.abc import Iterator

from hubtriage.authoring.checks.linted_rule import Subject, dotted, field_at
from hubtriage.authoring.problems import Problem

CODE = "W106"


def check(subject: Subject) -> Iterator[Problem]:
    """AWS: `exists` works on leaves alone; of an object it says that it does not exist."""
    for leaf in subject.leaves:
        field = field_at(leaf.keys)
        for operator, operand, place in leaf.tests:
            if operator == "exists" and field and field.kind == "object":
                always = "never holds" if operand else "always holds"
                message = f"{dotted(leaf.keys)} holds other fields; `exists` of it {always}"
                yield subject.problem(CODE, place, message, "ask for one of the fields in it")
