"""W301: a rule that an earlier terminal rule keeps from ever being looked at."""

from collections.abc import Iterator

from hubtriage.authoring.checks.linted_rule import Subject
from hubtriage.authoring.checks.relations.reach import Relations, implies, reaches
from hubtriage.authoring.problems import Problem

CODE = "W301"


def check(subject: Subject, relations: Relations) -> Iterator[Problem]:
    """A terminal rule that matches wherever this one does."""
    for other in relations.earlier(subject):
        is_terminal = other.model.terminal and other.model.mode in ("enforce", "hold")
        if is_terminal and implies(subject, other) and reaches(other, subject):
            message = f"never looked at: {other.rule.id} is terminal and matches wherever this rule does"
            yield subject.problem(CODE, ("id",), message, "give it a lower order, or delete it")
            return
