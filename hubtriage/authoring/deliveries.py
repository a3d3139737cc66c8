"""Check the channels, queues and routes that rules name against those that a deployment has."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from hubtriage.authoring.loaded import LoadedRule
from hubtriage.authoring.problems import Problem
from hubtriage.authoring.yaml.tree import YamlPath
from hubtriage.engine.ruleset.delivery import NOTIFY, OPEN_TICKET, QUEUE, Route
from hubtriage.engine.ruleset.owner import Accounts
from hubtriage.engine.text.suggestions import did_you_mean

UNKNOWN, OTHER_KIND = "E308", "E309"
Sort = Literal["channel", "queue"]
_TABLES: Mapping[Sort, str] = {"channel": "channels", "queue": "queues"}
_KEYS: Mapping[Sort, str] = {"channel": NOTIFY, "queue": OPEN_TICKET}


@dataclass(frozen=True, slots=True)
class KnownDeliveries:
    """The channels, queues and routes of a deployment, by name; `target` is the one whose they are.

    Without `is_on`, decision events are off, and nothing is delivered.
    """

    channels: frozenset[str] = frozenset()
    queues: frozenset[str] = frozenset()
    routes: Mapping[str, Route] = field(default_factory=dict)
    is_on: bool = False
    target: str | None = None

    def takes(self, name: str) -> set[Sort]:
        """Return what a name leads to; nothing for a name that the deployment does not have."""
        if name in self.routes:
            leads_to = self.routes[name].destinations
            return {sort for sort in _TABLES if any(to in self._named(sort) for to in leads_to)}
        return {sort for sort in _TABLES if name in self._named(sort)}

    def names_of(self, sort: Sort) -> list[str]:
        """Return the names that lead to channels, or to queues."""
        return sorted(name for name in (*self._named(sort), *self.routes) if sort in self.takes(name))

    def _named(self, sort: Sort) -> frozenset[str]:
        return self.channels if sort == "channel" else self.queues


def together(known: Sequence[KnownDeliveries]) -> KnownDeliveries:
    """Return what any of several deployments has."""
    return KnownDeliveries(
        channels=frozenset().union(*(one.channels for one in known)),
        queues=frozenset().union(*(one.queues for one in known)),
        routes={name: route for one in known for name, route in one.routes.items()},
        is_on=any(one.is_on for one in known),
    )


def asks_for_delivery(rule: LoadedRule) -> bool:
    """Say whether a rule that is not off names a channel, a queue or a route."""
    return rule.model.mode != "off" and any(named(rule))


def named(rule: LoadedRule) -> Iterator[tuple[str, Sort, YamlPath]]:
    """Yield each name in a rule, what is due there, and where in the rule it stands."""
    is_list = isinstance(rule.model.notify, list)
    for position, name in enumerate(rule.model.notified):
        yield name, "channel", (NOTIFY, position) if is_list else (NOTIFY,)
    if rule.model.opened is not None:
        is_short = isinstance(rule.model.open_ticket, str)
        yield rule.model.opened.queue, "queue", (OPEN_TICKET,) if is_short else (OPEN_TICKET, QUEUE)


def delivery_problems(rules: Iterable[LoadedRule], known: KnownDeliveries) -> Iterator[Problem]:
    """Yield a problem for each name that the deployment does not have, or that is of the other kind."""
    for rule in filter(asks_for_delivery, rules):
        for name, sort, place in named(rule):
            takes = known.takes(name)
            if sort not in takes:
                path = (*rule.path, *place)
                yield (
                    _other_kind(rule, path, name, sort) if takes else _unknown(rule, path, name, sort, known)
                )


def _other_kind(rule: LoadedRule, path: YamlPath, name: str, sort: Sort) -> Problem:
    other: Sort = "queue" if sort == "channel" else "channel"
    message = f"{name} leads to a {other}, and {_KEYS[sort]} takes a {sort}"
    return rule.document.problem(OTHER_KIND, path, message, f"write {_KEYS[other]}: {name}, or name a {sort}")


def _unknown(rule: LoadedRule, path: YamlPath, name: str, sort: Sort, known: KnownDeliveries) -> Problem:
    where = f" in target {known.target}" if known.target else ""
    table = f"[{_TABLES[sort]}.{name}]"
    hint = did_you_mean(name, known.names_of(sort)) or f"write a table {table} into hubtriage.toml"
    if not known.is_on:
        hint = f"write decision-events = true and a table {table} into hubtriage.toml"
    return rule.document.problem(UNKNOWN, path, f"there is no {sort} {name!r}{where}", hint)


def unreached(
    routes: Mapping[str, Route], rules: Iterable[LoadedRule], accounts: Accounts
) -> Iterator[tuple[str, str]]:
    """Yield each route with an owner, or a value of its attribute, that no finding can have.

    Nothing is said of a route that no rule names, or where the account directory does not say the values.
    """
    asking = list(filter(asks_for_delivery, rules))
    for name, route in routes.items():
        naming = [rule for rule in asking if any(each == name for each, _sort, _place in named(rule))]
        values = _values(route, naming, accounts)
        if values:
            reached = {key for value in values if (key := route.key_of(value)) is not None}
            yield from ((name, key) for key in route.to if key not in reached)


def _values(route: Route, naming: Iterable[LoadedRule], accounts: Accounts) -> set[str]:
    """Return the owners, or the attribute's values, by which a route is asked for."""
    values: set[str] = set()
    for rule in naming:
        attribute = route.attribute or rule.model.owner_attribute
        if attribute is not None:
            values.update(known[attribute] for known in accounts.values() if attribute in known)
        elif isinstance(rule.model.owner, str):
            values.add(rule.model.owner)
    return values
