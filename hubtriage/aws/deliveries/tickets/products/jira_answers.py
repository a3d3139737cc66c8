"""What is read of answers of Jira. Nothing in their JSON is taken for granted."""

from collections.abc import Iterator, Mapping
from typing import Any

from hubtriage.aws.decision_events.texts import event_text
from hubtriage.aws.deliveries.tickets.products import transitions
from hubtriage.aws.deliveries.tickets.products.adf import texts_of
from hubtriage.aws.deliveries.tickets.products.wording import LONGEST_NAME, is_name

PROPERTY = "hubtriage"
"""The property of an issue that has its claim key."""


def is_id(value: object) -> bool:
    """Say whether a value is the id of an issue or a comment: digits alone."""
    return isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= LONGEST_NAME


def is_issue(value: object) -> bool:
    """Say whether a value has what is read of an issue."""
    return (
        isinstance(value, dict)
        and is_id(value.get("id"))
        and is_name(value.get("key"))
        and isinstance(value.get("fields"), dict)
        and transitions.category(value) is not None
    )


def age(issue: Mapping[str, Any]) -> int:
    """Return a number that grows with each issue that is created."""
    return int(issue["id"])


def claim_of(issue: Mapping[str, Any]) -> str | None:
    """Return the claim key of an issue; None if it has none."""
    properties = issue.get("properties")
    value = properties.get(PROPERTY) if isinstance(properties, dict) else None
    claim = value.get("claim") if isinstance(value, dict) else None
    return claim if isinstance(claim, str) else None


def resolution_of(issue: Mapping[str, Any]) -> str | None:
    """Return the name of an issue's resolution; None if it has none."""
    resolution = issue["fields"].get("resolution")
    name = resolution.get("name") if isinstance(resolution, dict) else None
    return event_text(name, LONGEST_NAME) if isinstance(name, str) else None


def says(comment: Mapping[str, Any], key: str) -> bool:
    """Say whether a comment has a text in which a key is."""
    return any(key in text for text in texts_of(comment.get("body")))


def listed(answer: Mapping[str, Any], *members: str) -> Iterator[dict[str, Any]]:
    """Yield the objects that an answer lists in the first of some members that it has."""
    values = next((answer[member] for member in members if member in answer), None)
    yield from (each for each in values if isinstance(each, dict)) if isinstance(values, list) else ()


def explain(value: Any) -> str:
    """Return the errors of Jira as one text: by field, then the others."""
    if not isinstance(value, dict):
        return ""
    errors, messages = value.get("errors"), value.get("errorMessages")
    parts = [f"{field}: {text}" for field, text in errors.items()] if isinstance(errors, dict) else []
    parts += [str(text) for text in messages] if isinstance(messages, list) else []
    return "; ".join(parts)
