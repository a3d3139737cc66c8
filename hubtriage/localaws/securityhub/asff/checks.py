"""Checks of values, put together like the shapes they check.

A check takes a value and the path that leads to it, and says what is wrong with it, or None.
"""

from collections.abc import Callable, Collection, Iterable, Mapping

Check = Callable[[object, str], str | None]


def anything(_value: object, _path: str) -> None:
    """Accept any value."""


def text(low: int = 1, high: int | None = None) -> Check:
    """Return a check of a string with a visible character, of `low` to `high` characters."""

    def check(value: object, path: str) -> str | None:
        if not isinstance(value, str):
            return f"{path} should be string"
        if not value.strip() or len(value) < low:
            return f"{path} should NOT be shorter than {low} characters"
        if high is not None and len(value) > high:
            return f"{path} should NOT be longer than {high} characters"
        return None

    return check


def whole(low: int, high: int) -> Check:
    """Return a check of a whole number from `low` to `high`."""

    def check(value: object, path: str) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int):
            return f"{path} should be integer"
        return None if low <= value <= high else f"{path} should be >= {low} and <= {high}"

    return check


def number(value: object, path: str) -> str | None:
    """Accept any number."""
    return (
        None if isinstance(value, int | float) and not isinstance(value, bool) else f"{path} should be number"
    )


def boolean(value: object, path: str) -> str | None:
    """Accept true and false."""
    return None if isinstance(value, bool) else f"{path} should be boolean"


def one_of(values: Collection[str]) -> Check:
    """Return a check of one of the words."""
    words = tuple(values)

    def check(value: object, path: str) -> str | None:
        return (
            None if value in words else f"{path} should be equal to one of the allowed values {list(words)}"
        )

    return check


def matching(accepts: Callable[[object], bool], what: str) -> Check:
    """Return a check of any value that `accepts` accepts; `what` names it."""
    return lambda value, path: None if accepts(value) else f"{path} should be {what}"


def list_of(item: Check, low: int = 0, high: int | None = None) -> Check:
    """Return a check of a list of `low` to `high` items."""

    def check(value: object, path: str) -> str | None:
        if not isinstance(value, list):
            return f"{path} should be array"
        if len(value) < low:
            return f"{path} should NOT have fewer than {low} items"
        if high is not None and len(value) > high:
            return f"{path} should NOT have more than {high} items"
        return _first(item(each, f"{path}[{at}]") for at, each in enumerate(value))

    return check


def map_of(value_check: Check, key_check: Check = anything, high: int | None = None) -> Check:
    """Return a check of a map of at most `high` pairs, its keys and values."""

    def check(value: object, path: str) -> str | None:
        if not isinstance(value, dict):
            return f"{path} should be object"
        if high is not None and len(value) > high:
            return f"{path} should NOT have more than {high} properties"
        return _first(
            problem
            for key, each in value.items()
            for problem in (
                key_check(key, f"{path} key {key[:40]!r}"),
                value_check(each, f"{path}['{key[:40]}']"),
            )
        )

    return check


def structure(members: Mapping[str, Check], required: Collection[str] = (), *, closed: bool = True) -> Check:
    """Return a check of an object of known members; `closed` refuses members that are not listed."""

    def check(value: object, path: str) -> str | None:
        if not isinstance(value, dict):
            return f"{path} should be object"
        missing = next((name for name in required if name not in value), None)
        if missing is not None:
            return f"{path} should have required property '{missing}'"
        stranger = next((name for name in value if name not in members), None) if closed else None
        if stranger is not None:
            return f"{path} should NOT have additional property '{stranger}'"
        return _first(
            members[name](each, f"{path}.{name}") for name, each in value.items() if name in members
        )

    return check


def _first(problems: Iterable[str | None]) -> str | None:
    return next((problem for problem in problems if problem is not None), None)
