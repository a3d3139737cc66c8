"""Which transition of Jira leads where a ticket shall be: by the category of its target, or by its name.

Ids and names differ by workflow; the three categories are the same everywhere.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hubtriage.aws.deliveries.http import NotDone

CLOSED = ("done",)
OPEN = ("new", "indeterminate")
_USUAL_ENDS = ("done", "resolved", "closed", "fixed", "complete", "completed")
"""Statuses, in lower case, that say nothing more than that the work is finished."""
_USUAL_RESOLUTIONS = ("done", "fixed", "resolved")


@dataclass(frozen=True, slots=True)
class WantedStatus:
    """Where an issue shall be.

    name: of the only transition that will do. resolution: what a screen gets that asks for one.
    """

    categories: tuple[str, ...]
    name: str | None = None
    resolution: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """A transition, and the fields that its screen asks for."""

    id: str
    name: str
    fields: Mapping[str, Any] = field(default_factory=dict)


def category(issue: Mapping[str, Any]) -> str | None:
    """Return the key of the category of an issue's status; None if it has none."""
    fields = issue.get("fields")
    status = fields.get("status") if isinstance(fields, dict) else None
    return _category(status)


def choose(listed: Iterable[Mapping[str, Any]], wanted: WantedStatus) -> Choice | NotDone | None:
    """Return the transition to take; None if none leads there, NotDone if a person has to say which.

    Of several, one to a usual end is taken: others may say more than we know, e.g. that nothing will be done.
    """
    leading = [each for each in listed if _is_usable(each) and _category(each.get("to")) in wanted.categories]
    if wanted.name is not None:
        named = [each for each in leading if _name(each).lower() == wanted.name.lower()]
        return _choice(named[0], wanted) if named else None
    if not leading:
        return None
    if "done" not in wanted.categories:
        first = min(leading, key=lambda each: wanted.categories.index(str(_category(each.get("to")))))
        return _choice(first, wanted)
    usual = [each for each in leading if _target(each).lower() in _USUAL_ENDS]
    if len(leading) > 1 and not usual:
        names = ", ".join(sorted(_name(each) for each in leading))
        reason = f"several transitions close the issue: set close-transition to one of {names}"
        return NotDone(reason, is_final=True)
    return _choice((usual or leading)[0], wanted)


def _choice(transition: Mapping[str, Any], wanted: WantedStatus) -> Choice | NotDone:
    """Fill in the resolution if the screen has it; any other required field needs a person."""
    fields = transition.get("fields")
    given: dict[str, Any] = {}
    missing = []
    for name, rules in fields.items() if isinstance(fields, dict) else ():
        if not isinstance(rules, dict):
            continue
        value = _resolution(rules, wanted.resolution) if name == "resolution" else None
        if value is not None:
            given[name] = value
        elif rules.get("required") and not rules.get("hasDefaultValue"):
            missing.append(name)
    if missing:
        names = ", ".join(sorted(missing))
        remedy = "set resolution" if missing == ["resolution"] else "let it require no more than a resolution"
        reason = f"the transition {_name(transition)} requires {names}: {remedy}"
        return NotDone(reason, is_final=True)
    return Choice(str(transition["id"]), _name(transition), given)


def _resolution(rules: Mapping[str, Any], wanted: str | None) -> dict[str, str] | None:
    """Return the resolution to give: the one that is set, else a usual one, else none."""
    allowed = rules.get("allowedValues")
    names = {
        str(value["name"]).lower(): str(value["name"])
        for value in (allowed if isinstance(allowed, list) else ())
        if isinstance(value, dict) and "name" in value
    }
    for name in (wanted.lower(),) if wanted else _USUAL_RESOLUTIONS:
        if name in names:
            return {"name": names[name]}
    return None


def _is_usable(transition: Mapping[str, Any]) -> bool:
    return isinstance(transition.get("id"), str) and transition.get("isAvailable") is not False


def _category(status: object) -> str | None:
    found = status.get("statusCategory") if isinstance(status, dict) else None
    key = found.get("key") if isinstance(found, dict) else None
    return key if isinstance(key, str) else None


def _name(transition: Mapping[str, Any]) -> str:
    return str(transition.get("name") or transition.get("id"))


def _target(transition: Mapping[str, Any]) -> str:
    to = transition.get("to")
    return str(to.get("name")) if isinstance(to, dict) else ""
