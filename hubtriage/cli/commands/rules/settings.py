"""`hubtriage settings`: what is in force, and where it comes from."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from hubtriage.cli.failure import fail
from hubtriage.cli.project import project
from hubtriage.cli.views.tables import table
from hubtriage.settings.configuration import (
    PREFIX,
    Configuration,
    ConfigurationError,
    SettingSource,
    context_source,
    file_source,
    setting_names,
)
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
    sources = list(_sources(found, given))
    try:
        config = Configuration.from_sources([source for _, source in sources])
    except ConfigurationError as error:
        fail(str(error), exit_code=2)
    rows = [*_settings(config, sources), *_command_defaults(found)]
    if as_json:
        click.echo(
            json.dumps([{"name": r.name, "value": r.value, "source": r.source} for r in rows], indent=2)
        )
    else:
        _show(rows if every else [row for row in rows if row.source], found)


def _sources(found: ProjectFile | None, given: tuple[str, ...]) -> Iterator[tuple[str, SettingSource]]:
    """Yield each source with its name, the one that wins last."""
    if found is not None:
        yield "", file_source(found)
    yield "cdk.json", context_source(_cdk_context(Path.cwd() if found is None else found.path.parent))
    pairs = dict(_pair(each) for each in given)
    yield "-c", context_source(pairs)


def _cdk_context(folder: Path) -> dict[str, Any]:
    """Return the context of a `cdk.json`. Where it cannot be read, CDK says so better."""
    try:
        document = json.loads((folder / "cdk.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    context = document.get("context") if isinstance(document, dict) else None
    return context if isinstance(context, dict) else {}


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.startswith(PREFIX):
        raise click.UsageError(f"{text!r} is not a setting; write -c {PREFIX}NAME=VALUE")
    return name, value


def _settings(config: Configuration, sources: list[tuple[str, SettingSource]]) -> Iterator[SettingInForce]:
    values = config.model_dump(mode="json", by_alias=True)
    for name in setting_names():
        holder = next(((label, each) for label, each in reversed(sources) if name in each.values), None)
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
