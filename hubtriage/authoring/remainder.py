"""What is left of a rule without its errors, so that everything else in it is checked in the same run.

What has a fix is mended as the fix would. Of the rest the smallest part goes away without which the rule can
still be read: a test, a field of the update, a key. In the place of an alternative of a pattern, and of an
operand of `and` or `or`, comes one that nothing follows from.
"""

from collections.abc import Iterable
from dataclasses import replace

from hubtriage.authoring.problems import Problem
from hubtriage.authoring.yaml.mending import changed, with_stand_in, without
from hubtriage.authoring.yaml.tree import YamlDocument, YamlNode, YamlPath

# What stands in for a key that every rule needs, for an alternative and for a condition. A check that wants
# its place whole says nothing of it.
_ID, _TERMINAL = ("id", "unnamed"), ("terminal", True)
_ANY_VALUE, _ANY_CONDITION = {"exists": True}, {"var": ""}

# Errors about what the rule does as a whole, or about a part of a text: nothing has to go for them.
HARMLESS = {"E302", "E303", "E306", "E307", "E401"}
# Errors that may follow from what was taken out; others never do.
_MAY_FOLLOW = {"E102", "E103", "E105", "E106", "E107", "E201", "E202", "E204", "E205"}


def take_out(document: YamlDocument, rule: YamlPath, problems: Iterable[Problem]) -> None:
    """Mend what has a fix in the rule at a path, and take out what has none."""
    root = document.node(rule)
    inside = sorted(
        ((one.path[len(rule) :], one) for one in problems if one.code not in HARMLESS),
        key=lambda pair: [(step, "") if isinstance(step, int) else (-1, step) for step in pair[0]],
    )
    for path, problem in reversed(inside):  # the last of a list first: what goes away moves what is behind it
        root = _mended(document, root, path, problem)
    document.put(rule, root)


def follows(document: YamlDocument, problem: Problem) -> bool:
    """Say whether an error of a rule may only follow from what was taken out of the rule."""
    return problem.code in _MAY_FOLLOW and not document.is_whole(problem.path)


def _mended(document: YamlDocument, root: YamlNode, path: YamlPath, problem: Problem) -> YamlNode:
    if problem.fix is not None and not problem.fix.unsafe:
        here = document.written(problem.path)
        changes = [
            replace(one, path=(*path, *one.path[len(here) :]))
            for one in problem.fix.changes
            if one.path[: len(here)] == here
        ]
        try:
            if changes and root.has(path):
                return changed(root, changes)
        except ValueError:
            pass
    if path and root.has(path):
        root = _without(root, path, problem)
    return root if path and root.has(_ID[:1]) else _with_stand_ins(root)


def _with_stand_ins(root: YamlNode) -> YamlNode:
    for key, value in (_ID, _TERMINAL):
        if root.keys is not None and not root.has((key,)):
            root = with_stand_in(root, (key,), value)
    return root


def _without(root: YamlNode, path: YamlPath, problem: Problem) -> YamlNode:
    """Return the rule without the smallest part that has to go."""
    if path[0] == "when":
        return with_stand_in(root, _operand(path), _ANY_CONDITION)
    if path[0] == "match":
        alternative = _alternative(path)
        if alternative is not None:
            return with_stand_in(root, alternative, _ANY_VALUE)
        while len(path) > 1 and _is_alone(root, path):
            path = path[:-1]
    return without(root, path[:2] if path[0] == "tests" else path, may_be_any=problem.code == "E101")


def _alternative(path: YamlPath) -> YamlPath | None:
    """Return the alternative of a field that holds a path of `match`; None for a path to a field."""
    steps = (at for at, step in enumerate(path) if isinstance(step, int) and path[at - 1] != "$or")
    at = next(steps, None)
    return None if at is None else path[: at + 1]


def _operand(path: YamlPath) -> YamlPath:
    """Return the innermost operand of `and` or `or` that holds a path of `when`; if there is none, `when`."""
    operands = (at + 1 for at in range(len(path) - 1, 1, -1) if path[at - 1] in ("and", "or"))
    return path[: next((length for length in operands if isinstance(path[length - 1], int)), 1)]


def _is_alone(root: YamlNode, path: YamlPath) -> bool:
    holder = root
    for step in path[:-1]:
        holder = (holder.children or {})[step]
    return len(holder.children or ()) == 1
