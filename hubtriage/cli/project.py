"""What `hubtriage.toml` says for commands: the defaults of options. Without one, the defaults are ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

import click

from hubtriage.cli.failure import fail
from hubtriage.settings.errors import ConfigurationError
from hubtriage.settings.project_file import ProjectFile, TargetTable, find_project, shown
from hubtriage.settings.targets import VARIABLE, chosen_target, none_chosen

if TYPE_CHECKING:
    from hubtriage.authoring.deliveries import KnownDeliveries
    from hubtriage.engine.ruleset.delivery import Routes
    from hubtriage.settings.configuration import Configuration
    from hubtriage.settings.selection import RuleSelection

_T = TypeVar("_T")


def project() -> ProjectFile | None:
    """Return the file that counts in this folder; end with 2 if it cannot be read."""
    try:
        return find_project(Path.cwd())
    except ConfigurationError as error:
        fail(str(error), exit_code=2)


def target() -> TargetTable | None:
    """Return the target that is chosen; end with 2 if there is none of its name."""
    try:
        return chosen_target(project(), {})
    except ConfigurationError as error:
        fail(str(error), exit_code=2)


def demand_target() -> TargetTable | None:
    """Return the target that is chosen; end with 2 if there are targets and none is chosen."""
    found, chosen = project(), target()
    if found is not None and found.targets and chosen is None:
        fail(str(none_chosen(found)), exit_code=2)
    return chosen


def configurations() -> Mapping[str | None, Configuration]:
    """Return the settings of the file that may be meant: of the chosen target, or of each if none is chosen.

    Empty without a file; end with 2 if settings are wrong. What reads them is loaded only where there is a
    file.
    """
    found, chosen = project(), target()
    if found is None:
        return {}
    from hubtriage.settings.configuration import configurations_of

    try:
        configs = configurations_of(found, {})
    except ConfigurationError as error:
        fail(str(error), exit_code=2)
    return configs if chosen is None else {chosen.name: configs[chosen.name]}


def _values(choose: Callable[[Configuration], _T], default: _T) -> dict[str | None, _T]:
    """Return a setting of each target that may be meant; the default without a file."""
    return {name: choose(config) for name, config in configurations().items()} or {None: default}


def _agreed(what: str, choose: Callable[[Configuration], _T], default: _T) -> _T:
    """Return a setting that is the same whichever target is meant; end with 2 if it is not."""
    values = _values(choose, default)
    first = next(iter(values.values()))
    context = click.get_current_context(silent=True)
    is_typed = context is not None and context.resilient_parsing  # the shell completes it
    if not is_typed and any(value != first for value in values.values()):
        listed = ", ".join(str(name) for name in values)
        fail(
            f"the targets differ in {what}, and none is chosen: {listed}",
            f"choose one with --target or {VARIABLE}",
            exit_code=2,
        )
    return first


def rules_folder() -> Path:
    """Return the folder of the rules, as it is shortest to read."""
    return _agreed("rules", _rules, Path("rules"))


def rules_folders() -> tuple[Path, ...]:
    """Return the folders of the rules of every target that may be meant, each once."""
    return tuple(dict.fromkeys(_values(_rules, Path("rules")).values()))


def _rules(settings: Configuration) -> Path:
    return Path(shown(settings.rules))


def rule_selection() -> RuleSelection | None:
    """Return which rules of the folder are deployed; None if all are, or there is no file."""
    if project() is None:
        return None
    from hubtriage.settings.selection import RuleSelection

    everything = RuleSelection()
    chosen = _agreed("the tags of rules", RuleSelection.of, everything)
    return None if chosen == everything else chosen


def stack_name() -> str:
    """Return the name of the deployed stack."""
    return _agreed("stack-name", lambda settings: settings.stack_name, "hubtriage")


def udf() -> Literal["replace", "merge"]:
    """Return how user-defined fields are sent."""
    return _agreed("udf", lambda settings: settings.udf, "replace")


def never() -> tuple[str, ...]:
    """Return the fields that the stack never writes."""
    return _agreed("never", lambda settings: settings.never, ())


def notified_owners() -> tuple[str, ...]:
    """Return the owners that have addresses for notices, in any of the targets that may be meant."""
    named = {owner for config in configurations().values() for owner in config.notified_owners}
    return tuple(sorted(named))


def known_deliveries() -> tuple[KnownDeliveries, ...]:
    """Return the channels, queues and routes of each target that may be meant."""
    from hubtriage.authoring.deliveries import KnownDeliveries

    known = tuple(config.known_deliveries(name) for name, config in configurations().items())
    return known or (KnownDeliveries(),)


def announced_routes() -> Routes | None:
    """Return the routes by which decisions are delivered; None if no decision is announced."""
    from hubtriage.engine.ruleset.delivery import Routes

    def routes(config: Configuration) -> Routes | None:
        return Routes(config.known_deliveries().routes) if config.decision_events else None

    return _agreed("decision-events or routes", routes, None)


def hubs() -> tuple[str, ...]:
    """Return the hubs that the rules are for."""
    return _agreed("hubs", lambda settings: settings.hubs, ("cspm",))


def account() -> str | None:
    """Return the account that the settings name."""
    return _agreed("account", lambda settings: settings.account, None)


def places() -> tuple[str, ...]:
    """Return the Regions that have a stack; empty if that is the one of the AWS credentials."""
    return _agreed("Regions", _regions, ())


def places_if_agreed() -> tuple[str, ...]:
    """Return the same; empty if the targets that may be meant have different ones."""
    named = {_regions(config) for config in configurations().values()}
    return named.pop() if len(named) == 1 else ()


def _regions(settings: Configuration) -> tuple[str, ...]:
    return tuple(each for each in settings.places if each is not None)


def profile() -> str | None:
    """Return the AWS profile that the file names."""
    return _for_commands("profile")


def findings() -> str | None:
    """Return the findings that the file names for commands that need some."""
    named = _for_commands("findings")
    return None if named is None else shown(Path(named))


def _for_commands(name: str) -> str | None:
    """Return what the file says for commands alone: as all targets do, unless one is chosen."""
    found, configs = project(), configurations()
    if found is None:
        return None
    targets = [found.targets[each] if each else None for each in configs]
    values = {found.commands_for(each).get(name) for each in targets}
    return values.pop() if len(values) == 1 else None
