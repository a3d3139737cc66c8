"""Read the rules of rule files: each as a model with its conditions, and all problems of it."""

from collections.abc import Iterator, Mapping
from typing import Any

from hubtriage.authoring.checks.registry import errors
from hubtriage.authoring.conditions.match import read_match
from hubtriage.authoring.conditions.reader import LoadedCondition
from hubtriage.authoring.conditions.when import read_when
from hubtriage.authoring.lists import ListsAndAccounts
from hubtriage.authoring.loaded import LoadedRule
from hubtriage.authoring.placeholders import check_templates
from hubtriage.authoring.problems import Problem
from hubtriage.authoring.remainder import HARMLESS, follows, take_out
from hubtriage.authoring.schema.rule import RuleModel
from hubtriage.authoring.schema.validation import check_shape
from hubtriage.authoring.yaml.ambiguous import ambiguities_in
from hubtriage.authoring.yaml.tree import YamlDocument, YamlPath, member
from hubtriage.engine.shared_values import SharedValues

_MOST_ROUNDS = 12  # a rule in which there is still something new then is not read any further


class RuleReader:
    """Reads the rules of one file after another, and collects their problems."""

    def __init__(self, shared: ListsAndAccounts):
        self.problems: list[Problem] = []
        self._shared = shared
        self._made: dict[str, SharedValues] = {}
        self._places: dict[str, str] = {}

    def rules(self, document: YamlDocument) -> Iterator[LoadedRule]:
        """Yield the rules of a file: those without errors, and what is left of the others."""
        rules = member(document.value, "rules")
        for index, raw in enumerate(rules if isinstance(rules, list) else ()):
            path: YamlPath = ("rules", index)
            document.lay_under(path, ("defaults",))
            told = set(self._id_problems(document, (*path, "id"), member(raw, "id")))
            self.problems += told
            loaded = self._rule(document, path, told)
            if loaded is not None:
                yield loaded

    def _rule(self, document: YamlDocument, path: YamlPath, told: set[Problem]) -> LoadedRule | None:
        """Return the rule, or what is left of it without its errors; None if that is not a rule.

        All parts are checked whatever is wrong with one: the rest is read again without it. A misspelt key is
        mended before anything is said to be missing.
        """
        for _round in range(_MOST_ROUNDS):
            rule, found = self._checked(document, path, is_sound=not told)
            new = [one for one in found if one not in told]
            if not new:
                return rule
            new = [one for one in new if one.code == "E101" and one.fix] or new
            told.update(new)
            self.problems += (one for one in new if not follows(document, one))
            take_out(document, path, new)
        return None

    def _checked(
        self, document: YamlDocument, path: YamlPath, *, is_sound: bool
    ) -> tuple[LoadedRule | None, list[Problem]]:
        """Return the rule as it is now, None if it cannot be read as one, and all its errors."""
        raw = document.node(path).value
        model, problems = check_shape(RuleModel, document, path)
        match, when = LoadedCondition(), LoadedCondition()
        if isinstance(raw, dict):
            match, when = self._conditions(document, path, raw)
            problems += check_templates(document, path, raw, self._shared.accounts)
            problems += _test_problems(document, (*path, "tests"), raw.get("tests"))
        problems += match.problems + when.problems
        if model is None or any(problem.code not in HARMLESS for problem in problems):
            return None, problems
        rule = LoadedRule(
            model, document, path, match.value, when.value, when.uses_regex, match.origins, is_sound
        )
        return rule, [*problems, *errors(rule, self._shared.lists)]

    def _conditions(
        self, document: YamlDocument, path: YamlPath, raw: Mapping[str, Any]
    ) -> tuple[LoadedCondition, LoadedCondition]:
        """Return the rule's match and when. A match of the wrong type is left to the check of the shape."""
        match, when = LoadedCondition(), LoadedCondition()
        if isinstance(raw.get("match"), dict):
            match = read_match(document, (*path, "match"), self._shared.lists, self._made)
        if raw.get("when") is not None:
            when = read_when(document, (*path, "when"), self._shared.lists, self._shared.accounts)
        if "match" not in raw and "when" not in raw:
            hint = "write match:, or when: true to mean every finding"
            when.problems.append(document.problem("E205", path, "the rule has no condition", hint))
        return match, when

    def _id_problems(self, document: YamlDocument, path: YamlPath, rule_id: object) -> Iterator[Problem]:
        if not isinstance(rule_id, str):
            return
        if rule_id in self._places:
            message = f"the id {rule_id!r} is used twice (first in {self._places[rule_id]})"
            hint = "the ledger remembers rules by their id: rename one of them"
            yield document.problem("E401", path, message, hint)
        self._places.setdefault(rule_id, document.place(path))


def _test_problems(document: YamlDocument, path: YamlPath, tests: Any) -> Iterator[Problem]:
    for index, test in enumerate(tests if isinstance(tests, list) else ()):
        if isinstance(member(test, "finding"), dict):
            yield from ambiguities_in(document, (*path, index, "finding"))
