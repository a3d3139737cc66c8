"""Workflows: which statuses an issue of a project can have, and which ways lead from one to the next."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hubtriage.localaws.peers.peer import PeerError


@dataclass(frozen=True, slots=True)
class Way:
    """A transition.

    origins: statuses that it leads from; empty for all. needs: fields that its screen requires.
    offers: fields that its screen has besides. validator: a field that must be set by an edit before;
    the screen does not say so. sets: a resolution that a post-function sets. clears: a post-function clears
    the resolution.
    """

    id: str
    name: str
    target: str
    origins: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    validator: str | None = None
    sets: str | None = None
    clears: bool = False


@dataclass(frozen=True, slots=True)
class Workflow:
    """Statuses with the keys of their categories (new, indeterminate, done), the first one first; ways."""

    statuses: Mapping[str, str]
    ways: tuple[Way, ...]

    @property
    def first(self) -> str:
        """The status of a new issue."""
        return next(iter(self.statuses))

    def from_status(self, status: str) -> list[Way]:
        """Return the ways that lead from a status."""
        return [way for way in self.ways if not way.origins or status in way.origins]


_PLAIN = {"To Do": "new", "In Progress": "indeterminate", "Done": "done"}

_TO_DO = Way("11", "To Do", "To Do", clears=True)
_IN_PROGRESS = Way("21", "In Progress", "In Progress", clears=True)

WORKFLOWS: Mapping[str, Workflow] = {
    # every status from every status, as projects have it from the start
    "simple": Workflow(_PLAIN, (_TO_DO, _IN_PROGRESS, Way("31", "Done", "Done", sets="Done"))),
    # the way to Done asks for a resolution
    "resolution": Workflow(
        _PLAIN,
        (
            Way("11", "Start", "In Progress", ("To Do",)),
            Way("31", "Resolve", "Done", ("To Do", "In Progress"), needs=("resolution",)),
            Way("41", "Reopen", "To Do", ("Done",), clears=True),
        ),
    ),
    # no way leads out of Closed
    "one-way": Workflow(
        {"Open": "new", "Closed": "done"}, (Way("31", "Close", "Closed", ("Open",), sets="Done"),)
    ),
    # the way to Done is refused until a field is set that its screen does not show
    "validator": Workflow(
        _PLAIN, (_TO_DO, _IN_PROGRESS, Way("31", "Done", "Done", validator="customfield_10050"))
    ),
    # a field is required that no one can guess
    "mandatory": Workflow(_PLAIN, (_TO_DO, Way("31", "Done", "Done", needs=("customfield_10060",)))),
    # two ways lead to a status of category done
    "two-ends": Workflow(
        {"Open": "new", "Rejected": "done", "Fixed": "done"},
        (
            Way("31", "Reject", "Rejected", ("Open",), sets="Won't Do"),
            Way("32", "Fix", "Fixed", ("Open",), sets="Fixed"),
            Way("41", "Open again", "Open", ("Rejected", "Fixed"), clears=True),
        ),
    ),
    # two ways lead to statuses of category done that both say more
    "odd-ends": Workflow(
        {"Open": "new", "Rejected": "done", "Postponed": "done"},
        (Way("31", "Reject", "Rejected", ("Open",)), Way("32", "Postpone", "Postponed", ("Open",))),
    ),
    # Done takes two steps
    "long": Workflow(
        {"Open": "new", "Review": "indeterminate", "Done": "done"},
        (
            Way("21", "Review", "Review", ("Open",)),
            Way("31", "Finish", "Done", ("Review",), sets="Done"),
            Way("41", "Open again", "Open", ("Done",), clears=True),
        ),
    ),
    # reopening does not clear the resolution
    "keeps-resolution": Workflow(
        _PLAIN, (Way("11", "To Do", "To Do"), Way("31", "Done", "Done", sets="Done"))
    ),
}


def workflow(name: str) -> Workflow:
    """Return a workflow by its name; raise PeerError if there is none."""
    if name not in WORKFLOWS:
        raise PeerError(f"no workflow {name!r}; there are {', '.join(WORKFLOWS)}")
    return WORKFLOWS[name]


def as_json(way: Way, flow: Workflow, expand: bool) -> dict[str, Any]:
    """Return a transition as Jira lists it."""
    category = flow.statuses[way.target]
    listed: dict[str, Any] = {
        "id": way.id,
        "name": way.name,
        "to": {"id": way.id, "name": way.target, "statusCategory": {"key": category}},
        "hasScreen": bool(way.needs or way.offers),
        "isAvailable": True,
        "isConditional": False,
        "isGlobal": not way.origins,
    }
    if expand:
        fields = [(name, True) for name in way.needs] + [(name, False) for name in way.offers]
        listed["fields"] = {
            name: {"required": required, "name": name, "allowedValues": _allowed(name)}
            for name, required in fields
        }
    return listed


RESOLUTIONS = ("Done", "Won't Do", "Duplicate", "Fixed")


def _allowed(field: str) -> list[dict[str, str]]:
    values = RESOLUTIONS if field == "resolution" else ()
    return [{"id": str(10_000 + number), "name": name} for number, name in enumerate(values)]
