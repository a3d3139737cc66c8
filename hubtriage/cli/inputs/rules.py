"""Rules for a command: compiled from a folder, or every error on standard error and an exit code."""

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from hubtriage.authoring.compiler import compile_ruleset, git_revision
from hubtriage.authoring.loaded import LoadResult
from hubtriage.authoring.loader import ACCOUNTS_FILE, load_rules
from hubtriage.authoring.problems import RuleErrors
from hubtriage.cli import project
from hubtriage.cli.failure import UNUSABLE, fail, fail_on
from hubtriage.cli.problems import print_errors
from hubtriage.engine.ruleset.ruleset import Ruleset, load_ruleset
from hubtriage.settings.errors import ConfigurationError

NO_FOLDER = "name the folder of rule files, or create one: hubtriage init"


def demand_folder(folder: Path) -> None:
    """End with 2 if there is no such folder, or a part of it cannot be read."""
    for _part in os.walk(folder, onerror=_fail):
        pass


def _fail(error: OSError) -> NoReturn:
    fail_on(Path(error.filename).as_posix(), error, NO_FOLDER if error.errno == errno.ENOENT else "")


@contextmanager
def rule_errors_shown(exit_code: int = 1) -> Iterator[None]:
    """Print every error of every file and end the command, if the block raises RuleErrors."""
    try:
        yield
    except RuleErrors as errors:
        print_errors(errors.problems)
        raise SystemExit(exit_code) from errors


def loaded_rules(folder: Path) -> LoadResult:
    """Return the rules of a folder as its files have them; end with 1 after printing their errors.

    End with 2 if the folder cannot be read.
    """
    demand_folder(folder)
    loaded = load_rules(folder)
    if loaded.errors:
        print_errors(loaded.errors)
        raise SystemExit(1)
    return loaded


def known_accounts(folder: Path) -> Mapping[str, Mapping[str, str]]:
    """Return the account directory of a folder of rules; empty if there is none.

    Errors of the rules do not matter here: the directory only names accounts.
    """
    return load_rules(folder).accounts if (folder / ACCOUNTS_FILE).is_file() else {}


def selected(loaded: LoadResult) -> LoadResult:
    """Return the rules of a folder that are deployed, by their tags; end with 2 for a tag that none has."""
    selection = project.rule_selection()
    if selection is None:
        return loaded
    try:
        return selection.select(loaded)
    except ConfigurationError as error:
        fail(str(error), exit_code=UNUSABLE)


def compiled_document(folder: Path) -> dict[str, Any]:
    """Return the rules of a folder as they are deployed.

    End with 1 after printing their errors, with 2 without a folder.
    """
    demand_folder(folder)
    with rule_errors_shown():
        return compile_ruleset(folder, revision=git_revision(folder), select=selected, keeps_policy=False)


def compiled(folder: Path) -> Ruleset:
    """Return the rule set of a folder; end with 1 after printing the errors of its rules."""
    return load_ruleset(compiled_document(folder))
