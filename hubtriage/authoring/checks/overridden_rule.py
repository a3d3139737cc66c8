"""W302: a rule of which nothing is left once a later rule has had its say."""

from collections.abc import Iterator

from hubtriage.authoring.checks.relations import Relations, implies, reaches, wanted
from hubtriage.authoring.checks.subject import Subject
from hubtriage.authoring.problems import Problem

CODE = "W302"


def check(subject: Subject, relations: Relations) -> Iterator[Problem]:
    """A later rule that matches wherever this one does and sets every field that this one sets."""
    fields = set(wanted(subject))
    if subject.model.terminal or not fields or subject.model.mode != "enforce":
        return
    for other in relations.later(subject):
        if other.model.mode != "enforce" or not fields <= set(wanted(other)):
            continue
        if implies(subject, other) and reaches(other, subject):
            message = f"without effect: {other.rule.id} comes later, matches too and sets the same fields"
            yield subject.problem(
                CODE, ("id",), message, "delete one of them, or give this one a higher order"
            )
            return
