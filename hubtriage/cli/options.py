"""Options and arguments that several commands take."""

import time
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import Any, Literal

import click

from hubtriage.authoring.permissions.never import SETTABLE_FIELDS
from hubtriage.aws.securityhub.api import CSPM, V2
from hubtriage.cli import project
from hubtriage.cli.locations import Location
from hubtriage.engine.planning.plan import Settings
from hubtriage.engine.text.timestamps import parse_timestamp

Command = Callable[..., None]


class Timestamp(click.ParamType[float]):
    """A time in ISO 8601, as epoch seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the epoch seconds of a date (its first moment, UTC) or a timestamp."""
        seconds = value if isinstance(value, float) else parse_timestamp(value)
        if seconds is None:
            self.fail(f"{value!r} is not a time; write 2026-10-01 or 2026-10-01T12:00:00Z", param, ctx)
        return seconds


def _findings() -> str:
    named = project.findings()
    context = click.get_current_context(silent=True)
    if named is None and not (context and context.resilient_parsing):  # while typing
        raise click.UsageError("Missing argument 'FINDINGS'.", context)
    return named or ""


findings_argument = click.argument("findings", metavar="FINDINGS", default=_findings)
paths_argument = click.argument("paths", metavar="[PATH]...", nargs=-1, type=Location(path_type=Path))


def rules_option_of(default: Callable[[], Path] | None) -> Callable[[Command], Command]:
    """Return the option that names the folder of rules; without a default it is None unless it is given."""
    return click.option(
        "--rules",
        "folder",
        default=default,
        show_default="rules",
        type=Location(path_type=Path, file_okay=False),
        help="Folder with the rule files.",
    )


rules_option = rules_option_of(project.rules_folder)
now_option = click.option(
    "--now",
    type=Timestamp(),
    default=lambda: time.time(),
    show_default="the present",
    help="Decide as if it were this time.",
)
processes_option = click.option(
    "--processes",
    type=click.IntRange(min=1),
    show_default="one for each core",
    help="How many processes judge findings.",
)
HUBS = {CSPM: (CSPM,), V2: (V2,), "both": (CSPM, V2)}
"""What `--hub` takes, and the hubs that it means."""


def _hubs(_context: click.Context, _param: click.Parameter, name: str | None) -> tuple[str, ...]:
    return project.hubs() if name is None else HUBS[name]


def hubs_option_of(help_text: str) -> Callable[[Command], Command]:
    """Return the option that names the hubs; without it, they are those of the settings."""
    return click.option(
        "--hub",
        "hubs",
        type=click.Choice(list(HUBS)),
        callback=_hubs,
        show_default="the hubs of hubtriage.toml, cspm without it",
        help=help_text,
    )


hubs_option = hubs_option_of("The hub whose findings are triaged.")
_OPTIONS = (
    click.option(
        "--udf",
        type=click.Choice(["replace", "merge"]),
        default=project.udf,
        show_default="replace",
        help="How UserDefinedFields are sent.",
    ),
    click.option(
        "--never",
        metavar="FIELD",
        type=click.Choice(SETTABLE_FIELDS),
        multiple=True,
        default=project.never,
        help="A field that the stack never writes, like its setting never. May be repeated.",
    ),
)


def settings_options(command: Command) -> Command:
    """Add the options that say how the stack was deployed; pass them to the command as `settings`."""

    @wraps(command)
    def with_settings(
        *,
        udf: Literal["replace", "merge"],
        never: Iterable[str],
        **given: Any,
    ) -> None:
        command(settings=Settings(udf=udf, never=frozenset(never)), **given)

    decorated: Command = with_settings
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated
