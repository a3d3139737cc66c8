"""Channels, queues and routes: where decisions are delivered, as the tables of `hubtriage.toml` say it.

Rules name them in `notify` and `open-ticket`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from hubtriage.authoring.schema.limits import DELIVERY_NAME
from hubtriage.aws.decision_events.event import OperationKind
from hubtriage.engine.planning.news import Kind
from hubtriage.engine.ruleset.delivery import NOWHERE, OWNER
from hubtriage.settings.setting_types import Emails

_NAME_HINT = "1 to 40 of a-z, 0-9 and '-', not starting with '-'"
_LOCAL = ("127.0.0.1", "localhost")
BY_ATTRIBUTE = "account."
MOST_VALUES = 500
MOST_NAMES = 100

EventKind = Literal[Kind, OperationKind]
"""What an event may be about: a finding, or the stack itself."""


class TableKeyError(ValueError):
    """Raised for a key of a table that its kind lacks, or has and does not take."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def _kebab_case(name: str) -> str:
    return name.replace("_", "-")


def is_name(text: str) -> bool:
    """Say whether a text can be the name of a channel, a queue or a route."""
    return DELIVERY_NAME.fullmatch(text) is not None and text != NOWHERE


def _name(text: str) -> str:
    if text == NOWHERE:
        raise ValueError(f"{NOWHERE!r} is no name: it stands for no delivery")
    if not is_name(text):
        raise ValueError(f"{text!r} is not a name: write {_NAME_HINT}")
    return text


def _destination(text: str) -> str:
    return text if text == NOWHERE else _name(text)


def _web_address(text: str) -> str:
    """Refuse an address that is not of HTTPS, except on this machine, or that has more than a path."""
    parts = _split(text)
    if parts is None or not parts.hostname or parts.scheme not in ("https", "http"):
        raise ValueError(f"{text!r} is not an address: write https://HOST")
    if parts.scheme == "http" and parts.hostname not in _LOCAL:
        raise ValueError(f"{text!r} is not encrypted: write https://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("credentials are in the secret, not in the address")
    if parts.query or parts.fragment or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError(f"{text!r} has more than a host and a path")
    return text.rstrip("/")


def _wrong_path(url: str) -> str:
    """Say what is wrong about the path of an address of Atlassian or ServiceNow; empty if nothing is."""
    host, path = urlsplit(url).hostname or "", urlsplit(url).path
    if host == "api.atlassian.com" and not re.fullmatch(r"/ex/jira/[A-Za-z0-9-]+", path):
        return "does not name a site: write https://api.atlassian.com/ex/jira/CLOUDID"
    if path and host.endswith((".atlassian.net", ".service-now.com")):
        return "has a path: write the address of the site, without it"
    return ""


def _split(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
        _ = parts.port  # it raises for a port that is no number
        return parts
    except ValueError:
        return None


def _by(text: str) -> str:
    if text != OWNER and (not text.startswith(BY_ATTRIBUTE) or not text.removeprefix(BY_ATTRIBUTE).strip()):
        raise ValueError(f"{text!r} is neither {OWNER} nor {BY_ATTRIBUTE}ATTRIBUTE")
    return text


def _plain_values(to: Mapping[str, str]) -> Mapping[str, str]:
    for value in to:
        if not value.strip() or not value.isprintable() or "*" in value[:-1]:
            raise ValueError(f"{value!r} is no value: write one line of text; a * may stand at its end")
    return to


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _each_once(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if values.count(value) > 1:
            raise ValueError(f"{value!r} appears twice: name it once")
    return values


Name = Annotated[str, AfterValidator(_name)]
# AWS: the characters of a secret's name. A secret of another account, or Region, is named by its ARN.
_SECRET = re.compile(r"[A-Za-z0-9/_+=.@-]{1,512}|arn:[a-z-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:[^\s:]+")


def _secret_name(value: object) -> object:
    """Refuse what is not the name of a secret, without a word of it: it may be the credential itself."""
    if not isinstance(value, str) or not _SECRET.fullmatch(value):
        raise ValueError("this is not the name of a secret; credentials never stand in this file")
    return value


Secret = Annotated[str, BeforeValidator(_secret_name)]
WebAddress = Annotated[str, Field(max_length=400), AfterValidator(_web_address)]
DailyLimit = Annotated[int, Field(ge=1, le=10_000)]
Destination = Annotated[str, AfterValidator(_destination)]
Line = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")]


class DeliveryTable(BaseModel):
    """A table of `hubtriage.toml` below a name."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=_kebab_case, populate_by_name=True, strict=True
    )


class Channel(DeliveryTable):
    """Where people read messages: rules name it in `notify`."""

    kind: Literal["slack", "teams", "webhook", "email"] = Field(description="slack, teams, webhook or email")
    secret: Secret | None = Field(
        None,
        description="name of the secret in Secrets Manager that has the channel's url",
        examples=["hubtriage/slack"],
    )
    address: Annotated[Emails, Field(strict=False)] = Field(
        (), description="who gets the e-mails; each address has to confirm once", examples=["soc@example.com"]
    )
    daily_limit: DailyLimit = Field(200, description="most messages in one day (UTC)")
    about: Annotated[
        tuple[EventKind, ...],
        BeforeValidator(_listed),
        AfterValidator(_each_once),
        Field(strict=False),
    ] = Field((), description="kinds of events that it gets although no rule asks for it")

    @model_validator(mode="after")
    def _has_one_way(self) -> Self:
        if self.kind == "email" and not self.address:
            raise TableKeyError("address", "a channel of kind email needs address")
        if self.kind == "email" and self.secret:
            raise TableKeyError("secret", "a channel of kind email has no secret: leave it out")
        if self.kind != "email" and not self.secret:
            raise TableKeyError("secret", f"a channel of kind {self.kind} needs secret")
        if self.kind != "email" and self.address:
            raise TableKeyError("address", "address is for channels of kind email: leave it out")
        return self


class TicketQueue(DeliveryTable):
    """Where tickets are opened: rules name it in `open-ticket`."""

    kind: Literal["jira", "servicenow"] = Field(description="jira or servicenow")
    url: WebAddress = Field(
        description="address of the site; for a Jira token with scopes that of the API",
        examples=["https://acme.atlassian.net"],
    )
    secret: Secret = Field(
        description="name of the secret in Secrets Manager that has the credentials",
        examples=["hubtriage/jira"],
    )
    project: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,29}$")] | None = Field(
        None, description="key of the Jira project", examples=["SEC"]
    )
    issue_type: Line = Field("Task", description="type of the Jira issues")
    close_transition: Line | None = Field(
        None, description="name of the Jira transition that closes, if several do", examples=["Close issue"]
    )
    reopen_transition: Line | None = Field(
        None, description="name of the Jira transition that reopens, if several do", examples=["Reopen issue"]
    )
    resolution: Line | None = Field(
        None, description="resolution that Jira gets where closing asks for one", examples=["Done"]
    )
    table: Literal["incident", "sn_si_incident"] = Field("incident", description="table of ServiceNow")
    close_code: Annotated[Line, Field(max_length=40)] = Field(
        "Solution provided", description="close code that ServiceNow gets"
    )
    daily_limit: DailyLimit = Field(50, description="most new tickets in one day (UTC)")
    reopen: Literal["always", "never"] = Field(
        "always",
        description="whether a closed ticket is reopened for findings that come back, or a new one is opened",
    )
    accepted: Annotated[
        tuple[Line, ...],
        BeforeValidator(_listed),
        AfterValidator(_each_once),
        Field(strict=False, max_length=20),
    ] = Field(
        (),
        description="resolutions of Jira, or close codes of ServiceNow, that propose an exception",
        examples=["Won't Do"],
    )

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Self:
        if self.kind == "jira" and not self.project:
            raise TableKeyError("project", "a queue of kind jira needs project")
        jira = ("project", "issue_type", "close_transition", "reopen_transition", "resolution")
        others = {"jira": ("table", "close_code"), "servicenow": jira}[self.kind]
        for name in others:
            if name in self.model_fields_set and getattr(self, name) != type(self).model_fields[name].default:
                key = _kebab_case(name)
                raise TableKeyError(key, f"{key} is not for queues of kind {self.kind}: leave it out")
        if wrong := _wrong_path(self.url):
            raise TableKeyError("url", f"{self.url!r} {wrong}")
        return self


class RouteTable(DeliveryTable):
    """A name for several channels, or several queues: which one, the owner or the account says."""

    by: Annotated[str, AfterValidator(_by)] = Field(
        description=f"{OWNER}, or {BY_ATTRIBUTE}NAME for an attribute of the account directory",
        examples=[OWNER],
    )
    to: Annotated[dict[str, Destination], Field(max_length=MOST_VALUES), AfterValidator(_plain_values)] = (
        Field(description=f"channel or queue by value; a value may end in *, and {NOWHERE} delivers nothing")
    )
    otherwise: Destination = Field(description=f"channel or queue of all others; {NOWHERE} delivers nothing")

    @property
    def attribute(self) -> str | None:
        """The attribute of accounts by which the route leads; None if it leads by the owner."""
        return None if self.by == OWNER else self.by.removeprefix(BY_ATTRIBUTE)

    @property
    def destinations(self) -> tuple[str, ...]:
        """The channels or queues that the route leads to, each once."""
        return tuple(dict.fromkeys(to for to in (*self.to.values(), self.otherwise) if to != NOWHERE))


Channels = Annotated[dict[Name, Channel], Field(max_length=MOST_NAMES)]
Queues = Annotated[dict[Name, TicketQueue], Field(max_length=MOST_NAMES)]
RouteTables = Annotated[dict[Name, RouteTable], Field(max_length=MOST_NAMES)]


TABLES: Mapping[str, type[DeliveryTable]] = {"channels": Channel, "queues": TicketQueue, "routes": RouteTable}
"""The shape of each table of such a table, by the name of the setting."""


def deliveries_document(routes: Mapping[str, RouteTable], stack: str) -> dict[str, Any]:
    """Return what `deliveries.json` of the package of the triage function holds."""
    return {
        "stack": stack,
        "routes": {
            name: {"by": route.by, "to": dict(route.to), "otherwise": route.otherwise}
            for name, route in sorted(routes.items())
        },
    }


def leads_to(name: str, routes: Mapping[str, RouteTable]) -> Iterator[str]:
    """Yield the channels and queues that a name in a rule may stand for."""
    if name in routes:
        yield from routes[name].destinations
    elif name != NOWHERE:
        yield name
