"""Lists of values that several rules name: one list in memory, and once what is derived from it.

In `ruleset.json` the lists stand under `lists`; `{"in-list": NAME}` in a condition stands for one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

IN_LIST = "in-list"
T = TypeVar("T")


class SharedValues(list[Any]):
    """A list that several rules share; it is never changed."""

    __slots__ = ("_derived", "name")

    def __init__(self, values: Iterable[Any], name: str) -> None:
        super().__init__(values)
        self.name = name
        self._derived: dict[Callable[..., Any], Any] = {}

    def __reduce__(self) -> tuple[type[list[Any]], tuple[list[Any]]]:
        return list, (list(self),)

    def derived(self, make: Callable[[Sequence[Any]], T]) -> T:
        """Return what a function makes of the list; it is called once. Raises what the function raises."""
        if make not in self._derived:
            self._derived[make] = make(self)
        found: T = self._derived[make]
        return found


def derive(make: Callable[[Sequence[Any]], T], values: Sequence[Any]) -> T:
    """Return what a function makes of some values, once for a list that is shared."""
    return values.derived(make) if isinstance(values, SharedValues) else make(values)


def put_in(condition: Any, lists: Mapping[str, SharedValues]) -> Any:
    """Return a condition of `ruleset.json` with its lists put in; raises KeyError for an unknown one."""
    if isinstance(condition, list):
        return [put_in(item, lists) for item in condition]
    if not isinstance(condition, dict):
        return condition
    if len(condition) == 1 and IN_LIST in condition:
        return lists[condition[IN_LIST]]
    return {name: put_in(item, lists) for name, item in condition.items()}


def taken_out(condition: Any, lists: dict[str, SharedValues]) -> Any:
    """Return a condition with `{"in-list": NAME}` for each shared list, and add these to `lists`."""
    if isinstance(condition, SharedValues):
        lists[condition.name] = condition
        return {IN_LIST: condition.name}
    if isinstance(condition, list):
        return [taken_out(item, lists) for item in condition]
    if isinstance(condition, dict):
        return {name: taken_out(item, lists) for name, item in condition.items()}
    return condition
