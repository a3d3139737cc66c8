"""W101: a path that no finding has."""

from collections.abc import Iterator

from hubtriage.authoring.asff import Unknown, look_up
from hubtriage.authoring.checks.subject import Subject, dotted
from hubtriage.authoring.problems import Problem

CODE = "W101"


def check(subject: Subject) -> Iterator[Problem]:
    """Paths in `match` and `when` that are not in AWS's model of a finding."""
    for keys, place, is_key in subject.paths:
        found = look_up(keys)
        if isinstance(found, Unknown):
            hint = f"did you mean `{found.meant}`?" if found.meant else "see the finding format (ASFF)"
            # in a pattern the wrong name is a key further out than the field itself
            at = place[: len(place) - (len(keys) - 1 - found.step)] if is_key else place
            yield subject.problem(CODE, at, f"no finding has {dotted(keys)}", hint, key=is_key)
