"""What `hubtriage.toml` says for commands: the defaults of options. Without one, the defaults are ours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from hubtriage.cli.failure import fail
from hubtriage.settings.errors import ConfigurationError
from hubtriage.settings.project_file import ProjectFile, find_project, shown

if TYPE_CHECKING:
    from hubtriage.settings.configuration import Configuration


def project() -> ProjectFile | None:
    """Return the file that counts in this folder; end with 2 if it cannot be read."""
    try:
        return find_project(Path.cwd())
    except ConfigurationError as error:
        fail(str(error), exit_code=2)


def _configuration() -> Configuration | None:
    """Return the settings of the file; end with 2 if they are wrong. Loaded only where there is a file."""
    found = project()
    if found is None:
        return None
    from hubtriage.settings.configuration import configuration_of

    try:
        return configuration_of(found, {})
    except ConfigurationError as error:
        fail(str(error), exit_code=2)


def rules_folder() -> Path:
    """Return the folder of the rules, as it is shortest to read."""
    settings = _configuration()
    return Path("rules") if settings is None else Path(shown(settings.rules))


def stack_name() -> str:
    """Return the name of the deployed stack."""
    settings = _configuration()
    return "hubtriage" if settings is None else settings.stack_name


def udf() -> Literal["replace", "merge"]:
    """Return how user-defined fields are sent."""
    settings = _configuration()
    return "replace" if settings is None else settings.udf


def never() -> tuple[str, ...]:
    """Return the fields that the stack never writes."""
    settings = _configuration()
    return () if settings is None else settings.never


def region() -> str | None:
    """Return the Region of the stack if there is one alone."""
    settings = _configuration()
    return settings.places[0] if settings is not None and len(settings.places) == 1 else None


def profile() -> str | None:
    """Return the AWS profile that the file names."""
    found = project()
    return None if found is None else found.commands.get("profile")


def findings() -> str | None:
    """Return the findings that the file names for commands that need some."""
    found = project()
    if found is None or _configuration() is None or "findings" not in found.commands:
        return None
    return shown(Path(found.commands["findings"]))
