"""Where the findings of a register come from, and how far they could be read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hubtriage.simulation.exported import HEADER
from hubtriage.simulation.inputs.documents import Document
from hubtriage.simulation.inputs.problems import Problems

MOST_EXPORTS = 10
_MEMBERS = ("begun", "account", "region", "filters")
_OF_V2 = ("hubs", "filters_v2")  # where Security Hub V2 was read
_LONGEST_HEADER = 100_000


@dataclass
class FindingsSource:
    """The findings behind a register: their name, and what the first lines of exports say, at most 10.

    `problems` is what of them could not be used.
    """

    name: str
    problems: Problems
    exports: list[dict[str, Any]] = field(default_factory=list)

    def see(self, document: Document) -> None:
        """Take in a document, if it is the first line of an export."""
        header = _header(document.text)
        if header is None:
            return
        about = {name: header.get(name) for name in _MEMBERS}
        about |= {name: header[name] for name in _OF_V2 if name in header}
        if about not in self.exports and len(self.exports) < MOST_EXPORTS:
            self.exports.append(about)

    def as_record(self) -> dict[str, Any]:
        """Return it ready for JSON. `unusable` counts records; `cut_off` are places where reading ended."""
        return {
            "name": self.name,
            "exports": list(self.exports),
            "unusable": self.problems.count,
            "first_unusable": [f"{one.place}: {one.reason}" for one in self.problems.first],
            "cut_off": [one.place for one in self.problems.rests],
        }


def _header(text: str) -> Mapping[str, Any] | None:
    if HEADER not in text[:_LONGEST_HEADER] or len(text) > _LONGEST_HEADER:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None  # reading the document says what is wrong
    return value if isinstance(value, dict) and HEADER in value and "Id" not in value else None
