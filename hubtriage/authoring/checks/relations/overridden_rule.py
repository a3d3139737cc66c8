"""W302: a rule, or a field of it, of which nothing is left once a later rule has had its say."""

from collections.abc import Iterator, Mapping

from hubtriage.authoring.checks.linted_rule import Subject
from hubtriage.authoring.checks.relations.reach import Relations, implies, reaches, wanted
from hubtriage.authoring.problems import Problem

CODE = "W302"


def check(subject: Subject, relations: Relations) -> Iterator[Problem]:
    """A later rule that matches wherever this one does and sets every field that this one sets, or some."""
    mine = wanted(subject)
    if subject.model.terminal or not mine or subject.model.mode != "enforce":
        return
    for other in relations.later(subject):
        theirs = wanted(other)
        if other.model.mode != "enforce" or mine.keys().isdisjoint(theirs):
            continue
        if implies(subject, other) and reaches(other, subject):
            found = _told(subject, other.rule.id, mine, theirs)
            if found:
                yield found
                return


def _told(
    subject: Subject, other: str, mine: Mapping[str, object], theirs: Mapping[str, object]
) -> Problem | None:
    """What is left without effect: the whole rule, or a field that the later rule sets to something else."""
    if mine.keys() <= theirs.keys():
        message = f"without effect: {other} comes later, matches too and sets the same fields"
        hint = "delete one of them, or give this one a higher order"
        return subject.problem(CODE, ("id",), message, hint)
    lost = next((name for name in mine if name in theirs and mine[name] != theirs[name]), None)
    if lost is None:
        return None
    message = f"{lost} has no effect: {other} comes later, matches too and sets it differently"
    hint = "take the field out of one of them, or give this one a higher order"
    return subject.problem(CODE, ("update",), message, hint, key=True)
