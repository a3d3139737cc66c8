"""Read what the rule files of a folder share: lists of values and the account directory."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hubtriage.authoring.list_files import read_list_file
from hubtriage.authoring.problems import Problem
from hubtriage.authoring.schema import limits
from hubtriage.authoring.schema.rule import AccountFile, RuleFile
from hubtriage.authoring.schema.validation import check_shape
from hubtriage.authoring.yaml.ambiguous import ambiguity
from hubtriage.authoring.yaml.mending import changed
from hubtriage.authoring.yaml.rewriting import as_list, with_quotes
from hubtriage.authoring.yaml.scalars import type_word
from hubtriage.authoring.yaml.tree import YamlDocument, YamlPath, member, unquoted
from hubtriage.engine.shared_values import SharedValues


class ListsAndAccounts:
    """Lists by name and account attributes by account id, read file by file, and their problems."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.lists: dict[str, SharedValues] = {}
        self.accounts: dict[str, dict[str, str]] = {}
        self.problems: list[Problem] = []
        self._places: dict[str, str] = {}

    def read_lists(self, document: YamlDocument) -> None:
        """Add the lists of a rule file, after its own keys were mended where that has a fix."""
        _file, problems = check_shape(RuleFile, document, ())
        self.problems += problems
        try:
            changes = [change for one in problems if one.fix for change in one.fix.changes]
            document.root = changed(document.root, changes)
        except ValueError:
            pass  # two keys were meant to be the same one
        lists = member(document.value, "lists")
        for name, values in lists.items() if isinstance(lists, dict) else ():
            self.problems += self._read_list(document, name, values)

    def _read_list(self, document: YamlDocument, name: str, values: Any) -> Iterator[Problem]:
        path: YamlPath = ("lists", name)
        if not limits.LIST_NAME.fullmatch(name):
            hint = "1 to 63 letters, digits, '-' and '_'"
            yield document.problem("E106", path, f"{name!r} is not a list name", hint, key=True)
        if name in self._places:
            message = f"the list {name!r} is defined twice (first in {self._places[name]})"
            yield document.problem("E402", path, message, "delete or rename one of them", key=True)
            return
        self._places[name] = document.place(path)
        if isinstance(values, dict):
            file = read_list_file(document, path, values, self._folder)
            self.lists[name] = SharedValues(file.values, name)
            yield from file.problems
            return
        self.lists[name] = SharedValues(_texts_of(document, path, values), name)
        yield from _list_problems(document, path, values)

    def read_accounts(self, document: YamlDocument) -> None:
        """Add the accounts of the account directory."""
        _file, problems = check_shape(AccountFile, document, ())
        self.problems += problems
        accounts = member(document.value, "accounts")
        for account, attributes in accounts.items() if isinstance(accounts, dict) else ():
            path: YamlPath = ("accounts", account)
            problems = list(_account_problems(document, path, account, attributes))
            self.problems += problems
            if not problems:
                self.accounts[account] = dict(attributes)


def _texts_of(document: YamlDocument, path: YamlPath, values: Any) -> list[Any]:
    """Return the values of a list, those that need quotes as if they had them; nothing follows from that."""
    if not isinstance(values, list):
        return [values] if _is_value(values) else []
    nodes = ((value, document.node((*path, index))) for index, value in enumerate(values))
    return [value if ambiguity(node) is None else node.unquoted for value, node in nodes]


def _list_problems(document: YamlDocument, path: YamlPath, values: Any) -> Iterator[Problem]:
    """Yield the problems of a list: it needs at least one value, each text or a number, none twice."""
    if not isinstance(values, list) or not values:
        message = "the list is empty" if values == [] else f"a list is wanted, not {type_word(values)}"
        hint = "a rule that uses it would match nothing, or everything"
        fix = as_list(document, path) if _is_value(values) else None
        yield document.problem("E103", path, message, hint, fix=fix)
        return
    seen = set()
    for index, value in enumerate(values):
        ambiguous = ambiguity(document.node((*path, index)))
        if ambiguous is not None:
            fix = with_quotes(document, (*path, index))
            yield document.problem("E004", (*path, index), *ambiguous, fix=fix)
        elif not _is_value(value):
            yield document.problem(
                "E103", (*path, index), f"text or a number is wanted, not {type_word(value)}"
            )
        elif value in seen:
            yield document.problem("E107", (*path, index), f"{value!r} appears twice", "delete one of them")
        else:
            seen.add(value)


def _is_value(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _account_problems(
    document: YamlDocument, path: YamlPath, account: str, attributes: Any
) -> Iterator[Problem]:
    """Yield the problems of an account: its id needs twelve digits, its attributes have to be text."""
    if not limits.ACCOUNT_ID.fullmatch(account):
        hint = "an account id has 12 digits, in quotes"
        yield document.problem("E106", path, f"{account!r} is not an account id", hint, key=True)
    if not isinstance(attributes, dict):
        hint = "such as {name: shop, environment: prod}"
        yield document.problem("E103", path, f"a mapping is wanted, not {type_word(attributes)}", hint)
        return
    for name, value in attributes.items():
        node = document.node((*path, name))
        if isinstance(value, str):
            continue
        if node.unquoted is not None:
            fix = with_quotes(document, (*path, name))
            yield document.problem("E004", (*path, name), *unquoted(node), fix=fix)
        else:
            yield document.problem("E103", (*path, name), f"text is wanted, not {type_word(value)}")
