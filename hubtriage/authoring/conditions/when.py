"""Read a rule's `when`: put lists in, and report ambiguous values and what the compiler refuses.

`in_list: [x, NAME]` gets the list's values in place of its name, so that the engine knows no lists.
"""

from typing import Any

from hubtriage.authoring.conditions.other_languages import logic_hint
from hubtriage.authoring.conditions.reader import (
    MAX_ERRORS,
    Accounts,
    ConditionReader,
    Lists,
    LoadedCondition,
)
from hubtriage.authoring.placeholders import NO_DIRECTORY
from hubtriage.authoring.yaml.tree import YamlDocument, YamlPath
from hubtriage.engine.jsonlogic import logic_errors
from hubtriage.engine.jsonlogic.compiler import ALL_OPERATORS


def read_when(document: YamlDocument, path: YamlPath, lists: Lists, accounts: Accounts) -> LoadedCondition:
    """Return the logic at a path of a file, with its lists put in."""
    reader = _LogicReader(document, path, lists, accounts)
    logic = reader.value(document.node(path).value, ())
    for error in logic_errors(logic, accounts=accounts)[:MAX_ERRORS]:
        reader.refuse("E202", error, tuple(error.path), logic_hint(error), ALL_OPERATORS)
    return LoadedCondition(logic, reader.problems, reader.uses_regex)


class _LogicReader(ConditionReader):
    """Walks logic: puts lists in, and notes whether it uses `regex`."""

    def __init__(self, document: YamlDocument, path: YamlPath, lists: Lists, accounts: Accounts):
        super().__init__(document, path, lists)
        self.uses_regex = False
        self._has_accounts = bool(accounts)

    def value(self, value: Any, path: YamlPath) -> Any:
        """Return the logic with its lists put in."""
        if isinstance(value, list):
            return [self.value(item, (*path, index)) for index, item in enumerate(value)]
        if not isinstance(value, dict):
            return self.scalar(value, path, number_meant=True)
        self.uses_regex |= "regex" in value
        if "account" in value and not self._has_accounts:
            self.report("E206", (*path, "account"), *NO_DIRECTORY, key=True)
        return {name: self._arguments(name, item, (*path, name)) for name, item in value.items()}

    def _arguments(self, operator: str, arguments: Any, path: YamlPath) -> Any:
        result = self.value(arguments, path)
        names_list = isinstance(result, list) and len(result) == 2 and isinstance(result[1], str)
        if operator == "in_list" and names_list:
            result[1] = self.list_values(result[1], (*path, 1))
        return result
