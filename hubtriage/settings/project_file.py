"""Find and read `hubtriage.toml`: the settings of a repository of rules, for deployments and for commands.

It stands beside the rules. Commands find it in the folder that they are run in or in the nearest one above,
up to the root of the repository.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hubtriage.engine.text.system_errors import in_words
from hubtriage.settings.errors import ConfigurationError

NAME: Final = "hubtriage.toml"
VARIABLE: Final = "HUBTRIAGE_CONFIG"
"""Names the file in the environment; set to nothing, no file is read."""

MOST_BYTES: Final = 1_000_000
COMMAND_KEYS: Final = {
    "findings": "file or folder of findings for the commands that need findings",
    "profile": "AWS profile of commands that read the account",
}
"""What is for commands alone; all other keys are settings of a deployment."""

_KEY = re.compile(r"""^\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[A-Za-z0-9_-]+))\s*[.=]""")


@dataclass(frozen=True, slots=True)
class ProjectFile:
    """A file as it is written: the settings of a deployment by name, and what is for commands alone.

    Paths are relative to its folder; those for commands are resolved. `lines` holds the line of each key.
    """

    path: Path
    settings: Mapping[str, Any]
    commands: Mapping[str, str]
    lines: Mapping[str, int]

    def place(self, name: str) -> str:
        """Return where a key stands, as compilers write it."""
        return f"{shown(self.path)}:{self.lines.get(name, 1)}: {name}"


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
    """Read a file. Values are checked by whoever uses them. Raises ConfigurationError."""
    text = _text(path)
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigurationError((_syntax(path, text, str(error)),)) from None
    commands = {name: document.pop(name) for name in COMMAND_KEYS if name in document}
    project = ProjectFile(path, document, _as_texts(path, commands), _lines(text))
    wrong = [name for name in commands if not isinstance(commands[name], str) or not commands[name]]
    if wrong:
        raise ConfigurationError(
            tuple(f"{project.place(name)}: write a text\n  hint: {COMMAND_KEYS[name]}" for name in wrong)
        )
    return project


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


def _as_texts(path: Path, commands: Mapping[str, Any]) -> dict[str, str]:
    findings = commands.get("findings")
    texts = {name: value for name, value in commands.items() if isinstance(value, str)}
    return {**texts, "findings": str(path.parent / findings)} if isinstance(findings, str) else texts


def _lines(text: str) -> dict[str, int]:
    """Return the line of each key at the top level; the reader of the standard library does not say it."""
    lines: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith("["):
            name = line.strip().strip("[]").partition(".")[0].strip().strip("\"'")
            lines.setdefault(name, number)
        elif found := _KEY.match(line):
            lines.setdefault(next(each for each in found.groups() if each is not None), number)
    return lines
