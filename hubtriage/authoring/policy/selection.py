"""Which rules a statement of the house policy speaks of."""

from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from hubtriage.authoring.loaded import LoadedRule, LoadedStatement
from hubtriage.engine.ruleset.owner import Accounts
from hubtriage.engine.text.wildcard import compile_glob


def speaks_of(
    statement: LoadedStatement, rule: LoadedRule, accounts: Accounts, may_hide: Callable[[str], bool]
) -> bool:
    """Say whether a statement speaks of a rule that is not off; `may_hide` takes the rule's id.

    A rule that leaves its owner to the account has all the owners that the directory names.
    """
    if statement.model.unless in rule.model.tags:
        return False
    selection = statement.model.rules
    if selection is None:
        return True
    said = (
        (selection.owners, owners_of(rule, accounts)),
        (selection.files, [_name_in(PurePosixPath(statement.document.file).parent, rule)]),
        (selection.ids, [rule.id]),
    )
    if any(globs is not None and not any(is_any_of(globs, one) for one in texts) for globs, texts in said):
        return False
    return selection.hiding is None or may_hide(rule.id) is selection.hiding


def _name_in(folder: PurePosixPath, rule: LoadedRule) -> str:
    file = PurePosixPath(rule.document.file)
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else file.as_posix()


def owners_of(rule: LoadedRule, accounts: Accounts) -> Sequence[str]:
    """Return everyone whom a rule names as owner, for whatever account."""
    attribute, owner = rule.model.owner_attribute, rule.model.owner
    if attribute is None:
        return [owner] if isinstance(owner, str) else []
    return [known[attribute] for known in accounts.values() if attribute in known]


def is_any_of(globs: Sequence[str], text: str) -> bool:
    """Say whether a text has the form of one of some globs."""
    return any(compile_glob(glob)(text) for glob in globs)
