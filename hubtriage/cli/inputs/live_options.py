"""The options that say what is read out of Security Hub; `live` reads it."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any

import click

from hubtriage.aws.securityhub.api import CSPM, NOT_CLOSED, V2
from hubtriage.cli import project
from hubtriage.cli.account_options import account_options, stack_option
from hubtriage.cli.locations import Location
from hubtriage.cli.options import HUBS
from hubtriage.cli.targets.option import go_to_target

ACTIVE: Mapping[str, Any] = {"RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}]}


@dataclass(frozen=True, slots=True)
class HubFilters:
    """Which findings are read: those of some hubs, by each hub's own filters."""

    hubs: tuple[str, ...] = (CSPM,)
    cspm: Mapping[str, Any] = field(default_factory=lambda: ACTIVE)
    v2: Mapping[str, Any] = field(default_factory=lambda: NOT_CLOSED)

    def as_record(self) -> dict[str, Any]:
        """Return it as exports have it: without a word about V2 where that is not read."""
        if V2 not in self.hubs:
            return {"filters": dict(self.cspm)}
        cspm = dict(self.cspm) if CSPM in self.hubs else None
        return {"filters": cspm, "hubs": list(self.hubs), "filters_v2": dict(self.v2)}


@dataclass(frozen=True, slots=True)
class LiveSource:
    """What `--live` reads: findings by Filters, with the entries of a stack's ledger."""

    filters: HubFilters
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
        filters_v2: str | None,
        hub: str | None,
        stack: str | None,
        without_entries: bool,
        cache: Path | None,
        fresh: bool,
        **given: Any,
    ) -> None:
        demand_json(filters, filters_v2)
        source = None
        if live:
            go_to_target(click.get_current_context())
            wanted = filters_of(filters, filters_v2, hub)
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
        filters_options("With --live: "),
        click.option("--live", is_flag=True, help="Read findings and their entries from AWS."),
    ):
        decorated = option(decorated)
    return decorated


def filters_options(prefix: str = "") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the options that say which findings are read."""
    options = (
        click.option(
            "--filters-v2",
            metavar="JSON",
            help=f"{prefix}Filters as GetFindingsV2 takes them; all findings that are not closed by default.",
        ),
        click.option(
            "--filters",
            metavar="JSON",
            help=f"{prefix}Filters as GetFindings takes them; all active findings by default.",
        ),
        click.option(
            "--hub",
            type=click.Choice(list(HUBS)),
            show_default="the hubs of hubtriage.toml, cspm without it",
            help=f"{prefix}{'the' if prefix else 'The'} hub whose findings are read.",
        ),
    )

    def with_options(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in options:
            command = option(command)
        return command

    return with_options


def demand_json(*texts: str | None) -> None:
    """Raise click.UsageError for filters that are not a JSON object."""
    for option, text in zip(("--filters", "--filters-v2"), texts, strict=True):
        if text is None:
            continue
        try:
            filters = json.loads(text)
        except ValueError as error:
            raise click.UsageError(f"{option} is not JSON: {error}") from error
        if not isinstance(filters, dict):
            raise click.UsageError(f"{option} is not a JSON object")


def filters_of(cspm: str | None, v2: str | None, hub: str | None) -> HubFilters:
    """Return which findings were asked for; without `hub`, of the hubs of the settings.

    Raises click.UsageError if the filters of one hub are given and another hub is read too: it would be read
    whole.
    """
    demand_json(cspm, v2)
    hubs = project.hubs() if hub is None else HUBS[hub]
    given = [name for name, text in ((CSPM, cspm), (V2, v2)) if text is not None]
    for name in given:
        if name not in hubs:
            raise click.UsageError(f"{_OPTIONS[name]} chooses findings of a hub that is not read")
    if given and set(given) != set(hubs):
        missing, of = next((_OPTIONS[one], one) for one in hubs if one not in given)
        raise click.UsageError(
            f"{_OPTIONS[given[0]]} chooses nothing in the other hub, {of}: give {missing} too, or "
            f"--hub {given[0]}"
        )
    return HubFilters(
        hubs,
        ACTIVE if cspm is None else json.loads(cspm),
        NOT_CLOSED if v2 is None else json.loads(v2),
    )


_OPTIONS = {CSPM: "--filters", V2: "--filters-v2"}


def default_root() -> Path:
    """Return the folder of the cache."""
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "hubtriage" / "findings"
