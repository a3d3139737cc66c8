"""The register of a day as files: the page and the JSON, under the name of the day and as the latest."""

import json
from collections.abc import Mapping
from typing import Any

from hubtriage.simulation.exceptions.html import page

_HASH = 12
"""So many characters of the rule set's hash are in the names."""


def snapshot(record: Mapping[str, Any]) -> dict[str, str]:
    """Return the texts of the files by name; the latest come last, so that they never lead the others."""
    contents = {"html": page(record), "json": document(record)}
    name = f"register-{record['now'][:10]}-{record['ruleset'][:_HASH]}"
    return {f"{stem}.{kind}": content for stem in (name, "latest") for kind, content in contents.items()}


def document(record: Mapping[str, Any]) -> str:
    """Return the register as one JSON document, as `--json` prints it."""
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"
