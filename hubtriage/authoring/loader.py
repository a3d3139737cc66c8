"""Read a folder of rule files: all rules without errors, and all problems of the others.

The loader reads every `*.yaml` and `*.yml` file in and below the folder, in capitals too, except those with a
name, or in a folder with a name, that starts with a dot. `accounts.yaml` at the top of the folder is the
account directory; all other files hold `rules:`, `lists:` and `defaults:`. Every file can use the lists of
all files; defaults hold for the rules of their own file.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hubtriage.authoring.checks.registry import errors
from hubtriage.authoring.conditions.match import read_match
from hubtriage.authoring.conditions.reader import LoadedCondition
from hubtriage.authoring.conditions.when import read_when
from hubtriage.authoring.lists import ListsAndAccounts
from hubtriage.authoring.loaded import LoadedRule, LoadResult
from hubtriage.authoring.placeholders import check_templates
from hubtriage.authoring.problems import Position, Problem, in_order
from hubtriage.authoring.schema.rule import RuleModel
from hubtriage.authoring.schema.validation import check_shape
from hubtriage.authoring.yaml.ambiguous import ambiguities_in
from hubtriage.authoring.yaml.reader import MAX_BYTES, parse
from hubtriage.authoring.yaml.tree import YamlDocument, YamlPath, member
from hubtriage.engine.shared_values import SharedValues

ACCOUNTS_FILE = "accounts.yaml"
_DOUBTFUL = ("E203", "E206")  # the list or accounts may be in a file that cannot be read


def rule_files(folder: Path) -> list[Path]:
    """Return the rule files of a folder, sorted by path."""
    return [path for path in _visible_files(folder) if path.suffix.lower() in (".yaml", ".yml")]


def _visible_files(folder: Path) -> list[Path]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in files if not _is_hidden(path.relative_to(folder)))


def _unread_rules(folder: Path) -> Iterator[Problem]:
    """Yield each JSON file that holds rules: nobody who wrote one expects that it does nothing."""
    for path in _visible_files(folder):
        if path.suffix.lower() != ".json" or path.stat().st_size > MAX_BYTES:
            continue
        try:
            content = json.loads(path.read_bytes())
        except (OSError, ValueError, RecursionError):
            continue
        if isinstance(content, dict) and {"rules", "lists", "defaults"} & content.keys():
            message = "rules in JSON are not read"
            hint = f"rename it to {path.stem}.yaml: what is JSON is YAML, too"
            yield Problem(path.as_posix(), Position(1, 1), "E405", message, hint)


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def load_rules(folder: Path) -> LoadResult:
    """Return every rule, list and account of a folder, and all problems of all its files, by place.

    Nothing in the files makes it raise: a file that cannot be read is a problem, too.
    """
    if not folder.is_dir():
        hint = "name a folder of rule files"
        problem = Problem(folder.as_posix(), Position(1, 1), "E404", "there is no such folder", hint)
        return LoadResult((), {}, {}, (problem,))
    files = [_read_file(path) for path in rule_files(folder)]
    documents = tuple(document for document, _problems in files if document is not None)
    directory = (folder / ACCOUNTS_FILE).as_posix()
    shared = ListsAndAccounts(folder)
    for document in documents:
        if document.file == directory:
            shared.read_accounts(document)
        else:
            shared.read_lists(document)
    reader = _RuleReader(shared)
    rules = [rule for one in documents if one.file != directory for rule in reader.rules(one)]
    problems = [
        *(problem for _document, found in files for problem in found),
        *_unread_rules(folder),
        *shared.problems,
        *reader.problems,
    ]
    if len(documents) < len(files):
        problems = [problem for problem in problems if problem.code not in _DOUBTFUL]
    return LoadResult(tuple(rules), shared.lists, shared.accounts, in_order(problems), documents)


class _RuleReader:
    """Reads the rules of one file after another, and collects their problems."""

    def __init__(self, shared: ListsAndAccounts):
        self.problems: list[Problem] = []
        self._shared = shared
        self._made: dict[str, SharedValues] = {}
        self._places: dict[str, str] = {}

    def rules(self, document: YamlDocument) -> Iterator[LoadedRule]:
        """Yield the rules of a file that have no errors."""
        rules = member(document.value, "rules")
        for index, raw in enumerate(rules if isinstance(rules, list) else ()):
            document.lay_under(("rules", index), ("defaults",))
            loaded = self._rule(document, ("rules", index), raw)
            if loaded is not None:
                yield loaded

    def _rule(self, document: YamlDocument, path: YamlPath, raw: Any) -> LoadedRule | None:
        """Return the rule, or None if it has errors; all its parts are checked whatever is wrong with one."""
        model, problems = check_shape(RuleModel, document, path)
        match, when = LoadedCondition(), LoadedCondition()
        if isinstance(raw, dict):
            match, when = self._conditions(document, path, raw)
            problems += self._id_problems(document, (*path, "id"), raw.get("id"))
            problems += check_templates(document, path, raw)
            problems += _test_problems(document, (*path, "tests"), raw.get("tests"))
        problems += match.problems + when.problems
        self.problems += problems
        if model is None or problems:
            return None
        rule = LoadedRule(model, document, path, match.value, when.value, when.uses_regex, match.origins)
        found = errors(rule, self._shared.lists)
        self.problems += found
        return None if found else rule

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


def _read_file(path: Path) -> tuple[YamlDocument | None, list[Problem]]:
    name = path.as_posix()
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"the file cannot be read: {error.strerror or error}"
        return None, [Problem(name, Position(1, 1), "E001", message)]
    document, problems = parse(name, content)
    if not problems and (document is None or document.value is None):
        hint = "delete the file, or write rules: or lists:"
        return None, [Problem(name, Position(1, 1), "E008", "the file holds nothing", hint)]
    return document, problems


def _test_problems(document: YamlDocument, path: YamlPath, tests: Any) -> Iterator[Problem]:
    for index, test in enumerate(tests if isinstance(tests, list) else ()):
        if isinstance(member(test, "finding"), dict):
            yield from ambiguities_in(document, (*path, index, "finding"))
