"""The options that say what is read out of Security Hub; `live` reads it."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

from hubtriage.cli import project
from hubtriage.cli.account_options import account_options, stack_option
from hubtriage.cli.locations import Location
from hubtriage.cli.targets.option import go_to_target

ACTIVE: Mapping[str, Any] = {"RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}]}


@dataclass(frozen=True, slots=True)
class LiveSource:
    """What `--live` reads: findings by Filters, with the entries of a stack's ledger."""

    filters: Mapping[str, Any]
    stack: str
    with_entries: bool
    cache: Path
    fresh: bool


def live_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options with which a command reads from Security Hub.

    The command gets them as `live`; that is None without --live.
    """

    @wraps(command)
    def with_source(
        *,
        live: bool,
        filters: str | None,
        stack: str | None,
        without_entries: bool,
        cache: Path | None,
        fresh: bool,
        **given: Any,
    ) -> None:
        wanted = filters_of(filters)
        source = None
        if live:
            go_to_target(click.get_current_context())
            of = stack or project.stack_name()
            source = LiveSource(wanted, of, not without_entries, cache or default_root(), fresh)
        command(live=source, **given)

    decorated: Callable[..., Any] = account_options("With --live: ")(with_source)
    for option in (
        click.option("--fresh", is_flag=True, help="With --live: read everything again, not from the cache."),
        click.option(
            "--cache",
            type=Location(path_type=Path, file_okay=False),
            help="With --live: the folder that keeps what was read for the next run.",
        ),
        click.option("--without-entries", is_flag=True, help="With --live: do not read the ledger."),
        stack_option("With --live: ", " whose ledger is read"),
        filters_option("With --live: "),
        click.option("--live", is_flag=True, help="Read findings and their entries from AWS."),
    ):
        decorated = option(decorated)
    return decorated


def filters_option(prefix: str = "") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option that says which findings are read."""
    return click.option(
        "--filters",
        metavar="JSON",
        help=f"{prefix}Filters as GetFindings takes them; all active findings by default.",
    )


def filters_of(text: str | None) -> Mapping[str, Any]:
    """Return the Filters that were given. Raises click.UsageError for what is not a JSON object."""
    if text is None:
        return ACTIVE
    try:
        filters = json.loads(text)
    except ValueError as error:
        raise click.UsageError(f"--filters is not JSON: {error}") from error
    if not isinstance(filters, dict):
        raise click.UsageError("--filters is not a JSON object")
    return filters


def default_root() -> Path:
    """Return the folder of the cache."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "hubtriage" / "findings"
