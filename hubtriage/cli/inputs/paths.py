"""The PATH arguments of commands that check rules: folders of rule files, or files in one."""

from collections.abc import Sequence
from pathlib import Path

from hubtriage.cli.inputs.rules import demand_folder
from hubtriage.cli.project import rules_folders


def folders_of(paths: Sequence[Path]) -> dict[Path, list[Path]]:
    """Return the folders to load, each with the files asked for; no files means all of them.

    Without paths these are the project's folders of rules: with targets, those of all, or of the chosen one.
    A file is loaded with its folder, because lists and ids are shared. That is a project's folder of rules if
    the file lies below it, else the folder that the file is in.
    """
    defaults = rules_folders()
    asked: dict[Path, list[Path]] = {}
    whole = set()
    for path in paths or defaults:
        folder = _folder_of(path, defaults) if path.is_file() else path
        demand_folder(folder)
        asked.setdefault(folder, []).append(path)
        if folder is path:
            whole.add(folder)
    return {folder: [] if folder in whole else files for folder, files in asked.items()}


def _folder_of(file: Path, defaults: Sequence[Path]) -> Path:
    above = (each for each in defaults if file.resolve().is_relative_to(each.resolve()))
    return next(above, file.parent)
