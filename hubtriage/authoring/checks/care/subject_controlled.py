"""W307: hiding a finding by something that its subject decides."""

from collections.abc import Iterator

from hubtriage.authoring.asff.fields import Keys
from hubtriage.authoring.checks.constraints import demands, is_list_of_texts
from hubtriage.authoring.checks.linted_rule import Subject, dotted
from hubtriage.authoring.problems import Problem
from hubtriage.engine.index.dnf import Source

CODE = "W307"
_FREE = {
    *(("Title",), ("Description",), ("AwsAccountName",)),
    *(("Resources", "ApplicationName"), ("Resources", "Tags"), ("Process", "Name"), ("Process", "Path")),
}
_DETAILS = ("Resources", "Details")
_NAMES = ("Name", "Identifier")  # of a resource, where they are not its whole id
_ID: Keys = ("Resources", "Id")
_PARTIAL = ("prefix", "suffix", "wildcard", "equals-ignore-case", "starts_with", "ends_with", "glob", "regex")


def check(subject: Subject) -> Iterator[Problem]:
    """Tags, names, titles and parts of resource ids in a rule that hides, unless it names its accounts."""
    if not subject.hides:
        return
    for keys, place, is_key in subject.paths:
        plain = tuple(key for key in keys if not key.isdecimal())
        if _is_free(plain) or (plain == _ID and _is_partial(subject)):
            if _names_accounts(subject):
                return
            message = f"whoever may set {dotted(plain)} can hide findings with this rule"
            hint = "name the accounts where only your pipeline can, by AwsAccountId or an account attribute"
            yield subject.problem(CODE, place, message, hint, key=is_key)
            return


def _is_free(keys: Keys) -> bool:
    """Whether it is a text that people in the account choose; another resource can have the same."""
    is_name = keys[:2] == _DETAILS and keys[-1].endswith(_NAMES)
    return is_name or keys[:2] in _FREE or keys[:1] in _FREE


def _names_accounts(subject: Subject) -> bool:
    """Whether all findings are of listed accounts, by their ids or by what the account directory says."""
    ids = (leaf for leaf in subject.leaves if leaf.keys == ("AwsAccountId",) and "$or" not in leaf.place)
    if any(len(leaf.literals) == len(leaf.alternatives) for leaf in ids):
        return True  # nearly always so, and quicker to see than what all conditions ask for
    return any(_is_of_account(one.source) and is_list_of_texts(one.values) for one in demands(subject))


def _is_of_account(source: Source) -> bool:
    return source == ("AwsAccountId",) or (isinstance(source, str) and source.startswith('{"account"'))


def _is_partial(subject: Subject) -> bool:
    tests = {
        operator for leaf in subject.leaves if leaf.keys == _ID for operator, _operand, _at in leaf.tests
    }
    operators = {operation.name for operation in subject.operations}
    return bool((tests | operators) & set(_PARTIAL))
