"""Lists whose values stand in a file in the folder of the rules: `{from: accounts.csv#account}` or `{from:
hosts.txt}`.

A text file has a value on each line; blank lines and lines that begin with `#` do not count. A CSV file has a
head with the names of its columns; a value may stand in several of its rows. All values are texts, without
blanks around them.
"""

import csv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hubtriage.authoring.problems import Position, Problem
from hubtriage.authoring.yaml.scalars import type_word
from hubtriage.authoring.yaml.tree import SourceText, YamlDocument, YamlPath
from hubtriage.engine.text.suggestions import did_you_mean
from hubtriage.engine.text.system_errors import in_words

MOST_BYTES = 20_000_000
_EXAMPLE = "write {from: accounts.csv#COLUMN}, or {from: FILE} for a file with a value on each line"


@dataclass(slots=True)
class ListFile:
    """What was read: the values, and the problems of the file or of what names it."""

    values: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_list_file(document: YamlDocument, path: YamlPath, written: dict[str, Any], folder: Path) -> ListFile:
    """Return the values of a list that is written as `{from: FILE}` at a path of a rule file.

    `folder` is the folder of the rules; the file has to be in it, because it is reviewed with them.
    """
    found, here = ListFile(), (*path, "from")
    named = written.get("from")
    if list(written) != ["from"] or not isinstance(named, str):
        words = type_word(named) if list(written) == ["from"] else "a mapping with other keys"
        found.problems.append(
            document.problem("E103", path, f"values or a file are wanted, not {words}", _EXAMPLE)
        )
        return found
    name, _separator, column = named.partition("#")
    file = Path(document.file).parent / name
    if not file.resolve().is_relative_to(folder.resolve()):
        message = f"{name} is not in the folder of the rules"
        found.problems.append(document.problem("E001", here, message, "copy it beside the rules"))
        return found
    text = _text_of(file)
    if isinstance(text, tuple):
        found.problems.append(document.problem("E001", here, f"{name} cannot be read: {text[0]}"))
        return found
    if file.suffix.lower() == ".csv":
        found.values, flaw = _column(text, column)
        if flaw:
            found.problems.append(document.problem("E104", here, *flaw))
    else:
        _read_lines(found, SourceText(file.as_posix(), text))
        if column:
            message = f"{name} has no columns: only a .csv file has"
            found.problems.append(document.problem("E104", here, message, f"write {{from: {name}}}"))
    if not found.values and not found.problems:
        hint = "a rule that uses the list would match nothing, or everything"
        found.problems.append(document.problem("E103", here, f"there is no value in {name}", hint))
    return found


def _text_of(file: Path) -> str | tuple[str]:
    """Return the text of a file, or the reason why it cannot be read."""
    if file.exists() and not (file.is_file() or file.is_dir()):
        return ("it is a pipe or a device",)
    try:
        with file.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            return (f"it has more than {MOST_BYTES:,} bytes",)
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return ("it is not UTF-8 text",)
    except OSError as error:
        return (in_words(error),)
    except ValueError as error:  # a name that no file can have
        return (str(error),)


def _read_lines(found: ListFile, source: SourceText) -> None:
    """Add the value on each line; one that appears twice is a problem, as in a rule file."""
    seen: dict[str, int] = {}
    for number, line in enumerate(source.text.splitlines(), 1):
        value = line.strip()
        if not value or value.startswith("#"):
            continue
        if value in seen:
            message = f"{value!r} appears twice (first on line {seen[value]})"
            found.problems.append(source.problem("E107", Position(number, 1), message, "delete one of them"))
        seen.setdefault(value, number)
    found.values = list(seen)


def _column(text: str, column: str) -> tuple[list[str], tuple[str, str] | None]:
    """Return the values of a column of a CSV text, or a message and a hint if there is no such column."""
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    try:
        head = [name.strip() for name in next(reader, [])]
        if column not in head:
            what = f"there is no column {column!r}" if column else "the column is missing"
            known = [name for name in head if name]
            return [], (what, did_you_mean(column, known) or "the first line has to name the columns")
        at = head.index(column)
        values = (row[at].strip() for row in reader if len(row) > at)
        return list(dict.fromkeys(value for value in values if value)), None
    except csv.Error as error:
        return [], (f"line {reader.line_num} is not CSV: {error}", "")
