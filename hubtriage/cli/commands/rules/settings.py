"""`hubtriage settings`: what is in force, and where it comes from."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from hubtriage.cli.failure import UNUSABLE, fail
from hubtriage.cli.project import project
from hubtriage.cli.views.tables import table
from hubtriage.settings.configuration import (
    PREFIX,
    Configuration,
    SettingSource,
    configuration_of,
    context_source,
    file_source,
    setting_names,
)
from hubtriage.settings.errors import ConfigurationError
from hubtriage.settings.project_file import COMMAND_KEYS, ProjectFile, shown


@dataclass(frozen=True, slots=True)
class SettingInForce:
    """A setting as `settings` shows it; `source` is None for a default."""

    name: str
    value: Any
    source: str | None


@click.command(name="settings")
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

    Settings come from hubtriage.toml, in this folder or in one above it. A value in the context of cdk.json
    wins over the file, and a value given to `npx cdk` with -c wins over both.

    Exit codes: 0 the settings are valid; 2 they are not.
    """
    found = project()
    of_cdk = _cdk_context(Path.cwd() if found is None else found.path.parent)
    pairs = dict(_pair(each) for each in given)
    try:
        config = configuration_of(found, {**of_cdk, **pairs})
    except ConfigurationError as error:
        fail(str(error), exit_code=UNUSABLE)
    file = {} if found is None else {"": file_source(found)}
    sources = {**file, "cdk.json": context_source(of_cdk), "-c": context_source(pairs)}
    rows = [*_settings(config, sources), *_command_defaults(found)]
    if as_json:
        click.echo(
            json.dumps([{"name": r.name, "value": r.value, "source": r.source} for r in rows], indent=2)
        )
    else:
        _show(rows if every else [row for row in rows if row.source], found)


def _cdk_context(folder: Path) -> dict[str, Any]:
    """Return the context of a `cdk.json`, empty if there is none; end with 2 if it cannot be read."""
    path = folder / "cdk.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError) as error:
        fail(f"{shown(path)}: not valid JSON: {error}", exit_code=UNUSABLE)
    context = document.get("context", {}) if isinstance(document, dict) else None
    if not isinstance(context, dict):
        fail(f"{shown(path)}: `context` is not an object", exit_code=UNUSABLE)
    return context


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.startswith(PREFIX):
        raise click.UsageError(f"{text!r} is not a setting; write -c {PREFIX}NAME=VALUE")
    return name, value


def _settings(config: Configuration, sources: Mapping[str, SettingSource]) -> Iterator[SettingInForce]:
    """Yield all settings; the last of the sources wins. The file has no label: it says the line instead."""
    values = config.model_dump(mode="json", by_alias=True)
    for name in setting_names():
        holders = [(label, each) for label, each in sources.items() if name in each.values]
        holder = holders[-1] if holders else None
        source = None if holder is None else holder[0] or holder[1].place(name).rpartition(": ")[0]
        value = shown(config.rules) if name == "rules" else values[name]
        yield SettingInForce(name, value, source)


def _command_defaults(found: ProjectFile | None) -> Iterator[SettingInForce]:
    for name in COMMAND_KEYS:
        value = None if found is None else found.commands.get(name)
        source = None if found is None or value is None else found.place(name).rpartition(": ")[0]
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
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
