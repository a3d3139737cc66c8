"""The hub's HTTP: requests of any AWS client in, answers as the service writes them out.

Paths, methods and query parameters come from botocore's model of Security Hub, so that what real
clients send is what is read here.
"""

import json
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

import botocore.loaders

from hubtriage.localaws.securityhub.errors import HubError, invalid_input
from hubtriage.localaws.securityhub.hub import OPERATIONS, Hub
from hubtriage.localaws.securityhub.settings import HubSettings
from hubtriage.localaws.securityhub.v2.hub import OPERATIONS_V2


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request after routing: whose hub it is for, and who sends it."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    body: bytes
    account: str
    region: str
    caller: str
    trace: str | None = None


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer; `lost`: break off while sending it; `delay`: seconds to wait before sending it."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    lost: bool = False


class Hubs:
    """The hubs of all accounts and Regions, each made when it is first asked for."""

    def __init__(self, settings: HubSettings, home: tuple[str, str]) -> None:
        self.settings = settings
        self._home = home
        self._hubs: dict[tuple[str, str], Hub] = {}
        self.of(*home)

    def of(self, account: str, region: str) -> Hub:
        """Return the hub of an account and Region. Only the home hub is enabled from the start."""
        key = (account, region)
        if key not in self._hubs:
            hub = self._hubs[key] = Hub(account, region, self.settings, enabled=key == self._home)
            if self.settings.gathers and account in self.settings.members and region == self._home[1]:
                self.of(*self._home).gather(hub)
        return self._hubs[key]

    def configure(self, settings: HubSettings) -> None:
        """Give all hubs, present and future, these settings."""
        self.settings = settings
        for hub in self._hubs.values():
            hub.configure(settings)

    def all(self) -> list[Hub]:
        """Return the hubs so far."""
        return list(self._hubs.values())

    def stored(self) -> bytes:
        """Return all hubs and their settings as they are, events under way included, for `restore`."""
        return pickle.dumps((self.settings, self._hubs))

    def restore(self, stored: bytes) -> None:
        """Go on with hubs that were stored; only ever with what `stored` gave."""
        self.settings, self._hubs = pickle.loads(stored)  # noqa: S301 - our own file of a moment ago


class SecurityHubService:
    """Security Hub's API over hubs; `clock` gives epoch seconds."""

    def __init__(self, hubs: Hubs, clock: Callable[[], float]) -> None:
        self._hubs = hubs
        self._clock = clock
        self._routes = _routes()

    def answer(self, request: HttpRequest) -> HttpAnswer:
        """Answer a request of the Security Hub API."""
        route, named = self._route(request.method, request.path.rstrip("/"))
        if route is None:
            return _error(
                "UnknownOperationException", f"not in the local AWS: {request.method} {request.path}", 404
            )
        try:
            answer = self._hubs.of(request.account, request.region).call(
                route.operation,
                {**route.read(request), **named},
                self._clock(),
                caller=request.caller,
                trace=request.trace,
            )
        except HubError as error:
            refusal = error.in_v2() if route.operation in OPERATIONS_V2 else error
            return _error(refusal.code, refusal.message, refusal.status)
        return HttpAnswer(200, json.dumps(answer.body).encode(), {}, answer.delay, answer.lost)

    def _route(self, method: str, path: str) -> "tuple[_Route | None, dict[str, str]]":
        """Return the operation of a path, and the member that the rest of the path is the value of."""
        if (method, path) in self._routes:
            return self._routes[method, path], {}
        for (verb, template), route in self._routes.items():
            head, brace, member = template.partition("{")
            if brace and verb == method and path.startswith(head):
                return route, {member.rstrip("+}"): unquote(path.removeprefix(head))}
        return None, {}


@dataclass(frozen=True, slots=True)
class _Route:
    """An operation, and the members that its model reads from the query string, each with its type."""

    operation: str
    query: Mapping[str, str]

    def read(self, request: HttpRequest) -> dict[str, Any]:
        """Return the operation's input; raise HubError where the body is not a JSON object."""
        members = {
            name: _typed(request.query[name][0], kind)
            for name, kind in self.query.items()
            if name in request.query
        }
        return {**_json_object(request.body), **members}


def _typed(text: str, kind: str) -> Any:
    if kind != "integer":
        return text
    try:
        return int(text)
    except ValueError as error:
        raise invalid_input(f"Invalid parameter: {text!r} should be integer") from error


def _json_object(body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    try:
        value = json.loads(body)
    except ValueError as error:
        raise invalid_input("The request body is not JSON") from error
    if not isinstance(value, dict):
        raise invalid_input("The request body is not a JSON object")
    return value


@lru_cache(maxsize=1)
def _routes() -> dict[tuple[str, str], _Route]:
    """Return (method, path) to route for every operation that the hub has."""
    model = botocore.loaders.Loader().load_service_model("securityhub", "service-2")
    routes = {}
    for name in OPERATIONS:
        http = model["operations"][name]["http"]
        routes[http["method"], http["requestUri"]] = _Route(name, _query_members(model, name))
    return routes


def _query_members(model: Mapping[str, Any], operation: str) -> dict[str, str]:
    shapes = model["shapes"]
    members = shapes[model["operations"][operation]["input"]["shape"]].get("members", {})
    return {
        member["locationName"]: shapes[member["shape"]]["type"]
        for member in members.values()
        if member.get("location") == "querystring"
    }


def _error(code: str, message: str, status: int) -> HttpAnswer:
    body = {"__type": code, "Code": code, "Message": message}
    return HttpAnswer(status, json.dumps(body).encode(), {"x-amzn-ErrorType": code})
