"""W307: hiding a finding by something that its subject decides."""

from collections.abc import Iterator

from hubtriage.authoring.asff import Keys
from hubtriage.authoring.checks.subject import Subject, dotted
from hubtriage.authoring.problems import Problem

CODE = "W307"
_FREE = {("Title",), ("Description",), ("Resources", "ApplicationName"), ("Resources", "Tags")}
_ID: Keys = ("Resources", "Id")
_PARTIAL = ("prefix", "suffix", "wildcard", "equals-ignore-case", "starts_with", "ends_with", "glob", "regex")


def check(subject: Subject) -> Iterator[Problem]:
    """Tags, names, titles and parts of resource ids in a rule that hides, unless it names its accounts."""
    if not subject.hides or _names_accounts(subject):
        return
    for keys, place, is_key in subject.paths:
        plain = tuple(key for key in keys if not key.isdecimal())
        if plain[:2] in _FREE or plain[:1] in _FREE or (plain == _ID and _is_partial(subject)):
            message = f"whoever may set {dotted(plain)} can hide findings with this rule"
            hint = "name the accounts in which only your pipeline can: AwsAccountId: [...]"
            yield subject.problem(CODE, place, message, hint, key=is_key)
            return


def _names_accounts(subject: Subject) -> bool:
    leaves = [leaf for leaf in subject.leaves if leaf.keys == ("AwsAccountId",) and "$or" not in leaf.place]
    return any(len(leaf.literals) == len(leaf.alternatives) for leaf in leaves)


def _is_partial(subject: Subject) -> bool:
    tests = {
        operator for leaf in subject.leaves if leaf.keys == _ID for operator, _operand, _at in leaf.tests
    }
    operators = {operation.name for operation in subject.operations}
    return bool((tests | operators) & set(_PARTIAL))
