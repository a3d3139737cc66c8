"""What lint says of channels, queues and routes: in rules, and in `hubtriage.toml` itself."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from hubtriage.authoring.deliveries import asks_for_delivery, delivery_problems, unreached
from hubtriage.authoring.loaded import LoadResult
from hubtriage.authoring.problems import Position, Problem, Severity
from hubtriage.cli import project
from hubtriage.engine.ruleset.delivery import Route
from hubtriage.settings.project_file import TARGETS, ProjectFile, shown
from hubtriage.settings.toml_lines import KeyPath

UNREACHED = "W323"


def routes() -> Mapping[str, Route]:
    """Return the routes of the targets that may be meant."""
    return {name: route for known in project.known_deliveries() for name, route in known.routes.items()}


def problems(loaded: LoadResult) -> Iterator[Problem]:
    """Yield the names in rules that a deployment of them lacks: those of each target that may be meant."""
    if not any(map(asks_for_delivery, loaded.rules)):
        return
    from hubtriage.settings.selection import RuleSelection

    configs = project.configurations()
    for known in project.known_deliveries():
        config = configs.get(known.target)
        taken = loaded if config is None else RuleSelection.of(config).select_known(loaded)
        yield from delivery_problems(taken.rules, known)


def problems_of_routes(folder: Path, loaded: LoadResult) -> Iterator[Problem]:
    """Yield the owners and values that routes name in vain, each with its place in `hubtriage.toml`.

    Nothing is said of routes that rules of another folder use, too.
    """
    found = project.project()
    if found is None or not any(map(asks_for_delivery, loaded.rules)):
        return
    configs = project.configurations()
    others = [name for name, config in configs.items() if config.rules.resolve() != folder.resolve()]
    for known in project.known_deliveries():
        table = _table(found, known.target)
        if known.target in others or any(_table(found, other) == table for other in others):
            continue
        for route, value in unreached(known.routes, loaded.rules, loaded.accounts):
            line = found.line(*table, "routes", route, "to", value)
            yield _in_vain(shown(found.path), line, route, known.routes[route].attribute, value)


def _table(found: ProjectFile, target: str | None) -> KeyPath:
    """Return the table that has the routes of a target: its own, or the top."""
    is_own = target is not None and "routes" in found.targets[target].settings
    return (TARGETS, target) if is_own and target else ()


def _in_vain(file: str, line: int, route: str, attribute: str | None, value: str) -> Problem:
    of_owner = "no rule that names the route has the owner"
    what = of_owner if attribute is None else f"no account has the {attribute}"
    hint = "correct it, or delete it; a misspelt one goes where `otherwise` says"
    message = f"route {route}: {what} {value!r}"
    return Problem(file, Position(line, 1), UNREACHED, message, hint, severity=Severity.WARNING)
