"""Find and read `hubtriage.toml`: the settings of a repository of rules, for deployments and for commands.

It stands next to the folder of rules. Commands find it in the folder that they are run in or in the nearest
one above, up to the root of the repository. It may have targets: tables `[target.NAME]` of the same settings,
one for each hub.
"""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hubtriage.engine.text.system_errors import in_words
from hubtriage.settings.errors import ConfigurationError
from hubtriage.settings.toml_lines import KeyPath, key_lines, line_of

NAME: Final = "hubtriage.toml"
VARIABLE: Final = "HUBTRIAGE_CONFIG"
"""Names the file in the environment; set to nothing, no file is read."""

MOST_BYTES: Final = 1_000_000
COMMAND_KEYS: Final = {
    "findings": "file or folder of findings for the commands that need findings",
    "profile": "AWS profile of commands that read the account",
}
"""What is for commands alone; all other keys are settings of a deployment."""

TARGETS: Final = "target"
"""The table of targets: each is a table `[target.NAME]`."""

_TARGET_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True, slots=True)
class TargetTable:
    """A table `[target.NAME]`: what it says in place of the top level, for one hub."""

    name: str
    settings: Mapping[str, Any]
    commands: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ProjectFile:
    """A file as it is written: the settings of a deployment by name, and what is for commands alone.

    Paths are relative to its folder; those for commands are resolved. `lines` holds the line of each key.
    """

    path: Path
    settings: Mapping[str, Any]
    commands: Mapping[str, str]
    lines: Mapping[KeyPath, int]
    targets: Mapping[str, TargetTable]

    def place(self, *path: str) -> str:
        """Return where a key stands, as compilers write it."""
        return f"{shown(self.path)}:{self.line(*path)}: {'.'.join(path)}"

    def line(self, *path: str) -> int:
        """Return the line, from 1, of a key, or of the nearest table above that has one."""
        return line_of(path, self.lines)

    def commands_for(self, target: TargetTable | None) -> Mapping[str, str]:
        """Return what commands take from the file for a target, or without one."""
        return {**self.commands, **(target.commands if target else {})}

    def command_place(self, name: str, target: TargetTable | None) -> str:
        """Return where a key for commands stands that counts for a target."""
        return self.place(*((TARGETS, target.name) if target and name in target.commands else ()), name)


def find_project(folder: Path) -> ProjectFile | None:
    """Return what the file says that counts in a folder; None where there is none.

    Raises ConfigurationError.
    """
    named = os.environ.get(VARIABLE)
    if named is not None:
        return read_project(Path(named)) if named else None
    here = folder.resolve()
    for each in (here, *here.parents):
        if (each / NAME).is_file():
            return read_project(each / NAME)
        if (each / ".git").exists():  # what is above a repository is not its own
            break
    return None


def read_project(path: Path) -> ProjectFile:
    """Read a file. Values are checked where they are used. Raises ConfigurationError."""
    text = _text(path)
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigurationError((_syntax(path, text, str(error)),)) from None
    return _project(path, document, key_lines(text))


def _project(path: Path, document: dict[str, Any], lines: Mapping[KeyPath, int]) -> ProjectFile:
    """Take targets and keys for commands out of a document. Raises ConfigurationError with each problem."""
    bare = ProjectFile(path, {}, {}, lines, {})
    tables = document.pop(TARGETS, {})
    if problems := [*_target_problems(bare, tables)]:
        raise ConfigurationError(tuple(problems))
    wrong = [*_command_problems(bare, (), document)]
    for name, table in tables.items():
        wrong += _command_problems(bare, (TARGETS, name), table)
    if wrong:
        raise ConfigurationError(tuple(wrong))
    targets = {name: TargetTable(name, *_parted(path, table)) for name, table in tables.items()}
    return ProjectFile(path, *_parted(path, document), lines, targets)


def _target_problems(project: ProjectFile, tables: object) -> Iterator[str]:
    if not isinstance(tables, Mapping):
        yield f"{project.place(TARGETS)}: is not a table\n  hint: write [target.NAME], and its settings below"
        return
    for name, table in tables.items():
        if not isinstance(table, Mapping):
            yield f"{project.place(TARGETS, name)}: is not a table\n  hint: write [target.NAME]"
        elif not _TARGET_NAME.fullmatch(name):
            yield (
                f"{project.place(TARGETS)}: {name!r} cannot be the name of a target\n"
                "  hint: 1 to 63 of a-z, 0-9 and '-', not starting with '-'"
            )


def _command_problems(project: ProjectFile, table: KeyPath, values: Mapping[str, Any]) -> Iterator[str]:
    for name, meaning in COMMAND_KEYS.items():
        if name in values and (not isinstance(values[name], str) or not values[name]):
            yield f"{project.place(*table, name)}: write a text\n  hint: {meaning}"


def _parted(path: Path, table: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the settings of a deployment and what is for commands alone, with its paths resolved."""
    settings = {name: value for name, value in table.items() if name not in COMMAND_KEYS}
    commands = {name: str(value) for name, value in table.items() if name in COMMAND_KEYS}
    if "findings" in commands:
        commands["findings"] = str(path.parent / commands["findings"])
    return settings, commands


def shown(path: Path) -> str:
    """Return a path as it is shortest to read: as it is, or from the folder of the process."""
    try:
        return min(str(path), os.path.relpath(path), key=len)
    except (OSError, ValueError):  # no such folder any more, or another drive
        return str(path)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            raise ConfigurationError((f"{shown(path)}: this file is larger than {MOST_BYTES:,} bytes",))
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigurationError((f"{shown(path)}: this file is not in UTF-8",)) from None
    except OSError as error:
        raise ConfigurationError((f"{shown(path)}: {in_words(error)}",)) from None


def _syntax(path: Path, text: str, message: str) -> str:
    """Put the line first, as in every other message."""
    found = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    place = (
        "1" if found is None else f"{found[1]}:{found[2]}" if found[1] else str(len(text.splitlines()) or 1)
    )
    what = message[: found.start()] if found else message
    return f"{shown(path)}:{place}: not valid TOML: {what}\n  hint: write NAME = VALUE, with texts in quotes"
