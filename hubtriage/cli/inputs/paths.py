"""The PATH arguments of commands that check rules: folders of rule files, or files in one."""

from collections.abc import Sequence
from pathlib import Path

import click

DEFAULT_FOLDER = Path("rules")


def folders_of(paths: Sequence[Path]) -> dict[Path, list[Path]]:
    """Return the folders to load, each with the files asked for; no files means all of them.

    A file is loaded with its folder, because lists and ids are shared: that is `rules` if the file lies
    below it, else the folder that the file is in.
    """
    if not paths and not DEFAULT_FOLDER.is_dir():
        raise click.UsageError(f"there is no folder {DEFAULT_FOLDER} here: name a folder of rule files")
    asked: dict[Path, list[Path]] = {}
    whole = set()
    for path in paths or (DEFAULT_FOLDER,):
        folder = path if path.is_dir() else _folder_of(path)
        asked.setdefault(folder, []).append(path)
        if folder is path:
            whole.add(folder)
    return {folder: [] if folder in whole else files for folder, files in asked.items()}


def _folder_of(file: Path) -> Path:
    return DEFAULT_FOLDER if file.is_relative_to(DEFAULT_FOLDER) else file.parent
