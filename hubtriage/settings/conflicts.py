"""Find settings that are possible one by one but not together: what is wrong, and what to do."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from json import dumps

from hubtriage.aws.ledger.lease import longest_doubt
from hubtriage.engine.text.suggestions import did_you_mean
from hubtriage.settings.capacity import DAYS_OF_TRIES, RETENTION_DAYS, Capacity, CapacityError
from hubtriage.settings.fields import SettingFields
from hubtriage.settings.setting_types import ALL_REGIONS, account_of, owner_and_address, region_of

MOST_NOTICE_ADDRESSES = 150
"""AWS: 200 subscriptions of a topic may filter; those of alarm-emails do too."""
MOST_OWNERS_OF_ADDRESS = 100
"""AWS: a filter has at most 150 combinations of values."""
MOST_OWNER_TEXT = 2000
"""AWS: all variables of a function have 4 KB."""
MOST_READS_PER_SECOND = 3  # AWS: GetFindings, per account and Region


@dataclass(frozen=True, slots=True)
class Conflict:
    """Settings that do not fit each other, by name; `at` is the key below the first of them that is wrong."""

    settings: tuple[str, ...]
    message: str
    hint: str
    at: tuple[str, ...] = ()


class ConflictError(ValueError):
    """Raised with all conflicts of some settings."""

    def __init__(self, found: tuple[Conflict, ...]) -> None:
        super().__init__("; ".join(f"{each.message}: {each.hint}" for each in found))


MOST_DESTINATIONS = 30
"""AWS: a stack has at most 500 resources; each channel or queue needs nine."""


def conflicts(config: SettingFields) -> Iterator[Conflict]:
    """Find every conflict between the settings."""
    yield from _rates(config)
    yield from _hubs(config)
    yield from _boundary(config)
    yield from _aggregation(config)
    yield from _keys(config)
    yield from _tags(config)
    yield from _owners(config)
    yield from _events(config)
    yield from _without_events(config)
    yield from _names(config)
    for name in config.routes:
        yield from _route(config, name)


def _hubs(config: SettingFields) -> Iterator[Conflict]:
    if config.hand_back_action and "cspm" not in config.hubs:
        yield Conflict(
            ("hand-back-action", "hubs"),
            "hand-back-action is a Custom Action, which Security Hub CSPM has and V2 has not",
            "name cspm in hubs too, or leave hand-back-action out",
        )


def _rates(config: SettingFields) -> Iterator[Conflict]:
    if config.reserved_concurrency is not None and config.reserved_concurrency < config.maximum_concurrency:
        yield Conflict(
            ("reserved-concurrency", "maximum-concurrency"),
            f"reserved-concurrency {config.reserved_concurrency} is below maximum-concurrency "
            f"{config.maximum_concurrency}: messages would be throttled into the dead-letter queue",
            "raise it to maximum-concurrency at least, or leave reserved-concurrency out",
        )
    if config.reads_per_second + config.sweep_reads_per_second > MOST_READS_PER_SECOND:
        yield Conflict(
            ("reads-per-second", "sweep-reads-per-second"),
            f"reads-per-second {config.reads_per_second:g} and sweep-reads-per-second "
            f"{config.sweep_reads_per_second:g} are more than the {MOST_READS_PER_SECOND} that AWS allows",
            "lower one of them",
        )
    yield from _capacity(config)


def _capacity(config: SettingFields) -> Iterator[Conflict]:
    settings = (
        "batch-size",
        "maximum-concurrency",
        "calls-per-second",
        "reads-per-second",
        "timeout-seconds",
    )
    try:
        capacity = config.capacity
    except CapacityError as error:
        yield Conflict(settings, error.message, error.hint)
        return
    yield from _deliveries(config.maximum_receives, capacity, settings)


def _deliveries(receives: int, capacity: Capacity, settings: tuple[str, ...]) -> Iterator[Conflict]:
    """Compare the time of all deliveries with the time that SQS keeps a message, and with the longest doubt.

    AWS: SQS deletes a message that is too old. A dead letter keeps the age that it had in the queue.
    """
    day, apart = 86_400, capacity.visibility_timeout
    if receives * apart > DAYS_OF_TRIES * day:
        yield Conflict(
            ("maximum-receives", *settings, "batch-window-seconds"),
            f"{receives} deliveries, {apart} s apart, take {receives * apart / day:.1f} days, and a message "
            f"is kept for {RETENTION_DAYS} in all, as a dead letter too: it may be gone before anyone looks",
            f"lower maximum-receives to {DAYS_OF_TRIES * day // apart}, or the visibility timeout with "
            "batch-size or timeout-seconds",
        )
    if receives < capacity.least_deliveries:
        yield Conflict(
            ("maximum-receives", *settings, "batch-window-seconds"),
            f"{receives} deliveries, {apart} s apart, are too few: it may take "
            f"{longest_doubt(capacity.timeout)} s until triage knows whether an update happened",
            f"raise maximum-receives to {capacity.least_deliveries}",
        )


def _boundary(config: SettingFields) -> Iterator[Conflict]:
    boundary = config.permission_boundary
    if config.account and boundary and account_of(boundary) not in (config.account, "aws"):
        yield Conflict(
            ("permission-boundary", "account"),
            f"permission-boundary is a policy of account {account_of(boundary)}, and the stack goes to "
            f"{config.account}",
            "name a policy of the account itself; AWS allows no other",
        )


def _aggregation(config: SettingFields) -> Iterator[Conflict]:
    """Keep a finding from reaching two stacks. AWS shows those of linked Regions in the home Region too."""
    home, linked = config.home_region, config.linked_regions
    others = tuple(region for region in config.regions if region != home)
    both = ("regions", "home-region", "linked-regions")
    if linked and not home:
        yield Conflict(
            ("linked-regions", "home-region"),
            "linked-regions are given, but no home-region for their findings",
            "name the aggregation Region as home-region, or leave linked-regions out",
        )
    if ALL_REGIONS in linked and len(linked) > 1:
        yield Conflict(
            ("linked-regions",),
            "linked-regions has both `all` and names",
            "keep `all`, or the names",
        )
    if home and home in linked:
        yield Conflict(
            ("linked-regions", "home-region"),
            f"home-region {home} is among its own linked-regions",
            "leave it out: its findings are there already",
        )
    if home and others and (not linked or ALL_REGIONS in linked):
        yield Conflict(
            both,
            f"the findings of {', '.join(others)} would be triaged twice if they are aggregated in {home}",
            "leave regions out; or, if AWS aggregates some Regions only, name these in linked-regions",
        )
    for region in others:
        if region in linked:
            yield Conflict(
                both,
                f"the findings of {region} would be triaged twice: there, and in {home}, where they are "
                "aggregated",
                f"leave {region} out of regions; the stack in {home} triages them",
            )


def _keys(config: SettingFields) -> Iterator[Conflict]:
    keys, places = config.kms_keys, tuple(place for place in config.places if place)
    if keys and not places and len(keys) > 1:
        yield Conflict(
            ("kms-keys", "regions", "home-region"),
            f"{len(keys)} kms-keys are given for the one Region of the AWS credentials",
            "keep the key of that Region, or name the Regions",
        )
    if keys and places and sorted(map(region_of, keys)) != sorted(places):
        yield Conflict(
            ("kms-keys", "regions", "home-region"),
            f"kms-keys are of {', '.join(sorted(map(region_of, keys)))}, and the stacks go to "
            f"{', '.join(sorted(places))}",
            "give one key for each of these Regions, and no other",
        )


def _owners(config: SettingFields) -> Iterator[Conflict]:
    """Keep to what one topic takes, and to the room that a function's environment has."""
    pairs = [*map(owner_and_address, config.owners)]
    addresses = {address for _owner, address in pairs}
    if pairs and not config.notice_days:
        yield Conflict(
            ("owners", "notice-days"),
            "owners have addresses for notices, and notice-days is empty: no notice is given",
            "set notice-days, or leave owners out",
        )
    if len(addresses) > MOST_NOTICE_ADDRESSES:
        yield Conflict(
            ("owners",),
            f"owners have {len(addresses)} addresses, and one topic takes {MOST_NOTICE_ADDRESSES}",
            "name mailing lists instead of people",
        )
    most = max(Counter(address for _owner, address in pairs).values(), default=0)
    if most > MOST_OWNERS_OF_ADDRESS or len(dumps(config.notified_owners)) > MOST_OWNER_TEXT:
        yield Conflict(
            ("owners",),
            f"owners are too many: {MOST_OWNERS_OF_ADDRESS} for each address, and {MOST_OWNER_TEXT:,} "
            "characters in all",
            'let one entry stand for several owners: "team-*"',
        )


def _events(config: SettingFields) -> Iterator[Conflict]:
    if config.event_readers and not config.decision_events:
        yield Conflict(
            ("event-readers", "decision-events"),
            "event-readers are given, and without decision-events there is no bus that they could read",
            "set decision-events to true, or leave event-readers out",
        )


def _tags(config: SettingFields) -> Iterator[Conflict]:
    if both := sorted({*config.only_rules_tagged} & {*config.without_rules_tagged}):
        yield Conflict(
            ("only-rules-tagged", "without-rules-tagged"),
            f"rules tagged {', '.join(both)} are wanted alone, and to be left out",
            "keep each tag in one of only-rules-tagged and without-rules-tagged",
        )


def _without_events(config: SettingFields) -> Iterator[Conflict]:
    tables = {"channels": config.channels, "queues": config.queues, "routes": config.routes}
    given = tuple(name for name, table in tables.items() if table)
    if given and not config.decision_events:
        yield Conflict(
            (*given, "decision-events"),
            f"{' and '.join(given)} are given, and decision-events is off: nothing would be delivered",
            "write decision-events = true, or leave them out",
        )


def _names(config: SettingFields) -> Iterator[Conflict]:
    if len(config.channels) + len(config.queues) > MOST_DESTINATIONS:
        yield Conflict(
            ("channels", "queues"),
            f"there are more than {MOST_DESTINATIONS} channels and queues: a stack holds no more",
            "several routes can lead to one channel or queue",
        )
    yield from _shared(config, "queues", "channels")
    yield from _shared(config, "routes", "channels")
    yield from _shared(config, "routes", "queues")


def _shared(config: SettingFields, table: str, other: str) -> Iterator[Conflict]:
    names: Mapping[str, object] = getattr(config, table)
    for name in sorted(names.keys() & getattr(config, other).keys()):
        yield Conflict(
            (table, other),
            f"[{table}.{name}] and [{other}.{name}] have the same name",
            "rename one of them: rules name channels, queues and routes alike",
            at=(name,),
        )


def _route(config: SettingFields, name: str) -> Iterator[Conflict]:
    known = [*config.channels, *config.queues]
    destinations = config.routes[name].destinations
    for to in destinations:
        if to in config.routes:
            yield Conflict(
                ("routes",),
                f"route {name} leads to route {to}",
                "let it lead to a channel or a queue",
                at=_naming(config, name, to),
            )
        elif to not in known:
            hint = did_you_mean(to, known) or "write a table of that name below channels or queues"
            both = ("routes", "channels", "queues")
            message = f"route {name} leads to {to}, which does not exist"
            yield Conflict(both, message, hint, at=_naming(config, name, to))
    if not destinations:
        yield Conflict(
            ("routes",),
            f"route {name} leads nowhere",
            "name a channel or a queue, or leave the route out",
            at=(name,),
        )
    if any(to in config.channels for to in destinations) and any(to in config.queues for to in destinations):
        yield Conflict(
            ("routes", "channels", "queues"),
            f"route {name} leads to channels and to queues",
            "write one route for notify, and one for open-ticket",
            at=(name,),
        )


def _naming(config: SettingFields, route: str, destination: str) -> tuple[str, ...]:
    """Return the key of a route that names a destination."""
    values = [value for value, to in config.routes[route].to.items() if to == destination]
    return (route, "to", values[0]) if values else (route, "otherwise")
