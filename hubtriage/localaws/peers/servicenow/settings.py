"""How an instance of ServiceNow is set up."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

from hubtriage.localaws.peers.peer import PeerError


@dataclass(frozen=True, slots=True)
class ServiceNowSettings:
    """An instance.

    users: passwords by name. api_keys: for the header x-sn-apikey. sleeping: it hibernates, or is under
    upgrade. unwritable: fields that our user may not write, which are dropped without a word. hidden: tables
    that it may not read. filtered: tables whose every row an ACL hides from it. unsearched: columns that
    queries do not know. strict_queries: the property that makes a query with an unknown column find nothing.
    mandatory_to_resolve: what the data policy demands. may_close: whether it may set Closed, as only
    administrators may. review_first: a security incident is closed only from Review. close_after: seconds
    after which a resolved incident closes by itself. hourly: requests of one user within an hour.
    """

    users: Mapping[str, str] = field(default_factory=lambda: {"hubtriage": "snow-password-0123456789"})
    api_keys: tuple[str, ...] = ("snow-key-0123456789",)
    sleeping: bool = False
    unwritable: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    filtered: tuple[str, ...] = ()
    unsearched: tuple[str, ...] = ()
    strict_queries: bool = False
    mandatory_to_resolve: tuple[str, ...] = ("close_code", "close_notes")
    may_close: bool = False
    review_first: bool = False
    close_after: float = 7 * 86_400.0
    hourly: int = 100_000

    def changed(self, changes: Mapping[str, Any]) -> Self:
        """Return settings with changes given as JSON; raise PeerError for an unknown name."""
        known = {each.name for each in fields(self)}
        unknown = sorted(changes.keys() - known)
        if unknown:
            raise PeerError(f"no setting {', '.join(unknown)}; there are {', '.join(sorted(known))}")
        given: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in changes.items()
        }
        return replace(self, **given)
