"""Reads a folder of rule files: every rule that is right, and every problem of all the others.

Every `*.yaml` and `*.yml` file in and below the folder is read, except those whose name, or whose
folder's name, starts with a dot. `accounts.yaml` at the top of the folder is the account directory;
all other files hold `rules:` and `lists:`. Lists are visible in all files.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hubtriage.authoring import limits
from hubtriage.authoring.conditions import Condition, read_match, read_when, text_trap, traps_in
from hubtriage.authoring.models import AccountFile, Rule, RuleFile
from hubtriage.authoring.placeholders import check_templates
from hubtriage.authoring.problems import Position, Problem, Severity, in_order
from hubtriage.authoring.scalars import type_word
from hubtriage.authoring.shape import check_shape
from hubtriage.authoring.yamlreader import parse
from hubtriage.authoring.yamltree import Document, unquoted
from hubtriage.authoring.yamltree import Path as Place

ACCOUNTS_FILE = "accounts.yaml"


@dataclass(frozen=True, slots=True)
class LoadedRule:
    """A rule without errors: the model, where it stands, and its conditions with the lists put in."""

    model: Rule
    document: Document
    path: Place
    match: Mapping[str, Any] | None
    when: Any
    uses_regex: bool

    @property
    def id(self) -> str:
        """The rule's id."""
        return self.model.id

    @property
    def has_when(self) -> bool:
        """Whether the rule has a `when`; its value may well be false."""
        return "when" in self.model.model_fields_set


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What a folder of rule files holds; `rules` are those without errors, in the order of the files."""

    rules: tuple[LoadedRule, ...]
    lists: Mapping[str, Sequence[Any]]
    accounts: Mapping[str, Mapping[str, str]]
    problems: tuple[Problem, ...]
    documents: tuple[Document, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that stop a build."""
        return tuple(problem for problem in self.problems if problem.severity is Severity.ERROR)


def rule_files(folder: Path) -> list[Path]:
    """The rule files of a folder, sorted by path."""
    found = (path for path in folder.rglob("*") if path.suffix in (".yaml", ".yml"))
    return sorted(path for path in found if path.is_file() and not _is_hidden(path.relative_to(folder)))


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def load_rules(folder: Path) -> LoadResult:
    """Every rule, list and account of a folder, and all problems of all its files, by place.

    Reads files, never raises for what they hold: a file that cannot be read is a problem too.
    """
    if not folder.is_dir():
        hint = "name a folder of rule files"
        problem = Problem(folder.as_posix(), Position(1, 1), "E404", "there is no such folder", hint)
        return LoadResult((), {}, {}, (problem,))
    return _Loading(folder).result()


class _Loading:
    """One run over a folder."""

    def __init__(self, folder: Path):
        self.problems: list[Problem] = []
        self.lists: dict[str, list[Any]] = {}
        self.accounts: dict[str, dict[str, str]] = {}
        self._folder = folder
        self._list_places: dict[str, str] = {}
        self._id_places: dict[str, str] = {}

    def result(self) -> LoadResult:
        """Lists and accounts of all files first, since any rule may use them."""
        documents = tuple(self._read_files())
        rule_documents = [one for one in documents if not self._is_directory(one)]
        for document in documents:
            if self._is_directory(document):
                self._read_accounts(document)
            else:
                self._read_lists(document)
        rules = tuple(rule for document in rule_documents for rule in self._rules(document))
        return LoadResult(rules, self.lists, self.accounts, in_order(self.problems), documents)

    def _is_directory(self, document: Document) -> bool:
        return document.file == (self._folder / ACCOUNTS_FILE).as_posix()

    def _report(
        self, document: Document, code: str, path: Place, message: str, hint: str = "", *, key: bool = True
    ) -> None:
        self.problems.append(document.problem(code, path, message, hint, key=key))

    def _read_files(self) -> Iterator[Document]:
        for path in rule_files(self._folder):
            document, problems = _read_file(path)
            self.problems += problems
            if document is not None:
                yield document

    # -- lists and accounts

    def _read_lists(self, document: Document) -> None:
        _file, problems = check_shape(RuleFile, document, ())
        self.problems += problems
        lists = _member(document.value, "lists")
        for name, values in lists.items() if isinstance(lists, dict) else ():
            self._read_list(document, name, values)

    def _read_list(self, document: Document, name: str, values: Any) -> None:
        path: Place = ("lists", name)
        if not limits.LIST_NAME.fullmatch(name):
            hint = "1 to 63 letters, digits, '-' and '_'"
            self._report(document, "E106", path, f"{name!r} is not a list name", hint)
        if name in self._list_places:
            message = f"the list {name!r} is defined twice (first in {self._list_places[name]})"
            self._report(document, "E402", path, message, "delete or rename one of them")
            return
        self._list_places[name] = _place(document, path)
        self.lists[name] = values if isinstance(values, list) else []
        self.problems += _list_problems(document, path, values)

    def _read_accounts(self, document: Document) -> None:
        _file, problems = check_shape(AccountFile, document, ())
        self.problems += problems
        accounts = _member(document.value, "accounts")
        for account, attributes in accounts.items() if isinstance(accounts, dict) else ():
            path: Place = ("accounts", account)
            if not limits.ACCOUNT_ID.fullmatch(account):
                message = f"{account!r} is not an account id"
                self._report(document, "E106", path, message, "an account id has 12 digits, in quotes")
            problems = list(_attribute_problems(document, path, attributes))
            self.problems += problems
            if not problems:
                self.accounts[account] = dict(attributes)

    # -- rules

    def _rules(self, document: Document) -> Iterator[LoadedRule]:
        rules = _member(document.value, "rules")
        for index, raw in enumerate(rules if isinstance(rules, list) else ()):
            loaded = self._rule(document, ("rules", index), raw)
            if loaded is not None:
                yield loaded

    def _rule(self, document: Document, path: Place, raw: Any) -> LoadedRule | None:
        """The rule, or None if it has errors; whatever is wrong with a part, the others are checked too."""
        model, problems = check_shape(Rule, document, path)
        match, when = Condition(), Condition()
        if isinstance(raw, dict):
            match, when = self._conditions(document, path, raw)
            problems += self._id_problems(document, path, raw.get("id"))
            problems += check_templates(document, path, raw)
            problems += _test_problems(document, path, raw.get("tests"))
        problems += match.problems + when.problems
        self.problems += problems
        if model is None or problems:
            return None
        return LoadedRule(model, document, path, match.value, when.value, when.uses_regex)

    def _conditions(
        self, document: Document, path: Place, raw: Mapping[str, Any]
    ) -> tuple[Condition, Condition]:
        """The rule's match and when; a match of the wrong type is a problem of the rule's shape."""
        match, when = Condition(), Condition()
        if isinstance(raw.get("match"), dict):
            match = read_match(document, (*path, "match"), self.lists)
        if raw.get("when") is not None:
            when = read_when(document, (*path, "when"), self.lists, self.accounts)
        if "match" not in raw and "when" not in raw:
            hint = "write match:, or when: true to mean every finding"
            when.problems.append(document.problem("E205", path, "the rule has no condition", hint))
        return match, when

    def _id_problems(self, document: Document, path: Place, rule_id: object) -> list[Problem]:
        if not isinstance(rule_id, str):
            return []
        path = (*path, "id")
        if rule_id not in self._id_places:
            self._id_places[rule_id] = _place(document, path)
            return []
        message = f"the id {rule_id!r} is used twice (first in {self._id_places[rule_id]})"
        hint = "findings remember rules by their id: rename one of them"
        return [document.problem("E401", path, message, hint)]


def _read_file(path: Path) -> tuple[Document | None, list[Problem]]:
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


def _test_problems(document: Document, path: Place, tests: Any) -> Iterator[Problem]:
    for index, test in enumerate(tests if isinstance(tests, list) else ()):
        if isinstance(test, dict) and isinstance(test.get("finding"), dict):
            yield from traps_in(document, (*path, "tests", index, "finding"))


def _member(value: object, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _place(document: Document, path: Place) -> str:
    position = document.locate_key(path)
    return f"{document.file}:{position.line}"


def _list_problems(document: Document, path: Place, values: Any) -> Iterator[Problem]:
    if not isinstance(values, list) or not values:
        message = "the list is empty" if values == [] else f"a list is wanted, not {type_word(values)}"
        hint = "a rule that uses it would match nothing, or everything"
        yield document.problem("E103", path, message, hint)
        return
    seen = set()
    for index, value in enumerate(values):
        trap = text_trap(document.node((*path, index)))
        if trap is not None:
            yield document.problem("E004", (*path, index), *trap)
        elif isinstance(value, bool) or not isinstance(value, str | int | float):
            yield document.problem(
                "E103", (*path, index), f"text or a number is wanted, not {type_word(value)}"
            )
        elif value in seen:
            yield document.problem("E107", (*path, index), f"{value!r} appears twice", "delete one of them")
        else:
            seen.add(value)


def _attribute_problems(document: Document, path: Place, attributes: Any) -> Iterator[Problem]:
    if not isinstance(attributes, dict):
        hint = "such as {name: shop, environment: prod}"
        yield document.problem("E103", path, f"a mapping is wanted, not {type_word(attributes)}", hint)
        return
    for name, value in attributes.items():
        node = document.node((*path, name))
        if not isinstance(value, str):
            if node.unquoted is not None:
                yield document.problem("E004", (*path, name), *unquoted(node))
            else:
                yield document.problem("E103", (*path, name), f"text is wanted, not {type_word(value)}")
