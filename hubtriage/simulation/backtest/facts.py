"""What a page says of a finding apart from what happens to it, with long texts cut."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from hubtriage.engine.fields import Finding, Value, member, read

LONGEST_TEXT = 400
MOST_RESOURCES = 5


class FindingFacts(NamedTuple):
    """Texts of a finding; empty where it has none."""

    id: str
    title: str
    region: str
    control: str
    workflow: str
    resources: tuple[str, ...]


def facts_of(finding: Finding) -> FindingFacts:
    """Return the facts of a finding, whatever its fields contain."""
    return FindingFacts(
        id=_text(finding.get("Id")),
        title=_text(finding.get("Title")),
        region=_text(finding.get("Region")),
        control=_text(member(finding.get("Compliance"), "SecurityControlId")),
        workflow=_text(read(finding, "Workflow.Status")),
        resources=tuple(_resources(finding.get("Resources"))),
    )


def cut(value: Value) -> Any:
    """Make a value small: cut a long text, and turn nested values into text."""
    if isinstance(value, Mapping | list | tuple):
        value = json.dumps(value, default=str)
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        return value[: LONGEST_TEXT - 1] + "…"
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _text(value: Value) -> str:
    return "" if value is None else str(cut(value))


def _resources(resources: object) -> Iterator[str]:
    listed = resources if isinstance(resources, list) else [resources]
    for resource in listed[:MOST_RESOURCES]:
        if member(resource, "Id") is not None:
            yield _text(member(resource, "Id"))
