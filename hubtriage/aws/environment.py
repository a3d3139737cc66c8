"""Settings of a function as environment variables: one dataclass reads them and writes them.

The stack writes what the function reads, and the doctor reads it too: each variable is named once.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Self

Reader = Callable[[str, str], Any]
"""Turns the name and the text of a variable into a value; raises ConfigError."""


class ConfigError(ValueError):
    """A setting that cannot be used: which variable, what it holds, what it takes."""

    def __init__(self, name: str, value: str, hint: str) -> None:
        super().__init__(f"{name}={value!r}: {hint}")
        self.name, self.value, self.hint = name, value, hint


def setting(variable: str, read: Reader, doc: str, default: Any = MISSING, *, explicit: bool = True) -> Any:
    """Return the dataclass field of a variable; without a default the variable is required.

    `doc` says what it sets, in a few words. `explicit` settings are written even if they have their default,
    so that people see them in the console.
    """
    metadata = {"variable": variable, "read": read, "doc": doc, "explicit": explicit}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class EnvironmentConfig:
    """The settings of a function; every field of a subclass is made by `setting`."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read every setting; raises ConfigError on the first that is missing or cannot be used."""
        given: dict[str, Any] = {}
        for item in fields(cls):
            variable = item.metadata["variable"]
            if variable in environment:
                given[item.name] = item.metadata["read"](variable, environment[variable])
            elif item.default is MISSING:
                raise ConfigError(variable, "", "must not be empty")
        return cls(**given)

    def as_environment(self) -> dict[str, str]:
        """Return the variables that `from_environment` reads as these settings."""
        values = ((item, getattr(self, item.name)) for item in fields(self))
        return {
            item.metadata["variable"]: _written(value)
            for item, value in values
            if item.metadata["explicit"] or value != item.default
        }


def _written(value: Any) -> str:
    if isinstance(value, frozenset):
        return ",".join(sorted(map(str, value)))
    if isinstance(value, tuple):
        return json.dumps(value, separators=(",", ":"))
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    return str(value)


def text(variable: str, value: str) -> str:
    """Read a text that is not empty."""
    if not value.strip():
        raise ConfigError(variable, value, "must not be empty")
    return value


def names(_variable: str, value: str) -> frozenset[str]:
    """Read names that are separated by commas."""
    return frozenset(name.strip() for name in value.split(",") if name.strip())


def texts(variable: str, value: str) -> tuple[str, ...]:
    """Read a list of texts of any form, as JSON."""
    try:
        read = json.loads(value)
    except ValueError:
        read = None
    if not isinstance(read, list) or not all(isinstance(text, str) for text in read):
        raise ConfigError(variable, value, "must be a JSON list of texts")
    return tuple(read)


def numbers(least: int, most: int) -> Reader:
    """Return a reader of whole numbers within limits that are separated by commas."""
    one = whole(least, most)

    def read(variable: str, value: str) -> frozenset[int]:
        return frozenset(one(variable, number.strip()) for number in value.split(",") if number.strip())

    return read


def number(least: float, most: float = 3600) -> Reader:
    """Return a reader of numbers within limits."""

    def read(variable: str, value: str) -> float:
        try:
            given = float(value)
        except ValueError:
            raise ConfigError(variable, value, "must be a number") from None
        if not least <= given <= most:
            raise ConfigError(variable, value, f"must be between {least:g} and {most:.0f}")
        return given

    return read


def whole(least: int, most: int) -> Reader:
    """Return a reader of whole numbers within limits."""

    def read(variable: str, value: str) -> int:
        if not value.isdecimal() or not least <= int(value) <= most:
            raise ConfigError(variable, value, f"must be a whole number between {least} and {most}")
        return int(value)

    return read


def one_of(*allowed: str) -> Reader:
    """Return a reader of one of some texts."""

    def read(variable: str, value: str) -> str:
        if value not in allowed:
            raise ConfigError(variable, value, f"must be one of {', '.join(allowed)}")
        return value

    return read


def some_of(*allowed: str) -> Reader:
    """Return a reader of one or more of some names, which are separated by commas."""

    def read(variable: str, value: str) -> frozenset[str]:
        given = names(variable, value)
        if not given or not given <= set(allowed):
            raise ConfigError(variable, value, f"must be some of {', '.join(allowed)}")
        return given

    return read
