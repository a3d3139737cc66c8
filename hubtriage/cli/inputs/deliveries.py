"""What lint says of channels, queues and routes: in rules, and in `hubtriage.toml` itself."""

from collections.abc import Iterator, Mapping

from hubtriage.authoring.deliveries import asks_for_delivery, delivery_problems, unreached
from hubtriage.authoring.loaded import LoadResult
from hubtriage.authoring.problems import Position, Problem, Severity
from hubtriage.cli import project
from hubtriage.engine.ruleset.delivery import Route
from hubtriage.settings.project_file import TARGETS, shown

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


def problems_of_routes(loaded: LoadResult) -> Iterator[Problem]:
    """Yield the owners and values that routes name in vain, each with its place in `hubtriage.toml`."""
    found = project.project()
    if found is None or not any(map(asks_for_delivery, loaded.rules)):
        return
    for known in project.known_deliveries():
        own = found.targets[known.target].settings if known.target else {}
        table = (TARGETS, known.target) if known.target and "routes" in own else ()
        for route, value in unreached(known.routes, loaded.rules, loaded.accounts):
            by = known.routes[route].attribute
            what = "no rule that names the route has the owner" if by is None else f"no account has the {by}"
            yield Problem(
                shown(found.path),
                Position(found.line(*table, "routes", route, "to", value), 1),
                UNREACHED,
                f"route {route}: {what} {value!r}",
                "correct it, or delete it; a misspelt one goes where `otherwise` says",
                severity=Severity.WARNING,
            )
