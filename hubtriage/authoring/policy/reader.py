"""Read `policy.yaml`: the statements without errors, and all problems of the others."""

from collections.abc import Iterator, Mapping
from typing import Any

from hubtriage.authoring.checks.registry import errors
from hubtriage.authoring.conditions.match import read_match
from hubtriage.authoring.conditions.reader import LoadedCondition
from hubtriage.authoring.conditions.when import read_when
from hubtriage.authoring.lists import ListsAndAccounts
from hubtriage.authoring.loaded import LoadedRule, LoadedStatement
from hubtriage.authoring.problems import Problem
from hubtriage.authoring.schema.policy import PolicyFile, Statement
from hubtriage.authoring.schema.rule import RuleModel
from hubtriage.authoring.schema.validation import check_shape
from hubtriage.authoring.yaml.tree import YamlDocument, YamlPath, member
from hubtriage.engine.jsonlogic.syntax import operations

_NOTHING = {"id": "statement", "update": {"Confidence": 0}}
"""A rule that carries the conditions of a statement, so that they are checked as those of rules are."""


class PolicyReader:
    """Reads the policy of a folder, and collects its problems."""

    def __init__(self, shared: ListsAndAccounts) -> None:
        self.problems: list[Problem] = []
        self._shared = shared
        self._places: dict[str, str] = {}

    def statements(self, document: YamlDocument) -> Iterator[LoadedStatement]:
        """Yield the statements without errors."""
        _file, problems = check_shape(PolicyFile, document, ())
        self.problems += problems
        statements = member(document.value, "policy")
        for index, _raw in enumerate(statements if isinstance(statements, list) else ()):
            path: YamlPath = ("policy", index)
            found = list(self._id_problems(document, path))
            model, problems = check_shape(Statement, document, path)
            found += problems
            conditions: dict[str, Any] = {}
            for name in ("findings", "only"):
                holder = member(document.node(path).value, name)
                if isinstance(holder, dict):
                    conditions |= self._conditions(document, (*path, name), holder, found)
            self.problems += found
            if model is not None and not found:
                uses_regex = any(one.name == "regex" for one in operations(conditions.get("when")))
                yield LoadedStatement(model, document, path, conditions, uses_regex)

    def _conditions(
        self, document: YamlDocument, path: YamlPath, holder: Mapping[str, Any], found: list[Problem]
    ) -> dict[str, Any]:
        """Return the conditions at a path with lists put in, after the checks that rules get."""
        match, when = LoadedCondition(), LoadedCondition()
        if isinstance(holder.get("match"), dict):
            match = read_match(document, (*path, "match"), self._shared.lists, {})
        if holder.get("when") is not None:
            when = read_when(document, (*path, "when"), self._shared.lists, self._shared.accounts)
        problems = match.problems + when.problems
        read = {"match": match.value} if match.value is not None else {}
        read |= {"when": when.value} if "when" in holder else {}
        if not problems and read:
            model = RuleModel.model_validate(_NOTHING | {name: holder[name] for name in read})
            rule = LoadedRule(model, document, path, match.value, when.value, when.uses_regex, match.origins)
            problems = list(errors(rule, self._shared.lists))
        found += problems
        return read

    def _id_problems(self, document: YamlDocument, path: YamlPath) -> Iterator[Problem]:
        name = member(document.node(path).value, "id")
        if not isinstance(name, str):
            return
        if name in self._places:
            message = f"the id {name!r} is used twice (first in {self._places[name]})"
            yield document.problem("E401", (*path, "id"), message, "rename one of them")
        self._places.setdefault(name, document.place((*path, "id")))
