"""Where the decisions of a rule are delivered: channels get messages, queues get tickets.

A rule names a channel, a queue, or a route. A route leads to one of them by the owner, or by an attribute of
the finding's account. So the destination of a finding may change from one day to the next: its rule, its
route or its account may be another by then. The ledger therefore has to remember where a ticket was asked
for: it is done there, and nowhere else.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final, Literal

from hubtriage.engine.fields import TYPES, Finding, member, type_list
from hubtriage.engine.ruleset.owner import Accounts

Kind = Literal["message", "ticket"]
Per = Literal["rule", "account", "control", "resource", "finding"]
"""What the findings of one ticket, or of one message, have in common."""

NOTIFY: Final = "notify"
OPEN_TICKET: Final = "open-ticket"
QUEUE: Final = "queue"
PER: Final = "per"
DEFAULT_PER: Final = "account"
NOWHERE: Final = "none"
"""In place of a name: nothing is delivered."""
OWNER: Final = "owner"
LONGEST_GROUP: Final = 200
UNKNOWN_GROUP: Final = "unknown"
_DIGEST_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Delivery:
    """That a rule asks for delivery; `to` is the name of a channel, a queue or a route."""

    to: str
    kind: Kind
    per: Per = DEFAULT_PER

    def as_text(self) -> str:
        """Return what to say of it in one line."""
        if self.kind == "message":
            return f"notifies {self.to}"
        return f"opens tickets in {self.to} per {self.per}"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a decision of a rule about one finding goes; `to` is a channel or a queue."""

    to: str
    kind: Kind
    rule: str
    per: Per
    group: str

    def as_record(self) -> dict[str, str]:
        """Return the JSON shape, as in the `deliver` of an event."""
        record = {"to": self.to, "as": self.kind, "rule": self.rule}
        return record | ({"per": self.per} if self.kind == "ticket" else {}) | {"group": self.group}


@dataclass(frozen=True, slots=True)
class Route:
    """A route by the owner (`attribute` None), or by an attribute of the account directory.

    `to` has the channel or queue by the owner or the attribute's value; a key that ends in `*` is the
    beginning of one. `otherwise` is for all others. None: nothing is delivered.
    """

    attribute: str | None
    to: Mapping[str, str | None]
    otherwise: str | None

    @property
    def destinations(self) -> tuple[str, ...]:
        """The channels or queues that the route leads to."""
        return tuple(to for to in (*self.to.values(), self.otherwise) if to is not None)

    def resolve(self, value: str | None) -> str | None:
        """Return where the route leads for an owner, or for an attribute's value; None: nowhere."""
        key = None if value is None else self.key_of(value)
        return self.otherwise if key is None else self.to[key]

    def key_of(self, value: str) -> str | None:
        """Return the key of `to` that counts for an owner or a value; None if there is none."""
        if value in self.to:
            return value
        beginnings = [key for key in self.to if key.endswith("*") and value.startswith(key[:-1])]
        return max(beginnings, key=len, default=None)


@dataclass(frozen=True, slots=True)
class Routes:
    """The routes of a deployment, by name. Any other name is that of a channel or a queue."""

    by_name: Mapping[str, Route] = field(default_factory=dict)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Routes":
        """Return the routes of `deliveries.json`: `{"routes": {NAME: {"by", "to", "otherwise"}}}`."""
        return cls({name: _route(raw) for name, raw in document.get("routes", {}).items()})

    def resolve(self, name: str, owner: str | None, attributes: Mapping[str, str]) -> str | None:
        """Return the channel or queue that a name stands for; None if nothing is to be delivered.

        `owner` is the owner of the finding, `attributes` are those of its account.
        """
        route = self.by_name.get(name)
        if route is None:
            return None if name == NOWHERE else name
        return route.resolve(owner if route.attribute is None else attributes.get(route.attribute))


NO_ROUTES: Final = Routes()


def _route(raw: Mapping[str, Any]) -> Route:
    by, otherwise = raw["by"], raw.get("otherwise")
    attribute = None if by == OWNER else by.partition(".")[2]
    to = {value: None if name == NOWHERE else name for value, name in raw["to"].items()}
    return Route(attribute, to, None if otherwise == NOWHERE else otherwise)


def compile_deliveries(raw: Mapping[str, Any]) -> tuple[Delivery, ...]:
    """Return the deliveries of a rule as in `ruleset.json`: its messages first."""
    messages = [Delivery(name, "message") for name in raw.get(NOTIFY, ())]
    ticket = raw.get(OPEN_TICKET)
    tickets = [] if ticket is None else [Delivery(ticket[QUEUE], "ticket", ticket.get(PER, DEFAULT_PER))]
    return (*messages, *tickets)


def destinations(
    rule: str,
    deliveries: tuple[Delivery, ...],
    finding: Finding,
    owner: str | None,
    routes: Routes,
    accounts: Accounts,
) -> Iterator[Destination]:
    """Yield where the decisions of a rule about a finding go, each channel and queue once.

    `owner` is who answers for the finding by that rule. `accounts` is the account directory.
    """
    account = finding.get("AwsAccountId")
    attributes = accounts.get(account, {}) if isinstance(account, str) else {}
    reached: set[tuple[str, str]] = set()
    for delivery in deliveries:
        to = routes.resolve(delivery.to, owner, attributes)
        if to is not None and (to, delivery.kind) not in reached:
            reached.add((to, delivery.kind))
            yield Destination(to, delivery.kind, rule, delivery.per, group_of(delivery, rule, finding))


def group_of(delivery: Delivery, rule_id: str, finding: Finding) -> str:
    """Return what the findings of one ticket have in common: a text of at most 200 printable characters."""
    if delivery.per == "rule":
        return rule_id
    if delivery.per == "finding":
        return _digest(finding.get("ProductArn"), finding.get("Id"))
    return _canonical(_GROUPED[delivery.per](finding))


def _account(finding: Finding) -> object:
    return finding.get("AwsAccountId")


def _control(finding: Finding) -> object:
    """Return the control; where the finding is of none, the generator, or else the first type.

    AWS: findings of Security Hub V2 mostly have no generator.
    """
    control = member(finding.get("Compliance"), "SecurityControlId") or finding.get("GeneratorId")
    types = type_list(finding.get(TYPES))
    return control or (types[0] if types else None)


def _resource(finding: Finding) -> object:
    resources = finding.get("Resources")
    return member(resources[0], "Id") if isinstance(resources, list) and resources else None


_GROUPED = {"account": _account, "control": _control, "resource": _resource}
GROUPED_MEMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "control": ("Compliance", "GeneratorId", TYPES),
    "resource": ("Resources",),
}
"""The members of a finding that its group is made of. Those that tell findings apart are always read."""


def _canonical(value: object) -> str:
    """Return a text of a finding as a group: as it is, or cut and with a digest if it is long or odd.

    Two texts never come to be the same group, and none can hide what it is by characters that do not show.
    """
    if not isinstance(value, str) or not value.strip():
        return UNKNOWN_GROUP
    if len(value) <= LONGEST_GROUP and value.isprintable() and "~" not in value:
        return value
    start = "".join(each if each.isprintable() else "?" for each in value)
    return f"{start[: LONGEST_GROUP - _DIGEST_LENGTH - 1]}~{_digest(value)}"


def _digest(*values: object) -> str:
    text = "\0".join(value if isinstance(value, str) else "" for value in values)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_LENGTH]
