"""`hubtriage settings`: what is in force, and where it comes from."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from hubtriage.cli.failure import UNUSABLE, fail
from hubtriage.cli.project import project
from hubtriage.cli.targets.option import target_option
from hubtriage.cli.views.tables import table
from hubtriage.settings.cdk_json import cdk_context
from hubtriage.settings.configuration import (
    PREFIX,
    Configuration,
    SettingSource,
    configuration_of,
    context_source,
    file_source,
    setting_names,
    target_source,
)
from hubtriage.settings.errors import ConfigurationError
from hubtriage.settings.project_file import COMMAND_KEYS, ProjectFile, TargetTable, shown
from hubtriage.settings.targets import chosen_target


@dataclass(frozen=True, slots=True)
class SettingInForce:
    """A setting as `settings` shows it; `source` is None for a default."""

    name: str
    value: Any
    source: str | None


@click.command(name="settings")
@target_option
@click.option(
    "-c",
    "--context",
    "given",
    multiple=True,
    metavar=f"{PREFIX}NAME=VALUE",
    help="Show what this value, given to `npx cdk`, changes. May be repeated.",
)
@click.option("--all", "every", is_flag=True, help="Show the defaults too.")
@click.option("--json", "as_json", is_flag=True, help="Print all settings as JSON.")
def command(given: tuple[str, ...], every: bool, as_json: bool) -> None:
    """Show which settings are in force, and where each comes from.

    Settings come from hubtriage.toml, in this folder or in one above it. A value of the target wins over
    the same one at the top of the file. A value in the context of cdk.json wins over the file, and a value
    given to `npx cdk` with -c wins over both.

    Exit codes: 0 the settings are valid; 2 they are not.
    """
    found = project()
    pairs = dict(_pair(each) for each in given)
    try:
        of_cdk = cdk_context(found)
        context = {**of_cdk, **pairs}
        config, target = configuration_of(found, context), chosen_target(found, context)
    except ConfigurationError as error:
        fail(str(error), exit_code=UNUSABLE)
    of_context = [("cdk.json", context_source(of_cdk)), ("-c", context_source(pairs))]
    rows = [
        *_settings(config, [*_of_file(found, target), *of_context]),
        *_command_defaults(found, target),
    ]
    if as_json:
        click.echo(
            json.dumps([{"name": r.name, "value": r.value, "source": r.source} for r in rows], indent=2)
        )
    else:
        _show(rows if every else [row for row in rows if row.source], found)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.startswith(PREFIX):
        raise click.UsageError(f"{text!r} is not a setting; write -c {PREFIX}NAME=VALUE")
    return name, value


def _of_file(found: ProjectFile | None, target: TargetTable | None) -> Iterator[tuple[str, SettingSource]]:
    """Yield the sources that a file has. They have no label: they say the line instead."""
    if found is not None:
        yield "", file_source(found)
        if target is not None:
            yield "", target_source(found, target)


def _settings(config: Configuration, sources: list[tuple[str, SettingSource]]) -> Iterator[SettingInForce]:
    """Yield all settings; the last of the sources wins."""
    values = config.model_dump(mode="json", by_alias=True)
    for name in setting_names():
        holders = [(label, each) for label, each in sources if name in each.values]
        label, holder = holders[-1] if holders else ("", None)
        source = None if holder is None else label or _line(holder.place(name))
        value = shown(config.rules) if name == "rules" else values[name]
        yield SettingInForce(name, value, source)


def _line(place: str) -> str:
    """Return the file and line of a place, and the target in whose table it is."""
    where, _, path = place.rpartition(": ")
    table = path.split(".")[:-1]
    return f"{where} ({'.'.join(table)})" if table else where


def _command_defaults(found: ProjectFile | None, target: TargetTable | None) -> Iterator[SettingInForce]:
    given = {} if found is None else found.commands_for(target)
    for name in COMMAND_KEYS:
        value = given.get(name)
        source = None if found is None or value is None else _line(found.command_place(name, target))
        yield SettingInForce(name, shown(Path(value)) if value and name == "findings" else value, source)


def _show(rows: list[SettingInForce], found: ProjectFile | None) -> None:
    if not rows:
        click.echo("All settings have their defaults; --all shows them.")
        return
    cells = [(row.name, _text(row.value), row.source or "default") for row in rows]
    for line in table(("setting", "value", "from"), cells):
        click.echo(line)
    if found is None:
        click.echo("There is no hubtriage.toml in this folder or above it.")


def _text(value: Any) -> str:
    if isinstance(value, list | dict):
        return ", ".join(map(str, value))
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
