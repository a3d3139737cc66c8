"""Read the files of other tools into plain values: bounded, and with line numbers where they are known."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import yaml

from hubtriage.authoring.yaml.reader import parse
from hubtriage.authoring.yaml.scalars import AmbiguousScalar
from hubtriage.interop.criteria.input import Path
from hubtriage.interop.importers.names import printable
from hubtriage.interop.importers.outcome import Line, UnreadableError

MAX_VALUES = 500_000  # in one file, aliases expanded: far beyond any rule file
MAX_DEPTH = 64
MAX_TEXT = 4_000_000  # characters of a template or a configuration, which take their time to read


@dataclass(frozen=True, slots=True)
class DeployTimeValue:
    """A value that is known only on deployment, as its source writes it: `!Ref Bucket`, `var.accounts`."""

    text: str


def decoded(content: bytes) -> str:
    """Return a file's text. Raises UnreadableError if it is not UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError(f"the file is not UTF-8: {error.reason} at byte {error.start}") from None


# -- YAML as PyYAML reads it --------------------------------------------------------------------


def read_yaml(name: str, content: bytes) -> tuple[Any, Line]:
    """Return the value of a YAML file, and a function that gives the line of a path.

    Scalars are what PyYAML makes of them, as it does for the tools that these files are written for.
    Raises UnreadableError.
    """
    value, line = read_yaml_as_written(name, content)
    return _as_pyyaml_reads(value), line


def read_yaml_as_written(name: str, content: bytes) -> tuple[Any, Line]:
    """Do the same, but leave an `AmbiguousScalar` where readers of YAML differ. Raises UnreadableError."""
    document, problems = parse(name, content)
    if problems:
        raise UnreadableError(
            printable(f"line {problems[0].position.line}: {problems[0].message}"), problems[0].hint
        )
    if document is None:
        raise UnreadableError("the file holds nothing")
    found = document
    return found.value, lambda path: found.locate_key(path).line


def _as_pyyaml_reads(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_pyyaml_reads(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_pyyaml_reads(item) for item in value]
    if not isinstance(value, AmbiguousScalar):
        return value
    try:
        return yaml.safe_load(value.text)
    except (yaml.YAMLError, ValueError):  # such as a date that is not in the calendar
        return value


# -- JSON ---------------------------------------------------------------------------------------


def read_json(text: str) -> Any:
    """Parse JSON. Raises ValueError if it is not JSON, UnreadableError if a key appears twice."""
    try:
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_object)
    except RecursionError:
        raise UnreadableError("the file is nested too deep") from None


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise UnreadableError(printable(f"the key {key!r:.60} appears twice in one object"))
        result[key] = value
    return result


# -- bounds -------------------------------------------------------------------------------------


def plain(value: Any, convert: Callable[[Any], Any] = lambda value: value) -> Any:
    """Copy mappings, lists and scalars, and convert each scalar; the copy shares nothing.

    Raises UnreadableError for more values or depth than any file of rules has.
    """
    return _Copy(convert).of(value, 0)


class _Copy:
    def __init__(self, convert: Callable[[Any], Any]):
        self._convert = convert
        self._count = 0

    def of(self, value: Any, depth: int) -> Any:
        self._count += 1
        if self._count > MAX_VALUES or depth > MAX_DEPTH:
            raise UnreadableError("the file holds too many values, or nests them too deep")
        if isinstance(value, dict):
            return {key: self.of(item, depth + 1) for key, item in value.items()}
        if isinstance(value, list):
            return [self.of(item, depth + 1) for item in value]
        return self._convert(value)


def first_deploy_time_value(value: Any, path: Path = ()) -> tuple[Path, DeployTimeValue] | None:
    """Return the first value inside that is known only on deployment, and the path to it."""
    if isinstance(value, DeployTimeValue):
        return path, value
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for step, item in members:
        found = first_deploy_time_value(item, (*path, step))
        if found:
            return found
    return None
