"""Write a package into a folder that has nothing else, or a former package.

The manifest names all files of the folder before the first of them is written. So a write that was
interrupted leaves a folder that the next one may write to, and a manifest that calls it incomplete.
"""

import errno
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hubtriage.packaging.package import as_json

MANIFEST: Final = "manifest.json"
_PART = ".part"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_MOST_BYTES = 1_000_000


@dataclass(eq=False)
class ForeignFilesError(Exception):
    """A folder has what no former package wrote there, by name."""

    folder: Path
    names: tuple[str, ...]


def demand_own(folder: Path) -> None:
    """Raise ForeignFilesError if a folder has a file that no package wrote.

    Raises OSError if it cannot be read, or is missing and cannot be made.
    """
    if not folder.exists():
        parent = next(each for each in folder.absolute().parents if each.exists())
        if not parent.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "", str(parent))
        if not os.access(parent, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "", str(parent))
    _former(folder)


def write_package(folder: Path, files: Mapping[str, bytes], manifest: Mapping[str, Any]) -> None:
    """Write files and their manifest, and remove those of a former package.

    Each file is there whole or not at all. Raises ForeignFilesError, and OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    former = _former(folder)
    unfinished = {"format": 1, "complete": False, "files": dict.fromkeys(sorted({*former, *files}))}
    _put(folder, MANIFEST, as_json(unfinished))
    for name, content in files.items():
        _put(folder, name, content)
    for name in former - files.keys():
        (folder / name).unlink(missing_ok=True)
    for name in (*former, *files):
        (folder / f"{name}{_PART}").unlink(missing_ok=True)
    _put(folder, MANIFEST, as_json({**manifest, "complete": True}))


def _former(folder: Path) -> set[str]:
    """Return the names of the files of a former package. Raises ForeignFilesError for any other."""
    if not folder.is_dir():
        return set()
    present = {each.name for each in os.scandir(folder)}
    former = _names(folder / MANIFEST)
    foreign = present - _with_parts([MANIFEST]) - _with_parts(former or ())
    if former is None and MANIFEST in present:
        foreign.add(MANIFEST)
    if foreign:
        raise ForeignFilesError(folder, tuple(sorted(foreign)))
    return former or set()


def _with_parts(names: Iterable[str]) -> set[str]:
    return {each for name in names for each in (name, f"{name}{_PART}")}


def _names(manifest: Path) -> set[str] | None:
    """Return the names in a manifest; None if it is no manifest of a package.

    A name that is a path would have another file removed, so no such manifest counts.
    """
    try:
        with manifest.open("rb") as file:
            document = json.loads(file.read(_MOST_BYTES))
    except (FileNotFoundError, ValueError, RecursionError):
        return None
    files = document.get("files") if isinstance(document, dict) and document.get("format") == 1 else None
    if not isinstance(files, dict) or not all(map(_NAME.fullmatch, files)):
        return None
    return set(files)


def _put(folder: Path, name: str, content: bytes) -> None:
    """Write a file next to its place and move it there. A link in its place is replaced and not followed."""
    beside = folder / f"{name}{_PART}"
    beside.unlink(missing_ok=True)
    with beside.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(folder / name)
