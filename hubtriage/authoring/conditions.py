"""A rule's `match` and `when`: lists put in, YAML's traps found, compiled once to be sure they do.

`{in-list: NAME}` in a pattern and `in_list: [x, NAME]` in logic are replaced by the list's values, so
that the engine knows no lists. In a pattern the values stand where the name stood: as one alternative
each (`[{in-list: NAME}]`, `[{prefix: {in-list: NAME}}]`), or all together inside `anything-but`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from hubtriage.authoring.problems import Problem, did_you_mean
from hubtriage.authoring.scalars import Trap
from hubtriage.authoring.yamltree import Document, Node, Path, unquoted
from hubtriage.engine.errors import ConditionError
from hubtriage.engine.jsonlogic import compile_logic
from hubtriage.engine.pattern import compile_pattern

IN_LIST = "in-list"
_TESTS = ("prefix", "suffix", "equals-ignore-case", "wildcard", "cidr", "exists", IN_LIST)
_COMPARISONS = ("<", "<=", "=", ">", ">=")
_MAX_ERRORS = 50  # of one condition: more would not help anybody

Lists = Mapping[str, Sequence[Any]]
Accounts = Mapping[str, Mapping[str, str]]


@dataclass(slots=True)
class Condition:
    """A condition ready for the rule set, and its problems; `value` is whole only without errors."""

    value: Any = None
    problems: list[Problem] = field(default_factory=list)
    uses_regex: bool = False


def read_match(document: Document, path: Path, lists: Lists) -> Condition:
    """The pattern at a path of a file with its lists put in and every leaf as a list."""
    reader = _PatternReader(document, path, lists)
    if not document.node(path).value:
        hint = "to mean every finding, write when: true instead of match"
        return Condition(problems=[document.problem("E204", path, "match is empty", hint, key=True)])
    pattern = reader.fields(document.node(path).value, ())
    if not reader.problems:
        for error in _errors_of(compile_pattern, pattern, _pattern_stand_in):
            place = (*path, *reader.source_of(error.path))
            reader.problems.append(document.problem("E201", place, error.message, error.hint, key=True))
    return Condition(pattern, reader.problems)


def read_when(document: Document, path: Path, lists: Lists, accounts: Accounts) -> Condition:
    """The logic at a path of a file with its lists put in."""
    reader = _LogicReader(document, path, lists, accounts)
    logic = reader.value(document.node(path).value, ())
    if not reader.problems:
        for error in _errors_of(lambda tree: compile_logic(tree, accounts=accounts), logic, _logic_stand_in):
            place = (*path, *error.path)
            reader.problems.append(document.problem("E202", place, error.message, error.hint, key=True))
    return Condition(logic, reader.problems, reader.uses_regex)


# -- YAML's traps ------------------------------------------------------------------------------


def text_trap(node: Node, *, number_meant: bool = False) -> tuple[str, str] | None:
    """Message and hint if an unquoted value is not what its author sees in it, else None.

    A value that may be text or a number is taken as it is written, except where readers of YAML
    differ, where the digits are those of an account id, or (unless a number is meant) where digits
    would be lost, as in the version 1.10.
    """
    if node.unquoted is None or isinstance(node.value, str):
        return None
    if isinstance(node.value, Trap):
        return unquoted(node)
    if isinstance(node.value, int) and len(node.unquoted) == 12:
        message, hint = unquoted(node)
        return f"{message} for an account id", hint
    if isinstance(node.value, float) and not number_meant and node.unquoted != repr(node.value):
        return f"unquoted {node.unquoted} is the number {node.value!r} to YAML", f'write "{node.unquoted}"'
    return None


def traps_in(document: Document, path: Path) -> Iterator[Problem]:
    """The traps in a finding that a test gives: its numbers may be numbers, its ids and times are text."""
    node = document.node(path)
    trap = text_trap(node, number_meant=True)
    if trap is not None:
        yield document.problem("E004", path, *trap)
    for step in node.children:
        yield from traps_in(document, (*path, step))


# -- match -------------------------------------------------------------------------------------


class _Reader:
    """What reading a pattern and reading logic share: where they are, lists, problems."""

    def __init__(self, document: Document, path: Path, lists: Lists):
        self.problems: list[Problem] = []
        self._document = document
        self._path = path
        self._lists = lists

    def _report(self, code: str, path: Path, message: str, hint: str = "", *, key: bool = False) -> None:
        self.problems.append(self._document.problem(code, (*self._path, *path), message, hint, key=key))

    def _scalar(self, value: Any, path: Path, *, number_meant: bool) -> Any:
        trap = text_trap(self._document.node((*self._path, *path)), number_meant=number_meant)
        if trap is not None:
            self._report("E004", path, *trap)
        return value

    def _list_values(self, name: object, path: Path) -> list[Any]:
        values = self._lists.get(name) if isinstance(name, str) else None
        if values is None:
            hint = did_you_mean(name, self._lists) or "define it under lists: in any rule file"
            self._report("E203", path, f"there is no list {str(name)!r}", hint)
        return list(values or ())


class _PatternReader(_Reader):
    """Walks a pattern; remembers which item of the file each item of the result came from."""

    def __init__(self, document: Document, path: Path, lists: Lists):
        super().__init__(document, path, lists)
        self._origins: dict[Path, Path] = {}

    def source_of(self, path: Sequence[str | int]) -> Path:
        """The path in the file of a path in the result."""
        path = tuple(path)
        for length in range(len(path), 0, -1):
            origin = self._origins.get(path[:length])
            if origin is not None:
                return (*origin, *path[length:])
        return path

    def fields(self, value: Any, path: Path, source: Path | None = None) -> Any:
        """A mapping of fields; what is no mapping is left for the compiler to refuse."""
        source = path if source is None else source
        if not isinstance(value, dict):
            return value
        result = {}
        for name, inner in value.items():
            at, origin = (*path, name), (*source, name)
            if name == "$or" and isinstance(inner, list):
                result[name] = [
                    self.fields(item, (*at, index), (*origin, index)) for index, item in enumerate(inner)
                ]
            elif isinstance(inner, dict):
                self._refuse_bare_test(inner, origin)
                result[name] = self.fields(inner, at, origin)
            else:
                result[name] = self._alternatives(inner, at, origin)
        return result

    def _refuse_bare_test(self, value: dict[str, Any], path: Path) -> None:
        """A test that is not in a list would be taken for a field of that name, and match nothing."""
        if len(value) != 1:
            return
        (test, argument), *_ = value.items()
        is_scalar = not isinstance(argument, dict | list)
        is_range = isinstance(argument, list) and argument[:1] and argument[0] in _COMPARISONS
        if (
            (test in _TESTS and is_scalar)
            or (test == "numeric" and is_range)
            or (test == "anything-but" and not isinstance(argument, dict) and is_scalar)
        ):
            message = f"{test!r} is taken for a field here; a test stands in a list"
            self._report("E201", (*path, test), message, f"write [{{{test}: …}}]", key=True)

    def _alternatives(self, value: Any, path: Path, source: Path) -> list[Any]:
        if not isinstance(value, list):
            self._origins[(*path, 0)] = source
            return [self._scalar(value, source, number_meant=False)]
        result: list[Any] = []
        for index, item in enumerate(value):
            origin = (*source, index)
            for alternative in self._alternative(item, origin):
                self._origins[(*path, len(result))] = origin
                result.append(alternative)
        return result

    def _alternative(self, item: Any, source: Path) -> Iterator[Any]:
        """The alternatives that an item of a list of values stands for: itself, or a list's values."""
        if not isinstance(item, dict):
            yield self._scalar(item, source, number_meant=False)
            return
        for test, argument in item.items():
            at = (*source, test)
            if test == IN_LIST:
                yield from self._list_values(argument, at)
            elif test != "anything-but" and _names_list(argument):
                yield from ({test: value} for value in self._list_values(argument[IN_LIST], (*at, IN_LIST)))
            else:
                yield {**item, test: self._argument(argument, at, number_meant=test == "numeric")}
            if len(item) != 1:  # the compiler refuses it, whatever it holds
                return

    def _argument(self, value: Any, path: Path, *, number_meant: bool) -> Any:
        if _names_list(value):
            return self._list_values(value[IN_LIST], (*path, IN_LIST))
        if isinstance(value, dict | list):
            items = value.items() if isinstance(value, dict) else enumerate(value)
            read = {key: self._argument(item, (*path, key), number_meant=number_meant) for key, item in items}
            return read if isinstance(value, dict) else list(read.values())
        return self._scalar(value, path, number_meant=number_meant)


def _names_list(value: object) -> bool:
    return isinstance(value, dict) and list(value) == [IN_LIST]


# -- when --------------------------------------------------------------------------------------


class _LogicReader(_Reader):
    """Walks logic: puts lists in, sees which operators are used."""

    def __init__(self, document: Document, path: Path, lists: Lists, accounts: Accounts):
        super().__init__(document, path, lists)
        self.uses_regex = False
        self._attributes = {name for attributes in accounts.values() for name in attributes}

    def value(self, value: Any, path: Path) -> Any:
        """The logic with its lists put in."""
        if isinstance(value, list):
            return [self.value(item, (*path, index)) for index, item in enumerate(value)]
        if not isinstance(value, dict):
            return self._scalar(value, path, number_meant=True)
        self.uses_regex |= "regex" in value
        if "account" in value:
            self._check_attribute(value["account"], (*path, "account"))
        return {name: self._arguments(name, item, (*path, name)) for name, item in value.items()}

    def _arguments(self, operator: str, arguments: Any, path: Path) -> Any:
        result = self.value(arguments, path)
        names_list = isinstance(result, list) and len(result) == 2 and isinstance(result[1], str)
        if operator == "in_list" and names_list:
            result[1] = self._list_values(result[1], (*path, 1))
        return result

    def _check_attribute(self, arguments: Any, path: Path) -> None:
        name = arguments[0] if isinstance(arguments, list) and arguments else arguments
        if not isinstance(name, str) or name in self._attributes:
            return
        hint = did_you_mean(name, self._attributes) or "give accounts attributes in accounts.yaml"
        self._report("E206", path, f"no account has the attribute {name!r}", hint)


# -- all errors of a condition, not only the first --------------------------------------------

StandIn: TypeAlias = Callable[[Any, Path], tuple[Path, Any] | None]


def _errors_of(compiler: Callable[[Any], object], tree: Any, stand_in: StandIn) -> Iterator[ConditionError]:
    """Every error that a compiler finds: after each one its place gets a stand-in, and it is tried again."""
    seen: set[Path] = set()
    for _ in range(_MAX_ERRORS):
        try:
            compiler(tree)
        except ConditionError as error:
            yield error
            mend = stand_in(tree, tuple(error.path))
            if mend is None or mend[0] in seen:
                return
            seen.add(mend[0])
            tree = _with(tree, *mend)
        else:
            return


def _pattern_stand_in(tree: Any, path: Path) -> tuple[Path, Any] | None:
    """A list of alternatives that is sure to compile, in place of the one that holds the error."""
    for length in range(1, len(path) + 1):
        if isinstance(_at(tree, path[:length]), list) and path[length - 1] != "$or":
            return path[:length], [""]
    return None


def _logic_stand_in(_tree: Any, path: Path) -> tuple[Path, Any] | None:
    """An operation that is sure to compile, in place of the one that holds the error."""
    while path and isinstance(path[-1], str):
        path = path[:-1]
    return (path, {"var": "Id"}) if path else None


def _at(tree: Any, path: Path) -> Any:
    for step in path:
        try:
            tree = tree[step]
        except (KeyError, IndexError, TypeError):
            return None
    return tree


def _with(tree: Any, path: Path, value: Any) -> Any:
    """A copy of a tree with another value at a path."""
    if not path:
        return value
    copy: Any = list(tree) if isinstance(tree, list) else dict(tree)
    copy[path[0]] = _with(tree[path[0]], path[1:], value)
    return copy
