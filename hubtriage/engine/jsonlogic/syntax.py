"""The syntax of JsonLogic: what is an operation, and a walk over all operations of an expression."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from hubtriage.engine.errors import Path

Keys: TypeAlias = tuple[str, ...]

LOOPS = frozenset(("some", "all", "none", "filter", "map"))  # their second argument is about each element

_HOLDERS = (list, dict)


class Operation(NamedTuple):
    """An operation of an expression and its place there.

    `scope` is the list whose elements it looks at: () for the whole finding, None if that is not known.
    `outer` holds the operations around it, the outermost first.
    """

    name: str
    arguments: list[Any]
    place: Path
    scope: Keys | None
    outer: tuple[Operation, ...]

    @property
    def logic(self) -> dict[str, Any]:
        """The operation as JsonLogic."""
        return {self.name: list(self.arguments)}

    def keys_of(self, argument: Any) -> Keys | None:
        """Return the path in the finding of an argument that is a plain `var`, else None."""
        keys = var_keys(argument)
        return (*self.scope, *keys) if keys and self.scope is not None else None

    def is_under(self, *names: str) -> bool:
        """Say whether one of these operators is around the operation."""
        return any(one.name in names for one in self.outer)


def operations(logic: Any, place: Path = (), scope: Keys | None = ()) -> Iterator[Operation]:
    """Yield all operations of an expression, each before those inside it.

    `scope` is the list whose elements the expression looks at.
    """
    return _operations(logic, place, scope, ())


def _operations(
    logic: Any, place: Path, scope: Keys | None, outer: tuple[Operation, ...]
) -> Iterator[Operation]:
    if isinstance(logic, list):
        for index, item in enumerate(logic):
            if isinstance(item, _HOLDERS):  # most items are values: a generator for each would cost more
                yield from _operations(item, (*place, index), scope, outer)
    elif isinstance(logic, dict) and logic:
        name, arguments = split_operation(logic)
        place = (*place, name)
        operation = Operation(name, arguments, place, scope, outer)
        yield operation
        inside = (*outer, operation)
        for index, argument in enumerate(arguments):
            if isinstance(argument, _HOLDERS):
                inner = (*place, index) if arguments is logic[name] else place
                yield from _operations(argument, inner, _inner_scope(operation, index), inside)


def _inner_scope(operation: Operation, index: int) -> Keys | None:
    """Return the list whose elements an argument looks at."""
    if index != 1:
        return operation.scope
    if operation.name in LOOPS:
        return operation.keys_of(operation.arguments[0])
    return None if operation.name == "reduce" else operation.scope


def split_operation(logic: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """Return the operator and its arguments; a lone argument needs no list."""
    ((name, arguments),) = logic.items()
    return name, arguments if isinstance(arguments, list) else [arguments]


def var_keys(expression: Any) -> Keys | None:
    """Return the path of a `var` without a default: () is the whole value, None any other expression."""
    if not isinstance(expression, dict) or list(expression) != ["var"]:
        return None
    _name, arguments = split_operation(expression)
    if len(arguments) > 1:
        return None
    path = arguments[0] if arguments else ""
    if path is None or path == "":
        return ()
    return tuple(path.split(".")) if isinstance(path, str) else None


def looked_up(operation: Operation) -> Iterator[Any]:
    """Yield the paths that `var`, `missing` or `missing_some` looks up; what is calculated comes as it is."""
    arguments = operation.arguments
    if operation.name == "var":
        yield arguments[0] if arguments else ""
    elif operation.name in ("missing", "missing_some"):
        listed = arguments[1] if operation.name == "missing_some" and len(arguments) > 1 else arguments
        for path in listed if isinstance(listed, list) else [listed]:
            yield from path if isinstance(path, list) else [path]
